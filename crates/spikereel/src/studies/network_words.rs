//! Words and rows that the studies of networks share.

use super::Material;
use super::words::{short, t_words};
use spikereel_analysis::score::Summary;
use spikereel_analysis::stats::TTest;
use spikereel_analysis::study::compare::Estimate;
use spikereel_report::schema::{IntervalRow, Section, TableCell};

/// `.93 (95 % interval .91 to .95)`.
pub(super) fn with_interval(mean: f64, [low, high]: [f64; 2]) -> String {
    format!("{} (95 % interval {} to {})", short(mean), short(low), short(high))
}

/// A number and its spread, where they exist.
pub(super) fn mean_and_sd(mean: Option<f64>, sd: Option<f64>) -> String {
    match (mean, sd) {
        (Some(mean), Some(sd)) => format!("{} ± {}", short(mean), short(sd)),
        (Some(mean), None) => short(mean),
        _ => "not defined".into(),
    }
}

/// A score of conditions against that of noise, and the t test of the two.
pub(super) fn against_noise(own: &Summary, noise: &Summary, test: Option<TTest>) -> String {
    let test = test.map_or_else(|| "no test".into(), |test| t_words(&test));
    format!("{} against {} ({test})", mean_and_sd(own.mean, own.sd), mean_and_sd(noise.mean, noise.sd))
}

/// True where an interval leaves zero out.
pub(super) fn excludes_zero([low, high]: [f64; 2]) -> bool {
    low > 0.0 || high < 0.0
}

/// A row of intervals for an estimate.
pub(super) fn row(label: &str, group: &str, estimate: Option<&Estimate>) -> IntervalRow {
    IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: estimate.map(|estimate| estimate.mean),
        low: estimate.map(|estimate| estimate.interval_95[0]),
        high: estimate.map(|estimate| estimate.interval_95[1]),
        filled: true,
        ..IntervalRow::default()
    }
}

/// Mean and both ends as cells.
pub(super) fn cells(estimate: Option<&Estimate>) -> [TableCell; 3] {
    [
        estimate.map(|estimate| estimate.mean).into(),
        estimate.map(|estimate| estimate.interval_95[0]).into(),
        estimate.map(|estimate| estimate.interval_95[1]).into(),
    ]
}

/// Sites, bins and trials of a fold of a recording.
pub(super) fn fold_words(material: &Material, fold_idx: usize) -> String {
    let dataset = &material.dataset;
    let [n_frames, height, width, _] = dataset.video_shape();
    let n = |part| material.folds[fold_idx].trials(part).len();
    format!(
        "{} sites, {} bins, {} conditions, {} training and {} test trials, {n_frames} frames of {height} x {width}",
        dataset.n_sites(),
        dataset.n_bins(),
        dataset.conditions.len(),
        n(spikereel_data::Part::Train),
        n(spikereel_data::Part::Test)
    )
}

/// A section that could not be made here, and why.
pub(super) fn not_here(slug: &str, title: &str, question: &str, why: &str, sizes: String) -> Section {
    Section {
        slug: slug.into(),
        title: title.into(),
        question: question.into(),
        sizes,
        findings: vec![why.into()],
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}
