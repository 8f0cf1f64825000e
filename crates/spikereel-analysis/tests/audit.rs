//! Audits find what was planted in a simulated recording, and cry wolf over a clean one in few cases.

mod synthetic;

use spikereel_analysis::audit::{
    AuditFinding, Severity, alignment_response, audit_dataset, audit_dataset_at, audit_recording,
};
use spikereel_data::prepare::{BinnedTrials, binned};
use spikereel_data::{
    BinGrid, Dataset, Level, RealTrial, Recording, RecordingParts, SharedBytes, SpikeTensor, Spikes, Split, TargetKind,
    Timeline, VideoPool,
};
use spikereel_synth::cortex::{CortexConfig, SpikeForm, generate};
use std::collections::HashMap;

/// A small recording of 64 conditions: spike times, or counts in bins of half a second.
fn recording(spikes: SpikeForm, n_each: usize, seed: u64) -> Recording {
    let mut cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, n_each);
    cortex.n_observer_trials = 0;
    cortex.spikes = spikes;
    cortex.regions.iter_mut().for_each(|region| region.n_sites = region.n_sites.min(6));
    let recording = generate(&cortex, seed).unwrap().pop().unwrap();
    let grid = BinGrid::new(-1.5, 0.5, 0.5, 9).unwrap();
    if spikes == SpikeForm::Counts { binned(&recording, &grid).unwrap() } else { recording }
}

fn changed(recording: Recording, change: impl FnOnce(&mut RecordingParts)) -> Recording {
    let mut parts = recording.into_parts();
    change(&mut parts);
    Recording::new(parts).unwrap()
}

/// Counts changed value by value: `(trial, bin, site, count) -> count`.
fn recounted(recording: Recording, change: impl Fn(usize, usize, usize, f32) -> f32) -> Recording {
    changed(recording, |parts| {
        let Spikes::Counts(counts, _) = &mut parts.spikes else { panic!("counts") };
        let mut values = counts.to_array();
        values.indexed_iter_mut().for_each(|((trial, bin, site), value)| *value = change(trial, bin, site, *value));
        *counts = SpikeTensor::from_array(values.view()).unwrap();
    })
}

fn of_times(recording: &mut RecordingParts) -> &mut spikereel_data::SpikeTimes {
    let Spikes::Times(times) = &mut recording.spikes else { panic!("times") };
    times
}

fn one<'a>(findings: &'a [AuditFinding], check: &str) -> &'a AuditFinding {
    let found: Vec<&AuditFinding> = findings.iter().filter(|finding| finding.check == check).collect();
    assert!(!found.is_empty(), "no `{check}` among {findings:#?}");
    found[0]
}

fn is_absent(findings: &[AuditFinding], check: &str) {
    assert!(findings.iter().all(|finding| finding.check != check), "{findings:#?}");
}

#[test]
fn clean_recordings_are_seldom_warned_of() {
    let mut n_warned = 0;
    for seed in 0..40 {
        let spikes = if seed % 2 == 0 { SpikeForm::Times } else { SpikeForm::Counts };
        let findings = audit_recording(&recording(spikes, 6, seed));
        assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)));
        assert!(findings.iter().all(|finding| finding.sentence.ends_with('.')), "{findings:#?}");
        if findings[0].severity > Severity::Note {
            println!("seed {seed}: {findings:#?}");
            n_warned += 1;
        }
    }
    println!("{n_warned} of 40 clean recordings were warned of");
    assert!(n_warned <= 2, "{n_warned} of 40");
}

#[test]
fn planted_drift_is_found_and_its_size_told() {
    for (gain, word) in [(1.0, "hardly any drift"), (0.25, "large drift nearly everywhere")] {
        let n_trials = 64 * 6;
        let drifting = recounted(recording(SpikeForm::Counts, 6, 3), |trial, bin, site, count| {
            let share = 1.0 + (gain - 1.0) * trial as f32 / n_trials as f32;
            // Rounded with a draw that no two bins share, so that counts stay whole.
            (count * share + ((trial * 31 + bin * 17 + site * 7) % 97) as f32 / 97.0).floor()
        });
        let findings = audit_recording(&drifting);
        let finding = one(&findings, "rate-drift");
        println!("{}", finding.sentence);
        assert!(finding.sentence.contains(word), "{}", finding.sentence);
        assert_eq!(finding.severity == Severity::Serious, gain < 1.0);
    }
}

#[test]
fn planted_duplicates_are_found_by_name() {
    let twice = changed(recording(SpikeForm::Counts, 6, 4), |parts| {
        let Spikes::Counts(counts, _) = &mut parts.spikes else { panic!("counts") };
        let mut values = counts.to_array();
        for (mut trial, trial_idx) in values.outer_iter_mut().zip(0..) {
            for bin in 0..9 {
                trial[(bin, 20)] = trial[(bin, 2)];
                trial[(bin, 11)] = 3.0 * trial[(bin, 7)] + f32::from(trial_idx % 7 == bin as i32);
            }
        }
        *counts = SpikeTensor::from_array(values.view()).unwrap();
    });
    let findings = audit_recording(&twice);
    let finding = one(&findings, "identical-sites");
    println!("{}", finding.sentence);
    assert_eq!((finding.severity, finding.value), (Severity::Serious, Some(1.0)));
    assert!(finding.sentence.contains(&twice.sites[2].id) && finding.sentence.contains(&twice.sites[20].id));
    let finding = one(&findings, "correlated-sites");
    println!("{}", finding.sentence);
    assert_eq!((finding.severity, finding.value), (Severity::Warning, Some(1.0)));
    // Times: the same train, and one that is a millisecond late.
    let times = changed(recording(SpikeForm::Times, 6, 4), |parts| {
        let times = of_times(parts);
        times.times_secs[9] = times.times_secs[1].clone();
        times.times_secs[30] = times.times_secs[5].iter().map(|time| time + 1e-4).collect();
    });
    let findings = audit_recording(&times);
    assert_eq!(one(&findings, "identical-sites").value, Some(1.0));
    assert_eq!(one(&findings, "correlated-sites").value, Some(1.0));
}

#[test]
fn planted_covariation_is_found_and_told_apart_by_strength() {
    let with = changed(recording(SpikeForm::Counts, 6, 5), |parts| {
        let color = parts.conditions.factor_idx("color").unwrap();
        let level = |trial: usize| parts.conditions.level_idx(parts.condition_of_trial[trial], color);
        let n = parts.condition_of_trial.len();
        let choice = (0..n).map(|trial| if trial % 3 == 0 { 1.0 } else { f64::from(level(trial) >= 2) }).collect();
        let speed = (0..n).map(|trial| level(trial) as f64 + (trial * 37 % 101) as f64 / 20.0).collect();
        parts.covariates.extend([("choice".into(), choice), ("speed".into(), speed)]);
    });
    let findings = audit_recording(&with);
    let of = |pair: &str| {
        findings
            .iter()
            .find(|finding| finding.check == "covariation" && finding.sentence.starts_with(pair))
            .unwrap_or_else(|| panic!("no {pair} in {findings:#?}"))
    };
    for pair in ["`color` and `choice`", "`color` and `speed`"] {
        println!("{}", of(pair).sentence);
        assert_eq!(of(pair).severity, Severity::Warning, "{}", of(pair).sentence);
    }
    assert!(one(&findings, "fixed-covariates").sentence.contains("`rule`"));
    // Sorted by color: the order of trials tells it.
    let sorted = changed(recording(SpikeForm::Times, 6, 5), |parts| {
        let color = parts.conditions.factor_idx("color").unwrap();
        let conditions = parts.conditions.clone();
        parts.condition_of_trial.sort_by_key(|&condition| conditions.level_idx(condition, color));
    });
    let findings = audit_recording(&sorted);
    let found =
        findings.iter().find(|finding| finding.sentence.starts_with("`color` and the order of trials")).unwrap();
    assert_eq!(found.severity, Severity::Serious, "{}", found.sentence);
}

#[test]
fn wrong_clocks_orders_and_gaps_are_found() {
    let good = || recording(SpikeForm::Times, 6, 6);
    let milliseconds = changed(good(), |parts| {
        let times = of_times(parts);
        times.times_secs.iter_mut().flatten().for_each(|time| *time = (*time * 1000.0).round());
        times.align_secs.iter_mut().for_each(|time| *time *= 1000.0);
    });
    let findings = audit_recording(&milliseconds);
    assert_eq!(one(&findings, "whole-times").severity, Severity::Serious);
    assert_eq!(one(&findings, "session-span").severity, Severity::Warning);
    let disordered = changed(good(), |parts| {
        let times = of_times(parts);
        times.align_secs.swap(3, 4);
        times.align_secs[10] = times.align_secs[11];
        let (from, to) = (times.align_secs[200] - 2.0, times.align_secs[205] - 2.0);
        times.times_secs.iter_mut().for_each(|list| list.retain(|time| !(from..to).contains(time)));
        times.times_secs[7].clear();
    });
    let findings = audit_recording(&disordered);
    assert_eq!(one(&findings, "trial-order").value, Some(1.0));
    assert_eq!(one(&findings, "trial-spacing").severity, Severity::Serious);
    let gap = one(&findings, "trials-without-spikes");
    assert_eq!((gap.severity, gap.value), (Severity::Serious, Some(5.0)), "{}", gap.sentence);
    assert_eq!(one(&findings, "silent-sites").value, Some(1.0));
    let fast = recounted(
        recording(SpikeForm::Counts, 6, 6),
        |_, _, site, count| if site == 0 { count + 150.0 } else { count },
    );
    assert_eq!(one(&audit_recording(&fast), "high-rates").severity, Severity::Warning);
}

#[test]
fn rare_conditions_and_levels_are_found() {
    let good = recording(SpikeForm::Counts, 6, 7);
    let condition = good.condition_of_trial[0];
    let rare = changed(good, |parts| {
        let mut seen = 0;
        for own in parts.condition_of_trial.iter_mut().filter(|own| **own == condition) {
            seen += 1;
            if seen > 1 {
                *own = (condition + 1) % 64;
            }
        }
    });
    let findings = audit_recording(&rare);
    let balance = one(&findings, "condition-balance");
    assert_eq!((balance.severity, balance.value), (Severity::Warning, Some(1.0)));
    assert!(balance.sentence.contains(&rare.conditions.label(condition)));
    assert_eq!(one(&findings, "factor-levels").severity, Severity::Note);
}

#[test]
fn the_response_to_the_cue_is_seen_in_times_and_counts() {
    let times = recording(SpikeForm::Times, 2, 8);
    let response = alignment_response(&times, [-0.4, 0.4], 0.1);
    assert_eq!((response.left_edges.len(), response.n_trials), (8, 128));
    println!("{response:?}");
    assert!(response.z.is_some_and(|z| z > 3.0), "{response:?}");
    let counts = alignment_response(&recording(SpikeForm::Counts, 2, 8), [-1.5, 3.0], 0.1);
    assert_eq!(counts.left_edges.len(), 9);
    for (window, width) in
        [([0.4, -0.4], 0.1), ([-0.4, 0.4], 0.0), ([-0.4, 0.4], f64::NAN), ([f64::NEG_INFINITY, 0.0], 0.1)]
    {
        assert!(alignment_response(&times, window, width).left_edges.is_empty());
    }
}

/// 12 trials of two conditions, clips of three frames.
fn dataset(clips: &[[u8; 3]], clip_of_trial: &[usize]) -> Dataset {
    let n_trials = clip_of_trial.len();
    let good = recording(SpikeForm::Counts, 1, 9);
    let mut trials = BinnedTrials::from_recording(&good).unwrap();
    let columns = [("side".to_string(), (0..n_trials).map(|trial| Level::Number((trial % 2) as f64)).collect())];
    (trials.conditions, trials.condition_of_trial) =
        spikereel_data::ConditionTable::from_columns(&columns, n_trials).unwrap();
    trials.origins_of_trial.truncate(n_trials);
    trials.covariates.clear();
    trials.truth = None;
    trials.spikes = SpikeTensor::from_array(trials.spikes.to_array().slice(ndarray::s![..n_trials, .., ..])).unwrap();
    let bytes: Vec<u8> = clips.iter().flatten().flat_map(|&value| [value; 12]).collect();
    let video = VideoPool::new([clips.len(), 3, 2, 2, 3], SharedBytes::new(bytes)).unwrap();
    trials
        .into_dataset(video, clip_of_trial, Timeline::new(1.0, 0.0, 3, vec![]).unwrap(), TargetKind::OwnVideo)
        .unwrap()
}

fn split() -> Split {
    Split::new((0..6).collect(), vec![], (6..12).collect(), 12).unwrap()
}

#[test]
fn clips_on_both_sides_are_found_by_what_they_show() {
    // Clip 1 shows what clip 0 shows; clip 2 begins a frame later than clip 3 does.
    let clips = [[1, 2, 3], [1, 2, 3], [8, 9, 7], [5, 8, 9], [20, 21, 22], [30, 31, 32]];
    let own = dataset(&clips, &[0, 4, 0, 4, 3, 4, 1, 5, 1, 5, 2, 5]);
    let findings = audit_dataset(&own, &[split()]);
    let same = one(&findings, "clips-in-two-parts");
    assert_eq!((same.severity, same.value), (Severity::Warning, Some(1.0)), "{}", same.sentence);
    let shifted = one(&findings, "shifted-clips");
    assert_eq!((shifted.severity, shifted.value), (Severity::Serious, Some(1.0)), "{}", shifted.sentence);
    // One video a condition cannot be otherwise.
    let fixed = dataset(&clips, &[0, 4, 0, 4, 0, 4, 1, 4, 0, 4, 1, 4]);
    let findings = audit_dataset(&fixed, &[split()]);
    assert_eq!(one(&findings, "clips-in-two-parts").severity, Severity::Note);
    is_absent(&findings, "shifted-clips");
}

#[test]
fn trials_that_share_time_or_stand_in_two_parts_are_found() {
    let clips = [[1, 2, 3], [4, 5, 6]];
    let own = dataset(&clips, &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let at = |step: f64| -> HashMap<RealTrial, f64> {
        (0..12).map(|trial| (RealTrial { session_idx: 0, trial_idx: trial }, step * f64::from(trial))).collect()
    };
    let apart = audit_dataset_at(&own, &[split()], &at(5.0));
    assert_eq!(one(&apart, "overlapping-windows").severity, Severity::Note);
    let near = audit_dataset_at(&own, &[split()], &at(2.0));
    let finding = one(&near, "overlapping-windows");
    // Windows last from -1.5 to 3 s: two trials on each side of the border overlap with the other side.
    assert_eq!((finding.severity, finding.value), (Severity::Serious, Some(2.0)), "{}", finding.sentence);
    assert_eq!(one(&near, "neighbors-in-two-parts").value, Some(1.0 / 6.0));
    let clean = one(&near, "real-trials-in-two-parts");
    assert_eq!((clean.severity, clean.value), (Severity::Note, Some(0.0)));
    assert_eq!(one(&near, "test-trials").value, Some(3.0));
    let mut parts = parts_of(&own);
    parts.trials[9].origins = parts.trials[2].origins.clone();
    parts.sites[0].session = "another".into();
    let leaking = Dataset::new(parts).unwrap();
    let missing = Split::new(vec![0, 1, 2], vec![], vec![7, 9, 11], 12).unwrap();
    let findings = audit_dataset(&leaking, &[split(), missing]);
    let leak = one(&findings, "real-trials-in-two-parts");
    assert_eq!((leak.severity, leak.value), (Severity::Serious, Some(1.0)), "{}", leak.sentence);
    assert!(leak.sentence.contains("worst of 2"));
    assert_eq!(one(&findings, "sites-of-several-sessions").value, Some(2.0));
    assert_eq!(one(&findings, "missing-conditions").severity, Severity::Warning);
    is_absent(&findings, "overlapping-windows");
}

fn parts_of(dataset: &Dataset) -> spikereel_data::DatasetParts {
    spikereel_data::DatasetParts {
        name: dataset.name.clone(),
        sessions: dataset.sessions.clone(),
        sites: dataset.sites.clone(),
        conditions: dataset.conditions.clone(),
        trials: dataset.trials.clone(),
        spikes: dataset.spikes.clone(),
        bins: dataset.bins,
        video: dataset.video.clone(),
        timeline: dataset.timeline.clone(),
        target_kind: dataset.target_kind,
        covariates: dataset.covariates.clone(),
        truth: None,
        remarks: Vec::new(),
    }
}

#[test]
fn a_simulated_dataset_with_its_folds_is_sound() {
    let folds = synthetic::folds(4, 2, 0, 11);
    let splits: Vec<Split> = folds.iter().map(|fold| fold.split().clone()).collect();
    let findings = audit_dataset(folds[0].dataset(), &splits);
    println!("{findings:#?}");
    assert!(findings.iter().all(|finding| finding.severity < Severity::Serious), "{findings:#?}");
}
