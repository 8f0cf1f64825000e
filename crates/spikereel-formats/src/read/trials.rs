//! The trial axis of a recording: condition factors and covariates, one value a trial.

use super::axes::TrialAxes;
use super::bundle::Bundle;
use super::header::Kind;
use super::sidecar::Column;
use super::sites::check_name;
use crate::{FormatError, Result};
use spikereel_data::{DataError, Level};
use std::collections::BTreeMap;
use std::path::Path;

/// A column's levels, with its name.
pub(crate) fn factor(
    sidecar: &Path,
    bundle: &mut Bundle,
    column: &Column,
    trials: &TrialAxes,
) -> Result<(String, Vec<Level>)> {
    let key = "trials.factors";
    let (name, array_name, names) = parts(column);
    check_name(key, name, || "a factor".into()).map_err(|error| FormatError::data(sidecar, error))?;
    let array = read(sidecar, bundle, key, array_name, trials)?;
    let place = |error| at(sidecar, key, array_name, error);
    let empty = BTreeMap::new();
    let names = names.unwrap_or(&empty);
    let level = |code: Level| names.get(&code.to_string()).cloned().unwrap_or(code);
    let levels: Vec<Level> = if array.is_text() {
        array.to_text().map_err(place)?.into_iter().map(|text| level(Level::Text(text))).collect()
    } else {
        // 0.1 stored as f32 reads as 0.10000000149; its shortest decimal form is what was meant.
        let is_single = array.dtype().kind == Kind::Float && array.dtype().size == 4;
        let number = |value: f64| Level::Number(if is_single { shortest(value) } else { value });
        array.to_f64().map_err(place)?.into_iter().map(|value| level(number(value))).collect()
    };
    for (trial_idx, level) in levels.iter().enumerate() {
        if let Level::Text(text) = level {
            check_name(key, text, || format!("trial {trial_idx} of factor `{name}`"))
                .map_err(|error| FormatError::data(sidecar, error))?;
        }
    }
    if let Some(unused) = names.keys().find(|code| {
        let level = &names[*code];
        !levels.contains(level)
    }) {
        let error =
            DataError::new(format!("{key}, levels of `{name}`"), "values that the array holds", format!("`{unused}`"));
        return Err(FormatError::data(sidecar, error));
    }
    Ok((name.to_string(), levels))
}

/// A covariate, with its name.
pub(crate) fn covariate(
    sidecar: &Path,
    bundle: &mut Bundle,
    column: &Column,
    trials: &TrialAxes,
) -> Result<(String, Vec<f64>)> {
    let key = "trials.covariates";
    let (name, array_name, names) = parts(column);
    check_name(key, name, || "a covariate".into()).map_err(|error| FormatError::data(sidecar, error))?;
    if names.is_some_and(|names| !names.is_empty()) {
        let error = DataError::new(format!("{key} `{name}`"), "numbers as the array has them", "`levels`");
        return Err(FormatError::data(sidecar, error));
    }
    let array = read(sidecar, bundle, key, array_name, trials)?;
    let values = array.to_f64().map_err(|error| at(sidecar, key, array_name, error))?;
    Ok((name.to_string(), values))
}

/// An array of one value a trial: one axis, the axes of trials, or the places along one of those.
pub(crate) fn read(
    sidecar: &Path,
    bundle: &mut Bundle,
    key: &str,
    name: &str,
    trials: &TrialAxes,
) -> Result<super::NpyArray> {
    if let Some(places) = trials.column(name) {
        return Ok(super::NpyArray::of_numbers(&places));
    }
    let (n_trials, lens) = (trials.n_trials(), trials.lens());
    let array = bundle.read(key, name)?;
    let array = if array.shape() == lens { array } else { array.with_axes(1) };
    if array.shape() != [n_trials] && array.shape() != lens {
        let error = DataError::new("values", format!("{n_trials}, one a trial"), format!("shape {:?}", array.shape()));
        return Err(at(sidecar, key, name, error));
    }
    Ok(array)
}

fn parts(column: &Column) -> (&str, &str, Option<&BTreeMap<String, Level>>) {
    match column {
        Column::Array(name) => (name, name, None),
        Column::Named(named) => (&named.name, &named.array, Some(&named.levels)),
    }
}

fn at(sidecar: &Path, key: &str, array: &str, error: DataError) -> FormatError {
    FormatError::data(sidecar, DataError { field: format!("{key} `{array}`, {}", error.field), ..error })
}

fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}
