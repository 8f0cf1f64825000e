//! Splits into train, validation and test: by real trial (the default) or by pseudo-trial, stratified by condition, single or in folds.
//!
//! Rule for rare conditions, the same everywhere: a condition's first trial goes to train, its second to test, its third to
//! validation; from three trials on every part has at least one.

use super::common::divide;
use crate::rng::{permutation, stream};
use crate::{DataError, Dataset, RealTrial, Result, Split};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a split keeps whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitUnit {
    /// A real trial stands on one side only.
    RealTrial,
    /// Pseudo-trials are split after resampling, as in the paper: real trials may stand on both sides (see [`super::LeakAudit`]).
    PseudoTrial,
}

/// How shares of a condition's trials become whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Largest remainder; rare conditions as the module says.
    #[default]
    LargestRemainder,
    /// As the published code: train and test are cut off by `int()`, validation is what remains (358, 102, 52 of 512 at .7, .2,
    /// .1; paper-facts, section 1). Rare conditions get no special care.
    PaperSlicing,
}

/// How trials are divided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// What is kept whole.
    pub unit: SplitUnit,
    /// Share of training trials in a single split; not used with folds.
    pub train_share: f64,
    /// Share of validation trials; with folds, of what is not tested.
    pub validation_share: f64,
    /// Folds; 1 is a single split, in which test takes what the two shares leave.
    pub n_folds: usize,
    /// Whether each condition is divided on its own.
    pub stratify: bool,
    /// How shares become whole numbers in a single split.
    #[serde(default)]
    pub rounding: Rounding,
}

impl SplitConfig {
    /// The paper's: pseudo-trials, .7 train, .1 validation, .2 test within each condition, cut by `int()` (paper-facts, section 1).
    pub fn paper() -> Self {
        Self {
            unit: SplitUnit::PseudoTrial,
            train_share: 0.7,
            validation_share: 0.1,
            n_folds: 1,
            stratify: true,
            rounding: Rounding::PaperSlicing,
        }
    }

    /// Share of test trials: one fold, or what a single split's shares leave.
    pub fn test_share(&self) -> f64 {
        // Rounded, because 1 - 0.7 - 0.1 is a little more than 0.2.
        let rest = ((1.0 - self.train_share - self.validation_share) * 1e9).round() / 1e9;
        if self.n_folds > 1 { 1.0 / self.n_folds as f64 } else { rest }
    }

    /// Checks shares and folds.
    ///
    /// # Errors
    /// Names the share that is not between 0 and 1 or leaves nothing for test, or a number of folds of 0.
    pub fn check(&self) -> Result<()> {
        let inside = |share: f64| share > 0.0 && share < 1.0;
        if self.n_folds == 0 {
            return Err(DataError::new("split, n_folds", "at least 1 (a single split)", "0"));
        }
        if !inside(self.validation_share) {
            let got = self.validation_share.to_string();
            return Err(DataError::new("split, validation_share", "a share above 0 and below 1", got));
        }
        if self.n_folds == 1 && !inside(self.train_share) {
            let got = self.train_share.to_string();
            return Err(DataError::new("split, train_share", "a share above 0 and below 1", got));
        }
        if self.n_folds == 1 && self.test_share() <= 0.0 {
            let got = format!("{} and {}", self.train_share, self.validation_share);
            return Err(DataError::new(
                "split, train_share and validation_share",
                "shares that leave some for test",
                got,
            ));
        }
        Ok(())
    }
}

impl Default for SplitConfig {
    /// By real trial, .7 train, .1 validation, .2 test, stratified.
    fn default() -> Self {
        Self { unit: SplitUnit::RealTrial, rounding: Rounding::LargestRemainder, ..Self::paper() }
    }
}

/// Splits trials given by their conditions: one [`Split`] a fold (one in all for a single split). Every trial stands in exactly one part,
/// and with folds is tested exactly once.
///
/// # Errors
/// What [`SplitConfig::check`] refuses; fewer trials than folds; a part without any trial.
pub fn split_trials(condition_of_trial: &[usize], config: &SplitConfig, seed: u64) -> Result<Vec<Split>> {
    config.check()?;
    let n_trials = condition_of_trial.len();
    let groups = if config.stratify { by_condition(condition_of_trial) } else { vec![(0..n_trials).collect()] };
    if config.n_folds == 1 {
        Ok(vec![single(&groups, n_trials, config, seed)?])
    } else {
        folds(&groups, n_trials, config, seed)
    }
}

fn by_condition(condition_of_trial: &[usize]) -> Vec<Vec<usize>> {
    let n_conditions = condition_of_trial.iter().max().map_or(0, |last| last + 1);
    let mut groups = vec![Vec::new(); n_conditions];
    condition_of_trial.iter().enumerate().for_each(|(trial_idx, &condition)| groups[condition].push(trial_idx));
    groups
}

fn shuffled(trials: &[usize], seed: u64, name: &str) -> Vec<usize> {
    permutation(trials.len(), &mut stream(seed, name)).into_iter().map(|at| trials[at]).collect()
}

fn single(groups: &[Vec<usize>], n_trials: usize, config: &SplitConfig, seed: u64) -> Result<Split> {
    let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for (condition_idx, group) in groups.iter().enumerate() {
        let order = shuffled(group, seed, &format!("split/single/condition{condition_idx}"));
        let n = order.len() as f64;
        let (n_train, n_test) = match config.rounding {
            Rounding::PaperSlicing => ((n * config.train_share) as usize, (n * config.test_share()) as usize),
            Rounding::LargestRemainder => {
                let counts = divide(order.len(), &[config.train_share, config.test_share(), config.validation_share]);
                (counts[0], counts[1])
            }
        };
        train.extend(&order[..n_train]);
        test.extend(&order[n_train..n_train + n_test]);
        validation.extend(&order[n_train + n_test..]);
    }
    checked(train, validation, test, n_trials)
}

fn folds(groups: &[Vec<usize>], n_trials: usize, config: &SplitConfig, seed: u64) -> Result<Vec<Split>> {
    if n_trials < config.n_folds {
        return Err(DataError::new(
            "split, n_folds",
            format!("at most {n_trials}, one a trial"),
            config.n_folds.to_string(),
        ));
    }
    // Dealt like cards, and the next condition goes on where the last one stopped: folds differ by one trial at most.
    let (mut fold_of_trial, mut next) = (vec![0; n_trials], 0);
    for (condition_idx, group) in groups.iter().enumerate() {
        for trial_idx in shuffled(group, seed, &format!("split/folds/condition{condition_idx}")) {
            fold_of_trial[trial_idx] = next % config.n_folds;
            next += 1;
        }
    }
    let fold = |fold_idx: usize| {
        let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
        for (condition_idx, group) in groups.iter().enumerate() {
            let (tested, rest): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|&&trial_idx| fold_of_trial[trial_idx] == fold_idx);
            test.extend(tested);
            let order = shuffled(&rest, seed, &format!("split/fold{fold_idx}/validation/condition{condition_idx}"));
            let n_train = divide(order.len(), &[1.0 - config.validation_share, config.validation_share])[0];
            train.extend(&order[..n_train]);
            validation.extend(&order[n_train..]);
        }
        checked(train, validation, test, n_trials)
    };
    (0..config.n_folds).map(fold).collect()
}

fn checked(train: Vec<usize>, validation: Vec<usize>, test: Vec<usize>, n_trials: usize) -> Result<Split> {
    if validation.is_empty() {
        return Err(DataError::new("split, validation", "at least one trial", format!("none of {n_trials}"))
            .hint("three trials in a condition are the least that fill train, validation and test"));
    }
    Split::new(train, validation, test, n_trials)
}

/// Splits a dataset's trials. By real trial, trials that share a real trial (or share one with a third, and so on) stay together.
///
/// # Errors
/// What [`split_trials`] refuses; by real trial also a dataset whose pseudo-trials hang together too tightly to be split.
pub fn split_dataset(dataset: &Dataset, config: &SplitConfig, seed: u64) -> Result<Vec<Split>> {
    let conditions: Vec<usize> = dataset.trials.iter().map(|trial| trial.condition_idx).collect();
    if config.unit == SplitUnit::PseudoTrial {
        return split_trials(&conditions, config, seed);
    }
    let clusters = clusters(dataset);
    let condition_of_cluster: Vec<usize> = clusters.iter().map(|trials| conditions[trials[0]]).collect();
    let tight = |error: DataError| {
        if clusters.len() == dataset.n_trials() {
            return error;
        }
        DataError::new(
            "split by real trial",
            "pseudo-trials that can be told apart by the real trials in them",
            format!("{} groups among {} pseudo-trials ({})", clusters.len(), dataset.n_trials(), error.field),
        )
        .hint("resample with the split unit `real_trial`, which splits real trials before it draws pseudo-trials")
    };
    let of_clusters = split_trials(&condition_of_cluster, config, seed).map_err(tight)?;
    let widen = |part: &[usize]| part.iter().flat_map(|&cluster| clusters[cluster].iter().copied()).collect::<Vec<_>>();
    of_clusters
        .iter()
        .map(|split| {
            let [train, validation, test] =
                [crate::Part::Train, crate::Part::Validation, crate::Part::Test].map(|part| widen(split.trials(part)));
            Split::new(train, validation, test, dataset.n_trials())
        })
        .collect()
}

/// Trials that hang together by shared origins, each cluster ascending, clusters by their first trial.
fn clusters(dataset: &Dataset) -> Vec<Vec<usize>> {
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let mut parent: Vec<usize> = (0..dataset.n_trials()).collect();
    let mut first_with: HashMap<RealTrial, usize> = HashMap::new();
    for (trial_idx, trial) in dataset.trials.iter().enumerate() {
        for &origin in &trial.origins {
            let other = *first_with.entry(origin).or_insert(trial_idx);
            let (a, b) = (root(&mut parent, other), root(&mut parent, trial_idx));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut of_root: Vec<Vec<usize>> = vec![Vec::new(); dataset.n_trials()];
    for trial_idx in 0..dataset.n_trials() {
        let root = root(&mut parent, trial_idx);
        of_root[root].push(trial_idx);
    }
    of_root.retain(|trials| !trials.is_empty());
    of_root
}
