//! The input gradient of a convolution with few input channels: one column a tap of a frame and channel.
//!
//! `dx[q] = sum over p of dy[p] W[q - p + lead]`. For each voxel `p` of a frame the sums over tap frames and output channels are made for
//! all taps `(row, column)` and channels at once, 147 of 160 columns in the published first layer, and then added where they belong.

use super::super::Fast;
use super::super::operand::Operand;
use super::super::tiles::{Sum, padded_columns};
use super::fold::Folded;
use super::padded::Padded;
use super::{samples, samples_per_block, with_room};
use crate::Volume;
use crate::arch::with_registers;
use rayon::prelude::*;

pub(super) fn narrow_input_gradient<O: Operand>(
    fast: &Fast,
    whole: &Folded,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
) {
    let (input, n_out) = (whole.input, whole.out_channels);
    let [taps_t, taps_h, taps_w] = whole.axes.map(|axis| axis.taps());
    let n_columns = taps_h * taps_w * input.channels;
    let stride = padded_columns(n_columns);
    // The window runs along frames alone, reversed.
    let (lead, trail) = ([whole.axes[0].trail, 0, 0], [whole.axes[0].lead, 0, 0]);
    let low = |batch: usize| Volume { batch, channels: n_out, ..input };
    let per_block = samples_per_block(Padded::new(low(1), lead, trail).len(), input.batch);
    fast.singles.with(taps_t * n_out * stride, |packed| {
        pack_by_tap(fast, whole, weight, packed);
        O::with_columns(fast, packed, n_out, stride, |columns| {
            for (block, dx) in dx.chunks_mut(dx.len() / input.batch * per_block).enumerate() {
                let low = low(per_block.min(input.batch - block * per_block));
                let padded = Padded::new(low, lead, trail);
                O::moving(fast).with(with_room::<O>(&padded), |buffer| {
                    padded.copy::<O>(fast.isa, samples(dy, input.batch, block * per_block, low.batch), buffer);
                    let runs = padded.runs(taps_t, 1);
                    let sum = Sum::<O> {
                        isa: fast.isa,
                        a: buffer,
                        runs: &runs,
                        run_len: O::steps(fast.isa, n_out),
                        a_step: O::DEPTH,
                        b: columns,
                        b_row: stride,
                        n_columns,
                    };
                    let starts: Vec<usize> = (0..input.height * input.width).map(|voxel| voxel * n_out).collect();
                    let frames = dx.par_chunks_mut(input.height * input.width * input.channels).enumerate();
                    frames.for_each(|(at, dx)| {
                        let first = padded.offset(at / input.frames, at % input.frames, 0, 0);
                        one_frame(fast, whole, &sum, first, &starts, dx);
                    });
                });
            }
        });
    });
}

/// Rows `[tap frame, reversed, and out channel]`, columns `[tap row, tap column, in channel]`.
fn pack_by_tap(fast: &Fast, whole: &Folded, weight: &[f32], packed: &mut [f32]) {
    let (n_in, n_out) = (whole.input.channels, whole.out_channels);
    let [taps_t, taps_h, taps_w] = whole.axes.map(|axis| axis.taps());
    let (stride, from_stride) = (padded_columns(taps_h * taps_w * n_in), padded_columns(n_out));
    fast.singles.with(whole.n_packed_rows() * from_stride, |forward| {
        whole.pack(fast, weight, forward);
        packed.fill(0.0);
        for (row, from) in forward.chunks_exact(from_stride).enumerate() {
            let (t, column) = (row / (taps_h * taps_w * n_in), row % (taps_h * taps_w * n_in));
            for (channel, &value) in from[..n_out].iter().enumerate() {
                packed[((taps_t - 1 - t) * n_out + channel) * stride + column] = value;
            }
        }
    });
}

/// One frame of the gradient. Sums of a line of voxels are made, then added to a frame with room on all sides.
fn one_frame<O: Operand>(
    fast: &Fast,
    whole: &Folded,
    sum: &Sum<'_, O>,
    first: usize,
    starts: &[usize],
    dx: &mut [f32],
) {
    let (input, n_in) = (whole.input, whole.input.channels);
    let [_, taps_h, taps_w] = whole.axes.map(|axis| axis.taps());
    let (group, n_columns) = (taps_w * n_in, sum.n_columns);
    let wide_line = (input.width + taps_w - 1) * n_in;
    fast.singles.with(input.height * input.width * n_columns, |partial| {
        sum.each(first, starts, |voxel, column, sums| {
            partial[voxel * n_columns + column..][..sums.len()].copy_from_slice(sums);
        });
        fast.singles.with((input.height + taps_h - 1) * wide_line, |wide| {
            wide.fill(0.0);
            // Voxels that follow each other share no place: a processor waits where it reads what it has just written in other pieces.
            let order = (0..taps_w).flat_map(|first| (first..input.width).step_by(taps_w));
            let mut add = |h: usize, w: usize| {
                let sums = &partial[(h * input.width + w) * n_columns..][..n_columns];
                for (tap, sums) in sums.chunks_exact(group).enumerate() {
                    let to = &mut wide[(h + tap) * wide_line + w * n_in..][..group];
                    to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
                }
            };
            with_registers(fast.isa, || (0..input.height).for_each(|h| order.clone().for_each(|w| add(h, w))));
            let (line, lead) = (input.width * n_in, whole.axes[2].lead * n_in);
            for (h, dx) in dx.chunks_exact_mut(line).enumerate() {
                dx.copy_from_slice(&wide[(h + whole.axes[1].lead) * wide_line + lead..][..line]);
            }
        });
    });
}
