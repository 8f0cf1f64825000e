//! Quantities read from every trial's decoded video (contrast), beside what direct regression reads from the spikes and a null.
//!
//! The regression is scikit-learn's `RidgeCV` of the quantity on the flattened counts of training and validation trials; it sees
//! no video. The null pairs readings of decoded noise inputs with the true quantities, many times over.

use crate::Result;
use ndarray::Array3;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_analysis::Clip;
use spikereel_analysis::baselines::{RidgeCv, default_alphas};
use spikereel_analysis::metrics::pearson;
use spikereel_analysis::readout::Readouts;
use spikereel_analysis::stats::percentile;
use spikereel_analysis::study::Evaluation;
use spikereel_data::rng::stream;
use spikereel_data::{Decoder, Fold, Part};

/// A pooled quantity, all folds together. Lists follow the decoder's trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledFact {
    /// The readout.
    pub feature: String,
    /// Pearson correlation of the decoder's readings with the truth.
    pub decoder: Option<f64>,
    /// The same of direct regression on the same folds.
    pub ridge: Option<f64>,
    /// What 95 % of nulls stay below.
    pub null_95: Option<f64>,
    /// Readings.
    pub decoded: Vec<f64>,
    /// Truth.
    pub truth: Vec<f64>,
}

/// One fold's share of a pooled quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledOfFold {
    feature: String,
    /// Test trials.
    trials: Vec<usize>,
    /// Predictions of direct regression, one a test trial.
    ridge: Vec<f64>,
    /// Readings of decoded noise inputs.
    noise: Vec<f64>,
}

/// Fits the regression and decodes noise for every pooled readout that is named after a numeric factor.
///
/// # Errors
/// What the regression or the decoder refuses.
pub fn of_fold(
    decoder: &dyn Decoder,
    fold: &Fold,
    readouts: &Readouts,
    n_null: usize,
    seed: u64,
) -> Result<Vec<PooledOfFold>> {
    let dataset = fold.dataset();
    let pooled: Vec<_> = readouts.iter().filter(|readout| readout.is_pooled()).collect();
    if pooled.is_empty() {
        return Ok(Vec::new());
    }
    let mut inputs = Array3::<f32>::zeros((n_null, dataset.n_bins(), dataset.n_sites()));
    for (input_idx, mut input) in inputs.outer_iter_mut().enumerate() {
        let mut rng = stream(seed, &format!("null/input{input_idx}"));
        input.iter_mut().for_each(|value| *value = StandardNormal.sample(&mut rng));
    }
    let videos = decoder.predict(inputs.view())?;
    let shape = dataset.video_shape();
    let values = videos.as_standard_layout();
    let values = values.as_slice().unwrap_or(&[]);
    let mut fitting = fold.trials(Part::Train).to_vec();
    fitting.extend(fold.trials(Part::Validation));
    fitting.sort_unstable();
    let tested = fold.trials(Part::Test);
    let counts = |trials: &[usize]| -> Vec<f32> {
        let n = dataset.n_bins() * dataset.n_sites();
        let mut rows = vec![0.0; trials.len() * n];
        rows.par_chunks_exact_mut(n)
            .zip(trials)
            .for_each(|(row, &trial_idx)| dataset.spikes.copy_trial(trial_idx, row));
        rows
    };
    let (fitting_counts, tested_counts) = (counts(&fitting), counts(tested));
    let mut found = Vec::new();
    for readout in pooled {
        let number = |&trial_idx: &usize| dataset.conditions.number(fold.condition_of(trial_idx), readout.name());
        let Some(targets) = fitting.iter().map(number).collect::<Option<Vec<f64>>>() else { continue };
        let ridge = RidgeCv::fit(&fitting_counts, dataset.n_bins() * dataset.n_sites(), &targets, &default_alphas())?;
        let mut noise = Vec::new();
        for video in values.chunks_exact(shape.iter().product()) {
            noise.extend(readout.read(&Clip::new(shape, video)?, &dataset.timeline).first().copied());
        }
        found.push(PooledOfFold {
            feature: readout.name().into(),
            trials: tested.to_vec(),
            ridge: ridge.predict(&tested_counts)?,
            noise,
        });
    }
    Ok(found)
}

/// Puts folds together; `folds` holds each fold's list.
pub fn facts(decoder: &Evaluation, folds: &[&[PooledOfFold]], n_replicates: usize, seed: u64) -> Vec<PooledFact> {
    let mut facts = Vec::new();
    for feature in &decoder.features {
        let Some(pooled) = &feature.pooled else { continue };
        let of_folds: Vec<&PooledOfFold> =
            folds.iter().filter_map(|fold| fold.iter().find(|own| own.feature == feature.name)).collect();
        // For each trial of the decoder: its fold, and its place in it.
        let place = |trial: &usize| {
            let at = |(fold_idx, own): (usize, &&PooledOfFold)| Some((fold_idx, own.trials.binary_search(trial).ok()?));
            of_folds.iter().enumerate().find_map(at)
        };
        let places: Option<Vec<(usize, usize)>> = decoder.trials.iter().map(place).collect();
        let ridge = places.as_ref().and_then(|places| {
            let predicted: Vec<f64> = places.iter().map(|&(fold_idx, at)| of_folds[fold_idx].ridge[at]).collect();
            pearson(&predicted, &pooled.truth)
        });
        let null = places.as_ref().map(|places| {
            let replicate = |replicate: usize| {
                let mut rng = stream(seed, &format!("null/pooled/{}/replicate{replicate}", feature.name));
                let drawn = places.iter().map(|&(fold_idx, _)| {
                    let noise = &of_folds[fold_idx].noise;
                    if noise.is_empty() { 0.0 } else { noise[rng.random_range(0..noise.len())] }
                });
                let drawn: Vec<f64> = drawn.collect();
                pearson(&drawn, &pooled.truth).unwrap_or(0.0)
            };
            (0..n_replicates).into_par_iter().map(replicate).collect::<Vec<f64>>()
        });
        facts.push(PooledFact {
            feature: feature.name.clone(),
            decoder: pooled.pearson,
            ridge,
            null_95: null.and_then(|null| percentile(&null, 0.95)),
            decoded: pooled.decoded.clone(),
            truth: pooled.truth.clone(),
        });
    }
    facts
}
