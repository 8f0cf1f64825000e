//! One picture: rows of red, green and blue bytes.

use spikereel_data::{DataError, Result};

/// Pixels of a picture, at most.
const MAX_PIXELS: usize = 1 << 26;

/// A picture, `[row, column, rgb]`, 0 black to 255 full light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) rgb: Vec<u8>,
}

/// Height and width that may be decoded.
pub(super) fn check_size(height: u32, width: u32) -> Result<(usize, usize)> {
    let (rows, columns) = (height as usize, width as usize);
    let n_pixels = rows.checked_mul(columns);
    if n_pixels.is_none_or(|n| n == 0 || n > MAX_PIXELS) {
        let expected = format!("pictures of 1 to {MAX_PIXELS} pixels");
        return Err(DataError::new("size", expected, format!("{height} x {width}")).hint("reduce the pictures first"));
    }
    Ok((rows, columns))
}

impl Frame {
    /// From samples of 1 (gray), 2 (gray and opacity), 3 (colors) or 4 (colors and opacity) values a pixel.
    ///
    /// # Errors
    /// Pixels that are not opaque; as many samples as the size does not have.
    pub(super) fn of_samples(height: usize, width: usize, n_each: usize, samples: &[u8]) -> Result<Self> {
        if samples.len() != height * width * n_each || !(1..=4).contains(&n_each) {
            let expected = format!("{height} x {width} pixels of {n_each} values");
            return Err(DataError::new("size", expected, format!("{} values", samples.len())));
        }
        let mut rgb = Vec::with_capacity(height * width * 3);
        for (at, pixel) in samples.chunks_exact(n_each).enumerate() {
            let opacity = if n_each.is_multiple_of(2) { pixel[n_each - 1] } else { 255 };
            if opacity != 255 {
                let got = format!("opacity {opacity} of 255 at row {}, column {}", at / width, at % width);
                return Err(DataError::new("pixels", "opaque ones", got)
                    .hint("save the pictures on the background that was shown, without transparency"));
            }
            let colors = if n_each < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] };
            rgb.extend(colors);
        }
        Ok(Self { height, width, rgb })
    }
}

/// 16 bits to 8, rounded.
pub(super) fn to_byte(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}

#[cfg(test)]
mod tests {
    #[test]
    fn sixteen_bits_are_rounded() {
        assert_eq!([0, 128, 129, 257, 65_406, 65_407, 65_535].map(super::to_byte), [0, 0, 1, 1, 254, 255, 255]);
    }
}
