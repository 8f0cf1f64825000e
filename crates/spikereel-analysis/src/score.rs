//! What a score is called, which way is better, and how its values are summarised. Readouts and studies both speak in these.

use serde::{Deserialize, Serialize};

/// Mean and spread of the values that are defined.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Mean; none where no value is defined.
    pub mean: Option<f64>,
    /// Sample standard deviation (n - 1); none below two values.
    pub sd: Option<f64>,
    /// Number of defined values.
    pub n: usize,
}

impl Summary {
    /// Summarises the defined values.
    pub fn of(values: &[Option<f64>]) -> Self {
        let defined: Vec<f64> = values.iter().flatten().copied().collect();
        let n = defined.len();
        if n == 0 {
            return Self::default();
        }
        let mean = defined.iter().sum::<f64>() / n as f64;
        let sum_squares: f64 = defined.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean: Some(mean), sd: (n > 1).then(|| (sum_squares / (n - 1) as f64).sqrt()), n }
    }
}

/// What a score is called and which way is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreKind {
    /// Such as `cue Pearson`.
    pub name: String,
    /// Unit, such as `deg`; empty for none.
    pub unit: String,
    /// False for errors.
    pub larger_is_better: bool,
}

impl ScoreKind {
    /// A score without unit, of which more is better.
    pub fn similarity(name: &str) -> Self {
        Self { name: name.into(), unit: String::new(), larger_is_better: true }
    }

    /// An error, of which less is better.
    pub fn error(name: &str, unit: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), larger_is_better: false }
    }

    /// +1 where more is better, -1 for errors.
    pub fn sign(&self) -> f64 {
        if self.larger_is_better { 1.0 } else { -1.0 }
    }
}
