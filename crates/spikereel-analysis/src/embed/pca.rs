//! Principal components, as `sklearn.decomposition.PCA`, signs included: the largest weight of each component is positive.

use super::distance::check_rows;
use crate::linalg::{Matrix, symmetric_eigen};
use ndarray::{Array2, ArrayView2};
use spikereel_data::{DataError, Result};

/// Principal components of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Samples along the components, `[sample, component]`.
    pub scores: Array2<f64>,
    /// Directions of unit length, `[component, value]`.
    pub components: Array2<f64>,
    /// Variance (n - 1) along each component, falling.
    pub explained_variance: Vec<f64>,
    /// Its share of all variance; 0 where there is none.
    pub explained_variance_ratio: Vec<f64>,
    /// Mean of each value, which was taken off.
    pub mean: Vec<f64>,
}

/// The first `n_components` principal components of `rows` `[sample, value]`; a component without variance has scores of 0.
///
/// # Errors
/// Fewer than two samples, values that are not finite, more components than samples or values.
pub fn pca(rows: ArrayView2<'_, f64>, n_components: usize) -> Result<Pca> {
    check_rows(rows)?;
    let (n, width) = rows.dim();
    if n < 2 || n_components == 0 || n_components > n.min(width) {
        let expected = format!("1 to {} for {n} samples of {width} values", n.min(width));
        return Err(DataError::new("number of components", expected, n_components.to_string()));
    }
    let mean: Vec<f64> = rows.columns().into_iter().map(|column| column.iter().sum::<f64>() / n as f64).collect();
    let centered: Vec<f64> = rows
        .rows()
        .into_iter()
        .flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean).collect::<Vec<_>>())
        .collect();
    let centered = Matrix { n_rows: n, n_cols: width, values: centered };
    let total = centered.values.iter().map(|value| value * value).sum::<f64>();
    // The smaller of the two symmetric matrices has the same eigenvalues as the larger.
    let is_wide = width > n;
    let turned = transposed(&centered);
    let (values, vectors) = symmetric_eigen(&if is_wide { centered.times(&turned) } else { turned.times(&centered) })?;
    let mut out = Pca {
        scores: Array2::zeros((n, n_components)),
        components: Array2::zeros((n_components, width)),
        explained_variance: Vec::new(),
        explained_variance_ratio: Vec::new(),
        mean,
    };
    for component in 0..n_components {
        let at = values.len() - 1 - component;
        let power = values[at].max(0.0);
        let vector: Vec<f64> = (0..values.len()).map(|row| vectors.row(row)[at]).collect();
        let mut direction = if is_wide { weighted_rows(&centered, &vector) } else { vector };
        let length = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
        let largest = direction
            .iter()
            .copied()
            .fold(0.0_f64, |largest, value| if value.abs() > largest.abs() { value } else { largest });
        let has_variance = power > total * 1e-14 && length > 0.0;
        let scale = if has_variance { largest.signum() / length } else { 0.0 };
        direction.iter_mut().for_each(|value| *value *= scale);
        for sample in 0..n {
            out.scores[(sample, component)] = centered.row(sample).iter().zip(&direction).map(|(a, b)| a * b).sum();
        }
        out.components.row_mut(component).iter_mut().zip(&direction).for_each(|(out, value)| *out = *value);
        out.explained_variance.push(if has_variance { power / (n as f64 - 1.0) } else { 0.0 });
        out.explained_variance_ratio.push(if has_variance { power / total } else { 0.0 });
    }
    Ok(out)
}

fn transposed(matrix: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(matrix.n_cols, matrix.n_rows);
    for row in 0..matrix.n_rows {
        for (col, &value) in matrix.row(row).iter().enumerate() {
            out.values[col * matrix.n_rows + row] = value;
        }
    }
    out
}

fn weighted_rows(matrix: &Matrix, weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; matrix.n_cols];
    for (row, weight) in weights.iter().enumerate() {
        sum.iter_mut().zip(matrix.row(row)).for_each(|(sum, value)| *sum += weight * value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_on_a_line_have_one_component() {
        let rows = Array2::from_shape_fn((7, 3), |(sample, value)| sample as f64 * [1.0, -2.0, 2.0][value] + 5.0);
        let out = pca(rows.view(), 2).unwrap();
        assert!((out.explained_variance_ratio[0] - 1.0).abs() < 1e-12);
        assert_eq!(out.explained_variance_ratio[1], 0.0);
        assert!((out.scores[(6, 0)] - out.scores[(0, 0)]).abs() - 18.0 < 1e-9);
    }

    #[test]
    fn more_components_than_samples_are_refused() {
        let rows = Array2::from_shape_fn((3, 9), |(sample, value)| ((sample * 7 + value * 3) % 5) as f64);
        assert!(pca(rows.view(), 4).is_err());
        assert_eq!(pca(rows.view(), 2).unwrap().scores.dim(), (3, 2));
    }
}
