//! From the configuration's words to the training engine's, and its reports to a progress bar.

use super::train::{Curve, EpochLosses};
use super::training::{self, Keeping, Wanted};
use crate::config::Resolved;
use crate::config::choices::{Course, Redraw};
use crate::{Error, Result};
use spikereel_data::{Fold, TrialDraw};
use spikereel_nn::{FitNetwork, NetworkDecoder, OptimiserConfig, PhaseWeights, Schedule, Task, TrainConfig};

/// Trials that an error names of a batch.
const N_SHOWN_TRIALS: usize = 64;

/// How the engine is to train.
pub fn train_config(config: &Resolved) -> TrainConfig {
    let train = &config.train;
    let draw = match train.redraw {
        Redraw::Off => None,
        Redraw::PerSession => Some(TrialDraw::PerSession),
        Redraw::PerRegion => Some(TrialDraw::PerRegion),
        Redraw::PerSite => Some(TrialDraw::PerSite),
    };
    TrainConfig {
        epochs: train.epochs,
        batch_size: train.batch_size,
        steps_per_epoch: (train.steps_per_epoch > 0).then_some(train.steps_per_epoch),
        optimiser: OptimiserConfig {
            rule: train.optimiser,
            weight_decay: train.weight_decay,
            ..OptimiserConfig::default()
        },
        learning_rate: train.learning_rate,
        schedule: match train.schedule {
            Course::Constant => Schedule::Constant,
            Course::Step => Schedule::Step { every_epochs: train.lr_step_epochs, gamma: train.lr_gamma },
            Course::Cosine => Schedule::Cosine { floor: train.lr_floor },
        },
        loss_scale: train.loss_scale,
        squared_error_weight: train.squared_error_weight,
        phase_weights: PhaseWeights {
            fixation: train.fixation_weight,
            cue: train.cue_weight,
            stimulus: train.stimulus_weight,
        },
        start: train.start,
        norm_rate_factor: train.norm_rate_factor,
        redraw: draw.map(|draw| spikereel_nn::Redraw { draw, share: train.redraw_share }),
        input_noise_sd: train.input_noise_sd,
        patience_epochs: (train.patience_epochs > 0).then_some(train.patience_epochs),
        use_best: train.use_best,
        base_channels: config.network.base_channels,
        ..TrainConfig::default()
    }
}

/// Trains one decoder on a fold, or goes on with its training.
///
/// # Errors
/// [`Error::Diverged`], or what does not fit.
pub fn train(fold: &Fold, config: &Resolved, seed: u64, keeping: &Keeping<'_>) -> Result<(NetworkDecoder, Curve)> {
    let fit = FitNetwork { config: train_config(config), precision: config.precision.of_engine() };
    let (task, precision) = (Task::Decode, fit.precision);
    let trainer = training::train(&Wanted { task, config: &fit.config, precision, fold, seed }, keeping)?;
    let decoder = fit.decoder_of(&trainer)?;
    let epochs: Vec<EpochLosses> = trainer
        .history()
        .iter()
        .map(|record| EpochLosses { train: record.train_loss, validation: record.validation_loss })
        .collect();
    let best_epoch = (0..epochs.len())
        .filter_map(|at| epochs[at].validation.map(|loss| (loss, at + 1)))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
        .map(|(_, epoch)| epoch);
    let curve = Curve {
        best_epoch,
        uses_best: config.train.use_best && best_epoch.is_some(),
        n_parameters: decoder.network().n_params(),
        epochs,
    };
    Ok((decoder, curve))
}

impl From<spikereel_nn::Error> for Error {
    fn from(error: spikereel_nn::Error) -> Self {
        match error {
            spikereel_nn::Error::Data(error) => Self::Data(error),
            spikereel_nn::Error::Diverged { epoch, step, loss, trials } => {
                let shown: Vec<String> = trials.iter().take(N_SHOWN_TRIALS).map(ToString::to_string).collect();
                let more = if trials.len() > shown.len() { ", ..." } else { "" };
                Self::Diverged(format!(
                    "the loss was {loss} in epoch {}, step {}, on trials {}{more} of the dataset (hint: lower train.learning_rate, in another folder)",
                    epoch + 1,
                    step + 1,
                    shown.join(", ")
                ))
            }
            spikereel_nn::Error::Io { path, source } => Self::Io { path, doing: "read or write it".into(), source },
            damaged @ spikereel_nn::Error::Damaged { .. } => Self::Data(damaged.into()),
        }
    }
}
