//! From a stimulus configuration to the frames and phases of its video.

use super::config::StimulusConfig;
use spikereel_data::{Phase, PhaseSpan, Result, Timeline};

impl StimulusConfig {
    /// The timeline of the videos: fixation, cue, stimulus; time 0 is the onset of the stimulus. A phase without frames
    /// is left out.
    ///
    /// # Errors
    /// Where there is no frame at all, or the rate is not positive.
    pub fn timeline(&self) -> Result<Timeline> {
        let spans = [
            (Phase::Fixation, self.n_fixation_frames),
            (Phase::Cue, self.n_cue_frames),
            (Phase::Stimulus, self.n_stimulus_frames),
        ];
        let phases = spans.into_iter().filter(|(_, n)| *n > 0).map(|(phase, n_frames)| PhaseSpan { phase, n_frames });
        let n_before = (self.n_fixation_frames + self.n_cue_frames) as f64;
        Timeline::new(self.frame_rate_hz, -n_before / self.frame_rate_hz, self.n_frames(), phases.collect())
    }

    /// Number of frames of a clip.
    pub fn n_frames(&self) -> usize {
        self.n_fixation_frames + self.n_cue_frames + self.n_stimulus_frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_timeline_is_the_papers() {
        assert_eq!(StimulusConfig::default().timeline().unwrap(), Timeline::paper());
    }
}
