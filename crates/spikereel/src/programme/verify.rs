//! `verify`: a run held against what it says. Inputs and dataset are read again byte by byte, scores, masking and report are made again from
//! the weights, and each is compared with what is stored. Nothing in the run is changed.

use super::study;
use crate::progress::Progress;
use crate::steps::open_run::OpenRun;
use crate::steps::train::{self, TrainedWeights};
use crate::steps::{evaluate, going_on, mask, report, source};
use crate::{Error, Result, events, provenance};
use serde::Serialize;
use serde_json::Value;
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Such as `scores.json`.
    pub what: String,
    /// True where it is as it was stored.
    pub is_same: bool,
    /// Where it is not, with both values; empty where it is, or a remark.
    pub detail: String,
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verified {
    /// The run's folder.
    pub run: PathBuf,
    /// True where everything is as it was stored.
    pub is_same: bool,
    /// All that was checked.
    pub checks: Vec<Checked>,
}

/// Verifies a run that was trained. What it never had (masking, a report) is not checked. On another instruction set than the run's,
/// which its last bits depend on, the run is refused.
///
/// # Errors
/// A run whose configuration or dataset cannot be read at all, another process in it, a machine without its instructions.
pub fn verify(run: &Path, progress: &dyn Progress) -> Result<Verified> {
    crate::run_folder::check_is_run(run)?;
    going_on::keep_instructions(run)?;
    let open = OpenRun::look(run, "verify", progress)?;
    let mut checks = Vec::new();
    let mut told = |what: &str, outcome: Result<String>| {
        let (is_same, detail) = match outcome {
            Ok(detail) => (detail.is_empty(), detail),
            Err(error) => (false, error.to_string()),
        };
        progress.say(&format!("{what}: {}", if is_same { "same" } else { "differs" }));
        checks.push(Checked { what: what.into(), is_same, detail });
    };
    told("inputs", same(|| inputs(&open, progress)));
    let folder = source::dataset_folder_of(run, &open.config);
    told("dataset", same(|| Ok(spikereel_formats::verify_dataset(&folder)?)));
    told("weights", same(|| weights(&open)));
    if run.join(evaluate::SCORES).is_file() {
        told(
            evaluate::SCORES,
            evaluate::scores(&open, progress).and_then(|scores| compare(run, evaluate::SCORES, &scores)),
        );
    }
    if run.join(mask::MASKING).is_file() {
        told(mask::MASKING, mask::table(&open, progress).and_then(|table| compare(run, mask::MASKING, &table)));
    }
    if run.join(REPORT).is_file() {
        let composed = study::stored(run).and_then(|studied| report::composed(&open, studied));
        told(REPORT, composed.and_then(|study| compare(run, REPORT, &study)));
    }
    let is_same = checks.iter().all(|check| check.is_same);
    Ok(Verified { run: run.to_path_buf(), is_same, checks })
}

const REPORT: &str = "report.json";

fn same(check: impl FnOnce() -> Result<()>) -> Result<String> {
    check().map(|()| String::new())
}

/// Reads the inputs again. A simulation has none, and a dataset that was handed over stands for those it was made from.
fn inputs(open: &OpenRun, progress: &dyn Progress) -> Result<()> {
    let given = crate::config::Given::read(&open.folder.join("config.toml"))?;
    let loaded = source::load(&given, progress)?;
    going_on::same_inputs(&provenance::read(open.folder.path())?, &loaded)
}

/// Holds weights against the checksums that were noted when they were stored.
fn weights(open: &OpenRun) -> Result<()> {
    let run = open.folder.path();
    let events = events::read(run)?.into_iter().filter(|event| event.event == train::TRAINED);
    let noted: Vec<TrainedWeights> = events.filter_map(|event| serde_json::from_value(event.detail).ok()).collect();
    for which in open.fits.all() {
        let path = open.fits.folder(run, which).join("weights.safetensors");
        let now = provenance::sha256_of_file(&path)?;
        let Some(noted) = noted.iter().rfind(|noted| noted.which == which) else {
            let expected = format!("the checksum of {}", path.display());
            return Err(DataError::new("events.jsonl", expected, "no such event").into());
        };
        if now != noted.weights_sha256 {
            let expected = format!("{}, as when it was stored", noted.weights_sha256);
            return Err(DataError::new("SHA-256", expected, now).at(path.display().to_string()).into());
        }
    }
    Ok(())
}

/// The first place where a stored file and what was made again differ; empty where they do not.
fn compare(run: &Path, name: &str, again: &impl Serialize) -> Result<String> {
    let stored: Value = crate::run_folder::read_json(&run.join(name))?;
    // Through text, so that both have been written and read once.
    let text = serde_json::to_string(again).map_err(|error| Error::Bug(format!("{name} is no JSON: {error}")))?;
    let again: Value =
        serde_json::from_str(&text).map_err(|error| Error::Bug(format!("{name} is no JSON: {error}")))?;
    Ok(difference(&stored, &again, "").map_or_else(String::new, |(place, stored, again)| {
        format!("{place}: stored {}, made again {}", short(stored), short(again))
    }))
}

/// Depth first; the place is a JSON pointer.
fn difference<'a>(a: &'a Value, b: &'a Value, place: &str) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter().find_map(|key| either(a.get(key), b.get(key), &format!("{place}/{key}")))
        }
        (Value::Array(a), Value::Array(b)) => {
            (0..a.len().max(b.len())).find_map(|at| either(a.get(at), b.get(at), &format!("{place}/{at}")))
        }
        _ if a == b => None,
        _ => Some((place.into(), Some(a), Some(b))),
    }
}

fn either<'a>(
    a: Option<&'a Value>,
    b: Option<&'a Value>,
    place: &str,
) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
    match (a, b) {
        (Some(a), Some(b)) => difference(a, b, place),
        _ => Some((place.into(), a, b)),
    }
}

fn short(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".into(), ToString::to_string);
    if text.chars().count() <= 80 { text } else { format!("{} ...", text.chars().take(80).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named_with_both_values() {
        let a = json!({ "rows": [{ "value": 1.5 }, { "value": 2.5 }], "name": "x" });
        assert!(difference(&a, &a, "").is_none());
        for (b, place) in [
            (json!({ "rows": [{ "value": 1.5 }, { "value": 2.25 }], "name": "x" }), "/rows/1/value"),
            (json!({ "rows": [{ "value": 1.5 }], "name": "x" }), "/rows/1"),
            (json!({ "rows": [{ "value": 1.5 }, { "value": 2.5 }] }), "/name"),
            (json!({ "rows": [{ "value": 1.5 }, { "value": 2.5 }], "name": "x", "more": 0 }), "/more"),
        ] {
            assert_eq!(difference(&a, &b, "").unwrap().0, place);
        }
    }
}
