//! Operations that move values and compute nothing: resampling, padding, cropping, upsampling, features to frames, concatenation.
//!
//! The first four are one: each output frame, row and column copies one of the input, and the backward pass adds back.
//! Samples are independent, so work is split by sample and the order of additions never depends on threads.

use crate::Real;
use crate::network::{Extent, Op};
use rayon::prelude::*;

/// For each output frame, row and column, the input's it copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gather {
    frames: Vec<usize>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    input: Extent,
}

impl Gather {
    /// The gather of an operation on an input of this size; `None` where it is none.
    pub fn new(op: &Op, input: Extent) -> Option<Self> {
        let whole = |n: usize| (0..n).collect::<Vec<_>>();
        let clamped = |n_in: usize, n_out: usize| (0..n_out).map(|at| at.min(n_in - 1)).collect::<Vec<_>>();
        let repeated = |n_in: usize, by: usize| (0..n_in * by).map(|at| at / by).collect::<Vec<_>>();
        let (frames, rows, columns) = match *op {
            Op::ResampleFrames { n_frames } => {
                let nearest = |frame: usize| (2 * frame + 1) * input.frames / (2 * n_frames);
                ((0..n_frames).map(nearest).collect(), whole(input.height), whole(input.width))
            }
            Op::PadEnd { frames, height, width } | Op::Crop { frames, height, width } => {
                (clamped(input.frames, frames), clamped(input.height, height), clamped(input.width, width))
            }
            Op::Upsample { factor } => {
                (repeated(input.frames, factor[0]), repeated(input.height, factor[1]), repeated(input.width, factor[2]))
            }
            _ => return None,
        };
        Some(Self { frames, rows, columns, input })
    }

    fn output_len(&self) -> usize {
        self.frames.len() * self.rows.len() * self.columns.len() * self.input.channels
    }

    /// Calls `visit(input offset, output offset)` for each output voxel of a sample, in order.
    fn each_voxel(&self, mut visit: impl FnMut(usize, usize)) {
        let Extent { height, width, channels, .. } = self.input;
        let mut out = 0;
        for &frame in &self.frames {
            for &row in &self.rows {
                for &column in &self.columns {
                    visit(((frame * height + row) * width + column) * channels, out);
                    out += channels;
                }
            }
        }
    }

    /// Copies.
    pub fn forward<R: Real>(&self, x: &[R], y: &mut [R]) {
        let n = self.input.channels;
        y.par_chunks_mut(self.output_len()).zip(x.par_chunks(self.input.len())).for_each(|(y, x)| {
            self.each_voxel(|from, to| y[to..to + n].copy_from_slice(&x[from..from + n]));
        });
    }

    /// Adds each output gradient to the input it came from.
    pub fn backward<R: Real>(&self, dy: &[R], dx: &mut [R]) {
        let n = self.input.channels;
        dx.par_chunks_mut(self.input.len()).zip(dy.par_chunks(self.output_len())).for_each(|(dx, dy)| {
            dx.fill(R::ZERO);
            self.each_voxel(|to, from| {
                dx[to..to + n].iter_mut().zip(&dy[from..from + n]).for_each(|(dx, &dy)| *dx += dy);
            });
        });
    }
}

/// `[.., channel, height, width]` to `[.., height, width, channel]`, where `x` holds whole frames.
pub(crate) fn channels_last<R: Real>(output: Extent, x: &[R], y: &mut [R]) {
    let (n_pixels, n_channels) = (output.height * output.width, output.channels);
    let len = n_pixels * n_channels;
    y.par_chunks_mut(len).zip(x.par_chunks(len)).for_each(|(y, x)| {
        for (pixel, y) in y.chunks_exact_mut(n_channels).enumerate() {
            y.iter_mut().enumerate().for_each(|(channel, y)| *y = x[channel * n_pixels + pixel]);
        }
    });
}

/// The other way.
pub(crate) fn channels_first<R: Real>(output: Extent, dy: &[R], dx: &mut [R]) {
    let (n_pixels, n_channels) = (output.height * output.width, output.channels);
    let len = n_pixels * n_channels;
    dx.par_chunks_mut(len).zip(dy.par_chunks(len)).for_each(|(dx, dy)| {
        for (pixel, dy) in dy.chunks_exact(n_channels).enumerate() {
            dy.iter().enumerate().for_each(|(channel, &dy)| dx[channel * n_pixels + pixel] = dy);
        }
    });
}

/// Writes `x`, `n` channels a voxel, into the channels of `y`, `n_all` a voxel, from `first` on.
pub(crate) fn concat_forward<R: Real>(x: &[R], n: usize, first: usize, n_all: usize, y: &mut [R]) {
    for (y, x) in y.chunks_exact_mut(n_all).zip(x.chunks_exact(n)) {
        y[first..first + n].copy_from_slice(x);
    }
}

/// Reads the same channels back.
pub(crate) fn concat_backward<R: Real>(dy: &[R], n: usize, first: usize, n_all: usize, dx: &mut [R]) {
    for (dx, dy) in dx.chunks_exact_mut(n).zip(dy.chunks_exact(n_all)) {
        dx.copy_from_slice(&dy[first..first + n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Extent = Extent { frames: 2, height: 2, width: 1, channels: 1 };

    #[test]
    fn padding_repeats_the_end_and_its_gradient_adds_there() {
        let gather = Gather::new(&Op::PadEnd { frames: 3, height: 3, width: 1 }, INPUT).unwrap();
        let mut y = [0.0_f64; 9];
        gather.forward(&[1.0, 2.0, 3.0, 4.0], &mut y);
        assert_eq!(y, [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 3.0, 4.0, 4.0]);
        let mut dx = [9.0_f64; 4];
        gather.backward(&[1.0; 9], &mut dx);
        assert_eq!(dx, [1.0, 2.0, 2.0, 4.0]);
    }

    #[test]
    fn resampling_takes_the_bin_under_the_centre_of_a_frame() {
        let frames = |n_in, n_out| {
            let input = Extent { frames: n_in, ..INPUT };
            Gather::new(&Op::ResampleFrames { n_frames: n_out }, input).unwrap().frames
        };
        assert_eq!(frames(2, 4), [0, 0, 1, 1]);
        assert_eq!(frames(3, 2), [0, 2]);
        assert_eq!(frames(5, 5), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn features_become_pixels_and_back() {
        let output = Extent { frames: 1, height: 1, width: 2, channels: 3 };
        let (x, mut y, mut back) = ([0.0_f64, 1.0, 10.0, 11.0, 20.0, 21.0], [0.0; 6], [0.0; 6]);
        channels_last(output, &x, &mut y);
        assert_eq!(y, [0.0, 10.0, 20.0, 1.0, 11.0, 21.0]);
        channels_first(output, &y, &mut back);
        assert_eq!(back, x);
    }
}
