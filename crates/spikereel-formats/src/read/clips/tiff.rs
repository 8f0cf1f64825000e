//! A TIFF file: a picture a page, gray or color, of 8 or 16 bits.

use super::frame::{Frame, check_size, to_byte};
use super::sink::Frames;
use super::{damaged, open};
use ::tiff::ColorType;
use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use ::tiff::tags::Tag;
use spikereel_data::{DataError, Result};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Memory of the decoder itself.
const MAX_BYTES: usize = 1 << 30;

/// Reads the only page.
pub(super) fn picture(path: &Path) -> Result<Frame> {
    let mut decoder = decoder(path)?;
    let frame = page(&mut decoder)?;
    if decoder.more_images() {
        return Err(DataError::new("file", "one page in a frame of a folder", "several")
            .hint("name the TIFF file itself as the clip, or save each page as a file"));
    }
    Ok(frame)
}

/// Reads all pages, as a clip.
pub(super) fn read(path: &Path, sink: &mut dyn Frames) -> Result<()> {
    let mut decoder = decoder(path)?;
    for at in 0.. {
        let place = |error: DataError| DataError { field: format!("page {at}, {}", error.field), ..error };
        if !page(&mut decoder).and_then(|frame| sink.push(&frame, 1)).map_err(place)? || !decoder.more_images() {
            break;
        }
        decoder.next_image().map_err(|error| place(damaged("TIFF file", error)))?;
    }
    Ok(())
}

fn decoder(path: &Path) -> Result<Decoder<BufReader<File>>> {
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (MAX_BYTES, MAX_BYTES);
    Ok(Decoder::new(open(path)?).map_err(|error| damaged("TIFF file", error))?.with_limits(limits))
}

fn page(decoder: &mut Decoder<BufReader<File>>) -> Result<Frame> {
    let fail = |error| damaged("TIFF file", error);
    let (width, height) = decoder.dimensions().map_err(fail)?;
    let (height, width) = check_size(height, width)?;
    let color = decoder.colortype().map_err(fail)?;
    let planes = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(fail)?;
    let n_each = match color {
        ColorType::Gray(8 | 16) => Some(1),
        ColorType::GrayA(8 | 16) => Some(2),
        ColorType::RGB(8 | 16) => Some(3),
        ColorType::RGBA(8 | 16) => Some(4),
        _ => None,
    };
    let refuse = |got: String| {
        DataError::new("pixels", "gray or RGB of 8 or 16 bits, the colors of a pixel together", got)
            .hint("save the pictures again in such a form, or as PNG")
    };
    let Some(n_each) = n_each else {
        return Err(refuse(format!("{color:?}")));
    };
    if n_each > 1 && planes == Some(2) {
        return Err(refuse("a plane a color".into()));
    }
    let samples = match decoder.read_image().map_err(fail)? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(to_byte).collect(),
        _ => return Err(refuse("floats or signed numbers".into())),
    };
    Frame::of_samples(height, width, n_each, &samples)
}
