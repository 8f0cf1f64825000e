//! Euclidean distances between all rows.

use ndarray::ArrayView2;
use rayon::prelude::*;
use spikereel_data::{DataError, Result};

/// Squared Euclidean distances between all pairs of rows.
#[derive(Debug, Clone)]
pub struct Distances {
    n: usize,
    squared: Vec<f64>,
}

impl Distances {
    /// Between the rows of `rows` `[sample, value]`. Memory and time grow with the square of the samples.
    ///
    /// # Errors
    /// No row, no column, values that are not finite.
    pub fn new(rows: ArrayView2<'_, f64>) -> Result<Self> {
        check_rows(rows)?;
        let n = rows.nrows();
        let rows = rows.as_standard_layout();
        let values = rows.as_slice().unwrap_or_default();
        let width = rows.ncols();
        let row = |at: usize| &values[at * width..(at + 1) * width];
        let mut squared = vec![0.0; n * n];
        squared.par_chunks_mut(n).enumerate().for_each(|(at, out)| {
            let own = row(at);
            for (other, out) in out.iter_mut().enumerate() {
                *out = own.iter().zip(row(other)).map(|(a, b)| (a - b) * (a - b)).sum();
            }
        });
        Ok(Self { n, squared })
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.n
    }

    /// Squared distances from one sample to all.
    pub fn squared_from(&self, sample: usize) -> &[f64] {
        &self.squared[sample * self.n..(sample + 1) * self.n]
    }
}

pub(super) fn check_rows(rows: ArrayView2<'_, f64>) -> Result<()> {
    if rows.is_empty() {
        return Err(DataError::new("samples", "a row and a column at least", format!("{:?}", rows.dim())));
    }
    if rows.iter().any(|value| !value.is_finite()) {
        return Err(DataError::new("samples", "finite values", "one that is not"));
    }
    Ok(())
}

pub(super) fn check_labels(n_samples: usize, labels: &[usize]) -> Result<()> {
    if labels.len() == n_samples {
        return Ok(());
    }
    Err(DataError::new("labels", format!("{n_samples}, one a sample"), labels.len().to_string()))
}
