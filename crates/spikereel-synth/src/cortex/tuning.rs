//! From tuning to mean counts: what each site of a region does in each bin for each heard state.
//!
//! Color and motion are tuned as cosines around preferred angles that a region's sites share out evenly; shape has no
//! order, so each site has a random level for each. All tuning is set to mean 0 and standard deviation 1 over the four
//! levels.

use super::config::{CortexConfig, Feature, RegionConfig};
use super::task::rule_of_shape;
use crate::stimulus::ANGLES_DEG;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use spikereel_data::{Result, rng::stream};

/// Which heard levels a site's mean depends on in a bin, and so its number of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drive {
    /// Nothing: 1 state.
    Blank,
    /// Shape: 4 states.
    Cue,
    /// Color and motion: 16 states, `color * 4 + motion`.
    Sensory,
    /// Remembered shape and response: 8 states, `shape * 2 + response`.
    Task,
}

impl Drive {
    pub(super) fn n_states(self) -> usize {
        [1, 4, 16, 8][self as usize]
    }

    pub(super) fn state(self, [shape, color, motion]: [usize; 3], response: usize) -> usize {
        match self {
            Drive::Blank => 0,
            Drive::Cue => shape,
            Drive::Sensory => color * 4 + motion,
            Drive::Task => shape * 2 + response,
        }
    }
}

/// One site in one bin.
#[derive(Debug, Clone)]
pub(super) struct SiteBin {
    pub drive: Drive,
    /// Mean count at gain 1 in each state.
    pub means: Vec<f64>,
}

/// One site: its fixed random properties.
struct SiteTuning {
    baseline_rate_hz: f64,
    preference: [[f64; 4]; 3],
    is_task: bool,
    rule_sign: f64,
    response_sign: f64,
}

/// Mean counts of all sites of a region, `[site][bin]`. Depends on the seed and the region, not on the sessions.
pub(super) fn site_bins(config: &CortexConfig, region: &RegionConfig, seed: u64) -> Result<Vec<Vec<SiteBin>>> {
    let grid = config.bin_grid()?;
    let [n_fixation, n_cue, _] = config.phase_bins()?;
    let cue_onset_secs = -(n_cue as f64) * config.bin_width_secs;
    let bins_of = |site: &SiteTuning| {
        (0..grid.n_bins)
            .map(|bin_idx| {
                let left_secs = grid.left_secs(bin_idx);
                if bin_idx < n_fixation {
                    SiteBin { drive: Drive::Blank, means: vec![site.baseline_rate_hz * config.bin_width_secs] }
                } else if bin_idx < n_fixation + n_cue {
                    driven(config, region, site, Drive::Cue, left_secs - cue_onset_secs)
                } else {
                    driven(config, region, site, if site.is_task { Drive::Task } else { Drive::Sensory }, left_secs)
                }
            })
            .collect()
    };
    Ok(site_tunings(region, seed).iter().map(bins_of).collect())
}

/// A bin `since_onset_secs` after the onset of its phase.
fn driven(
    config: &CortexConfig,
    region: &RegionConfig,
    site: &SiteTuning,
    drive: Drive,
    since_onset_secs: f64,
) -> SiteBin {
    let width_secs = config.bin_width_secs;
    let share = ((since_onset_secs + width_secs - region.latency_secs) / width_secs).clamp(0.0, 1.0);
    if share == 0.0 {
        return SiteBin { drive: Drive::Blank, means: vec![site.baseline_rate_hz * width_secs] };
    }
    let response_secs = (since_onset_secs - region.latency_secs).max(0.0);
    let transient = config.transient_gain * (-response_secs / config.transient_secs).exp();
    let evoked_hz = site.baseline_rate_hz * (1.0 + region.response_gain * (1.0 + transient));
    let mean = |state: usize| {
        let log_factor = match drive {
            Drive::Blank => 0.0,
            Drive::Cue => {
                region.tuning.shape * site.preference[0][state]
                    + if site.is_task {
                        region.rule_coupling * site.rule_sign * sign(rule_of_shape(state))
                    } else {
                        0.0
                    }
            }
            Drive::Sensory => {
                region.tuning.color * site.preference[1][state / 4]
                    + region.tuning.motion * site.preference[2][state % 4]
            }
            Drive::Task => {
                region.memory * site.preference[0][state / 2]
                    + region.rule_coupling * site.rule_sign * sign(rule_of_shape(state / 2))
                    + region.response_coupling * site.response_sign * sign(state % 2)
            }
        };
        (share * evoked_hz * log_factor.exp() + (1.0 - share) * site.baseline_rate_hz) * width_secs
    };
    SiteBin { drive, means: (0..drive.n_states()).map(mean).collect() }
}

fn sign(bit: usize) -> f64 {
    if bit == 0 { -1.0 } else { 1.0 }
}

fn site_tunings(region: &RegionConfig, seed: u64) -> Vec<SiteTuning> {
    let mut rng = stream(seed, &format!("cortex/tuning/{}", region.name));
    let n = region.n_sites;
    let n_task = (region.task_share * n as f64).round() as usize;
    // Preferred angles: evenly spread over the circle from a random start, dealt to the sites in a random order.
    let mut angles = [Feature::Color, Feature::Motion].map(|_| {
        let start = rng.random::<f64>();
        let mut angles: Vec<f64> = (0..n)
            .map(|i| std::f64::consts::TAU * (start + (i as f64 + rng.random::<f64>() * 0.5) / n as f64))
            .collect();
        for last in (1..n).rev() {
            angles.swap(last, rng.random_range(0..=last));
        }
        angles
    });
    (0..n)
        .map(|site_idx| {
            let z: f64 = StandardNormal.sample(&mut rng);
            let shape: [f64; 4] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
            let mut cosine = |which: usize| {
                let preferred = angles[which].pop().unwrap_or_default();
                ANGLES_DEG.map(|angle| (angle.to_radians() - preferred).cos())
            };
            let preference = [shape, cosine(0), cosine(1)].map(normalised);
            let mut either = || if rng.random::<bool>() { 1.0 } else { -1.0 };
            SiteTuning {
                baseline_rate_hz: region.baseline_rate_hz
                    * (region.baseline_spread * z - region.baseline_spread.powi(2) / 2.0).exp(),
                preference,
                // Task sites stand evenly among the others, so that every session gets its share.
                is_task: (site_idx + 1) * n_task / n > site_idx * n_task / n,
                rule_sign: either(),
                response_sign: either(),
            }
        })
        .collect()
}

/// Mean 0, standard deviation 1.
fn normalised(values: [f64; 4]) -> [f64; 4] {
    let mean = values.iter().sum::<f64>() / 4.0;
    let sd = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
    values.map(|value| if sd > 1e-9 { (value - mean) / sd } else { 0.0 })
}
