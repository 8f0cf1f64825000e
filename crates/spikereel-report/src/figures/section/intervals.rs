//! Estimates with their intervals, one row each; rows of one label stand together, told apart by hue.

use super::frame::{BOTTOM_AXIS_PT, Mark, Ruler, TOP_PT, distinct, draw_legend, legend_height, paint_of};
use crate::schema::{AxisSpec, IntervalRow};
use crate::svg::{Fill, Label, Paint, Stroke, Svg, text_width};
use crate::text::significant;

/// More rows than this stand closer together.
const MANY_ROWS: usize = 24;

pub(super) fn draw(spec: &AxisSpec, rows: &[IntervalRow], width_pt: f64) -> Option<(Svg, String)> {
    let has_values = |row: &IntervalRow| row.estimate.is_some() || row.expected.is_some() || row.low.is_some();
    if !rows.iter().any(has_values) {
        return None;
    }
    let groups = distinct(rows.iter().map(|row| row.group.as_str()));
    let has_expected = rows.iter().any(|row| row.expected.is_some());
    let mut legend: Vec<(String, Mark)> =
        groups.iter().enumerate().map(|(idx, name)| ((*name).to_string(), Mark::Disk(paint_of(idx)))).collect();
    if has_expected {
        legend.push(("expected".into(), Mark::Diamond(Paint::Vermilion)));
    }
    // Where diamonds share the rows, dots move up and diamonds down, so that neither hides the other.
    let row_pt = match (rows.len() > MANY_ROWS, has_expected) {
        (true, false) => 8.5,
        (true, true) => 11.0,
        (false, false) => 12.0,
        (false, true) => 15.0,
    };
    let lift = if has_expected { 0.16 * row_pt } else { 0.0 };
    let size_pt = if rows.len() > MANY_ROWS { 5.5 } else { 6.5 };
    let widest =
        |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text_width(text, size_pt)).fold(0.0, f64::max);
    let left = widest(&mut rows.iter().map(|row| row.label.as_str())).min(0.4 * width_pt).max(12.0) + 5.0;
    let notes = widest(&mut rows.iter().map(|row| row.note.as_str())).min(0.2 * width_pt);
    let right = width_pt - if notes > 0.0 { notes + 6.0 } else { 8.0 };

    let top = TOP_PT + legend_height(&legend, width_pt) + 2.0;
    let bottom = top + rows.len() as f64 * row_pt + 2.0;
    let mut svg = Svg::new(width_pt, bottom + BOTTOM_AXIS_PT);
    draw_legend(&mut svg, &legend, width_pt);
    let values = rows.iter().flat_map(|row| [row.estimate, row.low, row.high, row.expected]).flatten();
    let mut ruler = Ruler::new(spec, values, if right - left < 110.0 { 3 } else { 5 });
    ruler.draw_bottom(&mut svg, left, right, top, bottom);

    for (idx, row) in rows.iter().enumerate() {
        let y = top + (idx as f64 + 0.5) * row_pt;
        let repeats = idx > 0 && rows[idx - 1].label == row.label && !row.group.is_empty();
        if !repeats {
            svg.fitted_text(0.0, y + 0.33 * size_pt, &row.label, left - 5.0, Label::new(size_pt));
            if idx > 0 && !groups.is_empty() {
                svg.line(&[(0.0, y - row_pt / 2.0), (right, y - row_pt / 2.0)], Stroke::new(Paint::Faint, 0.4));
            }
        }
        let hue = groups.iter().position(|name| *name == row.group).map(paint_of);
        draw_row(&mut svg, row, &ruler, [y - lift, y + 1.3 * lift], row_pt, hue);
        svg.fitted_text(right + 5.0, y + 0.33 * size_pt, &row.note, width_pt - right - 4.0, Label::new(size_pt));
    }
    Some((svg, words(spec, rows)))
}

fn draw_row(svg: &mut Svg, row: &IntervalRow, ruler: &Ruler, [y, low_y]: [f64; 2], row_pt: f64, hue: Option<Paint>) {
    let paint = hue.unwrap_or(if row.filled { Paint::Blue } else { Paint::Muted });
    let radius = (row_pt * 0.23).min(2.6);
    if row.estimate.is_none() && row.expected.is_none() {
        svg.text(ruler.axis.start_pt + 3.0, y + 1.8, "not defined", Label::new(5.5).paint(Paint::Muted));
    }
    if let (Some(low), Some(high)) = (row.low, row.high) {
        svg.line(&[(ruler.axis.at(low), y), (ruler.axis.at(high), y)], Stroke::new(paint, 0.75));
    }
    if let Some(estimate) = row.estimate {
        if row.filled {
            svg.disk(ruler.axis.at(estimate), y, radius, Fill::new(paint));
        } else {
            svg.ring(ruler.axis.at(estimate), y, radius * 0.9, paint);
        }
    }
    if let Some(expected) = row.expected {
        svg.diamond(ruler.axis.at(expected), low_y, radius * 1.2, Paint::Vermilion);
    }
}

fn words(spec: &AxisSpec, rows: &[IntervalRow]) -> String {
    const MAX_ROWS: usize = 24;
    let text = |row: &IntervalRow| {
        let name = if row.group.is_empty() { row.label.clone() } else { format!("{}, {}", row.label, row.group) };
        let estimate = row.estimate.map_or_else(|| "not defined".into(), |value| significant(value, 3));
        let interval = match (row.low, row.high) {
            (Some(low), Some(high)) => format!(" ({} to {})", significant(low, 3), significant(high, 3)),
            _ => String::new(),
        };
        let expected = row.expected.map_or_else(String::new, |value| format!(", expected {}", significant(value, 3)));
        format!("{name} {estimate}{interval}{expected}")
    };
    let shown: Vec<String> = rows.iter().take(MAX_ROWS).map(text).collect();
    let rest = if rows.len() > MAX_ROWS { format!("; and {} more rows", rows.len() - MAX_ROWS) } else { String::new() };
    format!("{}: {}{rest}.", spec.label, shown.join("; "))
}
