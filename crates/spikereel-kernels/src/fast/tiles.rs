//! Whole matrices through tiles: panels of columns outside, so that a panel of `b` stays in cache while rows pass by.

use crate::arch::{Isa, LANES, MAX_COLUMNS, Product, ROWS, Tile, multiply};
use rayon::prelude::*;

/// The next multiple of a vector's width: how far apart the rows of a packed operand stand.
pub(super) fn padded_columns(n_columns: usize) -> usize {
    n_columns.next_multiple_of(LANES)
}

/// A sum over runs and steps, for any number of rows and columns.
pub(super) struct Sum<'a> {
    pub isa: Isa,
    pub a: &'a [f32],
    /// Offsets within `a` common to all rows.
    pub runs: &'a [usize],
    /// Steps in a run.
    pub run_len: usize,
    /// Distance in `a` between two steps.
    pub a_step: usize,
    /// `[run, step, column]`, columns padded to [`padded_columns`].
    pub b: &'a [f32],
    pub n_columns: usize,
}

impl Sum<'_> {
    /// Columns of a panel: two vectors where that wastes nothing, else three.
    fn panel_vectors(&self) -> usize {
        match padded_columns(self.n_columns) / LANES {
            n if n % 2 == 0 => 2,
            n => n.min(3),
        }
    }

    /// Calls `write(row, first column, sums)` for each row and panel; `row_start(row)` is where a row begins in `a`.
    pub fn each(&self, n_rows: usize, row_start: impl Fn(usize) -> usize, mut write: impl FnMut(usize, usize, &[f32])) {
        let b_row = padded_columns(self.n_columns);
        let mut tile: Tile = [[0.0; MAX_COLUMNS]; ROWS];
        for first_column in (0..b_row).step_by(self.panel_vectors() * LANES) {
            let n_vectors = ((b_row - first_column) / LANES).min(self.panel_vectors());
            let width = (n_vectors * LANES).min(self.n_columns - first_column);
            for first_row in (0..n_rows).step_by(ROWS) {
                // The last tile repeats the last row; what comes of it is not written.
                let rows = std::array::from_fn(|row| row_start((first_row + row).min(n_rows - 1)));
                let product = Product {
                    a: self.a,
                    rows,
                    runs: self.runs,
                    run_len: self.run_len,
                    a_step: self.a_step,
                    b: &self.b[first_column.min(self.b.len())..],
                    b_row,
                };
                multiply(self.isa, &product, n_vectors, &mut tile);
                for row in first_row..(first_row + ROWS).min(n_rows) {
                    write(row, first_column, &tile[row - first_row][..width]);
                }
            }
        }
    }
}

/// Copies rows of `n_columns` into rows of [`padded_columns`], zeros behind.
pub(super) fn pad_columns(from: &[f32], n_columns: usize, to: &mut [f32]) {
    let padded = padded_columns(n_columns);
    to.par_chunks_mut(padded * 64).zip(from.par_chunks(n_columns * 64)).for_each(|(to, from)| {
        for (to, from) in to.chunks_exact_mut(padded).zip(from.chunks_exact(n_columns)) {
            to[..n_columns].copy_from_slice(from);
            to[n_columns..].fill(0.0);
        }
    });
}

/// Writes the transpose of `from`, `[row, column]`, into rows of [`padded_columns`]`(n_rows)`, zeros behind.
pub(super) fn transpose_padded(from: &[f32], n_rows: usize, n_columns: usize, to: &mut [f32]) {
    const BLOCK: usize = 16;
    let padded = padded_columns(n_rows);
    to.par_chunks_mut(padded * BLOCK).enumerate().for_each(|(block, to)| {
        let first = block * BLOCK;
        to.chunks_exact_mut(padded).for_each(|to| to[n_rows..].fill(0.0));
        for row in 0..n_rows {
            let from = &from[row * n_columns + first..row * n_columns + (first + BLOCK).min(n_columns)];
            from.iter().enumerate().for_each(|(at, &value)| to[at * padded + row] = value);
        }
    });
}

/// Sum of each column of `[row, column]`, in chunks of rows fixed by the sizes, added in order.
pub(super) fn column_sums(values: &[f32], sums: &mut [f32]) {
    const CHUNK: usize = 1024;
    let n = sums.len();
    let partial: Vec<Vec<f64>> = values
        .par_chunks(n * CHUNK)
        .map(|rows| {
            let mut sum = vec![0.0_f64; n];
            for row in rows.chunks_exact(n) {
                sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            sum
        })
        .collect();
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum = partial.iter().map(|partial| partial[at]).sum::<f64>() as f32;
    }
}
