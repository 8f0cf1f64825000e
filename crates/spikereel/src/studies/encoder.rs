//! The study of the encoder: how well the published inverse network tells each region's activity from the video.

use super::Context;
use super::encoder_bands::bands;
use super::network_words::{against_noise, excludes_zero, fold_words, not_here, with_interval};
use super::words::{listed, p_words, short};
use crate::Result;
use crate::config::choices::Statistics;
use spikereel_analysis::stats::Correction;
use spikereel_analysis::study::encoder_scores::{
    EncoderOptions, EncoderStudy, EncodingScore, NullPixels, RegionEncoding, encoder_study,
};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Dataset, Part};
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, Distribution, DistributionForm, IntervalRow, PanelBody, Section, Series,
    TableCell,
};

const SLUG: &str = "encoder";
const TITLE: &str = "Predicting activity from video";
const QUESTION: &str =
    "How well can each region's activity be predicted from the video, and does that take knowing the condition?";
/// Level of significance.
const ALPHA: f64 = 0.05;
/// Regions whose courses are drawn.
const N_DRAWN: usize = 6;

/// Trains the encoder of the first fold and scores it on its test trials.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let fold = &context.main.folds[0];
    let sizes = format!(
        "{}; {} base channels, {} epochs, fold 1, one seed",
        fold_words(context.main, 0),
        context.main.config.network.base_channels,
        context.sizes.encoder_epochs
    );
    if fold.trials(Part::Test).is_empty() {
        let why = "This recording has no test trials, so nothing can be scored.";
        return Ok(not_here(SLUG, TITLE, QUESTION, why, sizes));
    }
    let encoder = context.encoder(0, 0)?;
    let options = EncoderOptions {
        batch: 32,
        n_null: context.sizes.n_null,
        null_pixels: NullPixels::Uniform,
        n_bootstrap: context.sizes.n_bootstrap,
        n_permutations: context.sizes.n_permutations,
        seed: derive_seed(context.seed, "encoder/scores"),
    };
    let found = encoder_study(&encoder, fold, Part::Test, &options)?;
    let corrected = |score: fn(&RegionEncoding) -> &EncodingScore| {
        let p: Vec<f64> = found.regions.iter().map(|region| score(region).p_permutation).collect();
        Correction::Holm.correct(&p)
    };
    let above: Vec<f64> = found.regions.iter().map(|region| region.course.p_minus_noise).collect();
    let above = Correction::Holm.correct(&above);
    let (corrected, by_site) = (corrected(|region| &region.course), corrected(|region| &region.flattened));
    let sizes = format!("{sizes}; {} noise videos, {} permutations", options.n_null, options.n_permutations);
    let bands = bands(context, &found);
    let mut findings = vec![site_finding(&found, &by_site)];
    findings.extend(found.regions.iter().zip(corrected.iter().zip(&above)).map(|(region, (&p, &p_noise))| {
        match context.choices.statistics {
            Statistics::Ours => finding(region, p, p_noise),
            Statistics::Paper => published_finding(region),
        }
    }));
    findings.extend(bands.findings);
    let mut charts = charts(&found, &context.main.dataset, &corrected, &by_site);
    charts.extend(bands.chart);
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes,
        findings,
        caveats: vec![
            "A region's mean over sites cancels tuning whose preferred levels are spread evenly over sites: an encoder that knows the condition \
             site by site can look ignorant of it in region means, which are the paper's measure. Both stand here."
                .into(),
            "A correlation of mean courses is high wherever all conditions share a course, whatever the encoder knows: noise videos show how \
             high. Only the difference between the own and the other conditions asks for knowledge of the condition."
                .into(),
            "The t test of conditions against noise videos is the paper's. Conditions share recordings and predictions from noise hardly \
             differ among themselves, so its p is too small, and the share of noise videos that reach the mean cannot fall below one in their \
             number plus one. Findings give the difference from noise with an interval over conditions."
                .into(),
            "The paper names no loss for its inverse network; this one minimises the mean squared error.".into(),
            "Behind the bottleneck of one time step the network's middle frames are identical for any video; only the normalisation over bins \
             tells their bins apart."
                .into(),
            bands.caveat,
        ],
        charts,
        tables: vec![table(&found, &corrected, &by_site)],
    })
}

/// A region is predicted where both the interval and the corrected permutation say so.
fn is_specific(score: &EncodingScore, p: f64) -> bool {
    p < ALPHA && score.specific_interval_95.is_some_and(|ends| excludes_zero(ends) && ends[0] > 0.0)
}

/// What is known of the condition site by site, over all regions.
fn site_finding(found: &EncoderStudy, corrected: &[f64]) -> String {
    let (known, unknown): (Vec<_>, Vec<_>) =
        found.regions.iter().zip(corrected).partition(|(region, p)| is_specific(&region.flattened, **p));
    let words = |(region, p): &(&RegionEncoding, &f64)| {
        let score = &region.flattened;
        let value = score.specific.zip(score.specific_interval_95).map(|(value, ends)| with_interval(value, ends));
        format!("{} {}, {}", region.region, value.unwrap_or_default(), p_words(**p))
    };
    let known: Vec<String> = known.iter().map(words).collect();
    let unknown: Vec<String> = unknown.iter().map(|(region, _)| region.region.clone()).collect();
    let what = "Site by site, the prediction for the own condition correlates better than that for others (p by shuffling recordings, Holm over regions)";
    match (known.as_slice(), unknown.as_slice()) {
        ([], _) => format!("{what}: not resolvable at this size in any region."),
        (known, []) => format!("{what}: {}.", known.join("; ")),
        (known, unknown) => {
            format!("{what}: {}; not resolvable at this size in {}.", known.join("; "), listed(unknown))
        }
    }
}

fn finding(region: &RegionEncoding, p: f64, p_noise: f64) -> String {
    let score = &region.course;
    let own = match (score.summary.mean, score.interval_95) {
        (Some(mean), Some(ends)) => format!(
            "Pearson {} over {} conditions, s.d. {}",
            with_interval(mean, ends),
            score.summary.n,
            score.summary.sd.map_or("not defined".into(), short)
        ),
        _ => "Pearson correlation is not defined".into(),
    };
    let noise = match (score.minus_noise, score.minus_noise_interval_95) {
        (Some(value), Some(ends)) => {
            let open = ends[0] <= 0.0 || p_noise >= ALPHA;
            let verdict = match excludes_zero(ends) {
                true if ends[1] < 0.0 => ", below noise".into(),
                true if p_noise >= ALPHA => ", not resolvable after Holm's correction over regions".into(),
                _ if open => ", not resolvable at this size".into(),
                _ => format!(", {} by bootstrap over conditions, Holm over regions", p_words(p_noise)),
            };
            format!("minus noise videos {}{verdict}", with_interval(value, ends))
        }
        _ => "noise videos cannot be compared here".into(),
    };
    let specific = match (score.specific, score.specific_interval_95) {
        (Some(value), Some(ends)) if is_specific(score, p) => {
            let by = "by shuffling recordings, Holm over regions";
            format!("own minus other conditions {}, {} {by}", with_interval(value, ends), p_words(p))
        }
        (Some(value), Some(ends)) => {
            format!("knowing the condition is not resolvable at this size: {}", with_interval(value, ends))
        }
        _ => "knowing the condition cannot be tested here".into(),
    };
    format!("{}: {own}; {noise}; {specific}.", region.region)
}

/// The paper's score and test: conditions against noise videos, independent samples.
fn published_finding(region: &RegionEncoding) -> String {
    let score = &region.course;
    let against = against_noise(&score.summary, &score.null_summary, score.t_test);
    format!("{}: Pearson over conditions against noise videos: {against}.", region.region)
}

fn charts(found: &EncoderStudy, dataset: &Dataset, corrected: &[f64], by_site: &[f64]) -> Vec<Chart> {
    let mut charts = Vec::new();
    if let Some(condition) = middle_condition(found) {
        let drawn = found.regions.iter().take(N_DRAWN);
        charts.push(Chart {
            slug: "courses".into(),
            title: format!("Recorded and predicted courses, {}", found.conditions[condition]),
            reading: format!(
                "Mean over a region's sites and the {} test trials of one condition: that whose correlation, averaged over regions, is the \
                 median of all.",
                found.n_per_condition[condition]
            ),
            panels: drawn.map(|region| courses(region, condition, dataset)).collect(),
        });
    }
    let boxes = found.regions.iter().flat_map(|region| {
        let values = |values: &[Option<f64>]| values.iter().flatten().copied().collect::<Vec<f64>>();
        let group = |group: &str, values| Distribution { label: region.region.clone(), group: group.into(), values };
        [group("conditions", values(&region.course.per_condition)), group("noise videos", values(&region.course.null))]
    });
    charts.push(Chart {
        slug: "pearson".into(),
        title: "Correlation of predicted and recorded courses".into(),
        reading: "One value a condition; beside it one value a noise video, its mean correlation with all conditions."
            .into(),
        panels: vec![ChartPanel {
            title: String::new(),
            body: PanelBody::Distributions {
                axis: AxisSpec {
                    label: "Pearson correlation of region means".into(),
                    reference: Some(0.0),
                    range: None,
                },
                form: DistributionForm::Box,
                groups: boxes.collect(),
            },
        }],
    });
    let row = |region: &RegionEncoding, group: &str, score: &EncodingScore, p: f64| IntervalRow {
        label: region.region.clone(),
        group: group.into(),
        estimate: score.specific,
        low: score.specific_interval_95.map(|ends| ends[0]),
        high: score.specific_interval_95.map(|ends| ends[1]),
        filled: is_specific(score, p),
        note: p_words(p),
        ..IntervalRow::default()
    };
    let rows = found.regions.iter().zip(corrected.iter().zip(by_site)).flat_map(|(region, (&mean, &site))| {
        [row(region, "site by site", &region.flattened, site), row(region, "region mean", &region.course, mean)]
    });
    charts.push(Chart {
        slug: "specific".into(),
        title: "What knowing the condition adds".into(),
        reading: "Correlation with the own condition's recording minus the mean with the others'. Filled where interval and corrected \
                  permutation agree; p by shuffling recordings among predictions, Holm over regions."
            .into(),
        panels: vec![ChartPanel {
            title: String::new(),
            body: PanelBody::Intervals {
                axis: AxisSpec { label: "Own minus other conditions, Pearson".into(), reference: Some(0.0), range: None },
                rows: rows.collect(),
            },
        }],
    });
    charts
}

/// The condition whose correlation, averaged over regions, is the median.
fn middle_condition(found: &EncoderStudy) -> Option<usize> {
    let mean = |condition: usize| {
        let values: Vec<f64> =
            found.regions.iter().filter_map(|region| region.course.per_condition[condition]).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let mut ranked: Vec<(f64, usize)> = (0..found.conditions.len()).filter_map(|c| Some((mean(c)?, c))).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.get(ranked.len() / 2).map(|(_, condition)| *condition)
}

fn courses(region: &RegionEncoding, condition: usize, dataset: &Dataset) -> ChartPanel {
    let centre = |bin: usize| dataset.bins.left_secs(bin) + dataset.bins.width_secs / 2.0;
    let x: Vec<f64> = (0..dataset.bins.n_bins).map(centre).collect();
    let series = |label: &str, values: &[f64], dashed| Series {
        label: label.into(),
        x: x.clone(),
        y: values.iter().map(|&value| Some(value)).collect(),
        dashed,
        ..Series::default()
    };
    let own = region.courses[condition].as_ref();
    let pair = own.map(|own| vec![series("recorded", &own.recorded, false), series("predicted", &own.predicted, true)]);
    let timeline = &dataset.timeline;
    let mut at = timeline.start_secs;
    let spans = timeline.phases.iter().map(|span| {
        let from = at;
        at += span.n_frames as f64 / timeline.frame_rate_hz;
        (span.phase.to_string(), from, at)
    });
    let r = region.course.per_condition[condition].map_or(String::new(), |r| format!(", r = {}", short(r)));
    ChartPanel {
        title: format!("{}{r}", region.region),
        body: PanelBody::Lines {
            x: AxisSpec { label: "Time (s)".into(), ..AxisSpec::default() },
            y: AxisSpec { label: "Activity, standardised".into(), ..AxisSpec::default() },
            series: pair.unwrap_or_default(),
            spans: spans.collect(),
        },
    }
}

fn table(found: &EncoderStudy, corrected: &[f64], by_site: &[f64]) -> DataTable {
    let columns = [
        "region",
        "sites",
        "score",
        "mean",
        "s.d.",
        "low",
        "high",
        "conditions",
        "noise mean",
        "noise s.d.",
        "t",
        "df",
        "p of t",
        "p, share of noise videos",
        "minus noise",
        "minus noise, low",
        "minus noise, high",
        "p of minus noise",
        "its Holm",
        "own minus other",
        "its low",
        "its high",
        "p of permutation",
        "Holm",
    ];
    let row =
        |region: &RegionEncoding, what: &str, score: &EncodingScore, corrected: f64, p_noise: f64| -> Vec<TableCell> {
            let end = |ends: Option<[f64; 2]>, at: usize| TableCell::from(ends.map(|ends| ends[at]));
            vec![
                region.region.as_str().into(),
                (region.n_sites as f64).into(),
                what.into(),
                score.summary.mean.into(),
                score.summary.sd.into(),
                end(score.interval_95, 0),
                end(score.interval_95, 1),
                (score.summary.n as f64).into(),
                score.null_summary.mean.into(),
                score.null_summary.sd.into(),
                score.t_test.map(|test| test.t).into(),
                score.t_test.map(|test| test.df).into(),
                score.t_test.map(|test| test.p).into(),
                score.p_null.into(),
                score.minus_noise.into(),
                end(score.minus_noise_interval_95, 0),
                end(score.minus_noise_interval_95, 1),
                score.p_minus_noise.into(),
                p_noise.into(),
                score.specific.into(),
                end(score.specific_interval_95, 0),
                end(score.specific_interval_95, 1),
                score.p_permutation.into(),
                corrected.into(),
            ]
        };
    let holm = |of: fn(&RegionEncoding) -> &EncodingScore| {
        Correction::Holm.correct(&found.regions.iter().map(|region| of(region).p_minus_noise).collect::<Vec<_>>())
    };
    let (mean_noise, site_noise) = (holm(|region| &region.course), holm(|region| &region.flattened));
    let rows = found.regions.iter().enumerate().flat_map(|(at, region)| {
        [
            row(region, "region mean", &region.course, corrected[at], mean_noise[at]),
            row(region, "bins and sites", &region.flattened, by_site[at], site_noise[at]),
        ]
    });
    DataTable {
        slug: "regions".into(),
        title: "Predicted against recorded activity".into(),
        columns: columns.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}
