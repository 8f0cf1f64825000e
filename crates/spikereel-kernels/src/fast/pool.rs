//! Max pooling: one task an output frame, channels side by side in the inner loop.

use crate::Pool3d;
use rayon::prelude::*;

/// Calls `visit(output voxel, place, input voxel)` for the voxels of output frame `at` of the batch, places in ascending order; input
/// voxels are counted from the frame's first input frame.
fn each_voxel(shape: &Pool3d, mut visit: impl FnMut(usize, usize, usize)) {
    let (input, output, [pt, ph, pw]) = (shape.input, shape.output(), shape.window);
    for h in 0..output.height {
        for w in 0..output.width {
            for place in 0..pt * ph * pw {
                let (jt, jh, jw) = (place / (ph * pw), place / pw % ph, place % pw);
                visit(h * output.width + w, place, (jt * input.height + h * ph + jh) * input.width + w * pw + jw);
            }
        }
    }
}

/// First input frame of output frame `at` of the batch.
pub(super) fn first_frame(shape: &Pool3d, at: usize) -> usize {
    let n = shape.output().frames;
    at / n * shape.input.frames + at % n * shape.window[0]
}

pub(super) fn forward(shape: &Pool3d, x: &[f32], y: &mut [f32], winner: &mut [u8]) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((x.len(), y.len(), winner.len()), (input.len(), output.len(), output.len()));
    let n = input.channels;
    let (frame_in, frame_out) = (input.height * input.width * n, output.height * output.width * n);
    let frames = y.par_chunks_mut(frame_out).zip(winner.par_chunks_mut(frame_out));
    frames.enumerate().for_each(|(at, (y, winner))| {
        let x = &x[first_frame(shape, at) * frame_in..];
        each_voxel(shape, |out, place, from| {
            let (x, y, winner) = (&x[from * n..][..n], &mut y[out * n..][..n], &mut winner[out * n..][..n]);
            if place == 0 {
                y.copy_from_slice(x);
                return winner.fill(0);
            }
            for ((y, winner), &x) in y.iter_mut().zip(winner).zip(x) {
                let better = x > *y;
                *y = if better { x } else { *y };
                *winner = if better { place as u8 } else { *winner };
            }
        });
    });
}

pub(super) fn backward(shape: &Pool3d, dy: &[f32], winner: &[u8], dx: &mut [f32]) {
    let (input, output) = (shape.input, shape.output());
    assert_eq!((dx.len(), dy.len(), winner.len()), (input.len(), output.len(), output.len()));
    let n = input.channels;
    let (frame_in, frame_out) = (input.height * input.width * n, output.height * output.width * n);
    // Whole samples, since frames that fill no window belong to none of the output's.
    let samples = dx.par_chunks_mut(frame_in * input.frames).enumerate();
    samples.for_each(|(sample, dx)| {
        dx.fill(0.0);
        for t in 0..output.frames {
            let at = sample * output.frames + t;
            let (dy, winner) = (&dy[at * frame_out..][..frame_out], &winner[at * frame_out..][..frame_out]);
            let dx = &mut dx[t * shape.window[0] * frame_in..];
            each_voxel(shape, |out, place, to| {
                let pairs = dy[out * n..][..n].iter().zip(&winner[out * n..][..n]);
                for (dx, (&dy, &winner)) in dx[to * n..][..n].iter_mut().zip(pairs) {
                    *dx = if usize::from(winner) == place { dy } else { 0.0 };
                }
            });
        }
    });
}
