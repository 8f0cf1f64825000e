//! A first look at a file that is no recording yet: what is in it, what is wrong with it, and the command that would import it.

mod arrays;
mod nwb;
mod page;

pub use page::size;
pub(super) use page::write_page;

use super::nwb::is_nwb;
use crate::{Error, Result};
use serde::Serialize;
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// A region of the file's units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceFacts {
    /// Its name, as the file spells it; empty for units without one.
    pub region: String,
    /// Its units.
    pub n_sites: usize,
    /// Mean over units of spikes per second of the recording.
    pub mean_rate_hz: f64,
    /// Units without a spike.
    pub n_silent_sites: usize,
}

/// A column of a table, or an array or variable of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryFacts {
    /// Its name.
    pub name: String,
    /// What it holds: type and shape.
    pub kind: String,
    /// Its values in words: the few that there are, or their range.
    pub values: String,
}

/// A table of trials or of other intervals; or, without rows, all arrays of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableFacts {
    /// Its name.
    pub name: String,
    /// Rows; none of a list of arrays.
    pub n_rows: Option<usize>,
    /// Its columns.
    pub columns: Vec<EntryFacts>,
}

/// Mean rate around an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponseFacts {
    /// The column that holds the events' times.
    pub column: String,
    /// Events.
    pub n_events: usize,
    /// Left edges of bins, seconds from the event.
    pub left_secs: Vec<f64>,
    /// Mean over events and sites, spikes per second.
    pub rate_hz: Vec<f64>,
    /// Largest change after the event, in standard deviations of the bins before it.
    pub change: f64,
}

/// A series: a movie of the stimulus, or a possible covariate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesFacts {
    /// Path in the file.
    pub path: String,
    /// What it is, in words: kind, shape, type and clock.
    pub about: String,
    /// Whether it belongs to the stimulus.
    pub is_stimulus: bool,
}

/// The first frame of a movie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewFacts {
    /// The movie.
    pub path: String,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height * width * 3` bytes; not part of the JSON.
    #[serde(skip)]
    pub rgb: Vec<u8>,
}

/// What a first look found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Look {
    /// The file.
    pub file: PathBuf,
    /// Its format and version, such as `NWB 2.7.0`.
    pub format: String,
    /// Its size.
    pub n_bytes: u64,
    /// Identifier, description and start, where the file tells them.
    pub about: Vec<(String, String)>,
    /// Units.
    pub n_sites: usize,
    /// Spikes of all units.
    pub n_spikes: Option<usize>,
    /// First and last spike, seconds.
    pub range_secs: Option<[f64; 2]>,
    /// Regions and their units.
    pub regions: Vec<PlaceFacts>,
    /// Columns of the units' table.
    pub unit_columns: Vec<EntryFacts>,
    /// Tables of intervals, or the arrays of a file.
    pub tables: Vec<TableFacts>,
    /// Movies and possible covariates.
    pub series: Vec<SeriesFacts>,
    /// Mean rates around the events of the first table.
    pub responses: Vec<ResponseFacts>,
    /// The first frame of the first movie.
    pub preview: Option<PreviewFacts>,
    /// What deserves a second look, and what to do about it.
    pub warnings: Vec<String>,
    /// The command that would import it.
    pub next: String,
    /// The page, where one was asked for.
    pub page: Option<PathBuf>,
}

/// Whether a file is looked at here: it is in a format that needs choices before it is a recording.
pub fn is_looked_at(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let of_arrays = ["npz", "npy", "mat", "csv", "tsv", "parquet"].contains(&ending.as_str());
    is_nwb(path) || (of_arrays && !path.with_extension("toml").exists())
}

/// Looks at a file.
///
/// # Errors
/// A file that cannot be opened as what its ending says.
pub fn look(path: &Path) -> Result<Look> {
    let n_bytes = std::fs::metadata(path).map_err(|error| Error::io(path, "open it", error))?.len();
    if n_bytes == 0 {
        let error = DataError::new("file", "data", "an empty file").hint("copy it again");
        return Err(error.at(path.display().to_string()).into());
    }
    let look = if is_nwb(path) { nwb::look(path)? } else { arrays::look(path)? };
    Ok(Look { file: path.to_path_buf(), n_bytes, ..look })
}

/// A path as a shell would want it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
