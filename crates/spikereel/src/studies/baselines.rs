//! The study of models: the decoder beside the paper's two comparison networks and beside what needs no network.

use super::Context;
use super::network_words::{cells, excludes_zero, fold_words, not_here, row};
use super::words::listed;
use crate::Result;
use spikereel_analysis::baselines::{ClassMean, MeanVideo, RidgeVideo};
use spikereel_analysis::study::compare::{ComparedScore, Contender, Estimate, compare_decoders};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Decoder, FitDecoder, Part};
use spikereel_nn::{Model, NetworkDecoder, TrainConfig};
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, Section, TableCell};

const SLUG: &str = "baselines";
const TITLE: &str = "The decoder beside other models";
const QUESTION: &str =
    "Does the decoder do better than other networks and than models without one, trained on the same trials?";
/// Networks beside the decoder.
const MODELS: [Model; 2] = [Model::Mlp, Model::ShallowCnn];

/// A network of another model, trained as the main decoder is.
fn network(context: &Context<'_>, model: Model, seed_idx: usize) -> Result<NetworkDecoder> {
    let config = TrainConfig { model, ..context.main_training() };
    let seed = derive_seed(context.seed, &format!("models/fold0/seed{seed_idx}"));
    let stage = format!("{}, seed {}", model.name(), seed_idx + 1);
    context.fit(&config, &context.main.folds[0], seed, &stage)
}

/// Trains the networks as the main decoder, fits the others, and scores all on the test trials of the first fold.
///
/// # Errors
/// Divergence, an I/O error, data that a baseline refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let fold = &context.main.folds[0];
    let n_seeds = context.sizes.n_networks.max(1);
    let sizes = format!(
        "{}; networks trained {} epochs, decoder with {} base channels, seeds: {n_seeds}",
        fold_words(context.main, 0),
        context.main.config.train.epochs,
        context.main.config.network.base_channels
    );
    if fold.trials(Part::Test).is_empty() {
        let why = "This recording has no test trials, so nothing can be scored.";
        return Ok(not_here(SLUG, TITLE, QUESTION, why, sizes));
    }
    let mut networks = vec![(0..n_seeds).map(|seed_idx| context.decoder(0, seed_idx)).collect::<Result<Vec<_>>>()?];
    for model in MODELS {
        networks.push((0..n_seeds).map(|seed_idx| network(context, model, seed_idx)).collect::<Result<_>>()?);
    }
    let fits: [Box<dyn FitDecoder>; 3] = [Box::new(RidgeVideo::default()), Box::new(ClassMean), Box::new(MeanVideo)];
    let mut others: Vec<Box<dyn Decoder>> = Vec::new();
    for fit in &fits {
        others.push(fit.fit(fold, derive_seed(context.seed, &format!("models/{}", fit.name())))?);
    }
    let of_networks = networks.iter().enumerate().map(|(at, seeds)| Contender {
        name: if at == 0 { "decoder".into() } else { seeds[0].name().into() },
        decoders: seeds.iter().map(|seed| seed as &dyn Decoder).collect(),
    });
    let of_others = others.iter().map(|other| Contender { name: other.name().into(), decoders: vec![other.as_ref()] });
    let contenders: Vec<Contender<'_>> = of_networks.chain(of_others).collect();
    let n_params: Vec<Option<usize>> =
        networks.iter().map(|seeds| Some(seeds[0].network().n_params())).chain(others.iter().map(|_| None)).collect();
    let seed = derive_seed(context.seed, "models/scores");
    let readouts = &context.main.readouts;
    let scores = compare_decoders(&contenders, fold, Part::Test, readouts, context.sizes.n_bootstrap, seed)?;
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes,
        findings: (1..contenders.len()).map(|at| finding(&scores, at)).collect(),
        caveats: vec![
            "Networks share trials, batches, optimiser, loss and epochs. The decoder has the width that the sizes name (published: 32); the MLP \
             and the shallow CNN have their published widths. Settings that suit one model best need not suit another."
                .into(),
            "Correlations, errors and SSIM are of condition averages, accuracies of single trials.".into(),
            "Intervals resample conditions, and seeds where there are several; they say nothing of other splits of the trials.".into(),
        ],
        charts: vec![chart(&scores)],
        tables: vec![table(&scores, &n_params)],
    })
}

/// What one contender does better and worse than the decoder.
fn finding(scores: &[ComparedScore], at: usize) -> String {
    let (mut better, mut worse, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for score in scores {
        let Some(Estimate { mean, interval_95 }) = &score.contenders[at].difference else { continue };
        let unit = if score.kind.unit.is_empty() { String::new() } else { format!(" {}", score.kind.unit) };
        let [low, high] = interval_95.map(super::words::short);
        let words = format!("{} ({}{unit}, {low} to {high})", score.kind.name, signed(*mean));
        match (excludes_zero(*interval_95), mean * score.kind.sign() > 0.0) {
            (true, true) => better.push(words),
            (true, false) => worse.push(words),
            (false, _) => open.push(words),
        }
    }
    let name = scores.first().map_or("", |score| score.contenders[at].name.as_str());
    let parts = [("better in", better), ("worse in", worse), ("not resolvable at this size:", open)];
    let said: Vec<String> = parts
        .iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(word, items)| format!("{word} {}", listed(items)))
        .collect();
    if said.is_empty() {
        return format!("{name}: too few conditions for a comparison.");
    }
    format!("{name} minus decoder, with 95 % intervals: {}.", said.join("; "))
}

fn signed(value: f64) -> String {
    let words = super::words::short(value);
    if value > 0.0 { format!("+{words}") } else { words }
}

fn chart(scores: &[ComparedScore]) -> Chart {
    let panel = |score: &ComparedScore| {
        let unit = if score.kind.unit.is_empty() { String::new() } else { format!(" ({})", score.kind.unit) };
        ChartPanel {
            title: score.kind.name.clone(),
            body: PanelBody::Intervals {
                axis: AxisSpec { label: format!("{}{unit}", score.kind.name), reference: score.chance, range: None },
                rows: score
                    .contenders
                    .iter()
                    .map(|contender| IntervalRow {
                        // The decoder is what others are compared with.
                        filled: contender.difference.as_ref().is_none_or(|own| excludes_zero(own.interval_95)),
                        ..row(&contender.name, "", contender.estimate.as_ref())
                    })
                    .collect(),
            },
        }
    };
    Chart {
        slug: "models".into(),
        title: "Scores of all models".into(),
        reading: "Means over conditions with 95 % intervals; the line is chance. Filled where the difference from the decoder has an \
                  interval without 0 (the decoder itself always). Less is better for errors."
            .into(),
        panels: scores.iter().map(panel).collect(),
    }
}

fn table(scores: &[ComparedScore], n_params: &[Option<usize>]) -> DataTable {
    let columns = [
        "score",
        "model",
        "parameters",
        "mean",
        "low",
        "high",
        "s.d. over conditions",
        "minus decoder",
        "its low",
        "its high",
    ];
    let rows = scores.iter().flat_map(|score| {
        score.contenders.iter().zip(n_params).map(move |(contender, n_params)| {
            let mut cells_of_row: Vec<TableCell> = vec![
                score.kind.name.as_str().into(),
                contender.name.as_str().into(),
                n_params.map(|n| n as f64).into(),
            ];
            cells_of_row.extend(cells(contender.estimate.as_ref()));
            cells_of_row.push(contender.summary.sd.into());
            cells_of_row.extend(cells(contender.difference.as_ref()));
            cells_of_row
        })
    });
    DataTable {
        slug: "models".into(),
        title: "Scores of all models on test trials".into(),
        columns: columns.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}
