//! Networks kept under a name made of all they depend on: settings, data, split, seed and this version.

use crate::run_folder::{write_json, write_whole};
use crate::steps::training::CHECKPOINTS;
use crate::{Error, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use spikereel_data::{Fold, Part};
use std::path::{Path, PathBuf};

/// A folder of trained networks.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Keeps networks in `folder`, which is made when the first one comes.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// Where the network of this name lies, or would lie.
    pub fn weights(&self, name: &str) -> PathBuf {
        self.folder.join(name).join("weights.safetensors")
    }

    /// Where the checkpoints of this network lie while it is trained.
    pub fn checkpoints(&self, name: &str) -> PathBuf {
        self.folder.join(name).join(CHECKPOINTS)
    }

    /// Removes the checkpoints of a network whose weights are stored.
    ///
    /// # Errors
    /// An I/O error.
    pub fn forget_checkpoints(&self, name: &str) -> Result<()> {
        let folder = self.checkpoints(name);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(&folder, "remove its checkpoints", error))
            }
            _ => Ok(()),
        }
    }

    /// Notes what a network was made of, beside its weights.
    ///
    /// # Errors
    /// An I/O error.
    pub fn describe(&self, name: &str, what: &impl Serialize) -> Result<()> {
        write_json(&self.folder.join(name).join("training.json"), what)
    }

    /// Puts a file's bytes in place, whole or not at all.
    ///
    /// # Errors
    /// An I/O error.
    pub fn put(&self, name: &str, file: &str, bytes: &[u8]) -> Result<()> {
        write_whole(&self.folder.join(name).join(file), bytes)
    }
}

/// A name of 24 hexadecimal digits for what can be written as JSON.
///
/// # Errors
/// A fault of ours: our structures are always JSON.
pub fn name_of(what: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(what).map_err(|error| Error::Bug(format!("a setting is no JSON: {error}")))?;
    Ok(hex(&Sha256::digest(&bytes)))
}

/// A name for a fold: sites, bins, spikes, videos, conditions, split and standardisation.
pub fn name_of_fold(fold: &Fold) -> String {
    let dataset = fold.dataset();
    let mut hash = Sha256::new();
    for site in &dataset.sites {
        hash.update(format!("{}/{}/{}\n", site.session, site.region, site.id));
    }
    hash.update(format!("{:?} {:?} {:?}\n", dataset.bins, dataset.timeline, fold.standardiser().kind()));
    hash.update(dataset.spikes.bytes());
    hash.update(dataset.video.bytes());
    for trial in &dataset.trials {
        hash.update((trial.condition_idx as u64).to_le_bytes());
        hash.update((trial.clip_idx as u64).to_le_bytes());
    }
    for part in [Part::Train, Part::Validation, Part::Test] {
        hash.update((fold.trials(part).len() as u64).to_le_bytes());
        fold.trials(part).iter().for_each(|&trial| hash.update((trial as u64).to_le_bytes()));
    }
    hex(&hash.finalize())
}

fn hex(digest: &[u8]) -> String {
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
