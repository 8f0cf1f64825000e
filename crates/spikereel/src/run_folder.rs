//! A run's folder: made once, never overwritten, locked by whoever works in it.
//!
//! ```text
//! run/config.toml       everything resolved, written before work starts
//!     provenance.json   version, host facts, seeds, sha256 of inputs
//!     events.jsonl      what happened, append only
//!     lock              held by the working process; the system lets go of it when the process ends
//!     dataset/          the prepared dataset, unless the run was given one
//!     fold0/ ...        weights, split, standardiser and learning curve of each fold (and network: fold0/seed1)
//!     weights.safetensors   the weights of a run with one fold and one network
//!     scores.json  masking.json   what `evaluate` and `mask` found
//!     report.json  report/  what `report` makes
//! ```

use crate::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// An open run folder, locked until dropped.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// Makes a new folder and locks it. Parents are made too.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] where another process works there, [`Error::FolderExists`] where the folder is there already
    /// (an empty folder counts as new), or an I/O error.
    pub fn create(path: &Path) -> Result<Self> {
        if is_occupied(path)? {
            // A lock held by somebody is the more useful thing to know.
            drop(lock_existing(path)?);
            return Err(Error::FolderExists(path.to_path_buf()));
        }
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, "make the run folder", error))?;
        Ok(Self { path: path.to_path_buf(), _lock: lock(path)? })
    }

    /// Makes the first free of `parent/name-1`, `parent/name-2`, ... and locks it.
    ///
    /// # Errors
    /// An I/O error.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, "make the folder of runs", error))?;
        for number in 1_u32.. {
            let path = parent.join(format!("{name}-{number}"));
            // `create_dir` fails where the folder exists, so two processes never get the same number.
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { _lock: lock(&path)?, path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(&path, "make the run folder", error)),
            }
        }
        Err(Error::Bug("four thousand million runs".into()))
    }

    /// Opens the folder of an earlier run and locks it.
    ///
    /// # Errors
    /// [`Error::Data`] where it is no run folder, [`Error::FolderInUse`] where another process works there.
    pub fn open(path: &Path) -> Result<Self> {
        check_is_run(path)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock(path)? })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Appends one event to `events.jsonl`, with the time at which it happened.
    ///
    /// # Errors
    /// An I/O error.
    pub fn event(&self, kind: &str, detail: &impl Serialize) -> Result<()> {
        let path = self.join("events.jsonl");
        let secs =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let line = serde_json::json!({ "unix_secs": secs, "event": kind, "detail": detail });
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{line}"))
            .map_err(|error| Error::io(&path, "append an event", error))
    }

    /// Writes JSON under a temporary name and renames it, so that a reader never sees half a file.
    ///
    /// # Errors
    /// An I/O error.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        write_json(&self.join(name), value)
    }

    /// Writes text likewise.
    ///
    /// # Errors
    /// An I/O error.
    pub fn write_text(&self, name: &str, text: &str) -> Result<()> {
        write_whole(&self.join(name), text.as_bytes())
    }
}

/// Refuses a folder that is not a run's.
///
/// # Errors
/// [`Error::Data`] that says what a run folder is.
pub fn check_is_run(path: &Path) -> Result<()> {
    let is_dataset = path.join(spikereel_formats::dataset::MANIFEST).is_file();
    if path.join("config.toml").is_file() && !is_dataset {
        return Ok(());
    }
    let got = match (is_dataset, path.exists()) {
        (true, _) => "a prepared dataset",
        (false, true) => "a folder without it",
        (false, false) => "nothing there",
    };
    Err(spikereel_data::DataError::new("config.toml", "a run folder, which holds one", got)
        .hint("give the folder that `spikereel train` made")
        .at(path.display().to_string())
        .into())
}

/// Writes a value as JSON, whole or not at all.
///
/// # Errors
/// An I/O error.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::Bug(format!("{} is no JSON: {error}", path.display())))?;
    write_whole(path, text.as_bytes())
}

/// Reads a value from JSON.
///
/// # Errors
/// An I/O error, or [`Error::Data`] with line and column.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, "read it", error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        spikereel_data::DataError::new("content", "what spikereel wrote there", error.to_string())
            .hint("make the run again; this file was changed or cut off")
            .at(path.display().to_string())
            .into()
    })
}

/// Writes bytes under a temporary name, syncs, and renames.
///
/// # Errors
/// An I/O error.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|error| Error::io(path, "write it", error))
}

/// True where something other than an empty folder stands at `path`.
///
/// # Errors
/// An I/O error.
pub fn is_occupied(path: &Path) -> Result<bool> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(true),
        Err(error) => Err(Error::io(path, "look into it", error)),
    }
}

fn lock_existing(path: &Path) -> Result<Option<File>> {
    if path.join("lock").is_file() { lock(path).map(Some) } else { Ok(None) }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io(&path, "open the lock", error))?;
    match file.try_lock() {
        Ok(()) => {
            let holder = format!("process {}\n", std::process::id());
            file.set_len(0)
                .and_then(|()| file.write_all(holder.as_bytes()))
                .map_err(|error| Error::io(&path, "write the lock", error))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default().trim().to_string();
            Err(Error::FolderInUse { path: folder.to_path_buf(), holder })
        }
        Err(TryLockError::Error(error)) => Err(Error::io(&path, "lock the run folder", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_folder_is_refused_and_left_as_it_was() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("run");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("mine.txt"), "kept").unwrap();
        assert!(matches!(RunFolder::create(&path), Err(Error::FolderExists(_))));
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_at_work_is_refused_until_its_holder_lets_go() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("run");
        let run = RunFolder::create(&path).unwrap();
        run.write_text("config.toml", "seed = 1").unwrap();
        assert!(matches!(RunFolder::create(&path), Err(Error::FolderInUse { .. })));
        assert!(matches!(RunFolder::open(&path), Err(Error::FolderInUse { .. })));
        drop(run);
        RunFolder::open(&path).unwrap();
    }

    #[test]
    fn numbered_folders_never_collide_and_events_only_grow() {
        let temporary = tempfile::tempdir().unwrap();
        let first = RunFolder::create_numbered(temporary.path(), "demo").unwrap();
        let second = RunFolder::create_numbered(temporary.path(), "demo").unwrap();
        assert!(first.path().ends_with("demo-1") && second.path().ends_with("demo-2"));
        first.event("began", &"a").unwrap();
        first.event("ended", &"b").unwrap();
        let text = std::fs::read_to_string(first.join("events.jsonl")).unwrap();
        assert_eq!(text.lines().count(), 2);
    }
}
