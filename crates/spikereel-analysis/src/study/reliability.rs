//! Split-half reliability: how well one half of the trials predicts the other, the bound on any score against averages of so many trials.
//!
//! Trials of each condition are halved at random, many times. A correlation between halves is stepped up to the whole number of trials
//! by Spearman and Brown's formula. The interval over random halves says how much the choice of halves moves the number; it is not
//! the uncertainty that another set of trials would bring.
//!
//! # References
//! Spearman (1910), British Journal of Psychology 3:271; Brown (1910), 3:296.

use crate::Clip;
use crate::metrics::pearson;
use crate::readout::Readout;
use crate::score::{ScoreKind, Summary};
use crate::stats::percentile;
use crate::study::headline::VIDEO;
use ndarray::Array5;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{Fold, Region, Result};

/// Reliability of a whole from that of its halves, `2 r / (1 + r)`; none at -1.
pub fn spearman_brown(half: f64) -> Option<f64> {
    (half > -1.0).then(|| 2.0 * half / (1.0 + half))
}

/// One quantity's split-half reliability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The feature, region or `video`.
    pub name: String,
    /// How halves were compared.
    pub kind: ScoreKind,
    /// Of half against half, over random halves.
    pub half: Summary,
    /// Mean over random halves, stepped up to all trials where it is a correlation; errors stay as they are.
    pub whole: Option<f64>,
    /// 2.5 to 97.5 % over random halves.
    pub interval_95: Option<[f64; 2]>,
    /// Conditions with two trials or more.
    pub n_conditions: usize,
}

impl Reliability {
    fn of(name: &str, kind: ScoreKind, halves: &[Option<f64>], n_conditions: usize) -> Self {
        let step_up = |&value: &f64| if kind.larger_is_better { spearman_brown(value) } else { Some(value) };
        let wholes: Vec<f64> = halves.iter().flatten().filter_map(step_up).collect();
        let ends = (percentile(&wholes, 0.025), percentile(&wholes, 0.975));
        Self {
            name: name.into(),
            half: Summary::of(halves),
            whole: (!wholes.is_empty()).then(|| wholes.iter().sum::<f64>() / wholes.len() as f64),
            interval_95: ends.0.zip(ends.1).map(|(low, high)| [low, high]),
            kind,
            n_conditions,
        }
    }
}

/// A region's mean activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionReliability {
    /// The region.
    pub region: Region,
    /// Correlation over bins of each condition's mean over sites and trials, averaged over conditions: the scale on which predicted
    /// activity is scored. Shared by all conditions in large part, as every one has the same onsets.
    pub time_course: Reliability,
    /// The same without what all conditions share: the mean over conditions is taken off each bin, and all conditions and bins are
    /// correlated at once.
    pub of_conditions: Reliability,
}

/// Trials of each condition, for conditions with two trials or more.
fn members(fold: &Fold, trials: &[usize]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); fold.dataset().conditions.len()];
    trials.iter().for_each(|&trial| members[fold.condition_of(trial)].push(trial));
    members.retain(|trials| trials.len() > 1);
    members
}

/// Two halves of `0..n`; with an odd number one trial stays out.
fn halves(n: usize, seed: u64, split: usize, condition: usize) -> [Vec<usize>; 2] {
    let order = permutation(n, &mut stream(seed, &format!("halves/split{split}/condition{condition}")));
    [order[..n / 2].to_vec(), order[n / 2..n / 2 * 2].to_vec()]
}

/// Reliability of each region's mean standardised activity over `n_splits` random halves of `trials`.
pub fn region_reliability(fold: &Fold, trials: &[usize], n_splits: usize, seed: u64) -> Vec<RegionReliability> {
    let dataset = fold.dataset();
    let members = members(fold, trials);
    let (n_bins, n_sites) = (dataset.n_bins(), dataset.n_sites());
    let n_regions = dataset.regions().len();
    let sites: Vec<Vec<usize>> = (0..n_regions).map(|region| dataset.sites_of_region(region)).collect();
    // [condition][trial][region * bin]
    let activity: Vec<Vec<Vec<f64>>> = members
        .par_iter()
        .map(|trials| {
            let of_trial = |&trial: &usize| {
                let mut values = vec![0.0; n_bins * n_sites];
                fold.fill_spikes(trial, &mut values);
                let mean = |region: usize, bin: usize| {
                    let own = sites[region].iter().map(|site| f64::from(values[bin * n_sites + site]));
                    own.sum::<f64>() / sites[region].len() as f64
                };
                (0..n_regions * n_bins).map(|at| mean(at / n_bins, at % n_bins)).collect()
            };
            trials.iter().map(of_trial).collect()
        })
        .collect();
    // [split][region] of (time course, conditions)
    let splits: Vec<Vec<(Option<f64>, Option<f64>)>> = (0..n_splits)
        .into_par_iter()
        .map(|split| {
            let mut means: [Vec<Vec<f64>>; 2] = [Vec::new(), Vec::new()]; // [half][condition][region * bin]
            for (condition, trials) in activity.iter().enumerate() {
                for (half, chosen) in halves(trials.len(), seed, split, condition).iter().enumerate() {
                    means[half].push(mean_of(chosen.iter().map(|&at| trials[at].as_slice()), n_regions * n_bins));
                }
            }
            let of_region = |region: usize| {
                let range = region * n_bins..(region + 1) * n_bins;
                let courses = means[0].iter().zip(&means[1]);
                let each: Vec<Option<f64>> =
                    courses.map(|(a, b)| pearson(&a[range.clone()], &b[range.clone()])).collect();
                let [a, b] = [&means[0], &means[1]].map(|half| without_common(half, range.clone()));
                (Summary::of(&each).mean, pearson(&a, &b))
            };
            (0..n_regions).map(of_region).collect()
        })
        .collect();
    let of_region = |(region_idx, region): (usize, &Region)| {
        let list = |pick: fn(&(Option<f64>, Option<f64>)) -> Option<f64>| -> Vec<Option<f64>> {
            splits.iter().map(|split| pick(&split[region_idx])).collect()
        };
        let kind = || ScoreKind::similarity("split-half Pearson");
        RegionReliability {
            region: region.clone(),
            time_course: Reliability::of(&region.0, kind(), &list(|pair| pair.0), members.len()),
            of_conditions: Reliability::of(&region.0, kind(), &list(|pair| pair.1), members.len()),
        }
    };
    dataset.regions().iter().enumerate().map(of_region).collect()
}

fn mean_of<'a>(lists: impl ExactSizeIterator<Item = &'a [f64]>, len: usize) -> Vec<f64> {
    let n = lists.len() as f64;
    let mut mean = vec![0.0; len];
    for list in lists {
        mean.iter_mut().zip(list).for_each(|(sum, value)| *sum += value / n);
    }
    mean
}

/// `[condition * bin]` of a region, each bin minus its mean over conditions.
fn without_common(means: &[Vec<f64>], range: std::ops::Range<usize>) -> Vec<f64> {
    let common = mean_of(means.iter().map(|mean| &mean[range.clone()]), range.len());
    means.iter().flat_map(|mean| mean[range.clone()].iter().zip(&common).map(|(a, b)| a - b)).collect()
}

/// Reliability of condition-average videos over `n_splits` random halves of `trials`: of each readout's main score between the halves'
/// readings, and of the correlation over all pixels. `videos(trials)` gives one video a trial, decoded or true.
///
/// # Errors
/// What `videos` refuses, or videos of another shape than the fold's.
pub fn video_reliability(
    fold: &Fold,
    trials: &[usize],
    readouts: &[Box<dyn Readout>],
    n_splits: usize,
    seed: u64,
    videos: &mut dyn FnMut(&[usize]) -> Result<Array5<f32>>,
) -> Result<Vec<Reliability>> {
    let dataset = fold.dataset();
    let shape = dataset.video_shape();
    let len: usize = shape.iter().product();
    let members = members(fold, trials);
    let kinds: Vec<ScoreKind> = readouts.iter().filter_map(|readout| readout.scores().into_iter().next()).collect();
    let mut values = vec![vec![vec![None; members.len()]; n_splits]; kinds.len() + 1]; // [score][split][condition]
    for (condition, trials) in members.iter().enumerate() {
        let decoded = videos(trials)?;
        crate::study::scorer::check_videos(&decoded, trials.len(), shape)?;
        let decoded = decoded.as_standard_layout();
        let Some(all) = decoded.as_slice() else { continue };
        let of_split = |split: usize| -> Result<Vec<Option<f64>>> {
            let means = halves(trials.len(), seed, split, condition).map(|half| {
                let mut mean = vec![0.0_f32; len];
                for &at in &half {
                    let video = &all[at * len..(at + 1) * len];
                    mean.iter_mut().zip(video).for_each(|(sum, value)| *sum += value / half.len() as f32);
                }
                mean
            });
            let [a, b] = [Clip::new(shape, &means[0])?, Clip::new(shape, &means[1])?];
            let read = |readout: &dyn Readout, clip: &Clip<'_>| readout.read(clip, &dataset.timeline);
            let compare = |readout: &dyn Readout| {
                readout.compare(&read(readout, &a), &read(readout, &b)).into_iter().next().flatten()
            };
            let mut scores: Vec<Option<f64>> = readouts.iter().map(|readout| compare(readout.as_ref())).collect();
            scores.push(pearson(a.values(), b.values()));
            Ok(scores)
        };
        let of_splits: Vec<Vec<Option<f64>>> = (0..n_splits).into_par_iter().map(of_split).collect::<Result<_>>()?;
        for (split, scores) in of_splits.into_iter().enumerate() {
            scores.into_iter().enumerate().for_each(|(score, value)| values[score][split][condition] = value);
        }
    }
    let names = readouts.iter().map(|readout| readout.name().to_string()).chain([VIDEO.to_string()]);
    let kinds = kinds.into_iter().chain([ScoreKind::similarity("pixel Pearson")]);
    let reliability = |((name, kind), splits): ((String, ScoreKind), &Vec<Vec<Option<f64>>>)| {
        let halves: Vec<Option<f64>> = splits.iter().map(|conditions| Summary::of(conditions).mean).collect();
        Reliability::of(&name, kind, &halves, members.len())
    };
    Ok(names.zip(kinds).zip(&values).map(reliability).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_that_agree_by_a_half_make_a_whole_of_two_thirds() {
        assert!((spearman_brown(0.5).unwrap() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!((spearman_brown(1.0), spearman_brown(-1.0)), (Some(1.0), None));
    }

    #[test]
    fn halves_are_disjoint_equal_and_differ_from_split_to_split() {
        let [a, b] = halves(7, 1, 0, 0);
        assert_eq!((a.len(), b.len()), (3, 3));
        assert!(a.iter().all(|at| !b.contains(at)));
        assert_ne!(halves(12, 1, 0, 0), halves(12, 1, 1, 0));
    }
}
