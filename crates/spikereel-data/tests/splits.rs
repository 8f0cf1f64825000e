//! Splits: disjoint, complete, stratified, repeatable; the paper's numbers; rare conditions.

mod common;

use proptest::prelude::*;
use spikereel_data::prepare::{
    BinnedTrials, ClipAssignment, LeakAudit, SplitConfig, SplitUnit, assign_clips, shuffle_region_across_conditions,
    split_dataset, split_trials,
};
use spikereel_data::{Dataset, Part, SharedBytes, Split, TargetKind, Timeline, VideoPool};

const PARTS: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

fn dataset(n_of_condition: &[usize]) -> Dataset {
    let recording = common::recording("s1", n_of_condition, &[("V4", 2), ("MT", 3)]);
    let n = recording.conditions.len();
    let video = VideoPool::new([n, 1, 1, 1, 3], SharedBytes::new(vec![0; n * 3])).unwrap();
    let trials = BinnedTrials::from_recording(&recording).unwrap();
    let clips = trials.condition_of_trial.clone();
    trials.into_dataset(video, &clips, Timeline::new(10.0, 0.0, 1, vec![]).unwrap(), TargetKind::OwnVideo).unwrap()
}

fn sorted(split: &Split) -> Vec<usize> {
    let mut all: Vec<usize> = PARTS.iter().flat_map(|&part| split.trials(part)).copied().collect();
    all.sort_unstable();
    all
}

#[test]
fn the_papers_split_has_its_numbers() {
    let conditions: Vec<usize> = (0..64 * 512).map(|trial_idx| trial_idx / 512).collect();
    let split = &split_trials(&conditions, &SplitConfig::paper(), 1233).unwrap()[0];
    assert_eq!(PARTS.map(|part| split.trials(part).len()), [22_912, 3_328, 6_528]);
    for condition in 0..64 {
        let n = PARTS.map(|part| split.trials(part).iter().filter(|&&trial| conditions[trial] == condition).count());
        assert_eq!(n, [358, 52, 102]);
    }
}

#[test]
fn the_papers_slicing_falls_where_pythons_int_falls() {
    // int(0.7 * n), int(0.2 * n) in Python; 0.7 * 170 is 118.99999999999999.
    for (n, n_train, n_test) in [(10, 7, 2), (30, 21, 6), (170, 118, 34), (512, 358, 102)] {
        let split = &split_trials(&vec![0; n], &SplitConfig::paper(), 1).unwrap()[0];
        assert_eq!((split.trials(Part::Train).len(), split.trials(Part::Test).len()), (n_train, n_test));
    }
}

#[test]
fn rare_conditions_fill_train_first_then_test_then_validation() {
    let conditions = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
    let split = &split_trials(&conditions, &SplitConfig::default(), 3).unwrap()[0];
    let n =
        |condition: usize| PARTS.map(|part| split.trials(part).iter().filter(|&&t| conditions[t] == condition).count());
    assert_eq!([n(0), n(1), n(2), n(3)], [[1, 0, 0], [1, 0, 1], [1, 1, 1], [7, 1, 2]]);
}

#[test]
fn too_few_trials_and_wrong_shares_are_errors_that_say_so() {
    let of = |conditions: &[usize], config: SplitConfig| split_trials(conditions, &config, 1).unwrap_err().to_string();
    let config = SplitConfig::default();
    assert_eq!(
        of(&[0, 0], config),
        "split, validation: expected at least one trial, got none of 2 (hint: three trials in a condition are the least that fill \
         train, validation and test)"
    );
    assert_eq!(
        of(&[0; 4], SplitConfig { n_folds: 5, ..config }),
        "split, n_folds: expected at most 4, one a trial, got 5"
    );
    assert_eq!(
        of(&[0; 9], SplitConfig { train_share: 0.9, validation_share: 0.2, ..config }),
        "split, train_share and validation_share: expected shares that leave some for test, got 0.9 and 0.2"
    );
    assert!(of(&[0; 9], SplitConfig { validation_share: f64::NAN, ..config }).contains("got NaN"));
    assert!(of(&[0; 9], SplitConfig { n_folds: 0, ..config }).contains("n_folds"));
}

#[test]
fn a_clean_audit_and_the_papers_leak_are_both_counted() {
    let data = dataset(&[10, 10, 4]);
    let split = &split_dataset(&data, &SplitConfig::default(), 5).unwrap()[0];
    let audit = LeakAudit::new(&data, split);
    assert!(audit.is_clean());
    assert_eq!((audit.n_sessions, audit.n_clips_in_train_and_test), (1, 3)); // static videos: each condition's clip is on both sides
    assert_eq!(audit.parts[0].n_trials_of_condition, [7, 7, 2]);
    // The same real trial behind several trials, split as if they were new ones.
    let mut parts = data.into_parts();
    for trial in &mut parts.trials {
        trial.origins[0].trial_idx /= 2;
    }
    let resampled = Dataset::new(parts).unwrap();
    let config = SplitConfig { unit: SplitUnit::PseudoTrial, ..SplitConfig::default() };
    let leaky = LeakAudit::new(&resampled, &split_dataset(&resampled, &config, 5).unwrap()[0]);
    assert!(!leaky.is_clean() && leaky.n_real_trials_in_train_and_test > 0);
    // By real trial, pairs that share a real trial stay together.
    let whole = &split_dataset(&resampled, &SplitConfig::default(), 5).unwrap()[0];
    assert!(LeakAudit::new(&resampled, whole).is_clean());
    assert_eq!(sorted(whole), (0..24).collect::<Vec<_>>());
}

#[test]
fn shuffling_a_region_moves_whole_trials_of_that_region_alone() {
    let data = dataset(&[10, 10, 4]);
    let trials: Vec<usize> = (0..20).collect();
    let null = shuffle_region_across_conditions(&data, 1, &trials, 9).unwrap();
    let (mut moved, mut seen) = (0, Vec::new());
    for trial_idx in 0..24 {
        let value = |site_idx: usize| null.spikes.value(trial_idx, 1, site_idx);
        assert_eq!([value(0), value(1)], [trial_idx as f32; 2]); // V4 stays
        assert!(value(2) == value(3) && value(3) == value(4)); // MT moves as one
        moved += usize::from(value(2) != trial_idx as f32);
        seen.push(value(2) as usize);
        assert!(trial_idx < 20 || value(2) == trial_idx as f32);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..24).collect::<Vec<_>>());
    assert!(moved > 10, "{moved}");
    assert!(shuffle_region_across_conditions(&data, 2, &trials, 9).is_err());
    assert!(shuffle_region_across_conditions(&data, 0, &[1, 1], 9).is_err());
}

proptest! {
    #[test]
    fn every_trial_stands_in_one_part_and_every_condition_in_every_part_it_can_fill(
        sizes in prop::collection::vec(3_usize..40, 1..12),
        stratify: bool,
        seed: u64,
        train in 0.3_f64..0.8,
    ) {
        let conditions: Vec<usize> = sizes.iter().enumerate().flat_map(|(c, &n)| vec![c; n]).collect();
        let config = SplitConfig { stratify, train_share: train, ..SplitConfig::default() };
        let splits = split_trials(&conditions, &config, seed).unwrap();
        prop_assert_eq!(&splits, &split_trials(&conditions, &config, seed).unwrap());
        prop_assert_eq!(sorted(&splits[0]), (0..conditions.len()).collect::<Vec<_>>());
        if stratify {
            for (condition, &n) in sizes.iter().enumerate() {
                let count = |part| splits[0].trials(part).iter().filter(|&&t| conditions[t] == condition).count();
                prop_assert!(PARTS.iter().all(|&part| count(part) > 0));
                prop_assert!((count(Part::Train) as f64 - n as f64 * train).abs() < 2.0 + 1e-6);
            }
        }
    }

    #[test]
    fn folds_test_every_trial_once_and_are_even_within_conditions(
        sizes in prop::collection::vec(1_usize..40, 2..12),
        n_folds in 2_usize..7,
        seed: u64,
    ) {
        let conditions: Vec<usize> = sizes.iter().enumerate().flat_map(|(c, &n)| vec![c; n]).collect();
        prop_assume!(conditions.len() >= 20);
        let config = SplitConfig { n_folds, ..SplitConfig::default() };
        let Ok(splits) = split_trials(&conditions, &config, seed) else {
            // Only where no condition has two trials left for train and validation.
            prop_assert!(sizes.iter().all(|&n| n < 4));
            return Ok(());
        };
        prop_assert_eq!(splits.len(), n_folds);
        let mut tested = vec![0; conditions.len()];
        for split in &splits {
            prop_assert_eq!(sorted(split), (0..conditions.len()).collect::<Vec<_>>());
            split.trials(Part::Test).iter().for_each(|&trial| tested[trial] += 1);
            for (condition, &n) in sizes.iter().enumerate() {
                let count = split.trials(Part::Test).iter().filter(|&&t| conditions[t] == condition).count();
                prop_assert!(count == n / n_folds || count == n / n_folds + 1);
            }
        }
        prop_assert!(tested.iter().all(|&n| n == 1));
        let n_tests: Vec<usize> = splits.iter().map(|split| split.trials(Part::Test).len()).collect();
        prop_assert!(n_tests.iter().max().unwrap() - n_tests.iter().min().unwrap() <= 1);
    }

    #[test]
    fn clips_of_separate_pools_never_stand_on_two_sides(seed: u64, n in prop::array::uniform3(1_usize..5)) {
        let data = dataset(&[10, 10, 4]);
        let split = &split_dataset(&data, &SplitConfig::default(), seed).unwrap()[0];
        let conditions: Vec<usize> = data.trials.iter().map(|trial| trial.condition_idx).collect();
        let assignment = ClipAssignment::Separate { n_per_condition: n };
        let clips = assign_clips(assignment, &conditions, 3, split, seed).unwrap();
        let n_clips = assignment.n_clips(24, 3);
        let mut parts = data.into_parts();
        parts.video = VideoPool::new([n_clips, 1, 1, 1, 3], SharedBytes::new(vec![0; n_clips * 3])).unwrap();
        parts.trials.iter_mut().zip(&clips).for_each(|(trial, &clip)| trial.clip_idx = clip);
        let audit = LeakAudit::new(&Dataset::new(parts).unwrap(), split);
        prop_assert_eq!(
            (audit.n_clips_in_train_and_test, audit.n_clips_in_train_and_validation, audit.n_clips_in_validation_and_test),
            (0, 0, 0)
        );
    }
}
