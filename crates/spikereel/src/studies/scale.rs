//! Scores against numbers of sites, training trials and bins, and how accuracy grows with sites.

use super::Context;
use super::chance::is_at_chance;
use super::score_words::{data_words, intervals, network_words, row};
use super::words::{listed, short, with_interval};
use crate::Result;
use spikereel_analysis::baselines::RidgeVideo;
use spikereel_analysis::study::headline::VIDEO;
use spikereel_analysis::study::scale::{ScaleDraw, ScaleSlope, doublings, size_of};
use spikereel_analysis::study::{Scale, ScaleAxis, ScaleOptions, scale};
use spikereel_data::FitDecoder;
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, PanelBody, Section, Series, TableCell};

/// Doublings up to the whole that are looked at, at most.
const N_DOUBLINGS: u32 = 4;

/// Fits ridge regression on random parts of the first fold along three axes, and small networks along sites.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let Some(fold) = context.retraining.folds.first() else {
        return Err(crate::Error::Bug("a material without folds".into()));
    };
    let (ridge, network) = (RidgeVideo::default(), context.small_fit("scale"));
    let run = |fit: &dyn FitDecoder, axis: ScaleAxis, sizes: Vec<usize>, n_draws: usize| -> Result<Scale> {
        let options = ScaleOptions {
            axis,
            sizes,
            n_draws,
            n_bootstrap: context.sizes.n_bootstrap,
            seed: derive_seed(context.seed, "scale"),
        };
        Ok(scale(fold, fit, &context.retraining.readouts, &options, &mut |_, _| {})?)
    };
    let mut found = Vec::new();
    for axis in [ScaleAxis::Sites, ScaleAxis::TrainingTrials, ScaleAxis::Bins] {
        let whole = size_of(fold, axis);
        let least = whole.div_ceil(1 << N_DOUBLINGS);
        found.push(run(&ridge, axis, doublings(least, whole), context.sizes.n_draws)?);
    }
    // Networks take minutes where ridge takes a second: a quarter, a half and all of the sites, as often as other retrainings.
    let whole = fold.dataset().n_sites();
    let few = vec![whole.div_ceil(4), whole.div_ceil(2), whole];
    found.push(run(&network, ScaleAxis::Sites, few, context.sizes.n_small_seeds)?);
    Ok(tell(context, &found))
}

fn tell(context: &Context<'_>, found: &[Scale]) -> Section {
    let mut findings = Vec::new();
    for own in found {
        findings.extend(own.slopes.iter().map(|slope| finding(own, slope)));
    }
    Section {
        slug: "scale".into(),
        title: "Scale".into(),
        question: "How do scores grow with sites, training trials and bins, and is there an effect of the number of sites?".into(),
        sizes: format!(
            "{}, first fold; ridge regression on {} random parts of each size, {} on {}; {} bootstrap replicates",
            data_words(context.retraining),
            context.sizes.n_draws,
            network_words(context),
            context.sizes.n_small_seeds,
            context.sizes.n_bootstrap
        ),
        findings,
        caveats: vec![
            "The paper says that performance did not scale systematically with the number of sites and means sites of whole regions, which \
             differ in function as well as in number. Here sites are drawn at random from all regions in proportion, so function is held \
             and the number alone varies."
                .into(),
            "Parts of one size overlap, and all are tested on the same trials; the bootstrap draws parts and trials, not recordings.".into(),
            "Bins keep their width, so fewer bins leave out time; they do not blur it.".into(),
        ],
        charts: found.iter().filter(|own| own.points.len() > 1).map(chart).chain(slopes_chart(found)).collect(),
        tables: vec![points_table(found), slopes_table(found)],
    }
}

fn what(feature: &str) -> &str {
    if feature == VIDEO { "condition" } else { feature }
}

fn finding(own: &Scale, slope: &ScaleSlope) -> String {
    let value = with_interval(slope.per_doubling, Some(slope.interval_95));
    let begin = format!(
        "{}: accuracy in naming {} gains {value} with each doubling of {}",
        own.decoder,
        what(&slope.feature),
        own.axis
    );
    let [low, high] = slope.interval_95;
    if let Some((share, chance)) = at_chance(own, &slope.feature) {
        let (share, chance) = (short(share), short(chance));
        return format!(
            "{begin}: at chance here even at the largest size (accuracy {share}, guessing {chance}); not testable."
        );
    }
    if low <= 0.0 && high >= 0.0 {
        return format!("{begin}: not resolvable from no effect at this size.");
    }
    let against = match own.axis {
        ScaleAxis::Sites if slope.per_doubling > 0.0 => " (the paper reports no systematic effect)",
        _ => "",
    };
    let [last_low, last_high] = slope.last_interval_95;
    let last = with_interval(slope.last_per_doubling, Some(slope.last_interval_95));
    let end = if last_low <= 0.0 && last_high >= 0.0 {
        format!("the last step ({last}) is not resolvable from a plateau")
    } else {
        format!("the last step still gives {last}")
    };
    format!("{begin}{against}; {end}.")
}

/// Accuracy and guessing of a feature that is at chance with everything there is; none where it is not.
fn at_chance(own: &Scale, feature: &str) -> Option<(f64, f64)> {
    let draws = &own.points.last()?.draws;
    let headline = draws.first()?.headlines.iter().find(|one| one.feature == feature && one.chance.is_some())?;
    let correct =
        |draw: &ScaleDraw| draw.correct.iter().find(|(name, _)| name == feature).map(|(_, right)| right.clone());
    let all: Vec<Vec<bool>> = draws.iter().filter_map(correct).collect();
    let n_trials = all.first()?.len();
    let n_right = all.iter().flatten().filter(|&&right| right).count();
    let (share, chance) = (n_right as f64 / (n_trials * all.len()).max(1) as f64, headline.chance?);
    is_at_chance(share, n_trials, chance).then_some((share, chance))
}

fn slug_of(own: &Scale) -> String {
    let axis = match own.axis {
        ScaleAxis::Sites => "sites",
        ScaleAxis::TrainingTrials => "trials",
        ScaleAxis::Bins => "bins",
    };
    format!("{axis}-{}", own.decoder)
}

fn chart(own: &Scale) -> Chart {
    let x: Vec<f64> = own.points.iter().map(|point| (point.n as f64).log2()).collect();
    let has_band = own.points.iter().any(|point| point.draws.len() > 1);
    let axis = || AxisSpec { label: format!("log2 of number of {}", own.axis), ..AxisSpec::default() };
    let series = |at: usize, label: &str| {
        let bands = own.bands(at);
        Series {
            label: label.into(),
            x: x.clone(),
            y: bands.iter().map(|band| band.mean).collect(),
            low: bands.iter().filter(|_| has_band).map(|band| band.low).collect(),
            high: bands.iter().filter(|_| has_band).map(|band| band.high).collect(),
            dashed: false,
        }
    };
    let kinds = own.headlines();
    let accuracies: Vec<Series> = kinds
        .iter()
        .enumerate()
        .filter(|(_, (label, _, chance))| chance.is_some() && label.ends_with("accuracy"))
        .map(|(at, (label, _, _))| series(at, label.trim_end_matches(" accuracy")))
        .take(8)
        .collect();
    let lines = |title: &str, label: &str, series: Vec<Series>| ChartPanel {
        title: title.into(),
        body: PanelBody::Lines {
            x: axis(),
            y: AxisSpec { label: label.into(), ..AxisSpec::default() },
            series,
            spans: Vec::new(),
        },
    };
    let mut panels = Vec::new();
    if !accuracies.is_empty() {
        panels.push(lines("accuracy", "Accuracy on single trials", accuracies));
    }
    for (at, (label, kind, _)) in kinds.iter().enumerate().filter(|(_, (_, _, chance))| chance.is_none()) {
        let unit = if kind.unit.is_empty() { String::new() } else { format!(" ({})", kind.unit) };
        panels.push(lines(label, &format!("{label}{unit}"), vec![series(at, label)]));
    }
    Chart {
        slug: slug_of(own),
        title: format!("Scores against {}, {}", own.axis, own.decoder),
        reading: format!(
            "{} The horizontal axis is log2 of the size; sizes are {}.",
            if has_band {
                "Mean over random parts, with a band over 95 % of them; the whole, at the right, is one."
            } else {
                "One random part of each size, so there is no band."
            },
            listed(&own.points.iter().map(|point| point.n.to_string()).collect::<Vec<_>>())
        ),
        panels,
    }
}

fn slopes_chart(found: &[Scale]) -> Option<Chart> {
    let panel = |own: &Scale| {
        let rows = own.slopes.iter().map(|slope| {
            let mut row = row(what(&slope.feature), Some(slope.per_doubling), Some(slope.interval_95));
            row.filled = slope.interval_95[0] > 0.0 || slope.interval_95[1] < 0.0;
            row
        });
        intervals(&format!("{}, {}", own.axis, own.decoder), "Accuracy per doubling", Some(0.0), rows.collect())
    };
    let panels: Vec<ChartPanel> = found.iter().filter(|own| !own.slopes.is_empty()).map(panel).collect();
    (!panels.is_empty()).then(|| Chart {
        slug: "slopes".into(),
        title: "What a doubling gives".into(),
        reading:
            "Slope of accuracy over log2 of size with 95 % bootstrap intervals; filled where the interval leaves out 0."
                .into(),
        panels,
    })
}

fn points_table(found: &[Scale]) -> DataTable {
    let columns = ["decoder", "axis", "size", "parts", "score", "mean", "low", "high"];
    let mut rows: Vec<Vec<TableCell>> = Vec::new();
    for own in found {
        for (at, (label, _, _)) in own.headlines().iter().enumerate() {
            for (point, band) in own.points.iter().zip(own.bands(at)) {
                rows.push(vec![
                    own.decoder.as_str().into(),
                    own.axis.to_string().into(),
                    (point.n as f64).into(),
                    (point.draws.len() as f64).into(),
                    label.as_str().into(),
                    band.mean.into(),
                    band.low.into(),
                    band.high.into(),
                ]);
            }
        }
    }
    DataTable {
        slug: "points".into(),
        title: "Scores of every size".into(),
        columns: columns.map(Into::into).to_vec(),
        rows,
    }
}

fn slopes_table(found: &[Scale]) -> DataTable {
    let columns = [
        "decoder",
        "axis",
        "feature",
        "per doubling",
        "low",
        "high",
        "last step, per doubling",
        "last, low",
        "last, high",
    ];
    let row = |own: &Scale, slope: &ScaleSlope| -> Vec<TableCell> {
        vec![
            own.decoder.as_str().into(),
            own.axis.to_string().into(),
            what(&slope.feature).into(),
            slope.per_doubling.into(),
            slope.interval_95[0].into(),
            slope.interval_95[1].into(),
            slope.last_per_doubling.into(),
            slope.last_interval_95[0].into(),
            slope.last_interval_95[1].into(),
        ]
    };
    DataTable {
        slug: "slopes".into(),
        title: "Slopes".into(),
        columns: columns.map(Into::into).to_vec(),
        rows: found.iter().flat_map(|own| own.slopes.iter().map(|slope| row(own, slope))).collect(),
    }
}
