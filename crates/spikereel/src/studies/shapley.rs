//! Shapley values and interactions of regions: what each is worth to decoded videos over all coalitions.

use super::Context;
use super::attribution::{
    Bar, blank, effect, is_resolved, lacking, largest, networks, planted, row, runs, score_name, sizes,
};
use super::chance::{is_at_chance, not_testable};
use super::words::ALPHA;
use crate::Result;
use spikereel_analysis::stats::Correction;
use spikereel_analysis::study::{
    Basis, CoalitionFeature, CoalitionOptions, CoalitionTable, Interaction, coalition_study,
};
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, PanelBody, Section, TableCell};

/// Decodes coalitions of regions and values regions alone and in pairs.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "What is each region worth to what decoded videos say, over all coalitions of regions, and which regions overlap?";
    let mut section = blank("shapley", "Regions alone and together", question);
    if let Some(why) = lacking(context) {
        section.findings.push(why);
        return Ok(section);
    }
    let networks = networks(context)?;
    let runs = runs(&networks, context.probed);
    let options = CoalitionOptions {
        n_orderings: context.sizes.n_orderings,
        n_replicates: context.sizes.n_bootstrap,
        seed: derive_seed(context.seed, "study/shapley"),
        ..CoalitionOptions::default()
    };
    let mut bar = Bar::new("coalitions", context.progress);
    let table = coalition_study(&runs, &context.main.readouts, &options, &mut |done, total| bar.step(done, total))?;
    let kind = if table.is_exact { "all" } else { "sampled" };
    section.sizes =
        sizes(context, table.n_trials, table.networks.len(), &format!(", {} coalitions ({kind})", table.n_coalitions));
    for feature in &table.features {
        let all = feature.of_all.mean;
        if feature.basis == Basis::Accuracy && is_at_chance(all, table.n_trials, feature.chance) {
            let why = not_testable("these networks", &feature.feature, all, feature.chance);
            section.findings.push(format!("Shapley values and interactions for {}: {why}.", feature.feature));
            continue;
        }
        section.findings.push(largest(
            &format!("Shapley value for {}", feature.feature),
            &table.regions,
            &feature.shapley.iter().collect::<Vec<_>>(),
        ));
        section.findings.push(pairs(&table, feature));
    }
    section.caveats = vec![
        "A coalition's value is the score with all other regions' spikes taken from other test trials. The network was not made for the \
         coalition, so it may be worth less to it than to one that was."
            .into(),
        "Interactions: positive is synergy, negative is overlap. Regions that each suffice overlap even where their noise is independent."
            .into(),
    ];
    section.charts = vec![values_chart(context, &table), interactions_chart(&table)];
    section.charts.retain(|chart| !chart.panels.is_empty());
    section.tables = vec![values_table(context, &table), pairs_table(&table)];
    Ok(section)
}

fn pairs(table: &CoalitionTable, feature: &CoalitionFeature) -> String {
    let all = &feature.interactions;
    let p: Vec<f64> = all.iter().map(|pair| pair.index.p_two_sided()).collect();
    let corrected = Correction::Holm.correct(&p);
    let outside: Vec<(&Interaction, f64)> =
        all.iter().zip(corrected).filter(|(pair, _)| is_resolved(&pair.index)).collect();
    let found: Vec<&Interaction> = outside.iter().filter(|(_, p)| *p < ALPHA).map(|(pair, _)| *pair).collect();
    let n = all.len();
    let Some(pair) = found.iter().max_by(|a, b| a.index.mean.abs().total_cmp(&b.index.mean.abs())) else {
        if n == 0 {
            return format!(
                "Interactions for {}: pairs were not looked at, as not all coalitions were decoded.",
                feature.feature
            );
        }
        return format!(
            "Interactions for {}: none resolvable at this size after Holm's correction over {n} pairs; {} of their intervals leave 0 out, where \
             chance alone would give about {:.1}.",
            feature.feature,
            outside.len(),
            0.05 * n as f64
        );
    };
    let word = if pair.index.mean > 0.0 { "synergy" } else { "overlap" };
    let (a, b) = (&table.regions[pair.first], &table.regions[pair.second]);
    format!(
        "Interactions for {}: {} of {n} pairs after Holm's correction over pairs; the strongest is {word} of {a} and {b}, {}.",
        feature.feature,
        found.len(),
        effect(&pair.index)
    )
}

fn values_chart(context: &Context<'_>, table: &CoalitionTable) -> Chart {
    let panel = |feature: &CoalitionFeature| {
        let rows = table.regions.iter().zip(&feature.shapley).map(|(region, test)| {
            let expected = planted(&context.main.dataset, &feature.feature, region).map(|(shapley, _)| shapley);
            row(&region.to_string(), "", test, test.interval_95[0] > 0.0, expected)
        });
        let label = format!("Shapley value, {}", score_name(feature.basis));
        ChartPanel {
            title: feature.feature.clone(),
            body: PanelBody::Intervals {
                axis: AxisSpec { label, reference: Some(0.0), range: None },
                rows: rows.collect(),
            },
        }
    };
    Chart {
        slug: "values".into(),
        title: "Shapley values".into(),
        reading: "Share of the score that falls to each region, with 95 % intervals over trials, conditions and networks; filled where the \
                  interval lies above 0. Diamonds: what was planted, as the Shapley value of an ideal observer."
            .into(),
        panels: table.features.iter().map(panel).collect(),
    }
}

fn interactions_chart(table: &CoalitionTable) -> Chart {
    let names: Vec<String> = table.regions.iter().map(ToString::to_string).collect();
    let panel = |feature: &CoalitionFeature| {
        let mut values = vec![vec![None; names.len()]; names.len()];
        for pair in &feature.interactions {
            values[pair.first][pair.second] = Some(pair.index.mean);
            values[pair.second][pair.first] = Some(pair.index.mean);
        }
        ChartPanel {
            title: feature.feature.clone(),
            body: PanelBody::Matrix {
                rows: names.clone(),
                columns: names.clone(),
                values,
                diverging: true,
                label: format!("Shapley interaction, {}", score_name(feature.basis)),
                show_values: true,
            },
        }
    };
    Chart {
        slug: "interactions".into(),
        title: "Interactions of pairs".into(),
        reading: "Positive: two regions together add more than each alone. Negative: they overlap. Colors mean the same in all panels.".into(),
        panels: table.features.iter().filter(|feature| !feature.interactions.is_empty()).map(panel).collect(),
    }
}

fn values_table(context: &Context<'_>, table: &CoalitionTable) -> DataTable {
    let mut rows = Vec::new();
    for feature in &table.features {
        for (at, (region, test)) in table.regions.iter().zip(&feature.shapley).enumerate() {
            let planted = planted(&context.main.dataset, &feature.feature, region).map(|(shapley, _)| shapley);
            rows.push(vec![
                feature.feature.as_str().into(),
                region.to_string().into(),
                test.mean.into(),
                test.interval_95[0].into(),
                test.interval_95[1].into(),
                test.p.into(),
                TableCell::from(feature.sampling_error.get(at).copied()),
                TableCell::from(planted),
                feature.of_all.mean.into(),
                feature.of_none.mean.into(),
            ]);
        }
    }
    let columns = [
        "feature",
        "region",
        "Shapley value",
        "low",
        "high",
        "p, one-sided",
        "error of sampling",
        "planted",
        "score of all regions",
        "score of none",
    ];
    DataTable {
        slug: "values".into(),
        title: "Shapley values".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    }
}

fn pairs_table(table: &CoalitionTable) -> DataTable {
    let row = |feature: &CoalitionFeature| {
        let regions = &table.regions;
        let name = feature.feature.clone();
        let pair = move |pair: &Interaction| -> Vec<TableCell> {
            vec![
                name.as_str().into(),
                regions[pair.first].to_string().into(),
                regions[pair.second].to_string().into(),
                pair.index.mean.into(),
                pair.index.interval_95[0].into(),
                pair.index.interval_95[1].into(),
            ]
        };
        feature.interactions.iter().map(pair).collect::<Vec<_>>()
    };
    DataTable {
        slug: "interactions".into(),
        title: "Interactions of pairs".into(),
        columns: ["feature", "first", "second", "interaction", "low", "high"].map(String::from).to_vec(),
        rows: table.features.iter().flat_map(row).collect(),
    }
}
