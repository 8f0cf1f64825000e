//! Pseudo-populations: who stands with whom, no real trial on two sides, and what is refused.

mod common;

use common::recording;
use proptest::prelude::*;
use spikereel_data::prepare::{BinnedTrials, LeakAudit, PopulationConfig, SplitConfig, SplitUnit, pseudo_population};
use spikereel_data::{Dataset, Recording, SharedBytes, Split, TargetKind, Timeline, VideoPool};
use std::collections::BTreeMap;

fn two() -> Vec<Recording> {
    vec![
        recording("s1", &[20, 25, 30], &[("V4", 6), ("MT", 4)]),
        recording("s2", &[30, 15, 22], &[("MT", 5), ("IT", 7)]),
    ]
}

fn config(redraw_sites: bool) -> PopulationConfig {
    PopulationConfig {
        regions: Vec::new(),
        n_sites: BTreeMap::from([("V4".to_string(), 3), ("MT".to_string(), 6)]),
        trials_per_condition: 40,
        redraw_sites,
    }
}

fn audit(population: BinnedTrials, split: &Split) -> LeakAudit {
    let n = population.conditions.len();
    let clips = population.condition_of_trial.clone();
    let video = VideoPool::new([n, 1, 1, 1, 3], SharedBytes::new(vec![0; n * 3])).unwrap();
    let timeline = Timeline::new(10.0, 0.0, 1, vec![]).unwrap();
    let dataset: Dataset = population.into_dataset(video, &clips, timeline, TargetKind::OwnVideo).unwrap();
    LeakAudit::new(&dataset, split)
}

/// Every value is its real trial's number, so that a pseudo-trial says itself whom it was made from.
fn check_members(population: &BinnedTrials, recordings: &[Recording]) {
    for trial in 0..population.n_trials() {
        let origins = &population.origins_of_trial[trial];
        for origin in origins {
            let recording = &recordings[origin.session_idx as usize];
            let own = recording.condition_of_trial[origin.trial_idx as usize];
            assert_eq!(
                recording.conditions.label(own),
                population.conditions.label(population.condition_of_trial[trial])
            );
        }
        for (site_idx, site) in population.sites.iter().enumerate() {
            let value = population.spikes.value(trial, 1, site_idx) as u32;
            let session = population.sessions.iter().position(|session| *session == site.session);
            let holds = |origin: &&spikereel_data::RealTrial| {
                origin.trial_idx == value && session.is_none_or(|session| origin.session_idx as usize == session)
            };
            assert!(
                origins.iter().any(|origin| holds(&origin)),
                "trial {trial}, site {site_idx}: {value} of {origins:?}"
            );
        }
    }
}

#[test]
fn fixed_sites_keep_their_session_and_each_session_gives_one_trial() {
    let recordings = two();
    let (population, split) = pseudo_population(&recordings, &config(false), &SplitConfig::default(), 0, 4).unwrap();
    let n = |region: &str| population.sites.iter().filter(|site| site.region.0 == region).count();
    assert_eq!((n("V4"), n("MT"), n("IT"), population.n_trials()), (3, 6, 7, 120));
    assert!(population.origins_of_trial.iter().all(|origins| origins.len() == 2));
    check_members(&population, &recordings);
    assert!(population.remarks[0].contains("noise correlations across sessions are lost"), "{:?}", population.remarks);
    assert!(audit(population, &split).is_clean());
}

#[test]
fn redrawn_sites_are_slots_and_still_come_from_one_trial_a_session() {
    let recordings = two();
    let (population, split) = pseudo_population(&recordings, &config(true), &SplitConfig::default(), 0, 4).unwrap();
    check_members(&population, &recordings);
    assert_eq!(population.sites[0].id, "V4 slot 0");
    assert!(audit(population, &split).is_clean());
}

#[test]
fn the_papers_split_after_resampling_leaks_and_the_audit_counts_it() {
    let config_split = SplitConfig { unit: SplitUnit::PseudoTrial, ..SplitConfig::default() };
    let (population, split) = pseudo_population(&two(), &config(true), &config_split, 0, 4).unwrap();
    assert_eq!(population.n_trials(), 120);
    assert!(audit(population, &split).n_real_trials_in_train_and_test > 20);
}

#[test]
fn the_papers_population_has_its_sites_trials_and_order() {
    let regions = [("V4", 25), ("PFC", 35), ("IT", 12), ("FEF", 31), ("LIP", 30), ("MT", 20)];
    let recordings = [recording("s1", &[10, 10], &regions)];
    let (population, split) =
        pseudo_population(&recordings, &PopulationConfig::paper(), &SplitConfig::paper(), 0, 1233).unwrap();
    assert_eq!(population.spikes.shape(), [1024, 3, 140]);
    let ends = [0, 30, 60, 90, 110, 120].map(|at: usize| population.sites[at].region.0.clone());
    assert_eq!(ends, ["PFC", "FEF", "LIP", "MT", "IT", "V4"]);
    assert_eq!(split.trials(spikereel_data::Part::Train).len(), 716);
}

#[test]
fn one_session_keeps_its_covariates() {
    let recordings = [recording("s1", &[20, 25], &[("V4", 6)])];
    let all = PopulationConfig { n_sites: BTreeMap::new(), ..config(false) };
    let (population, _) = pseudo_population(&recordings, &all, &SplitConfig::default(), 0, 4).unwrap();
    for (trial, origins) in population.origins_of_trial.iter().enumerate() {
        assert_eq!(population.covariates[0].1[trial], f64::from(origins[0].trial_idx));
    }
}

#[test]
fn conditions_that_a_session_lacks_are_left_out_and_said_so() {
    let recordings = [recording("s1", &[9, 9, 9], &[("V4", 2)]), recording("s2", &[9, 9], &[("MT", 2)])];
    let all = PopulationConfig { n_sites: BTreeMap::new(), ..config(false) };
    let (population, _) = pseudo_population(&recordings, &all, &SplitConfig::default(), 0, 4).unwrap();
    assert_eq!(population.conditions.len(), 2);
    assert!(population.remarks.iter().any(|remark| remark.starts_with("2 conditions are in all sessions")));
    check_members(&population, &recordings);
}

#[test]
fn what_cannot_be_drawn_is_refused_in_words() {
    let of = |recordings: &[Recording], config: &PopulationConfig| {
        pseudo_population(recordings, config, &SplitConfig::default(), 0, 4).unwrap_err().to_string()
    };
    let many = PopulationConfig { n_sites: BTreeMap::from([("MT".to_string(), 10)]), ..config(false) };
    assert_eq!(
        of(&two(), &many),
        "population, sites of `MT`: expected 1 to 9 (the sites there are), got 10 (hint: ask for fewer sites or leave the region out)"
    );
    let unknown = PopulationConfig { regions: vec!["PFC".into()], ..config(false) };
    assert_eq!(of(&two(), &unknown), "population, region: expected one of V4, MT, IT, got `PFC`");
    assert_eq!(of(&[], &config(false)), "recordings: expected at least one, got none");
    let twice = [two().remove(0), two().remove(0)];
    assert_eq!(of(&twice, &config(false)), "s1: session names: expected each name once, got `s1` twice");
    let none = PopulationConfig { trials_per_condition: 0, ..config(false) };
    assert_eq!(of(&two(), &none), "population, trials_per_condition: expected at least 1, got 0");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn by_real_trial_no_real_trial_stands_on_two_sides(
        sizes in prop::collection::vec(prop::collection::vec(3_usize..12, 3), 1..4),
        redraw_sites: bool,
        n_folds in 1_usize..4,
        seed: u64,
    ) {
        let recordings: Vec<Recording> = sizes
            .iter()
            .enumerate()
            .map(|(at, sizes)| recording(&format!("s{at}"), sizes, &[("V4", 3), ("MT", 2 + at)]))
            .collect();
        let config = PopulationConfig { n_sites: BTreeMap::from([("V4".to_string(), 2)]), redraw_sites, ..config(false) };
        let split_config = SplitConfig { n_folds, ..SplitConfig::default() };
        for fold_idx in 0..n_folds {
            let (population, split) = pseudo_population(&recordings, &config, &split_config, fold_idx, seed).unwrap();
            check_members(&population, &recordings);
            prop_assert!(audit(population, &split).is_clean());
        }
    }
}
