//! The videos of a recording: clips in an array, or a stimulus described by name that the caller draws.

use super::bundle::Bundle;
use super::sidecar::{GeneratorName, Sidecar, TimelineTable};
use super::spikes::axis_order;
use super::trials;
use crate::{FormatError, Result};
use spikereel_data::{DataError, Timeline, VideoPool};
use std::path::Path;

/// A stimulus that is drawn from the conditions.
pub type VideoGenerator = GeneratorName;

/// Where target videos come from.
#[derive(Debug, Clone)]
pub enum VideoSource {
    /// The sidecar says nothing: the configuration decides.
    Unsaid,
    /// Drawn by the named generator.
    Generator {
        /// Which one.
        generator: VideoGenerator,
        /// The frames, where the sidecar gives them.
        timeline: Option<Timeline>,
    },
    /// Clips that came with the recording.
    Clips {
        /// The clips.
        pool: VideoPool,
        /// The clip of each trial.
        clip_of_trial: Vec<usize>,
        /// The frames.
        timeline: Timeline,
    },
}

const AXES: [&str; 5] = ["trial", "frame", "height", "width", "rgb"];

pub(crate) fn read(path: &Path, bundle: &mut Bundle, sidecar: &Sidecar, n_trials: usize) -> Result<VideoSource> {
    let data = |error| FormatError::data(path, error);
    let table = sidecar.video.clone().unwrap_or_default();
    match (table.generator, &table.array) {
        (Some(_), Some(_)) => {
            Err(data(DataError::new("video", "`generator` or `array`", "both").hint("remove one of them")))
        }
        (None, None) if sidecar.video.is_some() => {
            Err(data(DataError::new("video", "`generator` or `array`", "neither")))
        }
        (None, None) if sidecar.timeline.is_some() => {
            Err(data(DataError::new("timeline", "a table `[video]` that it belongs to", "none")))
        }
        (None, None) => Ok(VideoSource::Unsaid),
        (Some(generator), None) => {
            if table.axes.is_some() || table.clip_of_trial.is_some() {
                let got = "`axes` or `clip_of_trial`, which belong to `array`";
                return Err(data(DataError::new("video", "`generator` alone", got)));
            }
            let timeline = sidecar.timeline.as_ref().map(|table| timeline(table, None).map_err(data)).transpose()?;
            Ok(VideoSource::Generator { generator, timeline })
        }
        (None, Some(name)) => {
            let field = format!("video.array `{name}`");
            let Some(axes) = &table.axes else {
                let expected = format!("the array's axes in order, such as {AXES:?}");
                return Err(data(DataError::new("video.axes", expected, "nothing")));
            };
            let order = axis_order("video.axes", &AXES, axes).map_err(data)?;
            let Some(time) = &sidecar.timeline else {
                return Err(data(DataError::new("timeline", "frame_rate_hz and start_secs of the videos", "nothing")));
            };
            let array = bundle.read("video.array", name)?;
            if array.shape().len() != 5 {
                let error = DataError::new(field, format!("five axes, {axes:?}"), format!("shape {:?}", array.shape()));
                return Err(data(error));
            }
            let named = |error: DataError| data(DataError { field: format!("{field}, {}", error.field), ..error });
            let pool = array.to_video([order[0], order[1], order[2], order[3], order[4]]).map_err(named)?;
            let timeline = timeline(time, Some(pool.shape()[1])).map_err(data)?;
            let clip_of_trial = clips(path, bundle, table.clip_of_trial.as_deref(), &field, &pool, n_trials)?;
            Ok(VideoSource::Clips { pool, clip_of_trial, timeline })
        }
    }
}

fn clips(
    path: &Path,
    bundle: &mut Bundle,
    array: Option<&str>,
    field: &str,
    pool: &VideoPool,
    n_trials: usize,
) -> Result<Vec<usize>> {
    let data = |error| FormatError::data(path, error);
    let Some(name) = array else {
        if pool.n_clips() != n_trials {
            let error = DataError::new(
                format!("{field}, trial axis"),
                format!("{n_trials} clips, one a trial"),
                pool.n_clips().to_string(),
            );
            return Err(data(
                error.hint(
                    "every trial needs a video; where trials share clips, name an array in `video.clip_of_trial`",
                ),
            ));
        }
        return Ok((0..n_trials).collect());
    };
    let key = "video.clip_of_trial";
    let values = trials::read(path, bundle, key, name, n_trials)?.to_f64().map_err(data)?;
    let clip = |(trial_idx, &value): (usize, &f64)| {
        let exists = value >= 0.0 && value.fract() == 0.0 && value < pool.n_clips() as f64;
        exists.then_some(value as usize).ok_or_else(|| {
            let expected = format!("a clip from 0 below {} for every trial", pool.n_clips());
            let error = DataError::new(format!("{key} `{name}`"), expected, format!("{value} at trial {trial_idx}"));
            data(error.hint("every trial needs a video: drop the trial or add its clip"))
        })
    };
    values.iter().enumerate().map(clip).collect()
}

fn timeline(table: &TimelineTable, n_in_video: Option<usize>) -> spikereel_data::Result<Timeline> {
    let named = |error: DataError| DataError { field: format!("timeline, {}", error.field), ..error };
    let in_phases = table.phases.iter().try_fold(0_usize, |n, span| n.checked_add(span.n_frames));
    let Some(in_phases) = in_phases else {
        return Err(named(DataError::new("phases", "numbers of frames that can be added", "larger ones")));
    };
    if let (Some(in_video), Some(said)) = (n_in_video, table.n_frames)
        && in_video != said
    {
        return Err(named(DataError::new("n_frames", format!("{in_video}, as the videos have"), said.to_string())));
    }
    let n_frames = n_in_video.or(table.n_frames).or((in_phases > 0).then_some(in_phases));
    let Some(n_frames) = n_frames else {
        return Err(named(DataError::new("n_frames", "a number, or `phases`", "nothing")));
    };
    Timeline::new(table.frame_rate_hz, table.start_secs, n_frames, table.phases.clone()).map_err(named)
}
