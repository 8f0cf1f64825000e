//! Mean target video of each condition over given trials: exact sums of bytes, so that their order cannot matter.

use rayon::prelude::*;
use spikereel_data::{Dataset, Fold, Part};

/// Mean target video of each condition, `[frame, height, width, rgb]`, 0..=1.
#[derive(Debug, Clone)]
pub struct ClassVideos {
    /// None where a condition has no trial.
    pub mean: Vec<Option<Vec<f32>>>,
    /// Trials behind each.
    pub n_trials: Vec<usize>,
}

impl ClassVideos {
    /// Over the trials of a part.
    pub fn of_part(fold: &Fold, part: Part) -> Self {
        Self::of_trials(fold.dataset(), fold.trials(part))
    }

    /// Over any trials.
    pub fn of_trials(dataset: &Dataset, trials: &[usize]) -> Self {
        let mut members = vec![Vec::new(); dataset.conditions.len()];
        for &trial_idx in trials {
            members[dataset.trials[trial_idx].condition_idx].push(trial_idx);
        }
        let mean = members.par_iter().map(|members| mean_video(dataset, members)).collect();
        Self { mean, n_trials: members.iter().map(Vec::len).collect() }
    }

    /// Mean over the conditions that `choose` takes, each counted by its trials; none where they have none.
    pub fn merged(&self, choose: impl Fn(usize) -> bool) -> Option<Vec<f32>> {
        let mut sum: Vec<f64> = Vec::new();
        let mut n = 0;
        for (condition_idx, mean) in self.mean.iter().enumerate().filter(|(condition_idx, _)| choose(*condition_idx)) {
            let Some(mean) = mean else { continue };
            sum.resize(mean.len(), 0.0);
            let weight = self.n_trials[condition_idx] as f64;
            sum.iter_mut().zip(mean).for_each(|(sum, &value)| *sum += weight * f64::from(value));
            n += self.n_trials[condition_idx];
        }
        (n > 0).then(|| sum.iter().map(|sum| (sum / n as f64) as f32).collect())
    }
}

/// Mean target video of trials; none without trials.
pub(crate) fn mean_video(dataset: &Dataset, trials: &[usize]) -> Option<Vec<f32>> {
    if trials.is_empty() {
        return None;
    }
    let mut sum = vec![0_u64; dataset.video.clip_len()];
    for &trial_idx in trials {
        let clip = dataset.video.clip(dataset.trials[trial_idx].clip_idx);
        sum.iter_mut().zip(clip).for_each(|(sum, &value)| *sum += u64::from(value));
    }
    let scale = 1.0 / (255.0 * trials.len() as f64);
    Some(sum.iter().map(|&sum| (sum as f64 * scale) as f32).collect())
}
