//! `run PLAN --index I`: one run of a plan, from its settings to its report. What is done is not done again.

use super::super::study;
use super::asked::PlannedStudies;
use super::plan::{GridPlan, PlannedRun};
use crate::config::Given;
use crate::config::choices::StudyChoices;
use crate::progress::Progress;
use crate::run_folder::{RunFolder, write_json};
use crate::steps::{evaluate, going_on, mask, train};
use crate::studies::by_names;
use crate::{ConfigError, Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// Written when all of a run is done.
pub const DONE: &str = "done.json";
/// The last event of a run.
const FINISHED: &str = "run";
/// Written when it ended with an error; gone once it is tried again.
pub const FAILED: &str = "failed.json";

/// Why a run ended with an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// The message.
    pub error: String,
}

/// What `run --index` did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RanOne {
    /// Its number in the plan.
    pub index: usize,
    /// Its name.
    pub id: String,
    /// What sets it apart.
    pub label: String,
    /// Its folder.
    pub folder: PathBuf,
    /// True where it was done before.
    pub was_done: bool,
}

/// Does one run of a plan, or the rest of it.
///
/// # Errors
/// What the run's steps say, noted in its folder too; an index that the plan does not have; a machine without the plan's instructions.
pub fn run_one(plan: &Path, index: usize, progress: &dyn Progress) -> Result<RanOne> {
    let read = GridPlan::read(plan)?;
    let run = read.runs.get(index).ok_or_else(|| {
        ConfigError::new(
            "--index",
            format!("a number below {}, the runs of {}", read.runs.len(), plan.display()),
            index.to_string(),
        )
    })?;
    let folder = GridPlan::folder(plan, run);
    let ran =
        |was_done| RanOne { index, id: run.id.clone(), label: run.label.clone(), folder: folder.clone(), was_done };
    if folder.join(DONE).is_file() {
        return Ok(ran(true));
    }
    // All runs of a plan use its instructions, wherever they run.
    going_on::keep(&read.instruction_set, "the plan was made for")?;
    let done = steps(&read, run, &folder, progress);
    match done {
        Ok(()) => {
            write_json(&folder.join(DONE), &serde_json::json!({ "id": run.id }))?;
            Ok(ran(false))
        }
        Err(error @ Error::FolderInUse { .. }) => Err(error),
        Err(error) => {
            // Best effort: the disk may be what failed.
            let _ = write_json(&folder.join(FAILED), &Failure { code: error.exit_code(), error: error.to_string() });
            Err(error)
        }
    }
}

fn steps(plan: &GridPlan, run: &PlannedRun, folder: &Path, progress: &dyn Progress) -> Result<()> {
    if let Err(error) = std::fs::remove_file(folder.join(FAILED))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::io(&folder.join(FAILED), "remove it", error));
    }
    let given = Given::from_toml(&run.config, &format!("plan, run {}", run.id))?;
    train::train(given, Some(folder), false, None, progress)?;
    if !folder.join(evaluate::SCORES).is_file() {
        evaluate::evaluate(folder, progress)?;
    }
    if !folder.join(mask::MASKING).is_file() {
        // A recording without features to mask has scores all the same.
        if let Err(error) = mask::mask(folder, progress) {
            match error {
                Error::Data(error) => progress.say(&format!("masking: {error}")),
                other => return Err(other),
            }
        }
    }
    let mut failed: Vec<String> = Vec::new();
    if let Some(PlannedStudies { names, preset }) = &plan.studies {
        // Behind the networks that they ask about; one that fails is told in the report too.
        let studied = study(folder, &by_names(names)?, *preset, StudyChoices::default(), progress)?;
        let undone = studied.studies.iter().filter(|study| study.state != "done");
        failed = undone.map(|study| format!("{} {}: {}", study.name, study.state, study.findings.join("; "))).collect();
    }
    super::super::report(folder, progress)?;
    if !failed.is_empty() {
        return Err(DataError::new("studies", "all done", failed.join("; "))
            .hint("run it again to try these again; what is done stays done")
            .at(folder.display().to_string())
            .into());
    }
    RunFolder::open(folder, progress)?.event("done", &FINISHED)
}
