//! A small simulated recording with its videos: nine bins of half a second, nine frames of 16 pixels.
#![allow(dead_code)] // each test file uses its own part of this

use spikereel_data::prepare::{BinnedTrials, SplitConfig, binned, split_trials};
use spikereel_data::{BinGrid, Fold, Standardisation, TargetKind};
use spikereel_synth::cortex::{CortexConfig, generate};
use spikereel_synth::stimulus::{StimulusConfig, clip_pool};
use std::sync::Arc;

/// The preset `easy` with `n_each` trials of each of its 64 conditions, split by real trial; `n_folds` as in [`SplitConfig`].
pub fn folds(n_each: usize, n_folds: usize, n_observer_trials: usize, seed: u64) -> Vec<Fold> {
    let mut cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, n_each);
    cortex.n_observer_trials = n_observer_trials;
    let recording = generate(&cortex, seed).unwrap().pop().unwrap();
    let grid = BinGrid::new(-1.5, 0.5, 0.5, 9).unwrap();
    let trials = BinnedTrials::from_recording(&binned(&recording, &grid).unwrap()).unwrap();
    let stimulus = StimulusConfig {
        canvas_px: 64,
        out_px: 16,
        frame_rate_hz: 2.0,
        n_fixation_frames: 1,
        n_cue_frames: 2,
        n_stimulus_frames: 6,
        ..StimulusConfig::default()
    };
    const N_CLIPS: usize = 4;
    let pool = clip_pool(&stimulus, &trials.conditions, N_CLIPS, seed, "test").unwrap();
    let clips: Vec<usize> = trials
        .condition_of_trial
        .iter()
        .enumerate()
        .map(|(trial, condition)| condition * N_CLIPS + trial % N_CLIPS)
        .collect();
    let split = SplitConfig { n_folds, ..SplitConfig::default() };
    let splits = split_trials(&trials.condition_of_trial, &split, seed).unwrap();
    let timeline = stimulus.timeline().unwrap();
    let dataset = Arc::new(trials.into_dataset(pool, &clips, timeline, TargetKind::ConditionOnly).unwrap());
    splits.into_iter().map(|split| Fold::new(Arc::clone(&dataset), split, Standardisation::PerSite).unwrap()).collect()
}
