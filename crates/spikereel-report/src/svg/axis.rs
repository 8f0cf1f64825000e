//! Axes: from numbers to points, with ticks at round numbers.

use super::{Anchor, Label, Paint, Stroke, Svg};
use crate::text::number;

/// Linear or logarithmic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    Log,
}

/// A range of numbers laid onto a range of points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub start_pt: f64,
    pub end_pt: f64,
    pub scale: Scale,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis that covers all finite values (and `always`), widened to round ticks, about `n_ticks` of them.
    pub fn around(values: impl IntoIterator<Item = f64>, always: &[f64], n_ticks: usize) -> Self {
        let values = values.into_iter().chain(always.iter().copied()).filter(|value| value.is_finite());
        let (mut low, mut high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-12 * high.abs().max(1e-6) {
            (low, high) = (low - 0.5 * low.abs().max(1e-3), high + 0.5 * high.abs().max(1e-3));
        }
        let step = round_step((high - low) / n_ticks.max(1) as f64);
        let (first, last) = ((low / step + 1e-9).floor() as i64, (high / step - 1e-9).ceil() as i64);
        let n_decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let ticks = (first..=last).map(|n| n as f64 * step).map(|tick| (tick, number(tick, n_decimals))).collect();
        let (low, high) = (first as f64 * step, last as f64 * step);
        Self { low, high, start_pt: 0.0, end_pt: 1.0, scale: Scale::Linear, ticks }
    }

    /// An axis with these ends, `low` below `high`, and round ticks between them. Returns the power of ten that every tick
    /// is divided by, 0 where numbers are of a size that reads well.
    pub fn spanning(low: f64, high: f64, n_ticks: usize) -> (Self, i32) {
        let size = low.abs().max(high.abs());
        let exponent = if (1e-2..1e5).contains(&size) { 0 } else { size.log10().floor() as i32 };
        let unit = 10_f64.powi(exponent);
        let (low, high) = (low / unit, high / unit);
        let ends = |step: f64| ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let mut step = round_step((high - low) / n_ticks.max(1) as f64);
        if ends(step).1 - ends(step).0 < 2 {
            // One or two numbers do not tell a scale.
            step = round_step((high - low) / (2 * n_ticks.max(1)) as f64);
        }
        let (first, last) = ends(step);
        let n_decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
        let ticks =
            (first..=last).map(|n| n as f64 * step).map(|tick| (tick * unit, number(tick, n_decimals))).collect();
        let axis = Self { low: low * unit, high: high * unit, start_pt: 0.0, end_pt: 1.0, scale: Scale::Linear, ticks };
        (axis, exponent)
    }

    /// Takes the text from ticks until those left stand `gap_pt` apart at least, `size_pt` being that of the text.
    #[must_use]
    pub fn thinned(mut self, size_pt: f64, gap_pt: f64) -> Self {
        let widest = self.ticks.iter().map(|(_, text)| super::text_width(text, size_pt)).fold(0.0, f64::max);
        let n_max = ((self.end_pt - self.start_pt).abs() / (widest + gap_pt)).floor().max(1.0) as usize;
        let every = self.ticks.len().div_ceil(n_max + 1).max(1);
        for (idx, (_, text)) in self.ticks.iter_mut().enumerate() {
            if idx % every != 0 {
                text.clear();
            }
        }
        self
    }

    /// A logarithmic axis over positive values, ticks at 1, 2 and 5 times powers of ten.
    pub fn around_log(values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Self::around([], &[], 4);
        }
        let (low, high) = (low * 0.9, high * 1.1);
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let few = (high / low).log10() > 2.0;
        let multiples: &[f64] = if few { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut ticks = Vec::new();
        for power in decades {
            for multiple in multiples {
                let tick = multiple * 10_f64.powi(power);
                if tick >= low && tick <= high {
                    ticks.push((tick, number(tick, (-power).max(0) as usize)));
                }
            }
        }
        Self { low, high, start_pt: 0.0, end_pt: 1.0, scale: Scale::Log, ticks }
    }

    /// Lays the axis between two points.
    #[must_use]
    pub fn between(mut self, start_pt: f64, end_pt: f64) -> Self {
        (self.start_pt, self.end_pt) = (start_pt, end_pt);
        self
    }

    /// Where a number stands; numbers outside stand at the ends.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln(),
        };
        self.start_pt + share.clamp(0.0, 1.0) * (self.end_pt - self.start_pt)
    }

    /// Draws the axis along the bottom (or, with `above`, the top) of a plot, at height `y`.
    pub fn draw_horizontal(&self, svg: &mut Svg, y: f64, above: bool, paint: Paint) {
        let down = if above { -1.0 } else { 1.0 };
        svg.line(&[(self.start_pt, y), (self.end_pt, y)], Stroke::new(paint, 0.5));
        for (tick, text) in &self.ticks {
            let x = self.at(*tick);
            svg.line(&[(x, y), (x, y + 2.5 * down)], Stroke::new(paint, 0.5));
            if text.is_empty() {
                continue;
            }
            let base = if above { y - 4.5 } else { y + 9.0 };
            svg.text(x, base, text, Label::new(6.0).anchor(Anchor::Middle).paint(paint));
        }
    }

    /// Draws the axis along the left of a plot, at `x`.
    pub fn draw_vertical(&self, svg: &mut Svg, x: f64) {
        svg.line(&[(x, self.start_pt), (x, self.end_pt)], Stroke::new(Paint::Ink, 0.5));
        for (tick, text) in &self.ticks {
            let y = self.at(*tick);
            svg.line(&[(x, y), (x - 2.5, y)], Stroke::new(Paint::Ink, 0.5));
            svg.text(x - 4.5, y + 2.0, text, Label::new(6.0).anchor(Anchor::End));
        }
    }
}

/// The round number (1, 2 or 5 times a power of ten) nearest above `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let share = step / power;
    power
        * if share <= 1.0 {
            1.0
        } else if share <= 2.0 {
            2.0
        } else if share <= 5.0 {
            5.0
        } else {
            10.0
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let axis = Axis::around([0.13, 0.97], &[0.0], 5).between(10.0, 110.0);
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(labels, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!((axis.at(0.0), axis.at(0.5), axis.at(9.0)), (10.0, 60.0, 110.0));
    }

    #[test]
    fn an_axis_of_nothing_or_of_one_value_is_still_an_axis() {
        for values in [vec![], vec![f64::NAN], vec![3.0, 3.0], vec![0.0], vec![1e300]] {
            let axis = Axis::around(values.clone(), &[], 4).between(0.0, 1.0);
            assert!(axis.high > axis.low && axis.ticks.len() < 30, "{values:?}");
            assert!(axis.at(3.0).is_finite());
        }
        assert!(Axis::around_log([0.0, -1.0]).high > 0.0);
    }

    #[test]
    fn logarithmic_ticks_stand_at_their_places() {
        let axis = Axis::around_log([0.01, 1.0]).between(0.0, 100.0);
        assert!((axis.at(0.1) - 50.0).abs() < 1.0);
        assert!(axis.ticks.iter().any(|(_, text)| text == "0.1"));
    }
}
