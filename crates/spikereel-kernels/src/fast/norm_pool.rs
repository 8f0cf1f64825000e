//! Batch normalisation, ReLU and max pooling as one: the normalised values, the largest tensors of a network, are never written.
//!
//! Backward, only winners carry a gradient, so sums run over the pooled size, and the input's gradient is a dense part from the statistics
//! plus one addition a winner.

use super::Fast;
use super::norm::{BackwardCoefficients, Coefficients, floor, normed};
use super::pool::first_frame;
use crate::Pool3d;
use crate::arch::{Isa, Work, run_with_registers, with_registers};
use rayon::prelude::*;

/// Channels whose maximum is kept in registers.
const LANES: usize = 8;

pub(super) fn forward(
    isa: Isa,
    shape: &Pool3d,
    at: &Coefficients,
    relu: bool,
    x: &[f32],
    y: &mut [f32],
    winner: &mut [u8],
) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((x.len(), y.len(), winner.len()), (input.len(), output.len(), output.len()));
    let (n, floor) = (input.channels, floor(relu));
    let (frame_in, frame_out) = (input.height * input.width * n, output.height * output.width * n);
    let offsets = offsets(shape);
    let frames = y.par_chunks_mut(frame_out).zip(winner.par_chunks_mut(frame_out));
    frames.enumerate().for_each(|(frame, (y, winner))| {
        let x = &x[first_frame(shape, frame) * frame_in..];
        run_with_registers(isa, Frame { shape, at, floor, offsets: &offsets, x, y, winner });
    });
}

/// One output frame, and its input from the first frame on.
struct Frame<'a> {
    shape: &'a Pool3d,
    at: &'a Coefficients,
    floor: f32,
    offsets: &'a [usize],
    x: &'a [f32],
    y: &'a mut [f32],
    winner: &'a mut [u8],
}

impl Work for Frame<'_> {
    #[inline(always)]
    fn run(self) {
        let Frame { shape, at, floor, offsets, x, y, winner } = self;
        let n = shape.input.channels;
        let whole = n - n % LANES;
        for (voxel, (y, winner)) in y.chunks_exact_mut(n).zip(winner.chunks_exact_mut(n)).enumerate() {
            let x = &x[first_voxel(shape, voxel) * n..];
            for first in (0..whole).step_by(LANES) {
                pool::<LANES>(x, offsets, at, floor, first, y, winner);
            }
            for first in whole..n {
                pool::<1>(x, offsets, at, floor, first, y, winner);
            }
        }
    }
}

/// The maximum of `N` channels from `first` on over one window.
#[inline(always)]
fn pool<const N: usize>(
    x: &[f32],
    offsets: &[usize],
    at: &Coefficients,
    floor: f32,
    first: usize,
    y: &mut [f32],
    winner: &mut [u8],
) {
    let of = |values: &[f32]| -> [f32; N] { *values[first..].first_chunk().expect("N channels from `first` on") };
    let (mean, scale, beta) = (of(&at.mean), of(&at.scale), of(&at.beta));
    let (mut best, mut place_of_best) = ([f32::NEG_INFINITY; N], [0_u32; N]);
    for (place, offset) in offsets.iter().enumerate() {
        let x: &[f32; N] = x[offset + first..].first_chunk().expect("a window lies inside the frame");
        for c in 0..N {
            let value = normed(x[c], mean[c], scale[c], beta[c]).max(floor);
            let better = place == 0 || value > best[c];
            best[c] = if better { value } else { best[c] };
            place_of_best[c] = if better { place as u32 } else { place_of_best[c] };
        }
    }
    y[first..first + N].copy_from_slice(&best);
    winner[first..first + N].iter_mut().zip(place_of_best).for_each(|(winner, place)| *winner = place as u8);
}

/// Where the places of a window begin, from its first voxel on, in values of the input.
fn offsets(shape: &Pool3d) -> Vec<usize> {
    let (input, [_, ph, pw]) = (shape.input, shape.window);
    let at = |place: usize| (place / (ph * pw) * input.height + place / pw % ph) * input.width + place % pw;
    (0..shape.window.iter().product()).map(|place| at(place) * input.channels).collect()
}

/// First input voxel of the window of an output frame's voxel.
fn first_voxel(shape: &Pool3d, voxel: usize) -> usize {
    let (width, [_, ph, pw]) = (shape.output().width, shape.window);
    voxel / width * ph * shape.input.width + voxel % width * pw
}

/// Where winners of one output frame stand, from its first input frame on: `visit(output value, input value, channel)`.
fn each_winner(shape: &Pool3d, winner: &[u8], mut visit: impl FnMut(usize, usize, usize)) {
    let (n, offsets) = (shape.input.channels, offsets(shape));
    for (voxel, winner) in winner.chunks_exact(n).enumerate() {
        let first = first_voxel(shape, voxel) * n;
        for (channel, &place) in winner.iter().enumerate() {
            visit(voxel * n + channel, first + offsets[usize::from(place)] + channel, channel);
        }
    }
}

/// `x` becomes its gradient: the largest tensor of a network needs no second one beside it.
pub(super) fn backward(
    fast: &Fast,
    shape: &Pool3d,
    at: &Coefficients,
    relu: bool,
    batch_statistics: bool,
    x: &mut [f32],
    dy: &[f32],
    winner: &[u8],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((x.len(), dy.len(), winner.len()), (input.len(), output.len(), output.len()));
    let (n, floor) = (input.channels, floor(relu));
    let (frame_in, frame_out) = (input.height * input.width * n, output.height * output.width * n);
    let passes = |x: f32, c: usize| normed(x, at.mean[c], at.scale[c], at.beta[c]) > floor;
    let frames = dy.par_chunks(frame_out).zip(winner.par_chunks(frame_out)).enumerate();
    let sums: Vec<Vec<(f64, f64)>> = frames
        .map(|(frame, (dy, winner))| {
            let x = &x[first_frame(shape, frame) * frame_in..];
            let mut sums = vec![(0.0, 0.0); n];
            each_winner(shape, winner, |out, from, c| {
                if passes(x[from], c) {
                    sums[c].0 += f64::from(dy[out]);
                    sums[c].1 += f64::from(dy[out] * ((x[from] - at.mean[c]) * at.inverse_sd[c]));
                }
            });
            sums
        })
        .collect();
    for c in 0..n {
        let total = sums.iter().fold((0.0, 0.0), |sum, frame| (sum.0 + frame[c].0, sum.1 + frame[c].1));
        (dbeta[c], dgamma[c]) = (total.0 as f32, total.1 as f32);
    }
    let n_values = if batch_statistics { input.n_voxels() as f64 } else { f64::INFINITY };
    let BackwardCoefficients { of_x, constant } = at.backward(n_values, dgamma, dbeta);
    let (mean, of_x, constant) = (&at.mean[..n], &of_x[..n], &constant[..n]);
    // The frames of one window, and those at the end that fill none.
    let window_len = shape.window[0] * frame_in;
    x.par_chunks_mut(frame_in * input.frames).enumerate().for_each(|(sample, x)| {
        x.par_chunks_mut(window_len).enumerate().for_each(|(t, x)| {
            let frame = (sample * output.frames + t) * frame_out;
            let n_out = if t < output.frames { frame_out } else { 0 };
            let (dy, winner) = (&dy[frame..frame + n_out], &winner[frame..frame + n_out]);
            // What winners get, told before their values are written over.
            fast.singles.with(n_out, |of_winner| {
                each_winner(shape, winner, |out, from, c| {
                    of_winner[out] = if passes(x[from], c) { at.scale[c] * dy[out] } else { 0.0 };
                });
                with_registers(fast.isa, || {
                    for x in x.chunks_exact_mut(n) {
                        for c in 0..n {
                            x[c] = of_x[c] * (x[c] - mean[c]) + constant[c];
                        }
                    }
                });
                each_winner(shape, winner, |out, to, _| x[to] += of_winner[out]);
            });
        });
    });
}
