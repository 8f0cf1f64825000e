//! Effects with their intervals, in words and as rows of charts.

use super::words::fixed;
use spikereel_analysis::stats::BootstrapTest;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, IntervalRow, PanelBody};

/// `0.123 [0.045, 0.201]`, with `, not resolvable at this size` where the interval includes 0.
pub(super) fn effect(test: &BootstrapTest) -> String {
    let [low, high] = test.interval_95;
    let unresolved = if low <= 0.0 && high >= 0.0 { ", not resolvable at this size" } else { "" };
    format!("{}{unresolved}", fixed(test.mean, test.interval_95, 3))
}

/// A row of an interval chart.
pub(super) fn row(
    label: impl Into<String>,
    group: impl Into<String>,
    test: &BootstrapTest,
    filled: bool,
) -> IntervalRow {
    let [low, high] = test.interval_95;
    IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: Some(test.mean),
        low: Some(low),
        high: Some(high),
        filled,
        ..IntervalRow::default()
    }
}

/// A panel of intervals with a line at `reference`.
pub(super) fn intervals(title: &str, label: &str, reference: f64, rows: Vec<IntervalRow>) -> ChartPanel {
    let axis = AxisSpec { label: label.into(), reference: Some(reference), range: None };
    ChartPanel { title: title.into(), body: PanelBody::Intervals { axis, rows } }
}

/// A chart of panels.
pub(super) fn chart(slug: &str, title: &str, reading: &str, panels: Vec<ChartPanel>) -> Chart {
    Chart { slug: slug.into(), title: title.into(), reading: reading.into(), panels }
}
