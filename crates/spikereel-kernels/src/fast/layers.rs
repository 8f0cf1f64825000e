//! Dense layers through tiles.
//!
//! Both sides are laid out anew before they meet. A matrix of thousands of columns has its rows a whole number of pages apart, so that a step from
//! row to row falls on the same few lines of every cache: columns are packed panel by panel, and rows of the moving side stand an odd number of
//! cache lines apart.

use super::Fast;
use super::operand::{Line, Operand};
use super::tiles::{Sum, column_sums};
use crate::arch::MAX_COLUMNS;
use rayon::prelude::*;

/// Columns of a panel.
const PANEL: usize = MAX_COLUMNS;
/// Values that a sum passes over in one go: what a tile and a panel read then stays in the nearer caches.
const STRETCH: usize = 512;
/// Steps of a panel that are turned in one go.
const TURNED_STEPS: usize = 64;
/// Rows of a task at least.
const TASK_ROWS: usize = 48;
/// Values of the longest step of any path, sixteen pairs: one cache line of bf16. Stretches and padded lines hold whole ones.
const BLOCK: usize = 32;
const _: () = assert!(STRETCH.is_multiple_of(BLOCK));

/// Lengths of the two feature axes, given the whole slices.
fn features(n_rows: usize, x: &[f32], weight: &[f32], y: &[f32]) -> (usize, usize) {
    let (n_in, n_out) = (x.len() / n_rows, y.len() / n_rows);
    assert_eq!((n_rows * n_in, n_rows * n_out, n_in * n_out), (x.len(), y.len(), weight.len()));
    (n_in, n_out)
}

fn task_rows<O: Operand>(fast: &Fast) -> usize {
    TASK_ROWS.next_multiple_of(O::rows(fast.isa))
}

/// The moving side: where its values stand.
struct Moving<'a, A> {
    values: &'a [A],
    /// From one task's rows to the next.
    task: usize,
    /// From one row to the next within a task.
    row: usize,
    /// From one step to the next.
    step: usize,
}

/// What sums are added to.
#[derive(Clone, Copy)]
enum Start<'a> {
    Zero,
    /// One value a column.
    Bias(&'a [f32]),
    /// What stands there.
    Output,
}

/// `out[row, column] = start + sum_k a[row, k] b[k, column]` over `len` values of `k`, for panels of [`with_panels`].
fn product<O: Operand>(
    fast: &Fast,
    a: &Moving<'_, O::A>,
    panels: &[O::B],
    len: usize,
    start: Start<'_>,
    n_columns: usize,
    out: &mut [f32],
) {
    let n_rows = task_rows::<O>(fast);
    let starts: Vec<usize> = (0..n_rows).map(|row| row * a.row).collect();
    let panel_len = O::steps(fast.isa, len) * PANEL;
    out.par_chunks_mut(n_rows * n_columns).enumerate().for_each(|(task, out)| {
        let starts = &starts[..out.len() / n_columns];
        for from in (0..len).step_by(STRETCH) {
            let (first_step, run_len) = (from / O::DEPTH, O::steps(fast.isa, STRETCH.min(len - from)));
            let start = if from == 0 { start } else { Start::Output };
            for (panel, b) in panels.chunks_exact(panel_len).enumerate() {
                let (b, first_column) = (&b[first_step * PANEL..], panel * PANEL);
                let n_columns_here = PANEL.min(n_columns - first_column);
                let (isa, a_step) = (fast.isa, a.step);
                let sum = Sum::<O> {
                    isa,
                    a: a.values,
                    runs: &[0],
                    run_len,
                    a_step,
                    b,
                    b_row: PANEL,
                    n_columns: n_columns_here,
                };
                sum.each(task * a.task + first_step * a.step, starts, |row, column, sums| {
                    let first_column = first_column + column;
                    let out = &mut out[row * n_columns + first_column..][..sums.len()];
                    match start {
                        Start::Zero => out.copy_from_slice(sums),
                        Start::Bias(bias) => {
                            let bias = &bias[first_column..first_column + sums.len()];
                            out.iter_mut().zip(sums.iter().zip(bias)).for_each(|(out, (sum, bias))| *out = sum + bias);
                        }
                        Start::Output => out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum),
                    }
                });
            }
        }
    });
}

/// Lends rows of `len` values as the moving side holds them, an odd number of cache lines apart, zeros between.
fn with_rows<O: Operand>(fast: &Fast, rows: &[f32], len: usize, work: impl FnOnce(Moving<'_, O::A>)) {
    let line = 64 / size_of::<O::A>();
    let row = (len.div_ceil(line) | 1) * line;
    let n_rows = rows.len() / len;
    O::moving(fast).with(n_rows * row + O::ROOM, |values| {
        let (inside, behind) = values.split_at_mut(n_rows * row);
        behind.fill(O::A::default());
        inside.par_chunks_mut(row).zip(rows.par_chunks(len)).with_min_len(8).for_each(|(to, from)| {
            let (to, between) = to.split_at_mut(len);
            O::narrow(fast.isa, from, to);
            between.fill(O::A::default());
        });
        work(Moving { values, task: task_rows::<O>(fast) * row, row, step: O::DEPTH });
    });
}

/// Lends a matrix of `len` rows of `n_columns` as the packed side holds it: panel by panel of [`PANEL`] columns, filled up with zeros.
/// `fill(first column, panel)` writes a panel's `len` rows; what it leaves is 0.
fn with_panels<O: Operand>(
    fast: &Fast,
    len: usize,
    n_columns: usize,
    fill: impl Fn(usize, &mut [f32]) + Sync,
    work: impl FnOnce(&[O::B]),
) {
    fast.singles.with(n_columns.div_ceil(PANEL) * len * PANEL, |packed| {
        packed.par_chunks_mut(len * PANEL).enumerate().for_each(|(panel, to)| {
            if (panel + 1) * PANEL > n_columns {
                to.fill(0.0);
            }
            fill(panel * PANEL, to);
        });
        O::with_columns(fast, packed, len, PANEL, work);
    });
}

/// As [`with_panels`], of rows that stand side by side.
fn with_panels_of_rows<O: Operand>(fast: &Fast, rows: &[f32], n_columns: usize, work: impl FnOnce(&[O::B])) {
    let fill = |first: usize, to: &mut [f32]| {
        let n = PANEL.min(n_columns - first);
        for (to, row) in to.chunks_exact_mut(PANEL).zip(rows.chunks_exact(n_columns)) {
            to[..n].copy_from_slice(&row[first..first + n]);
        }
    };
    with_panels::<O>(fast, rows.len() / n_columns, n_columns, fill, work);
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
    let fill = |first: usize, to: &mut [f32]| {
        // A few steps at a time, so that what is written stays in the nearest cache.
        for (at, to) in to.chunks_mut(TURNED_STEPS * PANEL).enumerate() {
            for (column, row) in weight.chunks_exact(n_in).skip(first).take(PANEL).enumerate() {
                let row = &row[at * TURNED_STEPS..];
                to[column..].iter_mut().step_by(PANEL).zip(row).for_each(|(to, &value)| *to = value);
            }
        }
    };
    with_panels::<O>(fast, n_in, n_out, fill, |panels| {
        with_rows::<O>(fast, x, n_in, |x| product::<O>(fast, &x, panels, n_in, Start::Bias(bias), n_out, y));
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
    with_panels_of_rows::<O>(fast, weight, n_in, |panels| {
        with_rows::<O>(fast, dy, n_out, |dy| product::<O>(fast, &dy, panels, n_out, Start::Zero, n_in, dx));
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
    for (at, (x, dy)) in x.chunks(STRETCH * n_in).zip(dy.chunks(STRETCH * n_out)).enumerate() {
        let start = if at == 0 { Start::Zero } else { Start::Output };
        with_panels_of_rows::<O>(fast, x, n_in, |panels| {
            with_turned::<O>(fast, dy, n_out, |dy| {
                product::<O>(fast, &dy, panels, x.len() / n_in, start, n_in, dweight);
            });
        });
    }
}

/// Lends columns of `rows` as rows of the moving side: a task's columns are the channels of a line whose voxels are the rows.
fn with_turned<O: Operand>(fast: &Fast, rows: &[f32], n_columns: usize, work: impl FnOnce(Moving<'_, O::A>)) {
    let (n_rows, n_channels) = (rows.len() / n_columns, task_rows::<O>(fast));
    let line = Line { width: (n_rows.div_ceil(BLOCK) | 1) * BLOCK, n_channels, group: 1 };
    let along = O::along(line);
    let len = n_columns.div_ceil(n_channels) * along.len;
    O::moving(fast).with(len + O::ROOM, |values| {
        let (inside, behind) = values.split_at_mut(len);
        behind.fill(O::A::default());
        inside.par_chunks_mut(along.len).enumerate().for_each(|(task, to)| {
            let first = task * n_channels;
            let n = n_channels.min(n_columns - first);
            fast.singles.with(line.width * n_channels, |single| {
                single[n_rows * n_channels..].fill(0.0);
                for (single, row) in single.chunks_exact_mut(n_channels).zip(rows.chunks_exact(n_columns)) {
                    single[..n].copy_from_slice(&row[first..first + n]);
                    single[n..].fill(0.0);
                }
                O::turn(fast.isa, line, single, to);
            });
        });
        work(Moving { values, task: along.len, row: along.channel(), step: along.step });
    });
}
