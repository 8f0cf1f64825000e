//! The numbers that the findings put into words.

use super::Stored;
use super::scores::readable;
use crate::findings::{Facts, MaskFact, PlantedFact, ScoreFact};
use spikereel_analysis::study::{Over, ScoreRow};

pub(super) fn facts(stored: &Stored<'_>) -> Facts {
    let masking = stored.masking.as_ref();
    let alpha = masking.map_or(stored.config.masking.alpha, |table| table.alpha);
    let caveat = if stored.is_simulated() {
        String::new()
    } else {
        "choice, movement and other behavior may vary with the stimulus, so a region that matters to the decoder need not be visual".into()
    };
    Facts {
        data: if stored.is_simulated() { "Simulated recording".into() } else { stored.dataset.name.clone() },
        n_test_trials: stored.scores.decoder.trials.len(),
        scores: scores(stored),
        masking: masking.map_or_else(Vec::new, |table| {
            let fact = |cell: &spikereel_analysis::study::MaskingCell| MaskFact {
                region: cell.region.to_string(),
                what: readable_lower(&cell.feature),
                harm: cell.primary.harm,
                p_corrected: cell.primary.p_corrected,
            };
            table.cells.iter().map(fact).collect()
        }),
        planted: masking.map_or_else(Vec::new, |table| {
            let fact = |planted: &spikereel_analysis::study::PlantedComparison| PlantedFact {
                feature: planted.feature.clone(),
                planted: planted.planted_top.to_string(),
                found: planted.found_top.as_ref().filter(|_| planted.found_is_significant).map(ToString::to_string),
            };
            table.planted.iter().map(fact).collect()
        }),
        caveat,
        alpha,
    }
}

/// Pooled readings where there are any, else the main score of each feature's condition averages.
fn scores(stored: &Stored<'_>) -> Vec<ScoreFact> {
    let pooled = stored.scores.pooled.iter().filter_map(|fact| {
        Some(ScoreFact {
            what: readable_lower(&fact.feature),
            score: "Pearson".into(),
            value: fact.decoder?,
            ridge: fact.ridge,
            null_95: fact.null_95?,
            larger_is_better: true,
        })
    });
    let facts: Vec<ScoreFact> = pooled.collect();
    if !facts.is_empty() {
        return facts;
    }
    let table = &stored.scores.table;
    let ridge = table.columns.iter().position(|column| column.name == "ridge");
    let mut rows: Vec<&ScoreRow> = Vec::new();
    for row in table.rows.iter().filter(|row| row.over == Over::Conditions && row.feature != "video") {
        if !rows.iter().any(|known| known.feature == row.feature) {
            rows.push(row);
        }
    }
    let fact = |row: &ScoreRow| {
        let mean = |at: usize| row.cells.get(at).copied().flatten().and_then(|cell| cell.mean);
        Some(ScoreFact {
            what: readable_lower(&row.feature),
            score: row.kind.name.clone(),
            value: mean(0)?,
            ridge: ridge.and_then(mean),
            null_95: row.null_95?,
            larger_is_better: row.kind.larger_is_better,
        })
    };
    rows.into_iter().filter_map(fact).collect()
}

/// As it stands within a sentence.
fn readable_lower(text: &str) -> String {
    let text = readable(text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
