//! What panels of sections share: colors of series, the legend, and axes from their words.

use crate::schema::AxisSpec;
use crate::svg::{Anchor, Axis, Fill, Label, Paint, Stroke, Svg, fitted, text_width};

/// Where the legend, or else the plot, begins.
pub(super) const TOP_PT: f64 = 15.0;
/// Height of a line of the legend.
const LEGEND_PT: f64 = 9.0;
/// Entries that a legend names; the rest is counted.
const MAX_ENTRIES: usize = 16;
/// Numbers beyond this are drawn as this; it keeps every difference finite.
const LARGEST: f64 = 1e150;

/// The color of a group, series or category by position: Okabe and Ito's, then ink; again from the start after eight.
pub(super) fn paint_of(idx: usize) -> Paint {
    const PAINTS: [Paint; 8] = [
        Paint::Blue,
        Paint::Orange,
        Paint::Green,
        Paint::Vermilion,
        Paint::Purple,
        Paint::Sky,
        Paint::Ink,
        Paint::Muted,
    ];
    PAINTS[idx % PAINTS.len()]
}

/// A mark in the legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Disk(Paint),
    Ring(Paint),
    Line(Stroke),
    Box(Paint),
    Diamond(Paint),
}

/// Each name once, in the order of first use, without the empty one.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| !name.is_empty() && seen.insert(*name)).collect()
}

/// Height of the legend in points; 0 without entries.
pub(super) fn legend_height(entries: &[(String, Mark)], width_pt: f64) -> f64 {
    let places = places(entries, width_pt);
    let counted = if entries.len() > places.len() { LEGEND_PT } else { 0.0 };
    places.last().map_or(0.0, |(_, y)| y + LEGEND_PT + 2.0 + counted)
}

/// Draws the legend from [`TOP_PT`] downwards.
pub(super) fn draw_legend(svg: &mut Svg, entries: &[(String, Mark)], width_pt: f64) {
    let places = places(entries, width_pt);
    for ((text, mark), (x, y)) in entries.iter().zip(&places) {
        let y = TOP_PT + y + 5.0;
        match *mark {
            Mark::Disk(paint) => svg.disk(x + 3.0, y, 2.2, Fill::new(paint)),
            Mark::Ring(paint) => svg.ring(x + 3.0, y, 2.0, paint),
            Mark::Line(stroke) => svg.line(&[(*x, y), (x + 7.0, y)], stroke),
            Mark::Box(paint) => svg.rect(x + 0.5, y - 2.5, 5.0, 5.0, Fill::new(paint)),
            Mark::Diamond(paint) => svg.diamond(x + 3.0, y, 2.8, paint),
        }
        svg.fitted_text(x + 10.0, y + 2.0, text, width_pt - 12.0, Label::new(6.0));
    }
    if entries.len() > places.len() {
        let y = places.last().map_or(0.0, |(_, y)| *y);
        let text = format!("and {} more", entries.len() - places.len());
        svg.text(10.0, TOP_PT + y + 5.0 + 2.0 + LEGEND_PT, &text, Label::new(6.0).paint(Paint::Muted));
    }
}

/// Places of the entries that are named, from left to right and line by line.
fn places(entries: &[(String, Mark)], width_pt: f64) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let mut all = Vec::new();
    for (text, _) in entries.iter().take(MAX_ENTRIES) {
        let entry_pt = (text_width(text, 6.0) + 18.0).min(width_pt);
        if x > 0.0 && x + entry_pt > width_pt + 8.0 {
            (x, y) = (0.0, y + LEGEND_PT);
        }
        all.push((x, y));
        x += entry_pt;
    }
    all
}

/// An axis with its words.
pub(super) struct Ruler {
    pub axis: Axis,
    pub label: String,
    /// What numbers have to be multiplied by, such as ` (×10⁹)`; empty for 1. Stays whole where the label is shortened.
    pub factor: String,
    pub reference: Option<f64>,
}

impl Ruler {
    /// An axis over all values (and the reference), widened by a little, or over the range that is asked for. None where
    /// there is neither a value nor a range.
    pub fn new(spec: &AxisSpec, values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let clamp = |value: f64| value.clamp(-LARGEST, LARGEST);
        let values = values.into_iter().chain(spec.reference).filter(|value| value.is_finite()).map(clamp);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = match spec.range {
            Some([low, high]) => (clamp(low), clamp(high)),
            None if low > high => (0.0, 1.0),
            None if high - low <= 1e-12 * high.abs().max(low.abs()) || high == low => {
                let half = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
                (low - half, high + half)
            }
            None => (low - 0.03 * (high - low), high + 0.03 * (high - low)),
        };
        let (axis, exponent) = Axis::spanning(low, high, n_ticks);
        let factor = if exponent == 0 { String::new() } else { format!(" (\u{d7}10{})", superscript(exponent)) };
        // A reference beyond a range that was asked for has no place on the axis.
        let reference = spec.reference.filter(|value| (low..=high).contains(value));
        Self { axis, label: spec.label.clone(), factor, reference }
    }

    /// Draws the label with its factor, shortened to some room.
    fn draw_label(&self, svg: &mut Svg, x: f64, y: f64, room: f64, label: Label) {
        let factor_pt = text_width(&self.factor, label.size_pt);
        let shown = format!("{}{}", fitted(&self.label, label.size_pt, room - factor_pt), self.factor);
        let whole = format!("{}{}", self.label, self.factor);
        svg.text_element(x, y, shown.trim_start(), (shown != whole).then_some(whole.as_str()), label);
    }

    /// Room that the axis needs at the left: its label, its numbers, its ticks.
    pub fn left_pt(&self) -> f64 {
        let widest = self.axis.ticks.iter().map(|(_, text)| text_width(text, 6.0)).fold(0.0, f64::max);
        widest + 7.0 + if self.label.is_empty() && self.factor.is_empty() { 0.0 } else { 9.0 }
    }

    /// Lays the axis along the left of a plot from `bottom` up to `top` and draws it, its label and its reference up to `right`.
    pub fn draw_left(&mut self, svg: &mut Svg, left: f64, right: f64, top: f64, bottom: f64) {
        self.axis = self.axis.clone().between(bottom, top);
        self.axis.draw_vertical(svg, left);
        if let Some(y) = self.reference.map(|value| self.axis.at(value)) {
            svg.line(&[(left, y), (right, y)], Stroke::new(Paint::Muted, 0.5));
        }
        let label = Label::new(6.5).anchor(Anchor::Middle).upwards();
        self.draw_label(svg, 6.5, (top + bottom) / 2.0, bottom - top, label);
    }

    /// Lays the axis along the bottom of a plot and draws it, its label and its reference up to `top`.
    pub fn draw_bottom(&mut self, svg: &mut Svg, left: f64, right: f64, top: f64, bottom: f64) {
        self.axis = self.axis.clone().between(left, right).thinned(6.0, 5.0);
        self.axis.draw_horizontal(svg, bottom, false, Paint::Ink);
        if let Some(x) = self.reference.map(|value| self.axis.at(value)) {
            svg.line(&[(x, top), (x, bottom)], Stroke::new(Paint::Muted, 0.5));
        }
        let label = Label::new(6.5).anchor(Anchor::Middle);
        // The label may be wider than the plot; then it is centered on the whole panel.
        let wide = text_width(&self.label, 6.5) + text_width(&self.factor, 6.5) > right - left;
        let middle = if wide { svg.width_pt / 2.0 } else { (left + right) / 2.0 };
        let room = if wide { svg.width_pt } else { right - left };
        self.draw_label(svg, middle, bottom + 19.0, room, label);
    }
}

/// Room below a plot for its horizontal axis and the label.
pub(super) const BOTTOM_AXIS_PT: f64 = 22.0;

/// A power of ten's exponent as superscript.
fn superscript(exponent: i32) -> String {
    let digit = |character: char| match character {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_any_numbers_are_axes_with_short_numbers() {
        let spec = AxisSpec { label: "Harm".into(), ..AxisSpec::default() };
        for values in [vec![], vec![0.0], vec![1e300, -1e300], vec![3e-9, 4e-9], vec![-5.0], vec![1e9, 1e9 + 1.0]] {
            let ruler = Ruler::new(&spec, values.clone(), 5);
            assert!(ruler.axis.high > ruler.axis.low, "{values:?}");
            assert!((2..=12).contains(&ruler.axis.ticks.len()), "{values:?} {:?}", ruler.axis.ticks);
            assert!(ruler.axis.ticks.iter().all(|(_, text)| text.len() < 16), "{:?}", ruler.axis.ticks);
        }
        assert_eq!(Ruler::new(&spec, [2e-7, 9e-7], 5).factor, " (\u{d7}10\u{207b}\u{2077})");
        let fixed = AxisSpec { range: Some([0.0, 0.4]), ..spec };
        let ruler = Ruler::new(&fixed, [7.0], 4);
        assert_eq!((ruler.axis.low, ruler.axis.high), (0.0, 0.4));
        assert_eq!(ruler.axis.ticks.len(), 5);
    }

    #[test]
    fn a_long_legend_names_some_and_counts_the_rest() {
        let entries: Vec<(String, Mark)> =
            (0..40).map(|n| (format!("condition {n}"), Mark::Disk(paint_of(n)))).collect();
        assert_eq!(places(&entries, 250.0).len(), MAX_ENTRIES);
        assert_eq!(distinct(["b", "", "a", "b"].into_iter()), ["b", "a"]);
        assert_eq!(legend_height(&[], 250.0), 0.0);
    }
}
