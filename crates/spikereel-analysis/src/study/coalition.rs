//! Coalitions of regions: what decoded videos say of each feature when only some regions are left, and what each region is worth over all
//! such coalitions (Shapley), alone and in pairs.
//!
//! The value of a coalition is the score of the decoder with all other regions masked: share of test trials whose level is named, or the
//! pooled correlation of a quantity. A decoder that was trained with all regions sees inputs it never saw; that is a property of masking,
//! and the operators differ in it.

use crate::perturb::{Mask, MaskOperator, MaskedSites};
use crate::readout::Readout;
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::masked_scores::MaskingRun;
use crate::study::masking_table::Basis;
use crate::study::perturbed::{DecodedSet, PreparedRuns};
use crate::study::shapley::{Combination, interaction_weights, sampled_weights, shapley_weights};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{DataError, Part, Region, Result};
use std::collections::BTreeMap;

/// Most regions for which all coalitions are decoded.
pub const MAX_EXACT_REGIONS: usize = 12;

/// How coalitions are decoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoalitionOptions {
    /// Trials to decode.
    pub part: Part,
    /// What takes the place of regions that are left out; no operator that fits anew.
    pub operator: MaskOperator,
    /// Draws of an operator that draws at random.
    pub n_draws: usize,
    /// Orderings of regions that stand for all, where there are more than [`MAX_EXACT_REGIONS`].
    pub n_orderings: usize,
    /// Bootstrap replicates, 100 or more.
    pub n_replicates: usize,
    /// Seed of draws, orderings and bootstrap.
    pub seed: u64,
}

impl Default for CoalitionOptions {
    fn default() -> Self {
        Self {
            part: Part::Test,
            // Zeros are inputs that the decoder never saw: a region that carries nothing then still changes scores, and is called
            // significant too often (11 of 102 at .05 over 34 simulated recordings). Another trial's spikes are what it was trained on:
            // 0 of 102, with the same rankings.
            operator: MaskOperator::PermuteTrials,
            n_draws: 1,
            n_orderings: 50,
            n_replicates: 4000,
            seed: 0,
        }
    }
}

/// The interaction of two regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// Index of the first region.
    pub first: usize,
    /// Index of the second.
    pub second: usize,
    /// Shapley interaction index: positive for synergy, negative for redundancy.
    pub index: BootstrapTest,
}

/// Coalitions of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoalitionFeature {
    /// Name of the readout.
    pub feature: String,
    /// What a value is: accuracy or pooled correlation.
    pub basis: Basis,
    /// Value of guessing.
    pub chance: f64,
    /// Value of each decoded coalition `(bits of regions, value)`, ascending by bits; all `2^n` where exact.
    pub values: Vec<(u64, f64)>,
    /// Value of all regions.
    pub of_all: BootstrapTest,
    /// Value of none: what the decoder shows when everything is masked.
    pub of_none: BootstrapTest,
    /// Shapley value of each region.
    pub shapley: Vec<BootstrapTest>,
    /// Standard error of each Shapley value from the orderings that were drawn; empty where all coalitions were decoded.
    pub sampling_error: Vec<f64>,
    /// Every pair, where all coalitions were decoded.
    pub interactions: Vec<Interaction>,
    /// Sum of Shapley values minus (value of all minus value of none): 0 up to rounding.
    pub efficiency_gap: f64,
}

/// A coalition study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoalitionTable {
    /// What took the place of left-out regions.
    pub operator: MaskOperator,
    /// The regions; bit `i` of a coalition is region `i`.
    pub regions: Vec<Region>,
    /// Sites of each.
    pub n_sites: Vec<usize>,
    /// Names of the networks.
    pub networks: Vec<String>,
    /// Distinct trials decoded.
    pub n_trials: usize,
    /// Coalitions decoded.
    pub n_coalitions: usize,
    /// Whether these are all.
    pub is_exact: bool,
    /// Features that have a score.
    pub features: Vec<CoalitionFeature>,
}

/// Decodes coalitions and values regions. `progress(done, total)` is called after each decoded coalition of each run.
///
/// # Errors
/// As [`crate::study::masking_study`]; fewer than two or more than 64 regions; no feature with a score; an operator that fits anew.
pub fn coalition_study(
    runs: &[MaskingRun<'_>],
    readouts: &[Box<dyn Readout>],
    options: &CoalitionOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<CoalitionTable> {
    let prepared = PreparedRuns::new(runs, options.part, readouts)?;
    let dataset = runs[0].fold.dataset();
    let regions = dataset.regions().to_vec();
    check(&regions, &prepared, options)?;
    let n = regions.len();
    let is_exact = n <= MAX_EXACT_REGIONS;
    let orderings: Vec<Vec<usize>> = if is_exact {
        Vec::new()
    } else {
        (0..options.n_orderings).map(|at| permutation(n, &mut stream(options.seed, &format!("ordering{at}")))).collect()
    };
    let coalitions = coalitions(n, &orderings);
    let total = coalitions.len() * runs.len();
    let mut n_done = 0;
    let mut sets: Vec<Vec<DecodedSet>> = Vec::with_capacity(coalitions.len());
    for &coalition in coalitions.keys() {
        let mut of_runs = Vec::new();
        for run in &prepared.runs {
            of_runs.push(run.decode(&masks(run.run, &run.scorer.trials, &regions, coalition, options)?)?);
            n_done += 1;
            progress(n_done, total);
        }
        sets.push(of_runs);
    }
    let of = |weights: &Combination| -> Vec<(usize, f64)> {
        weights.iter().map(|(coalition, weight)| (coalitions[coalition], *weight)).collect()
    };
    let game = Game { n, orderings: &orderings, coalitions: &coalitions, of: &of };
    let mut features = Vec::new();
    for &feature in &prepared.features {
        features.extend(game.feature(&prepared, feature, readouts[feature.0].name(), &sets, options));
    }
    let n_sites = regions.iter().map(|region| dataset.sites.iter().filter(|site| site.region == *region).count());
    Ok(CoalitionTable {
        operator: options.operator,
        n_sites: n_sites.collect(),
        networks: prepared.networks.clone(),
        n_trials: prepared.trials.len(),
        n_coalitions: coalitions.len(),
        is_exact,
        features,
        regions,
    })
}

fn check(regions: &[Region], prepared: &PreparedRuns<'_>, options: &CoalitionOptions) -> Result<()> {
    if !(2..=64).contains(&regions.len()) {
        return Err(DataError::new("regions of coalitions", "2 to 64", regions.len().to_string()));
    }
    if prepared.features.is_empty() {
        return Err(DataError::new("features of coalitions", "one with levels or a quantity", "none"));
    }
    if options.operator == MaskOperator::RetrainWithout {
        return Err(DataError::new("coalition operator", "one that needs no fit", options.operator.to_string()));
    }
    if options.n_replicates < 100 || options.n_orderings < 2 || options.n_draws < 1 {
        let got = format!("{}, {} and {}", options.n_replicates, options.n_orderings, options.n_draws);
        return Err(DataError::new("replicates, orderings and draws", "at least 100, 2 and 1", got));
    }
    Ok(())
}

/// Every coalition to decode, with its place among the decoded sets.
fn coalitions(n: usize, orderings: &[Vec<usize>]) -> BTreeMap<u64, usize> {
    let mut all: Vec<u64> = if orderings.is_empty() {
        (0..1_u64 << n).collect()
    } else {
        let prefixes = orderings.iter().flat_map(|ordering| {
            ordering.iter().scan(0_u64, |bits, &region| {
                *bits |= 1 << region;
                Some(*bits)
            })
        });
        std::iter::once(0).chain(prefixes).collect()
    };
    all.sort_unstable();
    all.dedup();
    all.into_iter().enumerate().map(|(at, coalition)| (coalition, at)).collect()
}

/// Masks of all regions outside a coalition, one a draw; each region has the same donors in every coalition.
fn masks<'a>(
    run: MaskingRun<'a>,
    trials: &[usize],
    regions: &[Region],
    coalition: u64,
    options: &CoalitionOptions,
) -> Result<Vec<Mask<'a>>> {
    let left_out = regions.iter().enumerate().filter(|(at, _)| coalition & (1 << at) == 0);
    let groups: Vec<MaskedSites> =
        left_out.map(|(_, region)| MaskedSites::of_region(run.fold.dataset(), region)).collect::<Result<_>>()?;
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let n_draws = if options.operator.is_random() { options.n_draws } else { 1 };
    let mask = |draw| Mask::new(run.fold, trials, options.operator, groups.clone(), options.seed, draw);
    (0..n_draws).map(mask).collect()
}

struct Game<'a> {
    n: usize,
    orderings: &'a [Vec<usize>],
    coalitions: &'a BTreeMap<u64, usize>,
    of: &'a dyn Fn(&Combination) -> Vec<(usize, f64)>,
}

impl Game<'_> {
    fn feature(
        &self,
        prepared: &PreparedRuns<'_>,
        feature: (usize, Basis),
        name: &str,
        sets: &[Vec<DecodedSet>],
        options: &CoalitionOptions,
    ) -> Option<CoalitionFeature> {
        let bootstrap = HierarchicalBootstrap {
            n_replicates: options.n_replicates,
            seed: options.seed,
            name: format!("coalition/{:?}/{name}", options.operator),
        };
        let all = u64::MAX >> (64 - self.n);
        let pairs: Vec<(usize, usize)> = if self.orderings.is_empty() {
            (0..self.n).flat_map(|first| (first + 1..self.n).map(move |second| (first, second))).collect()
        } else {
            Vec::new()
        };
        let mut combinations = vec![(self.of)(&vec![(all, 1.0)]), (self.of)(&vec![(0, 1.0)])];
        for region in 0..self.n {
            combinations.push((self.of)(&if self.orderings.is_empty() {
                shapley_weights(self.n, region)
            } else {
                sampled_weights(self.orderings, region)
            }));
        }
        combinations.extend(pairs.iter().map(|&(a, b)| (self.of)(&interaction_weights(self.n, a, b))));
        let mut tests = prepared.tests(feature, sets, &combinations, &bootstrap)?.into_iter();
        let (of_all, of_none) = (tests.next()?, tests.next()?);
        let shapley: Vec<BootstrapTest> = tests.by_ref().take(self.n).collect();
        let interactions =
            pairs.iter().zip(tests).map(|(&(first, second), index)| Interaction { first, second, index }).collect();
        // Plain values need no replicates.
        let single: Vec<Vec<(usize, f64)>> = (0..sets.len()).map(|set| vec![(set, 1.0)]).collect();
        let plain = HierarchicalBootstrap { n_replicates: 0, ..bootstrap };
        let means = prepared.tests(feature, sets, &single, &plain)?;
        let values: Vec<(u64, f64)> =
            self.coalitions.iter().map(|(&coalition, &set)| (coalition, means[set].mean)).collect();
        let sum: f64 = shapley.iter().map(|test| test.mean).sum();
        Some(CoalitionFeature {
            feature: name.into(),
            basis: feature.1,
            chance: prepared.chance(feature.0, feature.1),
            sampling_error: self.sampling_errors(&means),
            efficiency_gap: sum - (of_all.mean - of_none.mean),
            values,
            of_all,
            of_none,
            shapley,
            interactions,
        })
    }

    /// Standard deviation of marginal contributions over orderings, by the root of their number.
    fn sampling_errors(&self, means: &[BootstrapTest]) -> Vec<f64> {
        if self.orderings.is_empty() {
            return Vec::new();
        }
        let error = |region: usize| {
            let marginals: Vec<f64> = self
                .orderings
                .iter()
                .map(|ordering| {
                    let before: u64 = ordering.iter().take_while(|&&other| other != region).map(|&o| 1_u64 << o).sum();
                    means[self.coalitions[&(before | 1 << region)]].mean - means[self.coalitions[&before]].mean
                })
                .collect();
            let n = marginals.len() as f64;
            let mean = marginals.iter().sum::<f64>() / n;
            (marginals.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
        };
        (0..self.n).map(error).collect()
    }
}
