//! Values from a fixed formula, every instruction set of the machine, and one comparison with the definition.

use spikereel_kernels::fast::{Fast, Precision};
use spikereel_kernels::{Isa, round_to_bf16};

/// `n` values in -1..1, rounded to f32, from SplitMix64 of a counter and a key.
pub fn values(key: u64, n: usize) -> Vec<f32> {
    let mix = |at: u64| {
        let mut z = key.wrapping_mul(0xD6E8_FEB8_6659_FD93).wrapping_add((at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 23) - 1.0) as f32
    };
    (0..n as u64).map(mix).collect()
}

/// The same values, wide.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// An output that holds what no kernel may let through.
pub fn poisoned(n: usize) -> Vec<f32> {
    vec![f32::NAN; n]
}

/// The same as [`values`], as far as operands of `precision` can hold them.
pub fn operands(precision: Precision, key: u64, n: usize) -> Vec<f32> {
    let exact = values(key, n);
    match precision {
        Precision::F32 => exact,
        Precision::Bf16 => exact.into_iter().map(round_to_bf16).collect(),
    }
}

/// Both precisions.
pub const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::Bf16];

/// The fast kernels on each instruction set that this processor has, with the choice between tiles and spectra and on tiles alone.
pub fn engines_in(precision: Precision) -> Vec<Fast> {
    let on = |isa: Isa| Fast::on(isa, precision).into_iter().chain(Fast::on(isa, precision).map(Fast::on_tiles_alone));
    let engines: Vec<Fast> = Isa::ALL.into_iter().flat_map(on).collect();
    assert!(!engines.is_empty());
    engines
}

/// Holds `got` to `expected`: the largest difference stays below `tolerance` of the largest expected value.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-30_f64, |max, value| max.max(value.abs()));
    for (at, (&got, expected)) in got.iter().zip(expected).enumerate() {
        let difference = (f64::from(got) - expected).abs() / scale;
        assert!(difference <= tolerance, "{what}: value {at} is {got}, expected {expected} (largest {scale})");
    }
}
