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
mod section;

pub(crate) use heat::found_top;
pub(crate) use masking::interval;
pub(crate) use scores::metric_title;
pub use section::{SectionFigure, section_figures, table_numbers};

use crate::Result;
use crate::schema::Report;
use crate::svg::{Label, PT_PER_MM, Svg};
use crate::tables::Table;

/// A journal's single column.
pub const PANEL_WIDTH_PT: f64 = 89.0 * PT_PER_MM;
/// A journal's double column.
pub const DOUBLE_PT: f64 = 183.0 * PT_PER_MM;
/// A third of it.
pub const THIRD_PT: f64 = (DOUBLE_PT - 2.0 * GUTTER_PT) / 3.0;
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

/// A panel: 89 mm wide in reports; a third of the double column, half of it or all of it in sections.
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
        set_titles(&mut self.panels);
        self
    }

    /// The figure as one drawing: its only panel, or panels two abreast.
    pub fn sheet(&self) -> Svg {
        sheet(&self.panels)
    }
}

/// Sets titles, and letters where there is more than one panel.
fn set_titles(panels: &mut [Panel]) {
    let is_lettered = panels.len() > 1;
    for (idx, panel) in panels.iter_mut().enumerate() {
        let x = if is_lettered { LETTER_PT } else { 0.0 };
        // Bold type is wider than its measure by a tenth.
        let room_pt = (panel.svg.width_pt - x) / 1.1;
        panel.svg.fitted_text(x, 9.0, &panel.title, room_pt, Label::new(7.0).bold());
        if is_lettered {
            panel.svg.text(0.0, 9.0, &letter(idx), Label::new(8.0).bold());
        }
    }
}

/// Panels of one width as one drawing, as many abreast as the double column holds.
fn sheet(panels: &[Panel]) -> Svg {
    let panel_pt = panels.iter().map(|panel| panel.svg.width_pt).fold(1.0, f64::max);
    let n_fit = ((DOUBLE_PT + GUTTER_PT) / (panel_pt + GUTTER_PT) + 1e-6).floor().max(1.0) as usize;
    let n_columns = panels.len().min(n_fit).max(1);
    let width_pt = panel_pt * n_columns as f64 + GUTTER_PT * (n_columns as f64 - 1.0);
    let row_heights: Vec<f64> =
        panels.chunks(n_columns).map(|row| row.iter().map(|panel| panel.svg.height_pt).fold(0.0, f64::max)).collect();
    let mut sheet = Svg::new(width_pt, row_heights.iter().sum::<f64>() + 10.0 * (row_heights.len() as f64 - 1.0));
    let mut y = 0.0;
    for (row, height_pt) in panels.chunks(n_columns).zip(&row_heights) {
        for (column_idx, panel) in row.iter().enumerate() {
            sheet.place(column_idx as f64 * (panel_pt + GUTTER_PT), y, &panel.svg);
        }
        y += height_pt + 10.0;
    }
    sheet
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
pub(crate) fn letter(mut idx: usize) -> String {
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
