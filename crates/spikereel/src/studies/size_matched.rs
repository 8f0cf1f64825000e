//! Masking as many sites of each region as the smallest has: does a region matter because it is large?

use super::Context;
use super::attribution::{Bar, blank, is_resolved, lacking, largest, networks, row, runs, score_name, sizes};
use super::chance::map_untestable;
use crate::Result;
use spikereel_analysis::study::{HarmMap, HarmMapFeature, HarmMapOptions, size_matched_study, time_resolved_study};
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{AxisSpec, Chart, ChartPanel, DataTable, PanelBody, Section};

/// Masks equal numbers of sites beside whole regions.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "Does a region matter because it has more sites?";
    let mut section = blank("size-matched", "Masking equal numbers of sites", question);
    if let Some(why) = lacking(context) {
        section.findings.push(why);
        return Ok(section);
    }
    let networks = networks(context)?;
    let runs = runs(&networks, context.probed);
    let options = HarmMapOptions {
        n_draws: context.sizes.n_draws,
        n_replicates: context.sizes.n_bootstrap,
        seed: derive_seed(context.seed, "study/size-matched"),
        ..HarmMapOptions::default()
    };
    let mut bar = Bar::new("masking whole regions", context.progress);
    let n_bins = context.main.dataset.n_bins();
    let readouts = &context.main.readouts;
    let whole = time_resolved_study(&runs, readouts, n_bins, &options, &mut |done, total| bar.step(done, total))?;
    let mut bar = Bar::new("masking equal numbers", context.progress);
    let matched = size_matched_study(&runs, readouts, &options, &mut |done, total| bar.step(done, total))?;
    let n = matched.n_masked.iter().min().copied().unwrap_or(0);
    let more = format!(", {n} sites of each region, mean of {} draws", context.sizes.n_draws);
    section.sizes = sizes(context, matched.n_trials, matched.networks.len(), &more);
    for (feature, whole_feature) in matched.features.iter().zip(&whole.features) {
        if let Some(why) = map_untestable(&matched, feature) {
            section.findings.push(format!("Harm of masking {n} sites to {}: {why}.", feature.feature));
            continue;
        }
        let tests: Vec<_> = feature.harm.iter().map(|row| &row[0]).collect();
        let what = format!("Harm of masking {n} sites to {}", feature.feature);
        section.findings.push(largest(&what, &matched.regions, &tests));
        section.findings.push(same_top(&matched, feature, whole_feature));
    }
    section.caveats = vec![
        "Sites that stay may stand in for those that are masked, the more so the larger the region: an equal number of sites is not an equal \
         share of a region."
            .into(),
    ];
    section.charts = vec![chart(&whole, &matched, n)];
    section.tables = vec![table(&whole, &matched)];
    Ok(section)
}

fn same_top(map: &HarmMap, matched: &HarmMapFeature, whole: &HarmMapFeature) -> String {
    let top = |feature: &HarmMapFeature| {
        let harms: Vec<f64> = feature.harm.iter().map(|row| row[0].mean).collect();
        (0..harms.len()).max_by(|&a, &b| harms[a].total_cmp(&harms[b])).unwrap_or(0)
    };
    let is_resolved = |feature: &HarmMapFeature| feature.harm[top(feature)][0].interval_95[0] > 0.0;
    if !is_resolved(matched) || !is_resolved(whole) {
        return format!("Which region comes first for {} is not resolvable at this size.", matched.feature);
    }
    let (a, b) = (&map.regions[top(matched)], &map.regions[top(whole)]);
    if a == b {
        format!("{a} comes first for {} by whole regions and by equal numbers.", matched.feature)
    } else {
        format!("For {} {b} comes first by whole regions, {a} by equal numbers.", matched.feature)
    }
}

fn chart(whole: &HarmMap, matched: &HarmMap, n: usize) -> Chart {
    let panel = |(own, all): (&HarmMapFeature, &HarmMapFeature)| {
        let mut rows = Vec::new();
        for (at, region) in matched.regions.iter().enumerate() {
            let label = region.to_string();
            let harms = [("whole region", &all.harm[at][0]), ("equal numbers", &own.harm[at][0])];
            rows.extend(harms.map(|(group, test)| row(&label, group, test, is_resolved(test), None)));
        }
        let label = format!("Harm, {}", score_name(own.basis));
        let axis = AxisSpec { label, reference: Some(0.0), range: None };
        ChartPanel { title: own.feature.clone(), body: PanelBody::Intervals { axis, rows } }
    };
    Chart {
        slug: "harm".into(),
        title: "Harm by whole regions and by equal numbers of sites".into(),
        reading: format!(
            "What the score loses when a whole region, or {n} random sites of it, is set to 0; 95 % intervals, filled where they leave 0 out."
        ),
        panels: matched.features.iter().zip(&whole.features).map(panel).collect(),
    }
}

fn table(whole: &HarmMap, matched: &HarmMap) -> DataTable {
    let mut rows = Vec::new();
    for map in [whole, matched] {
        for feature in &map.features {
            for (at, region) in map.regions.iter().enumerate() {
                let test = &feature.harm[at][0];
                rows.push(vec![
                    feature.feature.as_str().into(),
                    region.to_string().into(),
                    (map.n_masked[at] as f64).into(),
                    test.mean.into(),
                    test.interval_95[0].into(),
                    test.interval_95[1].into(),
                    test.p.into(),
                ]);
            }
        }
    }
    DataTable {
        slug: "harm".into(),
        title: "Harm by number of sites masked".into(),
        columns: ["feature", "region", "sites masked", "harm", "low", "high", "p, one-sided"]
            .map(String::from)
            .to_vec(),
        rows,
    }
}
