//! Curves with bands over named spans.

use super::frame::{BOTTOM_AXIS_PT, Mark, Ruler, TOP_PT, draw_legend, legend_height, paint_of};
use crate::schema::{AxisSpec, Series};
use crate::svg::{Anchor, Fill, Label, Paint, Stroke, Svg, text_width};
use crate::text::significant;

const PLOT_PT: f64 = 112.0;
/// Size of names of spans.
const SPAN_TEXT_PT: f64 = 5.5;
/// Room for names of spans above the plot.
const SPAN_PT: f64 = 8.0;

pub(super) fn draw(
    x: &AxisSpec,
    y: &AxisSpec,
    series: &[Series],
    spans: &[(String, f64, f64)],
    width_pt: f64,
) -> Option<(Svg, String)> {
    if series.iter().all(|series| series.y.iter().flatten().next().is_none()) {
        return None;
    }
    let legend: Vec<(String, Mark)> = series
        .iter()
        .enumerate()
        .map(|(idx, series)| (series.label.clone(), Mark::Line(stroke(idx, series))))
        .collect();
    let ys = series.iter().flat_map(|series| series.y.iter().chain(&series.low).chain(&series.high)).flatten().copied();
    let xs = series.iter().flat_map(|series| series.x.iter().copied());
    let ends = spans.iter().flat_map(|span| [span.1, span.2]);
    let mut vertical = Ruler::new(y, ys, 5);
    let mut horizontal = Ruler::new(x, xs.chain(ends), if width_pt < 200.0 { 4 } else { 6 });
    let (left, right) = (vertical.left_pt(), width_pt - 8.0);
    let top = TOP_PT + legend_height(&legend, width_pt) + if spans.is_empty() { 2.0 } else { 2.0 + SPAN_PT };
    let bottom = top + PLOT_PT.min(width_pt * 0.7);
    let mut svg = Svg::new(width_pt, bottom + BOTTOM_AXIS_PT);
    horizontal.axis = horizontal.axis.clone().between(left, right);
    draw_spans(&mut svg, &horizontal, spans, top, bottom);
    draw_legend(&mut svg, &legend, width_pt);
    vertical.draw_left(&mut svg, left, right, top, bottom);
    horizontal.draw_bottom(&mut svg, left, right, top, bottom);
    for (idx, series) in series.iter().enumerate() {
        draw_band(&mut svg, series, &horizontal, &vertical, paint_of(idx));
    }
    for (idx, series) in series.iter().enumerate() {
        draw_curve(&mut svg, series, &horizontal, &vertical, stroke(idx, series));
    }
    Some((svg, words(x, y, series, spans)))
}

fn stroke(idx: usize, series: &Series) -> Stroke {
    let stroke = Stroke::new(paint_of(idx), 1.0);
    if series.dashed { stroke.dashed() } else { stroke }
}

/// Blocks with every second one a little darker, so that neighbors can be told apart.
fn draw_spans(svg: &mut Svg, horizontal: &Ruler, spans: &[(String, f64, f64)], top: f64, bottom: f64) {
    for (idx, (name, from, to)) in spans.iter().enumerate() {
        let (start, end) = (horizontal.axis.at(from.min(*to)), horizontal.axis.at(from.max(*to)));
        let opacity = if idx % 2 == 0 { 0.45 } else { 0.22 };
        svg.rect(start, top, end - start, bottom - top, Fill::new(Paint::Faint).faded(opacity));
        if let Some(shown) = span_name(name, end - start) {
            let label = Label::new(SPAN_TEXT_PT).anchor(Anchor::Middle).paint(Paint::Muted);
            svg.text((start + end) / 2.0, top - 2.0, &shown, label);
        }
    }
}

/// The name, its first three letters with a point where there is no room for more, or none: the description has it.
fn span_name(name: &str, room: f64) -> Option<String> {
    let short = format!("{}.", name.chars().take(3).collect::<String>());
    // Neighbors' names are shorter than their spans for the most part: a little beyond the own span meets none of them.
    [name.to_string(), short].into_iter().find(|shown| text_width(shown, SPAN_TEXT_PT) < room + 3.0)
}

/// Runs of neighbors that are all there.
fn runs<T>(values: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut all = Vec::new();
    let mut run = Vec::new();
    for value in values {
        match value {
            Some(value) => run.push(value),
            None => all.push(std::mem::take(&mut run)),
        }
    }
    all.push(run);
    all.retain(|run| !run.is_empty());
    all
}

fn draw_band(svg: &mut Svg, series: &Series, horizontal: &Ruler, vertical: &Ruler, paint: Paint) {
    let edges = series.x.iter().zip(&series.low).zip(&series.high);
    let edges = edges
        .map(|((x, low), high)| Some((horizontal.axis.at(*x), vertical.axis.at((*low)?), vertical.axis.at((*high)?))));
    for run in runs(edges) {
        let upper = run.iter().map(|(x, _, high)| (*x, *high));
        let outline: Vec<(f64, f64)> = upper.chain(run.iter().rev().map(|(x, low, _)| (*x, *low))).collect();
        if let [(x, low, high)] = run[..] {
            svg.line(&[(x, low), (x, high)], Stroke::new(paint, 1.5).faded(0.3));
        }
        svg.polygon(&outline, Fill::new(paint).faded(0.18));
    }
}

fn draw_curve(svg: &mut Svg, series: &Series, horizontal: &Ruler, vertical: &Ruler, stroke: Stroke) {
    let points = series.x.iter().zip(&series.y).map(|(x, y)| Some((horizontal.axis.at(*x), vertical.axis.at((*y)?))));
    for run in runs(points) {
        if let [(x, y)] = run[..] {
            svg.disk(x, y, 1.4, Fill::new(stroke.paint));
        }
        svg.line(&run, stroke);
    }
}

fn words(x: &AxisSpec, y: &AxisSpec, series: &[Series], spans: &[(String, f64, f64)]) -> String {
    let text = |series: &Series| {
        let defined = || series.x.iter().zip(&series.y).filter_map(|(x, y)| Some((*x, (*y)?)));
        let largest = defined().max_by(|a, b| a.1.total_cmp(&b.1));
        match (defined().next(), defined().next_back(), largest) {
            (Some(first), Some(last), Some(largest)) => format!(
                "{}: from {} to {}, largest {} at {}",
                series.label,
                significant(first.1, 3),
                significant(last.1, 3),
                significant(largest.1, 3),
                significant(largest.0, 3)
            ),
            _ => format!("{}: no values", series.label),
        }
    };
    let spans =
        spans.iter().map(|(name, from, to)| format!("{name} {} to {}", significant(*from, 3), significant(*to, 3)));
    let spans = spans.collect::<Vec<_>>().join(", ");
    let spans = if spans.is_empty() { spans } else { format!(" Spans: {spans}.") };
    format!("{} by {}. {}.{spans}", y.label, x.label, series.iter().map(text).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_shows_its_name_as_far_as_it_can_be_read() {
        assert_eq!(span_name("fixation", 40.0).as_deref(), Some("fixation"));
        assert_eq!(span_name("fixation", 10.0).as_deref(), Some("fix."));
        assert_eq!(span_name("fixation", 4.0), None);
    }

    #[test]
    fn a_missing_value_breaks_a_run() {
        let values = [Some(1), Some(2), None, None, Some(3)];
        assert_eq!(runs(values.into_iter()), [vec![1, 2], vec![3]]);
        assert!(runs([None::<u8>].into_iter()).is_empty());
    }
}
