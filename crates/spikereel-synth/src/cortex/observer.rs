//! The ideal observer: knows the generator, sees single trials, names conditions by likelihood. Monte Carlo over
//! trials.
//!
//! Its accuracy is the mean over trials of the largest posterior probability: for a posterior that is right this has
//! the same expectation as the share of hits and less variance, and without data it is chance exactly. With several
//! sessions a trial is one real trial of each session, all of the same condition (a pseudo-trial), and the sessions'
//! likelihoods multiply. With errors the observer does not know which choice was made and sums over both: what choice
//! tells of a feature through the rule counts as information about that feature.

use super::config::{CortexConfig, Feature};
use super::likelihood::{RegionTables, heard_idx};
use super::session::{N_CONDITIONS, Session, sessions};
use super::shapley::shapley;
use super::task::{choices, draw_choice, levels};
use rayon::prelude::*;
use spikereel_data::{FeatureTruth, Region, Result, Truth, rng::stream};

/// What the observer reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Accuracy by feature (shape, color, motion) and coalition, `[feature][mask]`: mean largest posterior probability.
    pub accuracy: [Vec<f64>; 3],
    /// Share of hits, `[feature][mask]`; equals `accuracy` up to Monte Carlo error, else the likelihood is wrong.
    pub hit_share: [Vec<f64>; 3],
    /// Accuracy over all 64 conditions from all sites.
    pub condition_accuracy: f64,
    /// Share of hits over all 64 conditions.
    pub condition_hit_share: f64,
    /// Mean over regions and pairs of trials of one condition of the correlation of region blocks `[bin, site]` of raw
    /// counts.
    pub within_condition_correlation: f64,
    /// Trials behind each number.
    pub n_trials: usize,
}

/// Runs the observer on `n_trials` trials (rounded up to two of each condition).
///
/// # Errors
/// As [`CortexConfig::check`].
pub fn observe(config: &CortexConfig, seed: u64, n_trials: usize) -> Result<Observed> {
    let sessions = sessions(config, seed)?;
    let tables: Vec<Vec<RegionTables<'_>>> =
        sessions.iter().map(|session| session.regions.par_iter().map(RegionTables::new).collect()).collect();
    let n_masks = 1 << config.regions.len();
    let n_rounds = n_trials.div_ceil(2 * N_CONDITIONS).max(1);
    // A round is one pair of each condition. Rounds are collected and added in order, so that threads cannot change a
    // bit.
    let round = |round_idx: usize| {
        let mut tally = Tally::new(n_masks);
        for condition_idx in 0..N_CONDITIONS {
            let mut rng = stream(seed, &format!("cortex/observer/round{round_idx}/condition{condition_idx}"));
            let trials: [Vec<Vec<u8>>; 2] = std::array::from_fn(|_| {
                let draw = |session: &Session| {
                    let mut counts = vec![0; session.n_bins * session.n_sites];
                    let choice = draw_choice(condition_idx, session.error_share, &mut rng);
                    session.draw(condition_idx, choice, &mut rng, &mut counts);
                    counts
                };
                sessions.iter().map(draw).collect()
            });
            for trial in &trials {
                tally.add(&log_likelihoods(&sessions, &tables, trial, n_masks), condition_idx);
            }
            for region_idx in 0..config.regions.len() {
                let block = |which: usize| region_block(&sessions, &trials[which], region_idx);
                tally.correlation += correlation(&block(0), &block(1)) / config.regions.len() as f64;
            }
        }
        tally
    };
    let tallies: Vec<Tally> = (0..n_rounds).into_par_iter().map(round).collect();
    let mut total = Tally::new(n_masks);
    tallies.iter().for_each(|tally| total.merge(tally));
    Ok(total.finish(n_rounds * N_CONDITIONS))
}

/// The truth that travels with the recordings.
pub(super) fn truth(config: &CortexConfig, seed: u64) -> Result<Truth> {
    let observed = observe(config, seed, config.n_observer_trials)?;
    let n_regions = config.regions.len();
    let features = Feature::ALL.into_iter().map(|feature| {
        let accuracy = observed.accuracy[feature as usize].clone();
        let all = accuracy.len() - 1;
        let drop: Vec<f64> = (0..n_regions).map(|idx| accuracy[all] - accuracy[all & !(1 << idx)]).collect();
        let mut order: Vec<usize> = (0..n_regions).collect();
        order.sort_by(|&a, &b| drop[b].total_cmp(&drop[a]).then(a.cmp(&b)));
        FeatureTruth {
            feature: feature.name().into(),
            chance: 0.25,
            shapley: shapley(n_regions, &accuracy),
            top_region_idx: order[0],
            top_margin: drop[order[0]] - order.get(1).map_or(0.0, |&second| drop[second]),
            drop_when_left_out: drop,
            tuning: config.regions.iter().map(|region| region.tuning.get(feature)).collect(),
            coalition_accuracy: accuracy,
        }
    });
    Ok(Truth {
        preset: config.preset.clone(),
        regions: config.regions.iter().map(|region| Region(region.name.clone())).collect(),
        features: features.collect(),
        condition_accuracy: observed.condition_accuracy,
        within_condition_correlation: observed.within_condition_correlation,
        n_observer_trials: observed.n_trials,
        generator: serde_json::to_value(config)
            .map_err(|error| spikereel_data::DataError::new("generator", "a value JSON can hold", error.to_string()))?,
    })
}

/// Log likelihood of each condition for each coalition, `[mask][condition]`.
fn log_likelihoods(
    sessions: &[Session],
    tables: &[Vec<RegionTables<'_>>],
    trial: &[Vec<u8>],
    n_masks: usize,
) -> Vec<[f64; N_CONDITIONS]> {
    let mut total = vec![[0.0; N_CONDITIONS]; n_masks];
    for ((session, tables), counts) in sessions.iter().zip(tables).zip(trial) {
        let by_region: Vec<_> = tables.iter().map(|table| table.log_likelihood(counts, session.n_sites)).collect();
        let mut ways = Vec::new();
        for condition_idx in 0..N_CONDITIONS {
            ways.clear();
            // Choices are made once a trial and shared by all regions, so they are summed over outside the regions' product.
            let choices = choices(condition_idx, session.error_share);
            for (way, (choice, probability)) in
                session.hearings[condition_idx].iter().flat_map(|way| choices.iter().map(move |&choice| (way, choice)))
            {
                let mut by_mask = vec![(way.probability * probability).ln(); n_masks];
                for mask in 1..n_masks {
                    let region_idx = mask.trailing_zeros() as usize;
                    by_mask[mask] =
                        by_mask[mask & (mask - 1)] + by_region[region_idx][heard_idx(way.levels[region_idx], choice)];
                }
                ways.push(by_mask);
            }
            for (mask, total) in total.iter_mut().enumerate() {
                let top = ways.iter().fold(f64::NEG_INFINITY, |top, way| top.max(way[mask]));
                let sum: f64 = ways.iter().map(|way| (way[mask] - top).exp()).sum();
                total[condition_idx] += top + sum.ln();
            }
        }
    }
    total
}

/// The counts of one region over all sessions.
fn region_block(sessions: &[Session], trial: &[Vec<u8>], region_idx: usize) -> Vec<u8> {
    let mut block = Vec::new();
    for (session, counts) in sessions.iter().zip(trial) {
        let region = &session.regions[region_idx];
        for bin in counts.chunks(session.n_sites) {
            block.extend_from_slice(&bin[region.first_site..][..region.n_sites]);
        }
    }
    block
}

/// Pearson; 0 where either does not vary.
fn correlation(first: &[u8], second: &[u8]) -> f64 {
    let n = first.len() as f64;
    let (mut sums, mut squares, mut products) = ([0.0; 2], [0.0; 2], 0.0);
    for (&a, &b) in first.iter().zip(second) {
        let (a, b) = (f64::from(a), f64::from(b));
        sums = [sums[0] + a, sums[1] + b];
        squares = [squares[0] + a * a, squares[1] + b * b];
        products += a * b;
    }
    let spread = |which: usize| squares[which] / n - (sums[which] / n).powi(2);
    let scale = (spread(0) * spread(1)).sqrt();
    if scale > 0.0 { (products / n - sums[0] * sums[1] / (n * n)) / scale } else { 0.0 }
}

/// Sums over trials.
struct Tally {
    accuracy: [Vec<f64>; 3],
    hits: [Vec<f64>; 3],
    condition_accuracy: f64,
    condition_hits: f64,
    correlation: f64,
}

impl Tally {
    fn new(n_masks: usize) -> Self {
        let zeros = || [0, 1, 2].map(|_| vec![0.0; n_masks]);
        Self { accuracy: zeros(), hits: zeros(), condition_accuracy: 0.0, condition_hits: 0.0, correlation: 0.0 }
    }

    fn add(&mut self, log_likelihood: &[[f64; N_CONDITIONS]], shown: usize) {
        let shown_levels = levels(shown);
        for (mask, logs) in log_likelihood.iter().enumerate() {
            let top = logs.iter().fold(f64::NEG_INFINITY, |top, log| top.max(*log));
            let mut posterior = logs.map(|log| (log - top).exp());
            let sum: f64 = posterior.iter().sum();
            posterior.iter_mut().for_each(|p| *p /= sum);
            let mut by_feature = [[0.0; 4]; 3];
            for (condition_idx, p) in posterior.iter().enumerate() {
                for (feature, level) in levels(condition_idx).into_iter().enumerate() {
                    by_feature[feature][level] += p;
                }
            }
            for (feature, posterior) in by_feature.iter().enumerate() {
                let (accuracy, hit) = largest(posterior, shown_levels[feature]);
                self.accuracy[feature][mask] += accuracy;
                self.hits[feature][mask] += hit;
            }
            if mask == log_likelihood.len() - 1 {
                let (accuracy, hit) = largest(&posterior, shown);
                self.condition_accuracy += accuracy;
                self.condition_hits += hit;
            }
        }
    }

    fn merge(&mut self, other: &Tally) {
        for feature in 0..3 {
            let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
            add(&mut self.accuracy[feature], &other.accuracy[feature]);
            add(&mut self.hits[feature], &other.hits[feature]);
        }
        self.condition_accuracy += other.condition_accuracy;
        self.condition_hits += other.condition_hits;
        self.correlation += other.correlation;
    }

    fn finish(self, n_pairs: usize) -> Observed {
        let n_trials = 2 * n_pairs;
        let share = |lists: [Vec<f64>; 3]| {
            lists.map(|list| list.into_iter().map(|sum| sum / n_trials as f64).collect::<Vec<f64>>())
        };
        Observed {
            accuracy: share(self.accuracy),
            hit_share: share(self.hits),
            condition_accuracy: self.condition_accuracy / n_trials as f64,
            condition_hit_share: self.condition_hits / n_trials as f64,
            within_condition_correlation: self.correlation / n_pairs as f64,
            n_trials,
        }
    }
}

/// The largest probability, and the share of a hit: 1 where the shown level alone has it, less where it ties.
fn largest(posterior: &[f64], shown: usize) -> (f64, f64) {
    let top = posterior.iter().fold(0.0f64, |top, p| top.max(*p));
    let is_top = |p: f64| p >= top * (1.0 - 1e-9);
    let n_top = posterior.iter().filter(|&&p| is_top(p)).count();
    (top, if is_top(posterior[shown]) { 1.0 / n_top as f64 } else { 0.0 })
}
