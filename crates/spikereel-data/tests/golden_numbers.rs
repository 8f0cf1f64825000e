//! Counts against `numpy.histogram`, standardisation against scikit-learn's `StandardScaler`; made by `golden/binning.py`.

use ndarray::Array3;
use serde::Deserialize;
use spikereel_data::prepare::bin_spike_times;
use spikereel_data::{BinGrid, SpikeTensor, SpikeTimes, Standardisation, Standardiser};

#[derive(Deserialize)]
struct Grid {
    start_secs: f64,
    width_secs: f64,
    step_secs: f64,
    n_bins: usize,
    counts: Vec<f32>,
}

#[derive(Deserialize)]
struct Scaled {
    shape: [usize; 3],
    values: Vec<f32>,
    train: Vec<usize>,
    global: Vec<f32>,
    per_site: Vec<f32>,
    per_site_bin: Vec<f32>,
}

#[derive(Deserialize)]
struct Golden {
    align_secs: Vec<f64>,
    times_secs: Vec<Vec<f64>>,
    grids: Vec<Grid>,
    standardise: Scaled,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/binning.json")).unwrap()
}

#[test]
fn counts_equal_numpy_histogram_with_tiled_overlapping_and_spaced_windows() {
    let golden = golden();
    let times = SpikeTimes { times_secs: golden.times_secs, align_secs: golden.align_secs };
    for grid in &golden.grids {
        let bins = BinGrid::new(grid.start_secs, grid.width_secs, grid.step_secs, grid.n_bins).unwrap();
        let counts = bin_spike_times(&times, &bins).unwrap();
        assert_eq!(counts.shape(), [times.align_secs.len(), grid.n_bins, times.times_secs.len()]);
        assert_eq!(counts.to_array().iter().copied().collect::<Vec<_>>(), grid.counts, "{bins:?}");
        assert!(grid.counts.iter().sum::<f32>() > 10.0);
    }
}

#[test]
fn standardised_values_equal_scikit_learns() {
    let Scaled { shape, values, train, global, per_site, per_site_bin } = golden().standardise;
    let values = Array3::from_shape_vec(shape, values).unwrap();
    let tensor = SpikeTensor::from_array(values.view()).unwrap();
    let kinds = [
        (Standardisation::Global, global),
        (Standardisation::PerSite, per_site),
        (Standardisation::PerSiteBin, per_site_bin),
    ];
    for (kind, expected) in kinds {
        let standardiser = Standardiser::fit(kind, &tensor, &train).unwrap();
        let n = shape[1] * shape[2];
        let mut trial = vec![0.0; n];
        for trial_idx in 0..shape[0] {
            tensor.copy_trial(trial_idx, &mut trial);
            standardiser.apply(&mut trial);
            for (got, expected) in trial.iter().zip(&expected[trial_idx * n..]) {
                assert!((got - expected).abs() < 2e-6, "{kind:?}, trial {trial_idx}: {got} for {expected}");
            }
        }
    }
}
