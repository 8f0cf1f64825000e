//! Balancing: fewer training trials, chosen so that a covariate is independent of the conditions.
//!
//! Trials are grouped by the levels of some factors. In every group equally many trials of each of the covariate's classes are kept, drawn at
//! random: independence is exact. Other shares would keep more trials, but rounding them down in groups of a dozen trials left a
//! Cramer's V of .10 on simulated choices.

use super::covariate::Covariate;
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::keep_in_split;
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{DataError, Dataset, Part, Result, Split};
use std::collections::{BTreeMap, BTreeSet};

/// What the covariate is made independent of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// Of the whole condition, and so of every factor and of their combinations.
    Condition,
    /// Of the combination of these factors.
    Factors(Vec<String>),
}

/// A balanced split and its control.
#[derive(Debug, Clone, PartialEq)]
pub struct Balanced {
    /// Fewer trials, the covariate independent of the groups.
    pub split: Split,
    /// As many trials of each group, drawn without regard to the covariate: what fewer trials alone do.
    pub matched: Split,
}

/// Balances the training and validation trials of `split`, and the test trials where `with_test`; trials without a value are left out
/// of all parts. Groups in which a kept class has no trial drop out of training.
///
/// # Errors
/// An unknown factor, a covariate that does not vary in training, nothing left.
pub fn balance(
    dataset: &Dataset,
    split: &Split,
    covariate: &Covariate,
    against: &Against,
    with_test: bool,
    seed: u64,
) -> Result<Balanced> {
    let group_of = groups(dataset, against)?;
    let (mut kept, mut matched) = (BTreeSet::new(), BTreeSet::new());
    for (part, name) in [(Part::Train, "train"), (Part::Validation, "validation"), (Part::Test, "test")] {
        let trials: Vec<usize> =
            split.trials(part).iter().copied().filter(|&trial| covariate.is_defined(trial)).collect();
        let Some(classes) = covariate.classes(&trials) else {
            if part == Part::Train {
                let got = format!("one value in {} trials", trials.len());
                return Err(DataError::new(format!("covariate `{}`", covariate.name), "two values or more", got)
                    .hint("what does not vary in training needs no balance"));
            }
            // Nothing to balance.
            kept.extend(&trials);
            matched.extend(&trials);
            continue;
        };
        if part == Part::Test && !with_test {
            kept.extend(&trials);
            matched.extend(&trials);
            continue;
        }
        // [group][class] of trials.
        let n_classes = classes.iter().max().map_or(0, |last| last + 1);
        let mut cells: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
        for (&trial, &class) in trials.iter().zip(&classes) {
            let group = group_of[dataset.trials[trial].condition_idx];
            cells.entry(group).or_insert_with(|| vec![Vec::new(); n_classes])[class].push(trial);
        }
        let shares = vec![1.0 / n_classes as f64; n_classes];
        for (group, of_class) in &cells {
            let scale = scale(of_class, &shares);
            let mut n_kept = 0;
            for (class, (trials, share)) in of_class.iter().zip(&shares).enumerate() {
                let n = (scale * share + 1e-9).floor() as usize;
                kept.extend(drawn(trials, n, seed, &format!("balance/{name}/group{group}/class{class}")));
                n_kept += n.min(trials.len());
            }
            let all: Vec<usize> = of_class.concat();
            matched.extend(drawn(&all, n_kept, seed, &format!("balance/{name}/group{group}/matched")));
        }
    }
    let of = |kept: &BTreeSet<usize>| keep_in_split(split, dataset.n_trials(), &|_, trial| kept.contains(&trial));
    let none_left = |error: DataError| {
        error.hint(format!(
            "too few trials in which `{}` and the conditions go different ways; balance against fewer factors, or record more",
            covariate.name
        ))
    };
    Ok(Balanced { split: of(&kept).map_err(none_left)?, matched: of(&matched)? })
}

/// Group of each condition.
fn groups(dataset: &Dataset, against: &Against) -> Result<Vec<usize>> {
    let table = &dataset.conditions;
    let Against::Factors(names) = against else { return Ok((0..table.len()).collect()) };
    let mut factor_idx = Vec::new();
    for name in names {
        factor_idx.push(table.factor_idx(name).ok_or_else(|| {
            let known: Vec<&str> = table.factors().iter().map(|factor| factor.name.as_str()).collect();
            DataError::new("factor to balance against", format!("one of {}", known.join(", ")), format!("`{name}`"))
        })?);
    }
    let of_condition = |condition: usize| {
        factor_idx
            .iter()
            .fold(0, |group, &factor| group * table.factors()[factor].levels.len() + table.level_idx(condition, factor))
    };
    Ok((0..table.len()).map(of_condition).collect())
}

/// How many trials of a group stay when its classes have these shares.
fn scale(of_class: &[Vec<usize>], shares: &[f64]) -> f64 {
    let limits = of_class.iter().zip(shares).filter(|(_, share)| **share > 0.0);
    let scale = limits.map(|(trials, share)| trials.len() as f64 / share).fold(f64::INFINITY, f64::min);
    if scale.is_finite() { scale } else { 0.0 }
}

fn drawn(trials: &[usize], n: usize, seed: u64, name: &str) -> Vec<usize> {
    let order = permutation(trials.len(), &mut stream(seed, name));
    order.into_iter().take(n).map(|at| trials[at]).collect()
}
