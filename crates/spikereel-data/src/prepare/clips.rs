//! Which clip each trial shows. By default training, validation and test trials draw from pools of their own, so that no video
//! stands on two sides; the paper's single pool is there to be imitated.

use crate::rng::{permutation, stream};
use crate::{DataError, Part, Result, SharedBytes, Split, VideoPool};
use serde::{Deserialize, Serialize};

/// How trials get clips, and how the pool must be laid out. Within a pool clips stand condition by condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipAssignment {
    /// Clip `i` belongs to trial `i`: what was shown in that very trial.
    Own,
    /// One clip a condition: a stimulus without randomness. Clip `c` is condition `c`'s.
    Static,
    /// One pool for all parts, `n` clips a condition, as in the paper (60; paper-facts, section 1): clip `c * n + k`.
    Shared {
        /// Clips of each condition.
        n_per_condition: usize,
    },
    /// Three pools one after the other (see [`concat_pools`]): train, validation, test, each with its own number a condition.
    Separate {
        /// Clips of each condition in the pools of train, validation and test.
        n_per_condition: [usize; 3],
    },
}

impl ClipAssignment {
    /// Clips that the whole pool must hold.
    pub fn n_clips(&self, n_trials: usize, n_conditions: usize) -> usize {
        match self {
            Self::Own => n_trials,
            Self::Static => n_conditions,
            Self::Shared { n_per_condition } => n_per_condition * n_conditions,
            Self::Separate { n_per_condition } => n_per_condition.iter().sum::<usize>() * n_conditions,
        }
    }
}

/// The clip of each trial. Within a part and a condition clips are dealt in random order and start over when all are used, so
/// each is used equally often (to one). Trials that stand in no part are dealt training clips.
///
/// # Errors
/// A number of clips of 0, or a condition that is not below `n_conditions`.
pub fn assign_clips(
    assignment: ClipAssignment,
    condition_of_trial: &[usize],
    n_conditions: usize,
    split: &Split,
    seed: u64,
) -> Result<Vec<usize>> {
    if let Some(&condition) = condition_of_trial.iter().find(|&&condition| condition >= n_conditions) {
        return Err(DataError::new("condition of a trial", format!("below {n_conditions}"), condition.to_string()));
    }
    let ranges = match assignment {
        ClipAssignment::Own => return Ok((0..condition_of_trial.len()).collect()),
        ClipAssignment::Static => return Ok(condition_of_trial.to_vec()),
        ClipAssignment::Shared { n_per_condition: n } => [(0, n); 3],
        ClipAssignment::Separate { n_per_condition: [train, validation, test] } => {
            [(0, train), (train * n_conditions, validation), ((train + validation) * n_conditions, test)]
        }
    };
    if ranges.iter().any(|&(_, n)| n == 0) {
        return Err(DataError::new("clips per condition", "at least 1 in every part", "0"));
    }
    let mut part_of_trial = vec![0; condition_of_trial.len()];
    for (part_idx, part) in [Part::Train, Part::Validation, Part::Test].into_iter().enumerate() {
        for &trial_idx in split.trials(part) {
            if let Some(slot) = part_of_trial.get_mut(trial_idx) {
                *slot = part_idx;
            }
        }
    }
    let mut clips = vec![0; condition_of_trial.len()];
    for (part_idx, part) in ["train", "validation", "test"].into_iter().enumerate() {
        let (first, n) = ranges[part_idx];
        for condition in 0..n_conditions {
            let trials: Vec<usize> = (0..clips.len())
                .filter(|&trial_idx| part_of_trial[trial_idx] == part_idx && condition_of_trial[trial_idx] == condition)
                .collect();
            let rng = &mut stream(seed, &format!("clips/{part}/condition{condition}"));
            let order = permutation(n, rng);
            for (at, trial_at) in permutation(trials.len(), rng).into_iter().enumerate() {
                clips[trials[trial_at]] = first + condition * n + order[at % n];
            }
        }
    }
    Ok(clips)
}

/// Pools one after the other as one pool.
///
/// # Errors
/// No pool at all, or pools whose clips differ in shape; names the axis.
pub fn concat_pools(pools: &[VideoPool]) -> Result<VideoPool> {
    let Some(first) = pools.first() else {
        return Err(DataError::new("video pools", "at least one", "none"));
    };
    let mut shape = first.shape();
    for pool in &pools[1..] {
        for (axis, name) in ["frame", "height", "width", "rgb"].into_iter().enumerate() {
            if pool.shape()[axis + 1] != shape[axis + 1] {
                let (expected, got) = (shape[axis + 1].to_string(), pool.shape()[axis + 1].to_string());
                return Err(DataError::new(format!("video pools, {name} axis"), expected, got));
            }
        }
    }
    shape[0] = pools.iter().map(VideoPool::n_clips).sum();
    let mut bytes = Vec::with_capacity(pools.iter().map(|pool| pool.bytes().len()).sum());
    pools.iter().for_each(|pool| bytes.extend_from_slice(pool.bytes()));
    VideoPool::new(shape, SharedBytes::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn case() -> (Vec<usize>, Split) {
        let conditions: Vec<usize> = (0..60).map(|trial_idx| trial_idx % 3).collect();
        let split = Split::new((0..40).collect(), (40..48).collect(), (48..60).collect(), 60).unwrap();
        (conditions, split)
    }

    #[test]
    fn separate_pools_share_no_clip_and_each_clip_shows_its_trials_condition() {
        let (conditions, split) = case();
        let n = [5, 2, 3];
        let assignment = ClipAssignment::Separate { n_per_condition: n };
        let clips = assign_clips(assignment, &conditions, 3, &split, 1).unwrap();
        let used = |part| split.trials(part).iter().map(|&trial_idx| clips[trial_idx]).collect::<HashSet<_>>();
        let (train, validation, test) = (used(Part::Train), used(Part::Validation), used(Part::Test));
        assert_eq!((train.len(), validation.len(), test.len()), (15, 6, 9)); // every clip is used
        assert!(train.iter().all(|&clip| clip < 15) && validation.iter().all(|&clip| (15..21).contains(&clip)));
        assert!(test.iter().all(|&clip| (21..30).contains(&clip)));
        assert!(split.trials(Part::Test).iter().all(|&trial| (clips[trial] - 21) / 3 == conditions[trial]));
        assert_eq!(assignment.n_clips(60, 3), 30);
    }

    #[test]
    fn a_shared_pool_puts_clips_on_both_sides_as_in_the_paper() {
        let (conditions, split) = case();
        let clips = assign_clips(ClipAssignment::Shared { n_per_condition: 4 }, &conditions, 3, &split, 1).unwrap();
        assert!(clips.iter().zip(&conditions).all(|(clip, condition)| clip / 4 == *condition));
        let test: HashSet<usize> = split.trials(Part::Test).iter().map(|&trial_idx| clips[trial_idx]).collect();
        assert!(split.trials(Part::Train).iter().any(|&trial_idx| test.contains(&clips[trial_idx])));
    }

    #[test]
    fn pools_of_other_shape_are_refused_by_axis() {
        let pool = |width: usize| VideoPool::new([1, 2, 2, width, 3], SharedBytes::new(vec![7; 12 * width])).unwrap();
        assert_eq!(concat_pools(&[pool(2), pool(2)]).unwrap().n_clips(), 2);
        let error = concat_pools(&[pool(2), pool(3)]).unwrap_err();
        assert_eq!(error.to_string(), "video pools, width axis: expected 2, got 3");
    }
}
