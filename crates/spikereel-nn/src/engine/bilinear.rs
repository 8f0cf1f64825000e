//! Bilinear upsampling of frames, and its gradient: PyTorch's `Upsample(mode="bilinear", align_corners=False)`.
//!
//! Output position `i` reads the input at `(i + 1/2) / factor - 1/2`, at least 0; rows and columns are taken one after the other in one sum
//! of four. Frames are independent, so work is split by frame and the order of additions never depends on threads.

use crate::Real;
use crate::network::Extent;
use rayon::prelude::*;

/// For an output position: the two inputs it lies between and the share of the second.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    first: usize,
    second: usize,
    share: f64,
}

fn positions(n_in: usize, factor: usize) -> Vec<Between> {
    let place = |at: usize| {
        let source = ((at as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
        let first = (source.floor() as usize).min(n_in - 1);
        Between { first, second: (first + 1).min(n_in - 1), share: source - first as f64 }
    };
    (0..n_in * factor).map(place).collect()
}

/// Calls `visit(input offset, output offset, weight)` four times for each output pixel of a frame, in order.
fn each_term(input: Extent, factor: [usize; 2], mut visit: impl FnMut(usize, usize, f64)) {
    let (rows, columns) = (positions(input.height, factor[0]), positions(input.width, factor[1]));
    let mut out = 0;
    for row in &rows {
        for column in &columns {
            for (in_row, row_weight) in [(row.first, 1.0 - row.share), (row.second, row.share)] {
                for (in_column, weight) in [(column.first, 1.0 - column.share), (column.second, column.share)] {
                    visit((in_row * input.width + in_column) * input.channels, out, row_weight * weight);
                }
            }
            out += input.channels;
        }
    }
}

fn frame_lens(input: Extent, factor: [usize; 2]) -> (usize, usize) {
    let n_in = input.height * input.width * input.channels;
    (n_in, n_in * factor[0] * factor[1])
}

/// Upsamples frames `[.., height, width, channel]`; `input` is the size before.
pub(crate) fn forward<R: Real>(input: Extent, factor: [usize; 2], x: &[R], y: &mut [R]) {
    let (n_in, n_out) = frame_lens(input, factor);
    let n = input.channels;
    y.par_chunks_mut(n_out).zip(x.par_chunks(n_in)).for_each(|(y, x)| {
        y.fill(R::ZERO);
        each_term(input, factor, |from, to, weight| {
            let weight = R::from_f64(weight);
            y[to..to + n].iter_mut().zip(&x[from..from + n]).for_each(|(y, &x)| *y += weight * x);
        });
    });
}

/// Gradient with respect to the frames before.
pub(crate) fn backward<R: Real>(input: Extent, factor: [usize; 2], dy: &[R], dx: &mut [R]) {
    let (n_in, n_out) = frame_lens(input, factor);
    let n = input.channels;
    dx.par_chunks_mut(n_in).zip(dy.par_chunks(n_out)).for_each(|(dx, dy)| {
        dx.fill(R::ZERO);
        each_term(input, factor, |to, from, weight| {
            let weight = R::from_f64(weight);
            dx[to..to + n].iter_mut().zip(&dy[from..from + n]).for_each(|(dx, &dy)| *dx += weight * dy);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_two_is_doubled_as_pytorch_does() {
        // torch.nn.functional.interpolate([[1., 5.]], scale_factor=2, mode="bilinear"): 1, 2, 4, 5 in both rows
        let input = Extent { frames: 1, height: 1, width: 2, channels: 1 };
        let mut y = [9.0_f64; 8];
        forward(input, [2, 2], &[1.0, 5.0], &mut y);
        assert_eq!(y, [1.0, 2.0, 4.0, 5.0, 1.0, 2.0, 4.0, 5.0]);
        let mut dx = [9.0_f64; 2];
        backward(input, [2, 2], &[1.0; 8], &mut dx);
        assert_eq!(dx, [4.0, 4.0]);
    }
}
