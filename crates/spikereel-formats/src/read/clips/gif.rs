//! An animated GIF: pictures laid over one another as the file says.
//!
//! Encoders leave out pictures that equal the one before and show that one longer, so a picture stands for as many frames as its
//! time is long at the timeline's rate, rounded, and for one at least.

use super::frame::{Frame, check_size};
use super::sink::Sink;
use super::{damaged, open};
use ::gif::{ColorOutput, DecodeOptions, DisposalMethod, MemoryLimit};
use spikereel_data::{DataError, Result};
use std::num::NonZeroU64;
use std::path::Path;

/// Memory of one picture.
const MAX_BYTES: NonZeroU64 = NonZeroU64::new(1 << 28).unwrap();
/// Pixels of all pictures of a file.
const MAX_PIXELS: usize = 1 << 36;

/// Reads all pictures, as a clip; each for one frame where no rate is given.
pub(super) fn read(path: &Path, frame_rate_hz: Option<f64>, sink: &mut Sink) -> Result<()> {
    let fail = |error: ::gif::DecodingError| damaged("GIF file", error);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.check_frame_consistency(true);
    options.set_memory_limit(MemoryLimit::Bytes(MAX_BYTES));
    let mut decoder = options.read_info(open(path)?).map_err(fail)?;
    let (height, width) = check_size(decoder.height().into(), decoder.width().into())?;
    let mut canvas = vec![0; height * width * 4];
    let mut n_pixels = 0;
    for at in 0_usize.. {
        let place = |error: DataError| DataError { field: format!("picture {at}, {}", error.field), ..error };
        let Some(picture) = decoder.read_next_frame().map_err(|error| place(fail(error)))? else {
            break;
        };
        n_pixels += height * width;
        if n_pixels > MAX_PIXELS {
            let expected = format!("at most {MAX_PIXELS} pixels in one file");
            return Err(place(DataError::new("size", expected, "more").hint("reduce the pictures first")));
        }
        let area = Area {
            top: picture.top.into(),
            left: picture.left.into(),
            height: picture.height.into(),
            width: picture.width.into(),
        };
        if !area.is_within(height, width, picture.buffer.len()) {
            let got = format!("{} x {} at {}, {}", area.height, area.width, area.top, area.left);
            return Err(place(DataError::new("size", format!("pictures within {height} x {width}"), got)));
        }
        let before = (picture.dispose == DisposalMethod::Previous).then(|| canvas.clone());
        area.each_pixel(width, |on_canvas, in_picture| {
            let pixel = &picture.buffer[in_picture..in_picture + 4];
            if pixel[3] != 0 {
                canvas[on_canvas..on_canvas + 4].copy_from_slice(pixel);
            }
        });
        let delay_secs = f64::from(picture.delay) / 100.0;
        let n_shown = frame_rate_hz.map_or(1, |rate| (delay_secs * rate).round().max(1.0) as usize);
        let frame = Frame::of_canvas(height, width, &canvas).map_err(place)?;
        match picture.dispose {
            DisposalMethod::Background => {
                area.each_pixel(width, |on_canvas, _| canvas[on_canvas..on_canvas + 4].fill(0));
            }
            DisposalMethod::Previous => canvas = before.unwrap_or(canvas),
            DisposalMethod::Any | DisposalMethod::Keep => {}
        }
        if !sink.push(&frame, n_shown).map_err(place)? {
            break;
        }
    }
    Ok(())
}

/// Where a picture lies on the canvas.
#[derive(Clone, Copy)]
struct Area {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl Area {
    fn is_within(self, height: usize, width: usize, n_bytes: usize) -> bool {
        let fits = self.top + self.height <= height && self.left + self.width <= width;
        fits && n_bytes == self.height * self.width * 4
    }

    /// Calls with the first byte of each pixel, on the canvas and in the picture.
    fn each_pixel(self, canvas_width: usize, mut each: impl FnMut(usize, usize)) {
        for row in 0..self.height {
            for column in 0..self.width {
                let on_canvas = (self.top + row) * canvas_width + self.left + column;
                each(on_canvas * 4, (row * self.width + column) * 4);
            }
        }
    }
}
