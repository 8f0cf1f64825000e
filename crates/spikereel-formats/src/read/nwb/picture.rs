//! One picture: stored values to red, green and blue bytes.

use crate::Result;
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
            let hint = "give `full_scale`, the value that is full light";
            return Err(data.fault_hint("uint8, uint16 or floats", other.to_string(), hint));
        }
    };
    let start = rows.start;
    let values = data.f64_rows(rows)?;
    if let Some(value) = values.iter().find(|value| !(0.0..=full * (1.0 + 1e-6)).contains(*value)) {
        let hint = "give `full_scale`, the value that is full light (255 where floats hold bytes)";
        return Err(data.fault_hint(format!("values from 0 to {full}"), format!("{value} from row {start}"), hint));
    }
    Ok(values.into_iter().map(|value| (value / full * 255.0).round() as u8).collect())
}
