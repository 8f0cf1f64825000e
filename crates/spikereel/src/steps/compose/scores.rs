//! Score tables with one row a model and one column a score, and the scatters of continuous factors.

use super::Stored;
use crate::steps::pooled::PooledFact;
use spikereel_analysis::study::{self, Evaluation, Over, ScoreKind};
use spikereel_report::schema::{Better, ConditionScores, Metric, Role, Scatter, ScoreCell, ScoreRow, ScoreTable};

/// One table for condition averages, one for single trials, one for values pooled over all trials.
pub(super) fn tables(stored: &Stored<'_>) -> Vec<ScoreTable> {
    let n_folds = stored.config.split.n_folds;
    let folds = if n_folds > 1 { format!(", all {n_folds} folds together") } else { String::new() };
    let kinds = [
        (
            Over::Pooled,
            "All trials together",
            format!(
                "One value a trial is read from its decoded video and correlated with the truth over all test trials{folds}. The mean video is the same for every trial and stands as zero."
            ),
        ),
        (
            Over::Conditions,
            "Condition averages",
            format!(
                "Mean decoded video of each condition against its mean true video; mean over conditions, bars are standard deviations over them{folds}."
            ),
        ),
        (
            Over::Samples,
            "Single trials",
            format!(
                "Each test trial's own decoded video{folds}. Accuracy: the nearest mean training video is of the right level; for the whole video, of the right condition."
            ),
        ),
    ];
    let table = |(over, title, note): (Over, &str, String)| table(stored, over, title, note);
    kinds.into_iter().map(table).filter(|table| !table.metrics.is_empty()).collect()
}

fn table(stored: &Stored<'_>, over: Over, title: &str, note: String) -> ScoreTable {
    let scores = &stored.scores.table;
    let rows: Vec<&study::ScoreRow> = scores.rows.iter().filter(|row| row.over == over).collect();
    let model = |(at, column): (usize, &study::ScoreColumn)| ScoreRow {
        label: label(column),
        role: role(column.role),
        cells: rows.iter().map(|row| cell(row, at, column)).collect(),
    };
    let mut models: Vec<ScoreRow> = scores.columns.iter().enumerate().map(model).collect();
    if over == Over::Pooled {
        add_pooled_rows(&mut models, &rows, &stored.scores.pooled);
    }
    models.retain(|row| row.cells.iter().any(|cell| cell.value.is_some() || cell.null_95.is_some()));
    ScoreTable {
        title: title.into(),
        note,
        metrics: rows.iter().map(|row| metric(&row.feature, &row.kind)).collect(),
        rows: models,
        conditions: if over == Over::Conditions { conditions(&stored.scores.decoder, &rows) } else { Vec::new() },
    }
}

/// Beside the models that draw videos: direct regression of the quantity, and noise inputs.
fn add_pooled_rows(models: &mut Vec<ScoreRow>, rows: &[&study::ScoreRow], facts: &[PooledFact]) {
    let fact = |row: &&study::ScoreRow| facts.iter().find(|fact| fact.feature == row.feature);
    let ridge = rows.iter().map(|row| {
        let fact = fact(row);
        ScoreCell {
            value: fact.and_then(|fact| fact.ridge),
            n: fact.map_or(0, |fact| fact.truth.len()),
            ..ScoreCell::default()
        }
    });
    models.retain(|row| row.role != Role::Null);
    models.push(ScoreRow { label: "Ridge on the quantity".into(), role: Role::Baseline, cells: ridge.collect() });
    let null = rows.iter().map(|row| ScoreCell {
        value: Some(0.0),
        null_95: fact(row).and_then(|fact| fact.null_95),
        ..ScoreCell::default()
    });
    models.push(ScoreRow { label: "Noise inputs".into(), role: Role::Null, cells: null.collect() });
}

fn cell(row: &study::ScoreRow, at: usize, column: &study::ScoreColumn) -> ScoreCell {
    let summary = row.cells.get(at).copied().flatten();
    let constant = column.name == "mean video" && row.over == Over::Pooled;
    ScoreCell {
        value: if constant { Some(0.0) } else { summary.and_then(|summary| summary.mean) },
        sd: summary.and_then(|summary| summary.sd),
        null_95: row.null_95.filter(|_| column.role == study::Role::Null),
        n: summary.map_or(0, |summary| summary.n),
    }
}

fn conditions(decoder: &Evaluation, rows: &[&study::ScoreRow]) -> Vec<ConditionScores> {
    let value = |row: &study::ScoreRow, condition: usize| {
        let scores = match (row.feature.as_str(), row.kind.name.as_str()) {
            ("video", "SSIM") => decoder.ssim.as_ref(),
            ("video", _) => Some(&decoder.mse),
            _ => decoder.feature(&row.feature)?.scores.iter().find(|scores| scores.kind.name == row.kind.name),
        };
        scores?.per_condition.get(condition).copied().flatten()
    };
    let of_condition = |(condition, name): (usize, &String)| ConditionScores {
        condition: name.clone(),
        n: decoder.n_per_condition.get(condition).copied().unwrap_or(0),
        values: rows.iter().map(|row| value(row, condition)).collect(),
    };
    decoder.conditions.iter().enumerate().map(of_condition).filter(|row| row.n > 0).collect()
}

/// The name of a score, and how many digits it deserves.
pub(super) fn metric(feature: &str, kind: &ScoreKind) -> Metric {
    let words = format!("{feature} {}", kind.name);
    let key: String =
        words.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    // `contrast_left` and `contrast error` share a word that need not stand twice.
    let (first, rest) = kind.name.split_once(' ').unwrap_or((&kind.name, ""));
    let label = match rest {
        "" => words,
        rest if feature.starts_with(first) => format!("{feature} {rest}"),
        _ => words,
    };
    Metric {
        key,
        label: readable(&label),
        unit: Some(kind.unit.clone()).filter(|unit| !unit.is_empty() && !feature.starts_with(unit.as_str())),
        better: if kind.larger_is_better { Better::Higher } else { Better::Lower },
        n_decimals: n_decimals(kind),
    }
}

/// Digits after the point: degrees need one, small squared errors four.
pub(super) fn n_decimals(kind: &ScoreKind) -> usize {
    match (kind.unit.as_str(), kind.name.as_str()) {
        ("deg", _) => 1,
        (_, "MSE") => 4,
        _ => 3,
    }
}

/// `contrast_left Pearson` as `Contrast left Pearson`.
pub(super) fn readable(text: &str) -> String {
    let text = text.replace('_', " ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn label(column: &study::ScoreColumn) -> String {
    match column.name.as_str() {
        "network" => "Decoder".into(),
        "class mean" => "Nearest class mean".into(),
        "ridge" => "Ridge regression".into(),
        name => readable(name),
    }
}

fn role(role: study::Role) -> Role {
    match role {
        study::Role::Decoder => Role::Decoder,
        study::Role::Baseline => Role::Baseline,
        study::Role::Ceiling => Role::Ceiling,
        study::Role::Null => Role::Null,
    }
}

pub(super) fn scatters(stored: &Stored<'_>) -> Vec<Scatter> {
    let scatter = |fact: &PooledFact| Scatter {
        factor: readable(&fact.feature),
        unit: None,
        readout:
            "The decoded video, mean over frames, projected on the known patch; fitted on nothing but the stimulus."
                .into(),
        decoder_pearson: fact.decoder,
        ridge_pearson: fact.ridge,
        null_95: fact.null_95,
        points: fact.truth.iter().zip(&fact.decoded).map(|(&truth, &decoded)| [truth, decoded]).collect(),
    };
    stored.scores.pooled.iter().map(scatter).collect()
}
