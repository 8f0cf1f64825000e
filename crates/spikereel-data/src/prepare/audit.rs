//! The audit of leakage: which real trials and which videos stand on two sides of a split, and how trials are spread.

use crate::{Dataset, Part, Split};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What stands in one part of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartAudit {
    /// The part.
    pub part: Part,
    /// Trials of the dataset, real or pseudo.
    pub n_trials: usize,
    /// Distinct real trials in them.
    pub n_real_trials: usize,
    /// Distinct clips they show.
    pub n_clips: usize,
    /// Trials of each condition.
    pub n_trials_of_condition: Vec<usize>,
}

/// The leakage line of a report, and the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakAudit {
    /// Sessions that contributed.
    pub n_sessions: usize,
    /// Train, validation, test.
    pub parts: Vec<PartAudit>,
    /// Real trials in both train and test: above 0, test scores are not about new trials.
    pub n_real_trials_in_train_and_test: usize,
    /// Real trials in both train and validation.
    pub n_real_trials_in_train_and_validation: usize,
    /// Real trials in both validation and test.
    pub n_real_trials_in_validation_and_test: usize,
    /// Clips in both train and test (expected where a condition has one fixed clip).
    pub n_clips_in_train_and_test: usize,
    /// Clips in both train and validation.
    pub n_clips_in_train_and_validation: usize,
    /// Clips in both validation and test.
    pub n_clips_in_validation_and_test: usize,
}

impl LeakAudit {
    /// Counts for one split of a dataset. Trials that the dataset does not have are passed over.
    pub fn new(dataset: &Dataset, split: &Split) -> Self {
        let order = [Part::Train, Part::Validation, Part::Test];
        let trials_of = |part| split.trials(part).iter().filter_map(|&trial_idx| dataset.trials.get(trial_idx));
        let real = order.map(|part| trials_of(part).flat_map(|trial| &trial.origins).collect::<HashSet<_>>());
        let clips = order.map(|part| trials_of(part).map(|trial| trial.clip_idx).collect::<HashSet<_>>());
        let part = |at: usize| {
            let mut n_trials_of_condition = vec![0; dataset.conditions.len()];
            trials_of(order[at]).for_each(|trial| n_trials_of_condition[trial.condition_idx] += 1);
            PartAudit {
                part: order[at],
                n_trials: trials_of(order[at]).count(),
                n_real_trials: real[at].len(),
                n_clips: clips[at].len(),
                n_trials_of_condition,
            }
        };
        Self {
            n_sessions: dataset.sessions.len(),
            parts: (0..3).map(part).collect(),
            n_real_trials_in_train_and_test: real[0].intersection(&real[2]).count(),
            n_real_trials_in_train_and_validation: real[0].intersection(&real[1]).count(),
            n_real_trials_in_validation_and_test: real[1].intersection(&real[2]).count(),
            n_clips_in_train_and_test: clips[0].intersection(&clips[2]).count(),
            n_clips_in_train_and_validation: clips[0].intersection(&clips[1]).count(),
            n_clips_in_validation_and_test: clips[1].intersection(&clips[2]).count(),
        }
    }

    /// True where no real trial stands in two parts.
    pub fn is_clean(&self) -> bool {
        self.n_real_trials_in_train_and_test == 0
            && self.n_real_trials_in_train_and_validation == 0
            && self.n_real_trials_in_validation_and_test == 0
    }

    /// One sentence for the report.
    pub fn sentence(&self) -> String {
        let n_test = self.parts.get(2).map_or(0, |part| part.n_real_trials);
        let n_clips = self.parts.get(2).map_or(0, |part| part.n_clips);
        format!(
            "{} of {n_test} real trials behind the test trials also stand behind training trials; {} of {n_clips} test clips are \
             also training clips.",
            self.n_real_trials_in_train_and_test, self.n_clips_in_train_and_test
        )
    }
}
