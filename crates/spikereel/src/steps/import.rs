//! `import`: a laboratory's own files in, one dataset's folder out, and beside it a file that repeats the import.

use super::prepare::{self, Prepared};
use super::source::{Loaded, LoadedRecording};
use super::{nwb, source};
use crate::config::choices::PopulationKind;
use crate::config::{ConfigError, DataGiven, Given, resolve};
use crate::progress::Progress;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_analysis::audit::{AuditFinding, audit_dataset, audit_recording};
use spikereel_data::DataError;
use spikereel_formats::InputFile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file in a dataset's folder that repeats its import.
pub const IMPORTED_BY: &str = "dataset.toml";
/// The version of that file.
const FORMAT: u32 = 1;
/// Fewer pseudo-trials cannot be split.
const MIN_TRIALS: usize = 3;

/// What a session contributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionLine {
    /// Name of the session.
    pub session: String,
    /// The file.
    pub file: PathBuf,
    /// Trials.
    pub n_trials: usize,
    /// Conditions it has trials of.
    pub n_conditions: usize,
    /// Sites that are used.
    pub n_sites: usize,
    /// Sites that were left out.
    pub n_dropped_sites: usize,
    /// Sites in each region.
    pub regions: BTreeMap<String, usize>,
}

/// What `import` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// The dataset.
    pub prepared: Prepared,
    /// The file that repeats the import.
    pub repeat: PathBuf,
    /// What each session contributes.
    pub sessions: Vec<SessionLine>,
    /// Choices that were made where nothing was given.
    pub choices: Vec<String>,
    /// What the audit found: the session, or an empty name for the dataset with its splits; and the finding.
    pub audit: Vec<(String, AuditFinding)>,
}

/// A file whose content is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    path: PathBuf,
    sha256: String,
}

/// `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    import: u32,
    version: String,
    sources: Vec<Source>,
    settings: toml::Table,
}

/// Imports the recordings that the configuration names; `out` is a new folder, by default the next of `datasets/dataset-1`, ... A folder
/// among the sources stands for the files in it, and a `dataset.toml` for an import to be repeated.
///
/// # Errors
/// What is wrong with configuration or data, sources that changed since the import that is repeated, a folder that exists, an I/O error.
pub fn import(given: Given, out: Option<&Path>, progress: &dyn Progress) -> Result<Imported> {
    if let Some(out) = out.filter(|out| out.symlink_metadata().is_ok()) {
        return Err(Error::FolderExists(out.to_path_buf()));
    }
    let mut given = expanded(given)?;
    let loaded = source::load(&given, progress)?;
    let Loaded::Recordings { list, .. } = &loaded else {
        let error = ConfigError::new("sources", "files of recordings", "a dataset or a simulation");
        return Err(error.hint("datasets and simulations need no import; train on them").into());
    };
    let files = given.data.recordings.clone().unwrap_or_default();
    let named = |session: &str, findings: Vec<AuditFinding>| -> Vec<(String, AuditFinding)> {
        findings.into_iter().map(|finding| (session.to_string(), finding)).collect()
    };
    let mut audit = Vec::new();
    for loaded in list {
        audit.extend(named(&loaded.recording.session, audit_recording(&loaded.recording)));
    }
    let sessions = list.iter().zip(&files).map(|(loaded, file)| session_line(loaded, file)).collect();
    let choices = choose(&mut given, list);
    let config = resolve(given, &loaded.facts()?)?;
    let folder = match out {
        Some(path) => path.to_path_buf(),
        None => prepare::next_free(Path::new("datasets"), "dataset")?,
    };
    let repeat = repeat(&config, &files, list)?;
    let prepared = prepare::prepare_beside(&config, loaded, &folder, &[(IMPORTED_BY, repeat.as_bytes())], progress)?;
    let stored = source::read_dataset(&folder)?;
    audit.extend(named("", audit_dataset(&stored.dataset, &stored.splits)));
    audit.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    Ok(Imported { repeat: folder.join(IMPORTED_BY), prepared, sessions, choices, audit })
}

/// Folders become the files in them, and a `dataset.toml` what it says.
fn expanded(given: Given) -> Result<Given> {
    let listed = given.data.recordings.clone().unwrap_or_default();
    if let [only] = listed.as_slice()
        && only.extension().is_some_and(|ending| ending == "toml")
        && let Some(repeat) = read_repeat(only)?
    {
        let before = Given::from_toml(&repeat.settings.to_string(), &only.display().to_string())?;
        return Ok(Given { data: DataGiven::default(), ..given }.over(before));
    }
    let mut files = Vec::new();
    for path in listed {
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(Given { data: DataGiven { recordings: Some(files), ..given.data }, ..given })
}

/// The NWB files of a folder; where there are none, its sidecars; where there are none of them either, its MATLAB files.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io(folder, "list it", error))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| Error::io(folder, "list it", error)))
        .collect::<Result<_>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    let is_sidecar = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    let is_mat = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("mat"));
    let is_nwb = |path: &PathBuf| nwb::is_nwb(path);
    let kinds: [&dyn Fn(&PathBuf) -> bool; 3] = [&is_nwb, &is_sidecar, &is_mat];
    let kind = kinds.into_iter().find(|kind| paths.iter().any(kind));
    let picked: Vec<PathBuf> = kind.map(|kind| paths.into_iter().filter(kind).collect()).unwrap_or_default();
    if picked.is_empty() {
        return Err(DataError::new(
            "folder",
            "NWB files (.nwb, .h5, .hdf5), sidecars (.toml) or MATLAB files (.mat)",
            "none of them",
        )
        .hint("name the files one by one")
        .at(folder.display().to_string())
        .into());
    }
    Ok(picked)
}

fn session_line(loaded: &LoadedRecording, file: &Path) -> SessionLine {
    let recording = &loaded.recording;
    let mut regions = BTreeMap::new();
    recording.sites.iter().for_each(|site| *regions.entry(site.region.0.clone()).or_default() += 1);
    SessionLine {
        session: recording.session.clone(),
        file: file.to_path_buf(),
        n_trials: recording.n_trials(),
        n_conditions: recording.conditions.len(),
        n_sites: recording.n_sites(),
        n_dropped_sites: loaded.extras.n_dropped_sites,
        regions,
    }
}

/// Several sessions are pooled, with as many pseudo-trials as there are real ones in the middle; said in words.
fn choose(given: &mut Given, list: &[LoadedRecording]) -> Vec<String> {
    let mut choices = Vec::new();
    let population = &mut given.population;
    if list.len() > 1 && population.kind.is_none() {
        population.kind = Some(PopulationKind::Pseudo);
        choices.push(format!(
            "{} sessions are pooled: each trial of the dataset takes one real trial of its condition from every session \
             (population.kind = \"pseudo\")",
            list.len()
        ));
    }
    if population.kind == Some(PopulationKind::Pseudo) && population.trials_per_condition.is_none() {
        let mut counts: Vec<usize> = Vec::new();
        for loaded in list {
            let mut of_session = vec![0; loaded.recording.conditions.len()];
            loaded.recording.condition_of_trial.iter().for_each(|&condition| of_session[condition] += 1);
            counts.extend(of_session);
        }
        counts.sort_unstable();
        let n = counts.get(counts.len() / 2).copied().unwrap_or(0).max(MIN_TRIALS);
        population.trials_per_condition = Some(n);
        choices.push(format!(
            "{n} trials of each condition, the median over sessions and conditions (population.trials_per_condition)"
        ));
    }
    choices
}

fn repeat(config: &crate::config::Resolved, files: &[PathBuf], list: &[LoadedRecording]) -> Result<String> {
    let bug = |what: &str| Error::Bug(format!("{IMPORTED_BY}: {what}"));
    let settings = toml::Table::try_from(config).map_err(|error| bug(&error.to_string()))?;
    let mut sources = Vec::new();
    for (file, loaded) in files.iter().zip(list) {
        let folder = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let folder = folder.parent().unwrap_or(Path::new("")).to_path_buf();
        let known = |input: &InputFile| Source { path: folder.join(&input.name), sha256: input.sha256.clone() };
        sources.extend(loaded.extras.inputs.iter().map(known));
    }
    let repeat = Repeat { import: FORMAT, version: env!("CARGO_PKG_VERSION").into(), sources, settings };
    let text = toml::to_string_pretty(&repeat).map_err(|error| bug(&error.to_string()))?;
    Ok(format!("# Repeats this import: spikereel import {IMPORTED_BY} --out NEW_FOLDER\n{text}"))
}

/// A `dataset.toml`, checked against the files it names; none where the file is something else, such as a sidecar.
fn read_repeat(path: &Path) -> Result<Option<Repeat>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read it", error))?;
    let is_import = toml::from_str::<toml::Table>(&text).is_ok_and(|table| table.contains_key("import"));
    if !is_import {
        return Ok(None);
    }
    let repeat: Repeat = toml::from_str(&text).map_err(|error| Error::Toml {
        place: path.display().to_string(),
        message: error.to_string().trim_end().into(),
    })?;
    let wrong = |error: DataError| error.at(path.display().to_string());
    if repeat.import != FORMAT {
        return Err(wrong(DataError::new("import", FORMAT.to_string(), repeat.import.to_string())).into());
    }
    for source in &repeat.sources {
        let found =
            if source.path.is_file() { crate::provenance::sha256_of_file(&source.path)? } else { "none".into() };
        if found != source.sha256 {
            let got = if found == "none" { "no such file".into() } else { format!("content {found}") };
            let error = DataError::new(source.path.display().to_string(), format!("content {}", source.sha256), got);
            let hint = "the import cannot be repeated; bring the file back, or import the files anew by their names";
            return Err(wrong(error.hint(hint)).into());
        }
    }
    Ok(Some(repeat))
}
