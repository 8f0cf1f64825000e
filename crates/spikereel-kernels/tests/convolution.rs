//! Convolutions on every instruction set against the f64 definition: the published layers, odd sizes, one channel, one frame, tails.

mod common;

use common::{PRECISIONS, assert_close, engines_in, operands, poisoned, values, wide};
use proptest::prelude::*;
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_kernels::naive::Naive;
use spikereel_kernels::{Conv3d, Isa, Kernels, Volume};

/// Rounding of a sum of up to 8,000 products in f32, about sqrt(8000) 2^-24 of the result, relative to the largest result.
const TOLERANCE: f64 = 5e-6;

fn conv(batch: usize, [t, h, w]: [usize; 3], channels: [usize; 2], kernel: [usize; 3], upsample: [usize; 3]) -> Conv3d {
    let input = Volume { batch, frames: t, height: h, width: w, channels: channels[0] };
    Conv3d { input, out_channels: channels[1], kernel, upsample }
}

fn check(shape: &Conv3d) {
    PRECISIONS.into_iter().for_each(|precision| check_in(precision, shape));
}

/// Weights that a path can hold. Where upsampling is folded in, bf16 rounds sums of weights: eighths up to a half, whose sums it can hold.
fn weights(precision: Precision, shape: &Conv3d) -> Vec<f32> {
    let exact = operands(precision, 3, shape.n_weights());
    match precision {
        Precision::Bf16 if shape.upsample != [1; 3] => exact.iter().map(|w| (4.0 * w).round() / 8.0).collect(),
        _ => exact,
    }
}

/// bf16 is held to the definition on operands that it can hold, at the tolerance of f32: its sums are f32 too.
fn check_in(precision: Precision, shape: &Conv3d) {
    let (n_x, n_y, n_w) = (shape.input.len(), shape.output().len(), shape.n_weights());
    let (x, dy) = (operands(precision, 1, n_x), operands(precision, 2, n_y));
    let (weight, bias) = (weights(precision, shape), values(4, shape.out_channels));
    let (wide_x, wide_dy, wide_weight) = (wide(&x), wide(&dy), wide(&weight));
    let (mut y, mut dx) = (vec![0.0; n_y], vec![0.0; n_x]);
    let (mut dweight, mut dbias) = (vec![0.0; n_w], vec![0.0; bias.len()]);
    Naive.conv3d_forward(shape, &wide_x, &wide_weight, &wide(&bias), &mut y);
    Naive.conv3d_input_gradient(shape, &wide_dy, &wide_weight, &mut dx);
    Naive.conv3d_weight_gradient(shape, &wide_x, &wide_dy, &mut dweight, &mut dbias);
    for engine in engines_in(precision) {
        let what = |part: &str| format!("{} {} {part} of {shape:?}", engine.isa().name(), precision.name());
        let (mut y32, mut dx32) = (poisoned(n_y), poisoned(n_x));
        let (mut dweight32, mut dbias32) = (poisoned(n_w), poisoned(bias.len()));
        // Twice, so that the second call meets scratch memory that the first has written.
        for _ in 0..2 {
            engine.conv3d_forward(shape, &x, &weight, &bias, &mut y32);
            engine.conv3d_input_gradient(shape, &dy, &weight, &mut dx32);
            engine.conv3d_weight_gradient(shape, &x, &dy, &mut dweight32, &mut dbias32);
        }
        assert_close(&what("output"), &y32, &y, TOLERANCE);
        assert_close(&what("input gradient"), &dx32, &dx, TOLERANCE);
        assert_close(&what("weight gradient"), &dweight32, &dweight, TOLERANCE);
        assert_close(&what("bias gradient"), &dbias32, &dbias, TOLERANCE);
    }
}

#[test]
fn layers_like_the_published_ones_match_the_definition() {
    let plain = [1, 1, 1];
    check(&conv(2, [4, 9, 8], [3, 32], [7, 7, 7], plain));
    check(&conv(1, [3, 8, 8], [32, 64], [5, 5, 5], plain));
    check(&conv(1, [5, 4, 4], [16, 32], [3, 3, 3], plain));
    check(&conv(2, [1, 4, 4], [32, 32], [3, 3, 3], plain));
    check(&conv(2, [1, 2, 2], [32, 32], [3, 3, 3], [1, 2, 2]));
    check(&conv(2, [1, 4, 4], [32, 16], [3, 3, 3], [5, 2, 2]));
    check(&conv(1, [5, 4, 4], [16, 32], [5, 5, 5], [3, 2, 2]));
    check(&conv(1, [4, 6, 5], [32, 3], [7, 7, 7], [3, 2, 2]));
}

#[test]
fn large_kernels_run_over_spectra_and_tiny_grids_do_not() {
    for engine in PRECISIONS.into_iter().flat_map(engines_in) {
        let over_spectra = |shape: &Conv3d| engine.runs_over_spectra(shape);
        assert!(!over_spectra(&conv(8, [1, 4, 4], [128, 128], [3, 3, 3], [1, 1, 1])));
        let first = conv(8, [45, 32, 32], [3, 32], [7, 7, 7], [1, 1, 1]);
        let of_one = conv(1, [45, 32, 32], [3, 32], [7, 7, 7], [1, 1, 1]);
        assert_eq!(over_spectra(&first), over_spectra(&of_one), "the batch decides nothing");
    }
    for (isa, precision, expected) in [
        (Isa::Avx2, Precision::F32, [true, true, true, true, true]),
        (Isa::Avx2, Precision::Bf16, [true, true, true, true, true]),
        (Isa::Avx512, Precision::F32, [true, true, true, true, true]),
        (Isa::Avx512Bf16, Precision::Bf16, [true, true, true, true, true]),
        (Isa::Amx, Precision::Bf16, [true, true, false, false, false]),
    ] {
        let Some(engine) = Fast::on(isa, precision) else { continue };
        let published = [
            conv(8, [45, 32, 32], [3, 32], [7, 7, 7], [1, 1, 1]),
            conv(8, [15, 16, 16], [32, 64], [5, 5, 5], [1, 1, 1]),
            conv(8, [5, 8, 8], [64, 128], [3, 3, 3], [1, 1, 1]),
            conv(8, [5, 8, 8], [64, 32], [5, 5, 5], [3, 2, 2]),
            conv(8, [15, 16, 16], [32, 3], [7, 7, 7], [3, 2, 2]),
        ];
        let chosen = published.map(|shape| engine.runs_over_spectra(&shape));
        assert_eq!(chosen, expected, "{} {}", isa.name(), precision.name());
    }
    let chosen = Fast::on(Isa::Portable, Precision::F32).unwrap();
    let first = conv(1, [45, 32, 32], [3, 32], [7, 7, 7], [1, 1, 1]);
    let over_spectra = chosen.operations(&first);
    assert!(chosen.runs_over_spectra(&first));
    let on_tiles = chosen.on_tiles_alone();
    assert!(!on_tiles.runs_over_spectra(&first));
    assert_eq!(on_tiles.operations(&first), [2.0 * first.n_folded_products() as f64; 3]);
    assert!(10.0 * over_spectra[0] < on_tiles.operations(&first)[0], "{over_spectra:?} operations");
}

#[test]
fn odd_sizes_one_channel_one_frame_and_tails_match_the_definition() {
    check(&conv(1, [1, 1, 1], [1, 1], [1, 1, 1], [1, 1, 1]));
    check(&conv(3, [1, 1, 1], [1, 1], [7, 7, 7], [1, 1, 1]));
    check(&conv(1, [2, 1, 5], [2, 17], [3, 1, 5], [1, 1, 1]));
    check(&conv(2, [3, 5, 7], [5, 19], [1, 3, 7], [1, 1, 1]));
    check(&conv(1, [2, 3, 3], [1, 2], [7, 3, 1], [4, 3, 1]));
    check(&conv(1, [7, 3, 11], [9, 50], [3, 3, 3], [1, 1, 1]));
    check(&conv(2, [2, 2, 3], [3, 5], [5, 5, 5], [2, 1, 3]));
}

#[test]
fn neighbors_that_share_a_vector_match_the_definition() {
    for (width, channels) in [(16, 8), (32, 4), (30, 3), (32, 2), (32, 1), (15, 8)] {
        check(&conv(2, [3, 5, width], [3, channels], [7, 7, 7], [1, 1, 1]));
        check(&conv(1, [2, 3, width], [2, channels], [1, 3, 1], [1, 1, 1]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_small_shape_matches_the_definition(
        batch in 1_usize..3, size in prop::array::uniform3(1_usize..6), channels in prop::array::uniform2(1_usize..20),
        half in prop::array::uniform3(0_usize..4), upsample in prop::array::uniform3(1_usize..4),
    ) {
        check(&conv(batch, size, channels, half.map(|half| 2 * half + 1), upsample));
    }

    #[test]
    fn the_input_gradient_is_the_adjoint_and_the_output_is_linear(
        size in prop::array::uniform3(1_usize..7), channels in prop::array::uniform2(1_usize..9), half in 0_usize..4,
        upsample in prop::array::uniform3(1_usize..4),
    ) {
        let shape = conv(2, size, channels, [2 * half + 1; 3], upsample);
        let (x, v) = (values(5, shape.input.len()), values(6, shape.output().len()));
        let bias = vec![0.0; shape.out_channels];
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        for engine in PRECISIONS.into_iter().flat_map(engines_in) {
            let (x, v) = (operands(engine.precision(), 5, x.len()), operands(engine.precision(), 6, v.len()));
            let weight = weights(engine.precision(), &shape);
            let (mut y, mut back) = (poisoned(v.len()), poisoned(x.len()));
            engine.conv3d_forward(&shape, &x, &weight, &bias, &mut y);
            engine.conv3d_input_gradient(&shape, &v, &weight, &mut back);
            let size = (dot(&y, &y) * dot(&v, &v)).sqrt();
            prop_assert!((dot(&y, &v) - dot(&x, &back)).abs() <= 1e-5 * size);
            let half_x: Vec<f32> = x.iter().map(|x| 0.5 * x).collect();
            let mut half_y = poisoned(v.len());
            engine.conv3d_forward(&shape, &half_x, &weight, &bias, &mut half_y);
            prop_assert!(y.iter().zip(&half_y).all(|(y, half_y)| 0.5 * y == *half_y), "halving is exact");
        }
    }
}

#[test]
fn a_shifted_input_gives_a_shifted_output() {
    let shape = conv(1, [4, 8, 8], [3, 18], [3, 3, 3], [1, 1, 1]);
    let weight = values(8, shape.n_weights());
    let bias = values(9, 18);
    // A blob away from every border, then one row, one column and one frame on.
    let blob = |t: usize, h: usize, w: usize| {
        let mut x = vec![0.0; shape.input.len()];
        (0..3).for_each(|c| x[((t * 8 + h) * 8 + w) * 3 + c] = 1.0 + c as f32);
        x
    };
    for engine in PRECISIONS.into_iter().flat_map(engines_in) {
        let (mut y, mut moved) = (poisoned(shape.output().len()), poisoned(shape.output().len()));
        engine.conv3d_forward(&shape, &blob(1, 3, 3), &weight, &bias, &mut y);
        engine.conv3d_forward(&shape, &blob(2, 4, 4), &weight, &bias, &mut moved);
        let at = |y: &[f32], t: usize, h: usize, w: usize, c: usize| y[((t * 8 + h) * 8 + w) * 18 + c];
        for (t, h, w, c) in
            (0..3).flat_map(|t| (0..7).flat_map(move |h| (0..7 * 18).map(move |i| (t, h, i / 18, i % 18))))
        {
            assert_eq!(at(&y, t, h, w, c), at(&moved, t + 1, h + 1, w + 1, c));
        }
    }
}
