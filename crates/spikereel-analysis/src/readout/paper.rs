//! The paper's three readouts: shape in the cue frames, color at four points, direction of motion by optical flow.

use crate::Clip;
use crate::metrics::{PointLayout, cosine, four_points, pearson};
use crate::motion::{FlowDirection, angle_difference_deg};
use crate::readout::{Readout, Readouts};
use crate::score::ScoreKind;
use spikereel_data::{Dataset, Phase, Timeline};

/// Gray levels of a byte, the scale of the paper's masking measures.
const BYTE: f64 = 255.0;

/// Shape, color and motion with their default options and the factors `cue`, `color`, `direction`.
pub fn paper_readouts() -> Readouts {
    vec![Box::new(ShapeReadout::default()), Box::new(ColorReadout::default()), Box::new(MotionReadout::default())]
}

/// Shape of the cue: Pearson correlation of each cue frame, all pixels and colors, mean over frames.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeReadout {
    /// Factor of the cue.
    pub factor: String,
}

impl Default for ShapeReadout {
    fn default() -> Self {
        Self { factor: "cue".into() }
    }
}

impl Readout for ShapeReadout {
    fn name(&self) -> &str {
        "shape"
    }

    fn factor(&self) -> Option<&str> {
        Some(&self.factor)
    }

    fn frames(&self, timeline: &Timeline) -> Vec<usize> {
        timeline.frames_of(Phase::Cue)
    }

    fn scores(&self) -> Vec<ScoreKind> {
        vec![ScoreKind::similarity("cue Pearson"), ScoreKind::similarity("cue Pearson, frames concatenated")]
    }

    fn read(&self, video: &Clip<'_>, timeline: &Timeline) -> Vec<f64> {
        // The number of frames leads, so that a comparison can take them apart again.
        let frames = self.frames(timeline);
        let mut reading = Vec::with_capacity(1 + frames.len() * video.frame_len());
        reading.push(frames.len() as f64);
        frames.iter().for_each(|&frame_idx| reading.extend(video.frame(frame_idx).iter().map(|&v| f64::from(v))));
        reading
    }

    fn compare(&self, decoded: &[f64], truth: &[f64]) -> Vec<Option<f64>> {
        let (Some((&n_frames, decoded)), Some((_, truth))) = (decoded.split_first(), truth.split_first()) else {
            return vec![None; 2];
        };
        if n_frames < 1.0 || decoded.len() != truth.len() || decoded.is_empty() {
            return vec![None; 2];
        }
        let len = decoded.len() / n_frames as usize;
        let of_frames: Vec<f64> =
            decoded.chunks_exact(len).zip(truth.chunks_exact(len)).filter_map(|(a, b)| pearson(a, b)).collect();
        let mean = (!of_frames.is_empty()).then(|| of_frames.iter().sum::<f64>() / of_frames.len() as f64);
        vec![mean, pearson(decoded, truth)]
    }

    fn change_kind(&self) -> Option<(String, String)> {
        Some(("mean |masked - unmasked| over cue frames".into(), "gray levels of 255".into()))
    }

    fn change(&self, unmasked: &[f64], masked: &[f64]) -> Option<f64> {
        mean_distance(unmasked.get(1..)?, masked.get(1..)?)
    }
}

/// Color: mean over the stimulus frames at four points, Pearson correlation and cosine of the 12 numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorReadout {
    /// Factor of the color.
    pub factor: String,
    /// Where the points lie.
    pub layout: PointLayout,
}

impl Default for ColorReadout {
    fn default() -> Self {
        Self { factor: "color".into(), layout: PointLayout::Axes }
    }
}

impl Readout for ColorReadout {
    fn name(&self) -> &str {
        "color"
    }

    fn factor(&self) -> Option<&str> {
        Some(&self.factor)
    }

    fn frames(&self, timeline: &Timeline) -> Vec<usize> {
        timeline.frames_of(Phase::Stimulus)
    }

    fn scores(&self) -> Vec<ScoreKind> {
        vec![ScoreKind::similarity("RGB Pearson"), ScoreKind::similarity("RGB cosine")]
    }

    fn read(&self, video: &Clip<'_>, timeline: &Timeline) -> Vec<f64> {
        four_points(video, &self.frames(timeline), self.layout)
    }

    fn compare(&self, decoded: &[f64], truth: &[f64]) -> Vec<Option<f64>> {
        vec![pearson(decoded, truth), cosine(decoded, truth)]
    }

    fn change_kind(&self) -> Option<(String, String)> {
        Some(("mean |masked - unmasked| of RGB at four points".into(), "gray levels of 255".into()))
    }

    fn change(&self, unmasked: &[f64], masked: &[f64]) -> Option<f64> {
        mean_distance(unmasked, masked)
    }
}

/// Motion: direction of the mean optical flow over the stimulus frames, error in degrees against the condition's direction.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionReadout {
    /// Factor of the direction, in degrees counter-clockwise from rightward.
    pub factor: String,
    /// The flow.
    pub flow: FlowDirection,
}

impl Default for MotionReadout {
    fn default() -> Self {
        Self { factor: "direction".into(), flow: FlowDirection::default() }
    }
}

impl Readout for MotionReadout {
    fn name(&self) -> &str {
        "motion"
    }

    fn factor(&self) -> Option<&str> {
        Some(&self.factor)
    }

    fn frames(&self, timeline: &Timeline) -> Vec<usize> {
        timeline.frames_of(Phase::Stimulus)
    }

    fn scores(&self) -> Vec<ScoreKind> {
        vec![ScoreKind::error("angle error", "deg")]
    }

    fn read(&self, video: &Clip<'_>, timeline: &Timeline) -> Vec<f64> {
        self.flow.angle_deg(video, &self.frames(timeline)).into_iter().collect()
    }

    fn truth(&self, dataset: &Dataset, condition_idx: usize, video: &Clip<'_>) -> Vec<f64> {
        match dataset.conditions.number(condition_idx, &self.factor) {
            Some(direction_deg) => vec![direction_deg],
            None => self.read(video, &dataset.timeline),
        }
    }

    fn compare(&self, decoded: &[f64], truth: &[f64]) -> Vec<Option<f64>> {
        // A video without any flow has not got the direction right: it scores as a guess does on average.
        const GUESS_DEG: f64 = 90.0;
        vec![truth.first().map(|&truth| decoded.first().map_or(GUESS_DEG, |&own| angle_difference_deg(own, truth)))]
    }

    fn own_video_is_truth(&self) -> bool {
        false
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn change_kind(&self) -> Option<(String, String)> {
        Some(("|masked - unmasked angle|".into(), "deg".into()))
    }

    fn change(&self, unmasked: &[f64], masked: &[f64]) -> Option<f64> {
        Some(angle_difference_deg(*unmasked.first()?, *masked.first()?))
    }
}

/// Mean absolute difference in gray levels.
fn mean_distance(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len();
    (n > 0 && n == b.len()).then(|| BYTE * a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_scores_perfectly_against_itself_and_worse_against_another() {
        let timeline = Timeline::paper();
        let video = |shift: usize| -> Vec<f32> {
            (0..45 * 32 * 32 * 3).map(|i| ((i % 3072 + shift) * 31 % 97) as f32 / 97.0).collect() // the same in every frame
        };
        let (own, other) = (video(0), video(40));
        let shape = [45, 32, 32, 3];
        let (own, other) = (Clip::new(shape, &own).unwrap(), Clip::new(shape, &other).unwrap());
        for readout in [&ShapeReadout::default() as &dyn Readout, &ColorReadout::default()] {
            let (a, b) = (readout.read(&own, &timeline), readout.read(&other, &timeline));
            for (same, different) in readout.compare(&a, &a).into_iter().zip(readout.compare(&a, &b)) {
                assert!((same.unwrap() - 1.0).abs() < 1e-12 && different.unwrap() < 0.999);
            }
            assert_eq!(readout.change(&a, &a), Some(0.0));
            assert!(readout.change(&a, &b).unwrap() > 1.0);
        }
    }

    #[test]
    fn directions_are_compared_the_short_way_round() {
        let motion = MotionReadout::default();
        assert_eq!(motion.compare(&[179.0], &[-179.0]), [Some(2.0)]);
        assert_eq!(motion.compare(&[], &[30.0]), [Some(90.0)]);
    }
}
