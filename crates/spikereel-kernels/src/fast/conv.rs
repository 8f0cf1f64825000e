//! Convolution: a zero-padded copy of the input, the packed weights, and one tile after another over output voxels.

use super::Fast;
use super::fold::{Axis, Folded};
use super::padded::Padded;
use super::tiles::{Sum, column_sums, padded_columns};
use crate::arch::LANES;
use crate::{Conv3d, Volume};
use rayon::prelude::*;

/// Voxels of a task, about: enough to reuse a panel of weights from cache, few enough to share among threads.
const TASK_VOXELS: usize = 256;
/// Rows of a weight gradient that a task keeps to itself.
const TASK_ROWS: usize = 32;
/// Voxels that a weight gradient sums in registers before it adds to memory.
const BLOCK_VOXELS: usize = 1024;

/// Frames of a task, by the sizes alone.
fn frames_per_task(volume: &Volume) -> usize {
    let n_frames = volume.batch * volume.frames;
    TASK_VOXELS.div_ceil(volume.height * volume.width).clamp(1, n_frames.div_ceil(4))
}

/// Position `at` of a run of frames that begins at frame `first`: sample and `(frame, row, column)`.
fn voxel(volume: &Volume, first: usize, at: usize) -> (usize, (usize, usize, usize)) {
    let (pixel, frame) = (at % (volume.height * volume.width), first + at / (volume.height * volume.width));
    (frame / volume.frames, (frame % volume.frames, pixel / volume.width, pixel % volume.width))
}

/// A 'same' window sum over a padded buffer: what forward pass and input gradient share.
struct Window<'a> {
    fast: &'a Fast,
    /// The grid of tile rows.
    volume: Volume,
    /// Voxels of a padded row from one tile row to the next.
    step: usize,
    padded: Padded,
    taps: [usize; 3],
    buffer: &'a [f32],
    packed: &'a [f32],
    n_columns: usize,
}

impl Window<'_> {
    /// Calls `write(chunk of y, voxel within the chunk's frames, first column, sums)`; `y` holds `frame_len` values a frame.
    fn run(
        &self,
        y: &mut [f32],
        frame_len: usize,
        write: impl Fn(&mut [f32], (usize, usize, usize), usize, &[f32]) + Sync,
    ) {
        let (volume, per_task) = (self.volume, frames_per_task(&self.volume));
        let [taps_t, taps_h, taps_w] = self.taps;
        let runs = self.padded.runs(taps_t, taps_h);
        let sum = Sum {
            isa: self.fast.isa,
            a: self.buffer,
            runs: &runs,
            run_len: taps_w * volume.channels,
            a_step: 1,
            b: self.packed,
            n_columns: self.n_columns,
        };
        y.par_chunks_mut(per_task * frame_len).enumerate().for_each(|(task, y)| {
            let first = task * per_task;
            let n_voxels = y.len() / frame_len * volume.height * volume.width;
            let start = |at: usize| {
                let (sample, (t, h, w)) = voxel(&volume, first, at);
                self.padded.window_start(sample, (t, h, w * self.step))
            };
            sum.each(n_voxels, start, |at, column, sums| {
                let pixel = at % (volume.height * volume.width);
                let place = (at / (volume.height * volume.width), pixel / volume.width, pixel % volume.width);
                write(y, place, column, sums);
            });
        });
    }
}

pub(super) fn forward(fast: &Fast, shape: &Conv3d, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
    assert_eq!((x.len(), weight.len()), (shape.input.len(), shape.n_weights()));
    assert_eq!((bias.len(), y.len()), (shape.out_channels, shape.output().len()));
    let folded = Folded::grouped(shape);
    let padded = Padded::for_window(shape.input, &folded.axes, false);
    let n_columns = folded.n_columns();
    let (volume, frame_len) = (folded.grid(), folded.output_frame_len());
    let column_bias: Vec<f32> = (0..n_columns).map(|column| bias[column % bias.len()]).collect();
    let within: Vec<usize> = (0..n_columns).map(|column| folded.output_idx((0, 0, 0), column)).collect();
    fast.scratch.with(padded.len(), |buffer| {
        fast.scratch.with(folded.n_packed_rows() * padded_columns(n_columns), |packed| {
            padded.copy(x, buffer);
            folded.pack(weight, packed);
            let taps = folded.axes.map(|axis| axis.taps());
            let window = Window { fast, volume, step: folded.group, padded, taps, buffer, packed, n_columns };
            window.run(y, frame_len, |y, place, first, sums| {
                let base = folded.output_idx(place, 0);
                let of_bias = &column_bias[first..first + sums.len()];
                if folded.is_plain() {
                    let out = &mut y[base + first..base + first + sums.len()];
                    return out.iter_mut().zip(sums.iter().zip(of_bias)).for_each(|(y, (sum, bias))| *y = sum + bias);
                }
                for ((&at, sum), bias) in within[first..].iter().zip(sums).zip(of_bias) {
                    y[base + at] = sum + bias;
                }
            });
        });
    });
}

pub(super) fn input_gradient(fast: &Fast, shape: &Conv3d, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
    assert_eq!((dx.len(), weight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    let folded = Folded::new(shape);
    let taps_w = folded.axes[2].taps();
    // Few input channels would leave most of a vector empty: there a column of the sum is a (tap column, channel) pair.
    if folded.is_plain() && shape.input.channels * 2 <= LANES && taps_w > 1 {
        return narrow_input_gradient(fast, &folded, dy, weight, dx);
    }
    let low = Volume { channels: folded.n_columns(), ..shape.input };
    let padded = Padded::for_window(low, &folded.axes, true);
    let n_in = shape.input.channels;
    let n_rows = folded.n_packed_rows() / n_in * low.channels;
    fast.scratch.with(padded.len(), |buffer| {
        fast.scratch.with(n_rows * padded_columns(n_in), |packed| {
            fill_with_gradient(fast, &folded, &padded, &low, dy, buffer);
            folded.pack_reversed(weight, packed);
            let taps = folded.axes.map(|axis| axis.taps());
            let window = Window { fast, volume: low, step: 1, padded, taps, buffer, packed, n_columns: n_in };
            window.run(dx, low.height * low.width * n_in, |dx, (t, h, w), first, sums| {
                let base = ((t * low.height + h) * low.width + w) * n_in + first;
                dx[base..base + sums.len()].copy_from_slice(sums);
            });
        });
    });
}

/// A padded buffer of `dy`, brought to low resolution first where it is not there.
fn fill_with_gradient(fast: &Fast, folded: &Folded, padded: &Padded, low: &Volume, dy: &[f32], buffer: &mut [f32]) {
    if folded.is_plain() {
        return padded.copy(dy, buffer);
    }
    fast.scratch.with(low.len(), |at_low| {
        folded.lower_resolution(dy, low.channels, at_low);
        padded.copy(at_low, buffer);
    });
}

/// For each voxel and tap column the sum over tap frames and rows, then shifted along the row and added.
fn narrow_input_gradient(fast: &Fast, folded: &Folded, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
    let (volume, n_in, n_out) = (folded.input, folded.input.channels, folded.out_channels);
    let [axis_t, axis_h, axis_w] = folded.axes;
    let [taps_t, taps_h, taps_w] = folded.axes.map(|axis: Axis| axis.taps());
    let low = Volume { channels: n_out, ..volume };
    let padded = Padded::new(low, [axis_t.trail, axis_h.trail, 0], [axis_t.lead, axis_h.lead, 0]);
    let (stride_in, n_columns) = (padded_columns(n_in), taps_w * n_in);
    let stride = padded_columns(n_columns);
    fast.scratch.with(padded.len(), |buffer| {
        fast.scratch.with(taps_t * taps_h * n_out * stride, |packed| {
            padded.copy(dy, buffer);
            fast.scratch.with(taps_t * taps_h * taps_w * n_out * stride_in, |reversed| {
                folded.pack_reversed(weight, reversed);
                packed.fill(0.0);
                for (row, from) in reversed.chunks_exact(stride_in).enumerate() {
                    let (tap, channel) = (row / n_out, row % n_out);
                    let to = (tap / taps_w * n_out + channel) * stride + tap % taps_w * n_in;
                    packed[to..to + n_in].copy_from_slice(&from[..n_in]);
                }
            });
            fast.scratch.with(volume.n_voxels() * n_columns, |partial| {
                let window =
                    Window { fast, volume: low, step: 1, padded, taps: [taps_t, taps_h, 1], buffer, packed, n_columns };
                window.run(partial, low.height * low.width * n_columns, |partial, (t, h, w), first, sums| {
                    let base = ((t * low.height + h) * low.width + w) * n_columns + first;
                    partial[base..base + sums.len()].copy_from_slice(sums);
                });
                add_shifted(partial, volume.width, taps_w, axis_w.trail, n_in, dx);
            });
        });
    });
}

/// `dx[w] = sum over taps j of partial[w + j - trail, j]`, along rows.
fn add_shifted(partial: &[f32], width: usize, taps: usize, trail: usize, n_in: usize, dx: &mut [f32]) {
    let rows = partial.par_chunks(width * taps * n_in).zip(dx.par_chunks_mut(width * n_in));
    rows.for_each(|(partial, dx)| {
        dx.fill(0.0);
        for (w, dx) in dx.chunks_exact_mut(n_in).enumerate() {
            for tap in 0..taps {
                let Some(from) = (w + tap).checked_sub(trail).filter(|&from| from < width) else { continue };
                let partial = &partial[(from * taps + tap) * n_in..][..n_in];
                dx.iter_mut().zip(partial).for_each(|(dx, value)| *dx += value);
            }
        }
    });
}

pub(super) fn weight_gradient(
    fast: &Fast,
    shape: &Conv3d,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    assert_eq!((x.len(), dweight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    assert_eq!(dbias.len(), shape.out_channels);
    column_sums(dy, dbias);
    let folded = Folded::grouped(shape);
    let padded = Padded::for_window(shape.input, &folded.axes, false);
    let stride = padded_columns(folded.n_columns());
    let low_is_dy = folded.is_plain() && stride == folded.n_columns();
    fast.scratch.with(padded.len(), |buffer| {
        padded.copy(x, buffer);
        fast.scratch.with(folded.n_packed_rows() * stride, |packed| {
            let low_len = if low_is_dy { 0 } else { folded.grid().n_voxels() * stride };
            fast.scratch.with(low_len, |low| {
                if !low_is_dy {
                    folded.lower_resolution(dy, stride, low);
                }
                sum_outer_products(fast, &folded, &padded, buffer, if low_is_dy { dy } else { low }, packed);
            });
            folded.unpack_gradient(packed, dweight);
        });
    });
}

/// `packed[tap and channel, column] = sum over voxels of window value x dy`: a task keeps some rows and passes over all voxels, so
/// nothing is reduced across tasks.
fn sum_outer_products(fast: &Fast, folded: &Folded, padded: &Padded, x: &[f32], dy: &[f32], packed: &mut [f32]) {
    let volume = folded.grid();
    let stride = padded_columns(folded.n_columns());
    let [_, taps_h, taps_w] = folded.axes.map(|axis| axis.taps());
    let n_in = volume.channels;
    // Rows of voxels of the whole batch: each is one run.
    let n_lines = volume.batch * volume.frames * volume.height;
    let line_start = |line: usize| {
        let (frame, h) = (line / volume.height, line % volume.height);
        padded.window_start(frame / volume.frames, (frame % volume.frames, h, 0))
    };
    let lines: Vec<usize> = (0..n_lines).map(line_start).collect();
    let lines_per_block = (BLOCK_VOXELS / volume.width).max(1);
    let row_start = |row: usize| {
        let (tap, channel) = (row / n_in, row % n_in);
        let (t, h, w) = (tap / (taps_h * taps_w), tap / taps_w % taps_h, tap % taps_w);
        padded.offset(0, t, h, w) + channel
    };
    packed.par_chunks_mut(TASK_ROWS * stride).enumerate().for_each(|(task, packed)| {
        packed.fill(0.0);
        let first = task * TASK_ROWS;
        for (block, runs) in lines.chunks(lines_per_block).enumerate() {
            let voxels = block * lines_per_block * volume.width * stride;
            let sum = Sum {
                isa: fast.isa,
                a: x,
                runs,
                run_len: volume.width,
                a_step: n_in * folded.group,
                b: &dy[voxels..voxels + runs.len() * volume.width * stride],
                n_columns: stride,
            };
            sum.each(
                packed.len() / stride,
                |row| row_start(first + row),
                |row, column, sums| {
                    let out = &mut packed[row * stride + column..][..sums.len()];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
                },
            );
        }
    });
}
