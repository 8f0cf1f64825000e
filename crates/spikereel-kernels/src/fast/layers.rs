//! Dense layers through tiles.

use super::Fast;
use super::operand::{Line, Operand};
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
fn product<O: Operand>(
    fast: &Fast,
    a: &[O::A],
    (a_row, a_step, n_steps): (usize, usize, usize),
    b: &[O::B],
    bias: Option<&[f32]>,
    n_columns: usize,
    out: &mut [f32],
) {
    let sum = Sum::<O> { isa: fast.isa, a, runs: &[0], run_len: n_steps, a_step, b, n_columns };
    let starts: [usize; TASK_ROWS] = std::array::from_fn(|row| row * a_row);
    out.par_chunks_mut(TASK_ROWS * n_columns).enumerate().for_each(|(task, out)| {
        sum.each(task * TASK_ROWS * a_row, &starts[..out.len() / n_columns], |row, column, sums| {
            let out = &mut out[row * n_columns + column..][..sums.len()];
            match bias {
                Some(bias) => {
                    let bias = &bias[column..column + sums.len()];
                    out.iter_mut().zip(sums.iter().zip(bias)).for_each(|(out, (sum, bias))| *out = sum + bias);
                }
                None => out.copy_from_slice(sums),
            }
        });
    });
}

/// Lends rows of `len` values as the moving side holds them, with room for a last step that reads past the end.
fn with_narrow<O: Operand>(fast: &Fast, rows: &[f32], len: usize, work: impl FnOnce(&[O::A])) {
    O::moving(fast).with(rows.len() + O::ROOM, |narrow| {
        let (inside, behind) = narrow.split_at_mut(rows.len());
        behind.fill(O::A::default());
        let pairs = inside.par_chunks_mut(TASK_ROWS * len).zip(rows.par_chunks(TASK_ROWS * len));
        pairs.for_each(|(to, from)| O::narrow(fast.isa, from, to));
        work(narrow);
    });
}

/// Lends `rows` of `n_columns` values with columns padded, as columns over all rows.
fn with_columns<O: Operand>(fast: &Fast, rows: &[f32], n_columns: usize, work: impl FnOnce(&[O::B])) {
    let (n_rows, stride) = (rows.len() / n_columns, padded_columns(n_columns));
    if stride == n_columns {
        return O::with_columns(fast, rows, n_rows, stride, work);
    }
    fast.singles.with(n_rows * stride, |packed| {
        pad_columns(rows, n_columns, packed);
        O::with_columns(fast, packed, n_rows, stride, work);
    });
}

pub(super) fn linear_forward<O: Operand>(
    fast: &Fast,
    n_rows: usize,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let (n_in, n_out) = features(n_rows, x, weight, y);
    let stride = padded_columns(n_out);
    fast.singles.with(n_in * stride, |packed| {
        transpose_padded(weight, n_out, n_in, packed);
        O::with_columns(fast, packed, n_in, stride, |columns| {
            with_narrow::<O>(fast, x, n_in, |x| {
                product::<O>(fast, x, (n_in, O::DEPTH, O::steps(fast.isa, n_in)), columns, Some(bias), n_out, y);
            });
        });
    });
}

pub(super) fn linear_input_gradient<O: Operand>(
    fast: &Fast,
    n_rows: usize,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
) {
    let (n_in, n_out) = features(n_rows, dx, weight, dy);
    with_columns::<O>(fast, weight, n_in, |columns| {
        with_narrow::<O>(fast, dy, n_out, |dy| {
            product::<O>(fast, dy, (n_out, O::DEPTH, O::steps(fast.isa, n_out)), columns, None, n_in, dx);
        });
    });
}

pub(super) fn linear_weight_gradient<O: Operand>(
    fast: &Fast,
    n_rows: usize,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let (n_in, n_out) = features(n_rows, x, dweight, dy);
    column_sums(fast.isa, dy, dbias);
    with_columns::<O>(fast, x, n_in, |columns| {
        // Rows are the voxels of one line, outputs its channels.
        let line = Line { width: n_rows, n_channels: n_out, group: 1 };
        let along = O::along(line);
        O::moving(fast).with(along.len + O::ROOM, |turned| {
            let (inside, behind) = turned.split_at_mut(along.len);
            behind.fill(O::A::default());
            O::turn(fast.isa, line, dy, inside);
            let steps = (along.first(0, 1), along.step, O::steps(fast.isa, n_rows));
            product::<O>(fast, turned, steps, columns, None, n_in, dweight);
        });
    });
}
