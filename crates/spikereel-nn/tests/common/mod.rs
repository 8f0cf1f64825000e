//! What several tests need: values from the formula of `golden/reference.py`, golden files, a small fold.

#![allow(dead_code)] // each test binary uses its part

use safetensors::{Dtype, SafeTensors};
use spikereel_data::{
    BinGrid, ConditionTable, Dataset, DatasetParts, Factor, Fold, Level, Phase, PhaseSpan, RealTrial, Region,
    SharedBytes, Site, SpikeTensor, Split, Standardisation, TargetKind, Timeline, Trial, VideoPool,
};
use spikereel_nn::network::{Network, Role};
use spikereel_nn::{Real, Weights};
use std::path::PathBuf;
use std::sync::Arc;

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// `n` values in -1..1: SplitMix64 of a counter, keyed by a name.
pub fn uniform(name: &str, n: usize) -> Vec<f64> {
    let key = fnv1a(name);
    let value = |at: u64| {
        let mut z = key.wrapping_add((at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f64 / 8_388_608.0 - 1.0
    };
    (0..n as u64).map(value).collect()
}

/// Positions of the stored subset of a large tensor, or all of a small one.
pub fn picks(name: &str, n: usize, n_picks: usize) -> Vec<usize> {
    if n <= n_picks {
        return (0..n).collect();
    }
    let mut picks: Vec<usize> =
        uniform(&format!("picks/{name}"), n_picks).iter().map(|u| ((u + 1.0) / 2.0 * n as f64) as usize).collect();
    picks.sort_unstable();
    picks
}

/// Rounds to f32 first, as the Python side does.
fn reals<R: Real>(values: impl Iterator<Item = f64>) -> Vec<R> {
    values.map(|value| R::from_f32(value as f32)).collect()
}

/// Weights from the formula.
pub fn formula_weights<R: Real>(network: &Network) -> Weights<R> {
    let mut weights = Weights::init(network, 0);
    for spec in &network.params().specs {
        let u = uniform(&spec.name, spec.range.len());
        let scaled = u.iter().map(|u| match spec.role {
            Role::Weight | Role::Bias => u / (spec.fan_in as f64).sqrt(),
            Role::Gamma => 1.0 + 0.2 * u,
            Role::RunningVar => 1.0 + 0.3 * u,
            Role::Beta | Role::RunningMean => 0.1 * u,
        });
        weights.tensor_mut(spec).copy_from_slice(&reals(scaled));
    }
    weights
}

/// Spikes and target videos of `n` samples from the formula.
pub fn formula_data<R: Real>(network: &Network, n: usize) -> (Vec<R>, Vec<R>) {
    let spikes = uniform("spikes", n * network.input().len());
    let videos = uniform("videos", n * network.output().len());
    (reals(spikes.iter().map(|u| 1.7 * u)), reals(videos.iter().map(|u| 0.5 + 0.5 * u)))
}

/// A timeline whose frame weights are those of the Python side.
pub fn timeline(n_frames: usize) -> Timeline {
    if n_frames == 45 { Timeline::paper() } else { Timeline::new(10.0, 0.0, n_frames, vec![]).unwrap() }
}

/// Folder of the golden files.
pub fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A golden file.
pub struct Golden(Vec<u8>);

impl Golden {
    pub fn open(name: &str) -> Self {
        Self(std::fs::read(golden_dir().join(format!("{name}.safetensors"))).unwrap())
    }

    /// A tensor, f32 or f64.
    pub fn get(&self, name: &str) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|_| panic!("no golden tensor {name}"));
        match tensor.dtype() {
            Dtype::F32 => {
                tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
            }
            Dtype::F64 => tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Euclidean norm of `a - b` over that of `b`.
pub fn relative_l2(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    square(&mut a.iter().zip(b).map(|(a, b)| a - b)) / square(&mut b.iter().copied())
}

/// A fold of `n_conditions` with `n_each` noisy trials, half of them for training: spikes and a 16 x 16 video tell the condition.
pub fn small_fold(n_conditions: usize, n_each: usize, n_bins: usize, n_frames: usize) -> Fold {
    const N_SITES: usize = 6;
    const SIDE: usize = 16;
    let n_trials = n_conditions * n_each;
    let noise = uniform("noise", n_trials * n_bins * N_SITES);
    let tuning = uniform("tuning", n_conditions * N_SITES);
    let spikes = ndarray::Array3::from_shape_fn((n_trials, n_bins, N_SITES), |(trial, bin, site)| {
        let noise = noise[(trial * n_bins + bin) * N_SITES + site];
        (20.0 + 8.0 * tuning[(trial % n_conditions) * N_SITES + site] + 3.0 * noise).round() as f32
    });
    let clip = |condition: usize| {
        (0..n_frames * SIDE * SIDE).flat_map(move |at| {
            let (row, column) = (at / SIDE % SIDE, at % SIDE);
            let inside = (row + column * (condition % 2)) / 6 == condition % 3;
            if inside { [200, 40, 20 + 10 * condition as u8] } else { [20, 60, 90] }
        })
    };
    let site = |site_idx| Site {
        id: format!("s{site_idx}"),
        region: Region(if site_idx < 3 { "A" } else { "B" }.into()),
        session: "one".into(),
    };
    let level_idx = (0..n_conditions).map(|condition| vec![condition]).collect();
    let levels = (0..n_conditions).map(|condition| Level::Number(condition as f64)).collect();
    let phases = vec![
        PhaseSpan { phase: Phase::Cue, n_frames: n_frames / 2 },
        PhaseSpan { phase: Phase::Stimulus, n_frames: n_frames - n_frames / 2 },
    ];
    let dataset = Dataset::new(DatasetParts {
        name: "small".into(),
        sessions: vec!["one".into()],
        sites: (0..N_SITES).map(site).collect(),
        conditions: ConditionTable::new(vec![Factor { name: "which".into(), levels }], level_idx).unwrap(),
        trials: (0..n_trials)
            .map(|trial| Trial {
                condition_idx: trial % n_conditions,
                clip_idx: trial % n_conditions,
                origins: vec![RealTrial { session_idx: 0, trial_idx: trial as u32 }],
            })
            .collect(),
        spikes: SpikeTensor::from_array(spikes.view()).unwrap(),
        bins: BinGrid::new(0.0, 0.1, 0.1, n_bins).unwrap(),
        video: VideoPool::new(
            [n_conditions, n_frames, SIDE, SIDE, 3],
            SharedBytes::new((0..n_conditions).flat_map(clip).collect::<Vec<u8>>()),
        )
        .unwrap(),
        timeline: Timeline::new(10.0, 0.0, n_frames, phases).unwrap(),
        target_kind: TargetKind::ConditionOnly,
        covariates: vec![],
        truth: None,
        remarks: vec![],
    })
    .unwrap();
    let part = |from: usize, to: usize| (n_trials * from / 4..n_trials * to / 4).collect();
    let split = Split::new(part(0, 2), part(2, 3), part(3, 4), n_trials).unwrap();
    Fold::new(Arc::new(dataset), split, Standardisation::PerSite).unwrap()
}
