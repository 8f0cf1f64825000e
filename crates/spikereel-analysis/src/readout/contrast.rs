//! Contrast of a known patch: the decoded video, mean over frames and colors, minus grey, projected on the patch at contrast 1.
//!
//! Fitted on nothing but the stimulus, so whatever it reads was in the decoded video.

use crate::Clip;
use crate::readout::{Readout, Readouts};
use crate::score::ScoreKind;
use spikereel_data::{DataError, Dataset, Phase, Result, Timeline};

/// Reads the contrast of one patch.
#[derive(Debug, Clone, PartialEq)]
pub struct ContrastReadout {
    name: String,
    factor: String,
    shape: [usize; 2],
    patch: Vec<f32>,
    grey: f32,
    energy: f64,
}

impl ContrastReadout {
    /// A readout of the contrast named by `factor`. `patch` `[height, width]` is what contrast 1 adds to `grey`, the background's value in 0..=1.
    ///
    /// # Errors
    /// A patch that does not fit its shape, is zero, or is not finite.
    pub fn new(name: &str, factor: &str, shape: [usize; 2], patch: Vec<f32>, grey: f32) -> Result<Self> {
        let energy: f64 = patch.iter().map(|&value| f64::from(value).powi(2)).sum();
        if patch.len() != shape[0] * shape[1] || !(energy.is_finite() && energy > 0.0) || !grey.is_finite() {
            let expected = format!("{} finite values, not all 0", shape[0] * shape[1]);
            return Err(DataError::new(format!("patch of {name}"), expected, format!("{} values", patch.len())));
        }
        Ok(Self { name: name.into(), factor: factor.into(), shape, patch, grey, energy })
    }
}

/// `contrast_left` and `contrast_right`, from the factors of these names.
///
/// # Errors
/// What [`ContrastReadout::new`] refuses.
pub fn contrast_readouts(shape: [usize; 2], left: Vec<f32>, right: Vec<f32>, grey: f32) -> Result<Readouts> {
    Ok(vec![
        Box::new(ContrastReadout::new("contrast_left", "contrast_left", shape, left, grey)?),
        Box::new(ContrastReadout::new("contrast_right", "contrast_right", shape, right, grey)?),
    ])
}

impl Readout for ContrastReadout {
    fn name(&self) -> &str {
        &self.name
    }

    /// None: contrast is a quantity, scored by correlation and not by naming levels.
    fn factor(&self) -> Option<&str> {
        None
    }

    fn frames(&self, timeline: &Timeline) -> Vec<usize> {
        timeline.frames_of(Phase::Stimulus)
    }

    fn scores(&self) -> Vec<ScoreKind> {
        vec![ScoreKind::error("contrast error", "contrast")]
    }

    fn read(&self, video: &Clip<'_>, timeline: &Timeline) -> Vec<f64> {
        let [_, height, width, _] = video.shape();
        let frames = self.frames(timeline);
        if [height, width] != self.shape || frames.is_empty() {
            return Vec::new();
        }
        let mut sum = vec![0.0_f64; height * width];
        for &frame_idx in &frames {
            for (sum, rgb) in sum.iter_mut().zip(video.frame(frame_idx).chunks_exact(3)) {
                *sum += rgb.iter().map(|&value| f64::from(value) - f64::from(self.grey)).sum::<f64>();
            }
        }
        let projected: f64 = sum.iter().zip(&self.patch).map(|(sum, &patch)| sum * f64::from(patch)).sum();
        vec![projected / (3.0 * frames.len() as f64 * self.energy)]
    }

    fn truth(&self, dataset: &Dataset, condition_idx: usize, video: &Clip<'_>) -> Vec<f64> {
        match dataset.conditions.number(condition_idx, &self.factor) {
            Some(contrast) => vec![contrast],
            None => self.read(video, &dataset.timeline),
        }
    }

    fn compare(&self, decoded: &[f64], truth: &[f64]) -> Vec<Option<f64>> {
        vec![decoded.first().zip(truth.first()).map(|(decoded, truth)| (decoded - truth).abs())]
    }

    fn own_video_is_truth(&self) -> bool {
        false
    }

    fn is_pooled(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contrast_that_was_drawn_is_read_and_the_other_side_is_not_seen() {
        let patch: Vec<f32> =
            (0..64).map(|i| if i % 8 < 4 { ((i * 5) % 7) as f32 / 14.0 - 0.2 } else { 0.0 }).collect();
        let readout = ContrastReadout::new("contrast_left", "contrast_left", [8, 8], patch.clone(), 0.5).unwrap();
        let timeline = Timeline::new(10.0, 0.0, 2, Vec::new()).unwrap();
        let mut video = vec![0.0; 2 * 64 * 3];
        for (at, value) in video.iter_mut().enumerate() {
            let pixel = (at / 3) % 64;
            *value = 0.5 + 0.25 * patch[pixel] + if pixel % 8 >= 4 { 0.3 } else { 0.0 };
        }
        let read = readout.read(&Clip::new([2, 8, 8, 3], &video).unwrap(), &timeline);
        assert!((read[0] - 0.25).abs() < 1e-6, "{read:?}");
        assert!(ContrastReadout::new("x", "x", [8, 8], vec![0.0; 64], 0.5).is_err());
    }
}
