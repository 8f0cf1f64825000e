//! Decoding with and without a region, for many networks: the numbers from which every test of a masking study is made.

use crate::perturb::{MaskOperator, mask_regions};
use crate::readout::Readout;
use crate::score::ScoreKind;
use crate::study::scorer::{EvaluationOptions, PerSample, Scorer};
use spikereel_data::{Decoder, Fold, Part, Region, Result};

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

/// Numbers of one decoded set: a run with nothing or one region masked.
pub(super) struct Decoded {
    /// `[readout][condition]` main score of the condition average.
    pub(super) condition: Vec<Vec<Option<f64>>>,
    /// `[readout][trial]` main score of single trials; empty where not asked for.
    pub(super) sample: Vec<Vec<Option<f64>>>,
    /// `[readout][trial]` whether the level was named.
    pub(super) correct: Vec<Option<Vec<bool>>>,
    /// `[readout][trial]` readings of pooled readouts.
    pub(super) readings: Vec<Vec<f64>>,
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

/// Decodes the part of one run once with nothing masked and once for each region; `done` is called after each.
pub(super) fn decode_run(
    run: &MaskingRun<'_>,
    network_idx: usize,
    part: Part,
    regions: &[Region],
    operator: MaskOperator,
    readouts: &[Box<dyn Readout>],
    per_sample: PerSample,
    done: &mut dyn FnMut(),
) -> Result<RunScores> {
    let options =
        EvaluationOptions { ssim: false, condition_accuracy: false, per_sample, ..EvaluationOptions::default() };
    let scorer = Scorer::new(run.fold, part, readouts, options)?;
    let dataset = run.fold.dataset();
    let mut unmasked_readings = None;
    let mut decoded = Vec::with_capacity(regions.len() + 1);
    for region in std::iter::once(None).chain(regions.iter().map(Some)) {
        let pass = scorer.pass(&mut |_, mut spikes| {
            if let Some(region) = region {
                mask_regions(spikes.view_mut(), dataset, std::slice::from_ref(region), operator)?;
            }
            run.decoder.predict(spikes.view())
        })?;
        let readings = scorer.condition_readings(&pass)?;
        let condition = (0..readouts.len())
            .map(|readout| scorer.condition_scores(readout, &readings[readout]).into_iter().next().unwrap_or_default())
            .collect();
        let base = unmasked_readings.get_or_insert_with(|| readings.clone());
        let change = readouts
            .iter()
            .zip(base.iter().zip(&readings))
            .map(|(readout, (base, own))| base.iter().zip(own).map(|(a, b)| readout.change(a, b)).collect())
            .collect();
        let sample = pass.scores.into_iter().map(|scores| scores.into_iter().next().unwrap_or_default()).collect();
        decoded.push(Decoded { condition, sample, correct: pass.correct, readings: pass.readings, change });
        done();
    }
    let condition_of_trial: Vec<usize> = scorer.trials.iter().map(|&trial| run.fold.condition_of(trial)).collect();
    let truth_of = |readings: &Vec<Vec<f64>>| -> Vec<f64> {
        condition_of_trial.iter().map(|&condition| readings[condition].first().copied().unwrap_or(f64::NAN)).collect()
    };
    let truth = scorer.truth_readings.iter().map(truth_of).collect();
    let masked = decoded.split_off(1);
    let unmasked = decoded.swap_remove(0);
    Ok(RunScores { network_idx, trials: scorer.trials, condition_of_trial, truth, unmasked, masked })
}
