//! A recording from one session's file.

use super::options::SiegelOptions;
use super::spikes::{Times, check_grid};
use super::table::Table;
use super::{sites, trials};
use crate::files::InputFile;
use crate::read::matlab::{MatFile, MatValue};
use crate::read::sites::check_name;
use crate::read::{RecordingExtras, VideoGenerator, VideoSource};
use crate::{FormatError, Result};
use spikereel_data::{BinGrid, DataError, Recording, RecordingParts, Spikes};
use std::path::Path;

/// What to cite.
const CITATION: &str = "Siegel, M., Buschman, T. J. & Miller, E. K. (2015). Cortical information flow during flexible sensorimotor \
                        decisions. Science 348, 1352-1355. doi:10.1126/science.aab0551";

/// Reads a session: counts of spikes `[trial, bin, site]` in the bins of `grid`, half-open `left <= t < right` in seconds from stimulus
/// onset; units as sites in the regions that the file names; conditions of the paper.
///
/// Files of level 5 and version 7.3 read alike. Videos are those of the paper's generator.
///
/// # Errors
/// Names the file, the variable or column, what was expected, what was found and what to do.
///
/// # References
/// Siegel, Buschman & Miller (2015), Science 348, 1352.
pub fn read_siegel2015(path: &Path, options: &SiegelOptions, grid: &BinGrid) -> Result<(Recording, RecordingExtras)> {
    let data = |error| FormatError::data(path, error);
    let session = match &options.session {
        Some(session) => session.clone(),
        None => path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    check_name("session", &session, || "the options".into()).map_err(data)?;
    let [from, to] = options.epoch_secs;
    if !(from.is_finite() && to.is_finite() && from < to) {
        let got = format!("{:?}", options.epoch_secs);
        return Err(data(DataError::new("epoch_secs", "two finite times, the first below the second", got)));
    }
    check_grid(grid, options.epoch_secs).map_err(data)?;
    let mut file = MatFile::open(path)?;
    let spike_times = file.read(&options.spike_times)?;
    let times = Times::of(&options.spike_times, &spike_times).map_err(data)?;
    let unit_info = variable(&mut file, &options.sites.table)?;
    let unit_table = Table::find(&options.sites.table, &unit_info).map_err(data)?;
    let sites = sites::read(&unit_table, &options.sites, &session, times.n_columns).map_err(data)?;
    let trial_info = variable(&mut file, &options.trials.table)?;
    let trial_table = Table::find(&options.trials.table, &trial_info).map_err(data)?;
    let trials = trials::read(&trial_table, &options.trials, times.n_rows).map_err(data)?;
    if trials.conditions.len() == 1 {
        let got = format!("one, `{}`, in all {} trials", trials.conditions.label(0), trials.spike_rows.len());
        let error = DataError::new("trials.factors", "at least two conditions", got);
        return Err(data(error.hint("one condition leaves nothing to decode")));
    }
    if sites.sites.is_empty() {
        let got = format!("none of {}", times.n_columns);
        return Err(data(
            DataError::new("sites", "at least one that is kept", got).hint("loosen `only` or `drop_regions`"),
        ));
    }
    let counted = times.count(&options.spike_times, &trials.spike_rows, &sites.columns, grid, options.epoch_secs);
    let counted = counted.map_err(data)?;
    let mut remarks = trials.remarks;
    if counted.n_outside > 0 {
        remarks.push(format!("{} spikes lie outside of the epoch from {from} to {to} s", counted.n_outside));
    }
    let parts = RecordingParts {
        session,
        sites: sites.sites,
        conditions: trials.conditions,
        condition_of_trial: trials.condition_of_trial,
        spikes: Spikes::Counts(counted.counts, *grid),
        covariates: trials.covariates,
        truth: None,
    };
    let recording = Recording::new(parts).map_err(data)?;
    let extras = RecordingExtras {
        video: VideoSource::Generator { generator: VideoGenerator::Paper, timeline: None },
        license: None,
        citations: vec![CITATION.into()],
        remarks,
        n_dropped_sites: sites.n_dropped,
        inputs: vec![InputFile::of(path)?],
    };
    Ok((recording, extras))
}

/// The variable that a path of fields begins with.
fn variable(file: &mut MatFile, path: &str) -> Result<MatValue> {
    file.read(path.split('.').next().unwrap_or_default())
}
