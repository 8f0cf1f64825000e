//! What is built upon tile instructions, on the model of them: blocks, fillings and strides are right wherever this is built.

use super::{Fast, Precision};
use crate::arch::Isa;
use crate::bf16::round_to_bf16;
use crate::{Conv3d, Kernels, Volume};

fn values(key: usize, n: usize) -> Vec<f32> {
    (0..n).map(|at| round_to_bf16(((at * 131 + key * 17) % 509) as f32 / 509.0 - 0.5)).collect()
}

/// Both in bf16; they differ in the order of sums alone.
fn on(isa: Isa) -> Fast {
    Fast::on(isa, Precision::Bf16).expect("everywhere").on_tiles_alone()
}

#[track_caller]
fn assert_close(what: &str, got: &[f32], expected: &[f32]) {
    let size = expected.iter().fold(1e-20_f32, |max, value| max.max(value.abs()));
    for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= 5e-6 * size, "{what}: value {at} is {got}, expected {expected} of {size}");
    }
}

fn run(fast: &Fast, shape: &Conv3d) -> [Vec<f32>; 3] {
    let (x, dy, weight) = (values(1, shape.input.len()), values(2, shape.output().len()), values(3, shape.n_weights()));
    let bias = values(4, shape.out_channels);
    let mut dbias = bias.clone();
    let mut out = [vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], vec![f32::NAN; weight.len()]];
    // Twice: the second meets scratch memory that the first has written.
    for _ in 0..2 {
        fast.conv3d_forward(shape, &x, &weight, &bias, &mut out[0]);
        fast.conv3d_input_gradient(shape, &dy, &weight, &mut out[1]);
        fast.conv3d_weight_gradient(shape, &x, &dy, &mut out[2], &mut dbias);
    }
    out
}

#[test]
fn convolutions_on_tiles_match_the_portable_path() {
    let layers: [([usize; 5], usize, [usize; 3], [usize; 3]); 16] = [
        ([2, 3, 9, 32, 3], 32, [7, 7, 7], [1, 1, 1]),
        // Down the columns of a frame.
        ([1, 3, 16, 32, 3], 32, [3, 7, 7], [1, 1, 1]),
        ([2, 2, 16, 8, 16], 8, [3, 3, 3], [1, 1, 1]),
        ([1, 3, 5, 16, 32], 64, [5, 5, 5], [1, 1, 1]),
        ([1, 3, 8, 8, 40], 33, [3, 3, 3], [1, 1, 1]),
        ([2, 1, 4, 4, 32], 32, [3, 3, 3], [1, 1, 1]),
        ([2, 1, 2, 2, 32], 32, [3, 3, 3], [1, 2, 2]),
        ([1, 5, 4, 4, 16], 16, [5, 5, 5], [3, 2, 2]),
        ([1, 3, 6, 16, 32], 3, [7, 7, 7], [3, 2, 2]),
        ([1, 2, 3, 32, 3], 8, [7, 7, 7], [1, 1, 1]),
        ([3, 2, 3, 7, 5], 19, [1, 3, 7], [1, 1, 1]),
        ([1, 1, 1, 1, 1], 1, [1, 1, 1], [1, 1, 1]),
        // Lines longer than a block of voxels, lines of which three share one, and an odd number of lines.
        ([1, 2, 3, 40, 3], 20, [3, 3, 3], [1, 1, 1]),
        ([2, 3, 6, 8, 5], 17, [3, 5, 5], [1, 1, 1]),
        ([2, 2, 7, 16, 16], 24, [3, 5, 3], [1, 1, 1]),
        ([1, 2, 5, 70, 2], 4, [1, 3, 5], [1, 1, 1]),
    ];
    let (tiles, portable) = (on(Isa::AmxModel), on(Isa::Portable));
    for ([batch, frames, height, width, channels], out_channels, kernel, upsample) in layers {
        let shape = Conv3d { input: Volume { batch, frames, height, width, channels }, out_channels, kernel, upsample };
        let (got, expected) = (run(&tiles, &shape), run(&portable, &shape));
        for (part, (got, expected)) in
            ["output", "input gradient", "weight gradient"].iter().zip(got.iter().zip(&expected))
        {
            assert_close(&format!("{part} of {shape:?}"), got, expected);
        }
    }
}

#[test]
fn dense_layers_on_tiles_match_the_portable_path() {
    for (n_rows, n_in, n_out) in [
        (1, 1, 1),
        (90, 140, 512),
        (7, 16, 32),
        (65, 33, 49),
        (33, 100, 3),
        (1030, 18, 70),
        (50, 1030, 35),
        (13, 66, 1030),
    ] {
        let run = |fast: &Fast| {
            let (x, dy, weight) = (values(1, n_rows * n_in), values(2, n_rows * n_out), values(3, n_in * n_out));
            let bias = values(4, n_out);
            let mut out = [dy.clone(), x.clone(), weight.clone(), bias.clone()];
            let [y, dx, dw, db] = &mut out;
            fast.linear_forward(n_rows, &x, &weight, &bias, y);
            fast.linear_input_gradient(n_rows, &dy, &weight, dx);
            fast.linear_weight_gradient(n_rows, &x, &dy, dw, db);
            out
        };
        for (got, expected) in run(&on(Isa::AmxModel)).iter().zip(&run(&on(Isa::Portable))) {
            assert_close(&format!("{n_rows} x {n_in} -> {n_out}"), got, expected);
        }
    }
}
