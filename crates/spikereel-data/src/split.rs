//! A split of a dataset's trials into train, validation and test, checked to be disjoint.

use crate::{DataError, Result};
use serde::{Deserialize, Serialize};

/// One part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What is fitted on.
    Train,
    /// What stopping and selection may look at.
    Validation,
    /// What is scored once, at the end.
    Test,
}

/// Disjoint sets of trial indices, each ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    train: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
}

impl Split {
    /// Checks that parts are disjoint, within `n_trials`, and that train and test are not empty.
    ///
    /// # Errors
    /// Names the part or the trial at fault.
    pub fn new(
        mut train: Vec<usize>,
        mut validation: Vec<usize>,
        mut test: Vec<usize>,
        n_trials: usize,
    ) -> Result<Self> {
        let mut seen = vec![false; n_trials];
        for (name, part) in [("train", &mut train), ("validation", &mut validation), ("test", &mut test)] {
            part.sort_unstable();
            for &trial_idx in part.iter() {
                match seen.get_mut(trial_idx) {
                    None => {
                        return Err(DataError::new(
                            format!("split, {name}"),
                            format!("trials below {n_trials}"),
                            trial_idx.to_string(),
                        ));
                    }
                    Some(true) => {
                        return Err(DataError::new(
                            format!("split, {name}"),
                            "each trial once",
                            format!("trial {trial_idx} again"),
                        ));
                    }
                    Some(free) => *free = true,
                }
            }
        }
        for (name, part) in [("train", &train), ("test", &test)] {
            if part.is_empty() {
                return Err(DataError::new(format!("split, {name}"), "at least one trial", "none")
                    .hint("give the split more trials or other fractions"));
            }
        }
        Ok(Self { train, validation, test })
    }

    /// The trials of a part, ascending.
    pub fn trials(&self, part: Part) -> &[usize] {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }
}
