//! What each site is worth to a decoded video: the margin lost when the site is set to 0, and integrated gradients of the same margin.
//!
//! The margin of a feature is linear in the video: 1/2 for the mean training video of the true level, -1/2 for the mean of the others, over
//! the feature's frames. It moves with every site, where accuracy would stay as it is for most. Both maps are in its units: integrated
//! gradients along the line from 0 to a trial's spikes add up to the margin of the trial minus that of spikes of 0.
//!
//! # References
//! Sundararajan, Taly & Yan (2017), Axiomatic attribution for deep networks, ICML (integrated gradients, midpoint rule).

use crate::metrics::pearson;
use crate::readout::Readout;
use crate::stats::{BootstrapTest, HierarchicalBootstrap, spearman};
use crate::study::masked_scores::MaskingRun;
use crate::study::perturbed::{Prepared, PreparedRuns};
use crate::study::templates::dot;
use ndarray::{Array3, Array5, Axis};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Part, Result, WithInputGradient};

/// Trials decoded at a time.
const BATCH: usize = 32;

/// How sites are mapped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteMapOptions {
    /// Trials to decode.
    pub part: Part,
    /// Steps of integrated gradients, 1 or more.
    pub n_steps: usize,
    /// Bootstrap replicates, 100 or more.
    pub n_replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for SiteMapOptions {
    fn default() -> Self {
        Self { part: Part::Test, n_steps: 32, n_replicates: 1000, seed: 0 }
    }
}

/// Maps of one feature, `[site]`, means over trials and networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteMapFeature {
    /// Name of the readout.
    pub feature: String,
    /// Margin lost when a site is set to 0.
    pub ablation: Vec<f64>,
    /// Integrated gradients summed over bins.
    pub integrated: Vec<f64>,
    /// Sum over bins of their absolute values: how much a site is listened to, in either direction.
    pub integrated_size: Vec<f64>,
    /// Spearman correlation of `ablation` and `integrated` over sites, mean over networks, with an interval over trials; none where a map is
    /// constant.
    pub agreement: Option<BootstrapTest>,
    /// Mean over trials of the sum of integrated gradients minus the margin they should add up to: the error of `n_steps`.
    pub completeness_error: f64,
    /// Mean margin of a trial above that of spikes of 0.
    pub margin: f64,
}

/// Site maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteMap {
    /// Names of the networks.
    pub networks: Vec<String>,
    /// Distinct trials decoded.
    pub n_trials: usize,
    /// Features with levels.
    pub features: Vec<SiteMapFeature>,
}

/// Values of one run: `[feature][trial][site]`, and `[feature][trial]` of margins.
struct OfRun {
    ablation: Vec<Vec<Vec<f64>>>,
    integrated: Vec<Vec<Vec<f64>>>,
    size: Vec<Vec<Vec<f64>>>,
    gap: Vec<Vec<f64>>,
    margin: Vec<Vec<f64>>,
}

/// Maps sites. `gradients` are the decoders of `runs`, one each, that know their gradient; each run a network of its own.
/// `progress(done, total)` is called after each batch of trials.
///
/// # Errors
/// As [`crate::study::masking_study`]; lists of different length; runs that share a network or have different trials; no feature with levels.
pub fn site_map(
    runs: &[MaskingRun<'_>],
    gradients: &[&dyn WithInputGradient],
    readouts: &[Box<dyn Readout>],
    options: &SiteMapOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<SiteMap> {
    let prepared = PreparedRuns::new(runs, options.part, readouts)?;
    let same_trials = prepared.runs.iter().all(|run| run.scorer.trials == prepared.trials);
    if gradients.len() != runs.len() || prepared.networks.len() != runs.len() || !same_trials {
        let got = format!("{} runs, {} decoders", runs.len(), gradients.len());
        return Err(DataError::new("runs of a site map", "one network a run, all on the same trials", got));
    }
    let features: Vec<usize> =
        (0..readouts.len()).filter(|&readout| prepared.runs[0].scorer.n_levels(readout) > 1).collect();
    if features.is_empty() || options.n_steps == 0 || options.n_replicates < 100 {
        let got =
            format!("{} features, {} steps, {} replicates", features.len(), options.n_steps, options.n_replicates);
        return Err(DataError::new("site map", "a feature with levels, a step, 100 replicates", got));
    }
    let total = runs.len() * prepared.trials.len().div_ceil(BATCH);
    let mut n_done = 0;
    let mut of_runs = Vec::new();
    for (run, gradient) in prepared.runs.iter().zip(gradients) {
        of_runs.push(of_run(run, *gradient, &features, options, &mut || {
            n_done += 1;
            progress(n_done, total);
        })?);
    }
    let features = features.iter().enumerate().map(|(at, &readout)| {
        let name = readouts[readout].name();
        let bootstrap = HierarchicalBootstrap {
            n_replicates: options.n_replicates,
            seed: options.seed,
            name: format!("site map/{name}"),
        };
        let n_trials = prepared.trials.len();
        let agreement = bootstrap.pooled(runs.len(), n_trials, |network, units| {
            let own = &of_runs[network];
            spearman(&mean_rows(&own.ablation[at], units), &mean_rows(&own.integrated[at], units))
        });
        let all: Vec<usize> = (0..n_trials).collect();
        let mean = |pick: &dyn Fn(&OfRun) -> Vec<f64>| {
            let rows: Vec<Vec<f64>> = of_runs.iter().map(pick).collect();
            mean_rows(&rows, &(0..rows.len()).collect::<Vec<_>>())
        };
        let mean_of = |pick: &dyn Fn(&OfRun) -> &Vec<f64>| {
            let values: Vec<f64> = of_runs.iter().flat_map(|own| pick(own).iter().copied()).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        SiteMapFeature {
            feature: name.into(),
            ablation: mean(&|own| mean_rows(&own.ablation[at], &all)),
            integrated: mean(&|own| mean_rows(&own.integrated[at], &all)),
            integrated_size: mean(&|own| mean_rows(&own.size[at], &all)),
            agreement: agreement.filter(|_| defined(&of_runs, at, &all)),
            completeness_error: mean_of(&|own| &own.gap[at]),
            margin: mean_of(&|own| &own.margin[at]),
        }
    });
    Ok(SiteMap { features: features.collect(), networks: prepared.networks.clone(), n_trials: prepared.trials.len() })
}

fn defined(of_runs: &[OfRun], at: usize, all: &[usize]) -> bool {
    of_runs.iter().all(|own| {
        let (a, b) = (mean_rows(&own.ablation[at], all), mean_rows(&own.integrated[at], all));
        pearson(&a, &b).is_some()
    })
}

fn mean_rows(rows: &[Vec<f64>], units: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for &unit in units {
        sums.iter_mut().zip(&rows[unit]).for_each(|(sum, value)| *sum += value);
    }
    sums.iter_mut().for_each(|sum| *sum /= units.len().max(1) as f64);
    sums
}

fn of_run(
    run: &Prepared<'_>,
    gradient: &dyn WithInputGradient,
    features: &[usize],
    options: &SiteMapOptions,
    done: &mut dyn FnMut(),
) -> Result<OfRun> {
    let fold = run.run.fold;
    let (n_bins, n_sites) = (fold.dataset().n_bins(), fold.dataset().n_sites());
    let n = features.len();
    let none = || vec![Vec::new(); n];
    let mut out = OfRun {
        ablation: vec![Vec::new(); n],
        integrated: vec![Vec::new(); n],
        size: vec![Vec::new(); n],
        gap: none(),
        margin: none(),
    };
    // For each feature the weights of each level, and the level of each trial.
    let mut weights = Vec::new();
    for &readout in features {
        let of_levels = run.scorer.margin_weights(readout).unwrap_or_default();
        weights.push((of_levels, run.scorer.levels(readout).unwrap_or_default()));
    }
    let weight_of = |feature: usize, trial_at: usize| -> Result<&Vec<f32>> {
        let (of_levels, levels) = &weights[feature];
        of_levels[levels[trial_at]].as_ref().ok_or_else(|| {
            DataError::new("margin of a level", "a mean training video unlike that of the others", "none")
        })
    };
    let zero = run.run.decoder.predict(Array3::zeros((1, n_bins, n_sites)).view())?;
    let zero = zero.as_standard_layout().into_owned();
    for (batch_idx, batch) in run.scorer.trials.chunks(BATCH).enumerate() {
        let first = batch_idx * BATCH;
        let spikes = fold.spikes(batch);
        let margins = |spikes: &Array3<f32>| -> Result<Vec<Vec<f64>>> {
            let videos = run.run.decoder.predict(spikes.view())?;
            super::scorer::check_videos(&videos, batch.len(), fold.dataset().video_shape())?;
            let videos = videos.as_standard_layout();
            let len = videos.len() / batch.len();
            let values = videos.as_slice().unwrap_or(&[]);
            let of = |feature: usize| {
                let own = values.chunks_exact(len).enumerate();
                own.map(|(at, video)| Ok(dot(video, weight_of(feature, first + at)?))).collect::<Result<Vec<f64>>>()
            };
            (0..n).map(of).collect()
        };
        let unmasked = margins(&spikes)?;
        let mut ablation = vec![vec![vec![0.0; n_sites]; batch.len()]; n];
        for site in 0..n_sites {
            let mut masked = spikes.clone();
            masked.index_axis_mut(Axis(2), site).fill(0.0);
            for (feature, margins) in margins(&masked)?.into_iter().enumerate() {
                for (at, margin) in margins.into_iter().enumerate() {
                    ablation[feature][at][site] = unmasked[feature][at] - margin;
                }
            }
        }
        let [frames, height, width, rgb] = fold.dataset().video_shape();
        for (feature, ablation) in ablation.into_iter().enumerate() {
            let mut values = Vec::with_capacity(batch.len() * frames * height * width * rgb);
            for at in 0..batch.len() {
                values.extend_from_slice(weight_of(feature, first + at)?);
            }
            let weight = Array5::from_shape_vec((batch.len(), frames, height, width, rgb), values)
                .map_err(|error| DataError::new("margin weights", "one video a trial", error.to_string()))?;
            let mut sum = Array3::<f64>::zeros(spikes.dim());
            for step in 0..options.n_steps {
                let share = (step as f32 + 0.5) / options.n_steps as f32;
                let at = spikes.mapv(|value| share * value);
                sum.zip_mut_with(&gradient.input_gradient(at.view(), weight.view())?, |sum, &own| {
                    *sum += f64::from(own)
                });
            }
            sum.zip_mut_with(&spikes, |sum, &value| *sum *= f64::from(value) / options.n_steps as f64);
            for (at, own) in sum.axis_iter(Axis(0)).enumerate() {
                let over_bins = |of: &dyn Fn(f64) -> f64| -> Vec<f64> {
                    own.axis_iter(Axis(1)).map(|site| site.iter().map(|&value| of(value)).sum()).collect()
                };
                let signed = over_bins(&|value| value);
                let base = dot(zero.as_slice().unwrap_or(&[]), weight_of(feature, first + at)?);
                let rise = unmasked[feature][at] - base;
                out.gap[feature].push(signed.iter().sum::<f64>() - rise);
                out.margin[feature].push(rise);
                out.size[feature].push(over_bins(&f64::abs));
                out.integrated[feature].push(signed);
            }
            out.ablation[feature].extend(ablation);
        }
        done();
    }
    Ok(out)
}
