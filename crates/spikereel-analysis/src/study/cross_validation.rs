//! Cross-validation of several decoders on the same folds: each score's mean, spread and corrected interval, and differences between decoders.

use crate::readout::Readout;
use crate::score::ScoreKind;
use crate::stats::{ResampledMean, corrected_resampled};
use crate::study::headline::{Headline, headlines};
use crate::study::{EvaluationOptions, Over, PerSample, evaluate};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, FitDecoder, Fold, Part, Result};

/// One score of one decoder over folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// The feature, or `video`.
    pub feature: String,
    /// Feature and score in words.
    pub label: String,
    /// Name, unit and direction.
    pub kind: ScoreKind,
    /// What each fold's value is taken over.
    pub over: Over,
    /// Accuracy of guessing, for accuracies.
    pub chance: Option<f64>,
    /// One value a fold.
    pub per_fold: Vec<Option<f64>>,
    /// Over folds; none where a fold's value is not defined.
    pub mean: Option<ResampledMean>,
    /// First decoder minus this one, fold by fold; none for the first.
    pub first_minus_this: Option<ResampledMean>,
}

/// One decoder over folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossValidated {
    /// The decoder's name.
    pub decoder: String,
    /// Its scores.
    pub scores: Vec<FoldScore>,
}

/// Several decoders over the same folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossValidation {
    /// Trials that were fitted on, of each fold.
    pub n_train: Vec<usize>,
    /// Trials that were tested, of each fold.
    pub n_test: Vec<usize>,
    /// The decoders.
    pub decoders: Vec<CrossValidated>,
}

/// Fits every decoder on every fold and scores its test trials. `done(fits so far, all)` hears of each.
///
/// # Errors
/// Fewer than two folds, no decoder, or what fitting and scoring refuse.
pub fn cross_validation(
    folds: &[Fold],
    fits: &[&dyn FitDecoder],
    readouts: &[Box<dyn Readout>],
    seed: u64,
    done: &mut dyn FnMut(usize, usize),
) -> Result<CrossValidation> {
    if folds.len() < 2 || fits.is_empty() {
        let got = format!("{} folds and {} decoders", folds.len(), fits.len());
        return Err(DataError::new("cross-validation", "two folds and one decoder at least", got));
    }
    let options = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let n_of = |part: Part| folds.iter().map(|fold| fold.trials(part).len()).collect::<Vec<_>>();
    let (n_train, n_test) = (n_of(Part::Train), n_of(Part::Test));
    let mean_of = |counts: &[usize]| counts.iter().sum::<usize>() / counts.len();
    let summarise = |values: &[f64]| corrected_resampled(values, mean_of(&n_test), mean_of(&n_train));
    let mut decoders: Vec<CrossValidated> = Vec::new();
    for (fit_idx, fit) in fits.iter().enumerate() {
        let mut of_folds: Vec<Vec<Headline>> = Vec::new();
        for (fold_idx, fold) in folds.iter().enumerate() {
            let own = derive_seed(seed, &format!("cross_validation/{}/fold{fold_idx}", fit.name()));
            let decoder = fit.fit(fold, own)?;
            of_folds.push(headlines(&evaluate(decoder.as_ref(), fold, Part::Test, readouts, &options)?.evaluation));
            done(fit_idx * folds.len() + fold_idx + 1, fits.len() * folds.len());
        }
        let score = |(at, first): (usize, &Headline)| {
            let per_fold: Vec<Option<f64>> = of_folds.iter().map(|headlines| headlines[at].value).collect();
            let against = decoders.first().map(|decoder: &CrossValidated| &decoder.scores[at].per_fold);
            let difference = against.and_then(|other| {
                other.iter().zip(&per_fold).map(|(other, own)| Some((*other)? - (*own)?)).collect::<Option<Vec<f64>>>()
            });
            FoldScore {
                feature: first.feature.clone(),
                label: first.label(),
                kind: first.kind.clone(),
                over: first.over,
                chance: first.chance,
                mean: per_fold.iter().copied().collect::<Option<Vec<f64>>>().and_then(|values| summarise(&values)),
                first_minus_this: difference.and_then(|values| summarise(&values)),
                per_fold,
            }
        };
        let scores = of_folds[0].iter().enumerate().map(score).collect();
        decoders.push(CrossValidated { decoder: fit.name().into(), scores });
    }
    Ok(CrossValidation { n_train, n_test, decoders })
}
