//! Whether a folder holds a run that can be gone on with, and whether what is asked for is that run.

use super::open_run::stored_config;
use super::source::{self, Loaded};
use crate::config::{ConfigError, Given, Resolved, defaults, resolve};
use crate::progress::Progress;
use crate::provenance::{self, Provenance};
use crate::run_folder::{RunFolder, is_occupied};
use crate::{Error, Result, events};
use spikereel_kernels::Isa;
use std::path::Path;

/// What stands in a folder that a run is to be made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: a run may begin.
    Nothing,
    /// A run whose training has not ended.
    Unfinished,
    /// A run whose training is done.
    Trained,
}

/// Looks into a folder.
///
/// # Errors
/// [`Error::FolderExists`] where something else than a run stands there.
pub fn standing(path: &Path) -> Result<Standing> {
    if !is_occupied(path)? {
        return Ok(Standing::Nothing);
    }
    if crate::run_folder::check_is_run(path).is_err() {
        return Err(Error::FolderExists(path.to_path_buf()));
    }
    let is_done = events::read(path)?.iter().any(|event| event.is("done", "train"));
    Ok(if is_done { Standing::Trained } else { Standing::Unfinished })
}

/// Has the engine use the instructions that a run was begun with, before anything else asks which ones are best here.
///
/// # Errors
/// [`Error::Config`] where this processor lacks them, or `SPIKEREEL_ISA` names others.
pub fn keep_instructions(run: &Path) -> Result<()> {
    if !run.join("provenance.json").is_file() {
        return Ok(());
    }
    let stored = provenance::read(run)?.instruction_set;
    keep(&stored, &format!("{} was begun with", run.display()))
}

/// The same for instructions by the name that provenance gives them; `whose` says in an error what needs them.
///
/// # Errors
/// As [`keep_instructions`].
pub fn keep(stored: &str, whose: &str) -> Result<()> {
    let own = Isa::ALL.into_iter().find(|isa| provenance::name_of(*isa) == stored);
    let other = match own.map(Isa::keep) {
        Some(Ok(())) => return Ok(()),
        Some(Err(other)) if Some(other) != own => format!("{} in use", provenance::name_of(other)),
        _ => "a machine without them".into(),
    };
    Err(ConfigError::new("instruction set", format!("{stored}, which {whose}"), other)
        .hint("go on where they are; or begin anew, with SPIKEREEL_ISA set to what every machine has")
        .into())
}

/// Resolves what is asked for and holds it against what the run was begun with: settings and input files. Precision counts only where
/// it is asked for: `auto` may mean another on another machine, and a run keeps its own.
///
/// # Errors
/// [`Error::Config`] with every setting that differs; [`Error::Data`] with an input file that has changed since.
pub fn same_run(run: &RunFolder, given: Given, progress: &dyn Progress) -> Result<(Resolved, Loaded)> {
    let stored = stored_config(run.path())?;
    let is_any_precision = given.precision.is_none();
    let loaded = source::load(&given, progress)?;
    let mut wanted = resolve(given, &loaded.facts()?)?;
    wanted.precision = if is_any_precision { stored.precision } else { wanted.precision.settled() };
    let differences = differences(&stored, &wanted)?;
    if !differences.is_empty() {
        let list = |side: fn(&(String, String)) -> &String| {
            differences.iter().map(|pair| side(pair).as_str()).collect::<Vec<_>>().join(", ")
        };
        let (expected, got) = (list(|pair| &pair.0), list(|pair| &pair.1));
        return Err(ConfigError::new("settings", format!("`{expected}`, as in {}", run.path().display()), format!("`{got}`"))
            .hint("go on with the same settings (--from and --out with this folder), give another --out, or --fresh to set this run aside")
            .into());
    }
    if run.join("provenance.json").is_file() {
        same_inputs(&provenance::read(run.path())?, &loaded)?;
    }
    Ok((wanted, loaded))
}

/// Holds input files against the checksums that were taken when the run began.
///
/// # Errors
/// [`Error::Data`] with the first that has changed.
pub fn same_inputs(stored: &Provenance, loaded: &Loaded) -> Result<()> {
    let now = loaded.inputs();
    let changed = stored.inputs.iter().zip(&now).find(|(was, is)| was != is);
    let Some((was, is)) = changed else {
        if stored.inputs.len() == now.len() {
            return Ok(());
        }
        let (expected, got) = (format!("{} files", stored.inputs.len()), format!("{} files", now.len()));
        return Err(spikereel_data::DataError::new("inputs", expected, got).into());
    };
    Err(spikereel_data::DataError::new(
        "SHA-256",
        format!("{} ({}), as when the run began", was.sha256, was.name),
        is.sha256.clone(),
    )
    .hint("the file was changed since: put the earlier one back, or train anew in another folder")
    .at(is.name.clone())
    .into())
}

/// Lines of the two configurations that differ, those that change no result left out.
fn differences(stored: &Resolved, wanted: &Resolved) -> Result<Vec<(String, String)>> {
    let lines = |config: &Resolved| -> Result<Vec<String>> {
        let text = of_results(config).to_toml()?;
        let mut section = String::new();
        let mut lines = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = format!("{}.", name.trim_end_matches(']'));
            } else if line.contains('=') {
                lines.push(format!("{section}{line}"));
            }
        }
        Ok(lines)
    };
    let (was, is) = (lines(stored)?, lines(wanted)?);
    let key = |line: &str| line.split('=').next().unwrap_or_default().to_string();
    let find = |lines: &[String], name: &str| lines.iter().find(|line| key(line) == name).cloned();
    let mut names: Vec<String> = was.iter().chain(&is).map(|line| key(line)).collect();
    names.dedup();
    let mut differing = Vec::new();
    for name in names {
        let (was, is) = (find(&was, &name), find(&is, &name));
        let missing = || format!("no {}", name.trim_end());
        let pair = (was.clone().unwrap_or_else(missing), is.clone().unwrap_or_else(missing));
        if was != is && !differing.contains(&pair) {
            differing.push(pair);
        }
    }
    Ok(differing)
}

/// A configuration with all that changes no result set to its default.
pub fn of_results(config: &Resolved) -> Resolved {
    let mut config = config.clone();
    config.train.checkpoint_secs = defaults::CHECKPOINT_SECS;
    config
}
