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
    pub(super) fn of_samples(height: usize, width: usize, n_each: usize, mut samples: Vec<u8>) -> Result<Self> {
        let n = height * width;
        if samples.len() != n * n_each || !(1..=4).contains(&n_each) {
            let expected = format!("{height} x {width} pixels of {n_each} values");
            return Err(DataError::new("size", expected, format!("{} values", samples.len())));
        }
        if n_each.is_multiple_of(2) {
            check_opaque(&samples, n_each, width)?;
        }
        // In place, so that a large picture need not be held twice.
        if n_each < 3 {
            samples.resize(n * 3, 0);
            for at in (0..n).rev() {
                let gray = samples[at * n_each];
                samples[at * 3..at * 3 + 3].fill(gray);
            }
        } else if n_each == 4 {
            for at in 0..n {
                samples.copy_within(at * 4..at * 4 + 3, at * 3);
            }
            samples.truncate(n * 3);
        }
        Ok(Self { height, width, rgb: samples })
    }

    /// A copy of a canvas of colors and opacity that is drawn on further.
    ///
    /// # Errors
    /// Pixels that are not opaque.
    pub(super) fn of_canvas(height: usize, width: usize, canvas: &[u8]) -> Result<Self> {
        check_opaque(canvas, 4, width)?;
        let mut rgb = Vec::with_capacity(height * width * 3);
        canvas.chunks_exact(4).for_each(|pixel| rgb.extend_from_slice(&pixel[..3]));
        Ok(Self { height, width, rgb })
    }
}

fn check_opaque(samples: &[u8], n_each: usize, width: usize) -> Result<()> {
    let Some((at, pixel)) = samples.chunks_exact(n_each).enumerate().find(|(_, pixel)| pixel[n_each - 1] != 255) else {
        return Ok(());
    };
    let got = format!("opacity {} of 255 at row {}, column {}", pixel[n_each - 1], at / width, at % width);
    Err(DataError::new("pixels", "opaque ones", got)
        .hint("save the pictures on the background that was shown, without transparency"))
}

/// 16 bits to 8, rounded.
pub(super) fn to_byte(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}

#[cfg(test)]
mod tests {
    use super::Frame;

    #[test]
    fn every_kind_of_pixel_becomes_red_green_and_blue() {
        for (n_each, samples, expected) in [
            (1, vec![1, 2], [1, 1, 1, 2, 2, 2]),
            (2, vec![1, 255, 2, 255], [1, 1, 1, 2, 2, 2]),
            (3, vec![1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
            (4, vec![1, 2, 3, 255, 4, 5, 6, 255], [1, 2, 3, 4, 5, 6]),
        ] {
            assert_eq!(Frame::of_samples(1, 2, n_each, samples).unwrap().rgb, expected);
        }
        let error = Frame::of_samples(1, 2, 4, vec![1, 2, 3, 255, 4, 5, 6, 254]).unwrap_err();
        assert!(error.to_string().contains("opacity 254 of 255 at row 0, column 1"), "{error}");
        assert!(Frame::of_samples(1, 2, 1, vec![0; 3]).is_err());
    }

    #[test]
    fn sixteen_bits_are_rounded() {
        assert_eq!([0, 128, 129, 257, 65_406, 65_407, 65_535].map(super::to_byte), [0, 0, 1, 1, 254, 255, 255]);
    }
}
