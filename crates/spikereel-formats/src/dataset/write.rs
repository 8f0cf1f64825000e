//! Writing a dataset's folder: under a temporary name, synced, then renamed. Nothing is ever overwritten.

use super::manifest::{Manifest, StoredSplit};
use super::{CHECKSUMS, MANIFEST, SPIKES, SPLITS, VIDEO};
use crate::files::{InputFile, sha256_bytes, sync_parent, temporary};
use crate::{FormatError, Result};
use spikereel_data::{DataError, Dataset, Split};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Writes `dataset` into the new folder `folder`, with its splits (one a fold; may be empty), the files it was made from, and further
/// files `beside` it (name, content), checksummed like the others.
///
/// # Errors
/// Where the folder exists, a split names trials that are not there, or the disk refuses; no half-written folder stays behind.
pub fn write_dataset(
    folder: &Path,
    dataset: &Dataset,
    splits: &[Split],
    inputs: &[InputFile],
    beside: &[(&str, &[u8])],
) -> Result<()> {
    if folder.symlink_metadata().is_ok() {
        return Err(FormatError::Exists(folder.to_path_buf()));
    }
    let partial = temporary(folder);
    let stored: Vec<StoredSplit> = splits.iter().map(StoredSplit::of).collect();
    for split in splits.iter().map(StoredSplit::of) {
        split.into_split(dataset.n_trials()).map_err(|error| FormatError::data(folder, error))?;
    }
    let json = |value: serde_json::Result<Vec<u8>>| {
        value.map_err(|error| {
            FormatError::data(folder, DataError::new("dataset", "values that JSON can hold", error.to_string()))
        })
    };
    let manifest = json(serde_json::to_vec(&Manifest::of(dataset, inputs)))?;
    let splits = if stored.is_empty() { None } else { Some(json(serde_json::to_vec(&stored))?) };
    let written = fs::create_dir(&partial)
        .map_err(|error| FormatError::io(folder, "write it", error))
        .and_then(|()| fill(&partial, dataset, &manifest, splits.as_deref(), beside))
        .and_then(|()| fs::rename(&partial, folder).map_err(|error| FormatError::io(folder, "write it", error)));
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    sync_parent(folder);
    written
}

fn fill(
    partial: &Path,
    dataset: &Dataset,
    manifest: &[u8],
    splits: Option<&[u8]>,
    beside: &[(&str, &[u8])],
) -> Result<()> {
    let mut files = vec![(MANIFEST, manifest), (SPIKES, dataset.spikes.bytes()), (VIDEO, dataset.video.bytes())];
    files.extend(splits.map(|splits| (SPLITS, splits)));
    files.extend_from_slice(beside);
    let sums: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256_bytes(bytes))).collect();
    files.push((CHECKSUMS, sums.as_bytes()));
    for (name, bytes) in files {
        let path = partial.join(name);
        let fail = |error| FormatError::io(&path, "write it", error);
        let mut file = File::create_new(&path).map_err(fail)?;
        file.write_all(bytes).map_err(fail)?;
        file.sync_all().map_err(fail)?;
    }
    Ok(())
}
