//! A hand-made recording with known functions: region A carries the cue, B the color, C the direction, N nothing.
#![allow(dead_code)] // each test file uses its own part of this

use ndarray::Array3;
use rand_distr::{Distribution, StandardNormal};
use spikereel_data::rng::stream;
use spikereel_data::{
    BinGrid, ConditionTable, Dataset, DatasetParts, Factor, Fold, Level, Phase, PhaseSpan, RealTrial, Region,
    SharedBytes, Site, SpikeTensor, Split, Standardisation, TargetKind, Timeline, Trial, VideoPool,
};
use std::sync::Arc;

pub const REGIONS: [&str; 4] = ["A", "B", "C", "N"];
pub const SIDE: usize = 16;
pub const N_FRAMES: usize = 9;
const N_SITES_EACH: usize = 6;
const N_BINS: usize = 3;
const COLORS: [[f64; 3]; 3] = [[0.9, 0.3, 0.3], [0.3, 0.8, 0.3], [0.4, 0.4, 0.9]];
const DIRECTIONS: [f64; 2] = [90.0, -30.0];

pub fn conditions() -> ConditionTable {
    let names = |names: [&str; 3]| names.map(|name| Level::Text(name.into())).to_vec();
    let factors = vec![
        Factor { name: "cue".into(), levels: names(["bars", "disc", "edge"]) },
        Factor { name: "color".into(), levels: names(["red", "green", "blue"]) },
        Factor { name: "direction".into(), levels: DIRECTIONS.map(Level::Number).to_vec() },
    ];
    let levels = (0..18).map(|c| vec![c / 6, c / 2 % 3, c % 2]).collect();
    ConditionTable::new(factors, levels).unwrap()
}

fn clip(condition: usize) -> Vec<u8> {
    let (cue, color, direction_deg) = (condition / 6, condition / 2 % 3, DIRECTIONS[condition % 2]);
    let (sin, cos) = direction_deg.to_radians().sin_cos();
    let mut bytes = Vec::new();
    for frame in 0..N_FRAMES {
        for row in 0..SIDE {
            for col in 0..SIDE {
                let (x, y) = (col as f64 - 7.5, 7.5 - row as f64);
                let gray = match (frame, cue) {
                    (0, _) => 0.1,
                    (1..=2, 0) => f64::from(u8::from(row % 4 < 2)),
                    (1..=2, 1) => f64::from(u8::from(x * x + y * y < 20.0)),
                    (1..=2, _) => f64::from(u8::from(col < 5)),
                    _ => {
                        // Two crossing gratings that move as one, half a pixel a frame. A single one leaves the flow along
                        // its stripes open: cv2 reads it 40 to 90 degrees off.
                        let (x, y) = (x - 0.5 * frame as f64 * cos, y - 0.5 * frame as f64 * sin);
                        0.55 + 0.2 * (0.9 * x + 0.4 * y).sin() + 0.2 * (0.9 * y - 0.5 * x + 1.0).sin()
                    }
                };
                let tint = if frame > 2 { COLORS[color] } else { [1.0; 3] };
                bytes.extend(tint.map(|tint| (255.0 * gray * tint).round() as u8));
            }
        }
    }
    bytes
}

/// `n_each` trials of each condition; `strength` is tuning over noise.
pub fn dataset(seed: u64, n_each: usize, strength: f64) -> Arc<Dataset> {
    let mut rng = stream(seed, "toy");
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let n_sites = REGIONS.len() * N_SITES_EACH;
    let tuning: Vec<f64> = (0..n_sites * 3).map(|_| normal()).collect();
    let trials: Vec<Trial> = (0..18 * n_each)
        .map(|trial| {
            let condition_idx = trial % 18;
            let origins = vec![RealTrial { session_idx: 0, trial_idx: trial as u32 }];
            Trial { condition_idx, clip_idx: condition_idx, origins }
        })
        .collect();
    let spikes = Array3::from_shape_fn((trials.len(), N_BINS, n_sites), |(trial, _, site)| {
        let c = trials[trial].condition_idx;
        let level = [c / 6, c / 2 % 3, c % 2].get(site / N_SITES_EACH).copied();
        let signal = level.map_or(0.0, |level| strength * tuning[site * 3 + level]);
        (signal + normal()) as f32
    });
    let site = |at: usize| Site {
        id: at.to_string(),
        region: Region(REGIONS[at / N_SITES_EACH].into()),
        session: "toy".into(),
    };
    let bytes: Vec<u8> = (0..18).flat_map(clip).collect();
    let span = |phase, n_frames| PhaseSpan { phase, n_frames };
    let phases = vec![span(Phase::Fixation, 1), span(Phase::Cue, 2), span(Phase::Stimulus, N_FRAMES - 3)];
    let parts = DatasetParts {
        name: "toy".into(),
        sessions: vec!["toy".into()],
        sites: (0..n_sites).map(site).collect(),
        conditions: conditions(),
        trials,
        spikes: SpikeTensor::from_array(spikes.view()).unwrap(),
        bins: BinGrid::new(0.0, 0.1, 0.1, N_BINS).unwrap(),
        video: VideoPool::new([18, N_FRAMES, SIDE, SIDE, 3], SharedBytes::new(bytes)).unwrap(),
        timeline: Timeline::new(10.0, 0.0, N_FRAMES, phases).unwrap(),
        target_kind: TargetKind::ConditionOnly,
        covariates: Vec::new(),
        truth: None,
        remarks: Vec::new(),
    };
    Arc::new(Dataset::new(parts).unwrap())
}

/// Trials `shift, shift + 3, ...` (blocks of one trial a condition) for test, the rest for training.
pub fn fold(dataset: &Arc<Dataset>, shift: usize) -> Fold {
    let (test, train): (Vec<usize>, Vec<usize>) = (0..dataset.n_trials()).partition(|trial| trial / 18 % 3 == shift);
    let split = Split::new(train, Vec::new(), test, dataset.n_trials()).unwrap();
    Fold::new(Arc::clone(dataset), split, Standardisation::PerSite).unwrap()
}
