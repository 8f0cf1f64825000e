//! Words and cells that the studies of scores share.

use super::Context;
use spikereel_report::schema::{AxisSpec, ChartPanel, IntervalRow, PanelBody, Section, TableCell};

/// Level below which a corrected p counts.
pub(super) const ALPHA: f64 = 0.05;

/// A number with the digits that a sentence can bear.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.095 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// An estimate with its interval.
pub(super) fn with_interval(value: f64, interval: Option<[f64; 2]>) -> String {
    match interval {
        Some([low, high]) => format!("{} [{}, {}]", short(value), short(low), short(high)),
        None => short(value),
    }
}

/// A p value in a sentence.
pub(super) fn p_words(p: f64) -> String {
    if p < 0.001 { "p < .001".into() } else { format!("p = {}", format!("{p:.3}").trim_start_matches('0')) }
}

/// Stars of a corrected p.
pub(super) fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < ALPHA => "*",
        _ => "",
    }
}

/// Names in a row: `V4, IT and MT`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// Both ends of an interval as cells.
pub(super) fn ends(interval: Option<[f64; 2]>) -> [TableCell; 2] {
    [interval.map(|ends| ends[0]).into(), interval.map(|ends| ends[1]).into()]
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

/// The main recording in numbers.
pub(super) fn data_words(context: &Context<'_>) -> String {
    let dataset = &context.main.dataset;
    format!("{} sites, {} trials of {} conditions", dataset.n_sites(), dataset.n_trials(), dataset.conditions.len())
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
        sizes: data_words(context),
        findings: vec![why],
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_their_digits_and_large_ones_lose_theirs() {
        let written = [0.0, 0.00312, 0.996, 12.34, 345.6, -0.5].map(short);
        assert_eq!(written, ["0.00", "0.0031", "1.00", "12.3", "346", "-0.50"]);
        assert_eq!((p_words(0.0123), p_words(1e-9)), ("p = .012".into(), "p < .001".into()));
    }
}
