//! A configuration in which every value is concrete and checked. Made by [`super::resolve`] alone, written into the run folder
//! before work starts, and read back as a [`super::Given`] by `--from`.

use super::choices::{
    Course, LossScale, Optimiser, PopulationKind, Precision, Preset, Redraw, SplitUnit, Start, StimulusKind,
};
use serde::{Deserialize, Serialize};
use spikereel_data::{BinGrid, Standardisation};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[data]`: exactly one source is present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataConfig {
    /// Sidecars of recordings, absolute, or `builtin:` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recordings: Option<Vec<PathBuf>>,
    /// A prepared dataset's folder, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<PathBuf>,
    /// A preset to simulate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulate: Option<Preset>,
    /// Simulated trials per condition; present with `simulate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trials_per_condition: Option<usize>,
}

/// `[bins]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinsConfig {
    /// Left edge of bin 0, relative to the aligning event.
    pub start_secs: f64,
    /// Width.
    pub width_secs: f64,
    /// Distance between left edges.
    pub step_secs: f64,
    /// Number of bins.
    pub n_bins: usize,
}

impl BinsConfig {
    /// As the data model's grid.
    ///
    /// # Errors
    /// What [`BinGrid::new`] refuses.
    pub fn grid(&self) -> spikereel_data::Result<BinGrid> {
        BinGrid::new(self.start_secs, self.width_secs, self.step_secs, self.n_bins)
    }
}

/// `[standardise]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StandardiseConfig {
    /// Axes of mean and standard deviation.
    pub kind: Standardisation,
}

/// `[population]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationConfig {
    /// As recorded, or resampled.
    pub kind: PopulationKind,
    /// Pseudo-trials per condition.
    pub trials_per_condition: usize,
    /// Whether each pseudo-trial draws its sites anew.
    pub redraw_sites: bool,
    /// Regions to use; empty for all.
    pub regions: Vec<String>,
    /// Sites drawn in each region; regions left out keep all.
    pub n_sites: BTreeMap<String, usize>,
}

/// `[split]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitConfig {
    /// What is kept whole.
    pub unit: SplitUnit,
    /// Share of training trials (single split).
    pub train_share: f64,
    /// Share of validation trials; with folds, of what is not tested.
    pub validation_share: f64,
    /// Folds; 1 is a single split.
    pub n_folds: usize,
}

/// `[stimulus]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StimulusConfig {
    /// Which video belongs to a trial.
    pub kind: StimulusKind,
    /// Height and width of a frame.
    pub frame_px: usize,
    /// Frames per second.
    pub frame_rate_hz: f64,
    /// Frames of a clip, all phases together.
    pub n_frames: usize,
    /// Frames of fixation; none with the Gabor pair.
    pub n_fixation_frames: usize,
    /// Frames of the cue; none with the Gabor pair.
    pub n_cue_frames: usize,
    /// Clips per condition in training trials.
    pub clips_train: usize,
    /// Clips per condition in validation trials.
    pub clips_validation: usize,
    /// Clips per condition in test trials.
    pub clips_test: usize,
    /// One pool of so many clips for all parts; 0 keeps separate streams.
    pub video_pool: usize,
    /// Whether a simulated trial's target shows the dots that drove it.
    pub render_own_dots: bool,
}

/// `[network]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// Channels of the first convolution.
    pub base_channels: usize,
}

/// `[train]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Passes over the training trials.
    pub epochs: usize,
    /// Trials in a batch.
    pub batch_size: usize,
    /// The optimiser.
    pub optimiser: Optimiser,
    /// Learning rate at the start.
    pub learning_rate: f64,
    /// The learning rate's course.
    pub schedule: Course,
    /// Epochs between cuts (`schedule = "step"`).
    pub lr_step_epochs: usize,
    /// What a cut leaves (`schedule = "step"`).
    pub lr_gamma: f64,
    /// Share of the learning rate in the last epoch (`schedule = "cosine"`).
    pub lr_floor: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Batches in an epoch; 0 takes each training trial once.
    pub steps_per_epoch: usize,
    /// How the loss is scaled.
    pub loss_scale: LossScale,
    /// Factor on the squared error in the loss.
    pub squared_error_weight: f64,
    /// Weight of fixation frames in the loss.
    pub fixation_weight: f64,
    /// Weight of cue frames in the loss.
    pub cue_weight: f64,
    /// Weight of stimulus frames in the loss.
    pub stimulus_weight: f64,
    /// Where weights start.
    pub start: Start,
    /// Factor on the learning rate of batch normalisations.
    pub norm_rate_factor: f64,
    /// Re-drawing of training trials each epoch.
    pub redraw: Redraw,
    /// Share of samples that are re-drawn.
    pub redraw_share: f64,
    /// Standard deviation of noise added to standardised training spikes.
    pub input_noise_sd: f64,
    /// Epochs without a better validation loss before training stops; 0 never.
    pub patience_epochs: usize,
    /// Use the best weights by validation loss, not the last.
    pub use_best: bool,
    /// Seconds between two checkpoints; 0 saves after every step.
    pub checkpoint_secs: f64,
}

/// `[scores]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoresConfig {
    /// Gaussian-noise inputs behind the null.
    pub n_null: usize,
    /// Draws of the null behind quantities that are read from every trial.
    pub n_null_draws: usize,
}

/// `[masking]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MaskingConfig {
    /// Bootstrap draws.
    pub n_bootstrap: usize,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
}

/// A whole configuration, concrete and checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// Seed of every draw.
    pub seed: u64,
    /// Networks per fold.
    pub n_network_seeds: usize,
    /// What the engine multiplies; `auto` only before a run begins.
    #[serde(default)]
    pub precision: Precision,
    /// What is decoded.
    pub data: DataConfig,
    /// How NWB files became recordings; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nwb: Option<spikereel_formats::NwbOptions>,
    /// How MATLAB files of Siegel et al. became recordings; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siegel: Option<spikereel_formats::SiegelOptions>,
    /// Spikes in time.
    pub bins: BinsConfig,
    /// Standardisation.
    pub standardise: StandardiseConfig,
    /// Sites and trials.
    pub population: PopulationConfig,
    /// Train, validation, test.
    pub split: SplitConfig,
    /// Target videos.
    pub stimulus: StimulusConfig,
    /// The network.
    pub network: NetworkConfig,
    /// Training.
    pub train: TrainConfig,
    /// Scores.
    pub scores: ScoresConfig,
    /// Masking.
    pub masking: MaskingConfig,
}

impl Resolved {
    /// As TOML, with a line on top that says how to repeat the run.
    ///
    /// # Errors
    /// A fault of ours: the structure is always TOML.
    pub fn to_toml(&self) -> crate::Result<String> {
        let text = toml::to_string_pretty(self)
            .map_err(|error| crate::Error::Bug(format!("the configuration is no TOML: {error}")))?;
        Ok(format!("# Everything this was made with. Repeat it with `--from` and this folder.\n{text}"))
    }
}
