//! What the studies of regions share: their networks, their words for an effect, and what they say where a recording lacks what they need.

use super::Context;
use super::words::fixed;
use crate::Result;
use crate::progress::{Progress, Task};
use spikereel_analysis::stats::BootstrapTest;
use spikereel_analysis::study::{Basis, MaskingRun};
use spikereel_data::{Dataset, Fold, Region};
use spikereel_nn::NetworkDecoder;
use spikereel_report::schema::{IntervalRow, Section};

/// The main networks of fold 0, with their names.
pub(super) fn networks(context: &Context<'_>) -> Result<Vec<(String, NetworkDecoder)>> {
    (0..context.sizes.n_networks.max(1)).map(|at| Ok((format!("seed{at}"), context.decoder(0, at)?))).collect()
}

/// The runs of networks on one fold.
pub(super) fn runs<'a>(networks: &'a [(String, NetworkDecoder)], fold: &'a Fold) -> Vec<MaskingRun<'a>> {
    networks.iter().map(|(network, decoder)| MaskingRun { network, decoder, fold }).collect()
}

/// A section that asks and has no answer yet.
pub(super) fn blank(slug: &str, title: &str, question: &str) -> Section {
    Section {
        slug: slug.into(),
        title: title.into(),
        question: question.into(),
        sizes: String::new(),
        findings: Vec::new(),
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}

/// Why regions cannot be compared here, if so.
pub(super) fn lacking(context: &Context<'_>) -> Option<String> {
    let dataset = &context.main.dataset;
    if context.main.readouts.is_empty() {
        return Some("Not done: no feature can be read from the videos of this recording.".into());
    }
    if context.main.folds.is_empty() {
        return Some("Not done: the recording has no split.".into());
    }
    if dataset.regions().len() < 2 {
        return Some(format!("Not done: the recording has one region, {}.", dataset.regions()[0]));
    }
    let scored = context.main.readouts.iter().any(|readout| {
        readout.is_pooled() || readout.factor().is_some_and(|factor| dataset.conditions.factor_idx(factor).is_some())
    });
    (!scored).then(|| "Not done: no condition factor names the levels of a feature.".into())
}

/// What a study was computed on.
pub(super) fn sizes(context: &Context<'_>, n_trials: usize, n_networks: usize, more: &str) -> String {
    let dataset = &context.main.dataset;
    let networks = if n_networks == 1 { "1 network".into() } else { format!("{n_networks} networks") };
    format!(
        "{} sites in {} regions, {n_trials} test trials, {} conditions, {networks} of base width {}, {} bootstrap replicates{more}.",
        dataset.n_sites(),
        dataset.regions().len(),
        dataset.conditions.len(),
        context.main.config.network.base_channels,
        context.sizes.n_bootstrap
    )
}

/// Whether the interval leaves 0 out.
pub(super) fn is_resolved(test: &BootstrapTest) -> bool {
    let [low, high] = test.interval_95;
    low > 0.0 || high < 0.0
}

/// An effect in words: `0.12 [0.05, 0.19]`.
pub(super) fn effect(test: &BootstrapTest) -> String {
    fixed(test.mean, test.interval_95, 2)
}

/// What a score is called.
pub(super) fn score_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Accuracy => "accuracy",
        Basis::PooledPearson => "Pearson correlation",
        Basis::ConditionAverage => "score of condition averages",
        Basis::PerSample => "score of single trials",
    }
}

/// The region with the largest effect, in words, or that none is resolved.
pub(super) fn largest(what: &str, regions: &[Region], tests: &[&BootstrapTest]) -> String {
    let top = (0..tests.len()).max_by(|&a, &b| tests[a].mean.total_cmp(&tests[b].mean));
    match top {
        Some(at) if tests[at].interval_95[0] > 0.0 => {
            format!("{what}: largest for {}, {} (95 % interval).", regions[at], effect(tests[at]))
        }
        Some(at) if tests[at].mean > 0.0 => {
            format!("{what}: not resolvable at this size; largest for {}, {}.", regions[at], effect(tests[at]))
        }
        Some(_) => format!("{what}: not resolvable at this size; no region has any."),
        None => format!("{what}: no region."),
    }
}

/// A row of an interval chart.
pub(super) fn row(label: &str, group: &str, test: &BootstrapTest, filled: bool, expected: Option<f64>) -> IntervalRow {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: finite(test.mean),
        low: finite(test.interval_95[0]),
        high: finite(test.interval_95[1]),
        filled,
        expected,
        note: String::new(),
    }
}

/// What was planted for a region and feature: the Shapley value and the drop when the region is left out.
pub(super) fn planted(dataset: &Dataset, feature: &str, region: &Region) -> Option<(f64, f64)> {
    let truth = dataset.truth.as_ref()?;
    let at = truth.regions.iter().position(|own| own == region)?;
    let own = truth.features.iter().find(|own| own.feature == feature)?;
    Some((*own.shapley.get(at)?, *own.drop_when_left_out.get(at)?))
}

/// Tells of decoded sets; the bar is begun when their number is known.
pub(super) struct Bar<'a> {
    stage: &'a str,
    progress: &'a dyn Progress,
    task: Option<Box<dyn Task>>,
}

impl<'a> Bar<'a> {
    pub(super) fn new(stage: &'a str, progress: &'a dyn Progress) -> Self {
        Self { stage, progress, task: None }
    }

    pub(super) fn step(&mut self, _done: usize, total: usize) {
        self.task.get_or_insert_with(|| self.progress.begin(self.stage, total as u64, "decoding")).advance(1);
    }
}
