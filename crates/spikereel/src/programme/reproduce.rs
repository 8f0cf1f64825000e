//! `reproduce`: a preset's whole programme on one recording: train, evaluate, mask, every study, one report. What is done is not done again.

use super::study::{StudyLine, study};
use super::{budget, report};
use crate::config::choices::{StudyChoices, StudyPreset};
use crate::config::{DataGiven, Given, resolve};
use crate::progress::Progress;
use crate::run_folder::{RunFolder, is_occupied};
use crate::steps::{evaluate, mask, open_run, source, train};
use crate::studies::{ALL, Material, Sizes};
use crate::{ConfigError, Error, Result};
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

/// Runs a preset's programme; `given` lies over the preset's settings, a source in it replaces the simulation. Before it begins its time is
/// estimated from the rate measured here, and one that would take longer than its preset promises is refused, unless `allow_longer`. Given an `out` that holds the
/// same programme, it goes on where that one stopped.
///
/// # Errors
/// What is wrong with configuration or data, a folder of something else, divergence, an I/O error. A study that fails is told in the report.
pub fn reproduce(
    given: Given,
    preset: StudyPreset,
    choices: StudyChoices,
    allow_longer: bool,
    out: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Reproduced> {
    let sizes = Sizes::of(preset);
    let settings = sizes.settings(preset)?;
    let below = below_source(settings, &given.data);
    let given = given.over(below);
    let is_begun = match out {
        Some(path) => is_programme(path)?,
        None => false,
    };
    if let Some(path) = out
        && !is_begun
        && is_occupied(path)?
    {
        return Err(Error::FolderExists(path.to_path_buf()));
    }
    if !is_begun && budget::budget_secs(preset).is_some() {
        let main = Material::new(given.clone(), progress)?;
        budget::check(&main, &sizes, ALL, preset, allow_longer, progress)?;
    }
    let folder = match out {
        Some(path) => path.to_path_buf(),
        None => {
            let numbered = RunFolder::create_numbered(Path::new("runs"), "reproduce")?;
            numbered.path().to_path_buf()
        }
    };
    if is_begun {
        check_same(&folder, given, progress)?;
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
    let studied = study(&folder, ALL, preset, choices, progress)?;
    let reported = report(&folder, progress)?;
    Ok(Reproduced { run: folder, page: reported.page, findings: reported.findings, studies: studied.studies })
}

/// What of a preset's settings is left below a source that a person names. Recordings and datasets have bins and stimuli of their own; a
/// number of trials alone changes the preset's simulation and names no source.
fn below_source(settings: Given, source: &DataGiven) -> Given {
    let own = Given::default();
    if source.recordings.is_some() || source.dataset.is_some() {
        return Given {
            data: own.data,
            bins: own.bins,
            stimulus: own.stimulus,
            population: own.population,
            ..settings
        };
    }
    settings
}

/// True where a finished training stands.
fn is_programme(folder: &Path) -> Result<bool> {
    if !is_occupied(folder)? || !folder.join("config.toml").is_file() {
        return Ok(false);
    }
    let events = folder.join("events.jsonl");
    let text = std::fs::read_to_string(&events).map_err(|error| Error::io(&events, "read events", error))?;
    Ok(text.lines().any(|line| line.contains("\"event\":\"done\"") && line.contains("\"detail\":\"train\"")))
}

/// Refuses to go on with other settings than those the folder was begun with. Precision counts only where it is asked for: `auto` may mean
/// another on another machine, and a run keeps its own.
fn check_same(folder: &Path, given: Given, progress: &dyn Progress) -> Result<()> {
    let stored = open_run::stored_config(folder)?;
    let is_any_precision = given.precision.is_none();
    let loaded = source::load(&given, progress)?;
    let mut config = resolve(given, &loaded.facts()?)?;
    config.precision = if is_any_precision { stored.precision } else { config.precision.settled() };
    if config == stored {
        return Ok(());
    }
    let (was, wanted) = (stored.to_toml()?, config.to_toml()?);
    let differs = |(a, b): &(&str, &str)| a != b;
    let (expected, got) = was.lines().zip(wanted.lines()).find(differs).unwrap_or(("settings", "others"));
    Err(ConfigError::new("settings", format!("`{expected}`, as in {}", folder.display()), format!("`{got}`"))
        .hint("go on with the same settings, or give another --out")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_trials_keep_the_presets_simulation_and_a_recording_drops_its_bins() {
        let settings = || Sizes::of(StudyPreset::Quick).settings(StudyPreset::Quick).unwrap();
        let over = |text: &str| {
            let given = Given::from_toml(text, "test").unwrap();
            let below = below_source(settings(), &given.data);
            given.over(below)
        };
        let fewer = over("[data]\ntrials_per_condition = 8\n");
        assert!(fewer.data.simulate.is_some() && fewer.data.trials_per_condition == Some(8));
        assert_eq!(fewer.bins, settings().bins);
        let other = over("[data]\nsimulate = \"hard\"\n");
        assert_eq!(other.bins, settings().bins);
        let own = over("[data]\nrecordings = [\"a.toml\"]\n");
        assert!(own.data.simulate.is_none() && own.data.trials_per_condition.is_none() && own.bins.n_bins.is_none());
        assert_eq!(own.train, settings().train);
    }
}
