//! The sidecar: a TOML file beside the arrays that says which of them is what. Described with an example in `docs/formats.md`.
//! Unknown keys are refused, so that a misspelled one is not passed over.

use crate::files::read_text;
use crate::{FormatError, Result};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Level, PhaseSpan};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the sidecar that is read.
pub const FORMAT: u32 = 1;
/// A sidecar is written by hand; a longer one is something else.
const MAX_BYTES: u64 = 4 << 20;

/// A whole sidecar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// Version of this format: 1.
    pub format: u32,
    /// Name of the session; the sidecar's file name without ending where left out.
    pub session: Option<String>,
    /// The files with the arrays (npz, npy, mat, csv, tsv, or a folder of experanto), in the sidecar's folder; the one of the same name where left out.
    pub files: Option<Vec<String>>,
    /// The spikes.
    pub spikes: SpikesTable,
    /// The sites.
    pub sites: SitesTable,
    /// The trials.
    pub trials: TrialsTable,
    /// The videos.
    pub video: Option<VideoTable>,
    /// The frames of the videos.
    pub timeline: Option<TimelineTable>,
    /// Where the data come from.
    #[serde(default)]
    pub about: AboutTable,
}

/// `[spikes]`: counts in bins, or times of single spikes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpikesTable {
    /// Array of counts.
    pub counts: Option<String>,
    /// Which axis of `counts` is which: `trial`, `bin` and `site` in the array's order. Without `bin` each trial has one bin; several
    /// axes of trials are written `trial:NAME`, and `NAME` is then a column of places along that axis, from 0.
    pub axes: Option<Vec<String>>,
    /// The bins of `counts`.
    pub bins: Option<BinsTable>,
    /// Array of spike times in seconds, one axis.
    pub times: Option<String>,
    /// Array with the site of each spike in `times`.
    pub site_of_spike: Option<String>,
    /// What `site_of_spike` holds.
    pub site_of_spike_by: SiteKey,
    /// Array with the time of the aligning event in each trial, on the clock of `times`.
    pub align: Option<String>,
}

/// How an array names a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKey {
    /// By its position among the labels of `[sites]`, from 0.
    #[default]
    Position,
    /// By its id in `ids` of `[sites]`.
    Id,
}

/// `[spikes] bins`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinsTable {
    /// Left edge of bin 0, relative to the aligning event.
    pub start_secs: f64,
    /// Width of a bin.
    pub width_secs: f64,
    /// Distance between left edges; the width where left out.
    pub step_secs: Option<f64>,
}

/// The name of an array, or the values themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Labels {
    /// Name of an array.
    Array(String),
    /// One label a site.
    List(Vec<String>),
}

/// `[sites]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitesTable {
    /// Region of each site.
    pub region: Labels,
    /// Identity of each site; numbered where left out.
    pub ids: Option<Labels>,
    /// Regions whose sites are left out, as the array spells them.
    #[serde(default)]
    pub drop_regions: Vec<String>,
    /// New names of regions, from the array's spelling.
    #[serde(default)]
    pub rename_regions: BTreeMap<String, String>,
}

/// A column with one value a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// An array, whose name is the column's.
    Array(String),
    /// An array under another name, and with names for its codes.
    Named(NamedColumn),
}

/// A column in long form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedColumn {
    /// The column's name.
    pub name: String,
    /// The array.
    pub array: String,
    /// Levels by the value in the array, such as `1 = "cross"`; values that are not here stay as they are.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
}

/// `[trials]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialsTable {
    /// What makes up a condition.
    pub factors: Vec<Column>,
    /// Further columns, numbers.
    #[serde(default)]
    pub covariates: Vec<Column>,
}

/// Stimuli that are described by name and drawn from the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneratorName {
    /// A Gabor patch left and right, set by `contrast_left` and `contrast_right`.
    Gabor,
    /// Fixation, a cue of four shapes, colored moving dots, set by `cue`, `color` and `direction`.
    Paper,
}

/// `[video]`: an array, files of clips, or a generator.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VideoTable {
    /// The generator.
    pub generator: Option<GeneratorName>,
    /// Array of clips, five axes.
    pub array: Option<String>,
    /// Which axis is which: `trial` (or clip), `frame`, `height`, `width`, `rgb` in the array's order.
    pub axes: Option<Vec<String>>,
    /// Files of clips, in the sidecar's folder: folders of PNG or TIFF frames, GIF and TIFF files, and movies that ffmpeg reads.
    pub clips: Option<Vec<String>>,
    /// Height and width that frames of `array` or `clips` are reduced to, each pixel the mean of the area it covers.
    pub frame_px: Option<usize>,
    /// Array with the clip (from 0) of each trial; clip `i` belongs to trial `i` where left out.
    pub clip_of_trial: Option<String>,
}

/// `[timeline]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineTable {
    /// Frames per second.
    pub frame_rate_hz: f64,
    /// Start of frame 0 relative to the aligning event.
    pub start_secs: f64,
    /// Frames; taken from the videos or the phases where left out.
    pub n_frames: Option<usize>,
    /// The phases in order.
    #[serde(default)]
    pub phases: Vec<PhaseSpan>,
}

/// `[about]`: repeated in every report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AboutTable {
    /// License of the data.
    pub license: Option<String>,
    /// What to cite.
    pub citations: Vec<String>,
    /// Caveats.
    pub remarks: Vec<String>,
}

impl Sidecar {
    /// Reads and parses a sidecar.
    ///
    /// # Errors
    /// [`FormatError::Toml`] with the place underlined; another version; an I/O error.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, MAX_BYTES)?;
        let sidecar: Self = toml::from_str(&text).map_err(|error| FormatError::Toml {
            place: path.display().to_string(),
            message: error.to_string().trim_end().to_string(),
        })?;
        if sidecar.format != FORMAT {
            let error = DataError::new("format", FORMAT.to_string(), sidecar.format.to_string());
            return Err(FormatError::data(path, error));
        }
        Ok(sidecar)
    }
}
