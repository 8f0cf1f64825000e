//! Batch normalisation, ReLU and max pooling as one: the normalised values, the largest tensors of a network, are never written.
//!
//! Backward, only winners carry a gradient, so sums run over the pooled size, and the input's gradient is a dense part from the statistics
//! plus one addition a winner.

use super::norm::{BackwardCoefficients, Coefficients, floor, normed};
use super::pool::{each_voxel, first_frame};
use crate::Pool3d;
use rayon::prelude::*;

pub(super) fn forward(shape: &Pool3d, at: &Coefficients, relu: bool, x: &[f32], y: &mut [f32], winner: &mut [u8]) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((x.len(), y.len(), winner.len()), (input.len(), output.len(), output.len()));
    let (n, floor) = (input.channels, floor(relu));
    let (mean, scale, beta) = (&at.mean[..n], &at.scale[..n], &at.beta[..n]);
    let (frame_in, frame_out) = (input.height * input.width * n, output.height * output.width * n);
    let frames = y.par_chunks_mut(frame_out).zip(winner.par_chunks_mut(frame_out));
    frames.enumerate().for_each(|(frame, (y, winner))| {
        let x = &x[first_frame(shape, frame) * frame_in..];
        each_voxel(shape, |out, place, from| {
            let (x, y, winner) = (&x[from * n..][..n], &mut y[out * n..][..n], &mut winner[out * n..][..n]);
            for c in 0..n {
                let value = normed(x[c], mean[c], scale[c], beta[c]).max(floor);
                let better = place == 0 || value > y[c];
                y[c] = if better { value } else { y[c] };
                winner[c] = if better { place as u8 } else { winner[c] };
            }
        });
    });
}

/// Where winners of one output frame stand, from its first input frame on: `visit(output value, input value, channel)`.
fn each_winner(shape: &Pool3d, winner: &[u8], mut visit: impl FnMut(usize, usize, usize)) {
    let (input, output, [_, ph, pw]) = (shape.input, shape.output(), shape.window);
    let n = input.channels;
    let offsets: Vec<usize> = (0..shape.window.iter().product())
        .map(|place| ((place / (ph * pw) * input.height + place / pw % ph) * input.width + place % pw) * n)
        .collect();
    for (voxel, winner) in winner.chunks_exact(n).enumerate() {
        let first = (voxel / output.width * ph * input.width + voxel % output.width * pw) * n;
        for (channel, &place) in winner.iter().enumerate() {
            visit(voxel * n + channel, first + offsets[usize::from(place)] + channel, channel);
        }
    }
}

pub(super) fn backward(
    shape: &Pool3d,
    at: &Coefficients,
    relu: bool,
    batch_statistics: bool,
    x: &[f32],
    dy: &[f32],
    winner: &[u8],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((x.len(), dx.len()), (input.len(), input.len()));
    assert_eq!((dy.len(), winner.len()), (output.len(), output.len()));
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
    let samples = dx.par_chunks_mut(frame_in * input.frames).zip(x.par_chunks(frame_in * input.frames)).enumerate();
    samples.for_each(|(sample, (dx, x))| {
        let windows = dx.par_chunks_mut(window_len).zip(x.par_chunks(window_len)).enumerate();
        windows.for_each(|(t, (dx, x))| {
            for (dx, x) in dx.chunks_exact_mut(n).zip(x.chunks_exact(n)) {
                for c in 0..n {
                    dx[c] = of_x[c] * (x[c] - mean[c]) + constant[c];
                }
            }
            if t < output.frames {
                let frame = (sample * output.frames + t) * frame_out;
                let dy = &dy[frame..frame + frame_out];
                each_winner(shape, &winner[frame..frame + frame_out], |out, to, c| {
                    if passes(x[to], c) {
                        dx[to] += at.scale[c] * dy[out];
                    }
                });
            }
        });
    });
}
