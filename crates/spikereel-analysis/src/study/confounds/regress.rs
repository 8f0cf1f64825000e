//! Regressing a covariate out of the activity of every site and bin.
//!
//! Model, fitted by least squares on training trials, for each site `s` and bin `b` by itself:
//! `x[t, b, s] = terms[t] * beta[b, s] + gamma[b, s] * z[t] + error`, where `z` is the covariate and `terms` stand for the condition: one
//! constant a condition ([`Terms::Condition`]), or a constant and one a level of each factor but its first ([`Terms::Factors`]).
//! Residual activity of every trial, test trials too, is `x - gamma * (z - mean of z in training)`: what goes with the condition stays,
//! what goes with the covariate at given condition is taken out. Only `gamma` is used; by the theorem of Frisch and Waugh it is
//! `sum(r x) / sum(r r)` with `r` the residual of `z` on the terms.
//!
//! Linear: what the covariate does to the variance, or differently in different conditions, stays in.

use super::covariate::Covariate;
use ndarray::Array3;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::with_spikes;
use spikereel_data::{DataError, Dataset, Result};

/// What stands in the model for the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    /// A constant for each condition: the covariate is judged by trials of one condition alone.
    Condition,
    /// Main effects of every factor: where the covariate is fixed by the condition. What two factors do together and the covariate
    /// does as well is then taken out as the covariate's.
    Factors,
}

/// A dataset without the covariate's linear part.
#[derive(Debug, Clone)]
pub struct Regressed {
    /// Residual activity.
    pub dataset: Dataset,
    /// Share of the covariate's variance in training that the condition's terms do not explain: near 0, the two can hardly be told
    /// apart and `gamma` is uncertain.
    pub free_share: f64,
}

/// Regresses `covariate` out, fitting on `train`. Trials without a value keep their activity; they should be in no part.
///
/// # Errors
/// Where the covariate is fixed by the terms (less than a millionth of its variance is free).
pub fn regress_out(dataset: &Dataset, train: &[usize], covariate: &Covariate, terms: Terms) -> Result<Regressed> {
    let train: Vec<usize> = train.iter().copied().filter(|&trial| covariate.is_defined(trial)).collect();
    let n = train.len().max(1) as f64;
    let mean = train.iter().map(|&trial| covariate.values[trial]).sum::<f64>() / n;
    let mut residual: Vec<f64> = train.iter().map(|&trial| covariate.values[trial] - mean).collect();
    let total: f64 = residual.iter().map(|value| value * value).sum();
    for column in orthogonal_columns(dataset, &train, terms) {
        let along: f64 = residual.iter().zip(&column).map(|(a, b)| a * b).sum();
        residual.iter_mut().zip(&column).for_each(|(value, unit)| *value -= along * unit);
    }
    let free: f64 = residual.iter().map(|value| value * value).sum();
    if total <= 0.0 || free / total < 1e-6 {
        return Err(DataError::new(
            format!("covariate `{}`", covariate.name),
            "values that the condition does not fix",
            format!("{:.1e} of its variance is free in {} training trials", free / total.max(1e-300), train.len()),
        )
        .hint("it cannot be told apart from the condition in these trials; use trials in which the two differ"));
    }
    let (n_bins, n_sites) = (dataset.n_bins(), dataset.n_sites());
    let len = n_bins * n_sites;
    let mut slope = vec![0.0_f64; len];
    let mut trial_values = vec![0.0_f32; len];
    for (&trial, weight) in train.iter().zip(&residual) {
        dataset.spikes.copy_trial(trial, &mut trial_values);
        slope.iter_mut().zip(&trial_values).for_each(|(sum, &x)| *sum += weight * f64::from(x));
    }
    slope.iter_mut().for_each(|sum| *sum /= free);
    let mut values = vec![0.0_f32; dataset.n_trials() * len];
    values.par_chunks_exact_mut(len).enumerate().for_each(|(trial, out)| {
        dataset.spikes.copy_trial(trial, out);
        if covariate.is_defined(trial) {
            let z = covariate.values[trial] - mean;
            out.iter_mut().zip(&slope).for_each(|(x, gamma)| *x = (f64::from(*x) - gamma * z) as f32);
        }
    });
    let spikes = Array3::from_shape_vec((dataset.n_trials(), n_bins, n_sites), values)
        .map_err(|error| DataError::new("residual spikes", "one value a trial, bin and site", error.to_string()))?;
    let remark = format!("`{}` was regressed out of every site and bin, fitted on training trials.", covariate.name);
    Ok(Regressed { dataset: with_spikes(dataset, spikes.view(), remark)?, free_share: free / total })
}

/// Orthonormal columns over `train` that span the terms, by the modified Gram-Schmidt method; dependent columns drop out.
fn orthogonal_columns(dataset: &Dataset, train: &[usize], terms: Terms) -> Vec<Vec<f64>> {
    let table = &dataset.conditions;
    let condition = |trial: usize| dataset.trials[trial].condition_idx;
    let indicator = |is_one: &dyn Fn(usize) -> bool| -> Vec<f64> {
        train.iter().map(|&trial| f64::from(u8::from(is_one(condition(trial))))).collect()
    };
    let mut columns = Vec::new();
    match terms {
        // Indicators of conditions are orthogonal already and span the constant.
        Terms::Condition => columns.extend((0..table.len()).map(|own| indicator(&|condition| condition == own))),
        Terms::Factors => {
            columns.push(vec![1.0; train.len()]);
            for (factor_idx, factor) in table.factors().iter().enumerate() {
                let level = |own: usize| indicator(&|condition| table.level_idx(condition, factor_idx) == own);
                columns.extend((1..factor.levels.len()).map(level));
            }
        }
    }
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for mut column in columns {
        let before: f64 = column.iter().map(|value| value * value).sum();
        for unit in &kept {
            let along: f64 = column.iter().zip(unit).map(|(a, b)| a * b).sum();
            column.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
        }
        let after: f64 = column.iter().map(|value| value * value).sum();
        if before > 0.0 && after > 1e-9 * before {
            let norm = after.sqrt();
            column.iter_mut().for_each(|value| *value /= norm);
            kept.push(column);
        }
    }
    kept
}
