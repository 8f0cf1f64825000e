//! The figures of a section: every form of [`PanelBody`], each in a file of its own.
//!
//! One panel stands on the single column (89 mm), two or four stand two abreast, more stand three abreast on the double column
//! (183 mm); a panel with many columns takes the whole double column.

mod csv;
mod distributions;
mod frame;
mod intervals;
mod lines;
mod matrix;
mod numbers;
mod pictures;
mod points;

pub use csv::table_numbers;

use super::{DOUBLE_PT, PANEL_WIDTH_PT, Panel, THIRD_PT, set_titles, sheet};
use crate::schema::{Chart, ChartPanel, PanelBody, Section};
use crate::svg::{Anchor, Label, Paint, Svg};
use crate::tables::Table;

/// A figure of a section with the numbers of each panel.
#[derive(Debug, Clone, PartialEq)]
pub struct SectionFigure {
    /// Name in files: the section's slug, a point, the chart's slug.
    pub slug: String,
    /// What it shows, in a line.
    pub title: String,
    /// How to read it.
    pub reading: String,
    /// What it was computed on.
    pub sizes: String,
    /// Its panels in order; may be none.
    pub panels: Vec<Panel>,
    /// The numbers of each panel.
    pub tables: Vec<Table>,
}

impl SectionFigure {
    /// The figure as one drawing.
    pub fn sheet(&self) -> Svg {
        sheet(&self.panels)
    }

    /// Name of the files of one panel, without ending: that of the figure where it is the only one.
    pub fn panel_stem(&self, panel_idx: usize) -> String {
        if self.panels.len() == 1 { self.slug.clone() } else { format!("{}.{}", self.slug, super::letter(panel_idx)) }
    }
}

/// All figures of a section, in order.
pub fn section_figures(section: &Section) -> Vec<SectionFigure> {
    section.charts.iter().map(|chart| figure(section, chart)).collect()
}

fn figure(section: &Section, chart: &Chart) -> SectionFigure {
    let width_pt = width_pt(chart);
    let mut panels: Vec<Panel> =
        chart.panels.iter().map(|panel| draw(panel, shared_range(chart, panel), width_pt)).collect();
    set_titles(&mut panels);
    SectionFigure {
        slug: format!("{}.{}", section.slug, chart.slug),
        title: chart.title.clone(),
        reading: chart.reading.clone(),
        sizes: section.sizes.clone(),
        panels,
        tables: chart.panels.iter().map(|panel| csv::table(&panel.body)).collect(),
    }
}

/// The width of every panel of a figure.
fn width_pt(chart: &Chart) -> f64 {
    if chart.panels.iter().any(|panel| is_wide(&panel.body)) {
        DOUBLE_PT
    } else if chart.panels.len() == 3 || chart.panels.len() > 4 {
        THIRD_PT
    } else {
        PANEL_WIDTH_PT
    }
}

/// Whether a panel has more columns than the single column holds.
fn is_wide(body: &PanelBody) -> bool {
    match body {
        PanelBody::Distributions { groups, .. } => groups.len() > 16,
        PanelBody::Matrix { columns, show_values, .. } => columns.len() > if *show_values { 8 } else { 24 },
        PanelBody::Pictures { rows, .. } => rows.first().is_some_and(|row| row.pictures.len() > 9),
        PanelBody::Intervals { .. } | PanelBody::Points { .. } | PanelBody::Lines { .. } => false,
    }
}

/// Matrices of one figure that measure the same, by their label, share the ends of their colors, so that panels can be compared.
fn shared_range(chart: &Chart, panel: &ChartPanel) -> Option<(f64, f64)> {
    let PanelBody::Matrix { label: own, diverging: is_own, .. } = &panel.body else { return None };
    let ranges = chart.panels.iter().filter_map(|other| match &other.body {
        PanelBody::Matrix { label, diverging, values, .. } if label == own && diverging == is_own => {
            matrix::range_of(values)
        }
        _ => None,
    });
    ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn draw(panel: &ChartPanel, range: Option<(f64, f64)>, width_pt: f64) -> Panel {
    let drawn = match &panel.body {
        PanelBody::Intervals { axis, rows } => intervals::draw(axis, rows, width_pt),
        PanelBody::Distributions { axis, form, groups } => distributions::draw(axis, *form, groups, width_pt),
        PanelBody::Points { x, y, categories, points } => points::draw(x, y, categories, points, width_pt),
        PanelBody::Matrix { rows, columns, values, diverging, label, show_values } => {
            matrix::Matrix { rows, columns, values, diverging: *diverging, label, show_values: *show_values, range }
                .draw(width_pt)
        }
        PanelBody::Lines { x, y, series, spans } => lines::draw(x, y, series, spans, width_pt),
        PanelBody::Pictures { rows, columns } => pictures::draw(rows, columns, width_pt),
    };
    let (svg, words) = drawn.unwrap_or_else(|| nothing(width_pt));
    Panel { title: panel.title.clone(), description: format!("{}. {words}", panel.title), svg }
}

/// A panel without values says so.
fn nothing(width_pt: f64) -> (Svg, String) {
    let mut svg = Svg::new(width_pt, 46.0);
    svg.rect(0.0, 16.0, width_pt, 28.0, crate::svg::Fill::new(Paint::Faint).faded(0.3));
    let label = Label::new(6.5).anchor(Anchor::Middle).paint(Paint::Muted);
    svg.text(width_pt / 2.0, 32.5, "no values", label);
    (svg, "No values.".into())
}
