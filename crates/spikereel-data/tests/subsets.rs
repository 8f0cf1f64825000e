//! Folds of some sites, some bins and fewer training trials.

use ndarray::Array3;
use spikereel_data::{
    BinGrid, ConditionTable, Dataset, DatasetParts, Factor, Fold, Level, Part, RealTrial, Region, SharedBytes, Site,
    SpikeTensor, Split, Standardisation, TargetKind, Timeline, Trial, Truth, VideoPool,
};
use std::sync::Arc;

/// 12 trials of 2 conditions, 6 bins, 5 sites in 3 regions; `offset` makes values that are no counts.
fn fold(offset: f32, kind: Standardisation) -> Fold {
    let spikes =
        Array3::from_shape_fn((12, 6, 5), |(t, b, s)| ((t * 7 + b * 3 + s * 5 + t * b * s) % 11) as f32 + offset);
    let site =
        |(id, region): (usize, &str)| Site { id: id.to_string(), region: Region(region.into()), session: "s".into() };
    let factor = Factor { name: "side".into(), levels: vec![Level::Number(0.0), Level::Number(1.0)] };
    let origins = |trial: usize| vec![RealTrial { session_idx: 0, trial_idx: trial as u32 }];
    let truth = Truth {
        preset: "custom".into(),
        regions: Vec::new(),
        features: Vec::new(),
        condition_accuracy: 0.5,
        within_condition_correlation: 0.1,
        n_observer_trials: 2,
        generator: serde_json::Value::Null,
    };
    let parts = DatasetParts {
        name: "toy".into(),
        sessions: vec!["s".into()],
        sites: ["B", "A", "A", "C", "B"].into_iter().enumerate().map(site).collect(),
        conditions: ConditionTable::new(vec![factor], vec![vec![0], vec![1]]).unwrap(),
        trials: (0..12).map(|t| Trial { condition_idx: t % 2, clip_idx: 0, origins: origins(t) }).collect(),
        spikes: SpikeTensor::from_array(spikes.view()).unwrap(),
        bins: BinGrid::new(-0.2, 0.1, 0.1, 6).unwrap(),
        video: VideoPool::new([1, 1, 2, 2, 3], SharedBytes::new(vec![0; 12])).unwrap(),
        timeline: Timeline::new(10.0, 0.0, 1, Vec::new()).unwrap(),
        target_kind: TargetKind::ConditionOnly,
        covariates: vec![("speed".into(), vec![1.0; 12])],
        truth: Some(truth),
        remarks: Vec::new(),
    };
    let split = Split::new((0..8).collect(), vec![8, 9], vec![10, 11], 12).unwrap();
    Fold::new(Arc::new(Dataset::new(parts).unwrap()), split, kind).unwrap()
}

#[test]
fn sites_keep_their_order_their_values_and_a_standardiser_of_their_own() {
    for offset in [0.0, 0.5] {
        let whole = fold(offset, Standardisation::PerSite);
        let some = whole.with_sites(&[4, 1, 3]).unwrap();
        let dataset = some.dataset();
        let names: Vec<&str> = dataset.regions().iter().map(|region| region.0.as_str()).collect();
        assert_eq!((dataset.n_sites(), names), (3, vec!["A", "C", "B"]));
        assert!(dataset.truth.is_none() && whole.with_sites(&[0, 1, 2, 3, 4]).unwrap().dataset().truth.is_some());
        assert_eq!(dataset.covariates, whole.dataset().covariates);
        assert_eq!(some.split(), whole.split());
        // Per site, the subset's standardisation is the whole's.
        let (all, own) = (whole.spikes(&[0, 10]), some.spikes(&[0, 10]));
        for (to, from) in [1, 3, 4].into_iter().enumerate() {
            assert_eq!(own.index_axis(ndarray::Axis(2), to), all.index_axis(ndarray::Axis(2), from));
        }
        let global =
            fold(offset, Standardisation::Global).with_sites(&[2]).unwrap().spikes(&(0..8).collect::<Vec<_>>());
        assert!(global.mean().unwrap().abs() < 1e-6);
    }
}

#[test]
fn bins_are_a_run_or_every_nth_and_know_when_they_are() {
    let whole = fold(0.0, Standardisation::PerSite);
    let run = whole.with_bins(2..5).unwrap();
    assert_eq!((run.dataset().n_bins(), run.dataset().bins.step_secs), (3, 0.1));
    assert!((run.dataset().bins.start_secs - 0.0).abs() < 1e-12 && run.dataset().truth.is_none());
    let third = whole.with_bins([1, 4]).unwrap();
    assert!((third.dataset().bins.left_secs(1) - 0.2).abs() < 1e-12 && third.dataset().bins.width_secs == 0.1);
    assert_eq!(third.dataset().spikes.value(7, 1, 3), whole.dataset().spikes.value(7, 4, 3));
    let error = whole.with_bins([0, 1, 3]).unwrap_err();
    assert!(error.to_string().starts_with("bins: expected equal steps"), "{error}");
}

#[test]
fn fewer_training_trials_are_part_of_more_and_leave_the_rest_alone() {
    let whole = fold(0.0, Standardisation::PerSite);
    let (one, three) = (whole.with_training_trials(1, 5).unwrap(), whole.with_training_trials(3, 5).unwrap());
    assert_eq!(one.train_of_condition().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(three.trials(Part::Train).len(), 6);
    assert!(one.trials(Part::Train).iter().all(|trial| three.trials(Part::Train).contains(trial)));
    assert_eq!(three.trials(Part::Test), whole.trials(Part::Test));
    assert_eq!(whole.with_training_trials(100, 5).unwrap().split(), whole.split());
    assert!(Arc::ptr_eq(one.dataset(), whole.dataset()) && one.dataset().truth.is_some());
}

#[test]
fn sites_and_bins_that_are_not_there_are_refused_by_number() {
    let whole = fold(0.0, Standardisation::PerSite);
    let text = |error: spikereel_data::DataError| error.to_string();
    assert_eq!(text(whole.with_sites(&[7]).unwrap_err()), "sites to keep: expected below 5, got 7");
    assert_eq!(text(whole.with_sites(&[1, 1]).unwrap_err()), "sites to keep: expected each once, got 1 twice");
    assert_eq!(text(whole.with_bins([]).unwrap_err()), "bins to keep: expected at least one, got none");
    assert!(text(whole.with_training_trials(0, 1).unwrap_err()).contains("split, train"));
}
