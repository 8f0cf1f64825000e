//! The logistic function on whole registers.

/// `1 / (1 + exp(-x))`, within 2e-7; a number that is none stays none.
///
/// The exponential is that of Cephes' `expf`: the power of two taken off, and a polynomial of degree 5 in what is left. There is no branch
/// and no call in it, so the compiler makes whole registers of it: with the C library's `expf` and `tanhf` the two last layers' functions
/// were 5 % of a training step on AMX.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    // Beyond, the result is 0 or 1 to within 1e-37.
    1.0 / (1.0 + exp((-x).clamp(-87.0, 87.0)))
}

/// `exp(x)` for `x` in -87..=87.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// 1.5 x 2^23: adding it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let power = rounded - ROUND;
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    let mut sum = 1.987_569_2e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        sum = sum * rest + coefficient;
    }
    let mantissa = sum * rest * rest + rest + 1.0;
    let scale = f32::from_bits(rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    mantissa * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_logistic_function_to_f32s_precision() {
        for at in -2_000_000..=2_000_000 {
            let x = at as f32 * 1e-4;
            let expected = 1.0 / (1.0 + (-f64::from(x)).exp());
            let off = (f64::from(sigmoid(x)) - expected).abs();
            assert!(off <= 2e-7 * expected + 1e-37, "sigmoid({x}) is off by {off} of {expected}");
        }
        assert_eq!((sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY) < 1e-37), (1.0, true));
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
