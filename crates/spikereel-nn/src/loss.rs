//! The published loss: frame-weighted structural dissimilarity plus squared error, in the two normalisations that exist of it.

use crate::Real;
use crate::network::Extent;
use serde::{Deserialize, Serialize};
use spikereel_data::{Phase, Timeline};
use spikereel_kernels::VideoLoss;

/// How the two terms are scaled. The paper's formula and its published code disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossScale {
    /// Weighted dissimilarity divided by the sum of weights, plus the mean squared error: the published code.
    #[default]
    Code,
    /// Weighted dissimilarity, plus the squared error summed over a sample's values: the paper's formula.
    Paper,
}

/// Weight of a frame's dissimilarity by the phase it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseWeights {
    /// Frames of fixation.
    pub fixation: f64,
    /// Frames of the cue.
    pub cue: f64,
    /// Frames of the stimulus.
    pub stimulus: f64,
}

impl Default for PhaseWeights {
    /// 1, 2 and 5, as in the published code, which gives no reason.
    fn default() -> Self {
        Self { fixation: 1.0, cue: 2.0, stimulus: 5.0 }
    }
}

/// Weight of each frame; 1 for each frame of a timeline without phases.
pub fn frame_weights(timeline: &Timeline, weights: PhaseWeights) -> Vec<f64> {
    let weight = |frame| match timeline.phase(frame) {
        Some(Phase::Fixation) => weights.fixation,
        Some(Phase::Cue) => weights.cue,
        Some(Phase::Stimulus) => weights.stimulus,
        None => 1.0,
    };
    (0..timeline.n_frames).map(weight).collect()
}

/// The loss of a batch of videos of this size.
pub fn video_loss<R: Real>(scale: LossScale, frame_weights: &[f64], batch: usize, video: Extent) -> VideoLoss<R> {
    let (ssim_scale, squared_error_scale) = match scale {
        LossScale::Code => (1.0 / frame_weights.iter().sum::<f64>(), 1.0 / (batch * video.len()) as f64),
        LossScale::Paper => (1.0, 1.0 / batch as f64),
    };
    VideoLoss {
        batch,
        frames: video.frames,
        height: video.height,
        width: video.width,
        frame_weights: frame_weights.iter().map(|&weight| R::from_f64(weight)).collect(),
        ssim_scale: R::from_f64(ssim_scale),
        squared_error_scale: R::from_f64(squared_error_scale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_timeline_weighs_175_and_one_without_phases_its_frames() {
        assert_eq!(frame_weights(&Timeline::paper(), PhaseWeights::default()).iter().sum::<f64>(), 175.0);
        let plain = Timeline::new(10.0, 0.0, 7, vec![]).unwrap();
        assert_eq!(frame_weights(&plain, PhaseWeights::default()), [1.0; 7]);
    }
}
