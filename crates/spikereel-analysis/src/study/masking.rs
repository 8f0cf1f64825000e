//! The masking study: which region's silence harms which feature, over one or more networks.
//!
//! The primary harm of a feature with levels is the loss of single-trial accuracy in naming its level from the decoded video. It is the
//! same quantity as the planted truth (an ideal observer's drop), it does not saturate by averaging over trials, and under the null it is
//! safe: zeroing a region that carries nothing moves every decoded video a little and in common, which condition averages can show as a
//! tiny but perfectly consistent change, while accuracy only changes where trials flip, in both directions alike or for the better.
//! Harm of condition averages and of single-trial scores stands beside it, each with the same test.

use crate::perturb::MaskOperator;
use crate::readout::Readout;
use crate::stats::Correction;
use crate::study::harm::{HarmInput, harms, paper_change};
use crate::study::masked_scores::{MaskingRun, decode_run};
use crate::study::masking_table::{Basis, MaskingCell, MaskingTable};
use crate::study::planted::compare_with_planted;
use crate::study::scorer::PerSample;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Part, Region, Result};

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
    /// Seed of the bootstrap.
    pub seed: u64,
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
        }
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
    let Some(first) = runs.first() else { return Err(DataError::new("runs to mask", "at least one", "none")) };
    check(runs, options)?;
    let dataset = first.fold.dataset();
    let regions = options.regions.clone().unwrap_or_else(|| dataset.regions().to_vec());
    let mut networks: Vec<String> = Vec::new();
    for run in runs {
        if !networks.iter().any(|name| name == run.network) {
            networks.push(run.network.into());
        }
    }
    let total = runs.len() * (regions.len() + 1);
    let mut n_done = 0;
    let mut scores = Vec::new();
    for run in runs {
        let network_idx = networks.iter().position(|name| name == run.network).unwrap_or(0);
        scores.push(decode_run(
            run,
            network_idx,
            options.part,
            &regions,
            options.operator,
            readouts,
            options.per_sample,
            &mut || {
                n_done += 1;
                progress(n_done, total);
            },
        )?);
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
    let dataset = runs[0].fold.dataset();
    for run in runs {
        let own = run.fold.dataset();
        if own.regions() != dataset.regions() || own.conditions != dataset.conditions {
            return Err(DataError::new("runs to mask", "the same regions and conditions in all", run.network));
        }
    }
    for (run_idx, run) in runs.iter().enumerate() {
        let own = run.fold.trials(options.part);
        for other in runs[..run_idx].iter().filter(|other| other.network == run.network) {
            if let Some(trial) = other.fold.trials(options.part).iter().find(|trial| own.binary_search(trial).is_ok()) {
                let got = format!("trial {trial} in two runs of `{}`", run.network);
                return Err(DataError::new("runs to mask", "each trial once a network", got)
                    .hint("give each seed a network name of its own; only folds of one seed share it"));
            }
        }
    }
    Ok(())
}
