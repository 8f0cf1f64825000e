//! Convolution: a zero-padded copy of the moving operand, packed columns, and one tile after another.
//!
//! A batch passes in blocks of samples, so that the copies stay small whatever the batch.

mod blocks;
mod fold;
mod gradient;
mod narrow;
mod padded;
mod unrolled;
mod weights;

use super::Fast;
use super::operand::Operand;
use super::tiles::{Sum, padded_columns};
use crate::arch::LANES;
use crate::{Conv3d, Volume};
pub(in crate::fast) use fold::Folded;
pub(super) use gradient::input_gradient;
use padded::Padded;
use rayon::prelude::*;
use unrolled::Unrolled;
pub(super) use weights::weight_gradient;

impl Conv3d {
    /// Multiplications of a forward pass with upsampling folded into the weights; without upsampling those of the definition, but for taps
    /// that meet padding alone.
    pub fn n_folded_products(&self) -> usize {
        let folded = Folded::new(self);
        self.input.n_voxels() * folded.n_packed_rows() * folded.n_columns()
    }
}

/// Voxels of a task, about: enough to reuse a panel of weights from cache, few enough to share among threads.
const TASK_VOXELS: usize = 256;
/// Values of a padded copy, about: with those of one thread's tasks they stay in the outer cache.
const BLOCK_VALUES: usize = 1 << 22;

/// Frames of a task, by the sizes alone.
fn frames_per_task(volume: &Volume) -> usize {
    let n_frames = volume.batch * volume.frames;
    TASK_VOXELS.div_ceil(volume.height * volume.width).clamp(1, n_frames.div_ceil(4))
}

/// Samples of a block whose padded copy has `sample_len` values a sample.
fn samples_per_block(sample_len: usize, batch: usize) -> usize {
    (BLOCK_VALUES / sample_len.max(1)).clamp(1, batch)
}

/// The part of `values` that belongs to the samples of a block.
fn samples(values: &[f32], batch: usize, first: usize, n: usize) -> &[f32] {
    let len = values.len() / batch;
    &values[first * len..(first + n) * len]
}

/// Where windows begin: distances in values.
#[derive(Debug, Clone, Copy)]
struct Strides {
    sample: usize,
    frame: usize,
    line: usize,
    /// From one tile row to the next.
    voxel: usize,
}

/// A 'same' window sum over a padded buffer: what forward pass and input gradient share.
struct Window<'a, O: Operand> {
    fast: &'a Fast,
    /// The grid of tile rows.
    volume: Volume,
    strides: Strides,
    /// Where rows of a window begin in it.
    runs: &'a [usize],
    /// Values of such a row.
    run_values: usize,
    buffer: &'a [O::A],
    columns: &'a [O::B],
    n_columns: usize,
}

impl<O: Operand> Window<'_, O> {
    /// True where rows of a tile follow each other down a column of the frame instead of along a line: a tile is loaded in one instruction
    /// if its rows stand equally far apart, which lines shorter than a tile do not allow.
    fn goes_downwards(&self) -> bool {
        let volume = self.volume;
        O::has_tiles(self.fast.isa) && !volume.width.is_multiple_of(LANES) && volume.height.is_multiple_of(LANES)
    }

    /// Calls `write(chunk of y, voxel of the chunk, first column, sums)`; `y` holds `frame_len` values a frame.
    fn run(&self, y: &mut [f32], frame_len: usize, write: impl Fn(&mut [f32], usize, usize, &[f32]) + Sync) {
        let (volume, per_task) = (self.volume, frames_per_task(&self.volume));
        let strides = self.strides;
        let sum = Sum::<O> {
            isa: self.fast.isa,
            a: self.buffer,
            runs: self.runs,
            run_len: O::steps(self.fast.isa, self.run_values),
            a_step: O::DEPTH,
            b: self.columns,
            b_row: padded_columns(self.n_columns),
            n_columns: self.n_columns,
        };
        y.par_chunks_mut(per_task * frame_len).enumerate().for_each(|(task, y)| {
            let first = task * per_task;
            let n_frames = y.len() / frame_len;
            self.fast.places.with(n_frames * volume.height * volume.width, |starts| {
                let (height, width) = (volume.height, volume.width);
                let downwards = self.goes_downwards();
                let voxel = |at: usize| {
                    let (frame, within) = (at / (height * width), at % (height * width));
                    frame * height * width + if downwards { within % height * width + within / height } else { within }
                };
                for (at, start) in starts.iter_mut().enumerate() {
                    let (line, w) = (voxel(at) / width, voxel(at) % width);
                    let (frame, h) = (first + line / height, line % height);
                    *start = frame / volume.frames * strides.sample
                        + frame % volume.frames * strides.frame
                        + h * strides.line
                        + w * strides.voxel;
                }
                sum.each(0, starts, |at, column, sums| write(y, voxel(at), column, sums));
            });
        });
    }
}

/// Room behind a padded copy: the last step of a run may read past the end.
fn with_room<O: Operand>(padded: &Padded) -> usize {
    padded.len() + O::ROOM
}

pub(super) fn forward<O: Operand>(fast: &Fast, shape: &Conv3d, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
    assert_eq!((x.len(), weight.len()), (shape.input.len(), shape.n_weights()));
    assert_eq!((bias.len(), y.len()), (shape.out_channels, shape.output().len()));
    let (whole, batch) = (Folded::grouped(shape), shape.input.batch);
    let n_columns = whole.n_columns();
    let stride = padded_columns(n_columns);
    let column_bias: Vec<f32> = (0..n_columns).map(|column| bias[column % bias.len()]).collect();
    let within: Vec<usize> = (0..n_columns).map(|column| whole.output_idx((0, 0, 0), column)).collect();
    let [taps_t, taps_h, taps_w] = whole.axes.map(|axis| axis.taps());
    let unrolled = |folded: &Folded| if O::has_tiles(fast.isa) { Unrolled::new(folded) } else { None };
    let padded = |folded: &Folded| Padded::for_window(folded.input, &folded.axes, false);
    let single = whole.with_batch(1);
    let sample_len = unrolled(&single).map_or_else(|| padded(&single).len(), |unrolled| unrolled.len());
    let per_block = samples_per_block(sample_len, batch);
    with_packed::<O>(fast, &whole, unrolled(&whole), weight, stride, |columns| {
        for (block, y) in y.chunks_mut(y.len() / batch * per_block).enumerate() {
            let folded = whole.with_batch(per_block.min(batch - block * per_block));
            let x = samples(x, batch, block * per_block, folded.input.batch);
            let (unrolled, padded) = (unrolled(&folded), padded(&folded));
            let len = unrolled.as_ref().map_or(padded.len(), Unrolled::len);
            O::moving(fast).with(len + O::ROOM, |buffer| {
                let (strides, runs, run_values) = match &unrolled {
                    Some(unrolled) => (unrolled.strides(), unrolled.runs(), unrolled.run_values()),
                    None => (padded.strides(folded.group), padded.runs(taps_t, taps_h), taps_w * folded.input.channels),
                };
                match &unrolled {
                    Some(unrolled) => unrolled.fill::<O>(fast, x, buffer),
                    None => padded.copy::<O>(fast.isa, x, buffer),
                }
                let volume = folded.grid();
                let n_pixels = volume.height * volume.width;
                let window = Window::<O> { fast, volume, strides, runs: &runs, run_values, buffer, columns, n_columns };
                window.run(y, folded.output_frame_len(), |y, at, first, sums| {
                    let of_bias = &column_bias[first..first + sums.len()];
                    if folded.is_plain() {
                        let out = &mut y[at * n_columns + first..][..sums.len()];
                        let values = out.iter_mut().zip(sums.iter().zip(of_bias));
                        return values.for_each(|(y, (sum, bias))| *y = sum + bias);
                    }
                    let (pixel, frame) = (at % n_pixels, at / n_pixels);
                    let base = folded.output_idx((frame, pixel / volume.width, pixel % volume.width), 0);
                    for ((&within, sum), bias) in within[first..].iter().zip(sums).zip(of_bias) {
                        y[base + within] = sum + bias;
                    }
                });
            });
        }
    });
}

/// Lends the folded weights as columns, in the order of a window's rows or of its blocks.
fn with_packed<O: Operand>(
    fast: &Fast,
    whole: &Folded,
    unrolled: Option<Unrolled>,
    weight: &[f32],
    stride: usize,
    work: impl FnOnce(&[O::B]),
) {
    let run_values = whole.axes[2].taps() * whole.input.channels;
    fast.singles.with(whole.n_packed_rows() * stride, |packed| {
        whole.pack(fast, weight, packed);
        let Some(unrolled) = unrolled else { return O::with_columns(fast, packed, run_values, stride, work) };
        fast.singles.with(unrolled.n_packed_rows() * stride, |by_block| {
            unrolled.pack(packed, stride, by_block);
            O::with_columns(fast, by_block, unrolled.run_values(), stride, work);
        });
    });
}
