//! Time on both sides: bins of spikes and frames of video, and the phases of a trial.

use crate::{DataError, Result};
use serde::{Deserialize, Serialize};

/// Bins of spikes: bin `b` covers `start_secs + b * step_secs .. + width_secs`, relative to the aligning event.
/// `step_secs < width_secs` makes overlapping (sliding) windows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinGrid {
    /// Left edge of bin 0, relative to the aligning event.
    pub start_secs: f64,
    /// Width of each bin.
    pub width_secs: f64,
    /// Distance between left edges.
    pub step_secs: f64,
    /// Number of bins.
    pub n_bins: usize,
}

impl BinGrid {
    /// Checks a grid.
    ///
    /// # Errors
    /// Where a quantity is not finite, a width or step not positive, or there is no bin.
    pub fn new(start_secs: f64, width_secs: f64, step_secs: f64, n_bins: usize) -> Result<Self> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !start_secs.is_finite() {
            return Err(DataError::new("bin start_secs", "a finite number", start_secs.to_string()));
        }
        if !positive(width_secs) {
            return Err(DataError::new("bin width_secs", "a positive number", width_secs.to_string()));
        }
        if !positive(step_secs) {
            return Err(DataError::new("bin step_secs", "a positive number", step_secs.to_string()));
        }
        if n_bins == 0 {
            return Err(DataError::new("n_bins", "at least 1", "0"));
        }
        Ok(Self { start_secs, width_secs, step_secs, n_bins })
    }

    /// Left edge of a bin.
    pub fn left_secs(&self, bin_idx: usize) -> f64 {
        self.start_secs + bin_idx as f64 * self.step_secs
    }
}

/// A phase of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The animal fixates, nothing else is shown.
    Fixation,
    /// The cue is shown.
    Cue,
    /// The stimulus is shown.
    Stimulus,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::Fixation => "fixation",
            Phase::Cue => "cue",
            Phase::Stimulus => "stimulus",
        })
    }
}

/// A run of frames in one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseSpan {
    /// The phase.
    pub phase: Phase,
    /// How many frames it lasts.
    pub n_frames: usize,
}

/// The frames of a video in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Frames per second.
    pub frame_rate_hz: f64,
    /// Start of frame 0 relative to the aligning event.
    pub start_secs: f64,
    /// Number of frames.
    pub n_frames: usize,
    /// The phases in order, covering all frames; empty where the recording has none.
    pub phases: Vec<PhaseSpan>,
}

impl Timeline {
    /// Checks a timeline.
    ///
    /// # Errors
    /// Where the rate is not positive, there is no frame, or phases do not add up to the frames.
    pub fn new(frame_rate_hz: f64, start_secs: f64, n_frames: usize, phases: Vec<PhaseSpan>) -> Result<Self> {
        if !(frame_rate_hz.is_finite() && frame_rate_hz > 0.0) {
            return Err(DataError::new("frame_rate_hz", "a positive number", frame_rate_hz.to_string()));
        }
        if !start_secs.is_finite() {
            return Err(DataError::new("timeline start_secs", "a finite number", start_secs.to_string()));
        }
        if n_frames == 0 {
            return Err(DataError::new("n_frames", "at least 1", "0"));
        }
        let n_in_phases: usize = phases.iter().map(|span| span.n_frames).sum();
        if !phases.is_empty() && n_in_phases != n_frames {
            return Err(DataError::new("phases", format!("{n_frames} frames in all"), n_in_phases.to_string()));
        }
        Ok(Self { frame_rate_hz, start_secs, n_frames, phases })
    }

    /// The paper's: 5 + 10 + 30 frames at 10 frames/s, starting 1.5 s before stimulus onset (paper-facts, section 1).
    pub fn paper() -> Self {
        let span = |phase, n_frames| PhaseSpan { phase, n_frames };
        Self {
            frame_rate_hz: 10.0,
            start_secs: -1.5,
            n_frames: 45,
            phases: vec![span(Phase::Fixation, 5), span(Phase::Cue, 10), span(Phase::Stimulus, 30)],
        }
    }

    /// The phase of a frame, if the recording has phases.
    pub fn phase(&self, frame_idx: usize) -> Option<Phase> {
        let mut end = 0;
        self.phases.iter().find_map(|span| {
            end += span.n_frames;
            (frame_idx < end).then_some(span.phase)
        })
    }

    /// The frames of a phase; all frames where the recording has no phases.
    pub fn frames_of(&self, phase: Phase) -> Vec<usize> {
        (0..self.n_frames).filter(|&frame_idx| self.phases.is_empty() || self.phase(frame_idx) == Some(phase)).collect()
    }
}
