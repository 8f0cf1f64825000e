//! A clip as one picture: frames below one another in an RGB PNG, as base64. Small, exact, and readable by any program.

use crate::{Result, base64};
use spikereel_data::DataError;

/// Largest sheet read, in bytes of pixels; keeps a hostile file from filling memory.
const MAX_SHEET_BYTES: usize = 64 << 20;

/// A decoded sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Frames.
    pub n_frames: usize,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    /// `[frame, height, width, rgb]`.
    pub pixels: Vec<u8>,
}

impl Sheet {
    /// One frame's pixels, `[height, width, rgb]`.
    ///
    /// # Panics
    /// Where `frame_idx` is not below `n_frames`.
    pub fn frame(&self, frame_idx: usize) -> &[u8] {
        let n = self.height * self.width * 3;
        &self.pixels[frame_idx * n..(frame_idx + 1) * n]
    }
}

/// Base64 of the PNG of a clip. The same pixels always give the same text.
///
/// # Shapes
/// - pixels: `[frame, height, width, rgb]`, 0..=255
///
/// # Errors
/// Where an axis is empty, the length does not fit the axes, or the clip is larger than 64 MiB.
pub fn encode_sheet(pixels: &[u8], n_frames: usize, height: usize, width: usize) -> Result<String> {
    let expected = n_frames.checked_mul(height).and_then(|n| n.checked_mul(width)).and_then(|n| n.checked_mul(3));
    if expected != Some(pixels.len()) || pixels.is_empty() || pixels.len() > MAX_SHEET_BYTES {
        let got = format!("{} bytes", pixels.len());
        let expected = format!("{n_frames} frames of {height} x {width} x 3 bytes, at most {MAX_SHEET_BYTES} in all");
        return Err(DataError::new("clip", expected, got).into());
    }
    let png = png_from_rgb(pixels, n_frames * height, width)?;
    Ok(base64::encode(&png))
}

/// Pixels from a clip's text; `n_frames` frames of one size.
///
/// # Errors
/// Where it is not base64, not an RGB PNG of 8 bits, too large, or its rows are no whole number of frames.
pub fn decode_sheet(text: &str, n_frames: usize) -> Result<Sheet> {
    let fault = |got: String| DataError::new("sheet", "base64 of an 8-bit RGB PNG, its frames below one another", got);
    let bytes = base64::decode(text).ok_or_else(|| fault("text that is not base64".into()))?;
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(|e| fault(e.to_string()))?;
    let (width, rows) = (reader.info().width as usize, reader.info().height as usize);
    let is_rgb = reader.info().color_type == png::ColorType::Rgb && reader.info().bit_depth == png::BitDepth::Eight;
    let n_bytes = rows.checked_mul(width).and_then(|n| n.checked_mul(3)).unwrap_or(usize::MAX);
    if !is_rgb || n_frames == 0 || !rows.is_multiple_of(n_frames) || n_bytes > MAX_SHEET_BYTES {
        let got = format!("{width} x {rows} pixels, {:?}, for {n_frames} frames", reader.info().color_type);
        return Err(fault(got).into());
    }
    let mut pixels = vec![0; n_bytes];
    reader.next_frame(&mut pixels).map_err(|e| fault(e.to_string()))?;
    Ok(Sheet { n_frames, height: rows / n_frames, width, pixels })
}

/// The PNG of RGB pixels `[height, width, rgb]`.
pub(crate) fn png_from_rgb(pixels: &[u8], height: usize, width: usize) -> Result<Vec<u8>> {
    let draw = |error: png::EncodingError| crate::Error::Draw(error.to_string());
    let size = |n: usize| u32::try_from(n).map_err(|_| crate::Error::Draw(format!("picture of {n} rows or columns")));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size(width)?, size(height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().map_err(draw)?;
    writer.write_image_data(pixels).map_err(draw)?;
    writer.finish().map_err(draw)?;
    Ok(bytes)
}

/// A `data:` address of a picture that needs nothing from outside.
pub(crate) fn data_uri_from_rgb(pixels: &[u8], height: usize, width: usize) -> Result<String> {
    Ok(format!("data:image/png;base64,{}", base64::encode(&png_from_rgb(pixels, height, width)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_comes_back_byte_for_byte_and_always_as_the_same_text() {
        let pixels: Vec<u8> = (0..3 * 4 * 5 * 3_usize).map(|n| (n * 37 % 256) as u8).collect();
        let text = encode_sheet(&pixels, 3, 4, 5).unwrap();
        assert_eq!(text, encode_sheet(&pixels, 3, 4, 5).unwrap());
        let sheet = decode_sheet(&text, 3).unwrap();
        assert_eq!((sheet.n_frames, sheet.height, sheet.width), (3, 4, 5));
        assert_eq!(sheet.pixels, pixels);
        assert_eq!(sheet.frame(2), &pixels[2 * 60..]);
    }

    #[test]
    fn a_sheet_that_is_none_is_an_error_and_no_panic() {
        let text = encode_sheet(&[9; 2 * 2 * 2 * 3], 2, 2, 2).unwrap();
        for (text, n_frames) in
            [("AAAA", 1), ("not base64", 1), (&text[..text.len() - 8], 2), (text.as_str(), 3), (&text, 0)]
        {
            assert!(decode_sheet(text, n_frames).is_err());
        }
        assert!(encode_sheet(&[0; 11], 1, 2, 2).is_err());
        assert!(encode_sheet(&[], 0, 0, 0).is_err());
    }
}
