//! Whole clips and pools of clips of the cue-and-dots stimulus.

use super::conditions::{Shown, shown};
use super::config::StimulusConfig;
use super::cue::{self, Cue};
use super::dots::{Dots, Speed, color_rgb};
use super::fixation;
use super::raster::{Canvas, Stamp};
use rand::Rng;
use rayon::prelude::*;
use spikereel_data::{ConditionTable, DataError, Recording, Result, SharedBytes, VideoPool, rng};

/// Draws one clip, `[frame, height, width, rgb]`, 0 to 255.
///
/// # Errors
/// A configuration that does not fit together, an unknown color, a direction that is not finite.
pub fn render_clip(
    config: &StimulusConfig,
    cue: Cue,
    color_deg: f64,
    direction_deg: f64,
    speed: Speed,
    rng: &mut impl Rng,
) -> Result<Vec<u8>> {
    let painter = Painter::new(config)?;
    let shown = Shown { cue, color_deg, direction_deg };
    let mut clip = vec![0; painter.clip_len()];
    painter.paint(&shown, speed, rng, &mut clip)?;
    Ok(clip)
}

/// Clips for every condition, `n_clips_per_condition` each: clip `condition_idx * n_clips_per_condition + i`. Even `i`
/// are slow, odd `i` fast, so that half of each condition's clips move at each speed.
///
/// Clip `i` draws its dots from the stream `{stream_name}/clip{i}` in every condition: conditions differ by cue, color and direction
/// alone, and no decoder can tell them apart by where their dots happen to start.
///
/// # Errors
/// As [`render_clip`] and [`shown`]; no clips asked for, or more bytes than can be addressed.
pub fn clip_pool(
    config: &StimulusConfig,
    conditions: &ConditionTable,
    n_clips_per_condition: usize,
    seed: u64,
    stream_name: &str,
) -> Result<VideoPool> {
    let shown = (0..conditions.len()).map(|idx| shown(conditions, idx)).collect::<Result<Vec<_>>>()?;
    let n_clips = shown.len().saturating_mul(n_clips_per_condition);
    pool(config, n_clips, |clip_idx| {
        let (condition_idx, i) = (clip_idx / n_clips_per_condition, clip_idx % n_clips_per_condition);
        (shown[condition_idx], alternating(i), rng::stream(seed, &format!("{stream_name}/clip{i}")))
    })
}

/// One clip for every trial of a recording (trial `i` is clip `i`), each with dots of its own: the trials of a
/// condition alternate between slow and fast.
///
/// # Errors
/// As [`clip_pool`].
pub fn own_clips(config: &StimulusConfig, recording: &Recording, seed: u64) -> Result<VideoPool> {
    let shown =
        (0..recording.conditions.len()).map(|idx| shown(&recording.conditions, idx)).collect::<Result<Vec<_>>>()?;
    let mut n_seen = vec![0; shown.len()];
    let speeds: Vec<Speed> = recording
        .condition_of_trial
        .iter()
        .map(|&condition_idx| {
            n_seen[condition_idx] += 1;
            alternating(n_seen[condition_idx] - 1)
        })
        .collect();
    pool(config, recording.n_trials(), |trial_idx| {
        let name = format!("own_clips/{}/trial{trial_idx}", recording.session);
        (shown[recording.condition_of_trial[trial_idx]], speeds[trial_idx], rng::stream(seed, &name))
    })
}

fn alternating(i: usize) -> Speed {
    if i.is_multiple_of(2) { Speed::Slow } else { Speed::Fast }
}

fn pool<R: Rng>(
    config: &StimulusConfig,
    n_clips: usize,
    clip: impl Fn(usize) -> (Shown, Speed, R) + Sync,
) -> Result<VideoPool> {
    let painter = Painter::new(config)?;
    let n_bytes = n_clips.checked_mul(painter.clip_len()).filter(|&n| n > 0 && n <= isize::MAX as usize);
    let Some(n_bytes) = n_bytes else {
        return Err(DataError::new("clips", "at least 1, and no more than memory can hold", n_clips.to_string()));
    };
    let mut bytes = vec![0; n_bytes];
    bytes.par_chunks_mut(painter.clip_len()).enumerate().try_for_each(|(clip_idx, out)| {
        let (shown, speed, mut rng) = clip(clip_idx);
        painter.paint(&shown, speed, &mut rng, out)
    })?;
    VideoPool::new([n_clips, config.n_frames(), config.out_px, config.out_px, 3], SharedBytes::new(bytes))
}

/// The frames that never change, drawn once, and what the moving ones need.
struct Painter<'a> {
    config: &'a StimulusConfig,
    dot: Stamp,
    fixation_frame: Vec<u8>,
    cue_frames: [Vec<u8>; 4],
}

impl<'a> Painter<'a> {
    fn new(config: &'a StimulusConfig) -> Result<Self> {
        config.check()?;
        let dot = Stamp::disc(config, fixation::DOT_DIAMETER, fixation::DOT_HOLE_PX);
        let frame = |draw: &dyn Fn(&mut Canvas)| {
            let (mut canvas, mut frame) = (Canvas::new(config), vec![0; config.frame_len()]);
            draw(&mut canvas);
            canvas.write_frame(&mut frame);
            frame
        };
        let fixation_frame = frame(&|canvas| fixation::draw(canvas, &dot, fixation::TARGET_X));
        let cue_frames = Cue::ALL.map(|shape| frame(&|canvas| cue::draw(canvas, &dot, shape)));
        Ok(Self { config, dot, fixation_frame, cue_frames })
    }

    fn clip_len(&self) -> usize {
        self.config.n_frames() * self.config.frame_len()
    }

    fn paint(&self, shown: &Shown, speed: Speed, rng: &mut impl Rng, out: &mut [u8]) -> Result<()> {
        let rgb = color_rgb(shown.color_deg)?.map(f32::from);
        if !shown.direction_deg.is_finite() {
            return Err(DataError::new("direction_deg", "a finite number", shown.direction_deg.to_string()));
        }
        let config = self.config;
        let mut canvas = Canvas::new(config);
        let step_radii = speed.step_radii(config.frame_rate_hz);
        let mut dots = Dots::new(config.n_dots, shown.direction_deg, step_radii, rng);
        for (frame_idx, frame) in out.chunks_mut(config.frame_len()).enumerate() {
            if frame_idx < config.n_fixation_frames {
                frame.copy_from_slice(&self.fixation_frame);
            } else if frame_idx < config.n_fixation_frames + config.n_cue_frames {
                frame.copy_from_slice(&self.cue_frames[shown.cue as usize]);
            } else {
                canvas.clear();
                dots.step(rng);
                dots.draw(&mut canvas, &self.dot, rgb);
                canvas.write_frame(frame);
            }
        }
        Ok(())
    }
}
