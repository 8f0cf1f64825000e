//! Masking a region within windows of time: when does a region matter for what decoded videos say?

use super::Context;
use super::attribution::{Bar, blank, effect, lacking, networks, runs, score_name, sizes};
use super::chance::map_untestable;
use super::words::ALPHA;
use crate::Result;
use spikereel_analysis::stats::{BootstrapTest, Correction};
use spikereel_analysis::study::{HarmMap, HarmMapFeature, HarmMapOptions, time_resolved_study};
use spikereel_data::rng::derive_seed;
use spikereel_data::{BinGrid, Phase, Timeline};
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
    let last = map.windows.last().map_or(width, |window| window.len() as f64 * bins.step_secs);
    let last = if last < width - 1e-9 { format!(" (the last: {last:.2} s)") } else { String::new() };
    section.sizes = sizes(context, map.n_trials, map.networks.len(), &format!(", windows of {width:.2} s{last}"));
    let windows: Vec<String> = map.windows.iter().map(|window| span(&bins, window)).collect();
    section.findings = map.features.iter().map(|feature| strongest(&map, feature, &windows)).collect();
    section.caveats = vec![
        "The decoder sees the whole trial: a window in which masking does no harm may hold information that other windows hold too."
            .into(),
        "Findings are corrected over regions and windows; the table's intervals are not, and of those one in twenty leaves 0 out by chance."
            .into(),
    ];
    section.charts = vec![chart(&map, &windows, aligning_event(&context.main.dataset.timeline))];
    section.tables = vec![table(&map, &windows)];
    Ok(section)
}

/// What time 0 is: the onset of the stimulus where the videos' phases say so.
fn aligning_event(timeline: &Timeline) -> &'static str {
    let first = timeline.frames_of(Phase::Stimulus).first().copied();
    let onset = first.map(|frame| timeline.start_secs + frame as f64 / timeline.frame_rate_hz);
    match onset {
        Some(secs) if secs.abs() * timeline.frame_rate_hz < 0.5 => "onset of the stimulus",
        _ => "aligning event",
    }
}

fn span(bins: &BinGrid, window: &Range<usize>) -> String {
    format!("{:.1} to {:.1} s", bins.left_secs(window.start), bins.left_secs(window.end - 1) + bins.width_secs)
}

fn strongest(map: &HarmMap, feature: &HarmMapFeature, windows: &[String]) -> String {
    if let Some(why) = map_untestable(map, feature) {
        return format!("Harm to {}: {why}.", feature.feature);
    }
    let cells: Vec<(usize, usize, &BootstrapTest)> = feature
        .harm
        .iter()
        .enumerate()
        .flat_map(|(region, row)| row.iter().enumerate().map(move |(window, test)| (region, window, test)))
        .collect();
    let corrected = Correction::Holm.correct(&cells.iter().map(|(.., test)| test.p_of_many()).collect::<Vec<_>>());
    let n = cells.len();
    let n_above = cells.iter().filter(|(.., test)| test.interval_95[0] > 0.0).count();
    let is_found = |at: usize| cells[at].2.interval_95[0] > 0.0 && corrected[at] < ALPHA;
    let found: Vec<usize> = (0..n).filter(|&at| is_found(at)).collect();
    let largest = |of: &mut dyn Iterator<Item = usize>| of.max_by(|&a, &b| cells[a].2.mean.total_cmp(&cells[b].2.mean));
    let words = |at: usize| {
        let (region, window, test) = cells[at];
        format!("{} from {}: {} of {}", map.regions[region], windows[window], effect(test), score_name(feature.basis))
    };
    if let Some(top) = largest(&mut found.iter().copied()) {
        return format!(
            "Harm to {} is largest for {} ({} of {n} cells significant after Holm's correction over cells).",
            feature.feature,
            words(top),
            found.len()
        );
    }
    let Some(top) = largest(&mut (0..n)) else { return format!("Harm to {}: no cell.", feature.feature) };
    // Half of the one in twenty intervals that leave 0 out by chance lie above it.
    let by_chance = 0.025 * n as f64;
    format!(
        "Harm to {}: not resolvable at this size in any window after Holm's correction over cells; largest for {}. {n_above} of {n} intervals lie \
         above 0; chance alone would give about {by_chance:.1}.",
        feature.feature,
        words(top)
    )
}

fn chart(map: &HarmMap, windows: &[String], event: &str) -> Chart {
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
        reading: format!(
            "What the score loses when a region is set to 0 in one window only. Colors mean the same in all panels. Time is relative to the {event}."
        ),
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
