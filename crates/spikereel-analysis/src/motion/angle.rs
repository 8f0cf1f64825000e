//! The direction a video moves in: mean optical flow over pixels and pairs of frames, as an angle.

use crate::Clip;
use crate::motion::farneback::Farneback;
use serde::{Deserialize, Serialize};

/// How the direction is read. The paper says "step of 2" and gives no flow parameters; these fit its angles (paper-facts, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlowDirection {
    /// The flow.
    pub farneback: Farneback,
    /// Frames between the two of a pair.
    pub step: usize,
}

impl Default for FlowDirection {
    fn default() -> Self {
        Self { farneback: Farneback::default(), step: 2 }
    }
}

/// Mean flow below this many pixels shows no direction.
const SMALLEST_FLOW_PX: f64 = 1e-9;

impl FlowDirection {
    /// Direction in degrees, counter-clockwise from rightward, in -180..=180; pairs are (i, i + step) within `frames`.
    /// None where there is no pair or no flow.
    pub fn angle_deg(&self, clip: &Clip<'_>, frames: &[usize]) -> Option<f64> {
        let [vx, vy] = self.mean_flow(clip, frames)?;
        let still = vx.hypot(vy) < SMALLEST_FLOW_PX || !(vx.is_finite() && vy.is_finite());
        (!still).then(|| (-vy).atan2(vx).to_degrees())
    }

    /// Mean flow (rightward, downward) in pixels over all pixels and pairs.
    pub fn mean_flow(&self, clip: &Clip<'_>, frames: &[usize]) -> Option<[f64; 2]> {
        let [_, height, width, _] = clip.shape();
        let prepared: Vec<_> = frames
            .iter()
            .map(|&frame_idx| self.farneback.prepare(&gray_u8(clip.frame(frame_idx)), width, height))
            .collect();
        let (mut sum, mut n) = ([0.0_f64; 2], 0_usize);
        for (first, second) in prepared.iter().zip(prepared.iter().skip(self.step)) {
            for flow in self.farneback.flow(first, second) {
                sum[0] += f64::from(flow[0]);
                sum[1] += f64::from(flow[1]);
                n += 1;
            }
        }
        (n > 0).then(|| sum.map(|sum| sum / n as f64))
    }
}

/// Gray levels 0..=255, whole numbers, of a frame `[height, width, rgb]` in 0..=1: colors are rounded to bytes, then weighted as OpenCV's
/// `COLOR_RGB2GRAY` does on bytes (BT.601 in 15-bit fixed point).
pub fn gray_u8(frame: &[f32]) -> Vec<f32> {
    let byte = |value: f32| (f64::from(value) * 255.0).round().clamp(0.0, 255.0) as u32;
    frame.chunks_exact(3).map(|rgb| gray_of_bytes(byte(rgb[0]), byte(rgb[1]), byte(rgb[2])) as f32).collect()
}

fn gray_of_bytes(red: u32, green: u32, blue: u32) -> u32 {
    (red * 9798 + green * 19235 + blue * 3735 + (1 << 14)) >> 15
}

/// Distance between two directions, wrapped into 0..=180 degrees.
pub fn angle_difference_deg(a: f64, b: f64) -> f64 {
    let difference = (a - b).rem_euclid(360.0);
    difference.min(360.0 - difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A blob moving `per_frame` (right, up) pixels a frame.
    fn moving_blob(per_frame: [f64; 2]) -> Vec<f32> {
        let mut values = Vec::new();
        for frame in 0..6 {
            for row in 0..32 {
                for col in 0..32 {
                    let x = col as f64 - 16.0 - per_frame[0] * (frame as f64 - 2.5);
                    let y = 16.0 - row as f64 - per_frame[1] * (frame as f64 - 2.5);
                    let value = (-(x * x + y * y) / 40.0).exp() as f32;
                    values.extend([value, value * 0.8, value * 0.5]);
                }
            }
        }
        values
    }

    #[test]
    fn a_moving_blob_shows_its_direction() {
        for direction_deg in [90.0, 30.0, -30.0, -90.0, 179.0_f64] {
            let (sin, cos) = direction_deg.to_radians().sin_cos();
            let values = moving_blob([0.8 * cos, 0.8 * sin]);
            let clip = Clip::new([6, 32, 32, 3], &values).unwrap();
            let found = FlowDirection::default().angle_deg(&clip, &[0, 1, 2, 3, 4, 5]).unwrap();
            assert!(angle_difference_deg(found, direction_deg) < 3.0, "{direction_deg}: {found}");
        }
    }

    #[test]
    fn a_still_video_and_too_few_frames_show_no_direction() {
        let values = vec![0.5; 6 * 32 * 32 * 3];
        let clip = Clip::new([6, 32, 32, 3], &values).unwrap();
        assert_eq!(FlowDirection::default().angle_deg(&clip, &[0, 1, 2, 3]), None);
        assert_eq!(FlowDirection::default().angle_deg(&clip, &[0, 1]), None);
    }

    proptest! {
        #[test]
        fn differences_of_angles_stay_within_half_a_turn(a in -720.0..720.0_f64, b in -720.0..720.0_f64) {
            let difference = angle_difference_deg(a, b);
            prop_assert!((0.0..=180.0).contains(&difference));
            prop_assert!((difference - angle_difference_deg(b, a)).abs() < 1e-9);
        }
    }
}
