//! Calibrated configurations: the literature's order of regions at the paper's numbers of sites, at three difficulties.
//!
//! Order after Brincat et al. 2018 (PNAS) and Siegel et al. 2015 (Science): shape and color strongest in V4, then IT;
//! motion in MT; weak and mixed in LIP and FEF; PFC carries the task. Strengths are not measured ones: they are set so
//! that the ideal observer reaches the stated accuracies (`tests/presets.rs` holds them to these). MT has exactly no
//! shape and color, IT no motion.

use super::config::{CortexConfig, PerFeature, RegionConfig, SessionConfig, SpikeForm};
use spikereel_data::{DataError, Result};

/// Real trials of each condition.
const N_TRIALS_PER_CONDITION: usize = 60;
/// Monte Carlo trials of the observer: standard error of an accuracy below .005.
const N_OBSERVER_TRIALS: usize = 6400;

/// Factors of a difficulty: on all tuning, and on all lapses.
struct Difficulty {
    tuning: f64,
    lapse: f64,
}

impl CortexConfig {
    /// `easy`, `standard` or `hard`: 64-way accuracy of the ideal observer on single trials about .93, .70 and .40,
    /// within-condition correlation of region blocks below .2.
    ///
    /// # Errors
    /// Another name.
    pub fn preset(name: &str) -> Result<Self> {
        let difficulty = match name {
            "easy" => Difficulty { tuning: 1.1, lapse: 0.25 },
            "standard" => Difficulty { tuning: 1.0, lapse: 0.95 },
            "hard" => Difficulty { tuning: 0.85, lapse: 1.9 },
            _ => return Err(DataError::new("preset", "easy, standard or hard", format!("`{name}`"))),
        };
        Ok(Self {
            preset: name.into(),
            regions: regions(&difficulty),
            sessions: vec![SessionConfig { n_trials_per_condition: N_TRIALS_PER_CONDITION, regions: Vec::new() }],
            codes: Vec::new(),
            bin_width_secs: 0.1,
            fixation_secs: 0.5,
            cue_secs: 1.0,
            stimulus_secs: 3.0,
            transient_gain: 1.0,
            transient_secs: 0.15,
            spikes: SpikeForm::Counts,
            error_share: 0.0,
            n_observer_trials: N_OBSERVER_TRIALS,
        })
    }
}

/// Regions in the paper's order.
fn regions(difficulty: &Difficulty) -> Vec<RegionConfig> {
    let scaled = |values: [f64; 3], factor: f64| {
        let [shape, color, motion] = values.map(|value| value * factor);
        PerFeature { shape, color, motion }
    };
    let region = |name: &str, n_sites, tuning, lapse, latency_secs, baseline_rate_hz| RegionConfig {
        name: name.into(),
        n_sites,
        tuning: scaled(tuning, difficulty.tuning),
        lapse: scaled(lapse, difficulty.lapse),
        latency_secs,
        baseline_rate_hz,
        ..RegionConfig::default()
    };
    let task = |task_share, memory, rule_coupling, response_coupling, reaction_time_coupling, region| RegionConfig {
        task_share,
        memory,
        rule_coupling,
        response_coupling,
        reaction_time_coupling,
        ..region
    };
    let none = [0.0; 3];
    vec![
        task(0.5, 0.0, 0.01, 0.012, 0.3, region("PFC", 30, none, none, 0.12, 24.0)),
        task(0.5, 0.0, 0.01, 0.015, 0.4, region("FEF", 30, [0.0, 0.025, 0.025], [0.0, 0.3, 0.3], 0.08, 26.0)),
        task(0.3, 0.0, 0.0, 0.02, 0.3, region("LIP", 30, [0.05, 0.03, 0.045], [0.3; 3], 0.08, 24.0)),
        region("MT", 20, [0.0, 0.0, 0.22], [0.0, 0.0, 0.2], 0.05, 26.0),
        region("IT", 10, [0.15, 0.08, 0.0], [0.4, 0.4, 0.0], 0.10, 22.0),
        region("V4", 20, [0.28, 0.22, 0.04], [0.2, 0.2, 0.3], 0.06, 24.0),
    ]
}
