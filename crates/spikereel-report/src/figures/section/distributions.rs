//! Distributions side by side: boxes, violins with a box inside, or every value as a point.

use super::frame::{Mark, Ruler, TOP_PT, distinct, draw_legend, legend_height, paint_of};
use super::numbers::{box_numbers, density};
use crate::schema::{AxisSpec, Distribution, DistributionForm};
use crate::svg::{Anchor, Fill, Label, Paint, Stroke, Svg, text_width};
use crate::text::significant;

const PLOT_PT: f64 = 118.0;
/// More points than this hide one another; every n-th is drawn.
const MAX_POINTS: usize = 400;
/// Longest label that reads upwards.
const UPWARDS_PT: f64 = 70.0;

/// A place on the horizontal axis: its middle and the room for the drawing.
#[derive(Debug, Clone, Copy)]
struct Slot {
    middle: f64,
    half: f64,
}

pub(super) fn draw(
    spec: &AxisSpec,
    form: DistributionForm,
    groups: &[Distribution],
    width_pt: f64,
) -> Option<(Svg, String)> {
    if groups.iter().all(|group| group.values.is_empty()) {
        return None;
    }
    let names = distinct(groups.iter().map(|group| group.group.as_str()));
    let legend: Vec<(String, Mark)> =
        names.iter().enumerate().map(|(idx, name)| ((*name).to_string(), Mark::Box(paint_of(idx)))).collect();
    let mut ruler = Ruler::new(spec, groups.iter().flat_map(|group| group.values.iter().copied()), 5);
    let (left, right) = (ruler.left_pt(), width_pt - 2.0);
    let slot_pt = (right - left - 2.0) / groups.len() as f64;
    let blocks: Vec<&[Distribution]> =
        groups.chunk_by(|a, b| a.label == b.label && !a.group.is_empty() && !b.group.is_empty()).collect();
    let size_pt = if slot_pt < 9.0 { 5.0 } else { 6.5 };
    let fits = |block: &&[Distribution]| text_width(&block[0].label, size_pt) <= slot_pt * block.len() as f64 - 2.0;
    let is_upwards = !blocks.iter().all(fits);
    let below = if is_upwards {
        blocks.iter().map(|block| text_width(&block[0].label, size_pt)).fold(0.0, f64::max).min(UPWARDS_PT) + 7.0
    } else {
        12.0
    };
    let top = TOP_PT + legend_height(&legend, width_pt) + 2.0;
    let bottom = top + PLOT_PT;
    let mut svg = Svg::new(width_pt, bottom + below);
    draw_legend(&mut svg, &legend, width_pt);
    ruler.draw_left(&mut svg, left, right, top, bottom);
    svg.line(&[(left, bottom), (right, bottom)], Stroke::new(Paint::Ink, 0.5));

    let mut slot_idx = 0;
    for block in blocks {
        let middle = left + 2.0 + (slot_idx as f64 + block.len() as f64 / 2.0) * slot_pt;
        let text = &block[0].label;
        if is_upwards {
            let label = Label::new(size_pt).anchor(Anchor::End).upwards();
            svg.fitted_text(middle + 0.35 * size_pt, bottom + 4.0, text, UPWARDS_PT, label);
        } else {
            let label = Label::new(size_pt).anchor(Anchor::Middle);
            svg.fitted_text(middle, bottom + 9.0, text, slot_pt * block.len() as f64 - 2.0, label);
        }
        for group in block {
            let slot = Slot {
                middle: left + 2.0 + (slot_idx as f64 + 0.5) * slot_pt,
                half: (slot_pt * 0.38).min(if form == DistributionForm::Violin { 16.0 } else { 12.0 }),
            };
            let paint = names.iter().position(|name| *name == group.group).map_or(Paint::Blue, paint_of);
            match form {
                DistributionForm::Box => draw_box(&mut svg, &group.values, &ruler, slot, paint, true),
                DistributionForm::Violin => draw_violin(&mut svg, &group.values, &ruler, slot, paint),
                DistributionForm::Points => draw_points(&mut svg, &group.values, &ruler, slot, paint),
            }
            if group.values.is_empty() {
                svg.text(slot.middle, bottom - 3.0, "none", Label::new(5.0).anchor(Anchor::Middle).paint(Paint::Muted));
            }
            slot_idx += 1;
        }
    }
    Some((svg, words(spec, groups)))
}

fn draw_box(svg: &mut Svg, values: &[f64], ruler: &Ruler, slot: Slot, paint: Paint, with_outliers: bool) {
    let Some(numbers) = box_numbers(values) else { return };
    let [q1, median, q3] = numbers.quartiles.map(|value| ruler.axis.at(value));
    let [low, high] = numbers.whiskers.map(|value| ruler.axis.at(value));
    let stroke = Stroke::new(paint, 0.75);
    let (x, half) = (slot.middle, slot.half);
    for (whisker, quartile) in [(low, q1), (high, q3)] {
        svg.line(&[(x, quartile), (x, whisker)], stroke);
        svg.line(&[(x - half * 0.5, whisker), (x + half * 0.5, whisker)], stroke);
    }
    svg.rect(x - half, q3, 2.0 * half, q1 - q3, Fill::new(paint).faded(0.28));
    svg.frame(x - half, q3, 2.0 * half, q1 - q3, stroke);
    svg.line(&[(x - half, median), (x + half, median)], Stroke::new(Paint::Ink, 1.25));
    if with_outliers {
        let every = numbers.outliers.len().div_ceil(MAX_POINTS).max(1);
        for outlier in numbers.outliers.iter().step_by(every) {
            svg.disk(x, ruler.axis.at(*outlier), 0.9, Fill::new(paint).faded(0.7));
        }
    }
}

fn draw_violin(svg: &mut Svg, values: &[f64], ruler: &Ruler, slot: Slot, paint: Paint) {
    let Some(curve) = density(values, 64) else {
        return draw_box(svg, values, ruler, slot, paint, true);
    };
    let largest = curve.iter().map(|(_, density)| *density).fold(0.0, f64::max);
    let side = |sign: f64| {
        curve
            .iter()
            .map(move |(value, density)| (slot.middle + sign * slot.half * density / largest, ruler.axis.at(*value)))
    };
    let outline: Vec<(f64, f64)> = side(1.0).chain(side(-1.0).rev()).collect();
    svg.polygon(&outline, Fill::new(paint).faded(0.28));
    let closed: Vec<(f64, f64)> = outline.iter().copied().chain(outline.first().copied()).collect();
    svg.line(&closed, Stroke::new(paint, 0.6));
    if let Some(numbers) = box_numbers(values) {
        let [q1, median, q3] = numbers.quartiles.map(|value| ruler.axis.at(value));
        let [low, high] = numbers.whiskers.map(|value| ruler.axis.at(value));
        svg.line(&[(slot.middle, low), (slot.middle, high)], Stroke::new(Paint::Ink, 0.5));
        svg.line(&[(slot.middle, q1), (slot.middle, q3)], Stroke::new(Paint::Ink, 2.0));
        svg.ring(slot.middle, median, 1.5, Paint::Ink);
    }
}

fn draw_points(svg: &mut Svg, values: &[f64], ruler: &Ruler, slot: Slot, paint: Paint) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let every = sorted.len().div_ceil(MAX_POINTS).max(1);
    for (rank, value) in sorted.iter().enumerate().step_by(every) {
        // The golden ratio's sequence: neighbors in rank stand far apart, and always at the same place.
        let aside = 2.0 * (rank as f64 * 0.618_033_988_749_894_9).fract() - 1.0;
        let aside = if sorted.len() == 1 { 0.0 } else { aside };
        svg.disk(slot.middle + aside * slot.half * 0.8, ruler.axis.at(*value), 1.2, Fill::new(paint).faded(0.5));
    }
    if let Some(numbers) = box_numbers(values) {
        let y = ruler.axis.at(numbers.mean);
        svg.line(&[(slot.middle - slot.half, y), (slot.middle + slot.half, y)], Stroke::new(Paint::Ink, 1.25));
    }
}

fn words(spec: &AxisSpec, groups: &[Distribution]) -> String {
    const MAX_GROUPS: usize = 24;
    let text = |group: &Distribution| {
        let name =
            if group.group.is_empty() { group.label.clone() } else { format!("{}, {}", group.label, group.group) };
        match box_numbers(&group.values) {
            Some(numbers) => {
                let [q1, median, q3] = numbers.quartiles.map(|value| significant(value, 3));
                format!("{name}: median {median}, quartiles {q1} and {q3}, {} values", group.values.len())
            }
            None => format!("{name}: no values"),
        }
    };
    let shown: Vec<String> = groups.iter().take(MAX_GROUPS).map(text).collect();
    let n_more = groups.len().saturating_sub(MAX_GROUPS);
    let rest = if n_more > 0 { format!("; and {n_more} more") } else { String::new() };
    format!("{}: {}{rest}.", spec.label, shown.join("; "))
}
