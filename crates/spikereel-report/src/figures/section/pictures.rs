//! Rows of small pictures under one another.

use super::frame::TOP_PT;
use crate::check::section::picture_size;
use crate::schema::PictureRow;
use crate::svg::{Anchor, Label, Paint, Svg, text_width};

const GAP_PT: f64 = 1.5;
/// Largest side of a picture.
const MAX_SIDE_PT: f64 = 60.0;

pub(super) fn draw(rows: &[PictureRow], columns: &[String], width_pt: f64) -> Option<(Svg, String)> {
    let n_columns = rows.iter().map(|row| row.pictures.len()).max().filter(|n| *n > 0)?;
    let (width, height) = rows.iter().flat_map(|row| &row.pictures).find_map(|picture| picture_size(picture))?;
    let widest = rows.iter().map(|row| text_width(&row.label, 6.5)).fold(0.0, f64::max);
    // Where no font like Arial is installed, the one that stands in may be a sixth wider.
    let left = (1.16 * widest).min(0.28 * width_pt) + 4.0;
    let side = ((width_pt - left + GAP_PT) / n_columns as f64 - GAP_PT).min(MAX_SIDE_PT);
    let row_pt = (side * f64::from(height) / f64::from(width)).clamp(4.0, 3.0 * MAX_SIDE_PT);
    let bottom = TOP_PT + 1.0 + (row_pt + GAP_PT) * rows.len() as f64;
    let mut svg = Svg::new(width_pt, bottom + if columns.is_empty() { 1.0 } else { 10.0 });
    for (row_idx, row) in rows.iter().enumerate() {
        let y = TOP_PT + 1.0 + row_idx as f64 * (row_pt + GAP_PT);
        svg.fitted_text(0.0, y + row_pt / 2.0 + 2.2, &row.label, left - 4.0, Label::new(6.5));
        for (idx, picture) in row.pictures.iter().enumerate() {
            svg.picture(left + idx as f64 * (side + GAP_PT), y, side, row_pt, picture);
        }
    }
    let label = Label::new(6.0).anchor(Anchor::Middle).paint(Paint::Muted);
    for (idx, column) in columns.iter().enumerate() {
        let x = left + idx as f64 * (side + GAP_PT) + side / 2.0;
        svg.fitted_text(x, bottom + 6.5, column, side, label);
    }
    let names: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    let words =
        format!("{} rows of {n_columns} pictures: {}. Columns: {}.", rows.len(), names.join(", "), columns.join(", "));
    Some((svg, words))
}
