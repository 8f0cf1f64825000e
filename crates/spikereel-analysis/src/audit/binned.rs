//! Counts around the aligning events: the recorded bins, or spike times in windows that hardly overlap.

use spikereel_data::prepare::bin_spike_times;
use spikereel_data::{BinGrid, Recording, SpikeTensor, Spikes};
use std::borrow::Cow;

/// Width of the bins that spike times are put into.
const BIN_SECS: f64 = 0.1;
/// Longest and shortest window around an event.
const WINDOW_SECS: [f64; 2] = [0.2, 5.0];

/// Counts of a recording.
pub(super) struct Binned<'a> {
    /// `[trial, bin, site]`.
    pub counts: Cow<'a, SpikeTensor>,
    /// `[site][trial]`, summed over bins.
    pub of_site: Vec<Vec<f64>>,
    /// Trials in the order of time.
    pub order: Vec<usize>,
}

impl<'a> Binned<'a> {
    /// None where nothing can be binned.
    pub fn new(recording: &'a Recording) -> Option<Self> {
        let n_trials = recording.n_trials();
        let mut order: Vec<usize> = (0..n_trials).collect();
        let counts = match &recording.spikes {
            Spikes::Counts(counts, _) => Cow::Borrowed(counts),
            Spikes::Times(times) => {
                order.sort_by(|&a, &b| times.align_secs[a].total_cmp(&times.align_secs[b]));
                let window = window_secs(order.iter().map(|&trial| times.align_secs[trial]));
                let n_bins = (window / BIN_SECS).round().max(1.0);
                let grid = BinGrid::new(-window / 2.0, window / n_bins, window / n_bins, n_bins as usize).ok()?;
                Cow::Owned(bin_spike_times(times, &grid).ok()?)
            }
        };
        let [_, n_bins, n_sites] = counts.shape();
        let mut of_site = vec![vec![0.0; n_trials]; n_sites];
        let mut trial = vec![0.0; n_bins * n_sites];
        for trial_idx in 0..n_trials {
            counts.copy_trial(trial_idx, &mut trial);
            for (at, &count) in trial.iter().enumerate() {
                of_site[at % n_sites][trial_idx] += f64::from(count);
            }
        }
        Some(Self { counts, of_site, order })
    }
}

/// Nine in ten intervals between events are longer.
fn window_secs(ordered: impl Iterator<Item = f64>) -> f64 {
    let events: Vec<f64> = ordered.collect();
    let mut gaps: Vec<f64> = events.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 10).map_or(1.0, |gap| gap.clamp(WINDOW_SECS[0], WINDOW_SECS[1]))
}
