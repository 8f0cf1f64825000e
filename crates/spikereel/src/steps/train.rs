//! `train`: a configuration in, a run folder with one decoder per fold and network out.

use super::fits::Fits;
use super::{network, prepare, source};
use crate::config::{Given, Resolved, resolve};
use crate::progress::Progress;
use crate::provenance;
use crate::run_folder::{RunFolder, write_json};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_data::Fold;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Losses of one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochLosses {
    /// Mean over training batches.
    pub train: f64,
    /// Mean over validation trials, where there are any.
    pub validation: Option<f64>,
}

/// `curve.json`: the learning curve of one decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Epochs in order.
    pub epochs: Vec<EpochLosses>,
    /// Epoch, from 1, of the smallest validation loss.
    pub best_epoch: Option<usize>,
    /// Whether the stored weights are those of the best epoch, or of the last.
    pub uses_best: bool,
    /// Trainable values of the network.
    pub n_parameters: usize,
}

/// One trained decoder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainedFit {
    /// Fold.
    pub fold_idx: usize,
    /// Network of the fold.
    pub network_idx: usize,
    /// Epochs run.
    pub n_epochs: usize,
    /// Epoch, from 1, of the smallest validation loss.
    pub best_epoch: Option<usize>,
    /// Training loss of the last epoch.
    pub train_loss: f64,
    /// Smallest validation loss.
    pub validation_loss: Option<f64>,
}

/// What `train` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trained {
    /// The run's folder.
    pub run: PathBuf,
    /// Its decoders.
    pub fits: Vec<TrainedFit>,
}

/// Trains; `out` is a new folder, by default the next of `runs/train-1`, `runs/train-2`, ...
///
/// # Errors
/// What is wrong with configuration or data, a folder that exists, divergence, an I/O error.
pub fn train(given: Given, out: Option<&Path>, progress: &dyn Progress) -> Result<Trained> {
    let began = Instant::now();
    let loaded = source::load(&given, progress)?;
    let mut config = resolve(given, &loaded.facts()?)?;
    config.precision = config.precision.settled();
    let run = match out {
        Some(path) => RunFolder::create(path)?,
        None => RunFolder::create_numbered(Path::new("runs"), "train")?,
    };
    run.write_text("config.toml", &config.to_toml()?)?;
    run.write_json("provenance.json", &provenance::of_this_process(config.seed, config.precision, loaded.inputs()))?;
    run.event("began", &"train")?;
    let folder = source::dataset_folder_of(run.path(), &config);
    if config.data.dataset.is_none() {
        prepare::prepare_into(&config, loaded, &folder, progress)?;
    }
    let fits = train_folds(&run, &config, &folder, progress)?;
    run.event("done", &"train")?;
    provenance::record_step(&run, "train", began.elapsed().as_secs_f64())?;
    Ok(Trained { run: run.path().to_path_buf(), fits })
}

fn train_folds(run: &RunFolder, config: &Resolved, folder: &Path, progress: &dyn Progress) -> Result<Vec<TrainedFit>> {
    let stored = source::read_dataset(folder)?;
    let (dataset, splits) = (Arc::new(stored.dataset), stored.splits);
    let places = Fits { n_folds: splits.len(), n_networks: config.n_network_seeds };
    let mut fits = Vec::new();
    for which in places.all() {
        let split = splits[which.fold_idx].clone();
        let fold = Fold::new(dataset.clone(), split, config.standardise.kind)?;
        if which.network_idx == 0 {
            places.save_fold(run.path(), which.fold_idx, &fold)?;
        }
        let name = match (places.n_folds, places.n_networks) {
            (1, 1) => "training".to_string(),
            (_, 1) => format!("training fold {} of {}", which.fold_idx + 1, places.n_folds),
            (1, n) => format!("training network {} of {n}", which.network_idx + 1),
            (folds, n) => {
                format!("training fold {} of {folds}, network {} of {n}", which.fold_idx + 1, which.network_idx + 1)
            }
        };
        let (decoder, curve) = network::train(&fold, config, places.seed(config.seed, which), &name, progress)?;
        let place = places.folder(run.path(), which);
        std::fs::create_dir_all(&place).map_err(|error| Error::io(&place, "make a folder", error))?;
        decoder.save(&place.join("weights.safetensors"))?;
        write_json(&place.join("curve.json"), &curve)?;
        run.event("trained", &which)?;
        fits.push(TrainedFit {
            fold_idx: which.fold_idx,
            network_idx: which.network_idx,
            n_epochs: curve.epochs.len(),
            best_epoch: curve.best_epoch,
            train_loss: curve.epochs.last().map_or(f64::NAN, |epoch| epoch.train),
            validation_loss: curve.epochs.iter().filter_map(|epoch| epoch.validation).min_by(f64::total_cmp),
        });
    }
    Ok(fits)
}
