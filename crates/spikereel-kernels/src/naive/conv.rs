//! Convolution by definition: one loop an axis, upsampling by looking up the source voxel.

use crate::{Conv3d, Volume};

/// Calls `visit(x index, weight index, y index)` for every product that enters the output.
fn each_product(shape: &Conv3d, mut visit: impl FnMut(usize, usize, usize)) {
    let (input, output) = (shape.input, shape.output());
    let [kt, kh, kw] = shape.kernel;
    let at = |size: Volume, b: usize, t: usize, h: usize, w: usize, c: usize| {
        (((b * size.frames + t) * size.height + h) * size.width + w) * size.channels + c
    };
    // Source of an upsampled index, none in the zero padding.
    let source = |out: usize, tap: usize, kernel: usize, up: usize, n: usize| {
        (out + tap).checked_sub(kernel / 2).filter(|&upsampled| upsampled < n * up).map(|upsampled| upsampled / up)
    };
    for b in 0..output.batch {
        for (t, h, w) in grid([output.frames, output.height, output.width]) {
            for (jt, jh, jw) in grid([kt, kh, kw]) {
                let from = (
                    source(t, jt, kt, shape.upsample[0], input.frames),
                    source(h, jh, kh, shape.upsample[1], input.height),
                    source(w, jw, kw, shape.upsample[2], input.width),
                );
                let (Some(st), Some(sh), Some(sw)) = from else { continue };
                for co in 0..output.channels {
                    for ci in 0..input.channels {
                        let weight = (((co * input.channels + ci) * kt + jt) * kh + jh) * kw + jw;
                        visit(at(input, b, st, sh, sw, ci), weight, at(output, b, t, h, w, co));
                    }
                }
            }
        }
    }
}

/// All index triples below these sizes, last fastest.
pub(super) fn grid([a, b, c]: [usize; 3]) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

pub(super) fn forward(shape: &Conv3d, x: &[f64], weight: &[f64], bias: &[f64], y: &mut [f64]) {
    assert_eq!((x.len(), weight.len()), (shape.input.len(), shape.n_weights()));
    assert_eq!((bias.len(), y.len()), (shape.out_channels, shape.output().len()));
    y.chunks_exact_mut(bias.len()).for_each(|voxel| voxel.copy_from_slice(bias));
    each_product(shape, |x_idx, weight_idx, y_idx| y[y_idx] += x[x_idx] * weight[weight_idx]);
}

pub(super) fn input_gradient(shape: &Conv3d, dy: &[f64], weight: &[f64], dx: &mut [f64]) {
    assert_eq!((dx.len(), weight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    dx.fill(0.0);
    each_product(shape, |x_idx, weight_idx, y_idx| dx[x_idx] += dy[y_idx] * weight[weight_idx]);
}

pub(super) fn weight_gradient(shape: &Conv3d, x: &[f64], dy: &[f64], dweight: &mut [f64], dbias: &mut [f64]) {
    assert_eq!((x.len(), dweight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    dweight.fill(0.0);
    each_product(shape, |x_idx, weight_idx, y_idx| dweight[weight_idx] += dy[y_idx] * x[x_idx]);
    dbias.fill(0.0);
    for voxel in dy.chunks_exact(dbias.len()) {
        dbias.iter_mut().zip(voxel).for_each(|(sum, dy)| *sum += dy);
    }
}
