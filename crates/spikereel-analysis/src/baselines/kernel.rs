//! Linear kernel of centred training spikes and its eigendecomposition: the common ground of ridge and multinomial ridge.
//!
//! There are usually more entries `[bin, site]` than trials, so everything is solved in the space of trials. Where there are fewer, the
//! eigenvectors come from the smaller matrix of entries by entries: the time goes with the third power of the side.

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
        let (eigenvalues, vectors) = if len < n_trials { of_entries(&spikes, len)? } else { of_trials(&spikes, len)? };
        Ok(Self { axes, mean, spikes, eigenvalues, vectors })
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

/// Positive eigenvalues, ascending, and eigenvectors `[trial, eigenvector]` of the Gram matrix of centred rows, from itself.
fn of_trials(spikes: &[f32], len: usize) -> Result<(Vec<f64>, Matrix)> {
    let mut gram = inner_products(spikes, spikes, len);
    centre_gram(&mut gram);
    let (values, vectors) = symmetric_eigen(&gram)?;
    let (n_trials, first) = (gram.n_rows, first_positive(&values));
    let rank = n_trials - first;
    let mut kept = Matrix::zeros(n_trials, rank);
    for row in 0..n_trials {
        kept.values[row * rank..(row + 1) * rank].copy_from_slice(&vectors.row(row)[first..]);
    }
    Ok((values[first..].to_vec(), kept))
}

/// The same from the matrix `X'X` of entries, whose positive eigenvalues are those of `XX'`: `u = X v / sqrt(eigenvalue)`.
fn of_entries(spikes: &[f32], len: usize) -> Result<(Vec<f64>, Matrix)> {
    let n_trials = spikes.len() / len;
    // Rounding of the f32 mean leaves a little mean in each entry, as `centre_gram` says.
    let mut rows = Matrix::zeros(n_trials, len);
    rows.values.iter_mut().zip(spikes).for_each(|(out, &value)| *out = f64::from(value));
    for entry in 0..len {
        let mean = (0..n_trials).map(|trial| rows.values[trial * len + entry]).sum::<f64>() / n_trials as f64;
        (0..n_trials).for_each(|trial| rows.values[trial * len + entry] -= mean);
    }
    let (values, vectors) = symmetric_eigen(&rows.transposed_times(&rows))?;
    let first = first_positive(&values);
    let rank = len - first;
    let mut scaled = Matrix::zeros(len, rank);
    for entry in 0..len {
        for (at, value) in values[first..].iter().enumerate() {
            scaled.values[entry * rank + at] = vectors.row(entry)[first + at] / value.sqrt();
        }
    }
    Ok((values[first..].to_vec(), rows.times(&scaled)))
}

/// Where eigenvalues, ascending, begin to count.
fn first_positive(values: &[f64]) -> usize {
    let largest = values.last().copied().unwrap_or(0.0).max(0.0);
    values.iter().position(|&value| value > RANK_TOLERANCE * largest && value > 0.0).unwrap_or(values.len())
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use spikereel_data::rng::stream;

    #[test]
    fn both_matrices_give_the_same_projections() {
        let (n_trials, len) = (40, 12);
        let mut rng = stream(3, "test/kernel");
        let mut spikes: Vec<f32> = (0..n_trials * len).map(|_| rng.random_range(-1.0..1.0)).collect();
        // An entry that repeats another, one that is silent.
        for trial in 0..n_trials {
            spikes[trial * len + 1] = spikes[trial * len];
            spikes[trial * len + 2] = 0.0;
        }
        let mean: Vec<f32> =
            (0..len).map(|at| (0..n_trials).map(|t| spikes[t * len + at]).sum::<f32>() / n_trials as f32).collect();
        centre(&mut spikes, &mean);
        let (values, vectors) = of_trials(&spikes, len).unwrap();
        let (own, own_vectors) = of_entries(&spikes, len).unwrap();
        assert_eq!((values.len(), own.len()), (len - 2, len - 2));
        let largest = values[values.len() - 1];
        for (a, b) in values.iter().zip(&own) {
            assert!((a - b).abs() < 1e-5 * largest, "{a} {b}");
        }
        // Eigenvectors have a sign of their own; the projection on all of them has none.
        let project = |vectors: &Matrix, a: usize, b: usize| -> f64 {
            vectors.row(a).iter().zip(vectors.row(b)).map(|(x, y)| x * y).sum()
        };
        for (a, b) in [(0, 0), (3, 17), (39, 5)] {
            assert!((project(&vectors, a, b) - project(&own_vectors, a, b)).abs() < 1e-5);
        }
    }
}
