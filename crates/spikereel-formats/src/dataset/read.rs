//! Reading a dataset's folder: sizes are checked, bytes are mapped, and what JSON says is checked like new data.

use super::manifest::{Manifest, SCHEMA_VERSION, StoredSplit};
use super::map::map;
use super::{CHECKSUMS, MANIFEST, SPIKES, SPLITS, VIDEO};
use crate::files::{InputFile, read_text, sha256_bytes, sha256_file};
use crate::{FormatError, Result};
use spikereel_data::{DataError, Dataset, SpikeEncoding, Split};
use std::path::Path;

/// `dataset.json` of the paper's 32,768 pseudo-trials of 48 sessions has about 60 MB.
const MAX_JSON_BYTES: u64 = 1 << 30;

/// A dataset as it stands on disk.
#[derive(Debug, Clone)]
pub struct StoredDataset {
    /// The dataset; its spikes and videos are memory-mapped.
    pub dataset: Dataset,
    /// Its splits, one a fold; empty where none were stored.
    pub splits: Vec<Split>,
    /// The files it was made from.
    pub inputs: Vec<InputFile>,
}

/// Opens a dataset's folder. Spikes and videos are mapped, not read; the checksums of the two JSON files are compared, those of the
/// mapped files only by [`verify_dataset`].
///
/// # Errors
/// Names the file: missing, another version, damaged, sizes or indices that do not agree.
pub fn read_dataset(folder: &Path) -> Result<StoredDataset> {
    let path = folder.join(MANIFEST);
    let sums = checksums(folder)?;
    let text = checked_text(folder, MANIFEST, &sums)?;
    let version: Version = serde_json::from_str(&text).map_err(|error| not_json(&path, &error))?;
    if version.schema_version != SCHEMA_VERSION {
        let error = DataError::new("schema_version", SCHEMA_VERSION.to_string(), version.schema_version.to_string());
        return Err(FormatError::data(&path, error.hint("prepare the dataset again with this version")));
    }
    let mut manifest: Manifest = serde_json::from_str(&text).map_err(|error| not_json(&path, &error))?;
    let [n_spike_bytes, n_video_bytes] = manifest.n_bytes().map_err(|error| FormatError::data(&path, error))?;
    let spikes = map(&folder.join(SPIKES), n_spike_bytes)?;
    let video = map(&folder.join(VIDEO), n_video_bytes)?;
    let inputs = std::mem::take(&mut manifest.inputs);
    let dataset = manifest.into_dataset(spikes, video).map_err(|error| FormatError::data(&path, error))?;
    check_finite(folder, &dataset)?;
    let splits = read_splits(folder, &sums, dataset.n_trials())?;
    Ok(StoredDataset { dataset, splits, inputs })
}

/// Reads every byte of a dataset's folder and compares it with the stored checksums.
///
/// # Errors
/// Names the first file that differs or is missing.
pub fn verify_dataset(folder: &Path) -> Result<()> {
    let sums = checksums(folder)?;
    for name in [MANIFEST, SPIKES, VIDEO] {
        sum_of(folder, name, &sums)?;
    }
    for (name, expected) in &sums {
        compare(&folder.join(name), expected, &sha256_file(&folder.join(name))?)?;
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Version {
    schema_version: u32,
}

fn read_splits(folder: &Path, sums: &[(String, String)], n_trials: usize) -> Result<Vec<Split>> {
    let path = folder.join(SPLITS);
    if !sums.iter().any(|(name, _)| name == SPLITS) {
        return Ok(Vec::new());
    }
    let text = checked_text(folder, SPLITS, sums)?;
    let stored: Vec<StoredSplit> = serde_json::from_str(&text).map_err(|error| not_json(&path, &error))?;
    let checked: spikereel_data::Result<Vec<Split>> =
        stored.into_iter().map(|split| split.into_split(n_trials)).collect();
    checked.map_err(|error| FormatError::data(&path, error))
}

/// Values of four bytes may be anything; those of one byte are always counts.
fn check_finite(folder: &Path, dataset: &Dataset) -> Result<()> {
    if dataset.spikes.encoding() == SpikeEncoding::U8 {
        return Ok(());
    }
    let bad = |value: &[u8]| !f32::from_le_bytes([value[0], value[1], value[2], value[3]]).is_finite();
    match dataset.spikes.bytes().chunks_exact(4).position(bad) {
        None => Ok(()),
        Some(at) => {
            let got = format!("another at value {at}");
            Err(FormatError::data(&folder.join(SPIKES), DataError::new("spikes", "finite values", got)))
        }
    }
}

fn checksums(folder: &Path) -> Result<Vec<(String, String)>> {
    let path = folder.join(CHECKSUMS);
    let text = read_text(&path, 1 << 16)?;
    let line = |line: &str| {
        let (sum, name) = line.split_once("  ")?;
        // Who writes a dataset may keep files of their own beside it; a name that leads out of the folder is refused.
        let plain = Path::new(name).file_name() == Some(name.as_ref());
        plain.then(|| (name.to_string(), sum.to_string()))
    };
    text.lines().map(line).collect::<Option<Vec<_>>>().ok_or_else(|| {
        FormatError::data(
            &path,
            DataError::new("line", "a checksum and the name of a file of a dataset", "something else"),
        )
    })
}

fn sum_of<'a>(folder: &Path, name: &str, sums: &'a [(String, String)]) -> Result<&'a str> {
    sums.iter().find(|(file, _)| file == name).map(|(_, sum)| sum.as_str()).ok_or_else(|| {
        FormatError::data(&folder.join(CHECKSUMS), DataError::new("checksums", format!("one for {name}"), "none"))
    })
}

fn checked_text(folder: &Path, name: &str, sums: &[(String, String)]) -> Result<String> {
    let path = folder.join(name);
    let text = read_text(&path, MAX_JSON_BYTES)?;
    compare(&path, sum_of(folder, name, sums)?, &sha256_bytes(text.as_bytes()))?;
    Ok(text)
}

fn compare(path: &Path, expected: &str, got: &str) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    let error = DataError::new("checksum", expected, got);
    Err(FormatError::data(path, error.hint("the file was changed after it was written; prepare the dataset again")))
}

fn not_json(path: &Path, error: &serde_json::Error) -> FormatError {
    FormatError::data(path, DataError::new("JSON", "what docs/formats.md describes", error.to_string()))
}
