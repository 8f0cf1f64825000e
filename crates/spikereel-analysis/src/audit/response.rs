//! The mean response of the population around the aligning event.

use crate::stats::paired_t_test;
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::bin_spike_times;
use spikereel_data::{BinGrid, Recording, SpikeTensor, Spikes};
use std::borrow::Cow;

/// More bins are a slip of a unit.
const MAX_BINS: f64 = 10_000.0;

/// Mean over trials and sites, bin by bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlignmentResponse {
    /// Left edge of each bin, seconds relative to the event.
    pub left_edges: Vec<f64>,
    /// Width of a bin, seconds.
    pub width_secs: f64,
    /// Mean rate of a site in each bin.
    pub mean_rate_hz: Vec<f64>,
    /// Trials.
    pub n_trials: usize,
    /// Mean rate of a site in the bins before the event; none where no bin ends there or before.
    pub before_hz: Option<f64>,
    /// Mean rate of a site in the bins after the event; none where no bin starts there or later.
    pub after_hz: Option<f64>,
    /// The change in standard errors: mean over trials of the population's rate after the event less that before it in the same trial, over
    /// its standard error (the t of `scipy.stats.ttest_rel`). None without bins on both sides, below two trials, or without variance.
    pub z: Option<f64>,
}

/// The mean response in `window_secs` (`[from, to)`, relative to the event) in bins of `bin_width_secs`. A recording of counts gives its own
/// bins that lie in the window. Empty, with `z` none, where the window holds no bin or a number is not finite.
pub fn alignment_response(recording: &Recording, window_secs: [f64; 2], bin_width_secs: f64) -> AlignmentResponse {
    let binned = match &recording.spikes {
        Spikes::Counts(counts, grid) => Some((Cow::Borrowed(counts), *grid)),
        Spikes::Times(times) => grid(window_secs, bin_width_secs)
            .and_then(|grid| Some((Cow::Owned(bin_spike_times(times, &grid).ok()?), grid))),
    };
    let Some((counts, grid)) = binned else { return empty(bin_width_secs) };
    // Edges are sums of floats.
    let tolerance = 1e-6 * grid.width_secs;
    let is_inside = |&bin: &usize| {
        let left = grid.left_secs(bin);
        left >= window_secs[0] - tolerance && left + grid.width_secs <= window_secs[1] + tolerance
    };
    let bins: Vec<usize> = (0..grid.n_bins).filter(is_inside).collect();
    if bins.is_empty() {
        return empty(grid.width_secs);
    }
    let before: Vec<usize> =
        bins.iter().copied().filter(|&bin| grid.left_secs(bin) + grid.width_secs <= tolerance).collect();
    let after: Vec<usize> = bins.iter().copied().filter(|&bin| grid.left_secs(bin) >= -tolerance).collect();
    let rates = rates(&counts, &grid);
    let mean = |own: &[usize], of_bin: &[f64]| own.iter().map(|&bin| of_bin[bin]).sum::<f64>() / own.len() as f64;
    let side = |own: &[usize]| rates.iter().map(|of_bin| mean(own, of_bin)).collect::<Vec<f64>>();
    let mean_rate = |bin: usize| rates.iter().map(|of_bin| of_bin[bin]).sum::<f64>() / rates.len() as f64;
    let mean_side = |own: &[usize]| {
        let sides = side(own);
        (!own.is_empty()).then(|| sides.iter().sum::<f64>() / sides.len() as f64)
    };
    AlignmentResponse {
        left_edges: bins.iter().map(|&bin| grid.left_secs(bin)).collect(),
        width_secs: grid.width_secs,
        mean_rate_hz: bins.iter().map(|&bin| mean_rate(bin)).collect(),
        n_trials: rates.len(),
        before_hz: mean_side(&before),
        after_hz: mean_side(&after),
        z: if before.is_empty() || after.is_empty() {
            None
        } else {
            paired_t_test(&side(&after), &side(&before)).map(|test| test.t)
        },
    }
}

fn grid([from, to]: [f64; 2], width: f64) -> Option<BinGrid> {
    let n_bins = ((to - from) / width + 1e-9).floor();
    let fits = from.is_finite() && width > 0.0 && (1.0..=MAX_BINS).contains(&n_bins);
    if fits { BinGrid::new(from, width, width, n_bins as usize).ok() } else { None }
}

fn empty(width_secs: f64) -> AlignmentResponse {
    AlignmentResponse {
        left_edges: Vec::new(),
        width_secs,
        mean_rate_hz: Vec::new(),
        n_trials: 0,
        before_hz: None,
        after_hz: None,
        z: None,
    }
}

/// `[trial][bin]`, the mean rate of a site.
fn rates(counts: &SpikeTensor, grid: &BinGrid) -> Vec<Vec<f64>> {
    let [n_trials, n_bins, n_sites] = counts.shape();
    let mut trial = vec![0.0_f32; n_bins * n_sites];
    let of_trial = |trial_idx: usize| {
        counts.copy_trial(trial_idx, &mut trial);
        let sum = |bin: &[f32]| bin.iter().map(|&count| f64::from(count)).sum::<f64>();
        trial.chunks_exact(n_sites).map(|bin| sum(bin) / (n_sites as f64 * grid.width_secs)).collect()
    };
    (0..n_trials).map(of_trial).collect()
}
