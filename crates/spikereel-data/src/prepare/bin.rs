//! Binning: spike times to counts, and counts to wider bins. Windows are half-open, `left <= t < right`, as in
//! `numpy.histogram` for all but its last bin (whose right edge numpy closes and we do not).

use crate::{BinGrid, DataError, Recording, Result, SharedBytes, SpikeEncoding, SpikeTensor, SpikeTimes, Spikes};
use ndarray::Array3;
use rayon::prelude::*;

/// How far two edges may be apart, as a share of a bin's width, and still count as one edge.
const EDGE_TOLERANCE: f64 = 1e-6;

/// Counts spikes in the windows of `grid` around each trial's aligning event. Overlapping windows count a spike in each.
///
/// # Shapes
/// - returns: `[trial, bin, site]`, u8 unless a bin holds more than 255 spikes
///
/// # Errors
/// Where there is no trial or no site.
pub fn bin_spike_times(times: &SpikeTimes, grid: &BinGrid) -> Result<SpikeTensor> {
    let (n_trials, n_sites) = (times.align_secs.len(), times.times_secs.len());
    let shape = [n_trials, grid.n_bins, n_sites];
    if shape.contains(&0) {
        return SpikeTensor::from_bytes(shape, SpikeEncoding::U8, SharedBytes::new(Vec::new()));
    }
    let edges = edges(grid);
    let mut bytes = vec![0_u8; n_trials * grid.n_bins * n_sites];
    let fits = bytes.par_chunks_exact_mut(grid.n_bins * n_sites).zip(&times.align_secs).map(|(trial, &align)| {
        let mut fits = true;
        count_trial(times, align, &edges, |bin_idx, site_idx, count| match u8::try_from(count) {
            Ok(count) => trial[bin_idx * n_sites + site_idx] = count,
            Err(_) => fits = false,
        });
        fits
    });
    if fits.reduce(|| true, |a, b| a && b) {
        return SpikeTensor::from_bytes(shape, SpikeEncoding::U8, SharedBytes::new(bytes));
    }
    let mut counts = Array3::<f32>::zeros((n_trials, grid.n_bins, n_sites));
    for (mut trial, &align) in counts.outer_iter_mut().zip(&times.align_secs) {
        count_trial(times, align, &edges, |bin_idx, site_idx, count| trial[(bin_idx, site_idx)] = count as f32);
    }
    SpikeTensor::from_array(counts.view())
}

/// The counts of one trial, by two pointers that walk each site's ascending times.
fn count_trial(times: &SpikeTimes, align: f64, edges: &[(f64, f64)], mut put: impl FnMut(usize, usize, usize)) {
    for (site_idx, list) in times.times_secs.iter().enumerate() {
        let first = list.partition_point(|&time| time - align < edges[0].0);
        let (mut begin, mut end) = (first, first);
        for (bin_idx, &(left, right)) in edges.iter().enumerate() {
            while list.get(begin).is_some_and(|&time| time - align < left) {
                begin += 1;
            }
            end = end.max(begin);
            while list.get(end).is_some_and(|&time| time - align < right) {
                end += 1;
            }
            put(bin_idx, site_idx, end - begin);
        }
    }
}

/// Left and right edge of every bin. Where the width is a whole number of steps, a right edge is the very number that a later
/// bin has on its left, so that a spike on it is counted once.
fn edges(grid: &BinGrid) -> Vec<(f64, f64)> {
    let n_steps = grid.width_secs / grid.step_secs;
    let whole = (n_steps - n_steps.round()).abs() < EDGE_TOLERANCE && n_steps.round() >= 1.0;
    let right = |bin_idx: usize| match whole {
        true => grid.left_secs(bin_idx + n_steps.round() as usize),
        false => grid.left_secs(bin_idx) + grid.width_secs,
    };
    (0..grid.n_bins).map(|bin_idx| (grid.left_secs(bin_idx), right(bin_idx))).collect()
}

/// Adds up counts into wider bins, which may overlap.
///
/// # Errors
/// Where a bin of `new` is not an exact union of bins of `old`; the error names both grids.
pub fn rebin_counts(counts: &SpikeTensor, old: &BinGrid, new: &BinGrid) -> Result<SpikeTensor> {
    let [n_trials, n_bins, n_sites] = counts.shape();
    if n_bins != old.n_bins {
        return Err(DataError::new("spike counts, bin axis", old.n_bins.to_string(), n_bins.to_string()));
    }
    if old == new {
        return Ok(counts.clone());
    }
    let unions = unions(old, new)?;
    let mut wide = Array3::<f32>::zeros((n_trials, new.n_bins, n_sites));
    wide.as_slice_mut()
        .expect("a new array is contiguous")
        .par_chunks_exact_mut(new.n_bins * n_sites)
        .enumerate()
        .for_each_init(
            || vec![0.0; n_bins * n_sites],
            |narrow, (trial_idx, wide)| {
                counts.copy_trial(trial_idx, narrow);
                for (out, &(first, n)) in wide.chunks_exact_mut(n_sites).zip(&unions) {
                    for bin in narrow[first * n_sites..(first + n) * n_sites].chunks_exact(n_sites) {
                        out.iter_mut().zip(bin).for_each(|(out, value)| *out += value);
                    }
                }
            },
        );
    SpikeTensor::from_array(wide.view())
}

/// For each new bin, the first old bin and how many of them it covers.
fn unions(old: &BinGrid, new: &BinGrid) -> Result<Vec<(usize, usize)>> {
    let mismatch = || {
        DataError::new(
            "bins",
            format!("windows that are whole runs of the recorded bins ({})", describe(old)),
            describe(new),
        )
        .hint("choose a start, width and step that are multiples of the recorded bin, inside the recorded time")
    };
    let near = |value: f64| Some(value.round()).filter(|round| (value - round).abs() < EDGE_TOLERANCE);
    if near(old.step_secs / old.width_secs) != Some(1.0) {
        return Err(mismatch());
    }
    let n = near(new.width_secs / old.width_secs).filter(|&n| n >= 1.0).ok_or_else(mismatch)? as usize;
    (0..new.n_bins)
        .map(|bin_idx| {
            let first = near((new.left_secs(bin_idx) - old.start_secs) / old.width_secs).ok_or_else(mismatch)?;
            let inside = first >= 0.0 && first as usize + n <= old.n_bins;
            if inside { Ok((first as usize, n)) } else { Err(mismatch()) }
        })
        .collect()
}

/// A grid in words, for errors and reports.
pub fn describe(grid: &BinGrid) -> String {
    let ms = |secs: f64| (secs * 1e6).round() / 1e3;
    let every =
        if grid.step_secs == grid.width_secs { String::new() } else { format!(" every {} ms", ms(grid.step_secs)) };
    format!("{} bins of {} ms{every} from {} ms", grid.n_bins, ms(grid.width_secs), ms(grid.start_secs))
}

/// The recording with its spikes counted on `grid`: binned from times, or added up from narrower bins.
///
/// # Errors
/// What [`bin_spike_times`] and [`rebin_counts`] refuse, naming the recording.
pub fn binned(recording: &Recording, grid: &BinGrid) -> Result<Recording> {
    let place = |error: DataError| error.at(recording.session.clone());
    let counts = match &recording.spikes {
        Spikes::Times(times) => bin_spike_times(times, grid).map_err(place)?,
        Spikes::Counts(counts, old) => rebin_counts(counts, old, grid).map_err(place)?,
    };
    let mut parts = recording.clone().into_parts();
    parts.spikes = Spikes::Counts(counts, *grid);
    Recording::new(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_on_an_edge_falls_into_the_bin_on_its_right_and_is_counted_once() {
        let grid = BinGrid::new(0.0, 0.1, 0.1, 5).unwrap();
        let edge_times: Vec<f64> = (0..=5).map(|bin_idx| grid.left_secs(bin_idx)).collect();
        let times = SpikeTimes { times_secs: vec![edge_times], align_secs: vec![0.0] };
        let counts = bin_spike_times(&times, &grid).unwrap().to_array();
        assert_eq!(counts.iter().copied().collect::<Vec<_>>(), [1.0; 5]);
    }

    #[test]
    fn more_than_255_spikes_in_a_bin_are_kept() {
        let times = SpikeTimes { times_secs: vec![vec![0.05; 300]], align_secs: vec![0.0] };
        let counts = bin_spike_times(&times, &BinGrid::new(0.0, 0.1, 0.1, 1).unwrap()).unwrap();
        assert_eq!((counts.encoding(), counts.value(0, 0, 0)), (SpikeEncoding::F32Le, 300.0));
    }

    #[test]
    fn bins_that_do_not_tile_are_refused_with_both_grids_named() {
        let counts = SpikeTensor::from_array(Array3::zeros((1, 10, 1)).view()).unwrap();
        let old = BinGrid::new(0.0, 0.01, 0.01, 10).unwrap();
        let new = BinGrid::new(0.0, 0.025, 0.025, 4).unwrap();
        let error = rebin_counts(&counts, &old, &new).unwrap_err();
        assert_eq!(
            error.to_string(),
            "bins: expected windows that are whole runs of the recorded bins (10 bins of 10 ms from 0 ms), got 4 bins of 25 ms \
             from 0 ms (hint: choose a start, width and step that are multiples of the recorded bin, inside the recorded time)"
        );
        let late = BinGrid::new(0.05, 0.02, 0.01, 5).unwrap(); // the last window ends after the recording
        assert!(rebin_counts(&counts, &old, &late).is_err());
    }

    proptest! {
        #[test]
        fn rebinning_counts_equals_binning_times_with_wide_windows(
            times in prop::collection::vec(-0.2_f64..1.4, 0..200),
            n_wide in 1_usize..5,
            n_skip in 0_usize..10,
            align in -5.0_f64..5.0,
        ) {
            let narrow = BinGrid::new(0.0, 0.0625, 0.0625, 20).unwrap(); // exact in binary: edges agree to the bit
            let width = n_wide as f64 * 0.0625;
            let wide = BinGrid::new(n_skip as f64 * 0.0625, width, 0.0625, 20 - n_skip - n_wide).unwrap();
            let mut list: Vec<f64> = times.iter().map(|time| time + align).collect();
            list.sort_by(f64::total_cmp);
            let times = SpikeTimes { times_secs: vec![list], align_secs: vec![align] };
            let rebinned = rebin_counts(&bin_spike_times(&times, &narrow).unwrap(), &narrow, &wide).unwrap();
            prop_assert_eq!(rebinned.to_array(), bin_spike_times(&times, &wide).unwrap().to_array());
        }
    }
}
