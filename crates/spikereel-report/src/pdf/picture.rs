//! A picture of a drawing in the PDF: 8-bit RGB, its pixels kept hard.

use super::deflated;
use crate::{Error, Result, base64};
use pdf_writer::{Filter, Finish, Pdf, Ref};

/// Largest picture, in bytes as decoded; keeps a hostile file from filling memory.
const MAX_BYTES: usize = 64 << 20;

/// Writes a picture from its `data:` address and returns its reference.
pub(super) fn write(pdf: &mut Pdf, id: Ref, address: &str) -> Result<Ref> {
    let (width, height, pixels) = rgb_pixels(address).ok_or_else(|| Error::Draw("a picture that is no PNG".into()))?;
    let size = |n: u32| i32::try_from(n).map_err(|error| Error::Draw(error.to_string()));
    let bytes = deflated(&pixels)?;
    let mut object = pdf.image_xobject(id, &bytes);
    object.filter(Filter::FlateDecode);
    object.width(size(width)?).height(size(height)?).bits_per_component(8).interpolate(false);
    object.color_space().device_rgb();
    object.finish();
    Ok(id)
}

/// Width, height and pixels; what is see-through stands on white.
fn rgb_pixels(address: &str) -> Option<(u32, u32, Vec<u8>)> {
    let bytes = base64::decode(address.split_once("base64,")?.1)?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let n_bytes = reader.output_buffer_size().filter(|n| *n <= MAX_BYTES)?;
    let mut raw = vec![0; n_bytes];
    let info = reader.next_frame(&mut raw).ok()?;
    raw.truncate(info.buffer_size());
    let on_white = |value: u8, alpha: u8| (255 - (u16::from(alpha) * (255 - u16::from(value)) / 255)) as u8;
    let pixels = match info.color_type {
        png::ColorType::Rgb => raw,
        png::ColorType::Grayscale => raw.iter().flat_map(|value| [*value; 3]).collect(),
        png::ColorType::GrayscaleAlpha => raw.chunks_exact(2).flat_map(|p| [on_white(p[0], p[1]); 3]).collect(),
        png::ColorType::Rgba => raw.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|idx| on_white(p[idx], p[3]))).collect(),
        png::ColorType::Indexed => return None,
    };
    Some((info.width, info.height, pixels))
}
