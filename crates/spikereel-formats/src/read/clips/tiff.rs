//! A TIFF file: a picture a page, gray or color, of 8 or 16 bits.

use super::frame::{Frame, check_size, to_byte};
use super::sink::Sink;
use super::{damaged, open};
use ::tiff::ColorType;
use ::tiff::decoder::{Decoder, DecodingSampleType, Limits};
use ::tiff::tags::Tag;
use spikereel_data::{DataError, Result};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Memory of the decoder itself, at most.
const MAX_BYTES: usize = 1 << 30;
/// Bytes that a byte of a file can stand for: LZW of one color reaches 1,370, deflate 1,032. A file that declares more is not believed.
const MAX_RATIO: u64 = 1400;
/// Memory for the smallest files.
const MIN_BYTES: usize = 1 << 16;

/// Reads the only page.
pub(super) fn picture(path: &Path) -> Result<Frame> {
    let mut decoder = decoder(path)?;
    let frame = page(&mut decoder, |_, _| Ok(()))?;
    if decoder.more_images() {
        return Err(DataError::new("file", "one page in a frame of a folder", "several")
            .hint("name the TIFF file itself as the clip, or save each page as a file"));
    }
    Ok(frame)
}

/// Reads all pages, as a clip.
pub(super) fn read(path: &Path, sink: &mut Sink) -> Result<()> {
    let mut decoder = decoder(path)?;
    for at in 0.. {
        let place = |error: DataError| DataError { field: format!("page {at}, {}", error.field), ..error };
        if !page(&mut decoder, |height, width| sink.check_size(height, width))
            .and_then(|frame| sink.push(&frame, 1))
            .map_err(place)?
            || !decoder.more_images()
        {
            break;
        }
        decoder.next_image().map_err(|error| place(damaged("TIFF file", error)))?;
    }
    Ok(())
}

fn decoder(path: &Path) -> Result<Decoder<BufReader<File>>> {
    let mut file = open(path)?;
    let len = file.get_ref().metadata().map_err(|error| damaged("TIFF file", error))?.len();
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (most_bytes(len), most_bytes(len));
    super::tiff_tags::check(&mut file, len)?;
    Ok(Decoder::new(file).map_err(|error| damaged("TIFF file", error))?.with_limits(limits))
}

/// What a file of this length may decode to.
fn most_bytes(len: u64) -> usize {
    usize::try_from(len.saturating_mul(MAX_RATIO)).unwrap_or(MAX_BYTES).clamp(MIN_BYTES, MAX_BYTES)
}

/// The present page, where `check` takes its height and width.
fn page(decoder: &mut Decoder<BufReader<File>>, check: impl FnOnce(usize, usize) -> Result<()>) -> Result<Frame> {
    let fail = |error| damaged("TIFF file", error);
    let (width, height) = decoder.dimensions().map_err(fail)?;
    let (height, width) = check_size(height, width)?;
    check(height, width)?;
    // Without compression a pixel takes a byte at least, whatever the limits of the decoder.
    let is_plain = decoder.find_tag_unsigned::<u16>(Tag::Compression).map_err(fail)?.is_none_or(|kind| kind == 1);
    let len = decoder.inner().get_ref().metadata().map_or(u64::MAX, |about| about.len());
    if is_plain && (height * width) as u64 > len {
        let got = format!("{len} bytes for {height} x {width} pixels without compression");
        return Err(
            DataError::new("size", "a byte for each pixel", got).hint("the file is cut off or damaged; save it again")
        );
    }
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
    let layout = decoder.image_buffer_layout().map_err(fail)?;
    if layout.len > most_bytes(len) {
        return Err(damaged("TIFF file", format!("{} bytes of pixels in a file of {len}", layout.len)));
    }
    // Room for red, green and blue from the start: growing would hold a large picture twice.
    let mut samples = vec![0; layout.len.max(3 * height * width)];
    let read = |decoder: &mut Decoder<_>, samples: &mut Vec<u8>| {
        decoder.read_image_bytes(&mut samples[..layout.len]).map_err(fail)?;
        samples.truncate(layout.len);
        Ok::<_, DataError>(())
    };
    match layout.sample_type {
        Some(DecodingSampleType::U8) => read(decoder, &mut samples)?,
        Some(DecodingSampleType::U16) => {
            read(decoder, &mut samples)?;
            let n_samples = samples.len() / 2;
            for at in 0..n_samples {
                samples[at] = to_byte(u16::from_ne_bytes([samples[2 * at], samples[2 * at + 1]]));
            }
            samples.truncate(n_samples);
        }
        _ => return Err(refuse("floats or signed numbers".into())),
    }
    Frame::of_samples(height, width, n_each, samples)
}
