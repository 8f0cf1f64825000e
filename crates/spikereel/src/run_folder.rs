//! A run's folder: made once, never overwritten, locked by whoever works in it.
//!
//! ```text
//! run/config.toml       everything resolved, written before work starts
//!     provenance.json   version, host facts, seeds, sha256 of inputs
//!     events.jsonl      what happened, append only
//!     lock  lease.json  held by the working process (see `lease.rs`)
//!     dataset/          the prepared dataset, unless the run was given one
//!     fold0/ ...        weights, split, standardiser and learning curve of each fold (and network: fold0/seed1)
//!     checkpoints/      all state of a training, the last two while it runs, the last one after it
//!     weights.safetensors   the weights of a run with one fold and one network
//!     scores.json  masking.json   what `evaluate` and `mask` found
//!     report.json  report/  what `report` makes
//! ```

use crate::lease::{self, Doing, Lease};
use crate::progress::{Progress, Silent};
use crate::stop::{Registered, at_stop, at_stop_in};
use crate::{Error, Result, events};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// An open run folder, held until dropped.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _at_stop: Registered,
    lease: Option<Lease>,
}

impl RunFolder {
    /// Makes a new folder and takes its lease. Parents are made too.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] where another process works there, [`Error::FolderExists`] where the folder is there already
    /// (an empty folder counts as new), or an I/O error.
    pub fn create(path: &Path) -> Result<Self> {
        let refused = || Error::FolderExists(path.to_path_buf());
        if is_occupied(path)? {
            // Who works there is the more useful thing to know.
            refuse_if_held(path, &Silent)?;
            return Err(refused());
        }
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, "make the run folder", error))?;
        let held = Self::hold(path, &Silent)?;
        // Another process may have come, worked and gone since.
        if is_occupied(path)? { Err(refused()) } else { Ok(held) }
    }

    /// Makes the first free of `parent/name-1`, `parent/name-2`, ... and takes its lease.
    ///
    /// # Errors
    /// An I/O error.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, "make the folder of runs", error))?;
        for number in 1_u32.. {
            let path = parent.join(format!("{name}-{number}"));
            // `create_dir` fails where the folder exists, so two processes never get the same number.
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::hold(&path, &Silent),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(&path, "make the run folder", error)),
            }
        }
        Err(Error::Bug("four thousand million runs".into()))
    }

    /// Opens the folder of an earlier run, takes its lease, and repairs the last line of its events.
    ///
    /// # Errors
    /// [`Error::Data`] where it is no run folder, [`Error::FolderInUse`] where another process works there.
    pub fn open(path: &Path, progress: &dyn Progress) -> Result<Self> {
        check_is_run(path)?;
        let held = Self::hold(path, progress)?;
        events::repair(path)?;
        Ok(held)
    }

    /// Takes the lease of any folder.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] where another process works there, or an I/O error.
    pub fn hold(path: &Path, progress: &dyn Progress) -> Result<Self> {
        let lease = Lease::take(path, &|remark| progress.say(remark))?;
        let (own, check) = (path.to_path_buf(), lease.checker());
        let at_stop = at_stop_in(path, move || {
            check()?;
            let noted = if own.join(events::EVENTS).is_file() { events::append(&own, "stopped", &()) } else { Ok(()) };
            lease::release(&own);
            noted
        });
        Ok(Self { path: path.to_path_buf(), _at_stop: at_stop, lease: Some(lease) })
    }

    /// Opens the folder of an earlier run to read it, repairing nothing. Its lease is taken where that can be written.
    ///
    /// # Errors
    /// As [`RunFolder::open`].
    pub fn look(path: &Path, progress: &dyn Progress) -> Result<Self> {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        check_is_run(path)?;
        match Self::hold(path, progress) {
            Err(Error::Io { source, .. }) if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem) => {
                Ok(Self { path: path.to_path_buf(), _at_stop: at_stop(|| Ok(())), lease: None })
            }
            held => held,
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Refuses to write where another process has taken the folder over.
    ///
    /// # Errors
    /// [`Error::FolderInUse`].
    pub fn check(&self) -> Result<()> {
        self.lease.as_ref().map_or(Ok(()), Lease::check)
    }

    /// The same for another thread.
    pub fn checker(&self) -> impl Fn() -> Result<()> + Send + Sync + 'static {
        let checker = self.lease.as_ref().map(Lease::checker);
        move || checker.as_ref().map_or(Ok(()), |check| check())
    }

    /// Where what this process is at can be noted, for those who look at the run.
    pub fn doing(&self) -> Arc<Mutex<Option<Doing>>> {
        self.lease.as_ref().map(Lease::doing).unwrap_or_default()
    }

    /// Appends one event to `events.jsonl`, with the time at which it happened.
    ///
    /// # Errors
    /// An I/O error; a lease that was lost.
    pub fn event(&self, kind: &str, detail: &impl Serialize) -> Result<()> {
        self.check()?;
        events::append(&self.path, kind, detail)
    }

    /// Writes JSON under a temporary name and renames it, so that a reader never sees half a file.
    ///
    /// # Errors
    /// An I/O error; a lease that was lost.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        self.check()?;
        write_json(&self.join(name), value)
    }

    /// Writes text likewise.
    ///
    /// # Errors
    /// An I/O error; a lease that was lost.
    pub fn write_text(&self, name: &str, text: &str) -> Result<()> {
        self.check()?;
        write_whole(&self.join(name), text.as_bytes())
    }
}

/// Refuses a folder that a process works in; one that is not there passes.
///
/// # Errors
/// [`Error::FolderInUse`], or an I/O error.
pub fn refuse_if_held(path: &Path, progress: &dyn Progress) -> Result<()> {
    if lease::FILES.iter().any(|file| path.join(file).is_file()) {
        drop(Lease::take(path, &|remark| progress.say(remark))?);
    }
    Ok(())
}

/// Moves a folder out of the way, to the first free of `PATH.old-1`, `PATH.old-2`, ..., and returns where it is now.
///
/// # Errors
/// [`Error::FolderInUse`] where a process works there, or an I/O error.
pub fn set_aside(path: &Path, progress: &dyn Progress) -> Result<PathBuf> {
    let held = Lease::take(path, &|remark| progress.say(remark))?;
    for number in 1_u32.. {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".old-{number}"));
        let aside = path.with_file_name(name);
        if aside.symlink_metadata().is_err() {
            // Given back first: what is moved away is nobody's.
            drop(held);
            std::fs::rename(path, &aside).map_err(|error| Error::io(path, "move it aside", error))?;
            return Ok(aside);
        }
    }
    Err(Error::Bug("four thousand million folders set aside".into()))
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
        std::fs::rename(&part, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all() // the new name itself must outlive a power cut
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&part);
        Error::io(path, &format!("write its {} bytes", bytes.len()), error)
    })
}

/// The first file of a run or a demo, while it is written. Alone it is no run yet: its writer is at work, or was killed there.
const FIRST: [&str; 2] = ["config.toml.part", "demo.json.part"];

/// True where something other than an empty folder stands at `path`; a lease that was left behind does not count, nor does a first file
/// that was never finished.
///
/// # Errors
/// An I/O error.
pub fn is_occupied(path: &Path) -> Result<bool> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => {
            let is_own =
                |entry: &std::fs::DirEntry| lease::FILES.iter().chain(&FIRST).any(|own| entry.file_name() == *own);
            Ok(entries.any(|entry| entry.map_or(true, |entry| !is_own(&entry))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(true),
        Err(error) => Err(Error::io(path, "look into it", error)),
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
        assert!(matches!(RunFolder::open(&path, &Silent), Err(Error::FolderInUse { .. })));
        drop(run);
        RunFolder::open(&path, &Silent).unwrap();
    }

    #[test]
    fn a_folder_whose_first_file_is_being_written_belongs_to_its_writer_and_to_nobody_after_it() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("run");
        let run = RunFolder::create(&path).unwrap();
        std::fs::write(path.join("config.toml.part"), "seed =").unwrap();
        assert!(matches!(RunFolder::create(&path), Err(Error::FolderInUse { .. })));
        drop(run);
        RunFolder::create(&path).unwrap().write_text("config.toml", "seed = 1").unwrap();
        assert!(is_occupied(&path).unwrap());
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
