//! The null of a decoder: what it scores when fed with Gaussian noise, as in the paper.

use crate::score::{ScoreKind, Summary};
use serde::{Deserialize, Serialize};

/// Against which condition a noise input's video is scored. The paper does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullTarget {
    /// Against every condition; the mean counts. SSIM, which is costly, against one condition an input, in turn.
    #[default]
    AllConditions,
    /// Against one condition drawn at random for each input.
    RandomCondition,
}

/// One score of noise inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullScore {
    /// The feature, or `video`.
    pub feature: String,
    /// Name, unit, direction.
    pub kind: ScoreKind,
    /// One value an input.
    pub per_input: Vec<Option<f64>>,
    /// Over inputs.
    pub summary: Summary,
    /// The value that only 5 % of inputs are better than.
    pub beyond_95: Option<f64>,
}

/// A decoder's scores on noise inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullScores {
    /// Number of inputs, each N(0, 1) `[bin, site]`.
    pub n_inputs: usize,
    /// What they were scored against.
    pub target: NullTarget,
    /// All scores.
    pub scores: Vec<NullScore>,
}

impl NullScores {
    /// The score of a feature by name.
    pub fn score(&self, feature: &str, kind: &str) -> Option<&NullScore> {
        self.scores.iter().find(|score| score.feature == feature && score.kind.name == kind)
    }
}
