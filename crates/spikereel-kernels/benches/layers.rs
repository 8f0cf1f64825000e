//! Each convolution of the published decoder on each instruction set and precision: `cargo bench -p spikereel-kernels -- [layer] [isa] [precision]`.
//!
//! A result is held to the portable path's before its time is taken. One thread unless `RAYON_NUM_THREADS` says otherwise.

use spikereel_kernels::fast::{Fast, Precision};
use spikereel_kernels::{Conv3d, Isa, Kernels, Volume};
use std::time::Instant;

const BATCH: usize = 8;
const N_RUNS: usize = 7;

/// Name; frames, rows, columns; channels in and out; kernel; upsampling.
type Layer = (&'static str, [usize; 3], [usize; 2], usize, [usize; 3]);

const LAYERS: [Layer; 8] = [
    ("encoder.0", [45, 32, 32], [3, 32], 7, [1, 1, 1]),
    ("encoder.4", [15, 16, 16], [32, 64], 5, [1, 1, 1]),
    ("encoder.8", [5, 8, 8], [64, 128], 3, [1, 1, 1]),
    ("encoder.12", [1, 4, 4], [128, 128], 3, [1, 1, 1]),
    ("decoder.1", [1, 2, 2], [128, 128], 3, [1, 2, 2]),
    ("decoder.5", [1, 4, 4], [128, 64], 3, [5, 2, 2]),
    ("decoder.9", [5, 8, 8], [64, 32], 5, [3, 2, 2]),
    ("decoder.13", [15, 16, 16], [32, 3], 7, [3, 2, 2]),
];

fn ramp(n: usize, period: usize) -> Vec<f32> {
    (0..n).map(|at| (at * 31 % period) as f32 / period as f32 - 0.5).collect()
}

/// Output, input gradient, weight gradient, and the median seconds of each.
fn run(fast: &Fast, conv: &Conv3d, n_runs: usize) -> ([Vec<f32>; 3], [f64; 3]) {
    let (x, dy, weight) = (ramp(conv.input.len(), 251), ramp(conv.output().len(), 127), ramp(conv.n_weights(), 61));
    let bias = ramp(conv.out_channels, 7);
    let mut out = [vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], vec![f32::NAN; weight.len()]];
    let mut dbias = bias.clone();
    let secs = std::array::from_fn(|which| {
        let out = &mut out[which];
        let mut call = || {
            let began = Instant::now();
            match which {
                0 => fast.conv3d_forward(conv, &x, &weight, &bias, out),
                1 => fast.conv3d_input_gradient(conv, &dy, &weight, out),
                _ => fast.conv3d_weight_gradient(conv, &x, &dy, out, &mut dbias),
            }
            began.elapsed().as_secs_f64()
        };
        let mut secs: Vec<f64> = (0..n_runs).map(|_| call()).collect();
        secs.sort_by(f64::total_cmp);
        secs[n_runs / 2]
    });
    (out, secs)
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |names: [&str; 3]| wanted.iter().all(|word| names.contains(&word.as_str()));
    let n_threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build_global().expect("threads");
    println!(
        "{n_threads} threads, batch {BATCH}; GFLOP/s of the products that tiles need with upsampling folded; what is made of the measured peak of all threads, in percent"
    );
    for (name, [frames, height, width], [n_in, n_out], kernel, upsample) in LAYERS {
        let input = Volume { batch: BATCH, frames, height, width, channels: n_in };
        let conv = Conv3d { input, out_channels: n_out, kernel: [kernel; 3], upsample };
        let mut expected = [None, None];
        for precision in [Precision::F32, Precision::Bf16] {
            for isa in Isa::ALL {
                let Some(fast) = Fast::on(isa, precision) else { continue };
                if !is_wanted([name, isa.name(), precision.name()]) {
                    continue;
                }
                let over = if fast.runs_over_spectra(&conv) { "spectra" } else { "tiles" };
                let (got, secs) = run(&fast, &conv, N_RUNS);
                // What tiles alone take, beside it in the same minute.
                let of_tiles = (over == "spectra")
                    .then(|| run(&Fast::on(isa, precision).expect("as above").on_tiles_alone(), &conv, N_RUNS).1);
                // Spectra do not round operands to bf16: they are held to f32 in both precisions.
                let of = if over == "spectra" { Precision::F32 } else { precision };
                let portable = || run(&Fast::on(Isa::Portable, of).expect("everywhere").on_tiles_alone(), &conv, 1).0;
                let expected = expected[usize::from(of == Precision::Bf16)].get_or_insert_with(portable);
                for (got, expected) in got.iter().zip(expected.iter()) {
                    let size = expected.iter().fold(0.0_f32, |max, value| max.max(value.abs()));
                    let off = got.iter().zip(expected).fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()));
                    assert!(off <= 1e-5 * size, "{name} on {}: off by {off} of {size}", isa.name());
                }
                let gflop = 2e-9 * conv.n_folded_products() as f64;
                let peak = 1e-9 * Fast::on(isa, of).expect("as above").measured_peak() * n_threads as f64;
                for (at, direction) in ["forward", "input gradient", "weight gradient"].into_iter().enumerate() {
                    let (ms, rate) = (secs[at] * 1e3, gflop / secs[at]);
                    let beside = of_tiles.map_or_else(String::new, |secs| format!(", tiles {:.2} ms", secs[at] * 1e3));
                    println!(
                        "{name:<11} {direction:<16} {:<10} {:<5} {over:<7} {ms:>9.2} ms {rate:>6.0} GFLOP/s {:>4.0} %{beside}",
                        isa.name(),
                        precision.name(),
                        100e-9 * fast.operations(&conv)[at] / secs[at] / peak
                    );
                }
            }
        }
    }
}
