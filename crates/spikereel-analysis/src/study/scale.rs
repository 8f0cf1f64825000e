//! Scores against the number of sites, of training trials a condition, and of bins, from random subsets; and the slope over sites.

use crate::readout::Readout;
use crate::score::ScoreKind;
use crate::stats::percentile;
use crate::study::headline::{Headline, VIDEO, headlines};
use crate::study::{EvaluationOptions, PerSample, evaluate};
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::{derive_seed, permutation, stream};
use spikereel_data::{DataError, FitDecoder, Fold, Part, Result};

/// What is made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleAxis {
    /// Sites, drawn at random from all regions in proportion to their sizes.
    Sites,
    /// Training trials of each condition; test trials stay.
    TrainingTrials,
    /// Bins of the same width at equal steps, as wide as the number allows, from a random start.
    Bins,
}

impl std::fmt::Display for ScaleAxis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sites => "sites",
            Self::TrainingTrials => "training trials a condition",
            Self::Bins => "bins",
        })
    }
}

/// What to vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleOptions {
    /// The axis.
    pub axis: ScaleAxis,
    /// Sizes, each at least 1; larger ones than the fold has are left out.
    pub sizes: Vec<usize>,
    /// Random subsets of each size; the whole is drawn once.
    pub n_draws: usize,
    /// Bootstrap replicates of the slope.
    pub n_bootstrap: usize,
    /// Seed of subsets, decoders and replicates.
    pub seed: u64,
}

/// One subset's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleDraw {
    /// Its headlines.
    pub headlines: Vec<Headline>,
    /// Of each feature with an accuracy (and `video` for naming the condition), whether each test trial was named right.
    pub correct: Vec<(String, Vec<bool>)>,
}

/// All subsets of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalePoint {
    /// The size: sites, training trials a condition, or bins.
    pub n: usize,
    /// One entry a subset.
    pub draws: Vec<ScaleDraw>,
}

/// How an accuracy grows with the logarithm of size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleSlope {
    /// The feature, or `video` for naming the condition.
    pub feature: String,
    /// Accuracy gained by a doubling: least squares over mean accuracies of sizes against log2 of size.
    pub per_doubling: f64,
    /// Bootstrap over subsets and test trials, percentiles.
    pub interval_95: [f64; 2],
    /// Gain of the last step, from the largest part to the whole, for a doubling; near 0 where the curve has flattened.
    pub last_per_doubling: f64,
    /// Bootstrap interval of that.
    pub last_interval_95: [f64; 2],
}

/// Scores over sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The decoder.
    pub decoder: String,
    /// The axis.
    pub axis: ScaleAxis,
    /// Ascending by size.
    pub points: Vec<ScalePoint>,
    /// One entry an accuracy; empty with fewer than two sizes.
    pub slopes: Vec<ScaleSlope>,
}

/// Mean and range over subsets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScaleBand {
    /// Mean.
    pub mean: Option<f64>,
    /// 2.5 % over subsets; the smallest value where there are few.
    pub low: Option<f64>,
    /// 97.5 % over subsets.
    pub high: Option<f64>,
}

impl Scale {
    /// A headline over sizes, by its position in [`ScaleDraw::headlines`].
    pub fn bands(&self, headline: usize) -> Vec<ScaleBand> {
        let band = |point: &ScalePoint| {
            let values: Vec<f64> = point.draws.iter().filter_map(|draw| draw.headlines.get(headline)?.value).collect();
            let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
            ScaleBand { mean, low: percentile(&values, 0.025), high: percentile(&values, 0.975) }
        };
        self.points.iter().map(band).collect()
    }

    /// The kinds of headlines, from the first subset.
    pub fn headlines(&self) -> Vec<(String, ScoreKind, Option<f64>)> {
        let first = self.points.first().and_then(|point| point.draws.first());
        let own = first.map_or(&[][..], |draw| draw.headlines.as_slice());
        own.iter().map(|headline| (headline.label(), headline.kind.clone(), headline.chance)).collect()
    }
}

/// Fits a decoder on every subset and scores the fold's test trials. `done(fits so far, all)` hears of each.
///
/// # Errors
/// No size that the fold has, or what fitting and scoring refuse.
pub fn scale(
    fold: &Fold,
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    options: &ScaleOptions,
    done: &mut dyn FnMut(usize, usize),
) -> Result<Scale> {
    let whole = size_of(fold, options.axis);
    let mut sizes: Vec<usize> = options.sizes.iter().copied().filter(|&n| n > 0 && n <= whole).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.is_empty() {
        let got = format!("{:?}", options.sizes);
        return Err(DataError::new(format!("numbers of {}", options.axis), format!("some of 1 to {whole}"), got));
    }
    let n_draws_of = |n: usize| if n == whole { 1 } else { options.n_draws.max(1) };
    let n_fits = sizes.iter().map(|&n| n_draws_of(n)).sum();
    let scored = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let mut n_done = 0;
    let mut points = Vec::new();
    for &n in &sizes {
        let mut draws = Vec::new();
        for draw in 0..n_draws_of(n) {
            let name = format!("scale/{}/{n}/draw{draw}", options.axis);
            let part = subset(fold, options.axis, n, derive_seed(options.seed, &name))?;
            let decoder = fit.fit(&part, derive_seed(options.seed, &format!("{name}/fit")))?;
            let evaluation = evaluate(decoder.as_ref(), &part, Part::Test, readouts, &scored)?.evaluation;
            let of_features = evaluation.features.iter().map(|feature| (feature.name.clone(), &feature.accuracy));
            let accuracies = of_features.chain([(VIDEO.to_string(), &evaluation.condition_accuracy)]);
            let correct = accuracies.filter_map(|(name, accuracy)| Some((name, accuracy.as_ref()?.correct.clone())));
            draws.push(ScaleDraw { correct: correct.collect(), headlines: headlines(&evaluation) });
            n_done += 1;
            done(n_done, n_fits);
        }
        points.push(ScalePoint { n, draws });
    }
    let slopes = slopes(&points, options);
    Ok(Scale { decoder: fit.name().into(), axis: options.axis, points, slopes })
}

/// Size of the whole fold along an axis; of training trials, that of the condition with most.
pub fn size_of(fold: &Fold, axis: ScaleAxis) -> usize {
    match axis {
        ScaleAxis::Sites => fold.dataset().n_sites(),
        ScaleAxis::Bins => fold.dataset().n_bins(),
        ScaleAxis::TrainingTrials => fold.train_of_condition().iter().map(Vec::len).max().unwrap_or(0),
    }
}

/// Doublings from `least` on, as long as at least half as much again is left above them, then `whole`: a last step that is too short
/// would say nothing of a slope.
pub fn doublings(least: usize, whole: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(least.max(1)), |n| n.checked_mul(2)).take_while(|&n| 3 * n <= 2 * whole);
    powers.chain([whole]).collect()
}

fn subset(fold: &Fold, axis: ScaleAxis, n: usize, seed: u64) -> Result<Fold> {
    match axis {
        ScaleAxis::Sites => fold.with_sites(&draw_sites(fold, n, seed)),
        ScaleAxis::TrainingTrials => fold.with_training_trials(n, seed),
        ScaleAxis::Bins => {
            let step = fold.dataset().n_bins() / n;
            let spare = fold.dataset().n_bins() - step * (n - 1);
            let first = stream(seed, "bins").random_range(0..spare);
            fold.with_bins((0..n).map(|at| first + at * step))
        }
    }
}

/// `n` sites, as even over regions as their sizes allow: sites are ranked at random within their regions, and taken by rank over size.
fn draw_sites(fold: &Fold, n: usize, seed: u64) -> Vec<usize> {
    let dataset = fold.dataset();
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for region in 0..dataset.regions().len() {
        let sites = dataset.sites_of_region(region);
        let mut rng = stream(seed, &format!("sites/region{region}"));
        let order = permutation(sites.len(), &mut rng);
        // A random offset settles which region comes first, so that none is favored where n is small.
        let offset: f64 = rng.random();
        let rank = |(at, site): (usize, usize)| ((at as f64 + offset) / sites.len() as f64, sites[site]);
        ranked.extend(order.into_iter().enumerate().map(rank));
    }
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    ranked.into_iter().take(n).map(|(_, site)| site).collect()
}

fn slopes(points: &[ScalePoint], options: &ScaleOptions) -> Vec<ScaleSlope> {
    let Some(first) = points.first().and_then(|point| point.draws.first()).filter(|_| points.len() > 1) else {
        return Vec::new();
    };
    let logs: Vec<f64> = points.iter().map(|point| (point.n as f64).log2()).collect();
    let of_feature = |(at, (feature, correct)): (usize, &(String, Vec<bool>))| {
        let n_trials = correct.len();
        let curve = |draws: &dyn Fn(usize) -> Vec<usize>, trials: &[usize]| -> Vec<f64> {
            let accuracy = |(point_idx, point): (usize, &ScalePoint)| {
                let chosen = draws(point_idx);
                let right = |&draw: &usize| {
                    let correct = &point.draws[draw].correct[at].1;
                    trials.iter().filter(|&&trial| correct[trial]).count() as f64 / trials.len() as f64
                };
                chosen.iter().map(right).sum::<f64>() / chosen.len() as f64
            };
            points.iter().enumerate().map(accuracy).collect()
        };
        let last = |curve: &[f64]| {
            let n = curve.len();
            (curve[n - 1] - curve[n - 2]) / (logs[n - 1] - logs[n - 2])
        };
        let own = curve(&|point| (0..points[point].draws.len()).collect(), &(0..n_trials).collect::<Vec<_>>());
        let replicates: Vec<(f64, f64)> = (0..options.n_bootstrap)
            .into_par_iter()
            .map(|replicate| {
                let mut rng = stream(options.seed, &format!("scale/{}/{feature}/replicate{replicate}", options.axis));
                let trials: Vec<usize> = (0..n_trials).map(|_| rng.random_range(0..n_trials)).collect();
                let draws: Vec<Vec<usize>> = points
                    .iter()
                    .map(|point| point.draws.iter().map(|_| rng.random_range(0..point.draws.len())).collect())
                    .collect();
                let curve = curve(&|point| draws[point].clone(), &trials);
                (slope(&logs, &curve), last(&curve))
            })
            .collect();
        let interval =
            |values: Vec<f64>, own: f64| [0.025, 0.975].map(|share| percentile(&values, share).unwrap_or(own));
        let (per_doubling, last_per_doubling) = (slope(&logs, &own), last(&own));
        ScaleSlope {
            feature: feature.clone(),
            per_doubling,
            interval_95: interval(replicates.iter().map(|pair| pair.0).collect(), per_doubling),
            last_per_doubling,
            last_interval_95: interval(replicates.iter().map(|pair| pair.1).collect(), last_per_doubling),
        }
    };
    first.correct.iter().enumerate().filter(|(_, (_, correct))| !correct.is_empty()).map(of_feature).collect()
}

/// Least-squares slope of `y` on `x`.
fn slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let top: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    top / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doublings_end_with_the_whole_once() {
        assert_eq!(doublings(4, 20), [4, 8, 20]);
        assert_eq!(doublings(4, 16), [4, 8, 16]);
        assert_eq!((doublings(4, 3), doublings(0, 1)), (vec![3], vec![1]));
    }

    #[test]
    fn the_slope_of_a_line_is_its_slope() {
        assert!((slope(&[1.0, 2.0, 4.0], &[3.0, 5.0, 9.0]) - 2.0).abs() < 1e-12);
    }
}
