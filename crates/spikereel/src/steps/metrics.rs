//! Losses of every epoch: told in `events.jsonl` as they come, and put in order in `metrics.csv` when training is done.

use super::fits::WhichDecoder;
use crate::run_folder::RunFolder;
use crate::{Error, Result, events};
use serde::{Deserialize, Serialize};
use spikereel_nn::{CheckpointFolder, EpochRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// The file in a run's folder.
pub const METRICS: &str = "metrics.csv";
const EPOCH: &str = "epoch";

/// Which epoch of which decoder.
type Key = (usize, usize, usize);

/// The detail of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    #[serde(flatten)]
    which: WhichDecoder,
    #[serde(flatten)]
    record: EpochRecord,
}

impl Told {
    fn key(&self) -> Key {
        (self.which.fold_idx, self.which.network_idx, self.record.epoch)
    }
}

fn all(run: &RunFolder) -> Result<BTreeMap<Key, EpochRecord>> {
    let told = events::read(run.path())?.into_iter().filter(|event| event.event == EPOCH);
    let told = told.filter_map(|event| serde_json::from_value::<Told>(event.detail).ok());
    // An epoch that was trained again after a stop tells the same again.
    Ok(told.map(|told| (told.key(), told.record)).collect())
}

/// Epochs that were told of before this process.
///
/// # Errors
/// An I/O error.
pub fn told(run: &RunFolder) -> Result<BTreeSet<Key>> {
    Ok(all(run)?.into_keys().collect())
}

/// Tells of an epoch, unless that was done.
///
/// # Errors
/// An I/O error; a lease that was lost.
pub fn tell(run: &RunFolder, told: &BTreeSet<Key>, which: WhichDecoder, record: &EpochRecord) -> Result<()> {
    let told_now = Told { which, record: *record };
    if told.contains(&told_now.key()) {
        return Ok(());
    }
    run.event(EPOCH, &told_now)
}

/// Tells again of a finished training's epochs whose events are gone, from its last checkpoint, so that `metrics.csv` stays whole.
///
/// # Errors
/// An I/O error; a lease that was lost.
pub fn tell_again(
    run: &RunFolder,
    told: &BTreeSet<Key>,
    which: WhichDecoder,
    n_epochs: usize,
    checkpoints: &Path,
) -> Result<()> {
    if (0..n_epochs).all(|epoch| told.contains(&(which.fold_idx, which.network_idx, epoch))) {
        return Ok(());
    }
    let newest = CheckpointFolder::new(checkpoints).newest()?.newest;
    newest.iter().flat_map(|(_, checkpoint)| &checkpoint.history).try_for_each(|record| tell(run, told, which, record))
}

/// Writes `metrics.csv`: one line an epoch, in the order of folds, networks and epochs.
///
/// # Errors
/// An I/O error; a lease that was lost.
pub fn write(run: &RunFolder) -> Result<()> {
    let mut text = String::from("fold,network,epoch,learning_rate,train_loss,validation_loss\n");
    for ((fold, network, epoch), record) in all(run)? {
        let validation = record.validation_loss.map_or_else(String::new, |loss| loss.to_string());
        writeln!(text, "{fold},{network},{},{},{},{validation}", epoch + 1, record.learning_rate, record.train_loss)
            .map_err(|error| Error::Bug(error.to_string()))?;
    }
    run.write_text(METRICS, &text)
}
