//! The figures of a report, each drawn from the schema and nothing else.
//!
//! A figure is one or more panels of a journal's single column (89 mm), each readable alone on a telephone; as a file they
//! stand two abreast on the double column (183 mm) with their letters. Type is 6 and 7 points, lines .5 to 1 point, no grid.

mod curves;
mod film;
mod heat;
mod masking;
mod scatter;
mod scores;

pub(crate) use heat::found_top;
pub(crate) use masking::interval;
pub(crate) use scores::metric_title;

use crate::Result;
use crate::schema::Report;
use crate::svg::{Label, PT_PER_MM, Svg};
use crate::tables::Table;

/// A journal's single column.
pub const PANEL_WIDTH_PT: f64 = 89.0 * PT_PER_MM;
/// Between two panels, so that two of them fill the double column of 183 mm.
const GUTTER_PT: f64 = 5.0 * PT_PER_MM;
/// Room for a panel's letter before its title.
const LETTER_PT: f64 = 11.0;

/// A figure with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name in files, such as `masking`.
    pub slug: String,
    /// What it shows, in a line.
    pub title: String,
    /// How to read it, in a sentence or two.
    pub reading: String,
    /// Its panels, at least one.
    pub panels: Vec<Panel>,
    /// Its numbers.
    pub table: Table,
}

/// A panel 89 mm wide.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its title, which stands at the top.
    pub title: String,
    /// What it shows, in words, for those who cannot see it.
    pub description: String,
    /// The drawing, title and letter included.
    pub svg: Svg,
}

impl Figure {
    /// Sets titles, and letters where there is more than one panel.
    fn with_titles(mut self) -> Self {
        let is_lettered = self.panels.len() > 1;
        for (idx, panel) in self.panels.iter_mut().enumerate() {
            let x = if is_lettered { LETTER_PT } else { 0.0 };
            panel.svg.text(x, 9.0, &crate::text::shortened(&panel.title, 62), Label::new(7.0).bold());
            if is_lettered {
                panel.svg.text(0.0, 9.0, &letter(idx), Label::new(8.0).bold());
            }
        }
        self
    }

    /// The figure as one drawing: its only panel, or panels two abreast.
    pub fn sheet(&self) -> Svg {
        let n_columns = self.panels.len().min(2);
        let width_pt = PANEL_WIDTH_PT * n_columns as f64 + GUTTER_PT * n_columns.saturating_sub(1) as f64;
        let row_heights: Vec<f64> =
            self.panels.chunks(2).map(|row| row.iter().map(|panel| panel.svg.height_pt).fold(0.0, f64::max)).collect();
        let mut sheet = Svg::new(width_pt, row_heights.iter().sum::<f64>() + 10.0 * (row_heights.len() as f64 - 1.0));
        let mut y = 0.0;
        for (row_idx, row) in self.panels.chunks(2).enumerate() {
            for (column_idx, panel) in row.iter().enumerate() {
                let x = column_idx as f64 * (PANEL_WIDTH_PT + GUTTER_PT);
                sheet.place(x, y, &panel.svg);
            }
            y += row_heights[row_idx] + 10.0;
        }
        sheet
    }
}

/// All figures that a report has numbers for, in the order of the page.
///
/// # Errors
/// Where a clip's sheet is no picture.
pub fn figures(report: &Report) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    all.extend(film::figure(report)?);
    all.extend(scatter::figure(report));
    all.extend(report.scores.iter().enumerate().filter_map(|(idx, table)| scores::figure(table, idx)));
    all.extend(masking::figure(report));
    all.extend(heat::figure(report));
    all.extend(curves::figure(report));
    Ok(all.into_iter().map(Figure::with_titles).collect())
}

/// Name of a phase's color, by position, as the style sheet has it.
pub(crate) fn phase_color_name(phase_idx: usize) -> &'static str {
    film::phase_paint(phase_idx).name()
}

/// `a`, `b`, ..., `z`, `aa`, ...
fn letter(mut idx: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push((b'a' + (idx % 26) as u8) as char);
        if idx < 26 {
            return letters.iter().rev().collect();
        }
        idx = idx / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_stand_two_abreast_on_the_double_column() {
        let panel = |height_pt| Panel {
            title: "t".into(),
            description: String::new(),
            svg: Svg::new(PANEL_WIDTH_PT, height_pt),
        };
        let figure = Figure {
            slug: "x".into(),
            title: String::new(),
            reading: String::new(),
            panels: vec![panel(50.0), panel(70.0), panel(30.0)],
            table: Table::new(&["a"]),
        };
        let sheet = figure.sheet();
        assert!((sheet.width_pt / PT_PER_MM - 183.0).abs() < 1e-9);
        assert!((sheet.height_pt - 110.0).abs() < 1e-9);
        assert_eq!([letter(0), letter(25), letter(26)], ["a", "z", "aa"]);
    }
}
