//! MATLAB files with sessions of Siegel et al. (2015), the data of the paper, where the configuration says that they are.

use super::source::LoadedRecording;
use crate::config::{BinsConfig, Given, defaults as d};
use crate::{Error, Result};
use spikereel_data::BinGrid;
use spikereel_formats::{SiegelOptions, read_siegel2015};
use std::path::Path;

/// True for files that are read so: MATLAB's, without a sidecar beside them.
pub fn is_session(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("mat")) && !path.with_extension("toml").exists()
}

/// Reads sessions, all in the same bins.
pub struct Reader {
    /// What is read.
    pub options: SiegelOptions,
    grid: BinGrid,
}

impl Reader {
    /// A reader, where the configuration has a table `[siegel]`. Bins are the paper's where none are given.
    ///
    /// # Errors
    /// Unknown keys, values of another type, bins that are none.
    pub fn new(given: &Given) -> Result<Option<Self>> {
        let Some(table) = &given.siegel else { return Ok(None) };
        let options = toml::from_str(&table.to_string()).map_err(|error| Error::Toml {
            place: "settings of sessions of Siegel et al., `[siegel]`".into(),
            message: error.to_string().trim_end().into(),
        })?;
        let width_secs = given.bins.width_secs.unwrap_or(d::BIN_WIDTH_SECS);
        let grid = BinsConfig {
            start_secs: given.bins.start_secs.unwrap_or(d::PAPER_BIN_START_SECS),
            width_secs,
            step_secs: given.bins.step_secs.unwrap_or(width_secs),
            n_bins: given.bins.n_bins.unwrap_or(d::PAPER_N_BINS),
        };
        Ok(Some(Self { options, grid: grid.grid()? }))
    }

    /// Reads one session.
    ///
    /// # Errors
    /// What is wrong with it, by file and variable.
    pub fn read(&self, path: &Path) -> Result<LoadedRecording> {
        let (recording, extras) = read_siegel2015(path, &self.options, &self.grid)?;
        Ok(LoadedRecording { recording, extras })
    }
}
