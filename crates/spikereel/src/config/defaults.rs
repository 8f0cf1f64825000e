//! Every default of the configuration, each with its source. No other file holds one.
//!
//! "Published code" and "paper" refer to Zhang et al., Communications Biology 2026, doi 10.1038/s42003-025-09486-7, and the
//! Python code its authors published. Where the two disagree, the entry says which one is followed.

use super::choices::{Course, LossScale, Optimiser, PopulationKind, Precision, Redraw, SplitUnit, Start, StimulusKind};
use spikereel_data::Standardisation;

/// Seed of a run. Ours; any number serves.
pub const SEED: u64 = 1;
/// Networks trained per fold. The paper trains one; masking claims want more.
pub const N_NETWORK_SEEDS: usize = 1;

/// Simulated trials per condition. Ours: the published recordings hold about 10 in a session, pooled over 48 sessions.
pub const TRIALS_PER_CONDITION: usize = 48;

/// Start of bin 0 for the paper's task, seconds from stimulus onset. Authors' code: 45 bins from -1.5 to 3.0.
pub const PAPER_BIN_START_SECS: f64 = -1.5;
/// Bins of the paper's task. Paper, Methods: 45 bins of 100 ms.
pub const PAPER_N_BINS: usize = 45;
/// Width of a bin. Paper, Methods: 100 ms.
pub const BIN_WIDTH_SECS: f64 = 0.1;

/// Standardisation axes. The field's custom; the paper leaves the axis open and its figures fit a global one.
pub const STANDARDISATION: Standardisation = Standardisation::PerSite;

/// Sites and trials as recorded. Ours; the paper resamples, see [`PopulationKind::Pseudo`].
pub const POPULATION: PopulationKind = PopulationKind::Recorded;
/// Pseudo-trials per condition. Published code: 512 drawn of 560.
pub const PSEUDO_TRIALS_PER_CONDITION: usize = 512;
/// Whether each pseudo-trial draws its sites anew. Inferred from the authors' notebooks; ours is the fixed choice, which
/// keeps one site in one slot.
pub const REDRAW_SITES: bool = false;

/// What is kept whole by a split. Ours: a real trial never stands on both sides; the paper splits pseudo-trials.
pub const SPLIT_UNIT: SplitUnit = SplitUnit::RealTrial;
/// Share of training trials. Published code: .7.
pub const TRAIN_SHARE: f64 = 0.7;
/// Share of validation trials. Published code: .1.
pub const VALIDATION_SHARE: f64 = 0.1;
/// Folds; 1 is a single split. Published code: a single split (the paper says 5-fold cross-validation).
pub const N_FOLDS: usize = 1;

/// Height and width of a frame. Paper: 32 x 32 after cropping.
pub const FRAME_PX: usize = 32;
/// Frames per second. Published videos: 10.
pub const FRAME_RATE_HZ: f64 = 10.0;
/// Fixation before the cue, seconds. Published videos: 5 frames at 10 per second.
pub const FIXATION_SECS: f64 = 0.5;
/// Cue before the dots, seconds. Published videos: 10 frames at 10 per second.
pub const CUE_SECS: f64 = 1.0;
/// Clips per condition shown in training trials. Ours: enough that dots average out, few enough to stay small on disk.
pub const CLIPS_TRAIN: usize = 24;
/// Clips per condition shown in validation trials. Ours.
pub const CLIPS_VALIDATION: usize = 6;
/// Clips per condition shown in test trials. Ours.
pub const CLIPS_TEST: usize = 12;
/// One pool of clips for all parts. Ours: 0, separate streams for training, validation and test; the paper shares 60.
pub const VIDEO_POOL: usize = 0;
/// Whether a simulated trial's target shows the dots that drove it. Ours: off, as in the paper's data.
pub const RENDER_OWN_DOTS: bool = false;

/// Width of the network. Published code: 32.
pub const BASE_CHANNELS: usize = 32;

/// Passes over the training trials. Paper: 40 (published code: 100).
pub const EPOCHS: usize = 40;
/// Trials in a batch. Paper and code: 64.
pub const BATCH_SIZE: usize = 64;
/// Optimiser. Paper: Adamax (published code: Adam).
pub const OPTIMISER: Optimiser = Optimiser::Adamax;
/// Learning rate. Paper and code: .01.
pub const LEARNING_RATE: f64 = 0.01;
/// Course of the learning rate. Published code: steps.
pub const SCHEDULE: Course = Course::Step;
/// Share of the learning rate at the end of a cosine. Ours.
pub const LR_FLOOR: f64 = 0.02;
/// Weight decay. Published: none.
pub const WEIGHT_DECAY: f64 = 0.0;
/// Batches in an epoch; 0 is each trial once, as published.
pub const STEPS_PER_EPOCH: usize = 0;
/// Share of re-drawn samples, where there is re-drawing. Ours: all.
pub const REDRAW_SHARE: f64 = 1.0;
/// Noise added to training spikes. Published: none.
pub const INPUT_NOISE_SD: f64 = 0.0;
/// Epochs between two cuts of the learning rate. Published code: 3.
pub const LR_STEP_EPOCHS: usize = 3;
/// What a cut leaves of the learning rate. Published code: .85.
pub const LR_GAMMA: f64 = 0.85;
/// What the engine multiplies: what is fastest here. Published code: f32.
pub const PRECISION: Precision = Precision::Auto;
/// Loss normalisation. Published code divides; the paper's formula does not.
pub const LOSS_SCALE: LossScale = LossScale::Code;
/// Factor on the squared error in the loss. Published: 1.
pub const SQUARED_ERROR_WEIGHT: f64 = 1.0;
/// Weights of frames in the loss during fixation, cue and stimulus. Published code.
pub const PHASE_WEIGHTS: [f64; 3] = [1.0, 2.0, 5.0];
/// Where weights start. Published: PyTorch's defaults.
pub const START: Start = Start::Published;
/// Factor on the learning rate of batch normalisations. Published: 1.
pub const NORM_RATE_FACTOR: f64 = 1.0;
/// Re-drawing of training trials each epoch. The paper draws once.
pub const REDRAW: Redraw = Redraw::Off;
/// Epochs without a better validation loss before training stops; 0 never stops early. Paper: a fixed number of epochs.
pub const PATIENCE_EPOCHS: usize = 0;
/// Whether the best weights by validation loss are used, or the last. Ours; the paper does not say.
pub const USE_BEST: bool = true;

/// Seconds between two checkpoints. Ours: one takes under half a second at published width, so under a hundredth of the time.
pub const CHECKPOINT_SECS: f64 = 60.0;

/// Gaussian-noise inputs behind the null of every score. Paper, Statistics: 100.
pub const N_NULL: usize = 100;
/// Draws of the null behind quantities that are read from every trial. Ours.
pub const N_NULL_DRAWS: usize = 2000;
/// Bootstrap draws of masking; the smallest p is one over this and one. Ours.
pub const N_BOOTSTRAP: usize = 2000;
/// Level below which a corrected p counts as found. Custom.
pub const ALPHA: f64 = 0.05;

/// Which stimulus belongs to trials with these factors: two contrasts make the Gabor pair, else the paper's task.
pub fn stimulus_kind(factors: &[String]) -> StimulusKind {
    let has = |name: &str| factors.iter().any(|factor| factor == name);
    if has("contrast_left") && has("contrast_right") { StimulusKind::TwoGabor } else { StimulusKind::Paper }
}
