//! How alike the activity of a region is between trials of one condition, between trials of two, and between train and test.
//!
//! A trial's block is its standardised activity in one region, `[bin, site]`, as one vector; likeness is Pearson's correlation. All pairs
//! are counted, none drawn: with every block centered and scaled to length 1 the mean correlation over pairs is a product of sums.
//!
//! Every condition shares fixation and the response to any stimulus, so blocks of different conditions are alike too; only the difference
//! between within and cross speaks of the stimulus.
//!
//! # References
//! The paper leaves its vectors undefined (paper-facts, section 5); the flattened block is the published notebooks' form.

use crate::metrics::pearson;
use crate::stats::{Correction, Estimate, Resampling, permutation_p_greater, wilcoxon_signed_rank};
use rand::RngExt;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{Fold, Part, Result};

/// How much is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimilarityOptions {
    /// Draws of a training and a test subset; the paper's 12.
    pub n_draws: usize,
    /// Bootstrap replicates of the intervals.
    pub n_bootstrap: usize,
    /// Permutations of condition labels.
    pub n_permutations: usize,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for SimilarityOptions {
    fn default() -> Self {
        Self { n_draws: 12, n_bootstrap: 2000, n_permutations: 1000, seed: 0 }
    }
}

/// One region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionSimilarity {
    /// Its name.
    pub region: String,
    /// Its sites.
    pub n_sites: usize,
    /// Trials whose block varies; others have no correlation and are left out.
    pub n_trials: usize,
    /// Mean correlation over pairs of trials of a condition, one a condition with two trials or more.
    pub within: Vec<f64>,
    /// Mean correlation between its trials and those of each other condition, for the same conditions.
    pub cross: Vec<f64>,
    /// Mean correlation between the trials of two conditions, one a pair of conditions.
    pub cross_pairs: Vec<f64>,
    /// Correlation between mean blocks of equally many training and test trials of a condition, one a draw and condition.
    pub cross_dataset: Vec<f64>,
    /// The same between different conditions: training trials of one, test trials of another, drawn at random.
    pub cross_dataset_other: Vec<f64>,
    /// Mean over conditions of the first minus the second, each averaged over draws; bootstrap over conditions.
    pub cross_dataset_difference: Option<Estimate>,
    /// Mean over conditions of within minus cross, its interval from a bootstrap over conditions.
    pub difference: Option<Estimate>,
    /// Cohen's dz of that difference over conditions.
    pub cohens_dz: Option<Estimate>,
    /// Two-sided Wilcoxon p over conditions.
    pub p: Option<f64>,
    /// The same after Holm over regions.
    pub p_holm: Option<f64>,
    /// One-sided p when condition labels are permuted over trials; free of the dependence between conditions.
    pub p_permutation: Option<f64>,
}

/// All regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// One entry a region.
    pub regions: Vec<RegionSimilarity>,
    /// Conditions of the dataset.
    pub n_conditions: usize,
    /// Trials of all parts.
    pub n_trials: usize,
    /// Draws of train and test.
    pub n_draws: usize,
}

/// Compares the blocks of every trial, of all parts, in each region.
///
/// # Errors
/// None on a checked fold; kept for what later versions may refuse.
pub fn similarity(fold: &Fold, options: &SimilarityOptions) -> Result<Similarity> {
    let dataset = fold.dataset();
    let mut regions: Vec<RegionSimilarity> =
        (0..dataset.regions().len()).map(|region_idx| of_region(fold, region_idx, options)).collect();
    let tested: Vec<usize> = (0..regions.len()).filter(|&at| regions[at].p.is_some()).collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|&at| regions[at].p).collect();
    for (&at, p) in tested.iter().zip(Correction::Holm.correct(&p_values)) {
        regions[at].p_holm = Some(p);
    }
    let (n_conditions, n_trials) = (dataset.conditions.len(), dataset.n_trials());
    Ok(Similarity { regions, n_conditions, n_trials, n_draws: options.n_draws })
}

/// Centered blocks of length 1 in one region.
struct Blocks {
    len: usize,
    values: Vec<f32>,
    /// Position of each trial's block; none where it does not vary.
    at: Vec<Option<usize>>,
    condition_of_block: Vec<usize>,
    n_conditions: usize,
}

impl Blocks {
    fn new(fold: &Fold, sites: &[usize]) -> Self {
        let dataset = fold.dataset();
        let (n_bins, n_sites) = (dataset.n_bins(), dataset.n_sites());
        let len = n_bins * sites.len();
        let block = |trial: usize| -> Option<Vec<f32>> {
            let mut all = vec![0.0; n_bins * n_sites];
            fold.fill_spikes(trial, &mut all);
            let own: Vec<f64> =
                all.chunks_exact(n_sites).flat_map(|bin| sites.iter().map(|&site| f64::from(bin[site]))).collect();
            let mean = own.iter().sum::<f64>() / len as f64;
            let norm = own.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
            (norm > 1e-6).then(|| own.iter().map(|value| ((value - mean) / norm) as f32).collect())
        };
        let blocks: Vec<Option<Vec<f32>>> = (0..dataset.n_trials()).into_par_iter().map(block).collect();
        let mut out = Self {
            len,
            values: Vec::new(),
            at: Vec::new(),
            condition_of_block: Vec::new(),
            n_conditions: dataset.conditions.len(),
        };
        for (trial, block) in blocks.into_iter().enumerate() {
            out.at.push(block.is_some().then_some(out.condition_of_block.len()));
            if let Some(block) = block {
                out.values.extend(block);
                out.condition_of_block.push(fold.condition_of(trial));
            }
        }
        out
    }

    fn block(&self, at: usize) -> &[f32] {
        &self.values[at * self.len..(at + 1) * self.len]
    }

    fn sum(&self, blocks: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut sum = vec![0.0; self.len];
        blocks.for_each(|at| sum.iter_mut().zip(self.block(at)).for_each(|(sum, &value)| *sum += f64::from(value)));
        sum
    }

    fn members(&self, conditions: &[usize]) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.n_conditions];
        conditions.iter().enumerate().for_each(|(at, &condition)| members[condition].push(at));
        members
    }

    /// Mean over conditions of within minus cross, under some assignment of blocks to conditions.
    fn difference(&self, conditions: &[usize]) -> Option<f64> {
        let sums: Vec<(f64, Vec<f64>)> = self
            .members(conditions)
            .into_iter()
            .filter(|members| members.len() > 1)
            .map(|members| (members.len() as f64, self.sum(members.into_iter())))
            .collect();
        let n = sums.len() as f64;
        if n < 2.0 {
            return None;
        }
        let mut total = vec![0.0; self.len];
        let (mut within, mut own) = (0.0, 0.0);
        for (size, sum) in &sums {
            total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum / size);
            let square = dot(sum, sum);
            within += (square - size) / (size * (size - 1.0));
            own += square / (size * size);
        }
        Some(within / n - (dot(&total, &total) - own) / (n * (n - 1.0)))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn of_region(fold: &Fold, region_idx: usize, options: &SimilarityOptions) -> RegionSimilarity {
    let dataset = fold.dataset();
    let region = dataset.regions()[region_idx].to_string();
    let sites = dataset.sites_of_region(region_idx);
    let blocks = Blocks::new(fold, &sites);
    let sums: Vec<(f64, Vec<f64>)> = blocks
        .members(&blocks.condition_of_block)
        .into_iter()
        .filter(|members| members.len() > 1)
        .map(|members| (members.len() as f64, blocks.sum(members.into_iter())))
        .collect();
    // [condition][condition], mean correlation between the trials of the two.
    let between: Vec<Vec<f64>> =
        sums.par_iter().map(|(n_a, a)| sums.iter().map(|(n_b, b)| dot(a, b) / (n_a * n_b)).collect()).collect();
    let n = sums.len();
    let within: Vec<f64> = (0..n).map(|c| (between[c][c] * sums[c].0 - 1.0) / (sums[c].0 - 1.0)).collect();
    let others = |c: usize| (0..n).filter(move |&other| other != c);
    let cross: Vec<f64> = if n < 2 {
        Vec::new()
    } else {
        (0..n).map(|c| others(c).map(|other| between[c][other]).sum::<f64>() / (n - 1) as f64).collect()
    };
    let cross_pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).map(|(a, b)| between[a][b]).collect();
    let differences: Vec<f64> = within.iter().zip(&cross).map(|(within, cross)| within - cross).collect();
    let draws = cross_dataset(fold, &blocks, &region, options);
    let across: Vec<f64> = (0..draws.first().map_or(0, Vec::len)).filter_map(|at| mean_gain(&draws, at)).collect();
    let resampling = |what: &str, name: &str| format!("similarity/{region}/{what}/{name}");
    let (mean_name, dz_name) = (resampling("difference", "mean"), resampling("difference", "dz"));
    let across_name = resampling("cross-dataset", "mean");
    let named = |name| Resampling { n_replicates: options.n_bootstrap, seed: options.seed, name };
    RegionSimilarity {
        n_sites: sites.len(),
        n_trials: blocks.condition_of_block.len(),
        difference: if differences.len() > 1 { named(&mean_name).mean(&differences) } else { None },
        cohens_dz: named(&dz_name).cohens_dz(&differences),
        p: if differences.len() > 1 { wilcoxon_signed_rank(&differences) } else { None },
        p_holm: None,
        p_permutation: p_permutation(&blocks, &region, options),
        region,
        within,
        cross,
        cross_pairs,
        cross_dataset: draws.iter().flatten().filter_map(|pair| pair.0).collect(),
        cross_dataset_other: draws.iter().flatten().filter_map(|pair| pair.1).collect(),
        cross_dataset_difference: if across.len() > 1 { named(&across_name).mean(&across) } else { None },
    }
}

fn p_permutation(blocks: &Blocks, region: &str, options: &SimilarityOptions) -> Option<f64> {
    let own = blocks.difference(&blocks.condition_of_block)?;
    let null: Vec<f64> = (0..options.n_permutations)
        .into_par_iter()
        .filter_map(|draw| {
            let mut rng = stream(options.seed, &format!("similarity/{region}/permutation{draw}"));
            let order = permutation(blocks.condition_of_block.len(), &mut rng);
            let shuffled: Vec<usize> = order.iter().map(|&from| blocks.condition_of_block[from]).collect();
            blocks.difference(&shuffled)
        })
        .collect();
    (!null.is_empty()).then(|| permutation_p_greater(own, &null))
}

/// Mean blocks of equally many training and test trials, correlated within and between conditions, `[draw][condition]`.
fn cross_dataset(
    fold: &Fold,
    blocks: &Blocks,
    region: &str,
    options: &SimilarityOptions,
) -> Vec<Vec<(Option<f64>, Option<f64>)>> {
    let of_part = |part: Part| {
        let mut members = vec![Vec::new(); blocks.n_conditions];
        fold.trials(part).iter().for_each(|&trial| members[fold.condition_of(trial)].extend(blocks.at[trial]));
        members
    };
    let (train, test) = (of_part(Part::Train), of_part(Part::Test));
    let used: Vec<usize> = (0..blocks.n_conditions)
        .filter(|&condition| !train[condition].is_empty() && !test[condition].is_empty())
        .collect();
    let of_draw = |draw: usize| -> Vec<(Option<f64>, Option<f64>)> {
        let mut rng = stream(options.seed, &format!("similarity/{region}/train-and-test{draw}"));
        let mut subset = |members: &[usize], size: usize| {
            let mut drawn = members.to_vec();
            drawn.shuffle(&mut rng);
            blocks.sum(drawn.into_iter().take(size))
        };
        let means: Vec<[Vec<f64>; 2]> = used
            .iter()
            .map(|&condition| {
                let size = train[condition].len().min(test[condition].len());
                [subset(&train[condition], size), subset(&test[condition], size)]
            })
            .collect();
        let offset = if means.len() > 1 { rng.random_range(1..means.len()) } else { 0 };
        (0..means.len())
            .map(|at| {
                let other = (at + offset) % means.len();
                let across = if offset == 0 { None } else { pearson(&means[at][0], &means[other][1]) };
                (pearson(&means[at][0], &means[at][1]), across)
            })
            .collect()
    };
    (0..options.n_draws).into_par_iter().map(of_draw).collect()
}

/// Mean over draws of a condition's correlation with itself minus that with another.
fn mean_gain(draws: &[Vec<(Option<f64>, Option<f64>)>], condition: usize) -> Option<f64> {
    let gains: Vec<f64> = draws
        .iter()
        .filter_map(|draw| draw[condition].0.zip(draw[condition].1))
        .map(|(same, other)| same - other)
        .collect();
    (!gains.is_empty()).then(|| gains.iter().sum::<f64>() / gains.len() as f64)
}
