//! NWB files.

use super::{EntryFacts, Look, PlaceFacts, PreviewFacts, ResponseFacts, SeriesFacts, TableFacts, quoted};
use crate::Result;
use spikereel_data::Level;
use spikereel_formats::NwbFile;
use spikereel_formats::read::nwb::{
    ColumnSummary, NwbSummary, PictureOptions, RegionSource, SeriesClock, SeriesInfo, SpikeSurvey, TableSummary,
};
use std::path::Path;

/// No session lasts longer; times that do are in milliseconds.
const LONGEST_SECS: f64 = 200_000.0;
/// Units that fire faster over a whole session are several units, or times that are no seconds.
const FAST_HZ: f64 = 150.0;
/// A change of so many standard deviations is taken for a response.
const RESPONDS: f64 = 5.0;
/// Columns with more levels are quantities.
const MAX_LEVELS: usize = 24;

pub(super) fn look(path: &Path) -> Result<Look> {
    let nwb = NwbFile::open(path)?;
    let summary = nwb.summary();
    let table = first_table(&summary);
    let mut warnings = summary.problems.clone();
    let survey = match &summary.units {
        Some(_) => nwb.survey(&RegionSource::Electrodes, table.map(|table| table.name.as_str())),
        None => Ok(SpikeSurvey { sites: Vec::new(), range_secs: None, duplicates: Vec::new(), responses: Vec::new() }),
    };
    let survey = match survey {
        Ok(survey) => survey,
        Err(error) => {
            warnings.push(error.to_string());
            SpikeSurvey { sites: Vec::new(), range_secs: None, duplicates: Vec::new(), responses: Vec::new() }
        }
    };
    warn(&summary, &survey, &mut warnings);
    let preview = preview(&nwb, &summary, &mut warnings);
    let about = [
        ("identifier", Some(summary.identifier.clone())),
        ("description", summary.description.clone()),
        ("started", summary.start_time.clone()),
    ];
    let about = about.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))).collect();
    let table_facts = |table: &TableSummary| TableFacts {
        name: table.name.clone(),
        n_rows: Some(table.n_rows),
        columns: table.columns.iter().map(entry).collect(),
    };
    let series = |is_stimulus: bool| {
        move |info: &SeriesInfo| SeriesFacts { path: info.path.clone(), about: about_series(info), is_stimulus }
    };
    Ok(Look {
        format: format!("NWB {}", summary.version),
        about,
        n_sites: summary.units.as_ref().map_or(0, |units| units.n),
        n_spikes: summary.units.as_ref().and_then(|units| units.n_spikes),
        range_secs: survey.range_secs,
        regions: places(&survey),
        unit_columns: summary.units.iter().flat_map(|units| units.columns.iter().map(entry)).collect(),
        tables: summary.tables.iter().map(table_facts).collect(),
        series: summary.stimuli.iter().map(series(true)).chain(summary.covariates.iter().map(series(false))).collect(),
        next: next(path, &summary, table, &survey, preview.as_ref()),
        responses: survey.responses.into_iter().map(response).collect(),
        preview,
        warnings,
        ..Look::default()
    })
}

/// The table that is taken for the trials: `trials`, else the one with the most rows.
fn first_table(summary: &NwbSummary) -> Option<&TableSummary> {
    let trials = summary.tables.iter().find(|table| table.name == "trials");
    trials.or_else(|| summary.tables.iter().max_by_key(|table| table.n_rows))
}

fn response(found: spikereel_formats::read::nwb::EventResponse) -> ResponseFacts {
    ResponseFacts {
        change: found.change(),
        column: found.column,
        n_events: found.n_events,
        left_secs: found.left_secs,
        rate_hz: found.rate_hz,
    }
}

fn places(survey: &SpikeSurvey) -> Vec<PlaceFacts> {
    let secs = survey.range_secs.map_or(0.0, |[from, to]| to - from);
    let mut places: Vec<PlaceFacts> = Vec::new();
    for site in &survey.sites {
        let at = places.iter().position(|place| place.region == site.region).unwrap_or_else(|| {
            places.push(PlaceFacts { region: site.region.clone(), n_sites: 0, mean_rate_hz: 0.0, n_silent_sites: 0 });
            places.len() - 1
        });
        places[at].n_sites += 1;
        places[at].n_silent_sites += usize::from(site.n_spikes == 0);
        places[at].mean_rate_hz += site.n_spikes as f64;
    }
    places.sort_by(|a, b| b.n_sites.cmp(&a.n_sites).then_with(|| a.region.cmp(&b.region)));
    for place in &mut places {
        place.mean_rate_hz = if secs > 0.0 { place.mean_rate_hz / secs / place.n_sites as f64 } else { 0.0 };
    }
    places
}

fn entry(column: &ColumnSummary) -> EntryFacts {
    let levels: Vec<String> = column.values.iter().map(Level::to_string).collect();
    let values = match (column.range, column.n_distinct) {
        (_, Some(_)) if !levels.is_empty() => levels.join(", "),
        (Some([from, to]), Some(n)) => format!("{from} to {to}, {n} distinct"),
        (None, Some(n)) => format!("{n} distinct"),
        _ => String::new(),
    };
    EntryFacts { name: column.name.clone(), kind: column.kind.to_string(), values }
}

fn about_series(info: &SeriesInfo) -> String {
    let clock = match info.clock {
        SeriesClock::Rate { start_secs, rate_hz } => format!("{rate_hz} a second from {start_secs} s"),
        SeriesClock::Timestamps { n } => format!("{n} timestamps"),
        SeriesClock::Unsaid => "no clock".into(),
    };
    let shape: Vec<String> = info.shape.iter().map(ToString::to_string).collect();
    let unit = info.unit.as_ref().map_or_else(String::new, |unit| format!(" in {unit}"));
    // What stands in `data` beside files is a placeholder.
    let frames = match info.external.as_slice() {
        [] => format!("{} {}{unit}", info.dtype, shape.join(" x ")),
        files => format!("frames in {}", files.join(", ")),
    };
    format!("{}, {frames}, {clock}", info.kind)
}

fn warn(summary: &NwbSummary, survey: &SpikeSurvey, warnings: &mut Vec<String>) {
    if summary.units.is_none() {
        warnings.push("no table `units`: the file holds no sorted spikes; another file of the session may".into());
    }
    if summary.tables.is_empty() {
        warnings.push("no table of trials: add one with the times of events (pynwb: add_trial), then import".into());
    }
    let n_unknown = survey.sites.iter().filter(|site| site.region.is_empty()).count();
    if n_unknown > 0 {
        let texts =
            summary.units.iter().flat_map(|units| &units.columns).filter(|column| column.kind.to_string() == "texts");
        let names: Vec<&str> = texts.map(|column| column.name.as_str()).collect();
        let columns =
            if names.is_empty() { String::new() } else { format!("; text columns of units: {}", names.join(", ")) };
        warnings.push(format!(
            "{n_unknown} of {} units have no region: leave them out by --drop-unknown, or name a column by --region column:NAME{columns}",
            survey.sites.len()
        ));
    }
    let n_silent = survey.sites.iter().filter(|site| site.n_spikes == 0).count();
    if n_silent > 0 {
        warnings.push(format!("{n_silent} units have no spike at all: leave them out by --units"));
    }
    if let Some((first, second)) = survey.duplicates.first() {
        warnings.push(format!(
            "{} pairs of units have the same spikes, such as {first} and {second}: one unit was written twice",
            survey.duplicates.len()
        ));
    }
    let Some([from, to]) = survey.range_secs else { return };
    if to - from > LONGEST_SECS {
        warnings.push(format!(
            "spikes range from {from} to {to} s, {:.0} hours: they look like milliseconds; import with --spikes-in-ms",
            (to - from) / 3600.0
        ));
    }
    if from < 0.0 {
        warnings.push(format!("the first spike stands at {from} s, before the session's start: check the clock"));
    }
    let fastest = survey.sites.iter().max_by_key(|site| site.n_spikes);
    if let Some(fastest) = fastest.filter(|site| site.n_spikes as f64 / (to - from).max(1.0) > FAST_HZ) {
        let rate = fastest.n_spikes as f64 / (to - from).max(1.0);
        warnings.push(format!(
            "unit {} fires {rate:.0} times a second: several units in one, or times that are no seconds",
            fastest.id
        ));
    }
    for response in &survey.responses {
        let (first, last) = (response.rate_hz.iter().sum::<f64>(), response.n_events);
        if first == 0.0 && last > 0 {
            warnings.push(format!(
                "no spike within a second of the {last} events in `{}`: the column is on another clock, or in milliseconds (--trials-in-ms)",
                response.column
            ));
        }
    }
}

fn preview(nwb: &NwbFile, summary: &NwbSummary, warnings: &mut Vec<String>) -> Option<PreviewFacts> {
    let is_movie =
        |info: &&SeriesInfo| info.kind == "IndexSeries" || info.shape.len() >= 3 || !info.external.is_empty();
    let movie = summary.stimuli.iter().find(is_movie)?;
    match nwb.preview(&movie.path, &PictureOptions::default()) {
        Ok(picture) => Some(PreviewFacts {
            path: movie.path.clone(),
            height: picture.height,
            width: picture.width,
            rgb: picture.rgb,
        }),
        Err(error) => {
            warnings.push(error.to_string());
            None
        }
    }
}

/// The command that would import the file, with what can be guessed.
fn next(
    path: &Path,
    summary: &NwbSummary,
    table: Option<&TableSummary>,
    survey: &SpikeSurvey,
    preview: Option<&PreviewFacts>,
) -> String {
    let mut command = format!("spikereel import {}", quoted(&path.display().to_string()));
    let Some(table) = table else { return command };
    if table.name != "trials" {
        command += &format!(" --table {}", quoted(&table.name));
    }
    // Of the events, that which the sites respond to most.
    let best = survey.responses.iter().max_by(|a, b| a.change().total_cmp(&b.change()));
    if let Some(best) = best.filter(|best| best.column != "start_time" && best.change() > RESPONDS) {
        command += &format!(" --align {}", quoted(&best.column));
    }
    let is_factor = |column: &&ColumnSummary| {
        let is_time = column.name.ends_with("_time") || column.name == "id";
        let is_whole = column.values.iter().all(|level| !matches!(level, Level::Number(value) if !value.is_finite()));
        !is_time
            && is_whole
            && column.n_distinct.is_some_and(|n| (2..=MAX_LEVELS).contains(&n) && n * 2 <= table.n_rows)
    };
    for column in table.columns.iter().filter(is_factor) {
        command += &format!(" --factor {}", quoted(&column.name));
    }
    if survey.sites.iter().any(|site| site.region.is_empty()) {
        command += " --drop-unknown";
    }
    // Of movies in files beside, the one that could be opened.
    let can_be_read =
        |info: &SeriesInfo| info.external.is_empty() || preview.is_some_and(|first| first.path == info.path);
    if let Some(movie) = summary.stimuli.iter().find(|info| can_be_read(info) && info.clock != SeriesClock::Unsaid) {
        command += &format!(" --video {}", quoted(&movie.path));
    }
    command
}
