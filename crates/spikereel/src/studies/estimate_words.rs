//! Words, cells and rows for an estimate with an interval.

use super::Context;
use spikereel_report::schema::{IntervalRow, Section, TableCell};

/// Level of a corrected p.
pub(super) const ALPHA: f64 = 0.05;

/// A number for a sentence, with its interval.
pub(super) fn estimate(value: f64, interval: Option<[f64; 2]>) -> String {
    match interval {
        Some([low, high]) => format!("{} [{}, {}]", number(value), number(low), number(high)),
        None => number(value),
    }
}

/// A number of order 1 for a sentence: three decimals below a tenth, else two.
pub(super) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.0995 { format!("{value:.3}") } else { format!("{value:.2}") }
}

/// A p value in a sentence.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "p < .001".into() } else { format!("p = {}", format!("{p:.3}").trim_start_matches('0')) }
}

/// `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_they_need() {
        assert_eq!([0.0, 0.0123, 0.5, -0.05].map(number), ["0.00", "0.012", "0.50", "-0.050"]);
        assert_eq!((p_value(0.0314), p_value(1e-6)), ("p = .031".into(), "p < .001".into()));
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
