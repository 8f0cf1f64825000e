//! The same as a page: tables, responses and the first frame of the stimulus.

use super::{EntryFacts, Look};
use crate::Result;
use crate::config::choices::Precision;
use crate::provenance::{self, InputFile};
use crate::run_folder::RunFolder;
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, PictureRow, SCHEMA_VERSION, Section, Series, Study,
    TableCell,
};
use spikereel_report::sheet::encode_sheet;
use spikereel_report::write_report;
use std::path::{Path, PathBuf};

/// Writes the page into a new folder and returns its path.
///
/// # Errors
/// A folder that exists, an I/O error.
pub(in crate::steps) fn write_page(look: &Look, folder: &Path) -> Result<PathBuf> {
    let folder = RunFolder::create(folder)?;
    let name = look.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let study = Study {
        studies: None,
        schema_version: SCHEMA_VERSION,
        title: format!("What {name} holds"),
        summary: format!(
            "{} of {}: {} sites, {} tables",
            look.format,
            size(look.n_bytes),
            look.n_sites,
            look.tables.len()
        ),
        reports: Vec::new(),
        sections: vec![section(look, &name)?],
    };
    let input = InputFile { name, sha256: provenance::sha256_of_file(&look.file)? };
    let provenance = provenance::of_this_process(0, Precision::default(), vec![input]);
    folder.write_json("provenance.json", &provenance)?;
    Ok(write_report(folder.path(), &study, &provenance)?.page)
}

fn section(look: &Look, name: &str) -> Result<Section> {
    let mut findings: Vec<String> = look.about.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    if let Some([from, to]) = look.range_secs {
        findings.push(format!("spikes from {from:.3} to {to:.3} s"));
    }
    findings.push(format!("to import it: {}", look.next));
    let mut tables = Vec::new();
    if !look.regions.is_empty() {
        tables.push(regions(look));
    }
    if !look.unit_columns.is_empty() {
        tables.push(entries("units", "Columns of units", &look.unit_columns));
    }
    for (at, table) in look.tables.iter().enumerate() {
        let title = match table.n_rows {
            Some(n_rows) => format!("{}, {n_rows} rows", table.name),
            None => table.name.clone(),
        };
        tables.push(entries(&format!("table-{}", at + 1), &title, &table.columns));
    }
    if !look.series.is_empty() {
        let rows = look.series.iter().map(|series| {
            let kind = if series.is_stimulus { "stimulus" } else { "covariate" };
            vec![text(&series.path), text(kind), text(&series.about)]
        });
        tables.push(table("series", "Series", &["path", "use", "what"], rows.collect()));
    }
    Ok(Section {
        slug: "inspect".into(),
        title: format!("{} of {}", look.format, size(look.n_bytes)),
        question: format!("What does {name} hold, and can it be decoded from?"),
        sizes: format!("{} sites, {} spikes", look.n_sites, look.n_spikes.unwrap_or(0)),
        findings,
        caveats: look.warnings.clone(),
        charts: charts(look)?,
        tables,
    })
}

/// A size in words.
pub fn size(n_bytes: u64) -> String {
    match n_bytes as f64 {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.1} MB", n / 1e6),
        n => format!("{:.1} kB", n / 1e3),
    }
}

fn text(value: &str) -> TableCell {
    TableCell::Text(value.into())
}

fn table(slug: &str, title: &str, columns: &[&str], rows: Vec<Vec<TableCell>>) -> DataTable {
    let columns = columns.iter().map(ToString::to_string).collect();
    DataTable { slug: slug.into(), title: title.into(), columns, rows }
}

fn entries(slug: &str, title: &str, entries: &[EntryFacts]) -> DataTable {
    let row = |entry: &EntryFacts| vec![text(&entry.name), text(&entry.kind), text(&entry.values)];
    table(slug, title, &["name", "holds", "values"], entries.iter().map(row).collect())
}

fn regions(look: &Look) -> DataTable {
    let row = |place: &super::PlaceFacts| {
        let region = if place.region.is_empty() { "(none)" } else { &place.region };
        vec![
            text(region),
            TableCell::Number(place.n_sites as f64),
            TableCell::Number(place.mean_rate_hz),
            TableCell::Number(place.n_silent_sites as f64),
        ]
    };
    let columns = ["region", "sites", "mean rate (Hz)", "silent sites"];
    table("regions", "Regions", &columns, look.regions.iter().map(row).collect())
}

fn charts(look: &Look) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    let axis = |label: &str| AxisSpec { label: label.into(), ..AxisSpec::default() };
    if !look.responses.is_empty() {
        let panel = |response: &super::ResponseFacts| {
            let width = response.left_secs.get(1).zip(response.left_secs.first()).map_or(0.0, |(b, a)| b - a);
            let series = Series {
                label: format!("{} events", response.n_events),
                x: response.left_secs.iter().map(|left| left + width / 2.0).collect(),
                y: response.rate_hz.iter().map(|rate| Some(*rate)).collect(),
                ..Series::default()
            };
            let x = AxisSpec { reference: Some(0.0), ..axis("Time from the event (s)") };
            let body = PanelBody::Lines { x, y: axis("Mean rate (Hz)"), series: vec![series], spans: Vec::new() };
            ChartPanel { title: response.column.clone(), body }
        };
        charts.push(Chart {
            slug: "responses".into(),
            title: "Mean rate around events".into(),
            reading: "Mean over events and sites. Where sites respond to what was shown, the rate changes after the event; a flat \
                      line says that the column is no event, or on another clock."
                .into(),
            panels: look.responses.iter().map(panel).collect(),
        });
    }
    if look.regions.len() > 1 {
        let row = |place: &super::PlaceFacts| IntervalRow {
            label: if place.region.is_empty() { "(none)".into() } else { place.region.clone() },
            estimate: Some(place.mean_rate_hz),
            filled: true,
            note: format!("{} sites", place.n_sites),
            ..IntervalRow::default()
        };
        charts.push(Chart {
            slug: "rates".into(),
            title: "Mean rate by region".into(),
            reading: "Spikes per second of the whole recording, mean over sites.".into(),
            panels: vec![ChartPanel {
                title: "Rates".into(),
                body: PanelBody::Intervals {
                    axis: axis("Mean rate (Hz)"),
                    rows: look.regions.iter().map(row).collect(),
                },
            }],
        });
    }
    if let Some(preview) = &look.preview {
        let sheet = encode_sheet(&preview.rgb, 1, preview.height, preview.width)?;
        let row = PictureRow { label: String::new(), pictures: vec![format!("data:image/png;base64,{sheet}")] };
        charts.push(Chart {
            slug: "preview".into(),
            title: "First frame of the stimulus".into(),
            reading: format!(
                "{}, {} rows of {} columns as stored. If it lies on its side, import with --transpose; if red and blue are changed, \
                 with --bgr.",
                preview.path, preview.height, preview.width
            ),
            panels: vec![ChartPanel {
                title: "Frame 0".into(),
                body: PanelBody::Pictures { rows: vec![row], columns: Vec::new() },
            }],
        });
    }
    Ok(charts)
}
