//! A grid as a person writes it: settings that all runs share, and axes of which every combination is one run.

use super::super::reproduce::over_preset;
use crate::config::choices::StudyPreset;
use crate::config::{ConfigError, Given};
use crate::studies::by_names;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Runs that a grid may have at most: more is a typing error.
const MAX_RUNS: usize = 100_000;

/// `grid.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    /// The programme of `reproduce` for every run: its settings lie below all others, and its studies are made.
    preset: Option<StudyPreset>,
    /// Studies of every run, by name; all of them where a preset alone is given.
    studies: Option<Vec<String>>,
    /// A file of settings below those of `settings`.
    config: Option<std::path::PathBuf>,
    /// Settings of every run, as in a configuration file.
    #[serde(default)]
    settings: toml::Table,
    /// Each axis: a setting such as `train.epochs`, and its values. Every combination is one run.
    #[serde(default)]
    axes: toml::Table,
    /// Further runs, each a table of settings.
    #[serde(default)]
    runs: Vec<toml::Table>,
}

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedGrid {
    /// Every combination.
    pub runs: Vec<Asked>,
    /// What each run does beyond its scores.
    pub studies: Option<PlannedStudies>,
}

/// Studies that every run of a plan makes of its own networks, in its own folder. So what depends on one another stands in one run, and runs
/// need nothing of each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStudies {
    /// Their names, or `all`.
    pub names: Vec<String>,
    /// How much is computed.
    pub preset: StudyPreset,
}

/// One combination.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What sets it apart, such as `seed = 1, network.base_channels = 8`.
    pub label: String,
    /// Its settings.
    pub given: Given,
}

/// Reads a grid and lists its runs, the last axis changing first.
///
/// # Errors
/// A file that cannot be read, a key that is no setting, an axis without values.
pub fn read(path: &Path) -> Result<AskedGrid> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read the grid", error))?;
    let grid: Grid = toml::from_str(&text)
        .map_err(|error| Error::Toml { place: place.clone(), message: error.to_string().trim_end().into() })?;
    let studies = match (grid.studies, grid.preset) {
        (None, None) => None,
        (Some(names), _) if names.is_empty() => None,
        (names, preset) => {
            let names = names.unwrap_or_else(|| vec!["all".into()]);
            by_names(&names)?;
            Some(PlannedStudies { names, preset: preset.unwrap_or_default() })
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let below = grid.config.as_ref().map(|config| Given::read(&folder.join(config))).transpose()?.unwrap_or_default();
    let text = grid.settings.to_string();
    let mut shared = Given::from_toml(&text, &format!("{place}, [settings]"))?;
    shared.data.relative_to(folder);
    let shared = shared.over(below);
    let mut axes = Vec::new();
    flatten(&grid.axes, "", &place, &mut axes)?;
    let mut combinations: Vec<Vec<(String, toml::Value)>> =
        if axes.is_empty() && !grid.runs.is_empty() { vec![] } else { vec![vec![]] };
    for (key, values) in &axes {
        let n = combinations.len().saturating_mul(values.len());
        if n > MAX_RUNS {
            return Err(ConfigError::new("axes", format!("at most {MAX_RUNS} runs"), n.to_string()).into());
        }
        let with = |before: &Vec<(String, toml::Value)>| {
            values.iter().map(|value| [before.clone(), vec![(key.clone(), value.clone())]].concat()).collect::<Vec<_>>()
        };
        combinations = combinations.iter().flat_map(with).collect();
    }
    for table in &grid.runs {
        let mut settings = Vec::new();
        leaves(table, "", &mut settings);
        combinations.push(settings);
    }
    let asked = |settings: &Vec<(String, toml::Value)>| {
        let mut own = Given::default();
        for (key, value) in settings {
            own = Given::from_toml(&format!("{key} = {value}"), &format!("{place}, {key}"))?.over(own);
        }
        own.data.relative_to(folder);
        let words: Vec<String> = settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let label = if words.is_empty() { "the only run".to_string() } else { words.join(", ") };
        let given = own.over(shared.clone());
        Ok(Asked { label, given: grid.preset.map_or(Ok(given.clone()), |preset| over_preset(given, preset))? })
    };
    Ok(AskedGrid { runs: combinations.iter().map(asked).collect::<Result<_>>()?, studies })
}

/// Axes may be written as `"train.epochs" = [1, 2]` or as tables within tables; both become dotted keys.
fn flatten(table: &toml::Table, above: &str, place: &str, axes: &mut Vec<(String, Vec<toml::Value>)>) -> Result<()> {
    for (key, value) in table {
        let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(inner, &key, place, axes)?,
            toml::Value::Array(values) if !values.is_empty() => axes.push((key, values.clone())),
            other => {
                let mut error =
                    ConfigError::new(format!("axes.{key}"), "a list of values, such as [1, 2, 3]", other.to_string());
                error.place = place.into();
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// The settings of a table of tables, by dotted keys.
fn leaves(table: &toml::Table, above: &str, settings: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            toml::Value::Table(inner) => leaves(inner, &key, settings),
            value => settings.push((key, value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Result<Vec<Asked>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.toml");
        std::fs::write(&path, text).unwrap();
        read(&path).map(|grid| grid.runs)
    }

    #[test]
    fn a_preset_lies_below_all_settings_and_brings_its_studies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let grid = read("preset = \"tiny\"\n[settings]\ntrain.epochs = 77\n[axes]\nseed = [1, 2]\n").unwrap();
        assert_eq!(grid.studies.unwrap(), PlannedStudies { names: vec!["all".into()], preset: StudyPreset::Tiny });
        assert!(grid.runs.iter().all(|run| run.given.train.epochs == Some(77) && run.given.data.simulate.is_some()));
        let grid = read("studies = [\"shapley\"]\n[axes]\nseed = [1]\n").unwrap();
        assert_eq!(grid.studies.unwrap().preset, StudyPreset::Quick);
        assert!(grid.runs[0].given.data.simulate.is_none());
        let error = read("studies = [\"shapely\"]\n[axes]\nseed = [1]\n").unwrap_err().to_string();
        assert!(error.contains("expected all, or some of") && error.contains("shapely"), "{error}");
    }

    #[test]
    fn every_combination_is_a_run_and_single_runs_stand_beside_them() {
        let runs = grid(
            "[settings]\ndata.simulate = \"easy\"\n[settings.train]\nepochs = 2\n[axes]\nseed = [1, 2, 3]\n\"network.base_channels\" = [4, 8]\n\
             [[runs]]\ntrain.epochs = 9\n",
        )
        .unwrap();
        assert_eq!(runs.len(), 7);
        let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
        assert!(
            labels.contains(&"network.base_channels = 8, seed = 3")
                || labels.contains(&"seed = 3, network.base_channels = 8"),
            "{labels:?}"
        );
        assert_eq!(runs[6].given.train.epochs, Some(9));
        assert!(
            runs[..6].iter().all(|run| run.given.train.epochs == Some(2) && run.given.network.base_channels.is_some())
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("[axes]\nseed = 3\n", "axes.seed: expected a list of values"),
            ("[axes]\nseed = []\n", "axes.seed"),
            ("[axes]\n\"train.epoch\" = [1]\n", "unknown field `epoch`"),
            ("[axis]\nseed = [1]\n", "unknown field `axis`"),
        ] {
            let error = grid(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
