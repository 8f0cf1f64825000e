//! The results in `report.json`: learning curves, scores, masking, planted truth, clips. The rest stands in [`super`].

use serde::{Deserialize, Serialize};

/// The losses of one fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Fold, counted from 0.
    pub fold: usize,
    /// Seed of the network.
    pub seed: u64,
    /// One entry an epoch, in order.
    pub epochs: Vec<EpochLoss>,
    /// The epoch whose weights were kept, a number that stands in `epochs`.
    pub kept_epoch: Option<usize>,
}

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochLoss {
    /// Counted from 1.
    pub epoch: usize,
    /// Loss on training trials.
    pub train_loss: Option<f64>,
    /// Loss on validation trials.
    pub validation_loss: Option<f64>,
}

/// The decoder beside what it has to beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreTable {
    /// Such as `Condition averages` or `Single trials`.
    pub title: String,
    /// What is averaged and what the spread is over, in a sentence.
    pub note: String,
    /// The columns.
    pub metrics: Vec<Metric>,
    /// The rows, the decoder first.
    pub rows: Vec<ScoreRow>,
    /// The decoder's score for each condition; empty where not kept.
    pub conditions: Vec<ConditionScores>,
}

/// What a column of scores is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Short name for files, such as `cue_pearson`; unique in its table.
    pub key: String,
    /// As printed, such as `Cue, Pearson r`.
    pub label: String,
    /// Such as `deg`; `None` for a pure number.
    pub unit: Option<String>,
    /// Which way is good.
    pub better: Better,
    /// Digits after the point where it is printed.
    pub n_decimals: usize,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// A correlation.
    Higher,
    /// An error.
    Lower,
}

/// One decoder's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRow {
    /// Such as `Ridge regression`.
    pub label: String,
    /// What it is compared as.
    pub role: Role,
    /// One cell a metric.
    pub cells: Vec<ScoreCell>,
}

/// What a row of scores stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The network.
    Decoder,
    /// Something simpler (or better) to beat.
    Baseline,
    /// Noise inputs.
    Null,
    /// What trial-to-trial variation of the stimulus allows at best.
    Ceiling,
}

/// One score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ScoreCell {
    /// The score; `None` where it is not defined (a correlation with a constant).
    pub value: Option<f64>,
    /// Standard deviation over what the table's note says.
    pub sd: Option<f64>,
    /// For a null: the 95th percentile (for errors: the 5th), which a real score must be beyond.
    pub null_95: Option<f64>,
    /// Values behind it.
    pub n: usize,
}

/// The decoder's scores in one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionScores {
    /// The condition, such as `star, red, up`.
    pub condition: String,
    /// Test trials.
    pub n: usize,
    /// One value a metric of the table.
    pub values: Vec<Option<f64>>,
}

/// A continuous factor: truth against decoded, out of fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scatter {
    /// Such as `left contrast`.
    pub factor: String,
    /// Unit of both axes; `None` for a pure number.
    pub unit: Option<String>,
    /// How the value is read from the decoded video, in a sentence.
    pub readout: String,
    /// Pooled Pearson r of the decoder.
    pub decoder_pearson: Option<f64>,
    /// The same of ridge regression on the same folds.
    pub ridge_pearson: Option<f64>,
    /// The 95th percentile of the null.
    pub null_95: Option<f64>,
    /// `[truth, decoded]` of each test trial.
    pub points: Vec<[f64; 2]>,
}

/// What masking each region does to each feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskingTable {
    /// The scores that masking is held to.
    pub features: Vec<MaskedFeature>,
    /// The masked regions, one at a time.
    pub regions: Vec<String>,
    /// `cells[feature][region]`.
    pub cells: Vec<Vec<MaskingCell>>,
    /// What is set to what, the tests and the correction, in words.
    pub statistics: String,
    /// Level below which a corrected p counts.
    pub alpha: f64,
}

/// A feature whose score masking can harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedFeature {
    /// Short name, such as `shape`; [`PlantedFeature::feature`] refers to it.
    pub feature: String,
    /// As printed, such as `Shape (cue Pearson)`.
    pub label: String,
    /// Unit of the harm.
    pub unit: Option<String>,
    /// The score with nothing masked.
    pub unmasked_score: Option<f64>,
    /// Digits after the point where harm is printed.
    pub n_decimals: usize,
}

/// One masked region and one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct MaskingCell {
    /// How much worse the score becomes, in its unit; negative where it becomes better, whichever way is good.
    pub harm: Option<f64>,
    /// Lower end of the 95 % interval.
    pub ci_low: Option<f64>,
    /// Upper end.
    pub ci_high: Option<f64>,
    /// One-sided p of harm.
    pub p: Option<f64>,
    /// The same, corrected by Holm over the regions of a feature.
    pub p_holm: Option<f64>,
    /// The published unpaired test.
    pub published: Option<PublishedTest>,
}

/// The unpaired test of the published analysis, for comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedTest {
    /// What is compared.
    pub metric: String,
    /// Student's t.
    pub t: Option<f64>,
    /// Two-sided p, uncorrected.
    pub p: Option<f64>,
}

/// What the simulator planted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// Preset of the simulator, or `custom`.
    pub preset: String,
    /// Regions in the order of the lists below.
    pub regions: Vec<String>,
    /// One entry a feature.
    pub features: Vec<PlantedFeature>,
    /// The ideal observer's single-trial accuracy over all conditions.
    pub condition_accuracy: f64,
    /// Mean correlation of two trials of one condition.
    pub within_condition_correlation: f64,
    /// Monte Carlo trials behind each accuracy.
    pub n_observer_trials: usize,
}

/// The planted truth of one feature, as information.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedFeature {
    /// The name by which [`MaskedFeature::feature`] calls it.
    pub feature: String,
    /// Accuracy of guessing.
    pub chance: f64,
    /// The ideal observer's accuracy from all regions.
    pub accuracy: f64,
    /// Accuracy lost when a region is left out, one value a region.
    pub drop_when_left_out: Vec<f64>,
    /// Exact Shapley value, one a region.
    pub shapley: Vec<f64>,
    /// Region with the largest drop, an index into [`Planted::regions`].
    pub top_region_idx: usize,
    /// Largest drop minus the second largest.
    pub top_margin: f64,
}

/// Clips to look at. All have the same size and the same tracks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Videos {
    /// What the clips are and how they were chosen, in a sentence.
    pub note: String,
    /// Frames a clip.
    pub n_frames: usize,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    /// Frames a second of the stimulus.
    pub frame_rate_hz: f64,
    /// Phases in order; together they cover all frames, or there are none.
    pub phases: Vec<Phase>,
    /// What each sheet of a clip shows, the truth first: `True`, `Decoded`, ...
    pub tracks: Vec<String>,
    /// The clips.
    pub clips: Vec<Clip>,
}

/// A phase of the trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Such as `cue`.
    pub name: String,
    /// Its frames.
    pub n_frames: usize,
}

/// One condition's clips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Such as `star · red · up · fast`.
    pub label: String,
    /// One sheet a track, made by [`crate::sheet::encode_sheet`]: base64 of an RGB PNG whose frames stand below one another.
    pub sheets: Vec<String>,
}
