//! Scores as a share of what can be reached: of the ideal observer's accuracy where data are simulated, and of the mean video of the
//! true condition, between what knows nothing (the mean video) and that.

use crate::score::ScoreKind;
use crate::stats::{HierarchicalBootstrap, clopper_pearson};
use crate::study::evaluation::{Accuracy, Evaluation};
use crate::study::headline::VIDEO;
use serde::{Deserialize, Serialize};
use spikereel_data::Truth;

/// A decoder's accuracy beside the ideal observer's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObserverShare {
    /// The decoder.
    pub decoder: String,
    /// The feature, or `video` for naming the condition.
    pub feature: String,
    /// Accuracy of guessing.
    pub chance: f64,
    /// The ideal observer's accuracy on single trials: it knows the generator, all sites and all bins.
    pub ideal: f64,
    /// The decoder's.
    pub accuracy: f64,
    /// Clopper-Pearson interval of it over test trials.
    pub interval_95: [f64; 2],
    /// `(accuracy - chance) / (ideal - chance)`; none where the observer is at chance.
    pub share: Option<f64>,
    /// The interval's ends on that scale. The observer's own Monte Carlo error is not in it.
    pub share_interval_95: Option<[f64; 2]>,
}

/// Compares accuracies over folds (each decoder with one evaluation a fold) with the ideal observer's.
pub fn observer_shares(truth: &Truth, decoders: &[(&str, Vec<&Evaluation>)]) -> Vec<ObserverShare> {
    let ideal_of = |feature: &str| {
        let known = truth.features.iter().find(|known| known.feature == feature)?;
        known.coalition_accuracy.last().copied()
    };
    let mut shares = Vec::new();
    for (name, evaluations) in decoders {
        let Some(first) = evaluations.first() else { continue };
        for feature in first.features.iter().map(|feature| feature.name.as_str()) {
            let Some(ideal) = ideal_of(feature) else { continue };
            let of_folds: Vec<&Accuracy> =
                evaluations.iter().filter_map(|evaluation| evaluation.feature(feature)?.accuracy.as_ref()).collect();
            shares.extend(share(name, feature, ideal, &of_folds));
        }
        let whole: Vec<&Accuracy> = evaluations.iter().filter_map(|e| e.condition_accuracy.as_ref()).collect();
        shares.extend(share(name, VIDEO, truth.condition_accuracy, &whole));
    }
    shares
}

fn share(decoder: &str, feature: &str, ideal: f64, folds: &[&Accuracy]) -> Option<ObserverShare> {
    let chance = folds.first()?.chance;
    let n = folds.iter().map(|fold| fold.correct.len()).sum();
    let n_right = folds.iter().flat_map(|fold| &fold.correct).filter(|&&right| right).count();
    let accuracy = n_right as f64 / f64::max(n as f64, 1.0);
    let interval_95 = clopper_pearson(n_right, n, 0.95);
    let of_ceiling = |value: f64| (ideal > chance + 1e-6).then(|| (value - chance) / (ideal - chance));
    Some(ObserverShare {
        decoder: decoder.into(),
        feature: feature.into(),
        chance,
        ideal,
        accuracy,
        interval_95,
        share: of_ceiling(accuracy),
        share_interval_95: of_ceiling(interval_95[0]).zip(of_ceiling(interval_95[1])).map(|(low, high)| [low, high]),
    })
}

/// A score of condition averages between its floor and its ceiling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreShare {
    /// The feature, or `video`.
    pub feature: String,
    /// Name, unit and direction.
    pub kind: ScoreKind,
    /// Of what knows nothing: the mean training video.
    pub floor: f64,
    /// The decoder's, mean over conditions.
    pub score: f64,
    /// Of the true condition's mean training video.
    pub ceiling: f64,
    /// `(score - floor) / (ceiling - floor)`; none where the two coincide.
    pub share: Option<f64>,
    /// Bootstrap over conditions, percentiles.
    pub share_interval_95: Option<[f64; 2]>,
}

/// Each main score of condition averages, SSIM and MSE between floor and ceiling. All three are evaluations of the same part of the same
/// folds with the same readouts, one a fold.
pub fn score_shares(
    decoder: &[&Evaluation],
    floor: &[&Evaluation],
    ceiling: &[&Evaluation],
    n_bootstrap: usize,
    seed: u64,
) -> Vec<ScoreShare> {
    let Some(first) = decoder.first() else { return Vec::new() };
    let mut shares = Vec::new();
    let mut push = |feature: &str, kind: &ScoreKind, pick: &dyn Fn(&Evaluation) -> Option<Vec<Option<f64>>>| {
        // [which of three][fold and condition], where all three are defined
        let lists = [decoder, floor, ceiling].map(|own| {
            own.iter().map(|evaluation| pick(evaluation)).collect::<Option<Vec<_>>>().map(|folds| folds.concat())
        });
        let [Some(own), Some(low), Some(high)] = lists else { return };
        let triples: Vec<[f64; 3]> =
            own.iter().zip(low).zip(high).filter_map(|((own, low), high)| Some([(*own)?, low?, high?])).collect();
        if triples.is_empty() {
            return;
        }
        let mean = |units: &[usize], which: usize| {
            units.iter().map(|&unit| triples[unit][which]).sum::<f64>() / units.len() as f64
        };
        let share_of = |units: &[usize]| {
            let [own, low, high] = [0, 1, 2].map(|which| mean(units, which));
            ((high - low).abs() > 1e-9).then(|| (own - low) / (high - low))
        };
        let all: Vec<usize> = (0..triples.len()).collect();
        let name = format!("score_shares/{feature}/{}", kind.name);
        let bootstrap = HierarchicalBootstrap { n_replicates: n_bootstrap, seed, name };
        let test = bootstrap.pooled(1, triples.len(), |_, units| share_of(units));
        shares.push(ScoreShare {
            feature: feature.into(),
            kind: kind.clone(),
            score: mean(&all, 0),
            floor: mean(&all, 1),
            ceiling: mean(&all, 2),
            share: share_of(&all),
            share_interval_95: test.map(|test| test.interval_95),
        });
    };
    for (at, feature) in first.features.iter().enumerate() {
        let Some(score) = feature.scores.first() else { continue };
        push(&feature.name, &score.kind, &|evaluation| {
            Some(evaluation.features.get(at)?.scores.first()?.per_condition.clone())
        });
    }
    if let Some(ssim) = &first.ssim {
        push(VIDEO, &ssim.kind, &|evaluation| Some(evaluation.ssim.as_ref()?.per_condition.clone()));
    }
    push(VIDEO, &first.mse.kind, &|evaluation| Some(evaluation.mse.per_condition.clone()));
    shares
}
