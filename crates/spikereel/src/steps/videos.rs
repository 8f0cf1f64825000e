//! Target videos of a dataset: which pools are drawn, and which clip each trial shows.

use crate::config::StimulusConfig;
use crate::config::choices::StimulusKind;
use crate::{ConfigError, Result};
use spikereel_data::prepare::{BinnedTrials, ClipAssignment, assign_clips, concat_pools};
use spikereel_data::rng::{permutation, stream};
use spikereel_data::{Part, Recording, Split, TargetKind, Timeline, VideoPool};
use spikereel_formats::VideoSource;
use spikereel_synth::stimulus;

/// Videos of all trials.
pub struct Videos {
    /// The clips.
    pub pool: VideoPool,
    /// The clip of each trial.
    pub clip_of_trial: Vec<usize>,
    /// Their frames in time.
    pub timeline: Timeline,
    /// How they relate to the spikes.
    pub target_kind: TargetKind,
}

/// Synth's settings for the Gabor pair.
pub fn gabor_config(config: &StimulusConfig) -> stimulus::GaborConfig {
    stimulus::GaborConfig {
        out_px: config.frame_px,
        n_frames: config.n_frames,
        frame_rate_hz: config.frame_rate_hz,
        ..stimulus::GaborConfig::default()
    }
}

/// Synth's settings for the paper's videos. The drawing is four times the frame: averaged by two, then cropped to its middle half.
pub fn paper_config(config: &StimulusConfig) -> stimulus::StimulusConfig {
    stimulus::StimulusConfig {
        canvas_px: 4 * config.frame_px,
        downscale: 2,
        out_px: config.frame_px,
        frame_rate_hz: config.frame_rate_hz,
        n_fixation_frames: config.n_fixation_frames,
        n_cue_frames: config.n_cue_frames,
        n_stimulus_frames: config.n_frames - config.n_fixation_frames - config.n_cue_frames,
        ..stimulus::StimulusConfig::default()
    }
}

/// Draws the pools and deals clips. `own` is the one recording whose trials are used as they are, with what its sidecar says of videos.
///
/// # Errors
/// Conditions that these videos cannot show; own dots of anything but recorded trials of one simulation; clips that came with trials
/// that were resampled.
pub fn draw(
    config: &StimulusConfig,
    trials: &BinnedTrials,
    splits: &[Split],
    own: Option<(&Recording, Option<&VideoSource>)>,
    seed: u64,
) -> Result<Videos> {
    if config.kind == StimulusKind::Recorded {
        return came_along(own);
    }
    let n_conditions = trials.conditions.len();
    let conditions = &trials.condition_of_trial;
    if config.kind == StimulusKind::TwoGabor {
        let gabor = gabor_config(config);
        return Ok(Videos {
            pool: stimulus::gabor_pool(&gabor, &trials.conditions)?,
            clip_of_trial: assign_clips(ClipAssignment::Static, conditions, n_conditions, &splits[0], seed)?,
            timeline: gabor.timeline()?,
            // Nothing in this stimulus is random, so the condition's clip is what was shown.
            target_kind: TargetKind::OwnVideo,
        });
    }
    let paper = paper_config(config);
    let timeline = paper.timeline()?;
    let pool = |n: usize, name: &str| -> Result<VideoPool> {
        Ok(stimulus::clip_pool(&paper, &trials.conditions, n, seed, name)?)
    };
    if config.render_own_dots {
        let Some((recording, _)) = own.filter(|(recording, _)| recording.truth.is_some()) else {
            return Err(ConfigError::new("stimulus.render_own_dots", "simulated trials, used as recorded", "others")
                .hint("leave it out; dots of real or resampled trials are not known")
                .into());
        };
        return Ok(Videos {
            pool: stimulus::own_clips(&paper, recording, seed)?,
            clip_of_trial: (0..trials.n_trials()).collect(),
            timeline,
            target_kind: TargetKind::OwnVideo,
        });
    }
    let (pool, clip_of_trial) = if config.video_pool > 0 {
        let shared = ClipAssignment::Shared { n_per_condition: config.video_pool };
        (pool(config.video_pool, "video/shared")?, assign_clips(shared, conditions, n_conditions, &splits[0], seed)?)
    } else if let [split] = splits {
        let n_per_condition = [config.clips_train, config.clips_validation, config.clips_test];
        let names = ["video/train", "video/validation", "video/test"];
        let pools =
            n_per_condition.into_iter().zip(names).map(|(n, name)| pool(n, name)).collect::<Result<Vec<_>>>()?;
        let separate = ClipAssignment::Separate { n_per_condition };
        (concat_pools(&pools)?, assign_clips(separate, conditions, n_conditions, split, seed)?)
    } else {
        let names = (0..splits.len()).map(|fold_idx| format!("video/fold{fold_idx}"));
        let pools = names.map(|name| pool(config.clips_test, &name)).collect::<Result<Vec<_>>>()?;
        (concat_pools(&pools)?, deal_by_fold(config.clips_test, conditions, n_conditions, splits, seed))
    };
    Ok(Videos { pool, clip_of_trial, timeline, target_kind: TargetKind::ConditionOnly })
}

fn came_along(own: Option<(&Recording, Option<&VideoSource>)>) -> Result<Videos> {
    let Some((_, Some(VideoSource::Clips { pool, clip_of_trial, timeline }))) = own else {
        let expected = "trials used as recorded, with the clips in their sidecar";
        return Err(ConfigError::new("stimulus.kind = \"recorded\"", expected, "resampled trials, or no clips").into());
    };
    Ok(Videos {
        pool: pool.clone(),
        clip_of_trial: clip_of_trial.clone(),
        timeline: timeline.clone(),
        target_kind: TargetKind::OwnVideo,
    })
}

/// With folds, trials tested together share a pool of clips that no other fold's test trials show; so test clips never stand in
/// training. Validation trials of a fold are tested in another, and show that one's clips.
fn deal_by_fold(n: usize, conditions: &[usize], n_conditions: usize, splits: &[Split], seed: u64) -> Vec<usize> {
    let mut clips = vec![0; conditions.len()];
    for (fold_idx, split) in splits.iter().enumerate() {
        for condition in 0..n_conditions {
            let tested: Vec<usize> =
                split.trials(Part::Test).iter().copied().filter(|&trial| conditions[trial] == condition).collect();
            let rng = &mut stream(seed, &format!("clips/fold{fold_idx}/condition{condition}"));
            let order = permutation(n, rng);
            for (at, trial_at) in permutation(tested.len(), rng).into_iter().enumerate() {
                clips[tested[trial_at]] = (fold_idx * n_conditions + condition) * n + order[at % n];
            }
        }
    }
    clips
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikereel_data::prepare::{SplitConfig, split_trials};
    use std::collections::HashSet;

    #[test]
    fn with_folds_no_test_clip_is_ever_trained_on_and_each_shows_its_condition() {
        let conditions: Vec<usize> = (0..90).map(|trial_idx| trial_idx % 3).collect();
        let config = SplitConfig { n_folds: 3, ..SplitConfig::default() };
        let splits = split_trials(&conditions, &config, 5).unwrap();
        let clips = deal_by_fold(4, &conditions, 3, &splits, 5);
        for split in &splits {
            let shown = |part| split.trials(part).iter().map(|&trial| clips[trial]).collect::<HashSet<_>>();
            assert!(shown(Part::Test).is_disjoint(&shown(Part::Train)));
        }
        assert!(clips.iter().zip(&conditions).all(|(clip, condition)| (clip / 4) % 3 == *condition));
    }
}
