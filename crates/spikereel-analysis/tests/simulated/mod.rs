//! Simulated recordings with small drawn videos, and a decoder that can read codes of several regions.
#![allow(dead_code)] // each test file uses its own part of this

use ndarray::{Array5, ArrayView3};
use spikereel_data::prepare::{BinnedTrials, SplitConfig, binned, split_trials};
use spikereel_data::{
    BinGrid, Dataset, Decoder, FitDecoder, Fold, Part, Phase, PhaseSpan, Result, SharedBytes, Standardisation,
    TargetKind, Timeline, VideoPool,
};
use spikereel_synth::cortex::{Code, CortexConfig, PerFeature, RegionConfig, generate};
use std::sync::Arc;

const SIDE: usize = 12;
const N_FRAMES: usize = 4;

/// One session of `cortex` in bins of half a second, with one clip a condition: a pattern of the cue in frame 1, then color and stripes.
pub fn fold(cortex: &CortexConfig, bin_secs: f64, seed: u64) -> Fold {
    let recording = generate(cortex, seed).unwrap().pop().unwrap();
    let own = cortex.bin_grid().unwrap();
    let n_bins = (own.n_bins as f64 * own.step_secs / bin_secs).round() as usize;
    let grid = BinGrid::new(own.start_secs, bin_secs, bin_secs, n_bins).unwrap();
    let trials = BinnedTrials::from_recording(&binned(&recording, &grid).unwrap()).unwrap();
    let split = split_trials(&trials.condition_of_trial, &SplitConfig::default(), seed).unwrap().remove(0);
    let levels = |condition: usize| {
        let at = |name: &str| trials.conditions.level_idx(condition, trials.conditions.factor_idx(name).unwrap());
        [at("cue"), at("color"), at("direction")]
    };
    let n_conditions = trials.conditions.len();
    let bytes: Vec<u8> = (0..n_conditions).flat_map(|condition| clip(levels(condition))).collect();
    let pool = VideoPool::new([n_conditions, N_FRAMES, SIDE, SIDE, 3], SharedBytes::new(bytes)).unwrap();
    let span = |phase, n_frames| PhaseSpan { phase, n_frames };
    let phases = vec![span(Phase::Fixation, 1), span(Phase::Cue, 1), span(Phase::Stimulus, N_FRAMES - 2)];
    let timeline = Timeline::new(2.0, own.start_secs, N_FRAMES, phases).unwrap();
    let clips = trials.condition_of_trial.clone();
    let dataset: Dataset = trials.into_dataset(pool, &clips, timeline, TargetKind::ConditionOnly).unwrap();
    Fold::new(Arc::new(dataset), split, Standardisation::PerSite).unwrap()
}

fn clip([cue, color, direction]: [usize; 3]) -> Vec<u8> {
    // The mean of the first two, and of the last two, stays nearer to them than to the others: half a bit is worth one half.
    let tints = [[1.0, 0.2, 0.2], [1.0, 0.7, 0.2], [0.2, 0.2, 1.0], [0.2, 0.7, 1.0]];
    let mut bytes = Vec::new();
    for frame in 0..N_FRAMES {
        for at in 0..SIDE * SIDE {
            let (row, col) = (at / SIDE, at % SIDE);
            let (tint, gray) = match frame {
                0 => ([1.0; 3], 0.1),
                1 => ([1.0; 3], [row % 4 < 2, col % 4 < 2, (row + col) % 4 < 2, row < 6][cue].into()),
                _ => (
                    tints[color],
                    if [row % 6 < 3, col % 6 < 3, (row + col) % 6 < 3, col < 6][direction] { 0.9 } else { 0.5 },
                ),
            };
            bytes.extend(tint.map(|tint: f64| (255.0 * tint * gray).round() as u8));
        }
    }
    bytes
}

/// Three regions of six sites; A and B carry color strongly, by `code`.
pub fn small_cortex(code: Code, n_trials: usize) -> CortexConfig {
    let mut config = CortexConfig::preset("standard").unwrap().with_sessions(1, n_trials);
    config.preset = "custom".into();
    let region = |(name, color): (&str, f64)| RegionConfig {
        name: name.into(),
        n_sites: 6,
        tuning: PerFeature::new(0.0, color, 0.0),
        ..RegionConfig::default()
    };
    config.regions = [("A", 0.8), ("B", 0.8), ("C", 0.0)].into_iter().map(region).collect();
    (config.fixation_secs, config.cue_secs, config.stimulus_secs) = (0.1, 0.1, 0.4);
    config.n_observer_trials = 640;
    config.codes = vec![code];
    config
}

/// Shows the mean video of the `n` training trials nearest in standardised sums over bins: knows of no code, so it can read any.
pub struct Nearest {
    pub n: usize,
}

struct Fitted {
    n: usize,
    fold: Fold,
    rows: Vec<(usize, Vec<f32>)>,
}

impl FitDecoder for Nearest {
    fn name(&self) -> &str {
        "nearest trials"
    }

    fn fit(&self, fold: &Fold, _seed: u64) -> Result<Box<dyn Decoder>> {
        let train = fold.trials(Part::Train);
        let rows = fold.spikes(train);
        let rows = train.iter().copied().zip(rows.outer_iter().map(|trial| sums(&trial))).collect();
        Ok(Box::new(Fitted { n: self.n, fold: fold.clone(), rows }))
    }
}

fn sums(trial: &ndarray::ArrayView2<'_, f32>) -> Vec<f32> {
    trial.sum_axis(ndarray::Axis(0)).to_vec()
}

impl Decoder for Fitted {
    fn name(&self) -> &str {
        "nearest trials"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        let [frames, height, width, rgb] = self.fold.dataset().video_shape();
        let mut videos = Array5::zeros((spikes.dim().0, frames, height, width, rgb));
        for (trial, mut video) in spikes.outer_iter().zip(videos.outer_iter_mut()) {
            let own = sums(&trial);
            // A masked site is 0 in all bins: it has no say.
            let distance = |row: &[f32]| -> f32 {
                own.iter().zip(row).filter(|(own, _)| **own != 0.0).map(|(own, row)| (own - row).powi(2)).sum()
            };
            let mut near: Vec<(f32, usize)> = self.rows.iter().map(|(trial, row)| (distance(row), *trial)).collect();
            if own.iter().any(|&value| value != 0.0) {
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                near.truncate(self.n);
            }
            let trials: Vec<usize> = near.iter().map(|(_, trial)| *trial).collect();
            let weight = 1.0 / trials.len() as f32;
            for other in self.fold.videos(&trials).outer_iter() {
                video.scaled_add(weight, &other);
            }
        }
        Ok(videos)
    }
}
