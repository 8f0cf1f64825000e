//! Dense products and symmetric eigendecomposition in fixed chunks: the same bits for any number of threads.
//!
//! Each chunk runs sequentially in faer; rayon only deals chunks out, so no sum's order depends on threads.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;
use spikereel_data::{DataError, Result};

/// Rows of one chunk of a product.
const CHUNK_ROWS: usize = 64;
/// Values of the inner axis converted to f64 at a time.
const CHUNK_INNER: usize = 512;

/// A matrix, row-major.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    pub(crate) n_rows: usize,
    pub(crate) n_cols: usize,
    pub(crate) values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zeros(n_rows: usize, n_cols: usize) -> Self {
        Self { n_rows, n_cols, values: vec![0.0; n_rows * n_cols] }
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.n_rows, self.n_cols)
    }

    /// `self * other`.
    pub(crate) fn times(&self, other: &Self) -> Self {
        product(self.view(), other.view())
    }

    /// `self^T * other`.
    pub(crate) fn transposed_times(&self, other: &Self) -> Self {
        product(self.view().transpose(), other.view())
    }
}

fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Matrix {
    let (n_rows, n_cols) = (a.nrows(), b.ncols());
    let mut out = Matrix::zeros(n_rows, n_cols);
    if out.values.is_empty() {
        return out;
    }
    out.values.par_chunks_mut(CHUNK_ROWS * n_cols).enumerate().for_each(|(chunk, values)| {
        let n = values.len() / n_cols;
        let rows = a.subrows(chunk * CHUNK_ROWS, n);
        matmul(MatMut::from_row_major_slice_mut(values, n, n_cols), Accum::Replace, rows, b, 1.0, Par::Seq);
    });
    out
}

/// `a b^T` of f32 rows of length `len`, summed in f64.
pub(crate) fn inner_products(a: &[f32], b: &[f32], len: usize) -> Matrix {
    let (n_a, n_b) = (a.len() / len, b.len() / len);
    let mut out = Matrix::zeros(n_a, n_b);
    if out.values.is_empty() {
        return out;
    }
    out.values.par_chunks_mut(CHUNK_ROWS * n_b).enumerate().for_each(|(chunk, values)| {
        let n = values.len() / n_b;
        let own = &a[chunk * CHUNK_ROWS * len..][..n * len];
        let mut start = 0;
        while start < len {
            let width = CHUNK_INNER.min(len - start);
            let (left, right) = (columns(own, len, start, width), columns(b, len, start, width));
            let accum = if start == 0 { Accum::Replace } else { Accum::Add };
            let left = MatRef::from_row_major_slice(&left, n, width);
            let right = MatRef::from_row_major_slice(&right, n_b, width).transpose();
            matmul(MatMut::from_row_major_slice_mut(values, n, n_b), accum, left, right, 1.0, Par::Seq);
            start += width;
        }
    });
    out
}

fn columns(rows: &[f32], len: usize, start: usize, width: usize) -> Vec<f64> {
    rows.chunks_exact(len).flat_map(|row| row[start..start + width].iter().map(|&value| f64::from(value))).collect()
}

/// `weights [row, group] * values [group, value]` in f32, into `out [row, value]`; `fill` writes one group's values of a range.
pub(crate) fn mix(
    weights: &[f32],
    n_groups: usize,
    n_values: usize,
    fill: impl Fn(usize, std::ops::Range<usize>, &mut [f32]) + Sync,
) -> Vec<f32> {
    const CHUNK: usize = 2048;
    let n_rows = weights.len() / n_groups;
    let starts: Vec<usize> = (0..n_values).step_by(CHUNK).collect();
    let parts: Vec<Vec<f32>> = starts
        .par_iter()
        .map(|&start| {
            let width = CHUNK.min(n_values - start);
            let mut values = vec![0.0; n_groups * width];
            values.chunks_exact_mut(width).enumerate().for_each(|(group, out)| fill(group, start..start + width, out));
            let mut part = vec![0.0; n_rows * width];
            matmul(
                MatMut::from_row_major_slice_mut(&mut part, n_rows, width),
                Accum::Replace,
                MatRef::from_row_major_slice(weights, n_rows, n_groups),
                MatRef::from_row_major_slice(&values, n_groups, width),
                1.0,
                Par::Seq,
            );
            part
        })
        .collect();
    let mut out = vec![0.0; n_rows * n_values];
    for (part, &start) in parts.iter().zip(&starts) {
        let width = part.len() / n_rows;
        for (row, values) in part.chunks_exact(width).enumerate() {
            out[row * n_values + start..][..width].copy_from_slice(values);
        }
    }
    out
}

/// Eigenvalues, ascending, and eigenvectors (columns) of a symmetric matrix.
///
/// # Errors
/// Where the matrix holds values that are not finite.
pub(crate) fn symmetric_eigen(matrix: &Matrix) -> Result<(Vec<f64>, Matrix)> {
    let n = matrix.n_rows;
    let failed = || DataError::new("kernel matrix", "finite values with an eigendecomposition", "none was found");
    if matrix.values.iter().any(|value| !value.is_finite()) {
        return Err(failed().hint("look for spikes that are not finite or far too large"));
    }
    let mut vectors = Mat::<f64>::zeros(n, n);
    let mut values = Diag::<f64>::zeros(n);
    let mut memory =
        MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default()));
    self_adjoint_evd(
        matrix.view(),
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| failed())?;
    let eigenvalues = (0..n).map(|at| values[at]).collect();
    let mut out = Matrix::zeros(n, n);
    for row in 0..n {
        for col in 0..n {
            out.values[row * n + col] = vectors[(row, col)];
        }
    }
    Ok((eigenvalues, out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_products_equal_the_sums_they_stand_for() {
        let (n, m, len) = (70, 5, 600);
        let a: Vec<f32> = (0..n * len).map(|i| ((i * 7) % 13) as f32 - 6.0).collect();
        let b: Vec<f32> = (0..m * len).map(|i| ((i * 5) % 11) as f32 - 5.0).collect();
        let out = inner_products(&a, &b, len);
        for (row, col) in [(0, 0), (69, 4), (64, 2)] {
            let expected: f32 = (0..len).map(|k| a[row * len + k] * b[col * len + k]).sum();
            assert_eq!(out.row(row)[col], f64::from(expected));
        }
        let mixed = mix(&[1.0, 2.0, 0.5, 0.0], 2, 3000, |group, range, out| {
            range.zip(out).for_each(|(at, out)| *out = (at * (group + 1)) as f32);
        });
        assert_eq!((mixed[10], mixed[2999], mixed[3000 + 2500]), (50.0, 2999.0 * 5.0, 1250.0));
    }

    #[test]
    fn eigenvectors_give_the_matrix_back() {
        let n = 12;
        let mut matrix = Matrix::zeros(n, n);
        for row in 0..n {
            for col in 0..n {
                matrix.values[row * n + col] = 1.0 / (1.0 + row.abs_diff(col) as f64);
            }
        }
        let (values, vectors) = symmetric_eigen(&matrix).unwrap();
        for (row, col) in [(0, 0), (3, 7), (11, 2)] {
            let back: f64 = (0..n).map(|k| vectors.row(row)[k] * values[k] * vectors.row(col)[k]).sum();
            assert!((back - matrix.row(row)[col]).abs() < 1e-12);
        }
    }
}
