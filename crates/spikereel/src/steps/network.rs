//! From the configuration's words to the training engine's, and its reports to a progress bar.

use super::train::{Curve, EpochLosses};
use crate::config::Resolved;
use crate::config::choices::{Course, Redraw};
use crate::progress::{Progress, Task};
use crate::{Error, Result};
use spikereel_data::{Fold, TrialDraw};
use spikereel_nn::{
    EpochRecord, FitNetwork, NetworkDecoder, OptimiserConfig, PhaseWeights, Schedule, StepReport, TrainConfig,
};

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

/// Trains one decoder on a fold.
///
/// # Errors
/// [`Error::Diverged`], or what does not fit.
pub fn train(
    fold: &Fold,
    config: &Resolved,
    seed: u64,
    stage: &str,
    progress: &dyn Progress,
) -> Result<(NetworkDecoder, Curve)> {
    let mut watcher = Watcher { stage, progress, task: None, validation: None };
    let (decoder, history) = FitNetwork { config: train_config(config), precision: config.precision.of_engine() }
        .fit_network(fold, seed, &mut watcher)?;
    let epochs: Vec<EpochLosses> = history
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

/// Passes the engine's reports on to a bar with one step a batch.
struct Watcher<'a> {
    stage: &'a str,
    progress: &'a dyn Progress,
    task: Option<Box<dyn Task>>,
    validation: Option<f64>,
}

impl spikereel_nn::Progress for Watcher<'_> {
    fn on_step(&mut self, report: &StepReport) {
        let total = (report.n_epochs * report.n_steps) as u64;
        let task = self.task.get_or_insert_with(|| self.progress.begin(self.stage, total, "batch"));
        task.advance(1);
        let validation = self.validation.map_or_else(String::new, |loss| format!(", validation {loss:.4}"));
        task.note(&format!("epoch {}, loss {:.4}{validation}", report.epoch + 1, report.loss));
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        self.validation = record.validation_loss;
    }
}

impl From<spikereel_nn::Error> for Error {
    fn from(error: spikereel_nn::Error) -> Self {
        match error {
            spikereel_nn::Error::Data(error) => Self::Data(error),
            spikereel_nn::Error::Diverged { epoch, step, loss } => Self::Diverged(format!(
                "the loss was {loss} in epoch {}, step {} (hint: lower train.learning_rate)",
                epoch + 1,
                step + 1
            )),
            spikereel_nn::Error::Io { path, source } => Self::Io { path, doing: "read or write it".into(), source },
            damaged @ spikereel_nn::Error::Damaged { .. } => Self::Data(damaged.into()),
        }
    }
}
