//! What is read from a decoded video, and how it is scored against the truth. Pluggable: a study sees this trait alone.

mod contrast;
mod paper;

pub use contrast::{ContrastReadout, contrast_readouts};
pub use paper::{ColorReadout, MotionReadout, ShapeReadout, paper_readouts};

use crate::Clip;
use crate::score::ScoreKind;
use spikereel_data::{Dataset, Timeline};

/// A feature of a video.
///
/// A readout first reads numbers from a video, then compares readings. Readings of condition averages are compared with the reading of the
/// mean true video; readings of single trials with that, or with the trial's own video where spikes know it.
pub trait Readout: Send + Sync {
    /// Name, such as `shape`.
    fn name(&self) -> &str;

    /// The condition factor whose levels this feature distinguishes; None where there are none to name.
    fn factor(&self) -> Option<&str>;

    /// The frames that show the feature.
    fn frames(&self, timeline: &Timeline) -> Vec<usize>;

    /// The scores that [`Readout::compare`] gives, the main one first.
    fn scores(&self) -> Vec<ScoreKind>;

    /// Reads a video; empty where nothing can be read.
    fn read(&self, video: &Clip<'_>, timeline: &Timeline) -> Vec<f64>;

    /// The true reading of a condition whose mean true video is `video`; by default what is read from that.
    fn truth(&self, dataset: &Dataset, _condition_idx: usize, video: &Clip<'_>) -> Vec<f64> {
        self.read(video, &dataset.timeline)
    }

    /// Scores a reading against the true one, in the order of [`Readout::scores`]; None where undefined.
    fn compare(&self, decoded: &[f64], truth: &[f64]) -> Vec<Option<f64>>;

    /// Whether the truth of a single trial is its own video's reading where spikes know that video. False where the
    /// truth is a number of the condition.
    fn own_video_is_truth(&self) -> bool {
        true
    }

    /// True where a reading is one number to be correlated with the truth across trials; that correlation is then the main score.
    fn is_pooled(&self) -> bool {
        false
    }

    /// True where reading takes so long that studies with many decoded sets read condition averages only.
    fn is_costly(&self) -> bool {
        false
    }

    /// The paper's measure of what masking changed: its name and unit; None where the paper has none.
    fn change_kind(&self) -> Option<(String, String)> {
        None
    }

    /// That measure between the readings of two videos.
    fn change(&self, _unmasked: &[f64], _masked: &[f64]) -> Option<f64> {
        None
    }
}

/// Readouts as studies take them.
pub type Readouts = Vec<Box<dyn Readout>>;
