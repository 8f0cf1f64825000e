//! bf16, the upper half of an f32: 8 bits of exponent, 7 of fraction.

/// Rounds to the nearest bf16, ties to even, and gives its bits. NaN stays NaN.
#[inline(always)]
pub fn to_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    let quiet = (bits >> 16) | 0x40;
    (if value.is_nan() { quiet } else { rounded }) as u16
}

/// The value behind the bits of a bf16.
#[inline(always)]
pub fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The nearest value that bf16 holds.
pub fn round_to_bf16(value: f32) -> f32 {
    from_bf16(to_bf16(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_even_and_what_cannot_be_held_stays_what_it_is() {
        let unit = 2.0_f32.powi(-7);
        assert_eq!(round_to_bf16(1.0 + 0.5 * unit), 1.0);
        assert_eq!(round_to_bf16(1.0 + 1.5 * unit), 1.0 + 2.0 * unit);
        assert_eq!(round_to_bf16(1.0 + 0.51 * unit), 1.0 + unit);
        assert_eq!(round_to_bf16(-0.0).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(round_to_bf16(f32::MAX), f32::INFINITY);
        assert_eq!(round_to_bf16(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(round_to_bf16(f32::NAN).is_nan());
        assert!(round_to_bf16(f32::from_bits(0x7f80_0001)).is_nan());
    }

    #[test]
    fn every_bf16_comes_back_as_it_was() {
        for bits in 0..=u16::MAX {
            let value = from_bf16(bits);
            assert!(value.is_nan() || to_bf16(value) == bits);
        }
    }
}
