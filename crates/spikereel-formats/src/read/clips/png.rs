//! A PNG file: gray, palette or color, of 1 to 16 bits.

use super::frame::{Frame, check_size, to_byte};
use super::{damaged, open};
use ::png::{BitDepth, Decoder, Limits, Transformations};
use spikereel_data::{DataError, Result};
use std::path::Path;

/// Memory of the decoder itself.
const MAX_BYTES: usize = 1 << 30;

/// Reads the picture.
pub(super) fn picture(path: &Path) -> Result<Frame> {
    let mut decoder = Decoder::new_with_limits(open(path)?, Limits { bytes: MAX_BYTES });
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(|error| damaged("PNG file", error))?;
    let (height, width) = check_size(info.height, info.width)?;
    let mut reader = decoder.read_info().map_err(|error| damaged("PNG file", error))?;
    if reader.info().animation_control().is_some() {
        return Err(DataError::new("file", "one picture in a PNG file", "an animation")
            .hint("save it as GIF, or its frames as a folder of PNG files"));
    }
    let n_bytes = reader.output_buffer_size().ok_or_else(|| damaged("PNG file", "a size that cannot be counted"))?;
    let (color, depth) = reader.output_color_type();
    let mut samples = vec![0; n_bytes];
    let output = reader.next_frame(&mut samples).map_err(|error| damaged("PNG file", error))?;
    samples.truncate(output.buffer_size());
    if depth == BitDepth::Sixteen {
        samples = samples.chunks_exact(2).map(|pair| to_byte(u16::from_be_bytes([pair[0], pair[1]]))).collect();
    }
    Frame::of_samples(height, width, color.samples(), samples)
}
