//! One picture: stored values to red, green and blue bytes.

use crate::Result;
use crate::read::clips::Shrink;
use crate::read::hdf::{Dtype, HdfDataset};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Largest picture, in values.
const MAX_VALUES: usize = 1 << 28;

/// How pictures stand in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PictureOptions {
    /// The first axis of a picture is its width, as the schema has it. Many files hold height first, which is the default here; a preview shows which it is.
    pub transpose: bool,
    /// Order of colors.
    pub colors: ColorOrder,
    /// The value that is full light; the largest value of unsigned numbers and 1 for floats where left out.
    pub full_scale: Option<f64>,
}

/// Order of the colors of a pixel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorOrder {
    /// Red, green, blue, as the schema has it.
    #[default]
    Rgb,
    /// Blue, green, red, as OpenCV has it.
    Bgr,
}

/// A picture, `[row, column, rgb]`, 0 black to 255 full light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height * width * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Averaged down to a square of `px` rows and columns; each pixel is the mean of the area it covers, rounded. A picture that is not
    /// square is squeezed.
    ///
    /// # Errors
    /// `px` of 0, or above the picture's height or width.
    pub fn averaged(self, px: usize) -> spikereel_data::Result<Self> {
        let mut shrink = Shrink::new(self.height, self.width, px)?;
        if (self.height, self.width) == (px, px) {
            return Ok(self);
        }
        let mut rgb = Vec::with_capacity(px * px * 3);
        shrink.apply(&self.rgb, &mut rgb);
        Ok(Self { height: px, width: px, rgb })
    }
}

/// Axes of one stored picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    first: usize,
    second: usize,
    colors: usize,
}

fn layout(data: &HdfDataset<'_>, axes: &[usize]) -> Result<Layout> {
    let (first, second, colors) = match *axes {
        [first, second] => (first, second, 1),
        [first, second, colors @ (1 | 3 | 4)] => (first, second, colors),
        _ => {
            let hint = if axes.first() == Some(&3) { "colors stand first; store them as the last axis" } else { "" };
            let expected = "pictures of two axes, and 1, 3 or 4 colors as the last";
            return Err(data.fault_hint(expected, format!("axes {axes:?}"), hint));
        }
    };
    let n_values = first.checked_mul(second).and_then(|n| n.checked_mul(colors.max(3)));
    if n_values.is_none_or(|n| n == 0 || n > MAX_VALUES) {
        return Err(data.fault(format!("pictures of 1 to {MAX_VALUES} values"), format!("axes {axes:?}")));
    }
    Ok(Layout { first, second, colors })
}

/// The picture in some rows of the first axis: one frame of a movie, or all rows of a picture of its own.
pub(super) fn read(
    data: &HdfDataset<'_>,
    rows: Range<usize>,
    axes: &[usize],
    options: &PictureOptions,
) -> Result<Picture> {
    let layout = layout(data, axes)?;
    let values = bytes(data, rows, options.full_scale)?;
    if values.len() != layout.first * layout.second * layout.colors {
        return Err(data.fault(format!("one picture of axes {axes:?}"), format!("{} values", values.len())));
    }
    let (height, width) = if options.transpose { (layout.second, layout.first) } else { (layout.first, layout.second) };
    let order = match (layout.colors, options.colors) {
        (1, _) => [0, 0, 0],
        (_, ColorOrder::Rgb) => [0, 1, 2],
        (_, ColorOrder::Bgr) => [2, 1, 0],
    };
    let mut rgb = Vec::with_capacity(height * width * 3);
    for row in 0..height {
        for column in 0..width {
            let pixel = if options.transpose { column * layout.second + row } else { row * layout.second + column };
            rgb.extend(order.map(|color| values[pixel * layout.colors + color]));
        }
    }
    Ok(Picture { height, width, rgb })
}

/// Values from 0 to 255.
fn bytes(data: &HdfDataset<'_>, rows: Range<usize>, full_scale: Option<f64>) -> Result<Vec<u8>> {
    let full = match (full_scale, data.dtype()) {
        (None, Dtype::Int { size: 1, signed: false, .. }) => return data.u8_rows(rows),
        (Some(full), _) if full.is_finite() && full > 0.0 => full,
        (Some(full), _) => return Err(data.fault("full_scale above 0", full.to_string())),
        (None, Dtype::Int { size: 2, signed: false, .. }) => f64::from(u16::MAX),
        (None, Dtype::Float { .. }) => 1.0,
        (None, other) => {
            let hint = "give `full_scale` (--full-scale), the value that is full light";
            return Err(data.fault_hint("uint8, uint16 or floats", other.to_string(), hint));
        }
    };
    let start = rows.start;
    let values = data.f64_rows(rows)?;
    if let Some(value) = values.iter().find(|value| !(0.0..=full * (1.0 + 1e-6)).contains(*value)) {
        let hint = "give `full_scale` (--full-scale), the value that is full light (255 where floats hold bytes)";
        return Err(data.fault_hint(format!("values from 0 to {full}"), format!("{value} from row {start}"), hint));
    }
    Ok(values.into_iter().map(|value| (value / full * 255.0).round() as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averaging_keeps_the_mean_and_covers_parts_of_pixels() {
        let rgb: Vec<u8> = [0, 60, 120, 180, 240, 30].iter().flat_map(|&value| [value, 255, 0]).collect();
        let picture = Picture { height: 2, width: 3, rgb };
        let small = picture.clone().averaged(2).unwrap();
        // Columns of 1.5 pixels: (0 * 1 + 60 * .5) / 1.5 and (60 * .5 + 120 * 1) / 1.5, of the second row 200 and 100.
        assert_eq!(small.rgb.iter().step_by(3).copied().collect::<Vec<u8>>(), [20, 100, 200, 100]);
        assert!(small.rgb.iter().skip(1).step_by(3).all(|&green| green == 255));
        assert!(picture.clone().averaged(0).is_err() && picture.averaged(3).is_err());
    }
}
