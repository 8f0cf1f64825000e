//! Gradients of weight and bias: outer products of window values and output gradients, summed over voxels.

use super::super::Fast;
use super::super::operand::{Along, Operand};
use super::super::tiles::{Sum, column_sums, padded_columns};
use super::blocks::{BLOCK, Blocks};
use super::fold::Folded;
use super::padded::Padded;
use super::{samples, samples_per_block};
use crate::Conv3d;
use rayon::prelude::*;

/// Every task passes over a whole block, which should stay in a cache of the core's own: with blocks as large as elsewhere, encoder.4 took 88
/// to 114 ms in f32 and 78 to 82 with these.
const SMALLER_BLOCKS: usize = 8;
/// Tiles of rows of a weight gradient that a task keeps to itself.
const TASK_TILES: usize = 3;
/// Tasks of each thread where the input stands in blocks. How rows are shared out changes no sum.
const TASKS_PER_THREAD: usize = 4;
/// Voxels that are summed in registers before the sum is added to memory.
const SUM_VOXELS: usize = 1024;
/// The same where sums stay in tiles: with 1024 encoder.0 took 7 % longer, decoder.13 4 %.
const TILE_SUM_VOXELS: usize = 2048;

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
    let moving_len = Moving::new::<O>(fast, &whole.with_batch(1)).len();
    let sample_len = moving_len.max(whole.grid().n_voxels() / batch * stride);
    let per_block = samples_per_block(if O::has_tiles(fast.isa) { 1 } else { SMALLER_BLOCKS } * sample_len, batch);
    fast.singles.with(whole.n_packed_rows() * stride, |packed| {
        packed.fill(0.0);
        for first in (0..batch).step_by(per_block) {
            let folded = whole.with_batch(per_block.min(batch - first));
            let moving = Moving::new::<O>(fast, &folded);
            let part = |values| samples(values, batch, first, folded.input.batch);
            let (x, dy, n_voxels) = (part(x), part(dy), folded.grid().n_voxels());
            let low_len = if low_is_dy { 0 } else { n_voxels * stride };
            fast.singles.with(low_len, |low| {
                if !low_is_dy {
                    folded.lower_resolution(dy, stride, low);
                }
                let low = if low_is_dy { dy } else { low };
                O::with_columns(fast, low, moving.run_voxels(&folded), stride, |columns| {
                    add_outer_products::<O>(fast, &folded, &moving, x, columns, packed);
                });
            });
        }
        whole.unpack_gradient(fast, packed, dweight);
    });
}

/// How a sum over voxels reads the input.
enum Moving {
    /// Along each line.
    Lines(Padded, Along),
    /// In blocks that fill a tile's steps.
    Tiles(Blocks),
}

impl Moving {
    fn new<O: Operand>(fast: &Fast, folded: &Folded) -> Self {
        if O::has_tiles(fast.isa) {
            return Self::Tiles(Blocks::new(folded));
        }
        let padded = Padded::for_window(folded.input, &folded.axes, false);
        Self::Lines(padded, O::along(padded.line_shape(folded.group)))
    }

    /// Values of the copy.
    fn len(&self) -> usize {
        match self {
            Self::Lines(padded, along) => padded.n_lines() * along.len,
            Self::Tiles(blocks) => blocks.len(),
        }
    }

    /// Voxels, one after another, whose steps are filled up together.
    fn run_voxels(&self, folded: &Folded) -> usize {
        match self {
            Self::Lines(..) => folded.grid().width,
            Self::Tiles(blocks) => blocks.run_voxels(),
        }
    }

    fn fill<O: Operand>(&self, fast: &Fast, folded: &Folded, x: &[f32], buffer: &mut [O::A]) {
        match self {
            Self::Lines(padded, _) => padded.copy_along::<O>(fast.isa, x, folded.group, buffer),
            Self::Tiles(blocks) => blocks.fill::<O>(fast, x, buffer),
        }
    }

    /// Where runs begin, in the order of voxels; their steps; the distance of two steps.
    fn runs<O: Operand>(&self, fast: &Fast, folded: &Folded) -> (Vec<usize>, usize, usize) {
        let volume = folded.grid();
        match self {
            Self::Lines(padded, along) => {
                let line_start = |line: usize| {
                    let (frame, h) = (line / volume.height, line % volume.height);
                    along.len * padded.line(frame / volume.frames, frame % volume.frames, h)
                };
                let lines = (0..volume.batch * volume.frames * volume.height).map(line_start).collect();
                (lines, O::steps(fast.isa, volume.width), along.step)
            }
            Self::Tiles(blocks) => (blocks.runs(), O::steps(fast.isa, BLOCK), O::DEPTH),
        }
    }

    /// Where each row, `[tap and channel]`, begins in the first run.
    fn starts(&self, folded: &Folded) -> Vec<usize> {
        let [_, taps_h, taps_w] = folded.axes.map(|axis| axis.taps());
        let n_in = folded.input.channels;
        let start = |row: usize| match self {
            Self::Lines(padded, along) => {
                let (tap, channel) = (row / n_in, row % n_in);
                let (t, h, w) = (tap / (taps_h * taps_w), tap / taps_w % taps_h, tap % taps_w);
                along.len * padded.line(0, t, h) + along.first(w, channel)
            }
            Self::Tiles(blocks) => blocks.row_start(row, taps_h * taps_w * n_in),
        };
        (0..folded.n_packed_rows()).map(start).collect()
    }

    /// Rows that a task keeps to itself. Tiles copy the input many times over, and a task that passes over much of it at once reads it from
    /// the core's own caches more often.
    fn task_rows<O: Operand>(&self, fast: &Fast, n_rows: usize) -> usize {
        let tile = O::rows(fast.isa);
        match self {
            Self::Lines(..) => TASK_TILES * tile,
            Self::Tiles(_) => n_rows.div_ceil(TASKS_PER_THREAD * rayon::current_num_threads()).next_multiple_of(tile),
        }
    }
}

/// Adds to `packed`, `[tap and channel, column]`, the sum over voxels of window value x gradient: a task keeps some rows and passes over
/// all voxels, so nothing is reduced across tasks.
fn add_outer_products<O: Operand>(
    fast: &Fast,
    folded: &Folded,
    moving: &Moving,
    x: &[f32],
    columns: &[O::B],
    packed: &mut [f32],
) {
    let stride = padded_columns(folded.n_columns());
    let (runs, run_len, a_step) = moving.runs::<O>(fast, folded);
    let sum_voxels = if O::has_tiles(fast.isa) { TILE_SUM_VOXELS } else { SUM_VOXELS };
    let runs_per_sum = (sum_voxels / (run_len * O::DEPTH).min(moving.run_voxels(folded))).max(1);
    O::moving(fast).with(moving.len() + O::ROOM, |buffer| {
        moving.fill::<O>(fast, folded, x, buffer);
        let starts = moving.starts(folded);
        let task_rows = moving.task_rows::<O>(fast, starts.len());
        packed.par_chunks_mut(task_rows * stride).enumerate().for_each(|(task, packed)| {
            let starts = &starts[task * task_rows..][..packed.len() / stride];
            for (part, runs) in runs.chunks(runs_per_sum).enumerate() {
                let first = part * runs_per_sum * run_len * stride;
                let b = &columns[first..][..runs.len() * run_len * stride];
                let sum =
                    Sum::<O> { isa: fast.isa, a: buffer, runs, run_len, a_step, b, b_row: stride, n_columns: stride };
                sum.each(0, starts, |row, column, sums| {
                    let out = &mut packed[row * stride + column..][..sums.len()];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
                });
            }
        });
    });
}
