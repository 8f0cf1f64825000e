//! Changed views for controls: fewer trials in a split, other spikes under the same trials, labels dealt out anew.

use crate::rng::{permutation, stream};
use crate::{Dataset, Part, Recording, Result, SpikeTensor, Split};
use ndarray::ArrayView3;

/// The split with only those trials of each part for which `keep(part, trial)` holds.
///
/// # Errors
/// What [`Split::new`] refuses: nothing left in train or test.
pub fn keep_in_split(split: &Split, n_trials: usize, keep: &dyn Fn(Part, usize) -> bool) -> Result<Split> {
    let of = |part| split.trials(part).iter().copied().filter(|&trial| keep(part, trial)).collect();
    Split::new(of(Part::Train), of(Part::Validation), of(Part::Test), n_trials)
}

/// The dataset with other activity `[trial, bin, site]` under its trials, sites and videos. What was planted is left out, since it
/// describes the former activity; `remark` says what was done.
///
/// # Errors
/// Axes that do not agree, values that are not finite.
pub fn with_spikes(dataset: &Dataset, spikes: ArrayView3<'_, f32>, remark: String) -> Result<Dataset> {
    let mut parts = dataset.clone().into_parts();
    parts.spikes = SpikeTensor::from_array(spikes)?;
    parts.truth = None;
    parts.remarks.push(remark);
    Dataset::new(parts)
}

/// The recording with its conditions dealt out anew among its trials: activity says nothing about them. A null, never data;
/// covariates stay with their trials, what was planted is left out.
///
/// # Errors
/// None for a recording that was checked; the type is that of [`Recording::new`].
pub fn shuffle_conditions(recording: &Recording, seed: u64) -> Result<Recording> {
    let mut parts = recording.clone().into_parts();
    let name = format!("shuffle/conditions/{}", parts.session);
    let order = permutation(parts.condition_of_trial.len(), &mut stream(seed, &name));
    parts.condition_of_trial = order.into_iter().map(|at| recording.condition_of_trial[at]).collect();
    parts.truth = None;
    Recording::new(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_keeps_what_is_asked_and_refuses_to_lose_a_part() {
        let split = Split::new(vec![0, 1, 2, 3], vec![4], vec![5, 6], 7).unwrap();
        let even = keep_in_split(&split, 7, &|part, trial| part == Part::Test || trial % 2 == 0).unwrap();
        assert_eq!((even.trials(Part::Train), even.trials(Part::Validation)), (&[0, 2][..], &[4][..]));
        assert_eq!(even.trials(Part::Test), &[5, 6]);
        assert!(keep_in_split(&split, 7, &|_, trial| trial < 5).unwrap_err().to_string().contains("test"));
    }
}
