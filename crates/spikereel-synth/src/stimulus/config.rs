//! What can be set about the paper's videos; the defaults are the paper's.

use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// Sizes, frame rate and phases of the videos. Shapes scale with `canvas_px`; dot speed scales with the frame rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StimulusConfig {
    /// Side of the drawing. The paper's: 128.
    pub canvas_px: usize,
    /// Side of the blocks that are averaged into one pixel. The paper's: 2, exact mean.
    pub downscale: usize,
    /// Side of the central crop that is kept after averaging. The paper's: 32, rows and columns 16 to 48 of 64.
    pub out_px: usize,
    /// Frames per second. The paper's: 10.
    pub frame_rate_hz: f64,
    /// Frames with the fixation dot and the targets alone. The paper's: 5.
    pub n_fixation_frames: usize,
    /// Frames with the cue. The paper's: 10.
    pub n_cue_frames: usize,
    /// Frames with moving dots. The paper's: 30.
    pub n_stimulus_frames: usize,
    /// Number of moving dots. The paper's: 400.
    pub n_dots: usize,
}

impl Default for StimulusConfig {
    fn default() -> Self {
        Self {
            canvas_px: 128,
            downscale: 2,
            out_px: 32,
            frame_rate_hz: 10.0,
            n_fixation_frames: 5,
            n_cue_frames: 10,
            n_stimulus_frames: 30,
            n_dots: 400,
        }
    }
}

impl StimulusConfig {
    /// Checks that the sizes fit each other.
    ///
    /// # Errors
    /// Names the field: a canvas that `downscale` does not divide or above 4096, an output that does not stand in its
    /// centre, no frames, a rate that is not positive, more than a million dots.
    pub fn check(&self) -> Result<()> {
        if self.canvas_px == 0 || self.canvas_px > 4096 {
            return Err(DataError::new("canvas_px", "1 to 4096", self.canvas_px.to_string()));
        }
        if self.downscale == 0 || !self.canvas_px.is_multiple_of(self.downscale) {
            return Err(DataError::new(
                "downscale",
                format!("a divisor of canvas_px = {}", self.canvas_px),
                self.downscale.to_string(),
            ));
        }
        let small_px = self.canvas_px / self.downscale;
        if self.out_px == 0 || self.out_px > small_px || !(small_px - self.out_px).is_multiple_of(2) {
            return Err(DataError::new(
                "out_px",
                format!("1 to {small_px} (canvas_px / downscale), both even or both odd"),
                self.out_px.to_string(),
            )
            .hint("the output is the centre of the averaged drawing"));
        }
        if self.n_dots > 1_000_000 {
            return Err(DataError::new("n_dots", "at most 1000000", self.n_dots.to_string()));
        }
        self.timeline().map(|_| ())
    }

    /// Values in one frame, `out_px * out_px * 3`.
    pub(super) fn frame_len(&self) -> usize {
        self.out_px * self.out_px * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_do_not_fit_are_refused_by_name() {
        let refused = |config: StimulusConfig| config.check().unwrap_err().field;
        assert_eq!(refused(StimulusConfig { downscale: 3, ..Default::default() }), "downscale");
        assert_eq!(refused(StimulusConfig { out_px: 65, ..Default::default() }), "out_px");
        assert_eq!(refused(StimulusConfig { out_px: 33, ..Default::default() }), "out_px");
        assert_eq!(refused(StimulusConfig { frame_rate_hz: 0.0, ..Default::default() }), "frame_rate_hz");
        assert!(StimulusConfig { canvas_px: 256, out_px: 64, ..Default::default() }.check().is_ok());
    }
}
