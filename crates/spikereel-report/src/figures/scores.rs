//! Scores: for each metric, the decoder beside what it has to beat, one row each, the null shaded and the ceiling dashed.

use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::schema::{Better, Metric, Role, ScoreTable};
use crate::svg::{Anchor, Axis, Fill, Label, Paint, Stroke, Svg};
use crate::tables::{Cell, Table};
use crate::text::{number_or_dash, shortened};

const ROW_PT: f64 = 12.0;
const TOP_PT: f64 = 17.0;
const LEFT_PT: f64 = 88.0;
const RIGHT_PT: f64 = PANEL_WIDTH_PT - 34.0;

pub(super) fn figure(table: &ScoreTable, table_idx: usize) -> Option<Figure> {
    if table.metrics.is_empty() || table.rows.is_empty() {
        return None;
    }
    let reading = "Filled: the decoder; rings: what it has to beat; bars: one standard deviation. Gray: what noise inputs \
                   reach (95 % of them); dashed: the ceiling.";
    Some(Figure {
        slug: format!("scores-{}-{}", table_idx + 1, crate::text::file_name_part(&table.title)),
        title: format!("Scores: {}", table.title),
        reading: reading.into(),
        panels: (0..table.metrics.len()).map(|metric_idx| panel(table, metric_idx)).collect(),
        table: numbers(table),
    })
}

fn panel(table: &ScoreTable, metric_idx: usize) -> Panel {
    let metric = &table.metrics[metric_idx];
    let bottom = TOP_PT + table.rows.len() as f64 * ROW_PT;
    let mut svg = Svg::new(PANEL_WIDTH_PT, bottom + 24.0);
    let values = table.rows.iter().flat_map(|row| {
        let cell = &row.cells[metric_idx];
        let sd = cell.sd.unwrap_or(0.0);
        [cell.value.map(|v| v - sd), cell.value.map(|v| v + sd), cell.null_95]
    });
    let axis = Axis::around(values.flatten(), &[0.0], 4).between(LEFT_PT, RIGHT_PT);
    draw_null(&mut svg, table, metric_idx, &axis, bottom);
    for (row_idx, row) in table.rows.iter().enumerate() {
        let cell = &row.cells[metric_idx];
        let y = TOP_PT + (row_idx as f64 + 0.5) * ROW_PT;
        let label = Label::new(6.5);
        let label = if row.role == Role::Decoder { label.bold() } else { label };
        svg.text(0.0, y + 2.2, &shortened(&row.label, 27), label);
        let text = number_or_dash(cell.value, metric.n_decimals);
        svg.text(PANEL_WIDTH_PT, y + 2.2, &text, label.anchor(Anchor::End));
        let Some(value) = cell.value else { continue };
        let paint = paint_of(row.role);
        if row.role == Role::Ceiling {
            svg.line(&[(axis.at(value), TOP_PT), (axis.at(value), bottom)], Stroke::new(paint, 0.75).dashed());
        }
        if let Some(sd) = cell.sd {
            svg.line(&[(axis.at(value - sd), y), (axis.at(value + sd), y)], Stroke::new(paint, 0.75));
        }
        if row.role == Role::Decoder {
            svg.disk(axis.at(value), y, 3.0, Fill::new(paint));
        } else {
            svg.ring(axis.at(value), y, 2.2, paint);
        }
    }
    axis.draw_horizontal(&mut svg, bottom + 2.0, false, Paint::Ink);
    let (x, anchor, text) = match metric.better {
        Better::Higher => (RIGHT_PT, Anchor::End, "better \u{2192}"),
        Better::Lower => (LEFT_PT, Anchor::Start, "\u{2190} better"),
    };
    svg.text(x, bottom + 20.0, text, Label::new(6.0).anchor(anchor).paint(Paint::Muted));
    Panel { title: metric_title(metric), description: description(table, metric_idx), svg }
}

fn draw_null(svg: &mut Svg, table: &ScoreTable, metric_idx: usize, axis: &Axis, bottom: f64) {
    let metric = &table.metrics[metric_idx];
    let limit = table.rows.iter().filter(|row| row.role == Role::Null).find_map(|row| row.cells[metric_idx].null_95);
    let Some(limit) = limit else { return };
    let edge = axis.at(limit);
    let (x, width) = match metric.better {
        Better::Higher => (axis.start_pt, edge - axis.start_pt),
        Better::Lower => (edge, axis.end_pt - edge),
    };
    svg.rect(x, TOP_PT, width, bottom - TOP_PT, Fill::new(Paint::Faint).faded(0.45));
}

fn paint_of(role: Role) -> Paint {
    match role {
        Role::Decoder => Paint::Blue,
        Role::Baseline => Paint::Ink,
        Role::Null => Paint::Muted,
        Role::Ceiling => Paint::Green,
    }
}

/// The label with its unit.
pub(crate) fn metric_title(metric: &Metric) -> String {
    match &metric.unit {
        Some(unit) => format!("{} ({unit})", metric.label),
        None => metric.label.clone(),
    }
}

fn description(table: &ScoreTable, metric_idx: usize) -> String {
    let metric = &table.metrics[metric_idx];
    let rows = table
        .rows
        .iter()
        .map(|row| format!("{} {}", row.label, number_or_dash(row.cells[metric_idx].value, metric.n_decimals)));
    format!("{}: {}", metric_title(metric), rows.collect::<Vec<_>>().join(", "))
}

fn numbers(table: &ScoreTable) -> Table {
    let mut out = Table::new(&["row", "metric", "unit", "value", "sd", "null_95", "n"]);
    for row in &table.rows {
        for (metric, cell) in table.metrics.iter().zip(&row.cells) {
            out.rows.push(vec![
                Cell::Text(row.label.clone()),
                Cell::Text(metric.key.clone()),
                Cell::Text(metric.unit.clone().unwrap_or_default()),
                Cell::Number(cell.value),
                Cell::Number(cell.sd),
                Cell::Number(cell.null_95),
                Cell::Count(cell.n as u64),
            ]);
        }
    }
    for row in &table.conditions {
        for (metric, value) in table.metrics.iter().zip(&row.values) {
            out.rows.push(vec![
                Cell::Text(format!("decoder, condition {}", row.condition)),
                Cell::Text(metric.key.clone()),
                Cell::Text(metric.unit.clone().unwrap_or_default()),
                Cell::Number(*value),
                Cell::Number(None),
                Cell::Number(None),
                Cell::Count(row.n as u64),
            ]);
        }
    }
    out
}
