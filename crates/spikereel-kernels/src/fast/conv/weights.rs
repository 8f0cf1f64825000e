//! Gradients of weight and bias: outer products of window values and output gradients, summed over voxels.

use super::super::Fast;
use super::super::operand::Operand;
use super::super::tiles::{Sum, column_sums, padded_columns};
use super::fold::Folded;
use super::padded::Padded;
use super::{samples, samples_per_block};
use crate::{Conv3d, Volume};
use rayon::prelude::*;

/// Every task passes over a whole block, which should stay in a cache of the core's own: with blocks as large as elsewhere, encoder.4 took 88
/// to 114 ms in f32 and 78 to 82 with these.
const SMALLER_BLOCKS: usize = 8;
/// Tiles of rows of a weight gradient that a task keeps to itself.
const TASK_TILES: usize = 3;
/// Voxels that are summed in registers before the sum is added to memory.
const BLOCK_VOXELS: usize = 1024;

pub(in crate::fast) fn weight_gradient<O: Operand>(
    fast: &Fast,
    shape: &Conv3d,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    assert_eq!((x.len(), dweight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    assert_eq!(dbias.len(), shape.out_channels);
    column_sums(fast.isa, dy, dbias);
    let (whole, batch) = (Folded::grouped(shape), shape.input.batch);
    let stride = padded_columns(whole.n_columns());
    let low_is_dy = whole.is_plain() && stride == whole.n_columns();
    let padded_len = Padded::for_window(Volume { batch: 1, ..shape.input }, &whole.axes, false).len();
    let sample_len = padded_len.max(whole.grid().n_voxels() / batch * stride);
    let per_block = samples_per_block(SMALLER_BLOCKS * sample_len, batch);
    fast.singles.with(whole.n_packed_rows() * stride, |packed| {
        packed.fill(0.0);
        for first in (0..batch).step_by(per_block) {
            let folded = whole.with_batch(per_block.min(batch - first));
            let part = |values| samples(values, batch, first, folded.input.batch);
            let (x, dy, n_voxels) = (part(x), part(dy), folded.grid().n_voxels());
            let low_len = if low_is_dy { 0 } else { n_voxels * stride };
            fast.singles.with(low_len, |low| {
                if !low_is_dy {
                    folded.lower_resolution(dy, stride, low);
                }
                let low = if low_is_dy { dy } else { low };
                O::with_columns(fast, low, folded.grid().width, stride, |columns| {
                    add_outer_products::<O>(fast, &folded, x, columns, packed);
                });
            });
        }
        whole.unpack_gradient(fast, packed, dweight);
    });
}

/// Adds to `packed`, `[tap and channel, column]`, the sum over voxels of window value x gradient: a task keeps some rows and passes over
/// all voxels, so nothing is reduced across tasks.
fn add_outer_products<O: Operand>(fast: &Fast, folded: &Folded, x: &[f32], columns: &[O::B], packed: &mut [f32]) {
    let (volume, stride) = (folded.grid(), padded_columns(folded.n_columns()));
    let padded = Padded::for_window(folded.input, &folded.axes, false);
    let [_, taps_h, taps_w] = folded.axes.map(|axis| axis.taps());
    let n_in = volume.channels;
    let along = O::along(padded.line_shape(folded.group));
    // Lines of voxels of the whole block: each is one run.
    let line_start = |line: usize| {
        let (frame, h) = (line / volume.height, line % volume.height);
        along.len * padded.line(frame / volume.frames, frame % volume.frames, h)
    };
    let lines: Vec<usize> = (0..volume.batch * volume.frames * volume.height).map(line_start).collect();
    let run_len = O::steps(fast.isa, volume.width);
    let lines_per_sum = (BLOCK_VOXELS / volume.width).max(1);
    let row_start = |row: usize| {
        let (tap, channel) = (row / n_in, row % n_in);
        let (t, h, w) = (tap / (taps_h * taps_w), tap / taps_w % taps_h, tap % taps_w);
        along.len * padded.line(0, t, h) + along.first(w, channel)
    };
    O::moving(fast).with(padded.n_lines() * along.len + O::ROOM, |buffer| {
        padded.copy_along::<O>(fast.isa, x, folded.group, buffer);
        let starts: Vec<usize> = (0..folded.n_packed_rows()).map(row_start).collect();
        let task_rows = TASK_TILES * O::rows(fast.isa);
        packed.par_chunks_mut(task_rows * stride).enumerate().for_each(|(task, packed)| {
            let starts = &starts[task * task_rows..][..packed.len() / stride];
            for (part, runs) in lines.chunks(lines_per_sum).enumerate() {
                let sum = Sum::<O> {
                    isa: fast.isa,
                    a: buffer,
                    runs,
                    run_len,
                    a_step: along.step,
                    b: &columns[part * lines_per_sum * run_len * stride..][..runs.len() * run_len * stride],
                    n_columns: stride,
                };
                sum.each(0, starts, |row, column, sums| {
                    let out = &mut packed[row * stride + column..][..sums.len()];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
                });
            }
        });
    });
}
