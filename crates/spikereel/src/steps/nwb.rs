//! NWB files as recordings: what the configuration says of them, and the bins in which their spikes are counted as they are read.

use super::source::LoadedRecording;
use crate::config::choices::StimulusKind;
use crate::config::{BinsConfig, ConfigError, Given, defaults as d};
use crate::{Error, Result};
use spikereel_data::{BinGrid, DataError};
use spikereel_formats::{NwbFile, NwbOptions, VideoSource, read_binned_nwb};
use std::path::{Path, PathBuf};

/// Endings of files that are opened as NWB.
const ENDINGS: [&str; 3] = ["nwb", "h5", "hdf5"];
/// More bins than this are a trial that lasts for minutes, and a mistake.
const MAX_BINS: usize = 5_000;

/// True for files that are opened as NWB, by their ending.
pub fn is_nwb(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The options under `[nwb]`.
///
/// # Errors
/// Unknown keys and values of another type.
pub fn options(given: &Given) -> Result<NwbOptions> {
    let wrong = |error: toml::de::Error| Error::Toml {
        place: "settings of NWB files, `[nwb]`".into(),
        message: error.to_string().trim_end().into(),
    };
    // By way of text, so that the error shows the line.
    toml::from_str(&given.nwb.to_string()).map_err(wrong)
}

/// Reads NWB files, all in the same bins.
pub struct Reader {
    /// What is read.
    pub options: NwbOptions,
    grid: BinGrid,
    needs_videos: bool,
}

impl Reader {
    /// A reader of the NWB files of a list; none where it holds none. Bins that are not given follow from the trials of the first file.
    ///
    /// # Errors
    /// Wrong options; a first file that cannot be understood, or whose trials have no end where that is needed.
    pub fn new(given: &Given, list: &[PathBuf]) -> Result<Option<Self>> {
        let Some(first) = list.iter().find(|path| is_nwb(path)) else {
            if given.nwb.is_empty() {
                return Ok(None);
            }
            let error = ConfigError::new("nwb", "nothing, as no recording is an NWB file", "settings of NWB files");
            return Err(error.hint("leave them out; other recordings are described in their sidecars").into());
        };
        let mut options = options(given)?;
        if let Some(video) = &mut options.video {
            video.frame_px.get_or_insert(given.stimulus.frame_px.unwrap_or(d::FRAME_PX));
            video.frame_rate_hz.get_or_insert(given.stimulus.frame_rate_hz.unwrap_or(d::FRAME_RATE_HZ));
        }
        let grid = grid(given, &options, first)?;
        let needs_videos = given.stimulus.kind.is_none() && options.video.is_none();
        Ok(Some(Self { options, grid, needs_videos }))
    }

    /// Reads one file.
    ///
    /// # Errors
    /// What is wrong with it, by file and object.
    pub fn read(&self, path: &Path) -> Result<LoadedRecording> {
        let (recording, extras) = read_binned_nwb(path, &self.options, &self.grid)?;
        let factors: Vec<&str> = recording.conditions.factors().iter().map(|factor| factor.name.as_str()).collect();
        let drawn = |names: &[&str]| names.iter().all(|name| factors.contains(name));
        let is_known = drawn(&["contrast_left", "contrast_right"]) || drawn(&["cue", "color", "direction"]);
        if self.needs_videos && matches!(extras.video, VideoSource::Unsaid) && !is_known {
            return Err(no_videos(path, &factors));
        }
        Ok(LoadedRecording { recording, extras })
    }
}

fn no_videos(path: &Path, factors: &[&str]) -> Error {
    let movies = NwbFile::open(path).map(|nwb| nwb.summary().stimuli).unwrap_or_default();
    let named: Vec<String> = movies.iter().map(|movie| format!("`{}`", movie.path)).collect();
    let there = if named.is_empty() { "the file holds no movie".into() } else { named.join(", ") };
    let got = format!("none, and factors {} that no built-in stimulus is drawn from", factors.join(", "));
    let hint = format!(
        "name a series of frames by --video ({there}), or a stimulus that is drawn from the factors by --stimulus: gabor \
         (contrast_left, contrast_right) or paper (cue, color, direction)"
    );
    DataError::new("videos", "the videos that were seen", got).hint(hint).at(path.display().to_string()).into()
}

fn grid(given: &Given, options: &NwbOptions, first: &Path) -> Result<BinGrid> {
    let is_paper = given.stimulus.kind == Some(StimulusKind::Paper);
    let width_secs = given.bins.width_secs.unwrap_or(d::BIN_WIDTH_SECS);
    let step_secs = given.bins.step_secs.unwrap_or(width_secs);
    let start_secs = given.bins.start_secs.unwrap_or(if is_paper { d::PAPER_BIN_START_SECS } else { 0.0 });
    let n_bins = match given.bins.n_bins {
        Some(n_bins) => n_bins,
        None if is_paper => d::PAPER_N_BINS,
        None => bins_of_trials(options, first, [start_secs, width_secs, step_secs])?,
    };
    Ok(BinsConfig { start_secs, width_secs, step_secs, n_bins }.grid()?)
}

/// Bins that the trials of a file fill.
fn bins_of_trials(options: &NwbOptions, first: &Path, [start, width, step]: [f64; 3]) -> Result<usize> {
    let lasts = NwbFile::open(first)?.usual_trial_secs(&options.trials)?;
    let hint = "say which time around the event matters, such as --window 0 1.5";
    let refused = |got: String| {
        let error = DataError::new("bins", format!("trials that last for at least one bin of {width} s"), got);
        error.hint(hint).at(first.display().to_string())
    };
    let Some(end) = lasts else { return Err(refused("trials without `stop_time`".into()).into()) };
    // Half a microsecond forgives the rounding of decimal widths.
    let n_bins = ((end - start - width + 5e-7) / step).floor() + 1.0;
    if n_bins < 1.0 || n_bins.is_nan() {
        return Err(refused(format!("trials that end {end} s after `{}`", options.trials.align)).into());
    }
    if n_bins > MAX_BINS as f64 {
        let got = format!("trials that end {end} s after `{}`, {n_bins} bins", options.trials.align);
        let error = DataError::new("bins", format!("at most {MAX_BINS} bins"), got);
        return Err(error.hint(hint).at(first.display().to_string()).into());
    }
    Ok(n_bins as usize)
}
