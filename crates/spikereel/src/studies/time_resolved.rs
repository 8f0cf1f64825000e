//! Masking a region within windows of time: when does a region matter for what decoded videos say?

use super::Context;
use super::attribution::{Bar, blank, effect, lacking, networks, runs, score_name, sizes};
use crate::Result;
use spikereel_analysis::study::{HarmMap, HarmMapFeature, HarmMapOptions, time_resolved_study};
use spikereel_data::BinGrid;
use spikereel_data::rng::derive_seed;
use spikereel_report::schema::{Chart, ChartPanel, DataTable, PanelBody, Section};
use std::ops::Range;

/// Masks each region in each window of time.
///
/// # Errors
/// Divergence, an I/O error.
pub fn study(context: &Context<'_>) -> Result<Section> {
    let question = "When does each region matter for what decoded videos say?";
    let mut section = blank("time-resolved", "Masking within windows of time", question);
    if let Some(why) = lacking(context) {
        section.findings.push(why);
        return Ok(section);
    }
    let bins = context.main.dataset.bins;
    let window_bins = ((context.sizes.window_secs / bins.step_secs).round() as usize).clamp(1, bins.n_bins);
    let networks = networks(context)?;
    let runs = runs(&networks, context.probed);
    let options = HarmMapOptions {
        n_draws: context.sizes.n_draws,
        n_replicates: context.sizes.n_bootstrap,
        seed: derive_seed(context.seed, "study/time-resolved"),
        ..HarmMapOptions::default()
    };
    let mut bar = Bar::new("masking in time", context.progress);
    let map = time_resolved_study(&runs, &context.main.readouts, window_bins, &options, &mut |done, total| {
        bar.step(done, total)
    })?;
    let width = window_bins as f64 * bins.step_secs;
    section.sizes = sizes(context, map.n_trials, map.networks.len(), &format!(", windows of {width:.2} s"));
    let windows: Vec<String> = map.windows.iter().map(|window| span(&bins, window)).collect();
    section.findings = map.features.iter().map(|feature| strongest(&map, feature, &windows)).collect();
    section.caveats = vec![
        "The decoder sees the whole trial: a window in which masking does no harm may hold information that other windows hold too."
            .into(),
        "Intervals are not corrected over regions and windows; with 95 % intervals one cell in twenty leaves 0 out by chance.".into(),
    ];
    section.charts = vec![chart(&map, &windows)];
    section.tables = vec![table(&map, &windows)];
    Ok(section)
}

fn span(bins: &BinGrid, window: &Range<usize>) -> String {
    format!("{:.1} to {:.1} s", bins.left_secs(window.start), bins.left_secs(window.end - 1) + bins.width_secs)
}

fn strongest(map: &HarmMap, feature: &HarmMapFeature, windows: &[String]) -> String {
    let cells =
        feature.harm.iter().enumerate().flat_map(|(region, row)| row.iter().enumerate().map(move |it| (region, it)));
    let n = feature.harm.iter().map(Vec::len).sum::<usize>();
    let n_resolved = cells.clone().filter(|(_, (_, test))| test.interval_95[0] > 0.0).count();
    let top = cells.max_by(|a, b| a.1.1.mean.total_cmp(&b.1.1.mean));
    match top {
        Some((region, (window, test))) if test.interval_95[0] > 0.0 => format!(
            "Harm to {} is largest for {} from {}: {} of {} ({n_resolved} of {n} cells have intervals above 0).",
            feature.feature,
            map.regions[region],
            windows[window],
            effect(test),
            score_name(feature.basis)
        ),
        _ => format!("Harm to {}: not resolvable at this size in any window.", feature.feature),
    }
}

fn chart(map: &HarmMap, windows: &[String]) -> Chart {
    let panel = |feature: &HarmMapFeature| ChartPanel {
        title: feature.feature.clone(),
        body: PanelBody::Matrix {
            rows: map.regions.iter().map(ToString::to_string).collect(),
            columns: windows.to_vec(),
            values: feature.harm.iter().map(|row| row.iter().map(|test| Some(test.mean)).collect()).collect(),
            diverging: true,
            label: format!("Harm, {}", score_name(feature.basis)),
            show_values: true,
        },
    };
    Chart {
        slug: "windows".into(),
        title: "Harm by region and window".into(),
        reading:
            "What the score loses when a region is set to 0 in one window only. Time is relative to the aligning event."
                .into(),
        panels: map.features.iter().map(panel).collect(),
    }
}

fn table(map: &HarmMap, windows: &[String]) -> DataTable {
    let mut rows = Vec::new();
    for feature in &map.features {
        for (region, row) in map.regions.iter().zip(&feature.harm) {
            for (window, test) in windows.iter().zip(row) {
                rows.push(vec![
                    feature.feature.as_str().into(),
                    region.to_string().into(),
                    window.as_str().into(),
                    test.mean.into(),
                    test.interval_95[0].into(),
                    test.interval_95[1].into(),
                ]);
            }
        }
    }
    DataTable {
        slug: "windows".into(),
        title: "Harm by region and window".into(),
        columns: ["feature", "region", "window", "harm", "low", "high"].map(String::from).to_vec(),
        rows,
    }
}
