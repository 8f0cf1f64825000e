//! All that a training run is told, with the published values as defaults.

use crate::loss::{LossScale, PhaseWeights};
use crate::network::Model;
use crate::optimiser::{OptimiserConfig, Schedule};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result, TrialDraw};

/// Training trials put together anew in each epoch, from training trials of the same condition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redraw {
    /// Which sites keep one real trial together.
    pub draw: TrialDraw,
    /// Share of samples that are re-drawn, 0 to 1; the others are real trials.
    pub share: f64,
}

/// Where weights start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// PyTorch's defaults, as published.
    #[default]
    Published,
    /// The same draws, scaled, and the last normalisation set to the training videos; see `start.rs`.
    Fitted,
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Which network decodes; an encoder is told by who fits it.
    #[serde(skip_serializing_if = "Model::is_default")]
    pub model: Model,
    /// Passes over the training trials. Paper: 40 (published code: 100).
    pub epochs: usize,
    /// Trials in a batch. Paper and code: 64. The last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Batches in an epoch; `None` takes each training trial once.
    pub steps_per_epoch: Option<usize>,
    /// The optimiser. Paper: Adamax (published code: Adam).
    pub optimiser: OptimiserConfig,
    /// Learning rate at the start. Paper and code: .01.
    pub learning_rate: f64,
    /// Its course. Published code: .85 every 3 epochs.
    pub schedule: Schedule,
    /// Scaling of the loss. Default: the published code's.
    pub loss_scale: LossScale,
    /// Factor on the squared error in the loss. Published: 1.
    pub squared_error_weight: f64,
    /// Weights of frames in the loss, by phase. Published code: 1, 2, 5.
    pub phase_weights: PhaseWeights,
    /// Where weights start. Published: PyTorch's defaults.
    pub start: Start,
    /// Factor on the learning rate of a batch normalisation's gamma and beta. Published: 1.
    pub norm_rate_factor: f64,
    /// Re-drawing of training trials in each epoch; the paper draws once.
    pub redraw: Option<Redraw>,
    /// Standard deviation of Gaussian noise added to standardised training spikes. Published: none.
    pub input_noise_sd: f64,
    /// Epochs without a better validation loss before training stops; `None` never stops early.
    pub patience_epochs: Option<usize>,
    /// Hand out the best weights by validation loss, not the last. The paper does not say.
    pub use_best: bool,
    /// Channels of the first convolution. Published: 32.
    pub base_channels: usize,
    /// Keep biases directly before a batch normalisation where they start. Their gradient is exactly 0; what is computed is rounding noise,
    /// which Adam and Adamax would blow up to whole steps, and running means would lag behind. Published code: off.
    pub hold_dead_biases: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            model: Model::default(),
            epochs: 40,
            batch_size: 64,
            steps_per_epoch: None,
            optimiser: OptimiserConfig::default(),
            learning_rate: 0.01,
            schedule: Schedule::default(),
            loss_scale: LossScale::default(),
            squared_error_weight: 1.0,
            phase_weights: PhaseWeights::default(),
            start: Start::default(),
            norm_rate_factor: 1.0,
            redraw: None,
            input_noise_sd: 0.0,
            patience_epochs: None,
            use_best: true,
            base_channels: 32,
            hold_dead_biases: true,
        }
    }
}

impl TrainConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Names the key, what it may be, and what it is.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, expected: &str, got: String| Err(DataError::new(format!("train.{key}"), expected, got));
        for (key, value) in [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size),
            ("base_channels", self.base_channels),
            ("steps_per_epoch", self.steps_per_epoch.unwrap_or(1)),
            ("patience_epochs", self.patience_epochs.unwrap_or(1)),
        ] {
            if value == 0 {
                return wrong(key, "at least 1", "0".into());
            }
        }
        let OptimiserConfig { beta1, beta2, eps, weight_decay, .. } = self.optimiser;
        let PhaseWeights { fixation, cue, stimulus } = self.phase_weights;
        for (key, value) in [
            ("learning_rate", self.learning_rate),
            ("optimiser.eps", eps),
            ("norm_rate_factor", self.norm_rate_factor),
            ("phase_weights.fixation", fixation),
            ("phase_weights.cue", cue),
            ("phase_weights.stimulus", stimulus),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return wrong(key, "a positive number", value.to_string());
            }
        }
        for (key, value) in [
            ("input_noise_sd", self.input_noise_sd),
            ("optimiser.weight_decay", weight_decay),
            ("squared_error_weight", self.squared_error_weight),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return wrong(key, "0 or a positive number", value.to_string());
            }
        }
        for (key, value) in [("optimiser.beta1", beta1), ("optimiser.beta2", beta2)] {
            if !(0.0..1.0).contains(&value) {
                return wrong(key, "0 or more and below 1", value.to_string());
            }
        }
        let (key, share) = match (self.redraw, self.schedule) {
            (Some(redraw), _) if !(0.0..=1.0).contains(&redraw.share) => ("redraw.share", redraw.share),
            (_, Schedule::Step { gamma, .. }) => ("schedule.step.gamma", gamma),
            (_, Schedule::Cosine { floor }) => ("schedule.cosine.floor", floor),
            _ => return Ok(()),
        };
        if (0.0..=1.0).contains(&share) { Ok(()) } else { wrong(key, "0 to 1", share.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named_by_its_key() {
        let wrong = [
            (TrainConfig { learning_rate: f64::NAN, ..Default::default() }, "train.learning_rate"),
            (TrainConfig { batch_size: 0, ..Default::default() }, "train.batch_size"),
            (TrainConfig { schedule: Schedule::Cosine { floor: 2.0 }, ..Default::default() }, "schedule.cosine.floor"),
            (
                TrainConfig { redraw: Some(Redraw { draw: TrialDraw::PerSite, share: 1.5 }), ..Default::default() },
                "train.redraw.share",
            ),
        ];
        for (config, key) in wrong {
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
        TrainConfig::default().check().unwrap();
    }
}
