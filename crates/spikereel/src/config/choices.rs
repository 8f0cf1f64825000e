//! The words that a configuration chooses among.

use serde::{Deserialize, Serialize};
use spikereel_kernels::Isa;
use spikereel_kernels::fast;

pub use spikereel_analysis::embed::PlaneMethod;
pub use spikereel_data::prepare::SplitUnit;
pub use spikereel_nn::{LossScale, Rule as Optimiser, Start};

/// Whether trials and sites are used as recorded, or resampled into a pseudo-population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PopulationKind {
    /// Trials and sites as recorded, from one session.
    Recorded,
    /// Sites drawn per region, from one or many sessions; each pseudo-trial takes every site's activity from a real trial of the
    /// same condition. Noise correlations across sessions are lost.
    Pseudo,
}

/// What dense layers and convolutions multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// bf16 where the processor has an instruction for its products, f32 elsewhere.
    Auto,
    /// f32.
    #[default]
    F32,
    /// Operands rounded to bf16, but for convolutions over spectra; sums, weights, statistics and the optimiser stay in f32.
    Bf16,
}

impl Precision {
    /// The engine's word for it on this processor.
    pub fn of_engine(self) -> fast::Precision {
        match self {
            Precision::F32 => fast::Precision::F32,
            Precision::Bf16 => fast::Precision::Bf16,
            Precision::Auto if Isa::best().multiplies_bf16() => fast::Precision::Bf16,
            Precision::Auto => fast::Precision::F32,
        }
    }

    /// What `auto` stands for on this processor: what a run stores, so that it goes on as it began wherever it is opened.
    #[must_use]
    pub fn settled(self) -> Self {
        match self.of_engine() {
            fast::Precision::F32 => Precision::F32,
            fast::Precision::Bf16 => Precision::Bf16,
        }
    }
}

/// Which video belongs to a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StimulusKind {
    /// Fixation, a cue of four shapes, colored moving dots.
    Paper,
    /// A gray screen with a Gabor patch left and right, set by `contrast_left` and `contrast_right`.
    TwoGabor,
    /// The clips that came with the recording.
    Recorded,
}

/// Which sites move together when a training trial is re-drawn each epoch from others of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redraw {
    /// Training trials stay as they are.
    Off,
    /// All sites of a session keep one real trial.
    PerSession,
    /// All sites of a region keep one real trial.
    PerRegion,
    /// Every site draws its own real trial.
    PerSite,
}

/// The learning rate's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Unchanged.
    Constant,
    /// Cut to a share every few epochs.
    Step,
    /// Half a cosine down to a share in the last epoch.
    Cosine,
}

/// What is simulated: difficulty presets fixed by an ideal observer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Single trials are decoded almost without fault.
    Easy,
    /// 64-way single-trial accuracy of .60 to .80 for an ideal observer.
    Standard,
    /// Clearly harder than `standard`.
    Hard,
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Easy => "easy",
            Self::Standard => "standard",
            Self::Hard => "hard",
        })
    }
}

/// Which tests the sentences of studies go by; tables hold both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// Bootstrap over seeds, conditions and trials, corrected over regions; accuracy on single trials.
    #[default]
    Ours,
    /// The published tests: t tests that treat conditions as independent, unpaired, left uncorrected as the paper names no method (paper-facts, section 5).
    Paper,
}

impl std::fmt::Display for Statistics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Paper => "paper",
        })
    }
}

/// What studies are asked to do otherwise than by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StudyChoices {
    /// Which tests the sentences go by.
    pub statistics: Statistics,
    /// The plane that embeddings are drawn in.
    pub plane: PlaneMethod,
}

/// How much is computed by `study` and `reproduce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyPreset {
    /// Seconds a study; numbers mean little. For tests and for a first look at the report.
    Tiny,
    /// Under twenty minutes on two cores: few channels, small frames.
    #[default]
    Quick,
    /// At most two hours on two cores: published width for the networks that are looked at, narrow ones for retrainings.
    Standard,
    /// Twelve hours: published width throughout.
    Overnight,
    /// Everything as published.
    Paper,
}

impl StudyPreset {
    /// All of them, smallest first.
    pub const ALL: [Self; 5] = [Self::Tiny, Self::Quick, Self::Standard, Self::Overnight, Self::Paper];
}

impl std::fmt::Display for StudyPreset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tiny => "tiny",
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Overnight => "overnight",
            Self::Paper => "paper",
        })
    }
}
