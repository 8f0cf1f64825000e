//! The masking study: which region's silence harms which feature, over one or more networks.
//!
//! The primary harm of a feature with levels is the loss of single-trial accuracy in naming its level from the decoded video. It is the
//! same quantity as the planted truth (an ideal observer's drop), it does not saturate by averaging over trials, and under the null it is
//! safe: zeroing a region that carries nothing moves every decoded video a little and in common, which condition averages can show as a
//! tiny but perfectly consistent change, while accuracy only changes where trials flip, in both directions alike or for the better.
//! Harm of condition averages and of single-trial scores stands beside it, each with the same test.

use crate::perturb::{MaskOperator, MaskedSites, fit_without};
use crate::readout::Readout;
use crate::stats::Correction;
use crate::study::harm::{HarmInput, harms, paper_change};
use crate::study::masked_scores::{MaskingRun, decode_run};
use crate::study::masking_table::{Basis, MaskingCell, MaskingTable};
use crate::study::planted::compare_with_planted;
use crate::study::scorer::PerSample;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, Decoder, FitDecoder, Part, Region, Result};

/// How a masking study is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskingOptions {
    /// Trials to decode.
    pub part: Part,
    /// Regions to mask, one at a time; all where none is named.
    pub regions: Option<Vec<Region>>,
    /// What takes their place.
    pub operator: MaskOperator,
    /// Basis of the primary harm; none for the default: accuracy for features with levels, pooled Pearson for pooled readouts, else
    /// condition averages. A readout that lacks the basis asked for keeps its default.
    pub primary: Option<Basis>,
    /// Correction over regions, within a feature.
    pub correction: Correction,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
    /// Bootstrap replicates, 100 or more.
    pub n_replicates: usize,
    /// Scores on single trials beside accuracy.
    pub per_sample: PerSample,
    /// Seed of the bootstrap and of draws.
    pub seed: u64,
    /// Draws of an operator that draws at random; their mean counts.
    pub n_draws: usize,
}

impl Default for MaskingOptions {
    fn default() -> Self {
        Self {
            part: Part::Test,
            regions: None,
            operator: MaskOperator::Zero,
            primary: None,
            correction: Correction::Holm,
            alpha: 0.05,
            n_replicates: 4000,
            per_sample: PerSample::Cheap,
            seed: 0,
            n_draws: 5,
        }
    }
}

impl MaskingOptions {
    /// How often a region is masked.
    pub(super) fn n_draws_of_operator(&self) -> usize {
        if self.operator.is_random() { self.n_draws.max(1) } else { 1 }
    }
}

/// Masks each region in turn and tests the harm. `progress(done, total)` is called after each decoded set.
///
/// Runs may be several seeds on one fold, or folds of one network with disjoint test trials, or both; all on datasets with the same
/// regions and conditions.
///
/// # Errors
/// No run, an unknown region, datasets that do not agree, options out of range, or what a decoder refuses.
pub fn masking_study(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    options: &MaskingOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<MaskingTable> {
    if options.operator == MaskOperator::RetrainWithout {
        return Err(DataError::new("masking operator", "one that needs no fit", options.operator.to_string())
            .hint("use retrained_masking_study"));
    }
    study(runs, readouts, options, None, progress)
}

/// Like [`masking_study`] with [`MaskOperator::RetrainWithout`]: for each run and region, `fit` makes a decoder without the region. The
/// decoders of `runs` should come from the same `fit`, else two things differ.
///
/// # Errors
/// As [`masking_study`], and what `fit` refuses.
pub fn retrained_masking_study(
    runs: &[MaskingRun<'_>],
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    options: &MaskingOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<MaskingTable> {
    let options = MaskingOptions { operator: MaskOperator::RetrainWithout, ..options.clone() };
    study(runs, readouts, &options, Some(fit), progress)
}

fn study(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    options: &MaskingOptions,
    fit: Option<&dyn FitDecoder>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<MaskingTable> {
    let Some(first) = runs.first() else { return Err(DataError::new("runs to mask", "at least one", "none")) };
    check(runs, options)?;
    let dataset = first.fold.dataset();
    let regions = options.regions.clone().unwrap_or_else(|| dataset.regions().to_vec());
    let networks = network_names(runs);
    let total = runs.len() * (regions.len() * options.n_draws_of_operator() + 1);
    let mut n_done = 0;
    let mut scores = Vec::new();
    for run in runs {
        let network_idx = networks.iter().position(|name| name == run.network).unwrap_or(0);
        let without = fit.map(|fit| fit_all(fit, run, &regions, options.seed)).transpose()?;
        let mut done = || {
            n_done += 1;
            progress(n_done, total);
        };
        scores.push(decode_run(run, network_idx, &regions, without.as_deref(), readouts, options, &mut done)?);
    }
    let mut trials: Vec<usize> = scores.iter().flat_map(|run| run.trials.iter().copied()).collect();
    trials.sort_unstable();
    trials.dedup();
    let input = HarmInput {
        scores: &scores,
        readouts,
        n_networks: networks.len(),
        n_conditions: dataset.conditions.len(),
        trials: &trials,
        options,
        regions: &regions,
    };
    let mut cells = Vec::new();
    let mut primary = Vec::new();
    for readout_idx in 0..readouts.len() {
        let by_region = harms(&input, readout_idx)?;
        let paper = paper_change(&input, readout_idx);
        for ((region, (own, others)), paper) in regions.iter().zip(by_region).zip(paper) {
            if primary.len() == readout_idx {
                primary.push(own.basis);
            }
            let feature = readouts[readout_idx].name().to_string();
            cells.push(MaskingCell { region: region.clone(), feature, primary: own, others, paper });
        }
    }
    // Made feature by feature, because p values are corrected over regions; kept region by region.
    let n_regions = regions.len();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|&at| (at % n_regions, at / n_regions));
    let cells = order.iter().map(|&at| cells[at].clone()).collect();
    let n_sites =
        regions.iter().map(|region| dataset.sites.iter().filter(|site| site.region == *region).count()).collect();
    let mut table = MaskingTable {
        operator: options.operator,
        part: options.part,
        networks,
        n_sites,
        features: readouts.iter().map(|readout| readout.name().to_string()).collect(),
        primary,
        correction: options.correction,
        alpha: options.alpha,
        n_trials: trials.len(),
        cells,
        planted: Vec::new(),
        regions,
    };
    if let Some(truth) = &dataset.truth {
        table.planted = compare_with_planted(&table, truth);
    }
    Ok(table)
}

/// A decoder without each region.
fn fit_all(fit: &dyn FitDecoder, run: &MaskingRun<'_>, regions: &[Region], seed: u64) -> Result<Vec<Box<dyn Decoder>>> {
    let one = |region: &Region| {
        let sites = MaskedSites::of_region(run.fold.dataset(), region)?.sites;
        fit_without(fit, run.fold, &sites, derive_seed(seed, &format!("retrain/{}/{region}", run.network)))
    };
    regions.iter().map(one).collect()
}

/// Names of the networks of runs, each once.
pub(super) fn network_names(runs: &[MaskingRun<'_>]) -> Vec<String> {
    let mut networks: Vec<String> = Vec::new();
    for run in runs {
        if !networks.iter().any(|name| name == run.network) {
            networks.push(run.network.into());
        }
    }
    networks
}

fn check(runs: &[MaskingRun<'_>], options: &MaskingOptions) -> Result<()> {
    if options.n_replicates < 100 {
        return Err(DataError::new("masking n_replicates", "100 or more", options.n_replicates.to_string()));
    }
    if !(options.alpha > 0.0 && options.alpha < 1.0) {
        return Err(DataError::new("masking alpha", "a number between 0 and 1", options.alpha.to_string()));
    }
    if options.regions.as_ref().is_some_and(Vec::is_empty) {
        return Err(DataError::new("regions to mask", "at least one", "none"));
    }
    check_runs(runs, options.part)
}

/// Refuses runs on datasets that do not agree, and a trial twice in one network.
pub(super) fn check_runs(runs: &[MaskingRun<'_>], part: Part) -> Result<()> {
    let Some(first) = runs.first() else { return Err(DataError::new("runs to mask", "at least one", "none")) };
    let dataset = first.fold.dataset();
    for run in runs {
        let own = run.fold.dataset();
        if own.regions() != dataset.regions() || own.conditions != dataset.conditions {
            return Err(DataError::new("runs to mask", "the same regions and conditions in all", run.network));
        }
    }
    for (run_idx, run) in runs.iter().enumerate() {
        let own = run.fold.trials(part);
        for other in runs[..run_idx].iter().filter(|other| other.network == run.network) {
            if let Some(trial) = other.fold.trials(part).iter().find(|trial| own.binary_search(trial).is_ok()) {
                let got = format!("trial {trial} in two runs of `{}`", run.network);
                return Err(DataError::new("runs to mask", "each trial once a network", got)
                    .hint("give each seed a network name of its own; only folds of one seed share it"));
            }
        }
    }
    Ok(())
}
