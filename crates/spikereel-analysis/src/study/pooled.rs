//! Out-of-fold evaluation of readouts of one number a trial: values of all folds pooled, beside ridge regression and two nulls.
//!
//! The mean video of a fold is constant, so within a fold it says nothing; it stands as zero and is not scored.

use crate::baselines::{RidgeCv, default_alphas};
use crate::metrics::pearson;
use crate::readout::Readout;
use crate::stats::percentile;
use crate::study::scorer::{EvaluationOptions, PerSample, Scorer};
use ndarray::Array3;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Decoder, Fold, Part, Result};

/// How pooled values are scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledOptions {
    /// Trials to decode in each fold.
    pub part: Part,
    /// Width of the bins that ridge regression gets, in seconds; rounded to whole bins of the data.
    pub ridge_bin_secs: f64,
    /// Penalties that ridge chooses from, by leave-one-out error on training trials.
    pub ridge_alphas: Vec<f64>,
    /// Draws of each null.
    pub n_null: usize,
    /// Noise inputs decoded in each fold.
    pub n_noise_inputs: usize,
    /// Seed of the nulls.
    pub seed: u64,
}

impl Default for PooledOptions {
    fn default() -> Self {
        let ridge_alphas = default_alphas();
        Self { part: Part::Test, ridge_bin_secs: 0.1, ridge_alphas, n_null: 2000, n_noise_inputs: 100, seed: 0 }
    }
}

/// One readout over all folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledFeature {
    /// Name of the readout.
    pub name: String,
    /// Pearson correlation with the truth over all trials.
    pub pearson: Option<f64>,
    /// The same within each fold.
    pub per_fold: Vec<Option<f64>>,
    /// Ridge regression on the same folds.
    pub ridge_pearson: Option<f64>,
    /// Decoder minus ridge.
    pub minus_ridge: Option<f64>,
    /// Penalty that ridge chose in each fold.
    pub ridge_alphas: Vec<f64>,
    /// 95th percentile of the correlation when decoded values are permuted over the trials of a fold.
    pub null_permuted_95: Option<f64>,
    /// 95th percentile when values are those of noise inputs.
    pub null_noise_95: Option<f64>,
    /// Read from the decoded video of each trial of [`PooledEvaluation::trials`].
    pub decoded: Vec<f64>,
    /// Ridge regression's prediction of it.
    pub ridge: Vec<f64>,
    /// The truth.
    pub truth: Vec<f64>,
}

/// All pooled readouts over all folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledEvaluation {
    /// The decoders' name.
    pub decoder: String,
    /// Number of folds.
    pub n_folds: usize,
    /// Trials, fold by fold.
    pub trials: Vec<usize>,
    /// Fold of each.
    pub fold_of_trial: Vec<usize>,
    /// One entry a pooled readout.
    pub features: Vec<PooledFeature>,
}

/// Decodes each fold's part with its own decoder and pools. Readouts that are not pooled are left out.
///
/// # Errors
/// No fold, a trial in two folds' parts, a truth that is not known, or what a decoder refuses.
pub fn pooled_evaluation(
    folds: &[(&dyn Decoder, &Fold)],
    readouts: &[Box<dyn Readout>],
    options: &PooledOptions,
) -> Result<PooledEvaluation> {
    let Some((decoder, _)) = folds.first() else { return Err(DataError::new("folds", "at least one", "none")) };
    let pooled: Vec<usize> = (0..readouts.len()).filter(|&readout| readouts[readout].is_pooled()).collect();
    let mut out = PooledEvaluation {
        decoder: decoder.name().into(),
        n_folds: folds.len(),
        trials: Vec::new(),
        fold_of_trial: Vec::new(),
        features: pooled.iter().map(|&readout| PooledFeature::empty(readouts[readout].name())).collect(),
    };
    let mut noise: Vec<Vec<Vec<f64>>> = Vec::new(); // [fold][feature][input]
    for (fold_idx, (decoder, fold)) in folds.iter().enumerate() {
        let evaluation = EvaluationOptions {
            ssim: false,
            condition_accuracy: false,
            per_sample: PerSample::None,
            ..EvaluationOptions::default()
        };
        let scorer = Scorer::new(fold, options.part, readouts, evaluation)?;
        let pass = scorer.pass(&mut |_, spikes| decoder.predict(spikes.view()))?;
        if let Some(trial) = scorer.trials.iter().find(|trial| out.trials.contains(trial)) {
            return Err(DataError::new("folds", "each trial in one fold's part", format!("trial {trial} again")));
        }
        let noise_readings = noise_readings(*decoder, &scorer, options, fold_idx)?;
        for (feature, &readout) in out.features.iter_mut().zip(&pooled) {
            let truth = truth_of(&scorer, readout, &scorer.trials)?;
            let train = fold.trials(Part::Train);
            let (ridge, alpha) =
                ridge(fold, &truths_of_conditions(fold, readouts, readout, train)?, &scorer.trials, options)?;
            feature.per_fold.push(pearson(&pass.readings[readout], &truth));
            feature.decoded.extend(&pass.readings[readout]);
            feature.ridge.extend(ridge);
            feature.ridge_alphas.push(alpha);
            feature.truth.extend(truth);
        }
        noise.push(pooled.iter().map(|&readout| noise_readings[readout].clone()).collect());
        out.fold_of_trial.extend(std::iter::repeat_n(fold_idx, scorer.trials.len()));
        out.trials.extend(&scorer.trials);
    }
    for (feature_idx, feature) in out.features.iter_mut().enumerate() {
        feature.pearson = pearson(&feature.decoded, &feature.truth);
        feature.ridge_pearson = pearson(&feature.ridge, &feature.truth);
        feature.minus_ridge = feature.pearson.zip(feature.ridge_pearson).map(|(own, ridge)| own - ridge);
        let inputs: Vec<&Vec<f64>> = noise.iter().map(|fold| &fold[feature_idx]).collect();
        feature.null(&out.fold_of_trial, &inputs, options);
    }
    Ok(out)
}

impl PooledFeature {
    fn empty(name: &str) -> Self {
        Self {
            name: name.into(),
            pearson: None,
            per_fold: Vec::new(),
            ridge_pearson: None,
            minus_ridge: None,
            ridge_alphas: Vec::new(),
            null_permuted_95: None,
            null_noise_95: None,
            decoded: Vec::new(),
            ridge: Vec::new(),
            truth: Vec::new(),
        }
    }

    fn null(&mut self, fold_of_trial: &[usize], noise: &[&Vec<f64>], options: &PooledOptions) {
        let (decoded, truth) = (&self.decoded, &self.truth);
        let members: Vec<Vec<usize>> =
            (0..noise.len()).map(|fold| (0..decoded.len()).filter(|&at| fold_of_trial[at] == fold).collect()).collect();
        let draw = |permute: bool| -> Option<f64> {
            let correlations: Vec<f64> = (0..options.n_null)
                .into_par_iter()
                .map(|draw| {
                    let kind = if permute { "permuted" } else { "noise" };
                    let mut rng = stream(options.seed, &format!("pooled/{kind}/{}/draw{draw}", self.name));
                    let mut values = vec![0.0; decoded.len()];
                    for (members, noise) in members.iter().zip(noise) {
                        let mut shuffled = members.clone();
                        shuffled.shuffle(&mut rng);
                        for (&at, &from) in members.iter().zip(&shuffled) {
                            values[at] = if permute { decoded[from] } else { noise[rng.random_range(0..noise.len())] };
                        }
                    }
                    pearson(&values, truth).unwrap_or(0.0)
                })
                .collect();
            percentile(&correlations, 0.95)
        };
        self.null_permuted_95 = draw(true);
        self.null_noise_95 = if noise.iter().all(|noise| !noise.is_empty()) { draw(false) } else { None };
    }
}

fn truth_of(scorer: &Scorer<'_>, readout: usize, trials: &[usize]) -> Result<Vec<f64>> {
    let readings = &scorer.truth_readings[readout];
    let of_trial = |&trial: &usize| {
        let condition = scorer.fold.condition_of(trial);
        readings[condition].first().copied().ok_or_else(|| no_truth(scorer.readouts[readout].name()))
    };
    trials.iter().map(of_trial).collect()
}

/// The truth of training trials, for ridge to learn from: read from the mean target of each condition over those trials.
fn truths_of_conditions(
    fold: &Fold,
    readouts: &[Box<dyn Readout>],
    readout: usize,
    trials: &[usize],
) -> Result<Vec<f64>> {
    let scorer = Scorer::new(
        fold,
        Part::Train,
        &readouts[readout..=readout],
        EvaluationOptions { condition_accuracy: false, ..EvaluationOptions::default() },
    )?;
    truth_of(&scorer, 0, trials)
}

fn no_truth(name: &str) -> DataError {
    DataError::new(format!("truth of `{name}`"), "a number for every condition", "none")
        .hint("the readout's factor must be numeric and its patch must have the videos' size")
}

fn noise_readings(
    decoder: &dyn Decoder,
    scorer: &Scorer<'_>,
    options: &PooledOptions,
    fold_idx: usize,
) -> Result<Vec<Vec<f64>>> {
    let dataset = scorer.fold.dataset();
    let shape = dataset.video_shape();
    let mut readings = vec![Vec::new(); scorer.readouts.len()];
    for batch in (0..options.n_noise_inputs).collect::<Vec<_>>().chunks(32) {
        let mut values = Vec::with_capacity(batch.len() * dataset.n_bins() * dataset.n_sites());
        for input in batch {
            let mut rng = stream(options.seed, &format!("pooled/fold{fold_idx}/input{input}"));
            values
                .extend((0..dataset.n_bins() * dataset.n_sites()).map(|_| -> f32 { StandardNormal.sample(&mut rng) }));
        }
        let spikes = Array3::from_shape_vec((batch.len(), dataset.n_bins(), dataset.n_sites()), values)
            .map_err(|error| DataError::new("noise inputs", "one block an input", error.to_string()))?;
        let videos = decoder.predict(spikes.view())?;
        super::scorer::check_videos(&videos, batch.len(), shape)?;
        for video in videos.as_standard_layout().outer_iter() {
            let Some(values) = video.as_slice() else { continue };
            let clip = crate::Clip::new(shape, values)?;
            for (kept, readout) in readings.iter_mut().zip(scorer.readouts).filter(|(_, readout)| readout.is_pooled()) {
                kept.extend(readout.read(&clip, &dataset.timeline).first());
            }
        }
    }
    Ok(readings)
}

/// Ridge regression of the truth on flattened counts in wide bins; returns predictions for `trials` and the chosen penalty.
fn ridge(fold: &Fold, train_truth: &[f64], trials: &[usize], options: &PooledOptions) -> Result<(Vec<f64>, f64)> {
    let dataset = fold.dataset();
    let n_together = ((options.ridge_bin_secs / dataset.bins.step_secs).round() as usize).clamp(1, dataset.n_bins());
    let n_sites = dataset.n_sites();
    let n_wide = dataset.n_bins().div_ceil(n_together);
    let features = |trials: &[usize]| -> Vec<f32> {
        let mut trial_values = vec![0.0; dataset.n_bins() * n_sites];
        let mut rows = vec![0.0; trials.len() * n_wide * n_sites];
        for (&trial, row) in trials.iter().zip(rows.chunks_exact_mut(n_wide * n_sites)) {
            dataset.spikes.copy_trial(trial, &mut trial_values);
            for (bin, values) in trial_values.chunks_exact(n_sites).enumerate() {
                let wide = &mut row[bin / n_together * n_sites..][..n_sites];
                wide.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
        rows
    };
    let train = fold.trials(Part::Train);
    let fit = RidgeCv::fit(&features(train), n_wide * n_sites, train_truth, &options.ridge_alphas)?;
    Ok((fit.predict(&features(trials))?, fit.alpha))
}
