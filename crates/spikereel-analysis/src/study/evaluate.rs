//! Evaluating a decoder on one part of a fold, its ceiling, and its null of noise inputs.

use crate::Clip;
use crate::baselines::ClassVideos;
use crate::metrics::{mse, pearson};
use crate::readout::Readout;
use crate::score::{ScoreKind, Summary};
use crate::stats::{clopper_pearson, percentile};
use crate::study::evaluation::{
    Accuracy, ConditionVideos, Evaluated, Evaluation, FeatureEvaluation, PooledScore, ScoreValues,
};
use crate::study::null::{NullScore, NullScores, NullTarget};
use crate::study::scorer::{EvaluationOptions, Pass, Scorer, check_videos};
use ndarray::{Array3, Array5};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use spikereel_data::rng::stream;
use spikereel_data::{DataError, Decoder, Fold, Part, Result};

/// Scores a decoder on the trials of a part.
///
/// # Errors
/// A part without trials, what the decoder refuses, or videos of another shape than the fold's.
pub fn evaluate(
    decoder: &dyn Decoder,
    fold: &Fold,
    part: Part,
    readouts: &[Box<dyn Readout>],
    options: &EvaluationOptions,
) -> Result<Evaluated> {
    let scorer = Scorer::new(fold, part, readouts, options.clone())?;
    let pass = scorer.pass(&mut |_, spikes| decoder.predict(spikes.view()))?;
    finish(&scorer, decoder.name(), part, pass)
}

/// Scores the mean training video of each trial's true condition: what perfect classification reaches where dots are unknown. What
/// is missing to a perfect score is the variation of stimuli from trial to trial.
///
/// # Errors
/// A part without trials, or a condition of the part without training trials.
pub fn ceiling(
    fold: &Fold,
    part: Part,
    readouts: &[Box<dyn Readout>],
    options: &EvaluationOptions,
) -> Result<Evaluated> {
    let scorer = Scorer::new(fold, part, readouts, options.clone())?;
    let train = ClassVideos::of_part(fold, Part::Train).mean;
    let [frames, height, width, rgb] = fold.dataset().video_shape();
    let pass = scorer.pass(&mut |trials, _| {
        let mut values = Vec::with_capacity(trials.len() * frames * height * width * rgb);
        for &trial in trials {
            let condition = fold.condition_of(trial);
            let video = train[condition].as_ref().ok_or_else(|| {
                let field = format!("training trials of condition {}", fold.dataset().conditions.label(condition));
                DataError::new(field, "at least one", "none").hint("split by condition, so that every part has each")
            })?;
            values.extend_from_slice(video);
        }
        Array5::from_shape_vec((trials.len(), frames, height, width, rgb), values)
            .map_err(|error| DataError::new("ceiling videos", "one a trial", error.to_string()))
    })?;
    finish(&scorer, "true condition's mean video", part, pass)
}

fn finish(scorer: &Scorer<'_>, name: &str, part: Part, pass: Pass) -> Result<Evaluated> {
    let dataset = scorer.fold.dataset();
    let condition_of_sample: Vec<usize> = scorer.trials.iter().map(|&trial| scorer.fold.condition_of(trial)).collect();
    let readings = scorer.condition_readings(&pass)?;
    let mut features = Vec::new();
    for (readout_idx, readout) in scorer.readouts.iter().enumerate() {
        let by_condition = scorer.condition_scores(readout_idx, &readings[readout_idx]);
        let scores = readout
            .scores()
            .into_iter()
            .zip(by_condition)
            .zip(&pass.scores[readout_idx])
            .map(|((kind, per_condition), per_sample)| score_values(kind, per_condition, per_sample.clone()))
            .collect();
        let accuracy = pass.correct[readout_idx].as_ref().map(|correct| {
            accuracy(correct, scorer.n_levels(readout_idx), &condition_of_sample, dataset.conditions.len())
        });
        let pooled =
            readout.is_pooled().then(|| pooled(scorer, readout_idx, &pass.readings[readout_idx], &condition_of_sample));
        features.push(FeatureEvaluation {
            name: readout.name().into(),
            factor: readout.factor().map(Into::into),
            scores,
            accuracy,
            pooled: pooled.flatten(),
        });
    }
    let of_conditions = |score: &(dyn Fn(&[f32], &[f32]) -> Option<f64> + Sync)| -> Vec<Option<f64>> {
        let pairs = pass.decoded.par_iter().zip(&scorer.truth.mean);
        pairs.map(|(decoded, truth)| score(decoded.as_ref()?, truth.as_ref()?)).collect()
    };
    let ssim = scorer.options.ssim.then(|| {
        let per_condition = of_conditions(&|a, b| scorer.ssim_of(a, b));
        score_values(ScoreKind::similarity("SSIM"), per_condition, pass.ssim.clone())
    });
    let mse = score_values(ScoreKind::error("MSE", ""), of_conditions(&|a, b| mse(a, b)), pass.mse.clone());
    let condition_accuracy = pass
        .condition_correct
        .as_ref()
        .map(|correct| accuracy(correct, scorer.n_condition_levels(), &condition_of_sample, dataset.conditions.len()));
    let evaluation = Evaluation {
        decoder: name.into(),
        part,
        trials: scorer.trials.clone(),
        conditions: (0..dataset.conditions.len()).map(|condition| dataset.conditions.label(condition)).collect(),
        condition_of_sample,
        n_per_condition: scorer.truth.n_trials.clone(),
        features,
        ssim,
        mse,
        condition_accuracy,
    };
    let videos =
        ConditionVideos { shape: dataset.video_shape(), decoded: pass.decoded, truth: scorer.truth.mean.clone() };
    Ok(Evaluated { evaluation, videos })
}

fn score_values(kind: ScoreKind, per_condition: Vec<Option<f64>>, per_sample: Vec<Option<f64>>) -> ScoreValues {
    let (condition, sample) = (Summary::of(&per_condition), Summary::of(&per_sample));
    ScoreValues { kind, per_condition, condition, per_sample, sample }
}

fn accuracy(correct: &[bool], n_levels: usize, condition_of_sample: &[usize], n_conditions: usize) -> Accuracy {
    let mut counts = vec![(0_usize, 0_usize); n_conditions];
    for (&right, &condition) in correct.iter().zip(condition_of_sample) {
        counts[condition].0 += usize::from(right);
        counts[condition].1 += 1;
    }
    let n_right = correct.iter().filter(|&&right| right).count();
    Accuracy {
        n_levels,
        chance: 1.0 / n_levels.max(1) as f64,
        accuracy: n_right as f64 / correct.len().max(1) as f64,
        interval_95: clopper_pearson(n_right, correct.len(), 0.95),
        per_condition: counts.iter().map(|&(right, n)| (n > 0).then(|| right as f64 / n as f64)).collect(),
        correct: correct.to_vec(),
    }
}

fn pooled(
    scorer: &Scorer<'_>,
    readout_idx: usize,
    readings: &[f64],
    condition_of_sample: &[usize],
) -> Option<PooledScore> {
    let truths = &scorer.truth_readings[readout_idx];
    let truth: Option<Vec<f64>> =
        condition_of_sample.iter().map(|&condition| truths[condition].first().copied()).collect();
    let truth = truth.filter(|_| readings.iter().all(|reading| reading.is_finite()))?;
    let (mut means, mut true_means) = (Vec::new(), Vec::new());
    for condition in 0..truths.len() {
        let own: Vec<f64> = readings
            .iter()
            .zip(condition_of_sample)
            .filter(|(_, of)| **of == condition)
            .map(|(reading, _)| *reading)
            .collect();
        if let (false, Some(&truth)) = (own.is_empty(), truths[condition].first()) {
            means.push(own.iter().sum::<f64>() / own.len() as f64);
            true_means.push(truth);
        }
    }
    Some(PooledScore {
        pearson: pearson(readings, &truth),
        condition_pearson: pearson(&means, &true_means),
        decoded: readings.to_vec(),
        truth,
    })
}

/// Decodes `n_inputs` inputs of N(0, 1) `[bin, site]` and scores them as if they were conditions (paper-facts, section 5).
///
/// Every score is against conditions' own readings and videos, as the decoder's are; SSIM against one condition an input, in turn.
///
/// # Errors
/// A part without trials, or what the decoder refuses.
pub fn null_scores(
    decoder: &dyn Decoder,
    fold: &Fold,
    part: Part,
    readouts: &[Box<dyn Readout>],
    n_inputs: usize,
    target: NullTarget,
    seed: u64,
) -> Result<NullScores> {
    let options = EvaluationOptions { condition_accuracy: false, ..EvaluationOptions::default() };
    let scorer = Scorer::new(fold, part, readouts, options)?;
    let dataset = fold.dataset();
    let (n_bins, n_sites, shape) = (dataset.n_bins(), dataset.n_sites(), dataset.video_shape());
    let present: Vec<usize> =
        (0..dataset.conditions.len()).filter(|&condition| scorer.truth.n_trials[condition] > 0).collect();
    let kinds: Vec<Vec<ScoreKind>> = readouts.iter().map(|readout| readout.scores()).collect();
    let video_kinds = [ScoreKind::similarity("SSIM"), ScoreKind::error("MSE", "")];
    let mut rows: Vec<Vec<Option<f64>>> = Vec::new(); // [input][score]
    for batch in (0..n_inputs).collect::<Vec<_>>().chunks(32) {
        let noise: Vec<f32> = batch
            .iter()
            .flat_map(|input| {
                let mut rng = stream(seed, &format!("null/input{input}"));
                (0..n_bins * n_sites).map(move |_| StandardNormal.sample(&mut rng))
            })
            .collect();
        let spikes = Array3::from_shape_vec((batch.len(), n_bins, n_sites), noise)
            .map_err(|error| DataError::new("noise inputs", "one block an input", error.to_string()))?;
        let videos = decoder.predict(spikes.view())?;
        check_videos(&videos, batch.len(), shape)?;
        let videos = videos.as_standard_layout();
        let len: usize = shape.iter().product();
        let Some(values) = videos.as_slice() else { continue };
        let scored = batch.par_iter().zip(values.par_chunks_exact(len)).map(|(&input, video)| {
            let targets = match target {
                NullTarget::AllConditions => present.clone(),
                NullTarget::RandomCondition => {
                    let drawn = stream(seed, &format!("null/target{input}")).random_range(0..present.len());
                    vec![present[drawn]]
                }
            };
            score_null(&scorer, &Clip::new(shape, video)?, &targets, input)
        });
        rows.extend(scored.collect::<Result<Vec<_>>>()?);
    }
    let names =
        readouts.iter().zip(&kinds).flat_map(|(readout, kinds)| kinds.iter().map(|kind| (readout.name(), kind)));
    let names = names.chain(video_kinds.iter().map(|kind| ("video", kind)));
    let scores = names
        .enumerate()
        .map(|(at, (feature, kind))| null_score(feature, kind, rows.iter().map(|row| row[at]).collect()));
    Ok(NullScores { n_inputs, target, scores: scores.collect() })
}

/// Every score of the video of one noise input, each the mean over targets; SSIM against one of them.
fn score_null(scorer: &Scorer<'_>, video: &Clip<'_>, targets: &[usize], input: usize) -> Result<Vec<Option<f64>>> {
    let mean = |values: Vec<Option<f64>>| Summary::of(&values).mean;
    let mut row = Vec::new();
    for (readout, truths) in scorer.readouts.iter().zip(&scorer.truth_readings) {
        let reading = readout.read(video, &scorer.fold.dataset().timeline);
        let compared: Vec<Vec<Option<f64>>> = targets.iter().map(|&c| readout.compare(&reading, &truths[c])).collect();
        row.extend(
            (0..readout.scores().len()).map(|score| mean(compared.iter().map(|scores| scores[score]).collect())),
        );
    }
    // Against each condition's own video, as the decoder's: their mean video is smoother than any, and nearer to a blurred one. SSIM against
    // every condition would cost more than all else together, so inputs take the conditions in turn.
    let truth = |condition: usize| scorer.truth.mean[condition].as_deref();
    let turn = targets.get(input % targets.len().max(1)).and_then(|&condition| truth(condition));
    row.push(turn.and_then(|truth| scorer.ssim_of(video.values(), truth)));
    row.push(mean(targets.iter().map(|&condition| mse(video.values(), truth(condition)?)).collect()));
    Ok(row)
}

fn null_score(feature: &str, kind: &ScoreKind, per_input: Vec<Option<f64>>) -> NullScore {
    let defined: Vec<f64> = per_input.iter().flatten().copied().collect();
    let share = if kind.larger_is_better { 0.95 } else { 0.05 };
    NullScore {
        feature: feature.into(),
        kind: kind.clone(),
        summary: Summary::of(&per_input),
        beyond_95: percentile(&defined, share),
        per_input,
    }
}
