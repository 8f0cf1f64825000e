//! Truth against decoded value of a continuous factor, out of fold, with the mean at each level.

use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::schema::{Report, Scatter};
use crate::svg::{Anchor, Axis, Fill, Label, Paint, Stroke, Svg};
use crate::tables::{Cell, Table};
use crate::text::number_or_dash;

const BOTTOM_PT: f64 = 158.0;
const LEFT_PT: f64 = 32.0;
const RIGHT_PT: f64 = PANEL_WIDTH_PT - 66.0;
/// More points than this hide one another; the drawing takes every n-th, the numbers are all in the table.
const MAX_POINTS: usize = 2000;
/// More different truths than this are not levels, and no mean is drawn.
const MAX_LEVELS: usize = 12;

pub(super) fn figure(report: &Report) -> Option<Figure> {
    let scatters: Vec<&Scatter> = report.scatters.iter().filter(|scatter| !scatter.points.is_empty()).collect();
    if scatters.is_empty() {
        return None;
    }
    let mut table = Table::new(&["factor", "truth", "decoded"]);
    for scatter in &scatters {
        for [truth, decoded] in &scatter.points {
            let numbers = [Cell::Number(Some(*truth)), Cell::Number(Some(*decoded))];
            table.rows.push([Cell::Text(scatter.factor.clone())].into_iter().chain(numbers).collect());
        }
    }
    Some(Figure {
        slug: "true-and-decoded-values".into(),
        title: "True and decoded values".into(),
        reading: "Each dot is a test trial, spread sideways a little; rings and their line are means at each level; a perfect \
                  decoder would put them on the dashed line. Right: Pearson r of the pooled trials."
            .into(),
        panels: scatters.iter().map(|scatter| panel(scatter)).collect(),
        table,
    })
}

fn panel(scatter: &Scatter) -> Panel {
    let unit = scatter.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
    let mut svg = Svg::new(PANEL_WIDTH_PT, BOTTOM_PT + 26.0);
    let truths = scatter.points.iter().map(|point| point[0]);
    let x_axis = Axis::around(truths, &[], 4);
    let spread = (x_axis.high - x_axis.low) * 0.05;
    let mut x_axis = x_axis.between(LEFT_PT + 4.0, RIGHT_PT);
    // Room for the sideways spread at both ends.
    (x_axis.low, x_axis.high) = (x_axis.low - spread, x_axis.high + spread);
    let y_axis = Axis::around(scatter.points.iter().flatten().copied(), &[], 5).between(BOTTOM_PT - 4.0, 16.0);
    let every = scatter.points.len().div_ceil(MAX_POINTS);
    for (idx, [truth, decoded]) in scatter.points.iter().enumerate().step_by(every) {
        let x = x_axis.at(truth + spread * 0.8 * sideways(idx));
        svg.disk(x, y_axis.at(*decoded), 1.1, Fill::new(Paint::Blue).faded(0.4));
    }
    let (low, high) = (x_axis.low.max(y_axis.low), x_axis.high.min(y_axis.high));
    if low < high {
        let diagonal = [(x_axis.at(low), y_axis.at(low)), (x_axis.at(high), y_axis.at(high))];
        svg.line(&diagonal, Stroke::new(Paint::Muted, 0.5).dashed());
    }
    let means: Vec<(f64, f64)> = level_means(scatter).iter().map(|&(x, y)| (x_axis.at(x), y_axis.at(y))).collect();
    svg.line(&means, Stroke::new(Paint::Ink, 0.75));
    for &(x, y) in &means {
        svg.ring(x, y, 2.4, Paint::Ink);
    }
    x_axis.draw_horizontal(&mut svg, BOTTOM_PT, false, Paint::Ink);
    y_axis.draw_vertical(&mut svg, LEFT_PT);
    svg.text((LEFT_PT + RIGHT_PT) / 2.0, BOTTOM_PT + 21.0, "True", Label::new(7.0).anchor(Anchor::Middle));
    svg.text(8.0, BOTTOM_PT / 2.0 + 6.0, "Decoded", Label::new(7.0).anchor(Anchor::Middle).upwards());
    draw_pearson(&mut svg, scatter);
    let n = scatter.points.len();
    let pearson = number_or_dash(scatter.decoder_pearson, 2);
    Panel {
        title: format!("{}{unit}", capitalized(&scatter.factor)),
        description: format!("Decoded against true {}, {n} test trials, r = {pearson}", scatter.factor),
        svg,
    }
}

/// The three correlations in the right margin.
fn draw_pearson(svg: &mut Svg, scatter: &Scatter) {
    let rows = [
        ("decoder", scatter.decoder_pearson, Paint::Blue, true),
        ("ridge", scatter.ridge_pearson, Paint::Ink, false),
        ("null, 95 %", scatter.null_95, Paint::Muted, false),
    ];
    let x = RIGHT_PT + 12.0;
    svg.text(x, 24.0, "Pearson r", Label::new(6.0).paint(Paint::Muted));
    for (row_idx, (name, value, paint, bold)) in rows.into_iter().enumerate() {
        let y = 36.0 + row_idx as f64 * 21.0;
        let label = Label::new(9.0).paint(paint);
        svg.text(x, y + 1.0, &number_or_dash(value, 2), if bold { label.bold() } else { label });
        svg.text(x, y + 9.0, name, Label::new(6.0).paint(paint));
    }
}

/// Mean decoded value at each true level, in the order of levels; empty where there are too many levels.
fn level_means(scatter: &Scatter) -> Vec<(f64, f64)> {
    let mut points = scatter.points.clone();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let levels: Vec<&[[f64; 2]]> = points.chunk_by(|a, b| a[0] == b[0]).collect();
    if levels.len() > MAX_LEVELS {
        return Vec::new();
    }
    levels
        .iter()
        .map(|level| (level[0][0], level.iter().map(|point| point[1]).sum::<f64>() / level.len() as f64))
        .collect()
}

/// A spread of -1..1 that never changes: the golden ratio's low-discrepancy sequence.
fn sideways(idx: usize) -> f64 {
    2.0 * (idx as f64 * 0.618_033_988_749_894_9).fract() - 1.0
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_taken_level_by_level() {
        let scatter = Scatter {
            factor: "left contrast".into(),
            unit: None,
            readout: String::new(),
            decoder_pearson: None,
            ridge_pearson: None,
            null_95: None,
            points: vec![[1.0, 0.5], [0.0, 0.25], [1.0, 1.0], [0.0, 0.75]],
        };
        assert_eq!(level_means(&scatter), [(0.0, 0.5), (1.0, 0.75)]);
        let many = Scatter { points: (0..40).map(|n| [f64::from(n), 0.0]).collect(), ..scatter };
        assert!(level_means(&many).is_empty());
    }
}
