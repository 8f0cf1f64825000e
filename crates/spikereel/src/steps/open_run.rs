//! A run that was trained: its configuration, dataset, folds and decoders, opened again by every later step.

use super::fits::{Fits, WhichDecoder};
use super::source;
use crate::config::{Given, Resolved, SourceFacts, resolve};
use crate::progress::Progress;
use crate::provenance;
use crate::run_folder::RunFolder;
use crate::{Error, Result};
use spikereel_data::{DataError, Dataset, Decoder, Fold};
use spikereel_nn::NetworkDecoder;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An opened run.
pub struct OpenRun {
    /// Its locked folder.
    pub folder: RunFolder,
    /// Its configuration, as stored.
    pub config: Resolved,
    /// Its dataset.
    pub dataset: Arc<Dataset>,
    /// Its decoders' places.
    pub fits: Fits,
    began: Instant,
    step: &'static str,
}

impl OpenRun {
    /// Opens a run for `step`.
    ///
    /// # Errors
    /// Where it is no run, another process works in it, or its files are missing or damaged.
    pub fn open(path: &Path, step: &'static str, progress: &dyn Progress) -> Result<Self> {
        let open = Self::of(RunFolder::open(path, progress)?, step)?;
        open.folder.event("began", &step)?;
        Ok(open)
    }

    /// Opens a run to read it: nothing is written into its folder but the lease, and that only where it can be.
    ///
    /// # Errors
    /// As [`OpenRun::open`].
    pub fn look(path: &Path, step: &'static str, progress: &dyn Progress) -> Result<Self> {
        Self::of(RunFolder::look(path, progress)?, step)
    }

    fn of(folder: RunFolder, step: &'static str) -> Result<Self> {
        let path = folder.path();
        let config = stored_config(path)?;
        let dataset_folder = source::dataset_folder_of(path, &config);
        let dataset = Arc::new(source::read_dataset(&dataset_folder)?.dataset);
        let fits = Fits { n_folds: config.split.n_folds, n_networks: config.n_network_seeds };
        Ok(Self { folder, config, dataset, fits, began: Instant::now(), step })
    }

    /// One fold, as it was split and standardised in training.
    ///
    /// # Errors
    /// A missing or damaged file.
    pub fn fold(&self, fold_idx: usize) -> Result<Fold> {
        self.fits.load_fold(self.folder.path(), fold_idx, self.dataset.clone())
    }

    /// One trained decoder.
    ///
    /// # Errors
    /// No such decoder, a missing or damaged weight file, or weights of another network.
    pub fn decoder(&self, which: WhichDecoder) -> Result<Box<dyn Decoder>> {
        Ok(Box::new(self.network(which)?))
    }

    /// The same, as the network that it is.
    ///
    /// # Errors
    /// As [`OpenRun::decoder`].
    pub fn network(&self, which: WhichDecoder) -> Result<NetworkDecoder> {
        if which.fold_idx >= self.fits.n_folds || which.network_idx >= self.fits.n_networks {
            let expected = format!("a fold below {} and a network below {}", self.fits.n_folds, self.fits.n_networks);
            let got = format!("fold {}, network {}", which.fold_idx, which.network_idx);
            return Err(DataError::new("decoder", expected, got).at(self.folder.path().display().to_string()).into());
        }
        let weights = self.fits.folder(self.folder.path(), which).join("weights.safetensors");
        if !weights.is_file() {
            return Err(DataError::new("weights.safetensors", "the weights of a finished training", "no such file")
                .hint("train again; this run stopped before its end")
                .at(weights.display().to_string())
                .into());
        }
        Ok(NetworkDecoder::load(&weights)?.in_precision(self.config.precision.of_engine()))
    }

    /// Notes that the step is done, how long it took and the peak of memory.
    ///
    /// # Errors
    /// An I/O error.
    pub fn finish(self) -> Result<()> {
        self.folder.event("done", &self.step)?;
        provenance::record_step(&self.folder, self.step, self.began.elapsed().as_secs_f64())
    }
}

/// Reads and checks the configuration stored in a run or beside a prepared dataset.
///
/// # Errors
/// A file that is missing, damaged or of another version.
pub fn stored_config(folder: &Path) -> Result<Resolved> {
    let path = folder.join("config.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, "read the configuration", error))?;
    // As given, then resolved: a file edited by hand is checked like any other.
    let given = Given::from_toml(&text, &path.display().to_string())?;
    let stored: Resolved = toml::from_str(&text).map_err(|error| Error::Toml {
        place: path.display().to_string(),
        message: error.to_string().trim_end().into(),
    })?;
    let facts = SourceFacts { prepared: Some(Box::new(stored)), ..SourceFacts::default() };
    Ok(resolve(given, &facts)?)
}
