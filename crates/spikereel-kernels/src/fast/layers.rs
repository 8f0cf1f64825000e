//! Dense layers through tiles.

use super::Fast;
use super::tiles::{Sum, column_sums, pad_columns, padded_columns, transpose_padded};
use rayon::prelude::*;

/// Rows of a task.
const TASK_ROWS: usize = 64;

/// Lengths of the two feature axes, given the whole slices.
fn features(n_rows: usize, x: &[f32], weight: &[f32], y: &[f32]) -> (usize, usize) {
    let (n_in, n_out) = (x.len() / n_rows, y.len() / n_rows);
    assert_eq!((n_rows * n_in, n_rows * n_out, n_in * n_out), (x.len(), y.len(), weight.len()));
    (n_in, n_out)
}

/// `out[row, column] = sum_k a[row * a_row + k * a_step] b[k, column] + bias[column]`.
fn product(
    fast: &Fast,
    a: &[f32],
    (a_row, a_step, n_steps): (usize, usize, usize),
    b: &[f32],
    bias: Option<&[f32]>,
    n_columns: usize,
    out: &mut [f32],
) {
    let sum = Sum { isa: fast.isa, a, runs: &[0], run_len: n_steps, a_step, b, n_columns };
    out.par_chunks_mut(TASK_ROWS * n_columns).enumerate().for_each(|(task, out)| {
        let first = task * TASK_ROWS;
        sum.each(
            out.len() / n_columns,
            |row| (first + row) * a_row,
            |row, column, sums| {
                let out = &mut out[row * n_columns + column..][..sums.len()];
                match bias {
                    Some(bias) => {
                        let bias = &bias[column..column + sums.len()];
                        out.iter_mut().zip(sums.iter().zip(bias)).for_each(|(out, (sum, bias))| *out = sum + bias);
                    }
                    None => out.copy_from_slice(sums),
                }
            },
        );
    });
}

pub(super) fn linear_forward(fast: &Fast, n_rows: usize, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
    let (n_in, n_out) = features(n_rows, x, weight, y);
    fast.scratch.with(n_in * padded_columns(n_out), |packed| {
        transpose_padded(weight, n_out, n_in, packed);
        product(fast, x, (n_in, 1, n_in), packed, Some(bias), n_out, y);
    });
}

pub(super) fn linear_input_gradient(fast: &Fast, n_rows: usize, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
    let (n_in, n_out) = features(n_rows, dx, weight, dy);
    if padded_columns(n_in) == n_in {
        return product(fast, dy, (n_out, 1, n_out), weight, None, n_in, dx);
    }
    fast.scratch.with(n_out * padded_columns(n_in), |packed| {
        pad_columns(weight, n_in, packed);
        product(fast, dy, (n_out, 1, n_out), packed, None, n_in, dx);
    });
}

pub(super) fn linear_weight_gradient(
    fast: &Fast,
    n_rows: usize,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let (n_in, n_out) = features(n_rows, x, dweight, dy);
    column_sums(dy, dbias);
    if padded_columns(n_in) == n_in {
        return product(fast, dy, (1, n_out, n_rows), x, None, n_in, dweight);
    }
    fast.scratch.with(n_rows * padded_columns(n_in), |packed| {
        pad_columns(x, n_in, packed);
        product(fast, dy, (1, n_out, n_rows), packed, None, n_in, dweight);
    });
}
