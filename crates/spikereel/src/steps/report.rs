//! `report`: what a run's steps stored, put together as `report.json` and its page. Nothing is computed anew but audits and words.

use super::compose::{self, Stored};
use super::open_run::OpenRun;
use super::{evaluate, mask};
use crate::Result;
use crate::config::choices::Precision;
use crate::progress::Progress;
use crate::provenance::{self, Provenance};
use crate::run_folder::{RunFolder, read_json};
use serde::Serialize;
use spikereel_report::schema::{Report, SCHEMA_VERSION, Section, Study, StudyCounts};
use spikereel_report::write_report;
use std::path::{Path, PathBuf};

/// What `report` wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reported {
    /// `report.json`.
    pub json: PathBuf,
    /// The page.
    pub page: PathBuf,
    /// The main findings in words.
    pub findings: Vec<String>,
}

/// Makes the report of one run, inside it.
///
/// # Errors
/// A run that was not evaluated, a damaged file, another process in it.
pub fn report(run: &Path, progress: &dyn Progress) -> Result<Reported> {
    report_with(run, Studied::default(), progress)
}

/// Studies that stand beside a run's scores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Studied {
    /// Those that are done.
    pub sections: Vec<Section>,
    /// A note on each that is not.
    pub notes: Vec<String>,
    /// Planned, done, failed, missing; `None` where none were planned.
    pub counts: Option<StudyCounts>,
}

/// The same, with studies, and a note on each that is missing.
///
/// # Errors
/// As [`report`].
pub fn report_with(run: &Path, studied: Studied, progress: &dyn Progress) -> Result<Reported> {
    let open = OpenRun::open(run, "report", progress)?;
    let task = progress.begin("reporting", 2, "step");
    let study = composed(&open, studied)?;
    task.advance(1);
    let findings = study.reports.first().map_or_else(Vec::new, |part| part.findings.clone());
    let written = write_report(open.folder.path(), &study, &provenance::read(open.folder.path())?)?;
    task.advance(1);
    open.finish()?;
    Ok(Reported { json: written.json, page: written.page, findings })
}

/// Puts together what [`report_with`] writes.
///
/// # Errors
/// As [`report`].
pub fn composed(open: &OpenRun, studied: Studied) -> Result<Study> {
    let (mut part, audit) = part(open, None)?;
    part.caveats.extend(studied.notes);
    let sections = [vec![audit], studied.sections].concat();
    let title = part.title.clone();
    Ok(Study { sections, studies: studied.counts, ..study(&title, vec![part]) })
}

/// Makes one page of several runs, in a folder of its own; three findings are chosen: what is decoded from the first run, through which
/// regions, and what the last run says of the method.
///
/// # Errors
/// As [`report`].
pub fn report_of(runs: &[PathBuf], title: &str, folder: &RunFolder, progress: &dyn Progress) -> Result<Reported> {
    let task = progress.begin("reporting", runs.len() as u64 + 1, "part");
    let (mut parts, mut sections) = (Vec::new(), Vec::new());
    let mut together: Option<Provenance> = None;
    for run in runs {
        let open = OpenRun::open(run, "report", progress)?;
        let name = run.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let (part, audit) = part(&open, Some(&name))?;
        parts.push(part);
        sections.push(audit);
        open.finish()?;
        let own = provenance::read(run)?;
        let named = own.step_secs.iter().map(|(step, secs)| (format!("{name}: {step}"), *secs)).collect();
        match &mut together {
            None => together = Some(Provenance { step_secs: named, ..own }),
            Some(all) => {
                all.step_secs.extend::<Vec<_>>(named);
                all.inputs.extend(own.inputs);
                all.peak_memory_bytes = all.peak_memory_bytes.max(own.peak_memory_bytes);
            }
        }
        task.advance(1);
    }
    let findings = [parts.first().map(|part| &part.findings[..2]), parts.last().map(|part| &part.findings[2..])];
    let findings = findings.into_iter().flatten().flatten().cloned().collect();
    let provenance = together.unwrap_or_else(|| provenance::of_this_process(0, Precision::default(), Vec::new()));
    folder.write_json("provenance.json", &provenance)?;
    let written = write_report(folder.path(), &Study { sections, ..study(title, parts) }, &provenance)?;
    task.advance(1);
    Ok(Reported { json: written.json, page: written.page, findings })
}

/// The report of one run, and the audit of its data.
fn part(open: &OpenRun, of: Option<&str>) -> Result<(Report, Section)> {
    let run = open.folder.path();
    let folds = (0..open.fits.n_folds).map(|fold_idx| open.fold(fold_idx)).collect::<Result<Vec<_>>>()?;
    let mut curves = Vec::new();
    for which in open.fits.all() {
        let path = open.fits.folder(run, which).join("curve.json");
        // A fit that was never made has no curve; it is counted as missing and shown as such.
        let curve = if path.is_file() { Some(read_json(&path)?) } else { None };
        curves.push((which, curve));
    }
    let about_path = super::source::dataset_folder_of(run, &open.config).join(super::prepare::ABOUT);
    let stored = Stored {
        config: &open.config,
        dataset: &open.dataset,
        folds: &folds,
        curves,
        about: if about_path.is_file() { read_json(&about_path)? } else { super::prepare::About::default() },
        scores: evaluate::stored(run)?,
        masking: mask::stored(run)?,
    };
    Ok((compose::report(&stored), compose::audit(&open.dataset, &folds, of)))
}

fn study(title: &str, reports: Vec<Report>) -> Study {
    Study {
        schema_version: SCHEMA_VERSION,
        title: title.into(),
        summary:
            "Video decoded from spikes, scored beside baselines and noise, and asked region by region what it rests on."
                .into(),
        reports,
        studies: None,
        sections: Vec::new(),
    }
}
