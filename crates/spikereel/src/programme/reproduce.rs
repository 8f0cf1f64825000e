//! `reproduce`: a preset's whole programme on one recording: train, evaluate, mask, every study, one report. What is done is not done again.

use super::study::{StudyLine, study};
use super::{budget, report};
use crate::Result;
use crate::config::choices::{StudyChoices, StudyPreset};
use crate::config::{DataGiven, Given};
use crate::progress::Progress;
use crate::run_folder::RunFolder;
use crate::steps::going_on::{Standing, standing};
use crate::steps::{evaluate, mask, train};
use crate::studies::{ALL, Material, Sizes};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `reproduce` is asked for, beside settings.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// How much is computed.
    pub preset: StudyPreset,
    /// What studies do otherwise than by default.
    pub choices: StudyChoices,
    /// Begin even where this machine will need longer than the preset promises.
    pub allow_longer: bool,
    /// Set aside what is in the folder.
    pub fresh: bool,
}

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
/// estimated from the rate measured here, and one that would take longer than its preset promises is refused, unless longer is allowed. Given an `out` that holds the
/// same programme, it goes on where that one stopped; afresh, it sets aside what is there.
///
/// # Errors
/// What is wrong with configuration or data, a folder of something else, divergence, an I/O error. A study that fails is told in the report.
pub fn reproduce(given: Given, asked: Asked, out: Option<&Path>, progress: &dyn Progress) -> Result<Reproduced> {
    let Asked { preset, choices, allow_longer, fresh } = asked;
    let sizes = Sizes::of(preset);
    let given = over_preset(given, preset)?;
    let is_begun = match out {
        Some(path) if !fresh => standing(path)? != Standing::Nothing,
        _ => false,
    };
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
    progress.say("== training");
    train::train(given, Some(&folder), fresh, None, progress)?;
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

/// Settings over those of a preset.
pub(super) fn over_preset(given: Given, preset: StudyPreset) -> Result<Given> {
    let below = below_source(Sizes::of(preset).settings(preset)?, &given.data);
    Ok(given.over(below))
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
