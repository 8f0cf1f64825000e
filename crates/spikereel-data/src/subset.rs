//! Folds of part of the data: some sites, some bins, fewer training trials. Trials keep their numbers, and the standardiser is fitted anew.

use crate::rng::{permutation, stream};
use crate::{BinGrid, DataError, Dataset, DatasetParts, Fold, Part, Result, Split};
use crate::{SharedBytes, SpikeEncoding, SpikeTensor};
use std::sync::Arc;

impl Fold {
    /// The same fold of some sites alone, in the order of the site axis whatever the order given, so that regions keep their order.
    ///
    /// What a simulator planted describes all sites together; it is dropped unless all are kept. Videos are shared, not copied.
    ///
    /// # Errors
    /// No site, a site twice, or a site that the dataset does not have.
    pub fn with_sites(&self, sites: &[usize]) -> Result<Self> {
        let dataset = self.dataset();
        let kept = ascending("sites", sites, dataset.n_sites())?;
        let all_bins: Vec<usize> = (0..dataset.n_bins()).collect();
        let spikes = select(&dataset.spikes, &all_bins, &kept)?;
        let is_whole = kept.len() == dataset.n_sites();
        let mut parts = parts_but_spikes(dataset, spikes);
        parts.sites = kept.iter().map(|&site_idx| dataset.sites[site_idx].clone()).collect();
        parts.truth = parts.truth.filter(|_| is_whole);
        self.of_parts(parts)
    }

    /// The same fold of some bins alone, which must follow each other at equal steps: a run such as `5..15`, or every third.
    ///
    /// What a simulator planted is dropped unless all bins are kept.
    ///
    /// # Errors
    /// No bin, a bin twice, a bin that the dataset does not have, or uneven steps.
    pub fn with_bins(&self, bins: impl IntoIterator<Item = usize>) -> Result<Self> {
        let dataset = self.dataset();
        let kept = ascending("bins", &bins.into_iter().collect::<Vec<_>>(), dataset.n_bins())?;
        let step = kept.get(1).map_or(1, |second| second - kept[0]);
        if kept.windows(2).any(|pair| pair[1] - pair[0] != step) {
            return Err(DataError::new("bins", "equal steps from each to the next", format!("{kept:?}"))
                .hint("keep a run of bins, or every n-th"));
        }
        let all_sites: Vec<usize> = (0..dataset.n_sites()).collect();
        let spikes = select(&dataset.spikes, &kept, &all_sites)?;
        let is_whole = kept.len() == dataset.n_bins();
        let step_secs = dataset.bins.step_secs * step as f64;
        let mut parts = parts_but_spikes(dataset, spikes);
        parts.bins = BinGrid::new(dataset.bins.left_secs(kept[0]), dataset.bins.width_secs, step_secs, kept.len())?;
        parts.truth = parts.truth.filter(|_| is_whole);
        self.of_parts(parts)
    }

    /// The same fold with at most `n_per_condition` training trials of each condition; validation and test stay. A condition that has
    /// fewer keeps all. Under one seed a smaller draw is part of a larger one.
    ///
    /// # Errors
    /// Where no training trial would be left.
    pub fn with_training_trials(&self, n_per_condition: usize, seed: u64) -> Result<Self> {
        let mut train = Vec::new();
        for (condition_idx, trials) in self.train_of_condition().iter().enumerate() {
            let mut rng = stream(seed, &format!("subset/train/condition{condition_idx}"));
            let order = permutation(trials.len(), &mut rng);
            train.extend(order.into_iter().take(n_per_condition).map(|at| trials[at]));
        }
        let [validation, test] = [Part::Validation, Part::Test].map(|part| self.trials(part).to_vec());
        let split = Split::new(train, validation, test, self.dataset().n_trials())?;
        Self::new(Arc::clone(self.dataset()), split, self.standardiser().kind())
    }

    fn of_parts(&self, parts: DatasetParts) -> Result<Self> {
        Self::new(Arc::new(Dataset::new(parts)?), self.split().clone(), self.standardiser().kind())
    }
}

/// Everything of a dataset, with other spikes: the whole tensor is never copied only to be cut.
fn parts_but_spikes(dataset: &Dataset, spikes: SpikeTensor) -> DatasetParts {
    DatasetParts {
        name: dataset.name.clone(),
        sessions: dataset.sessions.clone(),
        sites: dataset.sites.clone(),
        conditions: dataset.conditions.clone(),
        trials: dataset.trials.clone(),
        spikes,
        bins: dataset.bins,
        video: dataset.video.clone(),
        timeline: dataset.timeline.clone(),
        target_kind: dataset.target_kind,
        covariates: dataset.covariates.clone(),
        truth: dataset.truth.clone(),
        remarks: dataset.remarks.clone(),
    }
}

fn ascending(field: &str, chosen: &[usize], n: usize) -> Result<Vec<usize>> {
    let mut kept = chosen.to_vec();
    kept.sort_unstable();
    if kept.is_empty() {
        return Err(DataError::new(format!("{field} to keep"), "at least one", "none"));
    }
    if let Some(pair) = kept.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(DataError::new(format!("{field} to keep"), "each once", format!("{} twice", pair[0])));
    }
    match kept.last() {
        Some(&last) if last >= n => {
            Err(DataError::new(format!("{field} to keep"), format!("below {n}"), last.to_string()))
        }
        _ => Ok(kept),
    }
}

/// Spikes of some bins and sites, in their encoding.
fn select(spikes: &SpikeTensor, bins: &[usize], sites: &[usize]) -> Result<SpikeTensor> {
    let [n_trials, n_bins, n_sites] = spikes.shape();
    let width = if spikes.encoding() == SpikeEncoding::U8 { 1 } else { 4 };
    let mut bytes = Vec::with_capacity(n_trials * bins.len() * sites.len() * width);
    for trial in spikes.bytes().chunks_exact(n_bins * n_sites * width) {
        for &bin_idx in bins {
            for &site_idx in sites {
                let at = (bin_idx * n_sites + site_idx) * width;
                bytes.extend_from_slice(&trial[at..at + width]);
            }
        }
    }
    SpikeTensor::from_bytes([n_trials, bins.len(), sites.len()], spikes.encoding(), SharedBytes::new(bytes))
}
