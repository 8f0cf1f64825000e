//! Masking by the paper's own measures and by ours: what changes in decoded videos, and what they no longer say.

use super::Context;
use super::attribution::{Bar, blank, lacking, largest, networks, planted, row, runs, score_name, sizes};
use super::chance::{guessing, is_at_chance, not_testable};
use super::published::{self, Published};
use super::words::{short, t_words};
use crate::Result;
use crate::config::choices::Statistics;
use spikereel_analysis::study::{
    Basis, MaskingCell, MaskingOptions, MaskingTable, MaxStatistic, PaperChange, masking_study, max_statistic,
};
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, Distribution, DistributionForm, IntervalRow, PanelBody, Section, TableCell,
};

/// Sets each region to 0 in turn.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "What changes in decoded videos, and what do they no longer say, when a region is set to 0?";
    let mut section = blank("masking", "Masking regions", question);
    if let Some(why) = lacking(context) {
        section.findings.push(why);
        return Ok(section);
    }
    let networks = networks(context)?;
    let runs = runs(&networks, &context.main.folds[0]);
    let seed = derive_seed(context.seed, "study/masking");
    let options = MaskingOptions { n_replicates: context.sizes.n_bootstrap, seed, ..MaskingOptions::default() };
    let mut bar = Bar::new("masking", context.progress);
    let table = masking_study(&runs, &context.main.readouts, &options, &mut |done, total| bar.step(done, total))?;
    let flips = max_statistic(&table, context.sizes.n_permutations, seed)?;
    let more = format!(", {} sign flips", context.sizes.n_permutations);
    section.sizes = sizes(context, table.n_trials, table.networks.len(), &more);
    section.findings = table
        .features
        .iter()
        .map(|feature| match context.choices.statistics {
            Statistics::Ours => finding(context, &table, feature),
            Statistics::Paper => published_finding(&table, feature),
        })
        .collect();
    let is_paper = published::has_regions(&context.main.dataset);
    section.caveats = vec![
        "0 after standardisation is the mean over the standardiser's group, not silence.".into(),
        "The paper's measures say how much a video changes, not whether it became wrong; its unpaired t test ignores that conditions are the same."
            .into(),
    ];
    if is_paper {
        section.caveats.push(
            "Diamonds in the chart of changes are the paper's means, from its own recordings and network; sizes differ here.".into(),
        );
    }
    section.charts = vec![boxes(&table), changes(&table, is_paper), harms(context, &table)];
    section.charts.retain(|chart| !chart.panels.is_empty());
    section.tables = vec![tests(&table, &flips, is_paper)];
    Ok(section)
}

fn finding(context: &Context<'_>, table: &MaskingTable, feature: &str) -> String {
    let cells: Vec<&MaskingCell> = table.feature_cells(feature).collect();
    let known = cells.first().filter(|cell| cell.primary.basis == Basis::Accuracy).map(|cell| cell.primary.unmasked);
    let guessing = guessing(&context.main.dataset, &context.main.readouts, feature);
    if let (Some(accuracy), Some(chance)) = (known, guessing)
        && is_at_chance(accuracy, table.n_trials, chance)
    {
        return format!("Harm to {feature}: {}.", not_testable("these networks", feature, accuracy, chance));
    }
    let tests: Vec<_> = cells.iter().map(|cell| &cell.primary.test).collect();
    let found: Vec<String> = cells
        .iter()
        .filter(|cell| cell.primary.harm > 0.0 && cell.primary.p_corrected < table.alpha)
        .map(|cell| cell.region.to_string())
        .collect();
    let found = if found.is_empty() { "none".into() } else { found.join(", ") };
    let score = cells.first().map_or("score", |cell| score_name(cell.primary.basis));
    let what = format!("Harm to {feature} ({score})");
    format!(
        "{} Significant after correction over regions ({}): {found}.",
        largest(&what, &table.regions, &tests),
        table.correction
    )
}

/// The paper's measure and its test: unpaired, of equal variance; left uncorrected, as the paper names no method of correction.
fn published_finding(table: &MaskingTable, feature: &str) -> String {
    let cells = measured(table, feature);
    let Some((_, first)) = cells.first() else { return format!("{feature}: the paper has no measure for it.") };
    let words = |(cell, paper): &(&MaskingCell, &PaperChange)| {
        let change = match (paper.change.mean, paper.change.sd) {
            (Some(mean), Some(sd)) => format!("{} ± {}", short(mean), short(sd)),
            _ => "not defined".into(),
        };
        let test = paper.t_test.map_or_else(|| "no test".into(), |test| t_words(&test));
        format!("{} {change} ({test})", cell.region)
    };
    let all: Vec<String> = cells.iter().map(words).collect();
    let unit = &first.unit;
    format!(
        "Change of {feature} ({unit}), mean ± s.d. over conditions, and the published unpaired t test of the score, left uncorrected: {}.",
        all.join("; ")
    )
}

/// Cells of a feature that the paper has a measure for.
fn measured<'a>(table: &'a MaskingTable, feature: &'a str) -> Vec<(&'a MaskingCell, &'a PaperChange)> {
    table.feature_cells(feature).filter_map(|cell| Some((cell, cell.paper.as_ref()?))).collect()
}

/// What is measured of each feature: too long for an axis.
fn measures(table: &MaskingTable) -> String {
    let of = |feature: &String| Some(format!("{feature}: {}", measured(table, feature).first()?.1.measure));
    table.features.iter().filter_map(of).collect::<Vec<_>>().join("; ")
}

fn boxes(table: &MaskingTable) -> Chart {
    let panel = |feature: &String| {
        let cells = measured(table, feature);
        let (_, first) = cells.first()?;
        let groups = cells.iter().map(|(cell, paper)| Distribution {
            label: cell.region.to_string(),
            group: String::new(),
            values: paper.per_condition.iter().flatten().copied().collect(),
        });
        let axis = AxisSpec { label: format!("change ({})", first.unit), reference: Some(0.0), range: None };
        let body = PanelBody::Distributions { axis, form: DistributionForm::Box, groups: groups.collect() };
        Some(ChartPanel { title: feature.clone(), body })
    };
    Chart {
        slug: "changes".into(),
        title: "Change of decoded videos by masked region".into(),
        reading: format!(
            "One value a condition, of the mean decoded video with the region masked against the unmasked one: the paper's measures ({}).",
            measures(table)
        ),
        panels: table.features.iter().filter_map(panel).collect(),
    }
}

fn changes(table: &MaskingTable, is_paper: bool) -> Chart {
    let panel = |feature: &String| {
        let cells = measured(table, feature);
        let (_, first) = cells.first()?;
        let rows = cells.iter().map(|(cell, paper)| {
            let error = paper.change.sd.map(|sd| 1.96 * sd / (paper.change.n as f64).sqrt());
            let mean = paper.change.mean;
            let at = |sign: f64| mean.zip(error).map(|(mean, error)| mean + sign * error);
            let is_significant = paper.p_corrected.is_some_and(|p| p < table.alpha);
            let expected = published_of(is_paper, feature, cell).and_then(|own| own.mean);
            IntervalRow {
                label: cell.region.to_string(),
                estimate: mean,
                low: at(-1.0),
                high: at(1.0),
                filled: is_significant,
                expected,
                ..IntervalRow::default()
            }
        });
        let axis = AxisSpec { label: format!("mean change ({})", first.unit), reference: Some(0.0), range: None };
        Some(ChartPanel { title: feature.clone(), body: PanelBody::Intervals { axis, rows: rows.collect() } })
    };
    Chart {
        slug: "mean-changes".into(),
        title: "Mean change by masked region".into(),
        reading: "Mean over conditions with its 95 % interval (1.96 standard errors); filled where the published unpaired t test of the score is \
                  significant after correction. Diamonds: the paper's means, where the recording has its regions."
            .into(),
        panels: table.features.iter().filter_map(panel).collect(),
    }
}

fn published_of(is_paper: bool, feature: &str, cell: &MaskingCell) -> Option<&'static Published> {
    published::masking(feature, &cell.region.0).filter(|_| is_paper)
}

fn harms(context: &Context<'_>, table: &MaskingTable) -> Chart {
    let panel = |feature: &String| {
        let cells: Vec<&MaskingCell> = table.feature_cells(feature).collect();
        let rows = cells.iter().map(|cell| {
            let expected = planted(&context.main.dataset, feature, &cell.region).map(|(_, drop)| drop);
            let is_found = cell.primary.harm > 0.0 && cell.primary.p_corrected < table.alpha;
            row(&cell.region.to_string(), "", &cell.primary.test, is_found, expected)
        });
        let score = cells.first().map_or("score", |cell| score_name(cell.primary.basis));
        let axis = AxisSpec { label: format!("Harm, {score}"), reference: Some(0.0), range: None };
        ChartPanel { title: feature.clone(), body: PanelBody::Intervals { axis, rows: rows.collect() } }
    };
    Chart {
        slug: "harm".into(),
        title: "Harm by masked region".into(),
        reading: "What the score of single trials loses, with 95 % intervals; filled where significant after correction over regions. Diamonds: \
                  what an ideal observer loses without the region, where that was planted."
            .into(),
        panels: table.features.iter().map(panel).collect(),
    }
}

fn tests(table: &MaskingTable, flips: &[MaxStatistic], is_paper: bool) -> DataTable {
    let mut rows = Vec::new();
    for feature in &table.features {
        for cell in table.feature_cells(feature) {
            let paper = cell.paper.as_ref();
            let flip = flips.iter().find(|own| own.feature == *feature && own.region == cell.region);
            let published = published_of(is_paper, feature, cell);
            let mut row: Vec<TableCell> = vec![
                feature.as_str().into(),
                cell.region.to_string().into(),
                cell.primary.harm.into(),
                cell.primary.test.interval_95[0].into(),
                cell.primary.test.interval_95[1].into(),
                cell.primary.p_corrected.into(),
                flip.map(|own| own.p).into(),
                paper.and_then(|own| own.change.mean).into(),
                paper.and_then(|own| own.change.sd).into(),
                paper.and_then(|own| own.t_test).map(|test| test.t).into(),
                paper.and_then(|own| own.t_test).map(|test| test.p).into(),
                paper.and_then(|own| own.p_corrected).into(),
                paper.and_then(|own| own.paired_t_test).map(|test| test.t).into(),
                paper.and_then(|own| own.paired_t_test).map(|test| test.p).into(),
            ];
            if is_paper {
                row.push(published.and_then(|own| own.mean).into());
                row.push(published.and_then(|own| own.sd).into());
                row.push(published.and_then(|own| own.t).into());
                row.push(published.map_or("", |own| own.verdict).into());
            }
            rows.push(row);
        }
    }
    let mut columns = vec![
        "feature",
        "region",
        "harm",
        "low",
        "high",
        "p corrected",
        "p of sign flips",
        "change, mean",
        "change, s.d.",
        "unpaired t",
        "its p",
        "its p, corrected",
        "paired t",
        "p of paired t",
    ];
    if is_paper {
        columns.extend(["paper: change, mean", "paper: s.d.", "paper: t", "paper: verdict"]);
    }
    DataTable {
        slug: "tests".into(),
        title: "Masking: our tests and the published ones".into(),
        columns: columns.into_iter().map(String::from).collect(),
        rows,
    }
}
