//! The recovery card: at the main recording's numbers of sites and trials, how often is a planted function found?

use super::chance::{is_at_chance, not_testable};
use super::effects::{chart, intervals};
use super::{Context, compact};
use crate::{Error, Result};
use spikereel_analysis::study::MaskingOptions;
use spikereel_analysis::study::power::{FeaturePower, PlantedFunctions, PowerCard, Share, power_card};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, Part, Region};
use spikereel_report::schema::{ChartPanel, DataTable, IntervalRow, PanelBody, Section, TableCell};
use spikereel_synth::cortex::{CortexConfig, Feature};

/// Guessing one of the four levels of a simulated feature.
const GUESSING: f64 = 0.25;
/// The simulator's limit.
const MAX_REGIONS: usize = 10;

/// Plants each feature in one region of a simulation as large as the main recording, again and again, and counts what masking finds.
///
/// # Errors
/// What simulating, training or masking refuses.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let dataset = &context.main.dataset;
    let mut regions: Vec<(String, usize)> = dataset
        .regions()
        .iter()
        .enumerate()
        .map(|(at, region)| (region.0.clone(), dataset.sites_of_region(at).len()))
        .collect();
    let n_left_out = regions.len().saturating_sub(MAX_REGIONS);
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(regions[at].1));
    order.truncate(MAX_REGIONS);
    order.sort_unstable();
    regions = order.into_iter().map(|at| regions[at].clone()).collect();
    if regions.len() < 2 || context.sizes.n_power_repeats == 0 {
        return Ok(nothing_to_tell(regions.len()));
    }
    let n_own = dataset.n_trials() / dataset.conditions.len().max(1);
    // Three trials of a condition fill train, validation and test.
    let n_trials = n_own.clamp(3, context.sizes.trials_per_condition.max(3));
    let names: Vec<Region> = regions.iter().map(|(name, _)| Region(name.clone())).collect();
    let repeat_of = |seed: u64| -> Result<_> {
        let shift = (seed % names.len() as u64) as usize;
        let at = |k: usize| (k + shift) % names.len();
        let of_feature = [(Feature::Shape, at(0)), (Feature::Color, at(1)), (Feature::Motion, at(2))];
        let cortex = CortexConfig::one_region_a_feature(&regions, of_feature, 1.0)?.with_sessions(1, n_trials);
        let material = compact::recorded(&cortex, seed)?;
        let tops = of_feature.map(|(feature, at)| (feature.name().to_string(), names[at].clone())).to_vec();
        Ok((material, PlantedFunctions::one_region_a_feature(&names, tops)))
    };
    let make = |seed: u64| match repeat_of(seed) {
        Ok((mut material, planted)) => Ok((material.folds.swap_remove(0), planted)),
        Err(Error::Data(error)) => Err(error),
        Err(error) => Err(DataError::new("a simulated recording", "one that can be prepared", error.to_string())),
    };
    let seed = derive_seed(context.seed, "study/power");
    let (first, _) = repeat_of(seed)?;
    let fit = compact::small_networks(context, &first, "recovery card");
    let options =
        MaskingOptions { n_replicates: context.sizes.n_bootstrap.max(100), seed, ..MaskingOptions::default() };
    let task = context.progress.begin("recovery card", context.sizes.n_power_repeats as u64, "recording");
    let card =
        power_card(&make, &fit, &first.readouts, context.sizes.n_power_repeats, &options, &mut |_, _| task.advance(1))?;
    let n_train = first.folds[0].trials(Part::Train).len();
    Ok(section(&card, n_trials, n_own, n_train, n_left_out))
}

fn nothing_to_tell(n_regions: usize) -> Section {
    Section {
        findings: vec![format!(
            "Not done: a recovery card needs two regions or more and at least one repeat; this recording has {n_regions} regions."
        )],
        ..empty(String::new())
    }
}

fn empty(sizes: String) -> Section {
    Section {
        slug: "recovery".into(),
        title: "What could be found at this size".into(),
        question: "In simulated recordings with as many sites as this one, but fewer trials and bins, how often does masking find a \
                   function that was planted, and how often one that was not?"
            .into(),
        sizes,
        findings: Vec::new(),
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
    }
}

fn share(share: &Share) -> String {
    let [low, high] = share.interval_95;
    format!("{} of {} [{low:.2}, {high:.2}]", share.n_found, share.n)
}

fn section(card: &PowerCard, n_trials: usize, n_own: usize, n_train: usize, n_left_out: usize) -> Section {
    let n_sites: usize = card.regions.iter().map(|(_, n)| n).sum();
    let mut section = empty(format!(
        "{} simulated recordings of {n_sites} sites in {} regions, {n_trials} trials in each of 64 conditions ({n_train} for \
         training), {}; one small network each.",
        card.n_repeats,
        card.regions.len(),
        compact::SIZE
    ));
    let n_decoded = card.n_trials[1] * card.n_repeats;
    let is_lost = |own: &FeaturePower| is_at_chance(own.mean_score, n_decoded, GUESSING);
    for own in &card.features {
        if is_lost(own) {
            let why = not_testable("these networks", &own.feature, own.mean_score, GUESSING);
            section.findings.push(format!("{}: {why}.", own.feature));
            continue;
        }
        section.findings.push(format!(
            "{}: the planted region was found in {} repeats and named first in {}; empty regions were named in {} tests. Mean \
             accuracy {:.2} (guessing: {GUESSING}).",
            own.feature,
            share(&own.detected),
            share(&own.named_first),
            share(&own.false_alarms),
            own.mean_score
        ));
    }
    section.caveats.push(
        "The planted code is the simulator's, not an animal's: cosine or level tuning of moderate strength in one region a feature. \
         The card's recordings have fewer trials and bins than the main one and smaller networks: what is not found here may be found there, \
         and what is found here need not be."
            .into(),
    );
    if n_trials < n_own {
        section.caveats.push(format!("The recording has {n_own} trials a condition; {n_trials} were simulated."));
    }
    if n_left_out > 0 {
        section.caveats.push(format!("{n_left_out} regions with the fewest sites were left out."));
    }
    let features: Vec<String> = card.features.iter().map(|own| own.feature.clone()).collect();
    let value = |region: &Region, feature: &String| {
        let is_lost = card.features.iter().any(|own| own.feature == *feature && is_lost(own));
        card.cell(&region.0, feature).filter(|_| !is_lost).and_then(|cell| cell.detected.value())
    };
    let matrix = ChartPanel {
        title: "Detection by planted region".into(),
        body: PanelBody::Matrix {
            rows: card.regions.iter().map(|(region, n)| format!("{region} ({n} sites)")).collect(),
            columns: features.clone(),
            values: card
                .regions
                .iter()
                .map(|(region, _)| features.iter().map(|feature| value(region, feature)).collect())
                .collect(),
            diverging: false,
            label: "share of repeats in which the planted region was found".into(),
            show_values: true,
        },
    };
    let row = |label: &str, group: &str, own: &Share| IntervalRow {
        label: label.into(),
        group: group.into(),
        estimate: own.value(),
        low: own.value().map(|_| own.interval_95[0]),
        high: own.value().map(|_| own.interval_95[1]),
        filled: own.n > 0 && own.interval_95[0] > card.alpha,
        note: format!("{}/{}", own.n_found, own.n),
        ..IntervalRow::default()
    };
    let rates = card.features.iter().map(|own| row(&own.feature, "", &own.detected)).collect();
    let alarms = card.cells.iter().filter(|cell| cell.false_alarms.n > 0);
    let alarms = alarms.map(|cell| row(&cell.region.0, &cell.feature, &cell.false_alarms)).collect();
    section.charts.push(chart(
        "recovery",
        "What masking finds of planted functions",
        "Left: share of repeats in which the region was found, where the feature was planted there (blank: never planted there, or \
         networks at chance). Then: over all regions, and false alarms where a region was empty of the feature; Clopper-Pearson 95 % intervals, \
         filled above the level of the tests. Networks at chance can neither find nor name anything.",
        vec![
            matrix,
            intervals("Detection", "share of repeats", 1.0, rates),
            intervals("False alarms", "share of tests", card.alpha, alarms),
        ],
    ));
    let cell_row = |cell: &spikereel_analysis::study::power::PowerCell| -> Vec<TableCell> {
        let number = |n: usize| TableCell::Number(n as f64);
        vec![
            cell.region.0.clone().into(),
            cell.feature.clone().into(),
            number(cell.detected.n),
            number(cell.detected.n_found),
            number(cell.false_alarms.n),
            number(cell.false_alarms.n_found),
            cell.false_alarms.interval_95[1].into(),
        ]
    };
    section.tables.push(DataTable {
        slug: "recovery".into(),
        title: "Counts behind the recovery card".into(),
        columns: ["region", "feature", "planted", "of these found", "empty", "of these named", "at most (95 %)"]
            .map(String::from)
            .to_vec(),
        rows: card.cells.iter().map(cell_row).collect(),
    });
    section
}
