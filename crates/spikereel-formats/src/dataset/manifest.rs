//! `dataset.json`: everything of a dataset but its bytes. What is read back goes through the same checked doors as new data.

use crate::files::InputFile;
use serde::{Deserialize, Serialize};
use spikereel_data::{
    BinGrid, ConditionTable, DataError, Dataset, DatasetParts, Factor, Result, SharedBytes, Site, SpikeEncoding,
    SpikeTensor, Split, TargetKind, Timeline, Trial, Truth, VideoPool,
};

/// The version of the folder's format.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// How spikes stand in `spikes.bin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Encoding {
    #[serde(rename = "u8")]
    U8,
    #[serde(rename = "f32-le")]
    F32Le,
}

/// A number that JSON may not be able to write.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Finite(f64),
    Other(Special),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Special {
    Nan,
    Infinity,
    #[serde(rename = "-infinity")]
    MinusInfinity,
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        match value {
            value if value.is_finite() => Self::Finite(value),
            value if value.is_nan() => Self::Other(Special::Nan),
            value if value > 0.0 => Self::Other(Special::Infinity),
            _ => Self::Other(Special::MinusInfinity),
        }
    }
}

impl From<Value> for f64 {
    fn from(value: Value) -> Self {
        match value {
            Value::Finite(value) => value,
            Value::Other(Special::Nan) => Self::NAN,
            Value::Other(Special::Infinity) => Self::INFINITY,
            Value::Other(Special::MinusInfinity) => Self::NEG_INFINITY,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditions {
    factors: Vec<Factor>,
    level_idx: Vec<Vec<usize>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Covariate {
    name: String,
    values: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpikesFile {
    pub(super) shape: [usize; 3],
    pub(super) encoding: Encoding,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VideoFile {
    pub(super) shape: [usize; 5],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    name: String,
    sessions: Vec<String>,
    sites: Vec<Site>,
    conditions: Conditions,
    trials: Vec<Trial>,
    pub(super) spikes: SpikesFile,
    bins: BinGrid,
    pub(super) video: VideoFile,
    timeline: Timeline,
    target_kind: TargetKind,
    covariates: Vec<Covariate>,
    truth: Option<Truth>,
    remarks: Vec<String>,
    pub(super) inputs: Vec<InputFile>,
}

impl Manifest {
    pub(super) fn of(dataset: &Dataset, inputs: &[InputFile]) -> Self {
        let table = &dataset.conditions;
        let row = |condition| (0..table.factors().len()).map(|factor| table.level_idx(condition, factor)).collect();
        let covariate = |(name, values): &(String, Vec<f64>)| Covariate {
            name: name.clone(),
            values: values.iter().map(|&value| value.into()).collect(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            name: dataset.name.clone(),
            sessions: dataset.sessions.clone(),
            sites: dataset.sites.clone(),
            conditions: Conditions {
                factors: table.factors().to_vec(),
                level_idx: (0..table.len()).map(row).collect(),
            },
            trials: dataset.trials.clone(),
            spikes: SpikesFile {
                shape: dataset.spikes.shape(),
                encoding: match dataset.spikes.encoding() {
                    SpikeEncoding::U8 => Encoding::U8,
                    SpikeEncoding::F32Le => Encoding::F32Le,
                },
            },
            bins: dataset.bins,
            video: VideoFile { shape: dataset.video.shape() },
            timeline: dataset.timeline.clone(),
            target_kind: dataset.target_kind,
            covariates: dataset.covariates.iter().map(covariate).collect(),
            truth: dataset.truth.clone(),
            remarks: dataset.remarks.clone(),
            inputs: inputs.to_vec(),
        }
    }

    /// Bytes that `spikes.bin` and `video.bin` must have.
    pub(super) fn n_bytes(&self) -> Result<[u64; 2]> {
        let width = if self.spikes.encoding == Encoding::U8 { 1 } else { 4 };
        let product = |axes: &[usize], width: u64| axes.iter().try_fold(width, |n, &len| n.checked_mul(len as u64));
        let too_many = |field| DataError::new(field, "a shape whose bytes can be counted", "a larger one");
        Ok([
            product(&self.spikes.shape, width).ok_or_else(|| too_many("spikes.shape"))?,
            product(&self.video.shape, 1).ok_or_else(|| too_many("video.shape"))?,
        ])
    }

    /// The dataset, checked like a new one.
    pub(super) fn into_dataset(self, spikes: SharedBytes, video: SharedBytes) -> Result<Dataset> {
        let encoding = match self.spikes.encoding {
            Encoding::U8 => SpikeEncoding::U8,
            Encoding::F32Le => SpikeEncoding::F32Le,
        };
        let BinGrid { start_secs, width_secs, step_secs, n_bins } = self.bins;
        let Timeline { frame_rate_hz, start_secs: first_secs, n_frames, phases } = self.timeline;
        if phases.iter().try_fold(0_usize, |n, span| n.checked_add(span.n_frames)).is_none() {
            return Err(DataError::new("timeline.phases", "numbers of frames that can be added", "larger ones"));
        }
        if let Some(truth) = &self.truth {
            check_truth(truth)?;
        }
        Dataset::new(DatasetParts {
            name: self.name,
            sessions: self.sessions,
            sites: self.sites,
            conditions: ConditionTable::new(self.conditions.factors, self.conditions.level_idx)?,
            trials: self.trials,
            spikes: SpikeTensor::from_bytes(self.spikes.shape, encoding, spikes)?,
            bins: BinGrid::new(start_secs, width_secs, step_secs, n_bins)?,
            video: VideoPool::new(self.video.shape, video)?,
            timeline: Timeline::new(frame_rate_hz, first_secs, n_frames, phases)?,
            target_kind: self.target_kind,
            covariates: self
                .covariates
                .into_iter()
                .map(|column| (column.name, column.values.into_iter().map(f64::from).collect()))
                .collect(),
            truth: self.truth,
            remarks: self.remarks,
        })
    }
}

/// Lists of the planted truth have one entry a region, or one a coalition.
fn check_truth(truth: &Truth) -> Result<()> {
    let n = truth.regions.len();
    for feature in &truth.features {
        let field = |what: &str| format!("truth, {what} of `{}`", feature.feature);
        let n_coalitions = u32::try_from(n).ok().and_then(|n| 1_usize.checked_shl(n)).unwrap_or(usize::MAX);
        let lists = [
            ("coalition_accuracy", feature.coalition_accuracy.len(), n_coalitions),
            ("shapley", feature.shapley.len(), n),
            ("drop_when_left_out", feature.drop_when_left_out.len(), n),
            ("tuning", feature.tuning.len(), n),
        ];
        if let Some((what, got, expected)) = lists.into_iter().find(|(_, got, expected)| got != expected) {
            return Err(DataError::new(field(what), format!("{expected} values"), got.to_string()));
        }
        if feature.top_region_idx >= n {
            return Err(DataError::new(
                field("top_region_idx"),
                format!("below {n}"),
                feature.top_region_idx.to_string(),
            ));
        }
    }
    Ok(())
}

/// Splits as stored: checked again, because JSON can hold any lists.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredSplit {
    train: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
}

impl StoredSplit {
    pub(super) fn of(split: &Split) -> Self {
        use spikereel_data::Part::{Test, Train, Validation};
        let [train, validation, test] = [Train, Validation, Test].map(|part| split.trials(part).to_vec());
        Self { train, validation, test }
    }

    pub(super) fn into_split(self, n_trials: usize) -> Result<Split> {
        Split::new(self.train, self.validation, self.test, n_trials)
    }
}
