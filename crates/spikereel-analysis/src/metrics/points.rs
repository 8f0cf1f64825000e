//! Colors at four symmetric points of the stimulus, averaged over frames: the paper's color readout.
//!
//! The paper says "four symmetric points at 2/4 and 3/4 positions along axes"; two readings fit its published number equally well
//! (paper-facts, section 5), so both are offered.

use crate::Clip;
use serde::{Deserialize, Serialize};

/// Where the four points lie. Stated for 32 x 32 and scaled to other sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointLayout {
    /// (row, col) = (16, 8), (16, 24), (8, 16), (24, 16): on the two axes, none on the fixation dot.
    #[default]
    Axes,
    /// (16, 16), (16, 24), (24, 16), (24, 24): the other reading; meets the fixation dot and a black corner.
    Square,
}

impl PointLayout {
    /// The points as (row, col) for a frame of this size.
    pub fn points(self, height: usize, width: usize) -> [(usize, usize); 4] {
        let quarters = match self {
            Self::Axes => [(2, 1), (2, 3), (1, 2), (3, 2)],
            Self::Square => [(2, 2), (2, 3), (3, 2), (3, 3)],
        };
        quarters.map(|(row, col)| (row * height / 4, col * width / 4))
    }
}

/// RGB at the four points, mean over `frames`: 12 numbers, points in the order of [`PointLayout::points`], rgb fastest.
/// Empty where `frames` is.
pub fn four_points(clip: &Clip<'_>, frames: &[usize], layout: PointLayout) -> Vec<f64> {
    if frames.is_empty() {
        return Vec::new();
    }
    let [_, height, width, _] = clip.shape();
    let mut colors = Vec::with_capacity(12);
    for (row, col) in layout.points(height, width) {
        let mut sum = [0.0; 3];
        for &frame_idx in frames {
            for (sum, value) in sum.iter_mut().zip(clip.rgb(frame_idx, row, col)) {
                *sum += f64::from(value);
            }
        }
        colors.extend(sum.map(|sum| sum / frames.len() as f64));
    }
    colors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_the_published_ones_at_32_and_their_colors_are_read() {
        assert_eq!(PointLayout::Axes.points(32, 32), [(16, 8), (16, 24), (8, 16), (24, 16)]);
        assert_eq!(PointLayout::Square.points(32, 32), [(16, 16), (16, 24), (24, 16), (24, 24)]);
        let mut values = vec![0.0; 2 * 32 * 32 * 3];
        values[((32 + 16) * 32 + 8) * 3 + 1] = 1.0; // frame 1, row 16, col 8, green
        let clip = Clip::new([2, 32, 32, 3], &values).unwrap();
        let colors = four_points(&clip, &[0, 1], PointLayout::Axes);
        assert_eq!((colors.len(), colors[1], colors.iter().sum::<f64>()), (12, 0.5, 0.5));
    }
}
