//! What an evaluation holds: scores of one decoder on one part of a fold, per condition and per sample. Plain numbers for reports.

use crate::score::{ScoreKind, Summary};
use serde::{Deserialize, Serialize};
use spikereel_data::Part;

/// One score's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreValues {
    /// Which score.
    pub kind: ScoreKind,
    /// Of the mean decoded video of each condition against the mean true video; none where a condition has no trial here.
    pub per_condition: Vec<Option<f64>>,
    /// Over conditions.
    pub condition: Summary,
    /// Of each trial's own decoded video, in the order of [`Evaluation::trials`]; empty where it was not asked for.
    pub per_sample: Vec<Option<f64>>,
    /// Over trials.
    pub sample: Summary,
}

/// How often a decoded video's nearest mean training video (squared error) is the right one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Number of choices.
    pub n_levels: usize,
    /// Accuracy of guessing, `1 / n_levels`.
    pub chance: f64,
    /// Share of trials named right.
    pub accuracy: f64,
    /// Clopper-Pearson 95 % interval of it.
    pub interval_95: [f64; 2],
    /// Share per condition; none where a condition has no trial here.
    pub per_condition: Vec<Option<f64>>,
    /// Per trial, in the order of [`Evaluation::trials`].
    pub correct: Vec<bool>,
}

/// A readout that gives one number a trial, against the true number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledScore {
    /// Pearson correlation over trials; none where a side is constant.
    pub pearson: Option<f64>,
    /// Pearson correlation over condition means.
    pub condition_pearson: Option<f64>,
    /// Read from each trial's decoded video, in the order of [`Evaluation::trials`].
    pub decoded: Vec<f64>,
    /// The truth of each trial.
    pub truth: Vec<f64>,
}

/// One feature's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureEvaluation {
    /// Name of the readout, such as `shape`.
    pub name: String,
    /// The condition factor whose levels this feature distinguishes.
    pub factor: Option<String>,
    /// The first is the main one.
    pub scores: Vec<ScoreValues>,
    /// Naming the factor's level by the nearest mean training video within the feature's frames.
    pub accuracy: Option<Accuracy>,
    /// For readouts of one number a trial.
    pub pooled: Option<PooledScore>,
}

/// Scores of one decoder on one part of one fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The decoder's name.
    pub decoder: String,
    /// Which part was scored.
    pub part: Part,
    /// The trials, ascending.
    pub trials: Vec<usize>,
    /// Labels of all conditions of the dataset.
    pub conditions: Vec<String>,
    /// Condition of each trial.
    pub condition_of_sample: Vec<usize>,
    /// Trials of each condition here.
    pub n_per_condition: Vec<usize>,
    /// One entry a readout.
    pub features: Vec<FeatureEvaluation>,
    /// SSIM in the loss's form; none where it was not asked for.
    pub ssim: Option<ScoreValues>,
    /// Mean squared error, values 0..=1.
    pub mse: ScoreValues,
    /// Naming the condition by the nearest class-mean training video; none where it was not asked for.
    pub condition_accuracy: Option<Accuracy>,
}

impl Evaluation {
    /// The feature of this name.
    pub fn feature(&self, name: &str) -> Option<&FeatureEvaluation> {
        self.features.iter().find(|feature| feature.name == name)
    }
}

/// Mean decoded and mean true video of each condition, `[frame, height, width, rgb]`, 0..=1, for pictures and players.
#[derive(Debug, Clone)]
pub struct ConditionVideos {
    /// `[frame, height, width, rgb]`.
    pub shape: [usize; 4],
    /// Mean of the decoded videos; none where a condition has no trial here.
    pub decoded: Vec<Option<Vec<f32>>>,
    /// Mean of the trials' target clips.
    pub truth: Vec<Option<Vec<f32>>>,
}

/// What evaluating gives: numbers to keep, and videos to show.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The numbers.
    pub evaluation: Evaluation,
    /// The videos.
    pub videos: ConditionVideos,
}
