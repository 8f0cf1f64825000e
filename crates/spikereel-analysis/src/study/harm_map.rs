//! Harm of many maskings side by side: a region in a window of bins, or as many sites of each region as the smallest has.

use crate::perturb::{Mask, MaskOperator, MaskedSites};
use crate::readout::Readout;
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::masked_scores::MaskingRun;
use crate::study::masking_table::Basis;
use crate::study::perturbed::{DecodedSet, PreparedRuns};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Part, Region, Result};
use std::ops::Range;

/// How maskings are decoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HarmMapOptions {
    /// Trials to decode.
    pub part: Part,
    /// What takes the place of what is masked; no operator that fits anew.
    pub operator: MaskOperator,
    /// Draws, 1 or more, of an operator that draws at random and of subsets of sites.
    pub n_draws: usize,
    /// Bootstrap replicates, 100 or more.
    pub n_replicates: usize,
    /// Seed of draws and bootstrap.
    pub seed: u64,
}

impl Default for HarmMapOptions {
    fn default() -> Self {
        Self { part: Part::Test, operator: MaskOperator::Zero, n_draws: 5, n_replicates: 4000, seed: 0 }
    }
}

/// Harms of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HarmMapFeature {
    /// Name of the readout.
    pub feature: String,
    /// What the score is: accuracy or pooled correlation.
    pub basis: Basis,
    /// Score of guessing.
    pub chance: f64,
    /// Score with nothing masked.
    pub unmasked: f64,
    /// `[region][window]` of unmasked minus masked.
    pub harm: Vec<Vec<BootstrapTest>>,
}

/// Harms by region and window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HarmMap {
    /// What took the place of what was masked.
    pub operator: MaskOperator,
    /// The regions.
    pub regions: Vec<Region>,
    /// Sites masked in each.
    pub n_masked: Vec<usize>,
    /// Bins masked in each column; the last window may be shorter.
    pub windows: Vec<Range<usize>>,
    /// Names of the networks.
    pub networks: Vec<String>,
    /// Distinct trials decoded.
    pub n_trials: usize,
    /// Features that have a score.
    pub features: Vec<HarmMapFeature>,
}

/// Masks each region within each window of `window_bins` bins. `progress(done, total)` is called after each decoded set.
///
/// # Errors
/// As [`crate::study::masking_study`]; a window of no bins; no feature with a score; an operator that fits anew.
pub fn time_resolved_study(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    window_bins: usize,
    options: &HarmMapOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<HarmMap> {
    if window_bins == 0 {
        return Err(DataError::new("window, in bins", "1 or more", "0"));
    }
    let n_bins = runs.first().map_or(0, |run| run.fold.dataset().n_bins());
    let windows = (0..n_bins).step_by(window_bins).map(|start| start..(start + window_bins).min(n_bins)).collect();
    harm_map(runs, readouts, windows, None, options, progress)
}

/// Masks of each region only as many sites as the smallest region has, drawn anew `n_draws` times: so that a region does not seem to
/// matter because it is large. `progress` as in [`time_resolved_study`].
///
/// # Errors
/// As [`time_resolved_study`].
pub fn size_matched_study(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    options: &HarmMapOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<HarmMap> {
    let dataset = runs.first().map(|run| run.fold.dataset());
    let n_bins = dataset.map_or(0, |dataset| dataset.n_bins());
    let sizes = dataset.map(|dataset| (0..dataset.regions().len()).map(|region| dataset.sites_of_region(region).len()));
    let whole = std::iter::once(0..n_bins).collect();
    harm_map(runs, readouts, whole, sizes.and_then(Iterator::min), options, progress)
}

fn harm_map(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    windows: Vec<Range<usize>>,
    n_sites: Option<usize>,
    options: &HarmMapOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<HarmMap> {
    if options.operator == MaskOperator::RetrainWithout {
        return Err(DataError::new("masking operator", "one that needs no fit", options.operator.to_string()));
    }
    if options.n_replicates < 100 || options.n_draws < 1 {
        let got = format!("{} and {}", options.n_replicates, options.n_draws);
        return Err(DataError::new("replicates and draws", "at least 100 and 1", got));
    }
    let prepared = PreparedRuns::new(runs, options.part, readouts)?;
    if prepared.features.is_empty() {
        return Err(DataError::new("features to mask for", "one with levels or a quantity", "none"));
    }
    let dataset = runs[0].fold.dataset();
    let regions = dataset.regions().to_vec();
    let total = runs.len() * (1 + regions.len() * windows.len());
    let mut n_done = 0;
    let mut decode = |region: Option<(&Region, &Range<usize>)>| -> Result<Vec<DecodedSet>> {
        let mut sets = Vec::new();
        for run in &prepared.runs {
            let masks = match region {
                None => Vec::new(),
                Some((region, bins)) => masks(run.run, &run.scorer.trials, region, bins, n_sites, options)?,
            };
            sets.push(run.decode(&masks)?);
            n_done += 1;
            progress(n_done, total);
        }
        Ok(sets)
    };
    let mut sets = vec![decode(None)?];
    for region in &regions {
        for bins in &windows {
            sets.push(decode(Some((region, bins)))?);
        }
    }
    let combinations: Vec<Vec<(usize, f64)>> =
        std::iter::once(vec![(0, 1.0)]).chain((1..sets.len()).map(|set| vec![(0, 1.0), (set, -1.0)])).collect();
    let mut features = Vec::new();
    for &(readout, basis) in &prepared.features {
        let name = readouts[readout].name();
        let bootstrap = HierarchicalBootstrap {
            n_replicates: options.n_replicates,
            seed: options.seed,
            name: format!("harm map/{:?}/{name}", options.operator),
        };
        let Some(tests) = prepared.tests((readout, basis), &sets, &combinations, &bootstrap) else { continue };
        features.push(HarmMapFeature {
            feature: name.into(),
            basis,
            chance: prepared.chance(readout, basis),
            unmasked: tests[0].mean,
            harm: tests[1..].chunks(windows.len()).map(<[BootstrapTest]>::to_vec).collect(),
        });
    }
    let n_masked = (0..regions.len()).map(|region| n_sites.unwrap_or(dataset.sites_of_region(region).len())).collect();
    Ok(HarmMap {
        operator: options.operator,
        n_masked,
        windows,
        networks: prepared.networks.clone(),
        n_trials: prepared.trials.len(),
        features,
        regions,
    })
}

fn masks<'a>(
    run: MaskingRun<'a>,
    trials: &[usize],
    region: &Region,
    bins: &Range<usize>,
    n_sites: Option<usize>,
    options: &HarmMapOptions,
) -> Result<Vec<Mask<'a>>> {
    let group = MaskedSites { bins: bins.clone(), ..MaskedSites::of_region(run.fold.dataset(), region)? };
    let is_whole = n_sites.is_none_or(|n_sites| n_sites == group.sites.len());
    let n_draws = if is_whole && !options.operator.is_random() { 1 } else { options.n_draws };
    let mask = |draw: usize| {
        let mut group = group.clone();
        if let (Some(n_sites), false) = (n_sites, is_whole) {
            group.sites.shuffle(&mut stream(options.seed, &format!("subset/{region}/draw{draw}")));
            group.sites.truncate(n_sites);
            group.sites.sort_unstable();
        }
        Mask::new(run.fold, trials, options.operator, vec![group], options.seed, draw)
    };
    (0..n_draws).map(mask).collect()
}
