//! `reproduce`: a preset's whole programme on one recording: train, evaluate, mask, every study, one report. What is done is not done again.

use super::report;
use super::study::{StudyLine, study};
use crate::config::choices::StudyPreset;
use crate::config::{DataGiven, Given};
use crate::progress::Progress;
use crate::run_folder::{RunFolder, is_occupied};
use crate::steps::{evaluate, mask, open_run, train};
use crate::studies::{ALL, Sizes};
use crate::{ConfigError, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `reproduce` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reproduced {
    /// The run's folder.
    pub run: PathBuf,
    /// The page.
    pub page: PathBuf,
    /// The main findings.
    pub findings: Vec<String>,
    /// Every study.
    pub studies: Vec<StudyLine>,
}

/// Runs a preset's programme; `given` lies over the preset's settings, a source in it replaces the simulation. Given an `out` that holds the
/// same programme, it goes on where that one stopped.
///
/// # Errors
/// What is wrong with configuration or data, a folder of something else, divergence, an I/O error. A study that fails is told in the report.
pub fn reproduce(given: Given, preset: StudyPreset, out: Option<&Path>, progress: &dyn Progress) -> Result<Reproduced> {
    let settings = Sizes::of(preset).settings(preset)?;
    let has_source = given.data != DataGiven::default();
    let below = if has_source { Given { data: DataGiven::default(), ..settings } } else { settings };
    let given = given.over(below);
    let folder = match out {
        Some(path) => path.to_path_buf(),
        None => {
            let numbered = RunFolder::create_numbered(Path::new("runs"), "reproduce")?;
            numbered.path().to_path_buf()
        }
    };
    if is_programme(&folder)? {
        check_same(&folder, &given)?;
        progress.say("== training is done already");
    } else {
        progress.say("== training");
        train::train(given, Some(&folder), progress)?;
    }
    if !folder.join(evaluate::SCORES).is_file() {
        evaluate::evaluate(&folder, progress)?;
    }
    if !folder.join(mask::MASKING).is_file() {
        // A recording without features to mask has studies all the same.
        if let Err(error) = mask::mask(&folder, progress) {
            progress.say(&format!("masking: {error}"));
        }
    }
    let studied = study(&folder, ALL, preset, progress)?;
    let reported = report(&folder, progress)?;
    Ok(Reproduced { run: folder, page: reported.page, findings: reported.findings, studies: studied.studies })
}

/// True where a finished training stands.
fn is_programme(folder: &Path) -> Result<bool> {
    if !is_occupied(folder)? || !folder.join("config.toml").is_file() {
        return Ok(false);
    }
    let events = folder.join("events.jsonl");
    let text = std::fs::read_to_string(&events).map_err(|error| crate::Error::io(&events, "read events", error))?;
    Ok(text.lines().any(|line| line.contains("\"event\":\"done\"") && line.contains("\"detail\":\"train\"")))
}

/// Refuses to go on with other settings than those the folder was begun with.
fn check_same(folder: &Path, given: &Given) -> Result<()> {
    let stored = open_run::stored_config(folder)?;
    let differs = |what: &str, expected: String, got: String| -> Result<()> {
        if expected == got {
            return Ok(());
        }
        Err(ConfigError::new(what, format!("{expected}, as in {}", folder.display()), got)
            .hint("go on with the same settings, or give another --out")
            .into())
    };
    let same = |name: &str, wanted: Option<usize>, stored: usize| {
        wanted.map_or(Ok(()), |wanted| differs(name, stored.to_string(), wanted.to_string()))
    };
    same("network.base_channels", given.network.base_channels, stored.network.base_channels)?;
    same("train.epochs", given.train.epochs, stored.train.epochs)?;
    same("n_network_seeds", given.n_network_seeds, stored.n_network_seeds)?;
    if let Some(seed) = given.seed {
        differs("seed", stored.seed.to_string(), seed.to_string())?;
    }
    if let Some(simulate) = given.data.simulate {
        let was = stored.data.simulate.map_or_else(|| "a recording".into(), |preset| preset.to_string());
        differs("data.simulate", was, simulate.to_string())?;
    }
    Ok(())
}
