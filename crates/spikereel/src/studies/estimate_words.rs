//! Words, cells and rows for an estimate with an interval.

use super::Context;
use spikereel_report::schema::{IntervalRow, Section};

/// A row of an interval panel.
pub(super) fn row(label: &str, group: &str, value: f64, interval: Option<[f64; 2]>, filled: bool) -> IntervalRow {
    IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: Some(value),
        low: interval.map(|ends| ends[0]),
        high: interval.map(|ends| ends[1]),
        filled,
        ..IntervalRow::default()
    }
}

/// A section without charts that says why.
pub(super) fn without_result(slug: &str, title: &str, question: &str, sizes: String, why: String) -> Section {
    Section {
        slug: slug.into(),
        title: title.into(),
        question: question.into(),
        sizes,
        findings: vec![why],
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}

/// The recording in numbers.
pub(super) fn recording(context: &Context<'_>) -> String {
    let dataset = &context.main.dataset;
    let (n_sites, n_regions, n_bins) = (dataset.n_sites(), dataset.regions().len(), dataset.n_bins());
    format!("{n_sites} sites in {n_regions} regions, {n_bins} bins, {} conditions", dataset.conditions.len())
}
