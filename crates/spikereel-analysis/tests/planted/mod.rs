//! Simulated recordings as small datasets: 9 bins of half a second, 9 frames of 16 pixels.
#![allow(dead_code)] // each test file uses its own part of this

use spikereel_data::prepare::{
    BinnedTrials, ClipAssignment, PopulationConfig, SplitConfig, SplitUnit, assign_clips, binned, pseudo_population,
    split_trials,
};
use spikereel_data::{BinGrid, Dataset, Fold, Recording, Split, Standardisation, TargetKind};
use spikereel_synth::cortex::{CortexConfig, generate};
use spikereel_synth::stimulus::{StimulusConfig, clip_pool};
use std::collections::BTreeMap;
use std::sync::Arc;

const N_CLIPS: usize = 4;

/// A cortex in sessions, drawn and binned.
pub fn recordings(cortex: CortexConfig, n_sessions: usize, trials_per_condition: usize, seed: u64) -> Vec<Recording> {
    let cortex = CortexConfig { n_observer_trials: 0, ..cortex.with_sessions(n_sessions, trials_per_condition) };
    let grid = BinGrid::new(-1.5, 0.5, 0.5, 9).unwrap();
    generate(&cortex, seed).unwrap().iter().map(|recording| binned(recording, &grid).unwrap()).collect()
}

fn dataset(trials: BinnedTrials, split: &Split, seed: u64) -> Dataset {
    let stimulus = StimulusConfig {
        canvas_px: 64,
        downscale: 2,
        out_px: 16,
        frame_rate_hz: 2.0,
        n_fixation_frames: 1,
        n_cue_frames: 2,
        n_stimulus_frames: 6,
        n_dots: 400,
    };
    let pool = clip_pool(&stimulus, &trials.conditions, N_CLIPS, seed, "test/clips").unwrap();
    let shared = ClipAssignment::Shared { n_per_condition: N_CLIPS };
    let clips = assign_clips(shared, &trials.condition_of_trial, trials.conditions.len(), split, seed).unwrap();
    trials.into_dataset(pool, &clips, stimulus.timeline().unwrap(), TargetKind::ConditionOnly).unwrap()
}

/// Trials as recorded, split by real trial.
pub fn recorded(recording: &Recording, seed: u64) -> Fold {
    let trials = BinnedTrials::from_recording(recording).unwrap();
    let split = split_trials(&trials.condition_of_trial, &SplitConfig::default(), seed).unwrap().swap_remove(0);
    let dataset = Arc::new(dataset(trials, &split, seed));
    Fold::new(dataset, split, Standardisation::PerSite).unwrap()
}

/// Pseudo-trials, split before or after they are drawn.
pub fn pseudo(recordings: &[Recording], unit: SplitUnit, trials_per_condition: usize, seed: u64) -> Fold {
    let config =
        PopulationConfig { regions: Vec::new(), n_sites: BTreeMap::new(), trials_per_condition, redraw_sites: false };
    let split = SplitConfig { unit, ..SplitConfig::default() };
    let (trials, split) = pseudo_population(recordings, &config, &split, 0, seed).unwrap();
    let dataset = Arc::new(dataset(trials, &split, seed));
    Fold::new(dataset, split, Standardisation::PerSite).unwrap()
}
