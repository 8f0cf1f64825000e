//! Values as colors, with a bar that says what the colors mean.

use super::frame::TOP_PT;
use crate::svg::{Anchor, Fill, Label, Paint, Stroke, Svg, text_width};
use crate::text::{number, significant};

/// Longest column name that reads upwards.
const UPWARDS_PT: f64 = 60.0;
/// Smallest field whose name is shown for each row or column; of smaller ones every n-th is named.
const NAMED_PT: f64 = 5.6;
/// Length of the bar of colors.
const BAR_PT: f64 = 64.0;
const BAR_LABEL_PT: f64 = 6.5;

/// What is drawn.
pub(super) struct Matrix<'a> {
    pub rows: &'a [String],
    pub columns: &'a [String],
    pub values: &'a [Vec<Option<f64>>],
    pub diverging: bool,
    pub label: &'a str,
    pub show_values: bool,
    /// Smallest and largest value that colors stand for; none for this matrix's own.
    pub range: Option<(f64, f64)>,
}

/// Smallest and largest defined value.
pub(super) fn range_of(values: &[Vec<Option<f64>>]) -> Option<(f64, f64)> {
    let defined = values.iter().flatten().flatten().copied();
    let (low, high) = defined.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    (low <= high).then_some((low, high))
}

/// Where the fields stand.
struct Places {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Matrix<'_> {
    pub fn draw(&self, width_pt: f64) -> Option<(Svg, String)> {
        let (low, high) = self.ends()?;
        let size_pt = 6.0;
        let widest = self.rows.iter().map(|row| text_width(row, size_pt)).fold(0.0, f64::max);
        let left = widest.min(0.32 * width_pt) + 4.0;
        // A few columns do not fill the panel: fields far wider than high are hard to compare.
        let width = ((width_pt - left - 1.0) / self.columns.len() as f64).min(44.0);
        let height = match self.rows.len() {
            0..=12 => 14.0,
            13..=60 => 9.0,
            n => (540.0 / n as f64).max(1.5),
        };
        let names: Vec<f64> = self.columns.iter().map(|column| text_width(column, size_pt)).collect();
        let is_upwards = names.iter().any(|name| *name > width - 2.0);
        let longest = names.iter().copied().fold(0.0, f64::max);
        let head = if is_upwards { longest.min(UPWARDS_PT) + 3.0 } else { 8.0 };
        let places = Places { left, top: TOP_PT + head + 2.0, width, height };
        let bottom = places.top + height * self.rows.len() as f64;
        // Beside the bar where it fits, else below it over the whole width.
        let is_beside = text_width(self.label, BAR_LABEL_PT) <= width_pt - left - BAR_PT - 6.0;
        let mut svg = Svg::new(width_pt, bottom + if is_beside { 27.0 } else { 36.0 });
        self.draw_names(&mut svg, &places, is_upwards);
        self.draw_fields(&mut svg, &places, (low, high));
        self.draw_bar(&mut svg, left, bottom + 7.0, (low, high), is_beside);
        Some((svg, self.words()))
    }

    /// What the two ends of the colors stand for.
    fn ends(&self) -> Option<(f64, f64)> {
        let own = range_of(self.values)?;
        let (low, high) = self.range.unwrap_or(own);
        let size = low.abs().max(high.abs());
        Some(if self.diverging { (-size, size) } else { (low, high) })
    }

    fn paints(&self, value: f64, (low, high): (f64, f64)) -> (Paint, Paint) {
        if self.diverging {
            let share = if high > 0.0 { value / high } else { 0.0 };
            let step = (share * 255.0).round() as i16;
            return (Paint::Diverging(step), Paint::OnDiverging(step));
        }
        // Halved first: the difference of two very large numbers is not finite.
        let range = high / 2.0 - low / 2.0;
        let share = if range > 0.0 { (value / 2.0 - low / 2.0) / range } else { 0.5 };
        let step = (share * 255.0).round() as u8;
        (Paint::Heat(step), Paint::OnHeat(step))
    }

    fn draw_names(&self, svg: &mut Svg, places: &Places, is_upwards: bool) {
        let every_row = (NAMED_PT / places.height).ceil() as usize;
        for (idx, row) in self.rows.iter().enumerate().step_by(every_row) {
            let y = places.top + (idx as f64 + 0.5) * places.height + 2.0;
            svg.fitted_text(places.left - 3.0, y, row, places.left - 4.0, Label::new(6.0).anchor(Anchor::End));
        }
        let every_column = if is_upwards { (NAMED_PT / places.width).ceil() as usize } else { 1 };
        for (idx, column) in self.columns.iter().enumerate().step_by(every_column) {
            let x = places.left + (idx as f64 + 0.5) * places.width;
            if is_upwards {
                svg.fitted_text(x + 2.0, places.top - 2.5, column, UPWARDS_PT, Label::new(6.0).upwards());
            } else {
                svg.text(x, places.top - 3.0, column, Label::new(6.0).anchor(Anchor::Middle));
            }
        }
    }

    fn draw_fields(&self, svg: &mut Svg, places: &Places, ends: (f64, f64)) {
        let gap = if places.width.min(places.height) > 6.0 { 0.75 } else { 0.0 };
        let text_pt = if places.height < 10.0 { 5.0 } else { 6.0 };
        let texts = if self.show_values { self.texts(text_pt, places.width - gap - 1.0) } else { None };
        for (row_idx, row) in self.values.iter().enumerate() {
            for (column_idx, value) in row.iter().enumerate() {
                let x = places.left + column_idx as f64 * places.width;
                let y = places.top + row_idx as f64 * places.height;
                let (width, height) = (places.width - gap, places.height - gap);
                let middle = (x + width / 2.0, y + height / 2.0 + 0.36 * text_pt);
                let label = Label::new(text_pt).anchor(Anchor::Middle);
                let Some(value) = value else {
                    svg.rect(x, y, width, height, Fill::new(Paint::Faint).faded(0.25));
                    if height > 5.0 {
                        svg.text(middle.0, middle.1, "\u{2013}", label.paint(Paint::Muted));
                    }
                    continue;
                };
                let (fill, ink) = self.paints(*value, ends);
                svg.rect(x, y, width, height, Fill::new(fill));
                if let Some(texts) = &texts {
                    svg.text(middle.0, middle.1, &texts[row_idx][column_idx], label.paint(ink));
                }
            }
        }
    }

    /// The numbers as printed, all with the same digits where they are of one size; none where they do not fit.
    fn texts(&self, size_pt: f64, max_pt: f64) -> Option<Vec<Vec<String>>> {
        let size = self.values.iter().flatten().flatten().fold(0.0_f64, |size, value| size.max(value.abs()));
        let usual = if size > 0.0 { (2.0 - size.log10().floor()).clamp(0.0, 4.0) as usize } else { 0 };
        let print = |value: f64, n_decimals: usize| {
            if (1e-3..1e5).contains(&size) {
                number(value, n_decimals.min(3))
            } else {
                significant(value, n_decimals.max(1))
            }
        };
        (0..=usual).rev().find_map(|n_decimals| {
            let text = |value: &Option<f64>| value.map_or_else(String::new, |value| print(value, n_decimals));
            let texts: Vec<Vec<String>> = self.values.iter().map(|row| row.iter().map(text).collect()).collect();
            texts.iter().flatten().all(|text| text_width(text, size_pt) <= max_pt).then_some(texts)
        })
    }

    fn draw_bar(&self, svg: &mut Svg, left: f64, y: f64, (low, high): (f64, f64), is_beside: bool) {
        const STEPS: usize = 32;
        for step in 0..STEPS {
            let share = step as f64 / (STEPS - 1) as f64;
            let paint = if self.diverging {
                Paint::Diverging((share * 510.0 - 255.0).round() as i16)
            } else {
                Paint::Heat((share * 255.0).round() as u8)
            };
            let step_pt = BAR_PT / STEPS as f64;
            svg.rect(left + step as f64 * step_pt, y, step_pt + 0.15, 5.0, Fill::new(paint));
        }
        svg.frame(left, y, BAR_PT, 5.0, Stroke::new(Paint::Muted, 0.3));
        let tick = |svg: &mut Svg, x: f64, value: f64, anchor: Anchor| {
            svg.text(x, y + 12.5, &significant(value, 2), Label::new(6.0).anchor(anchor));
        };
        if low < high {
            tick(svg, left, low, Anchor::Start);
            tick(svg, left + BAR_PT, high, Anchor::End);
            if self.diverging {
                tick(svg, left + BAR_PT / 2.0, 0.0, Anchor::Middle);
            }
        } else {
            tick(svg, left + BAR_PT / 2.0, low, Anchor::Middle);
        }
        let right = left + BAR_PT + 6.0;
        let label = Label::new(BAR_LABEL_PT);
        if is_beside {
            svg.fitted_text(right, y + 5.0, self.label, svg.width_pt - right, label);
        } else {
            svg.fitted_text(0.0, y + 22.0, self.label, svg.width_pt, label);
        }
    }

    fn words(&self) -> String {
        let mut defined: Vec<(f64, &str, &str)> = Vec::new();
        for (row, values) in self.rows.iter().zip(self.values) {
            defined.extend(
                self.columns
                    .iter()
                    .zip(values)
                    .filter_map(|(column, value)| Some(((*value)?, row.as_str(), column.as_str()))),
            );
        }
        let end = |best: Option<&(f64, &str, &str)>| {
            best.map_or_else(String::new, |(value, row, column)| {
                format!("{} ({row}, {column})", significant(*value, 3))
            })
        };
        format!(
            "{}: {} rows by {} columns, smallest {}, largest {}.",
            self.label,
            self.rows.len(),
            self.columns.len(),
            end(defined.iter().min_by(|a, b| a.0.total_cmp(&b.0))),
            end(defined.iter().max_by(|a, b| a.0.total_cmp(&b.0)))
        )
    }
}
