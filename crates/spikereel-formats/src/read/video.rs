//! The videos of a recording: clips in an array or in picture files, or a stimulus described by name that the caller draws.

use super::axes::TrialAxes;
use super::bundle::Bundle;
use super::clips::{self, Wanted, shrink_pool};
use super::sidecar::{GeneratorName, Sidecar, TimelineTable, VideoTable};
use super::spikes::axis_order;
use super::trials as columns;
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

pub(crate) fn read(path: &Path, bundle: &mut Bundle, sidecar: &Sidecar, trials: &TrialAxes) -> Result<VideoSource> {
    let data = |error| FormatError::data(path, error);
    let Some(table) = &sidecar.video else {
        return match sidecar.timeline {
            None => Ok(VideoSource::Unsaid),
            Some(_) => Err(data(DataError::new("timeline", "a table `[video]` that it belongs to", "none"))),
        };
    };
    let source = "`generator`, `array` or `clips`";
    match (table.generator, &table.array, &table.clips) {
        (None, None, None) => Err(data(DataError::new("video", source, "none of them"))),
        (Some(generator), None, None) => {
            if table.axes.is_some() || table.clip_of_trial.is_some() || table.frame_px.is_some() {
                let got = "`axes`, `clip_of_trial` or `frame_px`, which belong to `array` or `clips`";
                return Err(data(DataError::new("video", "`generator` alone", got)));
            }
            let timeline = sidecar.timeline.as_ref().map(|table| timeline(table, None).map_err(data)).transpose()?;
            Ok(VideoSource::Generator { generator, timeline })
        }
        (None, array, names) if array.is_none() || names.is_none() => {
            let Some(time) = &sidecar.timeline else {
                return Err(data(DataError::new("timeline", "frame_rate_hz and start_secs of the videos", "nothing")));
            };
            let (field, pool) = match (array, names) {
                (Some(name), _) => of_array(path, bundle, table, name)?,
                (None, names) => of_files(path, bundle, table, names.as_deref().unwrap_or_default(), time)?,
            };
            let timeline = timeline(time, Some(pool.shape()[1])).map_err(data)?;
            let clip_of_trial = clip_of_trial(path, bundle, table.clip_of_trial.as_deref(), &field, &pool, trials)?;
            Ok(VideoSource::Clips { pool, clip_of_trial, timeline })
        }
        _ => Err(data(DataError::new("video", source, "several of them").hint("keep one of them"))),
    }
}

fn of_array(path: &Path, bundle: &mut Bundle, table: &VideoTable, name: &str) -> Result<(String, VideoPool)> {
    let data = |error| FormatError::data(path, error);
    let field = format!("video.array `{name}`");
    let Some(axes) = &table.axes else {
        let expected = format!("the array's axes in order, such as {AXES:?}");
        return Err(data(DataError::new("video.axes", expected, "nothing")));
    };
    let order = axis_order("video.axes", &AXES, axes).map_err(data)?;
    let array = bundle.read("video.array", name)?.with_axes(5);
    if array.shape().len() != 5 {
        let error = DataError::new(field, format!("five axes, {axes:?}"), format!("shape {:?}", array.shape()));
        return Err(data(error));
    }
    let named = |error: DataError| data(DataError { field: format!("{field}, {}", error.field), ..error });
    let pool = array.to_video([order[0], order[1], order[2], order[3], order[4]]).map_err(named)?;
    let pool = match table.frame_px {
        None => pool,
        Some(px) => shrink_pool(&pool, px).map_err(data)?,
    };
    Ok((field, pool))
}

fn of_files(
    path: &Path,
    bundle: &mut Bundle,
    table: &VideoTable,
    names: &[String],
    time: &TimelineTable,
) -> Result<(String, VideoPool)> {
    let data = |error| FormatError::data(path, error);
    if table.axes.is_some() {
        return Err(data(DataError::new("video", "`clips` without `axes`", "`axes`, which belong to `array`")));
    }
    // Movies are sampled at this rate, so it is checked before any is read.
    if !(time.frame_rate_hz.is_finite() && time.frame_rate_hz > 0.0) {
        let error = DataError::new("timeline.frame_rate_hz", "a number above 0", time.frame_rate_hz.to_string());
        return Err(data(error));
    }
    let in_phases = time.phases.iter().try_fold(0_usize, |n, span| n.checked_add(span.n_frames));
    let n_frames = time.n_frames.or(in_phases.filter(|n| *n > 0));
    let wanted = Wanted { names, frame_px: table.frame_px, n_frames, frame_rate_hz: time.frame_rate_hz };
    Ok(("video.clips".into(), clips::read(path, bundle, &wanted)?))
}

fn clip_of_trial(
    path: &Path,
    bundle: &mut Bundle,
    array: Option<&str>,
    field: &str,
    pool: &VideoPool,
    trials: &TrialAxes,
) -> Result<Vec<usize>> {
    let data = |error| FormatError::data(path, error);
    let n_trials = trials.n_trials();
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
    let values = columns::read(path, bundle, key, name, trials)?.to_f64().map_err(data)?;
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
