//! How well labels separate samples: nearest neighbors and silhouette, each with a bootstrap interval and a null of shuffled labels.
//!
//! Samples come in groups (the three phases of a trial, the regions of a condition; otherwise each alone). A sample is never named by its
//! own group; labels that differ within groups are shuffled within them, labels that do not are shuffled over samples; the bootstrap draws
//! groups. It draws the values of the samples as they are and does not embed anew, so intervals leave out the embedding's own variance.

use crate::embed::{Distances, Neighbors, silhouette};
use crate::stats::{Resampling, percentile, permutation_p_greater};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::Result;
use spikereel_data::rng::stream;

/// How separation is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeparationOptions {
    /// Neighbors asked.
    pub n_neighbors: usize,
    /// Shuffles of the labels.
    pub n_shuffles: usize,
    /// Bootstrap replicates.
    pub n_bootstrap: usize,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for SeparationOptions {
    fn default() -> Self {
        Self { n_neighbors: 5, n_shuffles: 1000, n_bootstrap: 2000, seed: 0 }
    }
}

/// A number beside its null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// On the labels as they are.
    pub value: f64,
    /// 95 % interval, groups resampled.
    pub interval_95: Option<[f64; 2]>,
    /// Mean under shuffled labels.
    pub null_mean: f64,
    /// 95th percentile under shuffled labels.
    pub null_95: f64,
    /// One-sided p against shuffled labels.
    pub p: f64,
}

/// How well one labeling separates one set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Share of samples whose nearest neighbors name their label.
    pub knn: Share,
    /// Mean silhouette, -1 to 1.
    pub silhouette: Share,
    /// Neighbors asked; fewer than wanted where groups are few.
    pub n_neighbors: usize,
    /// For each sample whether it was named: for paired comparisons.
    pub hits: Vec<bool>,
}

/// Measures one labeling. None where fewer than two labels are there, or samples are too few.
pub(super) fn separation(
    distances: &Distances,
    labels: &[usize],
    groups: &[usize],
    name: &str,
    options: &SeparationOptions,
) -> Result<Option<Separation>> {
    let n = distances.n_samples();
    let group_sizes = sizes(groups);
    let n_outside = n - group_sizes.iter().max().copied().unwrap_or(n);
    let n_neighbors = options.n_neighbors.min(n_outside);
    if sizes(labels).iter().filter(|&&size| size > 0).count() < 2 || n_neighbors == 0 {
        return Ok(None);
    }
    let neighbors = Neighbors::new(distances, n_neighbors, groups)?;
    let hits = neighbors.hits(labels);
    let hit_values: Vec<f64> = hits.iter().map(|&hit| f64::from(u8::from(hit))).collect();
    let silhouettes = silhouette(distances, labels)?;
    let shuffled = |shuffle: usize| -> Result<(f64, f64)> {
        let labels = shuffle_labels(labels, groups, &mut stream(options.seed, &format!("{name}/shuffle{shuffle}")));
        Ok((neighbors.accuracy(&labels), mean(&silhouette(distances, &labels)?)))
    };
    let null: Vec<(f64, f64)> = (0..options.n_shuffles).into_par_iter().map(shuffled).collect::<Result<_>>()?;
    let share = |what: &str, values: &[f64], null: Vec<f64>| {
        let value = mean(values);
        let name = format!("{name}/{what}");
        let resampling = Resampling { n_replicates: options.n_bootstrap, seed: options.seed, name: &name };
        let interval_95 = group_means(values, groups).and_then(|means| resampling.mean(&means)?.interval_95);
        Share {
            value,
            interval_95,
            null_mean: mean(&null),
            null_95: percentile(&null, 0.95).unwrap_or(value),
            p: permutation_p_greater(value, &null),
        }
    };
    Ok(Some(Separation {
        knn: share("knn", &hit_values, null.iter().map(|null| null.0).collect()),
        silhouette: share("silhouette", &silhouettes, null.iter().map(|null| null.1).collect()),
        n_neighbors,
        hits,
    }))
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn sizes(of: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; of.iter().max().map_or(0, |&largest| largest + 1)];
    of.iter().for_each(|&at| sizes[at] += 1);
    sizes
}

/// One mean a group; all groups are of one size here, so that the mean of these is the mean of all.
fn group_means(values: &[f64], groups: &[usize]) -> Option<Vec<f64>> {
    let sizes = sizes(groups);
    let mut sums = vec![0.0; sizes.len()];
    values.iter().zip(groups).for_each(|(value, &group)| sums[group] += value);
    let means: Vec<f64> =
        sums.iter().zip(&sizes).filter(|(_, size)| **size > 0).map(|(sum, &size)| sum / size as f64).collect();
    (means.len() > 1).then_some(means)
}

fn shuffle_labels(labels: &[usize], groups: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |&largest| largest + 1)];
    groups.iter().enumerate().for_each(|(sample, &group)| members[group].push(sample));
    let differ = members.iter().any(|members| members.windows(2).any(|pair| labels[pair[0]] != labels[pair[1]]));
    if !differ {
        members = vec![(0..labels.len()).collect()];
    }
    let mut out = labels.to_vec();
    for members in members {
        let mut from = members.clone();
        from.shuffle(rng);
        members.iter().zip(&from).for_each(|(&to, &from)| out[to] = labels[from]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    fn samples(seed: u64, shift: f64) -> (Distances, Vec<usize>, Vec<usize>) {
        let mut rng = stream(seed, "samples");
        let rows = Array2::from_shape_fn((60, 5), |(sample, value)| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            noise + if sample % 3 == value { shift } else { 0.0 }
        });
        let labels = (0..60).map(|sample| sample % 3).collect();
        (Distances::new(rows.view()).unwrap(), labels, (0..60).collect())
    }

    fn options(seed: u64) -> SeparationOptions {
        SeparationOptions { n_shuffles: 199, n_bootstrap: 100, seed, ..SeparationOptions::default() }
    }

    #[test]
    fn clusters_are_found_and_labels_without_meaning_are_not() {
        let (distances, labels, groups) = samples(1, 4.0);
        let found = separation(&distances, &labels, &groups, "found", &options(1)).unwrap().unwrap();
        assert!(found.knn.value > 0.9 && found.knn.p <= 0.005 && found.silhouette.p <= 0.005, "{found:?}");
        let n_found = (0..100)
            .filter(|&seed| {
                let (distances, labels, groups) = samples(seed, 0.0);
                separation(&distances, &labels, &groups, "null", &options(seed)).unwrap().unwrap().silhouette.p <= 0.05
            })
            .count();
        assert!(n_found <= 11, "{n_found} of 100");
    }

    #[test]
    fn labels_that_differ_within_groups_are_shuffled_within_them() {
        let (labels, groups) = ([0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1]);
        let shuffled = shuffle_labels(&labels, &groups, &mut stream(1, "shuffle"));
        for group in shuffled.chunks_exact(3) {
            let mut sorted = group.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
        }
    }

    #[test]
    fn one_label_alone_has_no_separation() {
        let (distances, _, groups) = samples(1, 0.0);
        assert_eq!(separation(&distances, &[0; 60], &groups, "one", &options(1)).unwrap(), None);
    }
}
