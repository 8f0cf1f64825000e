//! A report on disk: `report.json`, and `report/` with the page, the figures and their numbers.
//!
//! Everything is made under temporary names and renamed at the end, so a reader never sees half a report, and an earlier
//! report stays until its successor is whole.

use crate::figures::{Figure, figures};
use crate::page::{file_stem, page};
use crate::schema::{SCHEMA_VERSION, Study};
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

/// Writes `report.json` and `report/{index.html, figures/*.svg, tables/*.csv}` into a folder, which is made if need be.
///
/// `provenance` is shown on the page and not written: the run folder holds it already. Equal studies give equal bytes in
/// everything but the page's provenance.
///
/// # Errors
/// [`Error::Content`] where the study contradicts itself, [`Error::Io`] where the system refuses.
pub fn write_report(folder: &Path, study: &Study, provenance: &Provenance) -> Result<Written> {
    check(study)?;
    let all: Vec<Vec<Figure>> = study.reports.iter().map(figures).collect::<Result<_>>()?;
    let html = page(study, &all, provenance)?;
    let mut json = serde_json::to_string_pretty(study).map_err(|error| Error::Draw(error.to_string()))?;
    json.push('\n');

    let (part, old, report) = (folder.join("report.part"), folder.join("report.old"), folder.join("report"));
    remove(&part)?;
    for name in ["figures", "tables"] {
        let path = part.join(name);
        fs::create_dir_all(&path).map_err(|error| Error::io(&path, "make a folder", error))?;
    }
    put(&part.join("index.html"), &html)?;
    for (part_idx, (figures, report)) in all.iter().zip(&study.reports).enumerate() {
        for figure in figures {
            let name = file_stem(part_idx, figure);
            let title = format!("{}: {}", report.title, figure.title);
            put(&part.join("figures").join(format!("{name}.svg")), &figure.sheet().document(&title))?;
            put(&part.join("tables").join(format!("{name}.csv")), &figure.table.csv())?;
        }
    }
    let json_path = folder.join("report.json");
    let json_part = folder.join("report.json.part");
    put(&json_part, &json)?;
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

fn put(path: &Path, text: &str) -> Result<()> {
    let write = || {
        let mut file = fs::File::create(path)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
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
