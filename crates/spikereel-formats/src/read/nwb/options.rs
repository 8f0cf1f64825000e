//! What a caller may say about an NWB file. All of it can be left out; unknown keys are refused.

use super::picture::PictureOptions;
use serde::{Deserialize, Serialize};
use spikereel_data::Level;
use std::collections::BTreeMap;

/// How an NWB file becomes a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NwbOptions {
    /// Name of the session; the file's `identifier` where left out.
    pub session: Option<String>,
    /// Which units become sites, and where they stand.
    pub units: UnitOptions,
    /// Which intervals become trials.
    pub trials: TrialOptions,
    /// Clips for the trials, from a series of the file.
    pub video: Option<VideoOptions>,
}

/// `units`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitOptions {
    /// Where the region of a unit is read.
    pub region: RegionSource,
    /// New names of regions, from the file's spelling.
    pub rename_regions: BTreeMap<String, String>,
    /// Regions whose sites are left out, as the file spells them.
    pub drop_regions: Vec<String>,
    /// Only units with one of these values in these columns of `units`, such as `quality = ["good"]`.
    pub only: BTreeMap<String, Vec<Level>>,
    /// What spike times are counted in.
    pub clock: Clock,
}

/// Where the region of a unit is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionSource {
    /// `location` of the unit's electrodes; where that says nothing, the location and then the name of their group.
    #[default]
    Electrodes,
    /// The location of the electrode group, or its name where that says nothing.
    Group,
    /// A text column of `units`.
    Column(String),
    /// A column of `units` with the id of an electrode, such as `peak_channel_id`.
    #[serde(rename = "electrode_id")]
    ElectrodeId(String),
}

/// What times are counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Seconds, as the format demands; times that look like milliseconds are refused.
    #[default]
    Seconds,
    /// Milliseconds, against the format.
    Milliseconds,
}

impl Clock {
    /// Seconds in one unit of this clock.
    pub(super) fn secs(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e-3,
        }
    }
}

/// `trials`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrialOptions {
    /// Name of a table in `/intervals`.
    pub table: String,
    /// The column with the time of the aligning event.
    pub align: String,
    /// Times in `align` count from `start_time` of their trial, not from the start of the session.
    pub relative: bool,
    /// Columns that are factors of the condition.
    pub factors: Vec<String>,
    /// Numeric columns that are kept beside the conditions.
    pub covariates: Vec<String>,
    /// Time series whose mean in the window of each trial is a covariate: name of the covariate, path of the series.
    pub series: BTreeMap<String, String>,
    /// Only trials with one of these values in these columns.
    pub only: BTreeMap<String, Vec<Level>>,
    /// Leave out trials whose aligning time is not a number, such as trials without a response.
    pub drop_unaligned: bool,
    /// Seconds relative to the aligning event, `[from, to)`. Spikes outside all windows are left out.
    pub window: Option<[f64; 2]>,
    /// Read trials that overlap in time all the same.
    pub allow_overlap: bool,
    /// What times in the table are counted in.
    pub clock: Clock,
}

impl Default for TrialOptions {
    fn default() -> Self {
        Self {
            table: "trials".into(),
            align: "start_time".into(),
            relative: false,
            factors: Vec::new(),
            covariates: Vec::new(),
            series: BTreeMap::new(),
            only: BTreeMap::new(),
            drop_unaligned: false,
            window: None,
            allow_overlap: false,
            clock: Clock::Seconds,
        }
    }
}

/// `video`: frames of a series cut to a clip for every trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VideoOptions {
    /// Path of an ImageSeries, OpticalSeries or IndexSeries, such as `stimulus/presentation/movie`.
    pub series: String,
    /// Start of frame 0 relative to the aligning event.
    pub start_secs: f64,
    /// Frames of a clip per second; each shows what the series shows at its start.
    pub frame_rate_hz: f64,
    /// Frames of a clip.
    pub n_frames: usize,
    /// How pictures stand in the file.
    #[serde(default)]
    pub pictures: PictureOptions,
}
