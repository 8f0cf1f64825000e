//! A report on disk: `report.json`, and `report/` with the page, the figures and their numbers.
//!
//! Everything is made under temporary names and renamed at the end, so a reader never sees half a report, and an earlier
//! report stays until its successor is whole.

use crate::figures::{Figure, SectionFigure, figures, section_figures, table_numbers};
use crate::movie::movie_of;
use crate::page::{file_stem, movie_file, page, table_stem};
use crate::pdf::pdf;
use crate::schema::{SCHEMA_VERSION, Section, Study};
use crate::svg::Svg;
use crate::{Error, Provenance, Result, check};
use spikereel_data::DataError;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a report was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `report.json`.
    pub json: PathBuf,
    /// `report/index.html`.
    pub page: PathBuf,
}

/// Writes `report.json` and `report/{index.html, figures/*.svg and *.pdf, tables/*.csv, videos/*.png}` into a folder, which is made if need be.
///
/// `provenance` is shown on the page and not written: the run folder holds it already. Equal studies give equal bytes in
/// everything but the page's provenance.
///
/// # Errors
/// [`Error::Content`] where the study contradicts itself, [`Error::Io`] where the system refuses.
pub fn write_report(folder: &Path, study: &Study, provenance: &Provenance) -> Result<Written> {
    check(study)?;
    let all: Vec<Vec<Figure>> = study.reports.iter().map(figures).collect::<Result<_>>()?;
    let charts: Vec<Vec<SectionFigure>> = study.sections.iter().map(section_figures).collect();
    let html = page(study, &all, &charts, provenance)?;
    let mut json = serde_json::to_string_pretty(study).map_err(|error| Error::Draw(error.to_string()))?;
    json.push('\n');

    let (part, old, report) = (folder.join("report.part"), folder.join("report.old"), folder.join("report"));
    remove(&part)?;
    for name in ["figures", "tables", "videos"] {
        let path = part.join(name);
        fs::create_dir_all(&path).map_err(|error| Error::io(&path, "make a folder", error))?;
    }
    put(&part.join("index.html"), html.as_bytes())?;
    for (part_idx, (figures, report)) in all.iter().zip(&study.reports).enumerate() {
        for figure in figures {
            let name = file_stem(part_idx, figure);
            put_drawing(&part, &name, &figure.sheet(), &format!("{}: {}", report.title, figure.title))?;
            put(&part.join("tables").join(format!("{name}.csv")), figure.table.csv().as_bytes())?;
        }
        if let Some(movie) = report.videos.as_ref().map(movie_of).transpose()?.flatten() {
            put(&part.join(movie_file(part_idx)), &movie)?;
        }
    }
    for (section, figures) in study.sections.iter().zip(&charts) {
        put_section(&part, section, figures)?;
    }
    let json_path = folder.join("report.json");
    let json_part = folder.join("report.json.part");
    put(&json_part, json.as_bytes())?;
    remove(&old)?;
    if report.exists() {
        fs::rename(&report, &old).map_err(|error| Error::io(&report, "set the earlier report aside", error))?;
    }
    fs::rename(&part, &report).map_err(|error| Error::io(&report, "rename it", error))?;
    fs::rename(&json_part, &json_path).map_err(|error| Error::io(&json_path, "rename it", error))?;
    remove(&old)?;
    Ok(Written { json: json_path, page: report.join("index.html") })
}

/// Reads a `report.json` and checks it.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::Content`] where it is of another version, has unknown or missing
/// fields, or contradicts itself.
pub fn read_report(path: &Path) -> Result<Study> {
    let bytes = fs::read(path).map_err(|error| Error::io(path, "read it", error))?;
    parse(&bytes).map_err(|error| match error {
        Error::Content(error) => Error::from(error.at(path.display().to_string())),
        other => other,
    })
}

fn parse(bytes: &[u8]) -> Result<Study> {
    /// The version alone, looked at first: a file of another version has other fields.
    #[derive(serde::Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let fault = |error: serde_json::Error| DataError::new("content", "a report of spikereel", error.to_string());
    let version = serde_json::from_slice::<Version>(bytes).map_err(fault)?.schema_version;
    if version != SCHEMA_VERSION {
        return Err(DataError::new("schema_version", SCHEMA_VERSION.to_string(), version.to_string())
            .hint("read it with the version of spikereel that wrote it")
            .into());
    }
    let study: Study = serde_json::from_slice(bytes).map_err(fault)?;
    check(&study)?;
    Ok(study)
}

/// The files of a section: each figure, each panel of it where there are several, the numbers of each panel, each table.
fn put_section(part: &Path, section: &Section, figures: &[SectionFigure]) -> Result<()> {
    let tables = part.join("tables");
    for figure in figures.iter().filter(|figure| !figure.panels.is_empty()) {
        let title = format!("{}: {}", section.title, figure.title);
        put_drawing(part, &figure.slug, &figure.sheet(), &title)?;
        for (panel_idx, (panel, table)) in figure.panels.iter().zip(&figure.tables).enumerate() {
            let stem = figure.panel_stem(panel_idx);
            if figure.panels.len() > 1 {
                put_drawing(part, &stem, &panel.svg, &format!("{title}: {}", panel.title))?;
            }
            put(&tables.join(format!("{stem}.csv")), table.csv().as_bytes())?;
        }
    }
    for table in &section.tables {
        let path = tables.join(format!("{}.csv", table_stem(section, table)));
        put(&path, table_numbers(table).csv().as_bytes())?;
    }
    Ok(())
}

/// A drawing as SVG and as PDF.
fn put_drawing(part: &Path, stem: &str, svg: &Svg, title: &str) -> Result<()> {
    let figures = part.join("figures");
    put(&figures.join(format!("{stem}.svg")), svg.document(title).as_bytes())?;
    put(&figures.join(format!("{stem}.pdf")), &pdf(svg, title)?)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = fs::File::create(path)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    };
    write().map_err(|error| Error::io(path, "write it", error))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(folder, "remove what an earlier try left", error))
        }
        _ => Ok(()),
    }
}
