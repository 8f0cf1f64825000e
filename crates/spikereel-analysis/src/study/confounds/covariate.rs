//! A covariate of trials, its classes, and how it goes with the factors of the conditions.

use crate::stats::{cramers_v, eta_squared};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Dataset, Result};

/// Up to so many distinct values are classes; more are a quantity.
const MAX_CLASSES: usize = 8;

/// One number a trial that is no condition: choice, feedback, movement, reaction time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Covariate {
    /// Its name.
    pub name: String,
    /// One value a trial of the dataset; NaN where it is not defined: such trials are left out of a study.
    pub values: Vec<f64>,
}

impl Covariate {
    /// A column of a dataset.
    ///
    /// # Errors
    /// A name that the dataset does not have.
    pub fn of_dataset(dataset: &Dataset, name: &str) -> Result<Self> {
        let found = dataset.covariates.iter().find(|(own, _)| own == name);
        let (name, values) = found.ok_or_else(|| {
            let known: Vec<&str> = dataset.covariates.iter().map(|(name, _)| name.as_str()).collect();
            DataError::new("covariate", format!("one of {}", known.join(", ")), format!("`{name}`"))
        })?;
        Ok(Self { name: name.clone(), values: values.clone() })
    }

    /// The same, defined only in trials of the given conditions: a study then looks at these alone.
    #[must_use]
    pub fn within(mut self, dataset: &Dataset, keep: impl Fn(usize) -> bool) -> Self {
        for (value, trial) in self.values.iter_mut().zip(&dataset.trials) {
            if !keep(trial.condition_idx) {
                *value = f64::NAN;
            }
        }
        self
    }

    /// Whether a trial has a value.
    pub fn is_defined(&self, trial_idx: usize) -> bool {
        self.values.get(trial_idx).is_some_and(|value| value.is_finite())
    }

    /// Class of each of `trials`: its distinct values where there are at most eight, else thirds of these trials by size. None where
    /// the covariate does not vary in them.
    pub fn classes(&self, trials: &[usize]) -> Option<Vec<usize>> {
        let values: Vec<f64> = trials.iter().map(|&trial| self.values[trial]).collect();
        let distinct = distinct(&values);
        if distinct.len() < 2 {
            return None;
        }
        if distinct.len() <= MAX_CLASSES {
            return Some(values.iter().map(|value| distinct.iter().position(|d| d == value).unwrap_or(0)).collect());
        }
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let cuts = [sorted[sorted.len() / 3], sorted[2 * sorted.len() / 3]];
        Some(values.iter().map(|value| cuts.iter().filter(|cut| value >= cut).count()).collect())
    }

    /// Whether it is a quantity and no classification.
    pub fn is_quantity(&self) -> bool {
        let defined: Vec<f64> = self.values.iter().copied().filter(|value| value.is_finite()).collect();
        distinct(&defined).len() > MAX_CLASSES
    }
}

fn distinct(values: &[f64]) -> Vec<f64> {
    let mut distinct = values.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    distinct
}

/// Which measure an association is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssociationMeasure {
    /// Cramér's V: the covariate has classes.
    CramersV,
    /// Eta squared: the covariate is a quantity.
    EtaSquared,
}

impl std::fmt::Display for AssociationMeasure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CramersV => "Cramér's V",
            Self::EtaSquared => "eta squared",
        })
    }
}

/// How a covariate goes with one factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Association {
    /// The factor of the conditions, or `condition` for all of them together.
    pub factor: String,
    /// The covariate.
    pub covariate: String,
    /// What was measured.
    pub measure: AssociationMeasure,
    /// 0 (independent) to 1.
    pub value: f64,
    /// p of independence (chi-squared or F test), not corrected.
    pub p: f64,
    /// Trials.
    pub n_trials: usize,
}

/// Associations of a covariate with every factor and with the condition, over those of `trials` that have a value. Factors that do not
/// vary are left out, and all are where the covariate does not vary.
pub fn associations(dataset: &Dataset, trials: &[usize], covariate: &Covariate) -> Vec<Association> {
    let trials: Vec<usize> = trials.iter().copied().filter(|&trial| covariate.is_defined(trial)).collect();
    let condition = |&trial: &usize| dataset.trials[trial].condition_idx;
    let mut groupings: Vec<(String, Vec<usize>)> = Vec::new();
    for (factor_idx, factor) in dataset.conditions.factors().iter().enumerate() {
        let level = |trial: &usize| dataset.conditions.level_idx(condition(trial), factor_idx);
        groupings.push((factor.name.clone(), trials.iter().map(level).collect()));
    }
    groupings.push(("condition".into(), trials.iter().map(condition).collect()));
    let is_quantity = covariate.is_quantity();
    let measured = groupings.into_iter().filter_map(|(factor, groups)| {
        let (measure, (value, p)) = if is_quantity {
            let values: Vec<f64> = trials.iter().map(|&trial| covariate.values[trial]).collect();
            (AssociationMeasure::EtaSquared, eta_squared(&groups, &values)?)
        } else {
            (AssociationMeasure::CramersV, cramers_v(&groups, &covariate.classes(&trials)?)?)
        };
        Some(Association { factor, covariate: covariate.name.clone(), measure, value, p, n_trials: trials.len() })
    });
    measured.collect()
}

/// Covariates of a dataset that are not given by the condition alone and whose association with some factor has a p below `alpha`
/// (Bonferroni over all factors and covariates), strongest first: what a study of confounds should look at.
pub fn confounded(dataset: &Dataset, trials: &[usize], alpha: f64) -> Vec<(Covariate, Vec<Association>)> {
    let n_tests = (dataset.covariates.len() * (dataset.conditions.factors().len() + 1)).max(1) as f64;
    let mut found: Vec<(Covariate, Vec<Association>)> = dataset
        .covariates
        .iter()
        .map(|(name, values)| Covariate { name: name.clone(), values: values.clone() })
        .filter(|covariate| varies_within_conditions(dataset, trials, covariate))
        .map(|covariate| {
            let associations = associations(dataset, trials, &covariate);
            (covariate, associations)
        })
        .filter(|(_, associations)| associations.iter().any(|own| own.p * n_tests < alpha))
        .collect();
    let strongest = |own: &[Association]| own.iter().map(|own| own.value).fold(0.0, f64::max);
    found.sort_by(|a, b| strongest(&b.1).total_cmp(&strongest(&a.1)));
    found
}

fn varies_within_conditions(dataset: &Dataset, trials: &[usize], covariate: &Covariate) -> bool {
    let mut first = vec![None; dataset.conditions.len()];
    trials.iter().filter(|&&trial| covariate.is_defined(trial)).any(|&trial| {
        let known = first[dataset.trials[trial].condition_idx].get_or_insert(covariate.values[trial]);
        *known != covariate.values[trial]
    })
}
