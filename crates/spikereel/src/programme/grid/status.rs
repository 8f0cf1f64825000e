//! `status`: where every run of a plan stands, read from folders alone.

use super::one::{DONE, FAILED, Failure};
use super::plan::GridPlan;
use crate::Result;
use crate::lease::{self, Holder};
use crate::run_folder::read_json;
use serde::Serialize;
use std::path::{Path, PathBuf};

pub use crate::lease::Doing;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunState {
    /// All of it is there.
    Done,
    /// A process holds it.
    Running {
        /// Who.
        holder: String,
        /// Its count, which grows as long as it lives.
        beat: u64,
        /// What it does.
        doing: Option<Doing>,
    },
    /// It was begun, and nobody works on it.
    Stopped,
    /// It ended with an error.
    Failed {
        /// The exit code.
        code: u8,
        /// The message's first line.
        error: String,
    },
    /// Nothing is there.
    Missing,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStatus {
    /// Its number in the plan.
    pub index: usize,
    /// Its name.
    pub id: String,
    /// What sets it apart.
    pub label: String,
    /// Where it stands.
    #[serde(flatten)]
    pub state: RunState,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// `plan.json`.
    pub plan: PathBuf,
    /// Runs in all.
    pub n_planned: usize,
    /// Of them done.
    pub n_done: usize,
    /// Running.
    pub n_running: usize,
    /// Begun, with nobody at work.
    pub n_stopped: usize,
    /// Ended with an error.
    pub n_failed: usize,
    /// Not begun.
    pub n_missing: usize,
    /// Every run.
    pub runs: Vec<RunStatus>,
}

impl Status {
    /// Runs that are neither done nor at work.
    pub fn unfinished(&self) -> Vec<usize> {
        let is_open = |run: &&RunStatus| !matches!(run.state, RunState::Done | RunState::Running { .. });
        self.runs.iter().filter(is_open).map(|run| run.index).collect()
    }
}

/// Reads where every run stands. Takes no lease and writes nothing. A run of this host counts as running while its process lives; one of
/// another host while its lease is there, as a killed one's is until it is started again.
///
/// # Errors
/// A plan that cannot be read.
pub fn status(plan: &Path) -> Result<Status> {
    let read = GridPlan::read(plan)?;
    let mut status = Status {
        plan: plan.to_path_buf(),
        n_planned: read.runs.len(),
        n_done: 0,
        n_running: 0,
        n_stopped: 0,
        n_failed: 0,
        n_missing: 0,
        runs: Vec::new(),
    };
    for (index, run) in read.runs.into_iter().enumerate() {
        let state = state(&plan.parent().unwrap_or(Path::new("")).join(super::plan::RUNS).join(&run.id));
        match state {
            RunState::Done => status.n_done += 1,
            RunState::Running { .. } => status.n_running += 1,
            RunState::Stopped => status.n_stopped += 1,
            RunState::Failed { .. } => status.n_failed += 1,
            RunState::Missing => status.n_missing += 1,
        }
        status.runs.push(RunStatus { index, id: run.id, label: run.label, state });
    }
    Ok(status)
}

pub(super) fn state(folder: &Path) -> RunState {
    if folder.join(DONE).is_file() {
        return RunState::Done;
    }
    if let Some(holder) = lease::holder(folder).filter(Holder::may_live) {
        return RunState::Running { beat: holder.beat(), doing: holder.doing.clone(), holder: holder.to_string() };
    }
    if folder.join(FAILED).is_file() {
        let failure = read_json::<Failure>(&folder.join(FAILED));
        let Failure { code, error } = failure.unwrap_or_else(|error| Failure { code: 1, error: error.to_string() });
        return RunState::Failed { code, error: error.lines().next().unwrap_or_default().to_string() };
    }
    if folder.join("config.toml").is_file() { RunState::Stopped } else { RunState::Missing }
}
