//! How alike a region's activity is within a condition, between conditions, and between training and test trials.

use super::Context;
use super::estimate_words::{recording, row, without_result};
use super::words::{ALPHA, ends, listed, p_words, short, with_interval};
use crate::Result;
use spikereel_analysis::study::{RegionSimilarity, Similarity, SimilarityOptions, similarity};
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, Distribution, DistributionForm, IntervalRow, PanelBody, Section, TableCell,
};

const SLUG: &str = "similarity";
const TITLE: &str = "Similarity of activity within and between conditions";
const QUESTION: &str =
    "Is a region's activity more alike between trials of one condition than between trials of different conditions?";
/// Draws of training and test subsets: the paper's "n = 64 x 12".
const N_DRAWS: usize = 12;

/// Compares every pair of trials in every region.
///
/// # Errors
/// What the analysis refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let fold = &context.main.folds[0];
    let options = SimilarityOptions {
        n_draws: N_DRAWS,
        n_bootstrap: context.sizes.n_bootstrap,
        n_permutations: context.sizes.n_permutations,
        seed: derive_seed(context.seed, "similarity"),
    };
    let found = similarity(fold, &options)?;
    let sizes = format!(
        "{}, {} trials; {} draws of train and test; {} bootstrap replicates, {} permutations",
        recording(context),
        found.n_trials,
        found.n_draws,
        options.n_bootstrap,
        options.n_permutations
    );
    if found.regions.iter().all(|region| region.difference.is_none()) {
        let why = "Not to be answered here: fewer than two conditions have two trials or more whose activity varies.";
        return Ok(without_result(SLUG, TITLE, QUESTION, sizes, why.into()));
    }
    Ok(Section {
        slug: SLUG.into(),
        title: TITLE.into(),
        question: QUESTION.into(),
        sizes,
        findings: findings(&found),
        caveats: caveats(),
        charts: charts(&found),
        tables: vec![table(&found)],
    })
}

/// Found only where both tests say so: the paired one over conditions takes them for independent, the permutation does not.
fn is_found(region: &RegionSimilarity) -> bool {
    let small = |p: Option<f64>| p.is_some_and(|p| p < ALPHA);
    region.difference.is_some_and(|difference| difference.value > 0.0)
        && small(region.p_holm)
        && small(region.p_permutation)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn findings(found: &Similarity) -> Vec<String> {
    let mut out = Vec::new();
    let of_region = |region: &RegionSimilarity| -> Option<String> {
        let difference = region.difference?;
        let dz =
            region.cohens_dz.map_or(String::new(), |dz| format!(", dz {}", with_interval(dz.value, dz.interval_95)));
        Some(format!("{} {}{dz}", region.region, with_interval(difference.value, difference.interval_95)))
    };
    let (above, open): (Vec<&RegionSimilarity>, Vec<&RegionSimilarity>) =
        found.regions.iter().filter(|region| region.difference.is_some()).partition(|region| is_found(region));
    for region in &above {
        let Some(words) = of_region(region) else { continue };
        let p = region.p_holm.map_or(String::new(), |p| format!("; {} after Holm", p_words(p)));
        out.push(format!(
            "Trials of one condition are more alike than trials of different ones: within minus cross r in {words}{p}."
        ));
    }
    if !open.is_empty() {
        let words: Vec<String> = open.iter().filter_map(|region| of_region(region)).collect();
        out.push(format!("Not resolvable at this size: {}.", listed(&words)));
    }
    let shared: Vec<String> = found
        .regions
        .iter()
        .filter_map(|region| Some(format!("{} {}", region.region, short(mean(&region.cross)?))))
        .collect();
    if !shared.is_empty() {
        out.push(format!(
            "Trials of different conditions are alike too, since all share the course of a trial: mean r {}.",
            listed(&shared)
        ));
    }
    let dataset: Vec<String> = found
        .regions
        .iter()
        .filter_map(|region| {
            let difference = region.cross_dataset_difference?;
            let open = if difference.excludes(0.0) { "" } else { " (not resolvable)" };
            Some(format!("{} {}{open}", region.region, with_interval(difference.value, difference.interval_95)))
        })
        .collect();
    if !dataset.is_empty() {
        out.push(format!(
            "Mean activity of training trials is nearer to that of test trials of the same condition than of another, by r: {}.",
            listed(&dataset)
        ));
    }
    out
}

fn caveats() -> Vec<String> {
    [
        "The paper does not say which vectors it compares; here it is the standardised block of a region, every bin of every site, as in the published notebooks.",
        "Correlation of blocks falls with noise and rises with what all conditions share, so regions are compared by within minus cross, not by either alone.",
        "Intervals resample conditions, which share the trials they are compared with; the permutation of condition labels over trials does not take them for independent, and a region counts as found only where both tests agree.",
        "Where trials are put together from real trials before the split, training and test share real trials, and their likeness says little.",
    ]
    .map(String::from)
    .to_vec()
}

fn charts(found: &Similarity) -> Vec<Chart> {
    let distributions = |parts: &[(&str, fn(&RegionSimilarity) -> &Vec<f64>)]| -> Vec<Distribution> {
        let of_region = |region: &RegionSimilarity| -> Vec<Distribution> {
            let of_part = |(group, values): &(&str, fn(&RegionSimilarity) -> &Vec<f64>)| Distribution {
                label: region.region.clone(),
                group: (*group).into(),
                values: values(region).clone(),
            };
            parts.iter().map(of_part).filter(|own| !own.values.is_empty()).collect()
        };
        found.regions.iter().flat_map(of_region).collect()
    };
    let panel = |title: &str, label: &str, form: DistributionForm, groups: Vec<Distribution>| ChartPanel {
        title: title.into(),
        body: PanelBody::Distributions {
            axis: AxisSpec { label: label.into(), reference: Some(0.0), range: None },
            form,
            groups,
        },
    };
    let trials = distributions(&[("within", |region| &region.within), ("cross", |region| &region.cross_pairs)]);
    let dataset = distributions(&[
        ("same condition", |region| &region.cross_dataset),
        ("other condition", |region| &region.cross_dataset_other),
    ]);
    let rows: Vec<IntervalRow> = found
        .regions
        .iter()
        .filter_map(|region| {
            let difference = region.difference?;
            Some(row(&region.region, "", difference.value, difference.interval_95, is_found(region)))
        })
        .collect();
    let axis = AxisSpec { label: "Within minus cross (Pearson)".into(), reference: Some(0.0), range: None };
    let difference = ChartPanel { title: "Within minus cross".into(), body: PanelBody::Intervals { axis, rows } };
    vec![
        Chart {
            slug: "trials".into(),
            title: "Likeness of single trials".into(),
            reading: "Mean correlation over pairs of trials: within, one value a condition; cross, one a pair of conditions. \
                      Filled marks: found by both tests."
                .into(),
            panels: vec![
                panel("Within and between conditions", "Pearson", DistributionForm::Violin, trials.clone()),
                panel("The same as boxes", "Pearson", DistributionForm::Box, trials),
                difference,
            ],
        },
        Chart {
            slug: "train-and-test".into(),
            title: "Likeness of mean activity between train and test".into(),
            reading: "Correlation of mean blocks of equally many training and test trials; one value a draw and condition.".into(),
            panels: vec![
                panel("Train and test", "Pearson", DistributionForm::Violin, dataset.clone()),
                panel("The same as boxes", "Pearson", DistributionForm::Box, dataset),
            ],
        },
    ]
}

fn table(found: &Similarity) -> DataTable {
    let columns = [
        "region",
        "sites",
        "trials",
        "within",
        "cross",
        "difference",
        "low",
        "high",
        "dz",
        "dz low",
        "dz high",
        "p (Wilcoxon)",
        "p (Holm)",
        "p (permutation)",
        "train and test",
        "train and test, other condition",
    ];
    let of_region = |region: &RegionSimilarity| -> Vec<TableCell> {
        let difference = region.difference;
        let mut cells: Vec<TableCell> = vec![region.region.as_str().into(), (region.n_sites as f64).into()];
        cells.push((region.n_trials as f64).into());
        cells.extend([mean(&region.within), mean(&region.cross), difference.map(|own| own.value)].map(TableCell::from));
        cells.extend(ends(difference.and_then(|own| own.interval_95)));
        cells.push(region.cohens_dz.map(|own| own.value).into());
        cells.extend(ends(region.cohens_dz.and_then(|own| own.interval_95)));
        cells.extend([region.p, region.p_holm, region.p_permutation].map(TableCell::from));
        cells.extend([mean(&region.cross_dataset), mean(&region.cross_dataset_other)].map(TableCell::from));
        cells
    };
    DataTable {
        slug: "regions".into(),
        title: "Mean correlation by region".into(),
        columns: columns.map(String::from).to_vec(),
        rows: found.regions.iter().map(of_region).collect(),
    }
}
