//! Silhouettes: how much nearer a sample is to its own label's samples than to those of the next label, -1 to 1
//! (`sklearn.metrics.silhouette_samples`).
//!
//! # References
//! Rousseeuw (1987), J. Comput. Appl. Math. 20:53.

use super::Distances;
use super::distance::check_labels;
use spikereel_data::{DataError, Result};

/// Each sample's silhouette; 0 for a sample that is alone in its label. Their mean is the silhouette score.
///
/// # Errors
/// A label is missing, or there are fewer than two different ones.
pub fn silhouette(distances: &Distances, labels: &[usize]) -> Result<Vec<f64>> {
    check_labels(distances.n_samples(), labels)?;
    let n_labels = labels.iter().max().map_or(0, |&largest| largest + 1);
    let mut sizes = vec![0_usize; n_labels];
    labels.iter().for_each(|&label| sizes[label] += 1);
    let n_used = sizes.iter().filter(|&&size| size > 0).count();
    if n_used < 2 {
        return Err(DataError::new("labels of a silhouette", "two different ones at least", n_used.to_string()));
    }
    let mut sums = vec![0.0; n_labels];
    let mut of_sample = |sample: usize| {
        sums.fill(0.0);
        distances.squared_from(sample).iter().zip(labels).for_each(|(squared, &label)| sums[label] += squared.sqrt());
        let own = labels[sample];
        if sizes[own] < 2 {
            return 0.0;
        }
        let within = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..n_labels).filter(|&label| label != own && sizes[label] > 0);
        let next = others.map(|label| sums[label] / sizes[label] as f64).fold(f64::INFINITY, f64::min);
        let larger = within.max(next);
        if larger > 0.0 { (next - within) / larger } else { 0.0 }
    };
    Ok((0..labels.len()).map(&mut of_sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn far_clusters_come_near_one_and_one_label_is_refused() {
        let distances = Distances::new(array![[0.0], [0.1], [9.0], [9.1], [4.0]].view()).unwrap();
        let values = silhouette(&distances, &[0, 0, 2, 2, 3]).unwrap();
        assert!(values[0] > 0.95 && values[3] > 0.95 && values[4] == 0.0, "{values:?}");
        assert!(silhouette(&distances, &[1; 5]).is_err());
    }
}
