//! A fold: a dataset, one split of it, and a standardiser fitted on that split's training trials alone.

use crate::{DataError, Dataset, Part, Result, Split, Standardisation, Standardiser};
use ndarray::{Array3, Array5};
use rand::{Rng, RngExt};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which sites move together when a training trial is re-drawn from others of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialDraw {
    /// All sites of a session keep one real trial: within-session noise correlations stay.
    PerSession,
    /// All sites of a region keep one trial: correlations within regions stay, across regions they go.
    PerRegion,
    /// Every site draws its own trial: no noise correlation is left.
    PerSite,
}

/// A dataset with a split and what was fitted on its training trials. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fold {
    dataset: Arc<Dataset>,
    split: Arc<Split>,
    standardiser: Arc<Standardiser>,
    train_of_condition: Arc<Vec<Vec<usize>>>,
}

impl Fold {
    /// Fits the standardiser on the training trials of `split`.
    ///
    /// # Errors
    /// Where the split names trials that the dataset does not have, or the spikes cannot be standardised.
    pub fn new(dataset: Arc<Dataset>, split: Split, kind: Standardisation) -> Result<Self> {
        let standardiser = Standardiser::fit(kind, &dataset.spikes, split.trials(Part::Train))?;
        Self::with_standardiser(dataset, split, standardiser)
    }

    /// Puts a stored standardiser back with its dataset and split.
    ///
    /// # Errors
    /// Where the split names trials that the dataset does not have, or the axes do not agree.
    pub fn with_standardiser(dataset: Arc<Dataset>, split: Split, standardiser: Standardiser) -> Result<Self> {
        let mut train_of_condition = vec![Vec::new(); dataset.conditions.len()];
        for part in [Part::Train, Part::Validation, Part::Test] {
            for &trial_idx in split.trials(part) {
                if trial_idx >= dataset.n_trials() {
                    let expected = format!("trials below {}", dataset.n_trials());
                    return Err(DataError::new("split", expected, trial_idx.to_string()));
                }
                if part == Part::Train {
                    train_of_condition[dataset.trials[trial_idx].condition_idx].push(trial_idx);
                }
            }
        }
        standardiser.check_axes(dataset.n_bins(), dataset.n_sites())?;
        Ok(Self {
            dataset,
            split: Arc::new(split),
            standardiser: Arc::new(standardiser),
            train_of_condition: Arc::new(train_of_condition),
        })
    }

    /// The dataset.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The split.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// What was fitted on the training trials.
    pub fn standardiser(&self) -> &Standardiser {
        &self.standardiser
    }

    /// The trials of a part, ascending.
    pub fn trials(&self, part: Part) -> &[usize] {
        self.split.trials(part)
    }

    /// Training trials of each condition.
    pub fn train_of_condition(&self) -> &[Vec<usize>] {
        &self.train_of_condition
    }

    /// Condition of a trial.
    pub fn condition_of(&self, trial_idx: usize) -> usize {
        self.dataset.trials[trial_idx].condition_idx
    }

    /// Standardised spikes of one trial, `[bin, site]`, into `out`.
    pub fn fill_spikes(&self, trial_idx: usize, out: &mut [f32]) {
        self.dataset.spikes.copy_trial(trial_idx, out);
        self.standardiser.apply(out);
    }

    /// Like [`Fold::fill_spikes`] for a training trial, but groups of sites are taken from other training trials of the same condition.
    pub fn fill_redrawn_spikes(&self, trial_idx: usize, draw: TrialDraw, rng: &mut impl Rng, out: &mut [f32]) {
        let pool = &self.train_of_condition[self.condition_of(trial_idx)];
        let (sites, n_sites) = (&self.dataset.sites, self.dataset.n_sites());
        if pool.is_empty() {
            return self.fill_spikes(trial_idx, out);
        }
        let mut drawn: Vec<(usize, usize)> = Vec::new(); // (first site of the group, trial)
        for site_idx in 0..n_sites {
            let same_group = |first: usize| match draw {
                TrialDraw::PerSession => sites[first].session == sites[site_idx].session,
                TrialDraw::PerRegion => {
                    sites[first].session == sites[site_idx].session && sites[first].region == sites[site_idx].region
                }
                TrialDraw::PerSite => false,
            };
            let found = drawn.iter().rev().find(|(first, _)| draw != TrialDraw::PerSite && same_group(*first));
            let source = match found {
                Some(&(_, source)) => source,
                None => {
                    let source = pool[rng.random_range(0..pool.len())];
                    drawn.push((site_idx, source));
                    source
                }
            };
            for bin_idx in 0..self.dataset.n_bins() {
                out[bin_idx * n_sites + site_idx] = self.dataset.spikes.value(source, bin_idx, site_idx);
            }
        }
        self.standardiser.apply(out);
    }

    /// Target video of one trial, `[frame, height, width, rgb]`, 0..=1, into `out`.
    pub fn fill_video(&self, trial_idx: usize, out: &mut [f32]) {
        self.dataset.video.copy_clip(self.dataset.trials[trial_idx].clip_idx, out);
    }

    /// Standardised spikes `[trial, bin, site]` of the given trials.
    pub fn spikes(&self, trials: &[usize]) -> Array3<f32> {
        let (n_bins, n_sites) = (self.dataset.n_bins(), self.dataset.n_sites());
        let mut values = vec![0.0; trials.len() * n_bins * n_sites];
        values
            .par_chunks_exact_mut(n_bins * n_sites)
            .zip(trials)
            .for_each(|(out, &trial_idx)| self.fill_spikes(trial_idx, out));
        Array3::from_shape_vec((trials.len(), n_bins, n_sites), values).expect("sizes were multiplied above")
    }

    /// Target videos `[trial, frame, height, width, rgb]` of the given trials. Large: take tens of trials at a time.
    pub fn videos(&self, trials: &[usize]) -> Array5<f32> {
        let [n_frames, height, width, rgb] = self.dataset.video_shape();
        let len = n_frames * height * width * rgb;
        let mut values = vec![0.0; trials.len() * len];
        values.par_chunks_exact_mut(len).zip(trials).for_each(|(out, &trial_idx)| self.fill_video(trial_idx, out));
        Array5::from_shape_vec((trials.len(), n_frames, height, width, rgb), values)
            .expect("sizes were multiplied above")
    }
}
