//! Nearest neighbors: how often the labels of a sample's neighbors name its own.

use super::Distances;
use super::distance::check_labels;
use rayon::prelude::*;
use spikereel_data::{DataError, Result};

/// The nearest other samples of each sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    of_sample: Vec<Vec<usize>>,
}

impl Neighbors {
    /// The `k` nearest samples of each, leaving out samples of its own group (with one group a sample: itself alone). Of equal distances
    /// the earlier sample counts as nearer.
    ///
    /// # Errors
    /// A group is missing, or some sample has fewer than `k` samples outside its group, or `k` is 0.
    pub fn new(distances: &Distances, k: usize, group_of_sample: &[usize]) -> Result<Self> {
        check_labels(distances.n_samples(), group_of_sample)?;
        let nearest = |sample: usize| {
            let from = distances.squared_from(sample);
            let mut others: Vec<usize> =
                (0..from.len()).filter(|&other| group_of_sample[other] != group_of_sample[sample]).collect();
            others.sort_by(|&a, &b| from[a].total_cmp(&from[b]).then(a.cmp(&b)));
            others.truncate(k);
            others
        };
        let of_sample: Vec<Vec<usize>> = (0..distances.n_samples()).into_par_iter().map(nearest).collect();
        let fewest = of_sample.iter().map(Vec::len).min().unwrap_or(0);
        if k == 0 || fewest < k {
            return Err(DataError::new("neighbors", format!("1 to {fewest} of them"), k.to_string())
                .hint("take fewer neighbors or more samples"));
        }
        Ok(Self { of_sample })
    }

    /// Whether the most frequent label among each sample's neighbors is its own; of equally frequent ones the smallest counts, as in
    /// scikit-learn.
    ///
    /// # Panics
    /// Where there are fewer labels than samples: both are the caller's own.
    pub fn hits(&self, labels: &[usize]) -> Vec<bool> {
        let n_labels = labels.iter().max().map_or(0, |&largest| largest + 1);
        let mut votes = vec![0_usize; n_labels];
        let mut hit = |(sample, neighbors): (usize, &Vec<usize>)| {
            neighbors.iter().for_each(|&neighbor| votes[labels[neighbor]] += 1);
            let named = (0..n_labels).max_by(|&a, &b| votes[a].cmp(&votes[b]).then(b.cmp(&a)));
            neighbors.iter().for_each(|&neighbor| votes[labels[neighbor]] = 0);
            named == Some(labels[sample])
        };
        self.of_sample.iter().enumerate().map(&mut hit).collect()
    }

    /// Share of hits.
    pub fn accuracy(&self, labels: &[usize]) -> f64 {
        let hits = self.hits(labels);
        hits.iter().filter(|&&hit| hit).count() as f64 / hits.len() as f64
    }
}

/// Leave-one-out accuracy of the `k` nearest neighbors, as `KNeighborsClassifier(k)` under `LeaveOneOut`.
///
/// # Errors
/// What [`Neighbors::new`] refuses; a label is missing.
pub fn knn_accuracy(distances: &Distances, labels: &[usize], k: usize) -> Result<f64> {
    check_labels(distances.n_samples(), labels)?;
    let own_groups: Vec<usize> = (0..distances.n_samples()).collect();
    Ok(Neighbors::new(distances, k, &own_groups)?.accuracy(labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn samples_of_the_own_group_are_not_asked() {
        let distances = Distances::new(array![[0.0], [0.1], [5.0], [5.1]].view()).unwrap();
        assert_eq!(knn_accuracy(&distances, &[0, 0, 1, 1], 1).unwrap(), 1.0);
        let across = Neighbors::new(&distances, 1, &[0, 0, 1, 1]).unwrap();
        assert_eq!(across.accuracy(&[0, 0, 1, 1]), 0.0);
        assert!(Neighbors::new(&distances, 3, &[0, 0, 1, 1]).is_err());
    }
}
