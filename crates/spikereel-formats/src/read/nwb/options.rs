//! What a caller may say about an NWB file. All of it can be left out; unknown keys are refused.

use super::picture::PictureOptions;
use serde::{Deserialize, Serialize};
use spikereel_data::{BinGrid, DataError, Level, Result, Timeline};
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
    /// Regions by the file's spelling, for names that may or may not occur, as one map serves many files. A name that ends in `*` stands
    /// for all that begin so (the longest wins); an empty region leaves sites out.
    pub region_map: BTreeMap<String, String>,
    /// Regions whose sites are left out, as the file spells them.
    pub drop_regions: Vec<String>,
    /// Leave out units for which the file names no region.
    pub drop_unknown: bool,
    /// Only units with one of these values in these columns of `units`, such as `quality = ["good"]`.
    pub only: BTreeMap<String, Vec<Level>>,
    /// What spike times are counted in.
    pub clock: Clock,
}

impl UnitOptions {
    /// The region of a unit whose place the file spells so; none where it is left out.
    pub(super) fn region_of<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.drop_regions.iter().any(|dropped| dropped == name) {
            return None;
        }
        if let Some(renamed) = self.rename_regions.get(name) {
            return Some(renamed);
        }
        let fits = |key: &str| key.strip_suffix('*').is_some_and(|start| name.starts_with(start));
        let by_start = || self.region_map.iter().filter(|(key, _)| fits(key)).max_by_key(|(key, _)| key.len());
        let mapped = self.region_map.get(name).or_else(|| by_start().map(|(_, region)| region));
        mapped.map_or(Some(name), |region| Some(region.as_str()).filter(|region| !region.is_empty()))
    }
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
    /// Start of frame 0 relative to the aligning event; the first bin's where left out.
    #[serde(default)]
    pub start_secs: Option<f64>,
    /// Frames of a clip per second; each shows what the series shows at its start. 10 where left out.
    #[serde(default)]
    pub frame_rate_hz: Option<f64>,
    /// Frames of a clip; as many as the bins last where left out.
    #[serde(default)]
    pub n_frames: Option<usize>,
    /// Height and width to which every picture is averaged down; as stored where left out.
    #[serde(default)]
    pub frame_px: Option<usize>,
    /// How pictures stand in the file.
    #[serde(default)]
    pub pictures: PictureOptions,
}

/// Frames of a clip per second where nothing is said: the paper's.
const FRAME_RATE_HZ: f64 = 10.0;

impl VideoOptions {
    /// The frames of a clip; what is left out follows from the bins.
    ///
    /// # Errors
    /// Frames that are left out where there are no bins; what [`Timeline::new`] refuses.
    pub(super) fn timeline(&self, grid: Option<&BinGrid>) -> Result<Timeline> {
        let rate_hz = self.frame_rate_hz.unwrap_or(FRAME_RATE_HZ);
        let missing = |key: &str| {
            DataError::new(format!("video.{key}"), "a number", "none")
                .hint("bins, from which it follows, are not known")
        };
        let start_secs = self.start_secs.or(grid.map(|grid| grid.start_secs)).ok_or_else(|| missing("start_secs"))?;
        let end = |grid: &BinGrid| grid.left_secs(grid.n_bins - 1) + grid.width_secs;
        // Half a microsecond forgives the rounding of decimal widths.
        let follows = |grid: &BinGrid| ((end(grid) - start_secs) * rate_hz + 5e-7).floor().max(0.0) as usize;
        let n_frames = self.n_frames.or(grid.map(follows)).ok_or_else(|| missing("n_frames"))?;
        Timeline::new(rate_hz, start_secs, n_frames, Vec::new())
    }
}
