//! Pseudo-populations: sites drawn per region from one or many recordings, and pseudo-trials put together from real trials of
//! the same condition (paper-facts, section 1).
//!
//! Sites of different sessions never share a trial: to each pseudo-trial every session contributes one real trial, and all of
//! that session's sites take their activity from it. Noise correlations within a session stay, those across sessions are lost,
//! and a remark says so.

use super::assemble::{BinnedTrials, counts_of};
use super::common::divide;
use super::pool::{Slot, Slots, common_conditions};
use super::split::{SplitConfig, SplitUnit, split_trials};
use crate::rng::{derive_seed, stream};
use crate::{
    BinGrid, ConditionTable, DataError, Part, RealTrial, Recording, Result, SharedBytes, SpikeEncoding, SpikeTensor,
    Split,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationConfig {
    /// Regions to use, in the order of the site axis; empty for all, in order of first appearance.
    pub regions: Vec<String>,
    /// Sites to draw in each region; regions left out keep all their sites.
    pub n_sites: BTreeMap<String, usize>,
    /// Pseudo-trials per condition, over all parts of the split together.
    pub trials_per_condition: usize,
    /// Whether each pseudo-trial draws its sites anew (slots of a region are then exchangeable).
    pub redraw_sites: bool,
}

impl PopulationConfig {
    /// The paper's: 140 sites of six regions in the order of its code, 512 pseudo-trials per condition (paper-facts, section 1).
    pub fn paper() -> Self {
        let regions = [("PFC", 30), ("FEF", 30), ("LIP", 30), ("MT", 20), ("IT", 10), ("V4", 20)];
        Self {
            regions: regions.iter().map(|(region, _)| region.to_string()).collect(),
            n_sites: regions.iter().map(|(region, n)| (region.to_string(), *n)).collect(),
            trials_per_condition: 512,
            redraw_sites: true,
        }
    }
}

const PARTS: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

/// Draws a pseudo-population and its split for one fold.
///
/// With [`SplitUnit::RealTrial`] each recording's real trials are split first and pseudo-trials are drawn within each part, so no
/// real trial stands on two sides; the parts share `trials_per_condition` by the split's shares. With [`SplitUnit::PseudoTrial`] they
/// are drawn from all real trials and split afterwards, as in the paper.
///
/// Conditions that some recording does not have are left out. Where a used session has no real trial of a condition in a part, that
/// part gets no pseudo-trial of it. Remarks say both.
///
/// # Errors
/// No recording, a session twice, bins or factors that differ between recordings, spikes that are not counts, a region that no recording
/// has, fewer sites in a region than asked, no pseudo-trials asked, no condition in common, what [`split_trials`] refuses.
pub fn pseudo_population(
    recordings: &[Recording],
    config: &PopulationConfig,
    split: &SplitConfig,
    fold_idx: usize,
    seed: u64,
) -> Result<(BinnedTrials, Split)> {
    split.check()?;
    let bins = check(recordings, config, split, fold_idx)?;
    let (conditions, common_of) = common_conditions(recordings)?;
    let slots = Slots::draw(recordings, config, seed)?;
    let drawn = draw_trials(recordings, &conditions, &common_of, &slots, config, split, fold_idx, seed)?;
    let spikes = fill(recordings, &bins, &drawn.trials)?;
    let condition_of_trial: Vec<usize> = drawn.trials.iter().map(|trial| trial.condition_idx).collect();
    let split = match split.unit {
        SplitUnit::RealTrial => {
            let of = |part: Part| (0..drawn.trials.len()).filter(|&at| drawn.trials[at].part == part).collect();
            Split::new(of(Part::Train), of(Part::Validation), of(Part::Test), drawn.trials.len())?
        }
        SplitUnit::PseudoTrial => split_trials(&condition_of_trial, split, seed)?.swap_remove(fold_idx),
    };
    let mut remarks = remarks(recordings, &conditions, config, &slots);
    remarks.extend(drawn.remark);
    let alone = (recordings.len() == 1).then(|| &recordings[0]);
    let covariates = alone.map_or(Vec::new(), |recording| {
        let pick = |values: &Vec<f64>| drawn.trials.iter().map(|trial| values[trial.real[0]]).collect();
        recording.covariates.iter().map(|(name, values)| (name.clone(), pick(values))).collect()
    });
    let population = BinnedTrials {
        name: alone.map_or_else(|| format!("{} sessions", recordings.len()), |recording| recording.session.clone()),
        sessions: recordings.iter().map(|recording| recording.session.clone()).collect(),
        sites: slots.sites(recordings),
        conditions,
        condition_of_trial,
        origins_of_trial: drawn.trials.iter().map(Drawn::origins).collect(),
        spikes,
        bins,
        covariates,
        // What was planted is information in all sites together; it does not describe a subset of them.
        truth: alone
            .filter(|recording| !config.redraw_sites && slots.n() == recording.n_sites())
            .and_then(|r| r.truth.clone()),
        remarks,
    };
    Ok((population, split))
}

fn check(recordings: &[Recording], config: &PopulationConfig, split: &SplitConfig, fold_idx: usize) -> Result<BinGrid> {
    let Some(first) = recordings.first() else {
        return Err(DataError::new("recordings", "at least one", "none"));
    };
    if fold_idx >= split.n_folds {
        return Err(DataError::new("fold", format!("below {}", split.n_folds), fold_idx.to_string()));
    }
    if config.trials_per_condition == 0 {
        return Err(DataError::new("population, trials_per_condition", "at least 1", "0"));
    }
    let (_, bins) = counts_of(first)?;
    for (at, recording) in recordings.iter().enumerate() {
        let place = |error: DataError| error.at(recording.session.clone());
        if recordings[..at].iter().any(|earlier| earlier.session == recording.session) {
            return Err(place(DataError::new(
                "session names",
                "each name once",
                format!("`{}` twice", recording.session),
            )));
        }
        let (_, own) = counts_of(recording)?;
        if own != bins {
            let (expected, got) = (super::bin::describe(bins), super::bin::describe(own));
            return Err(place(DataError::new("bins", expected, got).hint("bin all recordings on one grid first")));
        }
    }
    Ok(*bins)
}

/// A pseudo-trial before its activity is filled in.
struct Drawn {
    part: Part,
    condition_idx: usize,
    /// The real trial of each recording.
    real: Vec<usize>,
    /// The site in each slot.
    slots: Vec<Slot>,
}

impl Drawn {
    fn origins(&self) -> Vec<RealTrial> {
        let used = |session_idx: usize| self.slots.iter().any(|slot| slot.recording_idx == session_idx);
        let origin =
            |session_idx| RealTrial { session_idx: session_idx as u32, trial_idx: self.real[session_idx] as u32 };
        (0..self.real.len()).filter(|&session_idx| used(session_idx)).map(origin).collect()
    }
}

struct DrawnTrials {
    trials: Vec<Drawn>,
    remark: Option<String>,
}

/// Real trials of one part: `[recording][common condition]`.
type Cell = Vec<Vec<Vec<usize>>>;

fn draw_trials(
    recordings: &[Recording],
    conditions: &ConditionTable,
    common_of: &[Vec<Option<usize>>],
    slots: &Slots,
    config: &PopulationConfig,
    split: &SplitConfig,
    fold_idx: usize,
    seed: u64,
) -> Result<DrawnTrials> {
    let cells = cells(recordings, conditions.len(), common_of, split, fold_idx, seed)?;
    let (mut trials, mut n_short) = (Vec::new(), 0);
    for ((part, name, n), cell) in shares(config, split).into_iter().zip(cells) {
        for condition_idx in 0..conditions.len() {
            let short = |at: usize| slots.uses(at) && cell[at][condition_idx].is_empty();
            if n > 0 && (0..recordings.len()).any(short) {
                n_short += 1;
                continue;
            }
            let rng = &mut stream(seed, &format!("population/fold{fold_idx}/{name}/condition{condition_idx}"));
            for _ in 0..n {
                let real = cell.iter().map(|pools| pick(&pools[condition_idx], rng)).collect();
                let slots = slots.of_trial(rng);
                trials.push(Drawn { part, condition_idx, real, slots });
            }
        }
    }
    if trials.is_empty() {
        return Err(DataError::new("population", "a condition with real trials in every session", "none"));
    }
    let remark = (n_short > 0).then(|| {
        format!(
            "{n_short} of {} pairs of condition and part have no trials, because a session has too few real trials of that condition.",
            3 * conditions.len()
        )
    });
    Ok(DrawnTrials { trials, remark })
}

/// One of `pool`; 0 where it is empty, which happens only in a recording none of whose sites is used.
fn pick(pool: &[usize], rng: &mut impl rand::Rng) -> usize {
    if pool.is_empty() { 0 } else { pool[rand::RngExt::random_range(rng, 0..pool.len())] }
}

/// Pseudo-trials per condition in each part; by pseudo-trial, all stand in one heap that is split afterwards.
fn shares(config: &PopulationConfig, split: &SplitConfig) -> Vec<(Part, &'static str, usize)> {
    if split.unit == SplitUnit::PseudoTrial {
        return vec![(Part::Train, "all", config.trials_per_condition)];
    }
    let test = split.test_share();
    let validation = if split.n_folds > 1 { (1.0 - test) * split.validation_share } else { split.validation_share };
    let n = divide(config.trials_per_condition, &[1.0 - test - validation, test, validation]);
    vec![(PARTS[0], "train", n[0]), (PARTS[1], "validation", n[2]), (PARTS[2], "test", n[1])]
}

fn cells(
    recordings: &[Recording],
    n_conditions: usize,
    common_of: &[Vec<Option<usize>>],
    split: &SplitConfig,
    fold_idx: usize,
    seed: u64,
) -> Result<Vec<Cell>> {
    let gather = |at: usize, trials: &mut dyn Iterator<Item = usize>| {
        let mut of_condition = vec![Vec::new(); n_conditions];
        for trial_idx in trials {
            if let Some(condition) = common_of[at][recordings[at].condition_of_trial[trial_idx]] {
                of_condition[condition].push(trial_idx);
            }
        }
        of_condition
    };
    if split.unit == SplitUnit::PseudoTrial {
        return Ok(vec![(0..recordings.len()).map(|at| gather(at, &mut (0..recordings[at].n_trials()))).collect()]);
    }
    let mut cells = vec![Cell::new(); 3];
    for (at, recording) in recordings.iter().enumerate() {
        let session_seed = derive_seed(seed, &format!("population/session{at}"));
        let own = split_trials(&recording.condition_of_trial, split, session_seed)
            .map_err(|error| error.at(recording.session.clone()))?;
        for (cell, part) in cells.iter_mut().zip(PARTS) {
            cell.push(gather(at, &mut own[fold_idx].trials(part).iter().copied()));
        }
    }
    Ok(cells)
}

fn fill(recordings: &[Recording], bins: &BinGrid, trials: &[Drawn]) -> Result<SpikeTensor> {
    let counts = recordings
        .iter()
        .map(|recording| counts_of(recording).map(|(counts, _)| counts))
        .collect::<Result<Vec<_>>>()?;
    let n_sites = trials.first().map_or(0, |trial| trial.slots.len());
    let shape = [trials.len(), bins.n_bins, n_sites];
    let per_trial = (bins.n_bins * n_sites).max(1);
    let value = |trial: &Drawn, at: usize| {
        let slot = trial.slots[at % n_sites];
        counts[slot.recording_idx].value(trial.real[slot.recording_idx], at / n_sites, slot.site_idx)
    };
    let all_u8 = counts.iter().all(|counts| counts.encoding() == SpikeEncoding::U8);
    let (encoding, width) = if all_u8 { (SpikeEncoding::U8, 1) } else { (SpikeEncoding::F32Le, 4) };
    let mut bytes = vec![0_u8; trials.len() * per_trial * width];
    bytes.par_chunks_exact_mut(per_trial * width).zip(trials).for_each(|(out, trial)| {
        for (at, out) in out.chunks_exact_mut(width).enumerate() {
            let value = value(trial, at);
            if all_u8 { out[0] = value as u8 } else { out.copy_from_slice(&value.to_le_bytes()) }
        }
    });
    SpikeTensor::from_bytes(shape, encoding, SharedBytes::new(bytes))
}

fn remarks(
    recordings: &[Recording],
    conditions: &ConditionTable,
    config: &PopulationConfig,
    slots: &Slots,
) -> Vec<String> {
    let mut remarks = Vec::new();
    if recordings.len() > 1 {
        remarks.push(format!(
            "Pseudo-population of {} sites from {} sessions: sites of different sessions never shared a trial, and noise correlations \
             across sessions are lost.",
            slots.n(),
            recordings.len()
        ));
    } else {
        remarks
            .push("Pseudo-population from one session: all sites of a pseudo-trial come from one real trial.".into());
    }
    if config.redraw_sites {
        remarks.push("Each pseudo-trial drew its sites anew within each region; a slot is not one site.".into());
    }
    let n_most = recordings.iter().map(|recording| recording.conditions.len()).max().unwrap_or(0);
    if n_most > conditions.len() {
        remarks.push(format!("{} conditions are in all sessions; others were left out.", conditions.len()));
    }
    if recordings.len() > 1 && recordings.iter().any(|recording| !recording.covariates.is_empty()) {
        remarks.push("Covariates were left out: a pseudo-trial of several sessions has no single value.".into());
    }
    remarks
}
