//! Dense layers, pooling and functions of one value, by definition.

use super::conv::grid;
use crate::Pool3d;

pub(super) fn map(x: &[f64], y: &mut [f64], f: impl Fn(f64) -> f64) {
    assert_eq!(x.len(), y.len());
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x));
}

pub(super) fn map_pair(y: &[f64], dy: &[f64], dx: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    assert_eq!((y.len(), dy.len()), (dx.len(), dx.len()));
    dx.iter_mut().zip(y.iter().zip(dy)).for_each(|(dx, (&y, &dy))| *dx = f(y, dy));
}

/// Lengths of the two feature axes, given the whole slices.
fn features(n_rows: usize, x: &[f64], weight: &[f64], y: &[f64]) -> (usize, usize) {
    let (n_in, n_out) = (x.len() / n_rows, y.len() / n_rows);
    assert_eq!((n_rows * n_in, n_rows * n_out, n_in * n_out), (x.len(), y.len(), weight.len()));
    (n_in, n_out)
}

pub(super) fn linear_forward(n_rows: usize, x: &[f64], weight: &[f64], bias: &[f64], y: &mut [f64]) {
    let (n_in, n_out) = features(n_rows, x, weight, y);
    for row in 0..n_rows {
        for out in 0..n_out {
            let terms = (0..n_in).map(|at| x[row * n_in + at] * weight[out * n_in + at]);
            y[row * n_out + out] = bias[out] + terms.sum::<f64>();
        }
    }
}

pub(super) fn linear_input_gradient(n_rows: usize, dy: &[f64], weight: &[f64], dx: &mut [f64]) {
    let (n_in, n_out) = features(n_rows, dx, weight, dy);
    for row in 0..n_rows {
        for at in 0..n_in {
            dx[row * n_in + at] = (0..n_out).map(|out| dy[row * n_out + out] * weight[out * n_in + at]).sum();
        }
    }
}

pub(super) fn linear_weight_gradient(n_rows: usize, x: &[f64], dy: &[f64], dweight: &mut [f64], dbias: &mut [f64]) {
    let (n_in, n_out) = features(n_rows, x, dweight, dy);
    for out in 0..n_out {
        for at in 0..n_in {
            dweight[out * n_in + at] = (0..n_rows).map(|row| dy[row * n_out + out] * x[row * n_in + at]).sum();
        }
        dbias[out] = (0..n_rows).map(|row| dy[row * n_out + out]).sum();
    }
}

/// Index of input value `place` (position within the window) of an output voxel and channel.
fn input_idx(shape: &Pool3d, b: usize, (t, h, w): (usize, usize, usize), c: usize, place: usize) -> usize {
    let (input, [pt, ph, pw]) = (shape.input, shape.window);
    let (jt, jh, jw) = (place / (ph * pw), place / pw % ph, place % pw);
    (((b * input.frames + t * pt + jt) * input.height + h * ph + jh) * input.width + w * pw + jw) * input.channels + c
}

/// Calls `visit(output index, batch, voxel, channel)` for each output value, in order.
fn each_output(shape: &Pool3d, mut visit: impl FnMut(usize, usize, (usize, usize, usize), usize)) {
    let output = shape.output();
    let mut at = 0;
    for b in 0..output.batch {
        for voxel in grid([output.frames, output.height, output.width]) {
            for c in 0..output.channels {
                visit(at, b, voxel, c);
                at += 1;
            }
        }
    }
}

pub(super) fn max_pool_forward(shape: &Pool3d, x: &[f64], y: &mut [f64], winner: &mut [u8]) {
    assert_eq!((x.len(), y.len(), winner.len()), (shape.input.len(), shape.output().len(), shape.output().len()));
    let n_places: usize = shape.window.iter().product();
    each_output(shape, |at, b, voxel, c| {
        let value = |place| x[input_idx(shape, b, voxel, c, place)];
        let best = (1..n_places).fold(0, |best, place| if value(place) > value(best) { place } else { best });
        (y[at], winner[at]) = (value(best), best as u8);
    });
}

pub(super) fn max_pool_backward(shape: &Pool3d, dy: &[f64], winner: &[u8], dx: &mut [f64]) {
    assert_eq!((dx.len(), dy.len(), winner.len()), (shape.input.len(), shape.output().len(), shape.output().len()));
    dx.fill(0.0);
    each_output(shape, |at, b, voxel, c| dx[input_idx(shape, b, voxel, c, winner[at].into())] += dy[at]);
}
