//! What an encoder says of recorded activity: per region, how alike predicted and recorded time courses are, and beside it what
//! noise videos reach.
//!
//! Predicted and recorded standardised spikes are averaged over the trials of a condition; a region's course is the mean over its sites,
//! one value a bin. Pearson correlation of the two courses is the paper's score (paper-facts, section 5); the flattened score correlates
//! all bins and sites of the region. Both are high wherever all conditions share a time course, so a third number stands beside
//! them: own correlation minus that with the other conditions' recordings, which only knowing the condition can raise.

use crate::metrics::{correlation::finite, pearson};
use crate::score::Summary;
use crate::stats::{HierarchicalBootstrap, TTest, independent_t_test};
use ndarray::{Array3, Array5};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Encoder, Fold, Part, Result};

/// Values of a noise video's pixels. The paper names both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullPixels {
    /// U(0, 1).
    #[default]
    Uniform,
    /// N(0, 1), beyond what a video can hold.
    Normal,
}

/// How to score an encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderOptions {
    /// Videos encoded at a time, 1 or more.
    pub batch: usize,
    /// Noise videos.
    pub n_null: usize,
    /// Their pixels.
    pub null_pixels: NullPixels,
    /// Bootstrap replicates over conditions.
    pub n_bootstrap: usize,
    /// Permutations of which recording belongs to which prediction.
    pub n_permutations: usize,
    /// Seed of noise, bootstrap and permutations.
    pub seed: u64,
}

/// Mean activity of a region in one condition, one value a bin, in the fold's standardised units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Courses {
    /// Mean over test trials and sites of what was recorded.
    pub recorded: Vec<f64>,
    /// The same of what the encoder predicts from the trials' videos.
    pub predicted: Vec<f64>,
}

/// One correlation of a region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncodingScore {
    /// Per condition; none where it has no trial or a side does not vary.
    pub per_condition: Vec<Option<f64>>,
    /// Over conditions.
    pub summary: Summary,
    /// Of the mean, 95 %, by resampling conditions.
    pub interval_95: Option<[f64; 2]>,
    /// One value a noise video: mean correlation with the recordings of all conditions.
    pub null: Vec<Option<f64>>,
    /// Over noise videos.
    pub null_summary: Summary,
    /// Conditions against noise videos, independent samples of equal variance: the paper's test.
    pub t_test: Option<TTest>,
    /// Share of noise videos that reach the mean over conditions, `(1 + reached) / (1 + noise videos)`.
    pub p_null: f64,
    /// Correlation minus the mean of noise videos with the same condition's recording, averaged over conditions.
    pub minus_noise: Option<f64>,
    /// Of `minus_noise`, 95 %, by resampling conditions.
    pub minus_noise_interval_95: Option<[f64; 2]>,
    /// One-sided p of `minus_noise` above 0, by the same bootstrap; 1 where it is not defined.
    pub p_minus_noise: f64,
    /// Own correlation minus the mean with the other conditions' recordings, averaged over conditions.
    pub specific: Option<f64>,
    /// Of `specific`, 95 %, by resampling conditions.
    pub specific_interval_95: Option<[f64; 2]>,
    /// Share of assignments of recordings to predictions that correlate as well, the true one counted with them.
    pub p_permutation: f64,
}

/// One region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionEncoding {
    /// Its name.
    pub region: String,
    /// Its sites.
    pub n_sites: usize,
    /// Per condition; none where it has no trial.
    pub courses: Vec<Option<Courses>>,
    /// Of the region's mean course.
    pub course: EncodingScore,
    /// Of all bins and sites.
    pub flattened: EncodingScore,
}

/// Scores of one encoder on one part of a fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderStudy {
    /// The encoder's name.
    pub encoder: String,
    /// Labels of all conditions.
    pub conditions: Vec<String>,
    /// Trials of each condition here.
    pub n_per_condition: Vec<usize>,
    /// In the dataset's order.
    pub regions: Vec<RegionEncoding>,
}

/// Scores an encoder on the trials of a part.
///
/// # Errors
/// A part without trials, what the encoder refuses, or predictions of another shape than the fold's spikes.
pub fn encoder_study(encoder: &dyn Encoder, fold: &Fold, part: Part, options: &EncoderOptions) -> Result<EncoderStudy> {
    let dataset = fold.dataset();
    let trials = fold.trials(part);
    if trials.is_empty() {
        return Err(DataError::new(format!("trials of part {part:?}"), "at least one", "none"));
    }
    let n_conditions = dataset.conditions.len();
    let block = [dataset.n_bins(), dataset.n_sites()];
    let mut recorded = vec![vec![0.0_f64; block[0] * block[1]]; n_conditions];
    let (mut predicted, mut n_per_condition) = (recorded.clone(), vec![0_usize; n_conditions]);
    for batch in trials.chunks(options.batch.max(1)) {
        let own = predict(encoder, fold.videos(batch), block)?;
        let truth = fold.spikes(batch);
        for ((&trial, own), truth) in batch.iter().zip(own.outer_iter()).zip(truth.outer_iter()) {
            let condition = fold.condition_of(trial);
            n_per_condition[condition] += 1;
            predicted[condition].iter_mut().zip(own).for_each(|(sum, &value)| *sum += f64::from(value));
            recorded[condition].iter_mut().zip(truth).for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }
    let mean = |sums: Vec<Vec<f64>>| -> Vec<Option<Vec<f64>>> {
        let of_condition = |(sum, &n): (Vec<f64>, &usize)| {
            (n > 0).then(|| sum.into_iter().map(|sum| sum / n as f64).collect::<Vec<f64>>())
        };
        sums.into_iter().zip(&n_per_condition).map(of_condition).collect()
    };
    let (recorded, predicted) = (mean(recorded), mean(predicted));
    let nulls = null_predictions(encoder, fold, options, block)?;
    let regions = (0..dataset.regions().len()).map(|region_idx| {
        let sites = dataset.sites_of_region(region_idx);
        let name = dataset.regions()[region_idx].to_string();
        let take = |blocks: &[Option<Vec<f64>>], of: &dyn Fn(&[f64]) -> Vec<f64>| -> Vec<Option<Vec<f64>>> {
            blocks.iter().map(|block| block.as_deref().map(of)).collect()
        };
        let course = |values: &[f64]| region_course(values, block, &sites);
        let flat = |values: &[f64]| region_block(values, block, &sites);
        let score = |what: &str, of: &dyn Fn(&[f64]) -> Vec<f64>| {
            let null: Vec<Vec<f64>> = nulls.iter().map(|values| of(values)).collect();
            score(&format!("encoder/{name}/{what}"), &take(&predicted, of), &take(&recorded, of), &null, options)
        };
        let courses = take(&recorded, &course).into_iter().zip(take(&predicted, &course));
        RegionEncoding {
            courses: courses.map(|pair| Some(Courses { recorded: pair.0?, predicted: pair.1? })).collect(),
            course: score("course", &course),
            flattened: score("flattened", &flat),
            n_sites: sites.len(),
            region: name.clone(),
        }
    });
    Ok(EncoderStudy {
        encoder: encoder.name().into(),
        conditions: (0..n_conditions).map(|condition| dataset.conditions.label(condition)).collect(),
        regions: regions.collect(),
        n_per_condition,
    })
}

fn predict(encoder: &dyn Encoder, videos: Array5<f32>, [n_bins, n_sites]: [usize; 2]) -> Result<Array3<f32>> {
    let expected = [videos.dim().0, n_bins, n_sites];
    let predicted = encoder.predict(videos.view())?;
    if predicted.shape() != expected {
        let got = format!("{:?}", predicted.shape());
        return Err(DataError::new("predicted spikes", format!("[trial, bin, site] = {expected:?}"), got));
    }
    Ok(predicted)
}

/// Predictions `[bin, site]` from videos of random pixels, each from a stream of its own.
fn null_predictions(
    encoder: &dyn Encoder,
    fold: &Fold,
    options: &EncoderOptions,
    block: [usize; 2],
) -> Result<Vec<Vec<f64>>> {
    let [frames, height, width, rgb] = fold.dataset().video_shape();
    let len = frames * height * width * rgb;
    let mut nulls = Vec::with_capacity(options.n_null);
    for batch in (0..options.n_null).collect::<Vec<_>>().chunks(options.batch.max(1)) {
        let mut values = vec![0.0_f32; batch.len() * len];
        values.par_chunks_exact_mut(len).zip(batch).for_each(|(out, &video)| {
            let mut rng = stream(options.seed, &format!("encoder-null/video{video}"));
            match options.null_pixels {
                NullPixels::Uniform => out.fill_with(|| rng.random()),
                NullPixels::Normal => out.fill_with(|| StandardNormal.sample(&mut rng)),
            }
        });
        let videos = Array5::from_shape_vec((batch.len(), frames, height, width, rgb), values)
            .map_err(|error| DataError::new("noise videos", "one block a video", error.to_string()))?;
        let predicted = predict(encoder, videos, block)?;
        nulls.extend(predicted.outer_iter().map(|own| own.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>()));
    }
    Ok(nulls)
}

/// Mean over a region's sites, one value a bin.
fn region_course(values: &[f64], [_, n_sites]: [usize; 2], sites: &[usize]) -> Vec<f64> {
    let of_bin = |bin: &[f64]| sites.iter().map(|&site| bin[site]).sum::<f64>() / sites.len().max(1) as f64;
    values.chunks_exact(n_sites).map(of_bin).collect()
}

/// All bins of a region's sites.
fn region_block(values: &[f64], [_, n_sites]: [usize; 2], sites: &[usize]) -> Vec<f64> {
    values.chunks_exact(n_sites).flat_map(|bin| sites.iter().map(|&site| bin[site])).collect()
}

fn score(
    name: &str,
    predicted: &[Option<Vec<f64>>],
    recorded: &[Option<Vec<f64>>],
    nulls: &[Vec<f64>],
    options: &EncoderOptions,
) -> EncodingScore {
    let present: Vec<usize> = (0..recorded.len()).filter(|&condition| recorded[condition].is_some()).collect();
    let correlate = |a: &[f64], condition: usize| pearson(a, recorded[condition].as_deref().unwrap_or(&[]));
    // [prediction][recording], over the conditions that have trials.
    let table: Vec<Vec<Option<f64>>> = present
        .par_iter()
        .map(|&own| {
            let own = predicted[own].as_deref().unwrap_or(&[]);
            present.iter().map(|&condition| correlate(own, condition)).collect()
        })
        .collect();
    let mut per_condition = vec![None; recorded.len()];
    present.iter().enumerate().for_each(|(at, &condition)| per_condition[condition] = table[at][at]);
    // [noise video][condition]
    let null_table: Vec<Vec<Option<f64>>> =
        nulls.par_iter().map(|null| present.iter().map(|&condition| correlate(null, condition)).collect()).collect();
    let null: Vec<Option<f64>> = null_table.iter().map(|row| Summary::of(row).mean).collect();
    let minus_noise: Vec<f64> = (0..present.len())
        .filter_map(|at| {
            let noise: Vec<Option<f64>> = null_table.iter().map(|row| row[at]).collect();
            Some(table[at][at]? - Summary::of(&noise).mean?)
        })
        .collect();
    let specific: Vec<f64> = (0..table.len()).filter_map(|at| specific_of(&table[at], at)).collect();
    let summary = Summary::of(&per_condition);
    let defined = |values: &[Option<f64>]| values.iter().flatten().copied().collect::<Vec<f64>>();
    let test = |what: &str, values: &[f64]| {
        let name = format!("{name}/{what}");
        let bootstrap = HierarchicalBootstrap { n_replicates: options.n_bootstrap, seed: options.seed, name };
        let of_conditions = values.iter().map(|&value| vec![value]).collect();
        (values.len() > 1).then(|| bootstrap.mean(&[of_conditions])).flatten()
    };
    let interval = |what: &str, values: &[f64]| test(what, values).map(|test| test.interval_95);
    let above_noise = test("minus noise", &minus_noise);
    let reached = null.iter().flatten().filter(|&&value| summary.mean.is_some_and(|mean| value >= mean)).count();
    let n_null = null.iter().flatten().count();
    EncodingScore {
        interval_95: interval("mean", &defined(&per_condition)),
        t_test: independent_t_test(&defined(&per_condition), &defined(&null)),
        p_null: (1 + reached) as f64 / (1 + n_null) as f64,
        minus_noise: above_noise.as_ref().map(|test| test.mean),
        minus_noise_interval_95: above_noise.as_ref().map(|test| test.interval_95),
        p_minus_noise: above_noise.map_or(1.0, |test| test.p_of_many()),
        specific: (!specific.is_empty()).then(|| specific.iter().sum::<f64>() / specific.len() as f64),
        specific_interval_95: interval("specific", &specific),
        p_permutation: p_permutation(&table, &format!("{name}/permutation"), options),
        null_summary: Summary::of(&null),
        summary,
        per_condition,
        null,
    }
}

/// Own correlation minus the mean of the others in a row of the table.
fn specific_of(row: &[Option<f64>], own: usize) -> Option<f64> {
    let others: Vec<Option<f64>> =
        row.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, &value)| value).collect();
    Some(row[own]? - Summary::of(&others).mean?)
}

/// How often recordings shuffled among predictions correlate at least as well on average.
fn p_permutation(table: &[Vec<Option<f64>>], name: &str, options: &EncoderOptions) -> f64 {
    let mean = |order: &[usize]| -> f64 {
        order.iter().enumerate().map(|(own, &recording)| table[own][recording].unwrap_or(0.0)).sum::<f64>()
    };
    let identity: Vec<usize> = (0..table.len()).collect();
    let observed = mean(&identity);
    let reached = (0..options.n_permutations).into_par_iter().filter(|draw| {
        let mut order = identity.clone();
        order.shuffle(&mut stream(options.seed, &format!("{name}{draw}")));
        // A sum in another order may differ in its last digit.
        mean(&order) >= observed - 1e-12 * observed.abs()
    });
    (1 + reached.count()) as f64 / (1 + options.n_permutations) as f64
}

/// Variance explained in one band of a region's courses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BandScore {
    /// The region.
    pub region: String,
    /// `1 - SSres / SStot` of the filtered courses per condition; none where the recorded one is flat or the filter refuses.
    pub per_condition: Vec<Option<f64>>,
    /// Over conditions.
    pub summary: Summary,
    /// Of the mean, 95 %, by resampling conditions.
    pub interval_95: Option<[f64; 2]>,
}

/// R2 of predicted courses in a band, which `filter` lets through: it is given a course, one value a bin, and returns as many values.
pub fn band_scores(
    study: &EncoderStudy,
    filter: &(dyn Fn(&[f64]) -> Option<Vec<f64>> + Sync),
    n_bootstrap: usize,
    seed: u64,
    name: &str,
) -> Vec<BandScore> {
    let of_region = |region: &RegionEncoding| {
        let r2 = |courses: &Option<Courses>| {
            let courses = courses.as_ref()?;
            r_squared(&filter(&courses.recorded)?, &filter(&courses.predicted)?)
        };
        let per_condition: Vec<Option<f64>> = region.courses.iter().map(r2).collect();
        let values: Vec<Vec<f64>> = per_condition.iter().flatten().map(|&value| vec![value]).collect();
        let name = format!("encoder/{}/band/{name}", region.region);
        let bootstrap = HierarchicalBootstrap { n_replicates: n_bootstrap, seed, name };
        let test = (values.len() > 1).then(|| bootstrap.mean(&[values])).flatten();
        BandScore {
            region: region.region.clone(),
            summary: Summary::of(&per_condition),
            interval_95: test.map(|test| test.interval_95),
            per_condition,
        }
    };
    study.regions.iter().map(of_region).collect()
}

/// `1 - SSres / SStot`; none where `recorded` does not vary or lengths differ.
fn r_squared(recorded: &[f64], predicted: &[f64]) -> Option<f64> {
    if recorded.len() != predicted.len() || recorded.len() < 2 {
        return None;
    }
    let mean = recorded.iter().sum::<f64>() / recorded.len() as f64;
    let total: f64 = recorded.iter().map(|value| (value - mean).powi(2)).sum();
    let rest: f64 = recorded.iter().zip(predicted).map(|(a, b)| (a - b).powi(2)).sum();
    (total > 0.0).then(|| 1.0 - rest / total).and_then(finite)
}
