//! Small recordings for tests, with conditions of unequal size.

use ndarray::Array3;
use spikereel_data::{BinGrid, ConditionTable, Level, Recording, RecordingParts, Region, Site, SpikeTensor, Spikes};

/// A recording whose count at `[trial, bin, site]` is the trial's number (below 200), so that origins can be read off the spikes.
pub fn recording(session: &str, n_of_condition: &[usize], regions: &[(&str, usize)]) -> Recording {
    let of_trial: Vec<usize> =
        n_of_condition.iter().enumerate().flat_map(|(condition, &n)| vec![condition; n]).collect();
    let n_trials = of_trial.len();
    let column = vec![("level".to_string(), of_trial.iter().map(|&c| Level::Number(c as f64)).collect())];
    let (conditions, condition_of_trial) = ConditionTable::from_columns(&column, n_trials).unwrap();
    let sites: Vec<Site> = regions
        .iter()
        .flat_map(|&(region, n)| (0..n).map(move |at| (region, at)))
        .map(|(region, at)| Site {
            id: format!("{region}{at}"),
            region: Region(region.into()),
            session: session.into(),
        })
        .collect();
    let counts = Array3::from_shape_fn((n_trials, 3, sites.len()), |(trial, _, _)| trial as f32);
    Recording::new(RecordingParts {
        session: session.into(),
        sites,
        conditions,
        condition_of_trial,
        spikes: Spikes::Counts(
            SpikeTensor::from_array(counts.view()).unwrap(),
            BinGrid::new(0.0, 0.1, 0.1, 3).unwrap(),
        ),
        covariates: vec![("number".into(), (0..n_trials).map(|trial| trial as f64).collect())],
        truth: None,
    })
    .unwrap()
}
