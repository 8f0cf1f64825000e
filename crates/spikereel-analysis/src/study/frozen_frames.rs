//! Motion in a stretch of frames that a decoder's table makes identical: how much decoded frames change there, and whether the change has
//! the right direction.
//!
//! A decoder whose bottleneck has one time step repeats a picture in the middle of its output, whatever the spikes say. The stretch is handed
//! in; another decoder that keeps time is measured on the same frames.

use crate::Clip;
use crate::motion::{FlowDirection, angle_difference_deg};
use crate::stats::HierarchicalBootstrap;
use crate::study::compare::{Estimate, estimate};
use crate::study::scorer::check_videos;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Decoder, Fold, Part, Result};
use std::ops::Range;

/// Gray levels of a byte.
const BYTE: f64 = 255.0;
/// A video without flow scores as a guess does on average.
const GUESS_DEG: f64 = 90.0;

/// Neighboring frames that differ by less, in gray levels, are one picture up to rounding: optical flow between them is noise.
const STILL_GRAY: f64 = 1e-3;

/// What to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenOptions {
    /// The stretch.
    pub frames: Range<usize>,
    /// Factor of the direction, degrees counter-clockwise from rightward; none where there is none.
    pub direction_factor: Option<String>,
    /// How direction is read.
    pub flow: FlowDirection,
    /// Bootstrap replicates over conditions.
    pub n_bootstrap: usize,
    /// Their seed.
    pub seed: u64,
}

/// One video source in the stretch. Values per condition are none where it has no trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenScores {
    /// Name.
    pub name: String,
    /// Mean absolute difference of neighboring frames of single trials' videos, gray levels of 255, mean over the condition's trials.
    pub change_of_trials: Vec<Option<f64>>,
    /// The same of the condition's mean video.
    pub change_of_mean: Vec<Option<f64>>,
    /// Error of the direction of flow in the condition's mean video, degrees; 90 where nothing moves. Empty without directions.
    pub angle_error: Vec<Option<f64>>,
    /// Mean absolute difference of each frame to the next over the whole video, gray levels of 255: of single trials' videos, mean over
    /// conditions. One value less than frames.
    pub change_by_frame: Vec<f64>,
    /// Conditions whose mean video stands still.
    pub n_still: usize,
    /// Intervals of the means of the three, in this order.
    pub estimates: [Option<Estimate>; 3],
    /// This minus the first source, condition by condition; none for the first.
    pub differences: [Option<Estimate>; 3],
}

/// What one source leaves of a condition.
struct OfCondition {
    /// Of each frame to the next, mean over trials.
    changes: Vec<f64>,
    mean: Vec<f32>,
}

/// Measures decoders, and last the true videos under the name `true videos`.
///
/// # Errors
/// A stretch of fewer than two frames or beyond the video, a part without trials, what a decoder refuses.
pub fn frozen_frames(
    decoders: &[(String, &dyn Decoder)],
    fold: &Fold,
    part: Part,
    options: &FrozenOptions,
) -> Result<Vec<FrozenScores>> {
    let n_frames = fold.dataset().video_shape()[0];
    let Range { start, end } = options.frames;
    if start + 2 > end || end > n_frames {
        let expected = format!("two frames or more below {n_frames}");
        return Err(DataError::new("frames", expected, format!("{start}..{end}")));
    }
    let mut all: Vec<FrozenScores> = Vec::new();
    let sources = decoders.iter().map(|(name, decoder)| (name.as_str(), Some(*decoder))).chain([("true videos", None)]);
    for (name, decoder) in sources {
        let conditions = gather(decoder, fold, part)?;
        let scores = score(name, &conditions, fold, options, all.first())?;
        all.push(scores);
    }
    Ok(all)
}

fn gather(decoder: Option<&dyn Decoder>, fold: &Fold, part: Part) -> Result<Vec<Option<OfCondition>>> {
    const BATCH: usize = 32;
    let shape = fold.dataset().video_shape();
    let len: usize = shape.iter().product();
    let empty = (0_usize, vec![0.0_f64; shape[0] - 1], Vec::<f64>::new());
    let mut sums = vec![empty; fold.dataset().conditions.len()];
    if fold.trials(part).is_empty() {
        return Err(DataError::new(format!("trials of part {part:?}"), "at least one", "none"));
    }
    for batch in fold.trials(part).chunks(BATCH) {
        let videos = match decoder {
            Some(decoder) => decoder.predict(fold.spikes(batch).view())?,
            None => fold.videos(batch),
        };
        check_videos(&videos, batch.len(), shape)?;
        let videos = videos.as_standard_layout();
        let Some(values) = videos.as_slice() else { continue };
        for (&trial, video) in batch.iter().zip(values.chunks_exact(len)) {
            let (n, changes, sum) = &mut sums[fold.condition_of(trial)];
            *n += 1;
            let own = changes_of(&Clip::new(shape, video)?);
            changes.iter_mut().zip(own).for_each(|(sum, change)| *sum += change);
            sum.resize(len, 0.0);
            sum.iter_mut().zip(video).for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }
    let finish = |(n, changes, sum): (usize, Vec<f64>, Vec<f64>)| {
        let mean = |value: f64| value / n as f64;
        (n > 0).then(|| OfCondition {
            changes: changes.into_iter().map(mean).collect(),
            mean: sum.into_iter().map(|value| mean(value) as f32).collect(),
        })
    };
    Ok(sums.into_iter().map(finish).collect())
}

/// Mean absolute difference of each frame to the next, gray levels.
fn changes_of(clip: &Clip<'_>) -> Vec<f64> {
    let of_pair = |frame: usize| {
        let (a, b) = (clip.frame(frame), clip.frame(frame + 1));
        BYTE * a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs()).sum::<f64>() / a.len() as f64
    };
    (0..clip.shape()[0] - 1).map(of_pair).collect()
}

/// Mean over the pairs of neighbors within a stretch.
fn within(changes: &[f64], frames: &Range<usize>) -> f64 {
    let pairs = &changes[frames.start..frames.end - 1];
    pairs.iter().sum::<f64>() / pairs.len() as f64
}

fn score(
    name: &str,
    conditions: &[Option<OfCondition>],
    fold: &Fold,
    options: &FrozenOptions,
    first: Option<&FrozenScores>,
) -> Result<FrozenScores> {
    let dataset = fold.dataset();
    let shape = dataset.video_shape();
    let frames: Vec<usize> = options.frames.clone().collect();
    let change_of_trials: Vec<Option<f64>> =
        conditions.iter().map(|own| own.as_ref().map(|own| within(&own.changes, &options.frames))).collect();
    let mean_changes = conditions.iter().map(|own| match own {
        Some(own) => Ok(Some(within(&changes_of(&Clip::new(shape, &own.mean)?), &options.frames))),
        None => Ok(None),
    });
    let change_of_mean: Vec<Option<f64>> = mean_changes.collect::<Result<_>>()?;
    let angle = |(condition, own): (usize, &Option<OfCondition>)| -> Result<Option<(f64, bool)>> {
        let Some(own) = own else { return Ok(None) };
        let factor = options.direction_factor.as_deref().filter(|_| frames.len() > options.flow.step);
        let Some(truth) = factor.and_then(|factor| dataset.conditions.number(condition, factor)) else {
            return Ok(None);
        };
        let clip = Clip::new(shape, &own.mean)?;
        let moves = within(&changes_of(&clip), &options.frames) > STILL_GRAY;
        let found = if moves { options.flow.angle_deg(&clip, &frames) } else { None };
        Ok(Some((found.map_or(GUESS_DEG, |found| angle_difference_deg(found, truth)), found.is_none())))
    };
    let angles: Vec<Option<(f64, bool)>> = conditions.par_iter().enumerate().map(angle).collect::<Result<_>>()?;
    let n_still = angles.iter().flatten().filter(|(_, still)| *still).count();
    let angle_error: Vec<Option<f64>> = angles.iter().map(|angle| angle.map(|(error, _)| error)).collect();
    let own = [&change_of_trials, &change_of_mean, &angle_error];
    let of_first = first.map(|first| [&first.change_of_trials, &first.change_of_mean, &first.angle_error]);
    let bootstrap = |measure: usize| HierarchicalBootstrap {
        n_replicates: options.n_bootstrap,
        seed: options.seed,
        name: format!("frozen/{name}/{measure}"),
    };
    let difference = |measure: usize| {
        let pairs = own[measure].iter().zip(of_first?[measure]);
        let values = pairs.map(|(own, first)| Some((*own)? - (*first)?)).collect();
        estimate(&bootstrap(measure), &[values])
    };
    let by_frame = |frame: usize| {
        let of_conditions: Vec<f64> = conditions.iter().flatten().map(|own| own.changes[frame]).collect();
        of_conditions.iter().sum::<f64>() / of_conditions.len() as f64
    };
    Ok(FrozenScores {
        name: name.into(),
        estimates: [0, 1, 2].map(|measure| estimate(&bootstrap(measure), &[own[measure].clone()])),
        differences: [0, 1, 2].map(difference),
        change_by_frame: (0..shape[0] - 1).map(by_frame).collect(),
        n_still,
        change_of_trials,
        change_of_mean,
        angle_error,
    })
}
