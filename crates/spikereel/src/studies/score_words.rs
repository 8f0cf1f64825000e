//! Words and cells that the studies of scores share.

use super::words::ALPHA;
use super::{Context, Material};
use spikereel_report::schema::{AxisSpec, ChartPanel, IntervalRow, PanelBody, Section};

/// Stars of a corrected p.
pub(super) fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < ALPHA => "*",
        _ => "",
    }
}

/// A row of intervals.
pub(super) fn row(label: &str, estimate: Option<f64>, interval: Option<[f64; 2]>) -> IntervalRow {
    let (low, high) = (interval.map(|ends| ends[0]), interval.map(|ends| ends[1]));
    IntervalRow { label: label.into(), estimate, low, high, ..IntervalRow::default() }
}

/// A panel of intervals.
pub(super) fn intervals(title: &str, label: &str, reference: Option<f64>, rows: Vec<IntervalRow>) -> ChartPanel {
    let axis = AxisSpec { label: label.into(), reference, range: None };
    ChartPanel { title: title.into(), body: PanelBody::Intervals { axis, rows } }
}

/// A recording in numbers.
pub(super) fn data_words(material: &Material) -> String {
    let dataset = &material.dataset;
    let [n_frames, height, width, _] = dataset.video_shape();
    format!(
        "{} sites, {} trials of {} conditions, {} bins, videos of {n_frames} frames of {height} x {width} pixels",
        dataset.n_sites(),
        dataset.n_trials(),
        dataset.conditions.len(),
        dataset.n_bins()
    )
}

/// The small networks in numbers.
pub(super) fn network_words(context: &Context<'_>) -> String {
    format!("networks of {} base channels, {} epochs", context.sizes.small_channels, context.sizes.small_epochs)
}

/// A section that says why there is nothing in it.
pub(super) fn lacking(context: &Context<'_>, slug: &str, title: &str, question: &str, why: String) -> Section {
    Section {
        slug: slug.into(),
        title: title.into(),
        question: question.into(),
        sizes: data_words(context.main),
        findings: vec![why],
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}
