//! Scores over folds, for small networks and ridge regression, with an interval that knows that folds share training trials.

use super::Context;
use super::chance::is_at_chance;
use super::score_words::{data_words, intervals, lacking, network_words, row};
use super::words::{ends, p_words, short, with_interval};
use crate::Result;
use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::study::{CrossValidated, CrossValidation, FoldScore, cross_validation};
use spikereel_data::prepare::{SplitConfig, split_dataset};
use spikereel_data::rng::derive_seed;
use spikereel_data::{FitDecoder, Fold};
use spikereel_report::schema::{Chart, DataTable, Section, TableCell};

const SLUG: &str = "cross-validation";
const TITLE: &str = "Cross-validation";
const QUESTION: &str =
    "How much do scores move from fold to fold, and does the network beat ridge regression beyond that?";

/// Cross-validates small networks and ridge regression on new folds of the recording for retraining.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let (main, sizes) = (context.retraining, context.sizes);
    let config = SplitConfig {
        unit: main.config.split.unit,
        validation_share: main.config.split.validation_share,
        n_folds: sizes.n_folds,
        ..SplitConfig::default()
    };
    let splits = match split_dataset(&main.dataset, &config, derive_seed(context.seed, "cross_validation/splits")) {
        Ok(splits) if splits.len() > 1 => splits,
        Ok(_) => {
            let why = "Not asked for: the sizes of this run name fewer than two folds.".into();
            return Ok(lacking(context, SLUG, TITLE, QUESTION, why));
        }
        Err(error) => {
            let why = format!("Not possible here: the trials cannot be dealt to {} folds ({error}).", sizes.n_folds);
            return Ok(lacking(context, SLUG, TITLE, QUESTION, why));
        }
    };
    let kind = main.config.standardise.kind;
    let fold = |split| Ok(Fold::new(main.dataset.clone(), split, kind)?);
    let folds = splits.into_iter().map(fold).collect::<Result<Vec<Fold>>>()?;
    let (network, ridge) = (context.small_fit("cross-validation"), RidgeVideo::default());
    let fits: [&dyn FitDecoder; 2] = [&network, &ridge];
    let seed = derive_seed(context.seed, "cross_validation");
    let found = cross_validation(&folds, &fits, &main.readouts, seed, &mut |_, _| {})?;
    Ok(tell(context, &found))
}

fn interval(score: &FoldScore) -> Option<[f64; 2]> {
    score.mean.map(|mean| mean.interval_95)
}

fn tell(context: &Context<'_>, found: &CrossValidation) -> Section {
    let mean = |counts: &[usize]| counts.iter().sum::<usize>() / counts.len().max(1);
    let mut findings = Vec::new();
    for label in ["MSE", "SSIM"] {
        for decoder in &found.decoders {
            let Some(score) = decoder.scores.iter().find(|score| score.label == label) else { continue };
            let Some(own) = score.mean else { continue };
            let value = with_interval(own.mean, Some(own.interval_95));
            findings
                .push(format!("{label} of the {} over folds: {value}, sd over folds {:.4}.", decoder.decoder, own.sd));
        }
    }
    if let [first, second] = found.decoders.as_slice() {
        let n_test: usize = found.n_test.iter().sum();
        findings.extend(second.scores.iter().filter_map(|score| difference(first, second, score, n_test)));
    }
    Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes: format!(
            "{}; {} folds of {} training and {} test trials; {}",
            data_words(context.retraining),
            found.n_test.len(),
            mean(&found.n_train),
            mean(&found.n_test),
            network_words(context)
        ),
        findings,
        caveats: vec![
            "Folds share most of their training trials, so they are not independent: sd over folds divided by the root of their number is \
             too small an error of the mean. The intervals use Nadeau and Bengio's variance, (1/n + test/train) sd^2, which is a rule of \
             thumb; no unbiased one exists."
                .into(),
            "Clips were dealt to trials before these folds were made, so a test trial can show a clip that training trials of its \
             condition show too. Dots are not related to the spikes, so this helps no decoder to read them; the mean video of a condition \
             lies a little nearer to its test clips than it would to new ones."
                .into(),
        ],
        charts: vec![chart(found)],
        tables: vec![summary_table(found), folds_table(found)],
    }
}

fn difference(first: &CrossValidated, second: &CrossValidated, score: &FoldScore, n_test: usize) -> Option<String> {
    let gain = score.first_minus_this?;
    let value = with_interval(gain.mean, Some(gain.interval_95));
    let (one, other) = (&first.decoder, &second.decoder);
    let label = match score.kind.unit.as_str() {
        "" => score.label.clone(),
        unit => format!("{} ({unit})", score.label),
    };
    let own = first.scores.iter().find(|own| own.label == score.label);
    let accuracy = |of: Option<&FoldScore>| of.and_then(|of| of.mean).map(|mean| mean.mean);
    let is_lost = |share: Option<f64>| match (share, score.chance) {
        (Some(share), Some(chance)) => is_at_chance(share, n_test, chance),
        _ => false,
    };
    let guessing = short(score.chance.unwrap_or(0.0));
    match (is_lost(accuracy(own)), is_lost(accuracy(Some(score)))) {
        (true, true) => {
            return Some(format!("{label}: both are at chance here (guessing {guessing}); not testable."));
        }
        (true, false) => {
            let is_worse = gain.interval_95[1] < 0.0;
            let end = if is_worse { ", below the other" } else { "; the difference is not resolvable at this size" };
            let name = accuracy(own).map_or(String::new(), short);
            return Some(format!(
                "{label}, {one} minus {other}: {value}; the {one} is at chance here ({name}, guessing {guessing}){end}."
            ));
        }
        _ => (),
    }
    let [low, high] = gain.interval_95;
    if low <= 0.0 && high >= 0.0 {
        return Some(format!("{label}, {one} minus {other}: {value}, not resolvable at this size."));
    }
    let better = if gain.mean * score.kind.sign() > 0.0 { one } else { other };
    Some(format!("{label}, {one} minus {other}: {value}, {}; the {better} is better.", p_words(gain.p)))
}

fn chart(found: &CrossValidation) -> Chart {
    let n_scores = found.decoders.first().map_or(0, |decoder| decoder.scores.len());
    let panel = |at: usize| {
        let score = |decoder: &CrossValidated| decoder.scores[at].clone();
        let rows = found.decoders.iter().map(|decoder| {
            let own = score(decoder);
            let mut row = row(&decoder.decoder, own.mean.map(|mean| mean.mean), interval(&own));
            row.filled = match (interval(&own), own.chance) {
                (Some([low, high]), Some(chance)) => low > chance || high < chance,
                _ => false,
            };
            row
        });
        let first = score(&found.decoders[0]);
        let unit = if first.kind.unit.is_empty() { String::new() } else { format!(" ({})", first.kind.unit) };
        intervals(&first.label, &format!("{}{unit}", first.label), first.chance, rows.collect())
    };
    Chart {
        slug: "scores".into(),
        title: "Scores over folds".into(),
        reading: "Mean over folds with 95 % intervals from the corrected resampled variance; a line marks chance where there is one. Filled where \
                  the interval leaves chance out; scores without a level of chance stay open."
            .into(),
        panels: (0..n_scores).map(panel).collect(),
    }
}

fn summary_table(found: &CrossValidation) -> DataTable {
    let columns = ["decoder", "score", "mean", "sd over folds", "corrected standard error", "low", "high"];
    let rows = found.decoders.iter().flat_map(|decoder| {
        decoder.scores.iter().map(|score| {
            let [low, high] = ends(interval(score));
            let own = score.mean;
            vec![
                decoder.decoder.as_str().into(),
                score.label.as_str().into(),
                own.map(|own| own.mean).into(),
                own.map(|own| own.sd).into(),
                own.map(|own| own.standard_error).into(),
                low,
                high,
            ]
        })
    });
    DataTable {
        slug: "summary".into(),
        title: "Mean and spread over folds".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: rows.collect(),
    }
}

fn folds_table(found: &CrossValidation) -> DataTable {
    let mut columns = vec!["decoder".to_string(), "score".to_string()];
    columns.extend((1..=found.n_test.len()).map(|fold| format!("fold {fold}")));
    let rows = found.decoders.iter().flat_map(|decoder| {
        decoder.scores.iter().map(|score| {
            let mut cells: Vec<TableCell> = vec![decoder.decoder.as_str().into(), score.label.as_str().into()];
            cells.extend(score.per_fold.iter().map(|&value| TableCell::from(value)));
            cells
        })
    });
    DataTable { slug: "folds".into(), title: "Every fold".into(), columns, rows: rows.collect() }
}
