//! What has to be saved when the process is told to stop, while other threads may be in the middle of anything.
//!
//! Work that can be cut off registers how its state is saved; whoever hears of the signal (the binary's own thread) calls [`stop`] and
//! then ends the process. Nothing waits for a step to end. All other files are written whole or not at all, so nothing else needs care.

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folder that is worked in, where that is known, and how its state is saved.
type Handler = (Option<PathBuf>, Box<dyn Fn() -> Result<()> + Send>);

static HANDLERS: Mutex<(u64, BTreeMap<u64, Handler>)> = Mutex::new((0, BTreeMap::new()));

fn handlers() -> MutexGuard<'static, (u64, BTreeMap<u64, Handler>)> {
    HANDLERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes its handler back when dropped.
#[derive(Debug)]
#[must_use = "the handler is taken back when this is dropped"]
pub struct Registered(u64);

impl Drop for Registered {
    fn drop(&mut self) {
        let handler = handlers().1.remove(&self.0);
        drop(handler);
    }
}

/// Has `handler` called by [`stop`], until the returned value is dropped. It runs on another thread, while this one goes on.
pub fn at_stop(handler: impl Fn() -> Result<()> + Send + 'static) -> Registered {
    register(None, Box::new(handler))
}

/// The same for work in a folder, which [`stop`] then names.
pub fn at_stop_in(folder: &Path, handler: impl Fn() -> Result<()> + Send + 'static) -> Registered {
    register(Some(folder.to_path_buf()), Box::new(handler))
}

fn register(folder: Option<PathBuf>, handler: Box<dyn Fn() -> Result<()> + Send>) -> Registered {
    let mut handlers = handlers();
    handlers.0 += 1;
    let id = handlers.0;
    handlers.1.insert(id, (folder, handler));
    Registered(id)
}

/// What [`stop`] came to.
#[derive(Debug, Default)]
pub struct Stopped {
    /// What went wrong.
    pub errors: Vec<Error>,
    /// The folder that was worked in, the outermost of several.
    pub folder: Option<PathBuf>,
}

/// Calls every handler, the newest first. The process should end after it: work registered here must not go on
/// as if nothing had happened, and cannot end meanwhile.
pub fn stop() -> Stopped {
    let handlers = handlers();
    Stopped {
        errors: handlers.1.values().rev().filter_map(|(_, save)| save().err()).collect(),
        folder: handlers.1.values().find_map(|(folder, _)| folder.clone()),
    }
}
