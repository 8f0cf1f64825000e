//! Decoding with and without a region, for many networks: the numbers from which every test of a masking study is made.

use crate::perturb::{Mask, MaskedSites};
use crate::readout::Readout;
use crate::score::ScoreKind;
use crate::study::masking::MaskingOptions;
use crate::study::scorer::{EvaluationOptions, Scorer};
use spikereel_data::{Decoder, Fold, Region, Result};

/// One decoder on its fold. Decoders of one network (its folds) share `network`; the test trials of those folds are disjoint.
#[derive(Clone, Copy)]
pub struct MaskingRun<'a> {
    /// Name of the network: one seed, perhaps trained once a fold.
    pub network: &'a str,
    /// The decoder.
    pub decoder: &'a dyn Decoder,
    /// The fold it was trained on.
    pub fold: &'a Fold,
}

/// Numbers of one decoded set: a run with nothing or one region masked, averaged over draws where the mask is random.
pub(super) struct Decoded {
    /// `[readout][condition]` main score of the condition average.
    pub(super) condition: Vec<Vec<Option<f64>>>,
    /// `[readout][trial]` main score of single trials; empty where not asked for.
    pub(super) sample: Vec<Vec<Option<f64>>>,
    /// `[readout][trial]` share of draws in which the level was named: 0 or 1 where there is one.
    pub(super) correct: Vec<Option<Vec<f64>>>,
    /// `[draw][readout][trial]` readings of pooled readouts.
    pub(super) readings: Vec<Vec<Vec<f64>>>,
    /// `[readout][condition]` the paper's measure of change against nothing masked.
    pub(super) change: Vec<Vec<Option<f64>>>,
}

/// One run's numbers: nothing masked, then each region.
pub(super) struct RunScores {
    pub(super) network_idx: usize,
    pub(super) trials: Vec<usize>,
    pub(super) condition_of_trial: Vec<usize>,
    /// `[readout][trial]` truth of pooled readouts.
    pub(super) truth: Vec<Vec<f64>>,
    pub(super) unmasked: Decoded,
    pub(super) masked: Vec<Decoded>,
}

/// Main score of each readout.
pub(super) fn main_kinds(readouts: &[Box<dyn Readout>]) -> Vec<ScoreKind> {
    let none = || ScoreKind::similarity("none");
    readouts.iter().map(|readout| readout.scores().into_iter().next().unwrap_or_else(none)).collect()
}

/// Decodes the part of one run once with nothing masked and for each region as often as it is drawn; `done` is called after each.
/// `without` holds a decoder a region where these were fitted anew.
pub(super) fn decode_run(
    run: &MaskingRun<'_>,
    network_idx: usize,
    regions: &[Region],
    without: Option<&[Box<dyn Decoder>]>,
    readouts: &[Box<dyn Readout>],
    options: &MaskingOptions,
    done: &mut dyn FnMut(),
) -> Result<RunScores> {
    let scored = EvaluationOptions {
        ssim: false,
        condition_accuracy: false,
        per_sample: options.per_sample,
        ..EvaluationOptions::default()
    };
    let scorer = Scorer::new(run.fold, options.part, readouts, scored)?;
    let dataset = run.fold.dataset();
    let mut base = None;
    let unmasked = decode(&scorer, run.decoder, None, &mut base)?;
    done();
    let mut masked = Vec::with_capacity(regions.len());
    for (region_idx, region) in regions.iter().enumerate() {
        let decoder = without.map_or(run.decoder, |own| own[region_idx].as_ref());
        let mut draws = Vec::new();
        for draw in 0..options.n_draws_of_operator() {
            let groups = vec![MaskedSites::of_region(dataset, region)?];
            let mask = Mask::new(run.fold, &scorer.trials, options.operator, groups, options.seed, draw)?;
            draws.push(decode(&scorer, decoder, Some(&mask), &mut base)?);
            done();
        }
        masked.push(averaged(draws));
    }
    let condition_of_trial: Vec<usize> = scorer.trials.iter().map(|&trial| run.fold.condition_of(trial)).collect();
    let truth_of = |readings: &Vec<Vec<f64>>| -> Vec<f64> {
        condition_of_trial.iter().map(|&condition| readings[condition].first().copied().unwrap_or(f64::NAN)).collect()
    };
    let truth = scorer.truth_readings.iter().map(truth_of).collect();
    Ok(RunScores { network_idx, trials: scorer.trials, condition_of_trial, truth, unmasked, masked })
}

/// Decodes one set; `base` keeps the readings of the first one, against which change is measured.
fn decode(
    scorer: &Scorer<'_>,
    decoder: &dyn Decoder,
    mask: Option<&Mask<'_>>,
    base: &mut Option<Vec<Vec<Vec<f64>>>>,
) -> Result<Decoded> {
    let pass = scorer.pass(&mut |trials, mut spikes| {
        if let Some(mask) = mask {
            mask.apply(trials, spikes.view_mut())?;
        }
        decoder.predict(spikes.view())
    })?;
    let readings = scorer.condition_readings(&pass)?;
    let condition = (0..scorer.readouts.len())
        .map(|readout| scorer.condition_scores(readout, &readings[readout]).into_iter().next().unwrap_or_default())
        .collect();
    let base = base.get_or_insert_with(|| readings.clone());
    let change = scorer
        .readouts
        .iter()
        .zip(base.iter().zip(&readings))
        .map(|(readout, (base, own))| base.iter().zip(own).map(|(a, b)| readout.change(a, b)).collect())
        .collect();
    let sample = pass.scores.into_iter().map(|scores| scores.into_iter().next().unwrap_or_default()).collect();
    let shares = |correct: Vec<bool>| correct.into_iter().map(|right| f64::from(u8::from(right))).collect();
    let correct = pass.correct.into_iter().map(|correct| correct.map(shares)).collect();
    Ok(Decoded { condition, sample, correct, readings: vec![pass.readings], change })
}

/// Mean over draws of everything but readings, which are kept: a correlation of mean readings would be larger than any draw's.
fn averaged(mut draws: Vec<Decoded>) -> Decoded {
    if draws.len() == 1 {
        return draws.swap_remove(0);
    }
    let options = |pick: &dyn Fn(&Decoded) -> &Vec<Vec<Option<f64>>>| -> Vec<Vec<Option<f64>>> {
        let first = draws.first().map_or(&[][..], |draw| pick(draw));
        let mean_at = |readout: usize, at: usize| {
            let values: Vec<f64> = draws.iter().filter_map(|draw| pick(draw)[readout][at]).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        (0..first.len()).map(|readout| (0..first[readout].len()).map(|at| mean_at(readout, at)).collect()).collect()
    };
    let (condition, sample, change) =
        (options(&|draw| &draw.condition), options(&|draw| &draw.sample), options(&|draw| &draw.change));
    let n_draws = draws.len() as f64;
    let mut correct: Vec<Option<Vec<f64>>> = Vec::new();
    let mut readings = Vec::new();
    for draw in draws {
        readings.extend(draw.readings);
        if correct.is_empty() {
            correct = draw.correct;
            continue;
        }
        for (sum, own) in correct.iter_mut().zip(draw.correct) {
            let pairs = sum.iter_mut().flatten().zip(own.into_iter().flatten());
            pairs.for_each(|(sum, own)| *sum += own);
        }
    }
    correct.iter_mut().flatten().flatten().for_each(|sum| *sum /= n_draws);
    Decoded { condition, sample, correct, readings, change }
}
