//! Whether a report agrees with itself, checked before it is written and after it is read.
//!
//! Lengths, references and finite numbers; never whether a number is right.

pub(crate) mod section;

use crate::schema::{MaskingTable, Planted, Report, SCHEMA_VERSION, ScoreTable, Study, Videos};
use crate::sheet::decode_sheet;
use crate::{Error, Result};
use spikereel_data::DataError;

/// Refuses a study whose parts do not fit together.
///
/// # Errors
/// [`Error::Content`] with the field, what was expected and what was found.
pub fn check(study: &Study) -> Result<()> {
    expect_equal("schema_version", SCHEMA_VERSION as usize, study.schema_version as usize)?;
    if study.reports.is_empty() && study.sections.is_empty() {
        return Err(fault("reports", "at least one, or else a section in `sections`", "none of either"));
    }
    if let Some(counts) = study.studies {
        let n_known = counts.n_done.saturating_add(counts.n_failed).saturating_add(counts.n_missing);
        expect_equal("studies.n_planned (done + failed + missing)", n_known, counts.n_planned)?;
    }
    for (idx, report) in study.reports.iter().enumerate() {
        check_report(report).map_err(|error| match error {
            Error::Content(error) => Error::from(error.at(format!("report.json, reports[{idx}]"))),
            other => other,
        })?;
    }
    section::check_sections(&study.sections).map_err(|error| match error {
        Error::Content(error) => Error::from(error.at("report.json")),
        other => other,
    })?;
    let value = serde_json::to_value(study).map_err(|error| Error::Draw(error.to_string()))?;
    // A number that is not finite becomes `null`, which only optional fields read back.
    serde_json::from_value::<Study>(value)
        .map(|_| ())
        .map_err(|error| fault("number", "a finite number in every field that is not optional", error.to_string()))
}

fn check_report(report: &Report) -> Result<()> {
    let fits = &report.fits;
    let n_known = fits.n_done.saturating_add(fits.n_failed).saturating_add(fits.n_missing);
    expect_equal("fits.n_planned (done + failed + missing)", n_known, fits.n_planned)?;
    for curve in &report.curves {
        if let Some(kept) = curve.kept_epoch
            && !curve.epochs.iter().any(|epoch| epoch.epoch == kept)
        {
            return Err(fault("curves.kept_epoch", "an epoch of the curve", kept.to_string()));
        }
    }
    report.scores.iter().try_for_each(check_scores)?;
    if let Some(masking) = &report.masking {
        check_masking(masking)?;
    }
    if let Some(planted) = &report.planted {
        check_planted(planted)?;
    }
    report.videos.as_ref().map_or(Ok(()), check_videos)
}

fn check_scores(table: &ScoreTable) -> Result<()> {
    let n = table.metrics.len();
    for row in &table.rows {
        expect_equal(&format!("scores `{}`, row `{}`: cells", table.title, row.label), n, row.cells.len())?;
    }
    for row in &table.conditions {
        expect_equal(&format!("scores `{}`, condition `{}`: values", table.title, row.condition), n, row.values.len())?;
    }
    Ok(())
}

fn check_masking(masking: &MaskingTable) -> Result<()> {
    expect_equal("masking.cells: rows, one a feature", masking.features.len(), masking.cells.len())?;
    masking
        .cells
        .iter()
        .try_for_each(|row| expect_equal("masking.cells: columns, one a region", masking.regions.len(), row.len()))
}

fn check_planted(planted: &Planted) -> Result<()> {
    let n = planted.regions.len();
    for feature in &planted.features {
        let at = format!("planted `{}`", feature.feature);
        expect_equal(&format!("{at}: drop_when_left_out"), n, feature.drop_when_left_out.len())?;
        expect_equal(&format!("{at}: shapley"), n, feature.shapley.len())?;
        if feature.top_region_idx >= n {
            return Err(fault(
                &format!("{at}: top_region_idx"),
                format!("below {n}"),
                feature.top_region_idx.to_string(),
            ));
        }
    }
    Ok(())
}

fn check_videos(videos: &Videos) -> Result<()> {
    if videos.n_frames == 0 || videos.tracks.is_empty() || videos.frame_rate_hz.is_nan() || videos.frame_rate_hz <= 0.0
    {
        let got = format!("{} frames, {} tracks, {} Hz", videos.n_frames, videos.tracks.len(), videos.frame_rate_hz);
        return Err(fault("videos", "frames, tracks and a frame rate above 0", got));
    }
    if !videos.phases.is_empty() {
        let n_frames = videos.phases.iter().fold(0_usize, |n, phase| n.saturating_add(phase.n_frames));
        expect_equal("videos.phases: frames together", videos.n_frames, n_frames)?;
    }
    for clip in &videos.clips {
        expect_equal(&format!("clip `{}`: sheets, one a track", clip.label), videos.tracks.len(), clip.sheets.len())?;
        for sheet in &clip.sheets {
            let sheet = decode_sheet(sheet, videos.n_frames)?;
            expect_equal(&format!("clip `{}`: frame height", clip.label), videos.height, sheet.height)?;
            expect_equal(&format!("clip `{}`: frame width", clip.label), videos.width, sheet.width)?;
        }
    }
    Ok(())
}

fn expect_equal(field: &str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(fault(field, expected.to_string(), got.to_string())) }
}

fn fault(field: &str, expected: impl Into<String>, got: impl Into<String>) -> Error {
    DataError::new(field, expected.into(), got.into()).into()
}
