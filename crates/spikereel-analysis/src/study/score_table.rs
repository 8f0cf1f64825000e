//! The score table: a decoder beside what it has to beat and what bounds it.

use crate::score::{ScoreKind, Summary};
use crate::stats::{TTest, independent_t_test};
use crate::study::evaluation::Evaluation;
use crate::study::null::NullScores;
use serde::{Deserialize, Serialize};

/// What a column of the table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The decoder under study.
    Decoder,
    /// Something simpler that it has to beat.
    Baseline,
    /// The mean training video of the true condition: perfect classification, dots unknown.
    Ceiling,
    /// The decoder fed with noise.
    Null,
}

/// A column: one decoder in one role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreColumn {
    /// The decoder's name.
    pub name: String,
    /// Why it stands here.
    pub role: Role,
}

/// What a row's values are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Mean decoded videos of conditions.
    Conditions,
    /// Decoded videos of single trials.
    Samples,
    /// One value from all trials together.
    Pooled,
}

/// A row: one score over conditions or samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRow {
    /// The feature, or `video` for SSIM, MSE and condition accuracy.
    pub feature: String,
    /// Name, unit and direction.
    pub kind: ScoreKind,
    /// Over what.
    pub over: Over,
    /// One cell a column; none where a column does not have this score.
    pub cells: Vec<Option<Summary>>,
    /// Conditions of the decoder against null inputs, unpaired and two-sided as in the paper; over conditions only.
    pub null_test: Option<TTest>,
    /// The null's value that only 5 % of noise inputs are better than.
    pub null_95: Option<f64>,
}

/// All scores of all columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreTable {
    /// The columns; the first is the decoder.
    pub columns: Vec<ScoreColumn>,
    /// The rows.
    pub rows: Vec<ScoreRow>,
}

impl ScoreTable {
    /// Lays out evaluations (the first is the decoder; all on the same trials with the same readouts) and the decoder's null.
    pub fn new(evaluations: &[(Role, &Evaluation)], null: Option<&NullScores>) -> Self {
        let mut columns: Vec<ScoreColumn> = evaluations
            .iter()
            .map(|(role, evaluation)| ScoreColumn { name: evaluation.decoder.clone(), role: *role })
            .collect();
        if null.is_some() {
            columns.push(ScoreColumn { name: "noise inputs".into(), role: Role::Null });
        }
        let Some((_, first)) = evaluations.first() else { return Self { columns, rows: Vec::new() } };
        let mut rows = Vec::new();
        for feature in &first.features {
            for score in &feature.scores {
                for over in [Over::Conditions, Over::Samples] {
                    rows.push(Self::row(evaluations, null, &feature.name, &score.kind, over));
                }
            }
            if feature.accuracy.is_some() {
                rows.push(Self::row(
                    evaluations,
                    None,
                    &feature.name,
                    &ScoreKind::similarity("accuracy"),
                    Over::Samples,
                ));
            }
            if feature.pooled.is_some() {
                rows.push(Self::row(evaluations, None, &feature.name, &ScoreKind::similarity("Pearson"), Over::Pooled));
            }
        }
        for kind in [ScoreKind::similarity("SSIM"), first.mse.kind.clone()] {
            for over in [Over::Conditions, Over::Samples] {
                rows.push(Self::row(evaluations, null, "video", &kind, over));
            }
        }
        rows.push(Self::row(evaluations, None, "video", &ScoreKind::similarity("accuracy"), Over::Samples));
        rows.retain(|row| row.cells.iter().flatten().any(|cell| cell.n > 0));
        let mut table = Self { columns, rows };
        if null.is_some() {
            table.rows.iter_mut().for_each(|row| row.cells.resize(table.columns.len(), None));
        }
        table
    }

    fn row(
        evaluations: &[(Role, &Evaluation)],
        null: Option<&NullScores>,
        feature: &str,
        kind: &ScoreKind,
        over: Over,
    ) -> ScoreRow {
        let cell = |evaluation: &Evaluation| cell(evaluation, feature, &kind.name, over);
        let mut row = ScoreRow {
            feature: feature.into(),
            kind: kind.clone(),
            over,
            cells: evaluations.iter().map(|(_, evaluation)| cell(evaluation)).collect(),
            null_test: None,
            null_95: None,
        };
        let null = null.and_then(|null| null.score(feature, &kind.name));
        if let (Some(null), Over::Conditions, Some((_, first))) = (null, over, evaluations.first()) {
            row.cells.push(Some(null.summary));
            row.null_95 = null.beyond_95;
            let own = values(first, feature, &kind.name);
            row.null_test = independent_t_test(&own, &null.per_input.iter().flatten().copied().collect::<Vec<_>>());
        }
        row
    }
}

/// Defined per-condition values of a score.
fn values(evaluation: &Evaluation, feature: &str, score: &str) -> Vec<f64> {
    scores(evaluation, feature, score)
        .map_or_else(Vec::new, |score| score.per_condition.iter().flatten().copied().collect())
}

fn scores<'a>(evaluation: &'a Evaluation, feature: &str, score: &str) -> Option<&'a super::evaluation::ScoreValues> {
    match (feature, score) {
        ("video", "SSIM") => evaluation.ssim.as_ref(),
        ("video", _) => (evaluation.mse.kind.name == score).then_some(&evaluation.mse),
        _ => evaluation.feature(feature)?.scores.iter().find(|own| own.kind.name == score),
    }
}

fn cell(evaluation: &Evaluation, feature: &str, score: &str, over: Over) -> Option<Summary> {
    let single = |mean: Option<f64>, n: usize| Some(Summary { mean, sd: None, n });
    match (over, score) {
        (Over::Pooled, _) => {
            let pooled = evaluation.feature(feature)?.pooled.as_ref()?;
            single(pooled.pearson, pooled.decoded.len())
        }
        (Over::Samples, "accuracy") => {
            let accuracy = match feature {
                "video" => evaluation.condition_accuracy.as_ref()?,
                _ => evaluation.feature(feature)?.accuracy.as_ref()?,
            };
            single(Some(accuracy.accuracy), accuracy.correct.len())
        }
        (Over::Conditions, _) => Some(scores(evaluation, feature, score)?.condition),
        (Over::Samples, _) => Some(scores(evaluation, feature, score)?.sample),
    }
}
