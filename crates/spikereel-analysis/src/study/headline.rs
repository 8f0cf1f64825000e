//! The few numbers of an evaluation that studies put side by side.

use crate::score::{ScoreKind, Summary};
use crate::study::Over;
use crate::study::evaluation::{Evaluation, ScoreValues};
use serde::{Deserialize, Serialize};

/// Feature name of numbers that belong to the whole video: MSE, SSIM, naming the condition.
pub const VIDEO: &str = "video";

/// One number of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// The feature, or [`VIDEO`].
    pub feature: String,
    /// Name, unit and direction.
    pub kind: ScoreKind,
    /// What it is taken over.
    pub over: Over,
    /// Accuracy of guessing, for accuracies.
    pub chance: Option<f64>,
    /// The number.
    pub value: Option<f64>,
}

impl Headline {
    /// Feature and score in words, such as `shape accuracy`.
    pub fn label(&self) -> String {
        match (self.feature.as_str(), self.kind.name.as_str()) {
            (VIDEO, "accuracy") => "condition accuracy".into(),
            (VIDEO, name) | (_, name @ ("cue Pearson" | "RGB Pearson")) => name.into(),
            (feature, name) => format!("{feature} {name}"),
        }
    }
}

/// Of each feature its main score over condition averages, its accuracy on single trials and its correlation over trials, as far as it
/// has them; then MSE and SSIM of single trials, and the accuracy of naming the condition.
pub fn headlines(evaluation: &Evaluation) -> Vec<Headline> {
    let mut all = Vec::new();
    let mut push = |feature: &str, kind: ScoreKind, over, chance, value| {
        all.push(Headline { feature: feature.into(), kind, over, chance, value });
    };
    for feature in &evaluation.features {
        if let Some(score) = feature.scores.first() {
            push(&feature.name, score.kind.clone(), Over::Conditions, None, score.condition.mean);
        }
        if let Some(accuracy) = &feature.accuracy {
            let kind = ScoreKind::similarity("accuracy");
            push(&feature.name, kind, Over::Samples, Some(accuracy.chance), Some(accuracy.accuracy));
        }
        if let Some(pooled) = &feature.pooled {
            push(&feature.name, ScoreKind::similarity("Pearson"), Over::Pooled, None, pooled.pearson);
        }
    }
    push(VIDEO, evaluation.mse.kind.clone(), Over::Samples, None, evaluation.mse.sample.mean);
    if let Some(ssim) = &evaluation.ssim {
        push(VIDEO, ssim.kind.clone(), Over::Samples, None, ssim.sample.mean);
    }
    if let Some(accuracy) = &evaluation.condition_accuracy {
        let kind = ScoreKind::similarity("accuracy");
        push(VIDEO, kind, Over::Samples, Some(accuracy.chance), Some(accuracy.accuracy));
    }
    all
}

/// The values of a headline, by its [`Headline::label`], condition by condition: scores of condition averages, shares of trials named right,
/// and means over a condition's trials of what is scored trial by trial. None where the evaluation lacks the headline, or where it is
/// no mean over conditions (a correlation over trials).
pub fn headline_by_condition(evaluation: &Evaluation, label: &str) -> Option<Vec<Option<f64>>> {
    let headline = headlines(evaluation).into_iter().find(|headline| headline.label() == label)?;
    let by_trial = |scores: &ScoreValues| -> Vec<Option<f64>> {
        let own = |condition: usize| -> Vec<Option<f64>> {
            let trials = scores.per_sample.iter().zip(&evaluation.condition_of_sample);
            trials.filter(|(_, of)| **of == condition).map(|(value, _)| *value).collect()
        };
        (0..evaluation.conditions.len()).map(|condition| Summary::of(&own(condition)).mean).collect()
    };
    let is_accuracy = headline.chance.is_some();
    match (headline.feature.as_str(), headline.over) {
        (_, Over::Pooled) => None,
        (VIDEO, _) if is_accuracy => Some(evaluation.condition_accuracy.as_ref()?.per_condition.clone()),
        (VIDEO, _) if headline.kind.name == evaluation.mse.kind.name => Some(by_trial(&evaluation.mse)),
        (VIDEO, _) => evaluation.ssim.as_ref().map(by_trial),
        (feature, _) if is_accuracy => Some(evaluation.feature(feature)?.accuracy.as_ref()?.per_condition.clone()),
        (feature, _) => Some(evaluation.feature(feature)?.scores.first()?.per_condition.clone()),
    }
}
