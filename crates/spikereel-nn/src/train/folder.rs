//! The checkpoints of one training: a folder of files, the last two kept, and the newest whole one found again.
//!
//! Names count finished epochs and steps, so their order is that of training: no clock is asked. A file that cannot be believed is set
//! aside under another name, never removed.

use super::Checkpoint;
use crate::files::read_whole;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Kept at most: the newest, and the one before for the case that the newest turns out damaged.
const N_KEPT: usize = 2;
const ENDING: &str = "ckpt";

/// A folder of checkpoints. Several threads may save; one process at a time may.
#[derive(Debug)]
pub struct CheckpointFolder {
    folder: PathBuf,
    saving: Mutex<()>,
}

/// What a folder of checkpoints held.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest that is whole, and its file.
    pub newest: Option<(PathBuf, Checkpoint)>,
    /// Newer ones that are not, why not, and where they were set aside.
    pub refused: Vec<(PathBuf, String)>,
}

impl CheckpointFolder {
    /// The folder, which is made when the first checkpoint is saved.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), saving: Mutex::new(()) }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Saves a checkpoint, whole or not at all, and removes all but the last two. Who comes while another thread saves waits.
    ///
    /// # Errors
    /// What the operating system refuses; the checkpoints before are untouched then.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        let _alone = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder))?;
        let path = self.folder.join(name(checkpoint));
        checkpoint.save(&path)?;
        for old in self.names()?.into_iter().skip(N_KEPT) {
            let old = self.folder.join(old);
            fs::remove_file(&old).map_err(Error::io(&old))?;
        }
        Ok(path)
    }

    /// Removes all but the newest: what is kept of a training that has ended.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn keep_newest(&self) -> Result<()> {
        let _alone = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        for old in self.names()?.into_iter().skip(1) {
            let old = self.folder.join(old);
            fs::remove_file(&old).map_err(Error::io(&old))?;
        }
        Ok(())
    }

    /// The newest checkpoint that is whole. Damaged ones are set aside, with a name that ends in `.damaged`; files that a killed process
    /// left half written are removed.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn newest(&self) -> Result<Found> {
        let mut found = Found::default();
        self.remove_unfinished()?;
        for name in self.names()? {
            let path = self.folder.join(&name);
            match read_whole(&path).and_then(|bytes| Checkpoint::from_bytes(&bytes)) {
                Ok(checkpoint) => {
                    found.newest = Some((path, checkpoint));
                    break;
                }
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => {
                    let aside = free_name(&path);
                    fs::rename(&path, &aside).map_err(Error::io(&path))?;
                    let why = match error {
                        Error::Damaged { expected, got, .. } => format!("expected {expected}, got {got}"),
                        other => other.to_string(),
                    };
                    found.refused.push((aside, why));
                }
            }
        }
        Ok(found)
    }

    /// Names of checkpoints, the newest first.
    fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> =
            self.all_names()?.into_iter().filter(|name| name.ends_with(&format!(".{ENDING}"))).collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    fn remove_unfinished(&self) -> Result<()> {
        for name in self.all_names()?.into_iter().filter(|name| name.contains(&format!(".{ENDING}.tmp"))) {
            let path = self.folder.join(name);
            fs::remove_file(&path).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    fn all_names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::io(&self.folder))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io(&self.folder))?;
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
    }
}

fn name(checkpoint: &Checkpoint) -> String {
    format!("epoch{:06}-step{:08}.{ENDING}", checkpoint.history.len(), checkpoint.position.step)
}

/// `path.damaged`, or the first free of `path.damaged1`, ...
fn free_name(path: &Path) -> PathBuf {
    let named = |number: String| {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".damaged{number}"));
        path.with_file_name(name)
    };
    let numbers = std::iter::once(String::new()).chain((1_u64..).map(|number| number.to_string()));
    numbers.map(named).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| named(String::new()))
}
