//! Linear kernel of centred training spikes and its eigendecomposition: the common ground of ridge and multinomial ridge.
//!
//! There are far more entries `[bin, site]` than trials, so everything is solved in the space of trials.

use crate::linalg::{Matrix, inner_products, symmetric_eigen};
use ndarray::ArrayView3;
use spikereel_data::{DataError, Fold, Result};

/// Eigenvalues below this share of the largest count as 0.
const RANK_TOLERANCE: f64 = 1e-12;

/// Centred training spikes with the eigenvectors of their Gram matrix.
#[derive(Debug, Clone)]
pub(super) struct TrainingKernel {
    pub(super) axes: [usize; 2],
    mean: Vec<f32>,
    /// `[trial, bin * site]`, centred.
    spikes: Vec<f32>,
    /// Positive eigenvalues, ascending.
    pub(super) eigenvalues: Vec<f64>,
    /// `[trial, eigenvector]`.
    pub(super) vectors: Matrix,
}

impl TrainingKernel {
    /// Of these training trials.
    pub(super) fn fit(fold: &Fold, trials: &[usize]) -> Result<Self> {
        let axes = [fold.dataset().n_bins(), fold.dataset().n_sites()];
        Self::of_rows(fold.spikes(trials).into_raw_vec_and_offset().0, axes)
    }

    /// Of rows `[trial, bin * site]`.
    pub(super) fn of_rows(mut spikes: Vec<f32>, axes: [usize; 2]) -> Result<Self> {
        let len = axes[0] * axes[1];
        let n_trials = spikes.len() / len;
        if n_trials < 2 {
            return Err(DataError::new("training trials", "at least 2", n_trials.to_string()));
        }
        let mut sum = vec![0.0_f64; len];
        for row in spikes.chunks_exact(len) {
            sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let mean: Vec<f32> = sum.iter().map(|sum| (sum / n_trials as f64) as f32).collect();
        centre(&mut spikes, &mean);
        let mut gram = inner_products(&spikes, &spikes, len);
        centre_gram(&mut gram);
        let (values, vectors) = symmetric_eigen(&gram)?;
        let largest = values.last().copied().unwrap_or(0.0).max(0.0);
        let first =
            values.iter().position(|&value| value > RANK_TOLERANCE * largest && value > 0.0).unwrap_or(n_trials);
        let rank = n_trials - first;
        let mut kept = Matrix::zeros(n_trials, rank);
        for row in 0..n_trials {
            kept.values[row * rank..(row + 1) * rank].copy_from_slice(&vectors.row(row)[first..]);
        }
        Ok(Self { axes, mean, spikes, eigenvalues: values[first..].to_vec(), vectors: kept })
    }

    /// Number of training trials.
    pub(super) fn n_trials(&self) -> usize {
        self.vectors.n_rows
    }

    /// Inner products `[trial, training trial]` of new spikes with the training spikes, both centred by the training mean.
    pub(super) fn products(&self, spikes: &ArrayView3<'_, f32>) -> Result<Matrix> {
        check_axes(spikes, self.axes)?;
        let mut rows: Vec<f32> = spikes.iter().copied().collect();
        centre(&mut rows, &self.mean);
        Ok(inner_products(&rows, &self.spikes, self.mean.len()))
    }
}

fn centre(rows: &mut [f32], mean: &[f32]) {
    for row in rows.chunks_exact_mut(mean.len()) {
        row.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
    }
}

/// Takes out what rounding of the f32 mean leaves of it.
fn centre_gram(gram: &mut Matrix) {
    let n = gram.n_rows;
    let row_means: Vec<f64> = (0..n).map(|row| gram.row(row).iter().sum::<f64>() / n as f64).collect();
    let mean = row_means.iter().sum::<f64>() / n as f64;
    for row in 0..n {
        for col in 0..n {
            gram.values[row * n + col] -= row_means[row] + row_means[col] - mean;
        }
    }
}

/// # Errors
/// Names the axis of new spikes that is not as in training.
pub(super) fn check_axes(spikes: &ArrayView3<'_, f32>, [n_bins, n_sites]: [usize; 2]) -> Result<()> {
    let (_, bins, sites) = spikes.dim();
    for (axis, expected, got) in [("bin", n_bins, bins), ("site", n_sites, sites)] {
        if expected != got {
            return Err(DataError::new(format!("spikes, {axis} axis"), expected.to_string(), got.to_string())
                .hint("decode with the bins and sites that the decoder was fitted on"));
        }
    }
    Ok(())
}
