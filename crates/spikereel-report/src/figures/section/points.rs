//! Points of several categories.

use super::frame::{BOTTOM_AXIS_PT, Mark, Ruler, TOP_PT, draw_legend, legend_height, paint_of};
use crate::schema::{AxisSpec, CategoryPoint};
use crate::svg::{Fill, Svg};
use crate::text::significant;

const PLOT_PT: f64 = 130.0;
/// More points than this hide one another; every n-th is drawn, the numbers are all in the table.
const MAX_POINTS: usize = 3000;
/// Categories before colors repeat; those after them are rings.
const N_PAINTS: usize = 8;

pub(super) fn draw(
    x: &AxisSpec,
    y: &AxisSpec,
    categories: &[String],
    points: &[CategoryPoint],
    width_pt: f64,
) -> Option<(Svg, String)> {
    if points.is_empty() {
        return None;
    }
    let is_ring = |category: usize| category / N_PAINTS % 2 == 1;
    let mark = |idx: usize| if is_ring(idx) { Mark::Ring(paint_of(idx)) } else { Mark::Disk(paint_of(idx)) };
    let legend: Vec<(String, Mark)> =
        categories.iter().enumerate().map(|(idx, name)| (name.clone(), mark(idx))).collect();
    let mut vertical = Ruler::new(y, points.iter().map(|point| point.y), 5);
    let mut horizontal = Ruler::new(x, points.iter().map(|point| point.x), if width_pt < 200.0 { 3 } else { 5 });
    let (left, right) = (vertical.left_pt(), width_pt - 8.0);
    let top = TOP_PT + legend_height(&legend, width_pt) + 2.0;
    let bottom = top + PLOT_PT.min(width_pt * 0.75);
    let mut svg = Svg::new(width_pt, bottom + BOTTOM_AXIS_PT);
    draw_legend(&mut svg, &legend, width_pt);
    vertical.draw_left(&mut svg, left, right, top, bottom);
    horizontal.draw_bottom(&mut svg, left, right, top, bottom);
    let every = points.len().div_ceil(MAX_POINTS);
    let (radius, opacity) = if points.len() > 300 { (1.0, 0.5) } else { (1.5, 0.7) };
    for point in points.iter().step_by(every) {
        let (at_x, at_y) = (horizontal.axis.at(point.x), vertical.axis.at(point.y));
        if is_ring(point.category) {
            svg.ring(at_x, at_y, radius, paint_of(point.category));
        } else {
            svg.disk(at_x, at_y, radius, Fill::new(paint_of(point.category)).faded(opacity));
        }
    }
    Some((svg, words(x, y, categories, points)))
}

fn words(x: &AxisSpec, y: &AxisSpec, categories: &[String], points: &[CategoryPoint]) -> String {
    const MAX_CATEGORIES: usize = 24;
    let text = |(idx, name): (usize, &String)| {
        let own: Vec<&CategoryPoint> = points.iter().filter(|point| point.category == idx).collect();
        let n = own.len().max(1) as f64;
        let mean = |value: fn(&CategoryPoint) -> f64| significant(own.iter().map(|point| value(point) / n).sum(), 3);
        match own.len() {
            0 => format!("{name}: no points"),
            n => format!("{name}: {n} points, mean {} and {}", mean(|point| point.x), mean(|point| point.y)),
        }
    };
    let shown: Vec<String> = categories.iter().enumerate().take(MAX_CATEGORIES).map(text).collect();
    let n_more = categories.len().saturating_sub(MAX_CATEGORIES);
    let rest = if n_more > 0 { format!("; and {n_more} more categories") } else { String::new() };
    format!("{} against {}. {}{rest}.", y.label, x.label, shown.join("; "))
}
