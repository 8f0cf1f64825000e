//! What training says of itself: per epoch for the record, per step for whoever watches.

use crate::Result;
use serde::{Deserialize, Serialize};

/// One epoch, finished. Holds no time, so that equal runs give equal records.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: usize,
    /// Learning rate in this epoch.
    pub learning_rate: f64,
    /// Mean loss over the epoch's samples, each before the step it belongs to.
    pub train_loss: f64,
    /// Mean loss over validation trials with the weights after the epoch, in evaluation mode; `None` without validation trials.
    pub validation_loss: Option<f64>,
}

/// One step, finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Epochs in all.
    pub n_epochs: usize,
    /// Step within the epoch, from 0.
    pub step: usize,
    /// Steps in an epoch.
    pub n_steps: usize,
    /// Loss of the batch before the step.
    pub loss: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Training samples per second since the epoch began.
    pub samples_per_sec: f64,
}

/// Someone who watches training. Every method may be left out; `()` watches nothing. An error ends the training, with the state after the
/// last finished step.
pub trait Progress {
    /// A step begins, with these trials of the dataset as its batch.
    fn on_batch(&mut self, _epoch: usize, _step: usize, _trials: &[usize]) {}
    /// A step is done.
    ///
    /// # Errors
    /// What should end the training, such as a full disk.
    fn on_step(&mut self, _report: &StepReport) -> Result<()> {
        Ok(())
    }
    /// An epoch is done.
    ///
    /// # Errors
    /// As [`Progress::on_step`].
    fn on_epoch(&mut self, _record: &EpochRecord) -> Result<()> {
        Ok(())
    }
}

impl Progress for () {}

/// The epoch with the smallest validation loss; the earliest of equals.
pub(crate) fn best_epoch(history: &[EpochRecord]) -> Option<usize> {
    let losses = history.iter().filter_map(|record| record.validation_loss.map(|loss| (record.epoch, loss)));
    losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(epoch, _)| epoch)
}
