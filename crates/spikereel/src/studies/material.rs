//! A prepared recording in memory, with its folds and the features that are read from its videos.

use crate::config::{Given, Resolved, SourceFacts, resolve};
use crate::progress::Progress;
use crate::steps::{prepare, readouts, source};
use crate::{Error, Result};
use spikereel_analysis::readout::Readouts;
use spikereel_data::{Dataset, Fold, Part, Recording, Split};
use spikereel_synth::cortex::{CortexConfig, generate};
use std::sync::Arc;

/// What a study looks at.
pub struct Material {
    /// How it was prepared and how networks are trained on it.
    pub config: Resolved,
    /// The dataset.
    pub dataset: Arc<Dataset>,
    /// One fold a split.
    pub folds: Vec<Fold>,
    /// Features that are read from its videos; empty where there are none.
    pub readouts: Readouts,
}

impl Material {
    /// Loads and prepares what a configuration names.
    ///
    /// # Errors
    /// What is wrong with configuration or data.
    pub fn new(given: Given, progress: &dyn Progress) -> Result<Self> {
        let loaded = source::load(&given, progress)?;
        let mut config = resolve(given, &loaded.facts()?)?;
        config.precision = config.precision.settled();
        if let Some(folder) = &config.data.dataset {
            let stored = source::read_dataset(folder)?;
            return Self::of_dataset(config, stored.dataset, stored.splits);
        }
        let assembled = prepare::assemble(&config, loaded, progress)?;
        Self::of_dataset(config, assembled.dataset, assembled.splits)
    }

    /// Simulates a cortex, of one session, under the bins, stimulus, split and training of `given`.
    ///
    /// # Errors
    /// What the configuration or the generator refuses.
    pub fn simulated(given: Given, cortex: &CortexConfig, progress: &dyn Progress) -> Result<Self> {
        let mut config = resolve(given, &SourceFacts::default())?;
        config.precision = config.precision.settled();
        let mut recordings: Vec<Recording> = generate(cortex, config.seed)?;
        let recording = recordings.pop().ok_or_else(|| Error::Bug("a simulation without sessions".into()))?;
        let assembled = prepare::assemble_recordings(&config, vec![recording], Vec::new(), progress)?;
        Self::of_dataset(config, assembled.dataset, assembled.splits)
    }

    /// Puts a dataset and its splits under a configuration.
    ///
    /// # Errors
    /// Splits that do not fit the dataset.
    pub fn of_dataset(config: Resolved, dataset: Dataset, splits: Vec<Split>) -> Result<Self> {
        let readouts = readouts::readouts(&config.stimulus, &dataset)?;
        let dataset = Arc::new(dataset);
        let fold = |split: Split| Ok(Fold::new(dataset.clone(), split, config.standardise.kind)?);
        let folds = splits.into_iter().map(fold).collect::<Result<Vec<_>>>()?;
        Ok(Self { config, dataset, folds, readouts })
    }

    /// The first fold with at most `n_trials` test trials of each condition, the first ones.
    ///
    /// # Errors
    /// A fault of ours: part of a split is a split.
    pub fn probed(&self, n_trials: usize) -> Result<Fold> {
        let fold = self.folds.first().ok_or_else(|| Error::Bug("a material without folds".into()))?;
        let mut n_of_condition = vec![0; self.dataset.conditions.len()];
        let is_kept = |&trial: &usize| {
            let n = &mut n_of_condition[fold.condition_of(trial)];
            *n += 1;
            *n <= n_trials
        };
        let test = fold.trials(Part::Test).iter().copied().filter(is_kept).collect();
        let rest = |part| fold.trials(part).to_vec();
        let split = Split::new(rest(Part::Train), rest(Part::Validation), test, self.dataset.n_trials())?;
        Ok(Fold::with_standardiser(self.dataset.clone(), split, fold.standardiser().clone())?)
    }
}
