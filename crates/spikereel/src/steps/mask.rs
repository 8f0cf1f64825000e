//! `mask`: each region of a run's decoders set to 0 in turn, and what that costs every feature, tested.

use super::open_run::OpenRun;
use super::readouts;
use crate::progress::Progress;
use crate::{Error, Result};
use serde::Serialize;
use spikereel_analysis::study::{MaskingCell, MaskingOptions, MaskingRun, MaskingTable, masking_study};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, Decoder, Fold};
use std::path::{Path, PathBuf};

/// The file of masking in a run's folder.
pub const MASKING: &str = "masking.json";

/// One region and one feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskedLine {
    /// The masked region.
    pub region: String,
    /// Feature and score.
    pub score: String,
    /// How much worse the score became.
    pub harm: f64,
    /// One-sided p, corrected over regions.
    pub p_corrected: f64,
    /// Whether it is below the run's level.
    pub is_found: bool,
}

/// What `mask` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Masked {
    /// The run.
    pub run: PathBuf,
    /// Regions within features.
    pub rows: Vec<MaskedLine>,
    /// What was planted beside what was found; empty for real recordings.
    pub planted: Vec<String>,
}

/// Masks every region of every decoder of a run and stores `masking.json`.
///
/// # Errors
/// A run that is not trained to its end, one whose videos have no feature to read, or another process in it.
pub fn mask(run: &Path, progress: &dyn Progress) -> Result<Masked> {
    let run = OpenRun::open(run, "mask", progress)?;
    let table = table(&run, progress)?;
    run.folder.write_json(MASKING, &table)?;
    let path = run.folder.path().to_path_buf();
    run.finish()?;
    Ok(Masked { run: path, rows: lines(&table), planted: planted(&table) })
}

/// Computes what [`mask`] stores.
///
/// # Errors
/// As [`mask`].
pub fn table(run: &OpenRun, progress: &dyn Progress) -> Result<MaskingTable> {
    let readouts = readouts::readouts(&run.config.stimulus, &run.dataset)?;
    if readouts.is_empty() {
        return Err(DataError::new("features", "at least one that can be read from the videos", "none")
            .hint("name the factors cue, color and direction, or contrast_left and contrast_right")
            .at(run.folder.path().display().to_string())
            .into());
    }
    let folds: Vec<Fold> = (0..run.fits.n_folds).map(|fold_idx| run.fold(fold_idx)).collect::<Result<_>>()?;
    let mut decoders: Vec<(String, usize, Box<dyn Decoder>)> = Vec::new();
    for which in run.fits.all() {
        decoders.push((format!("seed{}", which.network_idx), which.fold_idx, run.decoder(which)?));
    }
    let runs: Vec<MaskingRun<'_>> = decoders
        .iter()
        .map(|(network, fold_idx, decoder)| MaskingRun { network, decoder: decoder.as_ref(), fold: &folds[*fold_idx] })
        .collect();
    let options = MaskingOptions {
        alpha: run.config.masking.alpha,
        n_replicates: run.config.masking.n_bootstrap,
        seed: derive_seed(run.config.seed, "masking"),
        ..MaskingOptions::default()
    };
    let total = runs.len() * (run.dataset.regions().len() + 1);
    let task = progress.begin("masking", total as u64, "decoding");
    Ok(masking_study(&runs, &readouts, &options, &mut |_, _| task.advance(1))?)
}

fn lines(table: &MaskingTable) -> Vec<MaskedLine> {
    let line = |cell: &MaskingCell| MaskedLine {
        region: cell.region.to_string(),
        score: format!("{} {}", cell.feature, cell.primary.kind.name),
        harm: cell.primary.harm,
        p_corrected: cell.primary.p_corrected,
        is_found: cell.primary.harm > 0.0 && cell.primary.p_corrected < table.alpha,
    };
    table.features.iter().flat_map(|feature| table.feature_cells(feature)).map(line).collect()
}

fn planted(table: &MaskingTable) -> Vec<String> {
    let line = |planted: &spikereel_analysis::study::PlantedComparison| {
        let found = planted.found_top.as_ref().map_or_else(|| "none".to_string(), ToString::to_string);
        let word = if planted.found_is_significant { "significant" } else { "not significant" };
        format!("{}: planted top region {}, found {found} ({word})", planted.feature, planted.planted_top)
    };
    table.planted.iter().map(line).collect()
}

/// The masking of a run, where it was done.
///
/// # Errors
/// A damaged file.
pub fn stored(run: &Path) -> Result<Option<MaskingTable>> {
    let path = run.join(MASKING);
    if !path.is_file() {
        return Ok(None);
    }
    let table: Result<MaskingTable> = crate::run_folder::read_json(&path);
    table.map(Some).map_err(|error| match error {
        Error::Data(error) => Error::Data(error.hint("mask the run again")),
        other => other,
    })
}
