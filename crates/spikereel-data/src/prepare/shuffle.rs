//! A control for masking: one region's activity is dealt out anew among trials, so that it says nothing about the condition.

use crate::rng::{permutation, stream};
use crate::{DataError, Dataset, Result, SharedBytes, SpikeEncoding, SpikeTensor};

/// The dataset in which the sites of a region carry, in each of `trials`, the activity of another one of them, drawn without
/// regard to condition. All sites of the region move together; other trials and other regions stay.
///
/// Trials keep their `origins`, which for the shuffled region no longer hold: use the result as a null, never as data.
///
/// # Errors
/// A region or a trial that does not exist, or a trial named twice.
pub fn shuffle_region_across_conditions(
    dataset: &Dataset,
    region_idx: usize,
    trials: &[usize],
    seed: u64,
) -> Result<Dataset> {
    if region_idx >= dataset.regions().len() {
        let expected = format!("below {}", dataset.regions().len());
        return Err(DataError::new("region", expected, region_idx.to_string()).at(dataset.name.clone()));
    }
    let mut seen = vec![false; dataset.n_trials()];
    for &trial_idx in trials {
        match seen.get_mut(trial_idx) {
            Some(free) if !*free => *free = true,
            _ => {
                let expected = format!("trials below {}, each once", dataset.n_trials());
                return Err(
                    DataError::new("trials to shuffle", expected, trial_idx.to_string()).at(dataset.name.clone())
                );
            }
        }
    }
    let sites = dataset.sites_of_region(region_idx);
    let width = if dataset.spikes.encoding() == SpikeEncoding::U8 { 1 } else { 4 };
    let (n_bins, n_sites) = (dataset.n_bins(), dataset.n_sites());
    let source = dataset.spikes.bytes();
    let mut bytes = source.to_vec();
    let order = permutation(trials.len(), &mut stream(seed, &format!("shuffle/region{region_idx}")));
    for (&to, from) in trials.iter().zip(order.into_iter().map(|at| trials[at])) {
        for bin_idx in 0..n_bins {
            for &site_idx in &sites {
                let at = |trial_idx: usize| ((trial_idx * n_bins + bin_idx) * n_sites + site_idx) * width;
                bytes[at(to)..at(to) + width].copy_from_slice(&source[at(from)..at(from) + width]);
            }
        }
    }
    let mut parts = dataset.clone().into_parts();
    parts.spikes = SpikeTensor::from_bytes(dataset.spikes.shape(), dataset.spikes.encoding(), SharedBytes::new(bytes))?;
    parts.remarks.push(format!(
        "Null: the activity of {} was shuffled across conditions in {} trials.",
        dataset.regions()[region_idx],
        trials.len()
    ));
    Dataset::new(parts)
}
