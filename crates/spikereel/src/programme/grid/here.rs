//! The engine `local`: the runs of a plan on this machine, several at once, each in a process of its own.

use super::plan::GridPlan;
use super::status::{Status, status};
use crate::progress::Progress;
use crate::stop::at_stop;
use crate::{Error, Result};
use serde::Serialize;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What `run --engine local` did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RanHere {
    /// Where every run stands now.
    pub status: Status,
    /// Runs that this command started.
    pub n_started: usize,
}

/// Runs all that is unfinished, at most `jobs` at once, the cores shared among them. A run that fails is told and does not stop the others.
///
/// # Errors
/// A plan that cannot be read; a process that cannot be started.
pub fn run_here(plan: &Path, jobs: Option<usize>, progress: &dyn Progress) -> Result<RanHere> {
    let todo = status(plan)?.unfinished();
    let n_runs = GridPlan::read(plan)?.runs.len();
    let n_cores = rayon::current_num_threads();
    let jobs = jobs.unwrap_or(1).clamp(1, todo.len().max(1));
    let threads = (n_cores / jobs).max(1);
    let binary =
        std::env::current_exe().map_err(|error| Error::io(Path::new("spikereel"), "find this program", error))?;
    let task = progress.begin("runs", n_runs as u64, "run");
    task.advance((n_runs - todo.len()) as u64);
    // Children hear of a stop from here, as only this process may have been sent the signal.
    let children: Arc<Mutex<Vec<(usize, Child)>>> = Arc::default();
    let own = Arc::clone(&children);
    let at_stop = at_stop(move || {
        let mut children = own.lock().unwrap_or_else(PoisonError::into_inner);
        children.iter().for_each(|(_, child)| interrupt(child));
        children.iter_mut().for_each(|(_, child)| {
            let _ = child.wait();
        });
        Ok(())
    });
    let (mut next, mut failed) = (0, 0);
    loop {
        let mut at_work = children.lock().unwrap_or_else(PoisonError::into_inner);
        while at_work.len() < jobs && next < todo.len() {
            at_work.push((todo[next], start(&binary, plan, todo[next], threads)?));
            next += 1;
        }
        let mut ended = Vec::new();
        for (at, (index, child)) in at_work.iter_mut().enumerate() {
            let waited = child.try_wait().map_err(|error| Error::io(&binary, "wait for a run", error))?;
            ended.extend(waited.map(|status| (at, *index, status)));
        }
        for (at, index, status) in ended.into_iter().rev() {
            let (_, mut child) = at_work.remove(at);
            if !status.success() {
                failed += 1;
                let mut said = String::new();
                if let Some(stderr) = &mut child.stderr {
                    let _ = std::io::Read::read_to_string(stderr, &mut said);
                }
                progress.say(&format!("run {index}: {}", said.lines().last().unwrap_or("ended without a word")));
            }
            task.advance(1);
        }
        if at_work.is_empty() && next == todo.len() {
            break;
        }
        task.note(&format!("{} at work, {failed} failed", at_work.len()));
        drop(at_work);
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(at_stop);
    Ok(RanHere { status: status(plan)?, n_started: todo.len() })
}

fn start(binary: &Path, plan: &Path, index: usize, threads: usize) -> Result<Child> {
    Command::new(binary)
        .args(["run".as_ref(), plan.as_os_str()])
        .args(["--index", &index.to_string(), "--threads", &threads.to_string(), "--quiet"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::io(binary, "start a run", error))
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    if let Some(process) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn interrupt(_child: &Child) {}
