//! `report.json`, version 1: everything that the page, the figures and the tables are drawn from.
//!
//! Its values stand alone: plain names, numbers and pictures, no type of another crate, so that the file can be read in ten
//! years by any program (`docs/formats.md` is its specification). It holds no time, host, path or thread count: these stand
//! in [`crate::Provenance`], so equal work gives equal bytes. Not here: how the numbers are computed (`spikereel-analysis`)
//! and how they look ([`crate::figures`], [`crate::page`]).
//!
//! A number that could not be computed is `None` (`null`), never NaN; the page shows a dash for it.

mod results;
mod section;

pub use results::*;
pub use section::*;

use serde::{Deserialize, Serialize};

/// The version that this crate writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The whole of `report.json`: one page, of one or more reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Always [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Heading of the page.
    pub title: String,
    /// One or two sentences under the heading.
    pub summary: String,
    /// The parts, in the order shown; at least one, or else studies.
    pub reports: Vec<Report>,
    /// How many studies were planned and what became of them; `None` where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub studies: Option<StudyCounts>,
    /// Studies that stand beside the parts, in the order shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
}

/// One recording, decoded, scored and masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Heading of the part.
    pub title: String,
    /// Whether a brain or a simulator made the spikes.
    pub kind: Kind,
    /// The main findings, in words; three by custom.
    pub findings: Vec<String>,
    /// What a reader must not forget when looking at these results.
    pub caveats: Vec<String>,
    /// Planned fits against those that ended well. Nothing is averaged away in silence.
    pub fits: FitCounts,
    /// The recording.
    pub data: DataSummary,
    /// Who was trained on and who was tested.
    pub split: SplitSummary,
    /// What was trained.
    pub network: NetworkSummary,
    /// One learning curve a fit.
    pub curves: Vec<Curve>,
    /// Score tables, the most important first.
    pub scores: Vec<ScoreTable>,
    /// Truth against decoded value of continuous factors (contrast); empty where there are none.
    pub scatters: Vec<Scatter>,
    /// Region masking, if it was done.
    pub masking: Option<MaskingTable>,
    /// What a simulator planted; `None` for a brain.
    pub planted: Option<Planted>,
    /// True and decoded clips, if any were kept.
    pub videos: Option<Videos>,
    /// What to cite for data and methods.
    pub citations: Vec<Citation>,
}

/// Where the spikes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A brain.
    Real,
    /// A simulator with planted truth.
    Simulated,
}

/// Fits planned and what became of them: `n_planned = n_done + n_failed + n_missing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitCounts {
    /// Folds times seeds.
    pub n_planned: usize,
    /// Ended well and are part of every number here.
    pub n_done: usize,
    /// Ended with an error.
    pub n_failed: usize,
    /// Never ran.
    pub n_missing: usize,
    /// Which failed or are missing, and why; empty where none.
    pub notes: Vec<String>,
}

/// Studies planned and what became of them: `n_planned = n_done + n_failed + n_missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyCounts {
    /// Asked for.
    pub n_planned: usize,
    /// Told on this page.
    pub n_done: usize,
    /// Ended with an error.
    pub n_failed: usize,
    /// Never ran, or were stopped.
    pub n_missing: usize,
}

/// A work to cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// The reference as printed.
    pub text: String,
    /// Its address; shown as a link only where it begins with `https://`.
    pub url: Option<String>,
}

/// What was recorded, and what stands for the video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSummary {
    /// Name of the recording or of the simulation.
    pub name: String,
    /// Where it is from and under which license, in a sentence.
    pub origin: String,
    /// Sessions.
    pub n_sessions: usize,
    /// Real trials.
    pub n_trials: usize,
    /// Sites that the decoder reads.
    pub n_sites: usize,
    /// Conditions.
    pub n_conditions: usize,
    /// Regions in the order of every list of regions.
    pub regions: Vec<RegionSummary>,
    /// What varies between conditions.
    pub factors: Vec<Factor>,
    /// Bins of spikes.
    pub bins: Bins,
    /// Standardisation of the spikes, in a sentence.
    pub standardisation: String,
    /// What the target videos are: each trial's own, drawn per condition, unrelated dots, ...; a sentence.
    pub target: String,
    /// More to know: pseudo-populations lose noise correlations, unassigned sites were left out, ...
    pub remarks: Vec<String>,
}

/// A region of the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSummary {
    /// Its name.
    pub name: String,
    /// Sites used.
    pub n_sites: usize,
}

/// What varies between conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Such as `shape`.
    pub name: String,
    /// Such as `circle`, `star`.
    pub levels: Vec<String>,
}

/// Bins of spikes in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bins {
    /// Bins a trial.
    pub n_bins: usize,
    /// Start of the first bin from the recording's zero.
    pub start_secs: f64,
    /// Width of a bin.
    pub width_secs: f64,
    /// From the start of a bin to the start of the next.
    pub step_secs: f64,
}

/// Training, validation and test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSummary {
    /// What is never cut apart: `real trial` or `pseudo-trial`.
    pub unit: String,
    /// How the parts were drawn, in a sentence.
    pub rule: String,
    /// Sizes; one entry a fold, one entry where there are no folds.
    pub folds: Vec<FoldSizes>,
    /// What was looked for on both sides; zeros are the good news.
    pub leaks: Vec<Leak>,
    /// What a leak did to the scores, where that was measured.
    pub leak_effect: Option<String>,
}

/// Sizes of one fold's parts, in the split's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldSizes {
    /// Trained on.
    pub n_train: usize,
    /// Looked at while training.
    pub n_validation: usize,
    /// Scored once, at the end.
    pub n_test: usize,
}

/// One kind of thing that could stand on both sides of the split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leak {
    /// In the plural, such as `real trials` or `stimulus clips`.
    pub what: String,
    /// How many stand in training (or validation) and in test; the worst fold.
    pub n_on_both_sides: usize,
    /// How many stand in test.
    pub n_in_test: usize,
    /// Why this is expected here, such as a stimulus that the condition fixes; a leak that is explained is not flagged.
    pub explanation: Option<String>,
}

/// What was trained, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSummary {
    /// Such as `decoder`.
    pub name: String,
    /// Trained numbers.
    pub n_parameters: usize,
    /// Channels of the first layer.
    pub base_channels: usize,
    /// Such as `f32`.
    pub precision: String,
    /// Name and value of each setting worth reading, in order.
    pub settings: Vec<Setting>,
}

/// A named setting as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Such as `learning rate`.
    pub name: String,
    /// Such as `0.01, halved every 10 epochs`.
    pub value: String,
}
