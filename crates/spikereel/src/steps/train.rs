//! `train`: a configuration in, a run folder with one decoder per fold and network out.

use super::fits::{Fits, WhichDecoder};
use super::going_on::{Standing, keep_instructions, same_run, standing};
use super::source::Loaded;
use super::together::{Leader, Together};
use super::training::{CHECKPOINTS, Keeping};
use super::{metrics, network, prepare, source};
use crate::Result;
use crate::config::{ConfigError, Given, Resolved, resolve};
use crate::progress::Progress;
use crate::provenance;
use crate::run_folder::{RunFolder, is_occupied, read_json, refuse_if_held, set_aside, write_json};
use serde::{Deserialize, Serialize};
use spikereel_data::Fold;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// The event of a decoder whose weights are stored.
pub const TRAINED: &str = "trained";

/// What that event says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedWeights {
    /// The decoder.
    #[serde(flatten)]
    pub which: WhichDecoder,
    /// SHA-256 of its file, hexadecimal.
    pub weights_sha256: String,
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

/// Trains; `out` is a new folder, by default the next of `runs/train-1`, `runs/train-2`, ... Where it holds an unfinished run of the same
/// settings, that one is gone on with, with the same bits as if it had never stopped; where it holds a finished one, nothing is done.
/// `fresh` sets aside what is there and begins anew. With a `leader`, every batch is shared with the processes it leads.
///
/// # Errors
/// What is wrong with configuration or data, a folder of something else or of other settings, divergence, an I/O error.
pub fn train(
    given: Given,
    out: Option<&Path>,
    fresh: bool,
    leader: Option<&Leader>,
    progress: &dyn Progress,
) -> Result<Trained> {
    let began = Instant::now();
    let standing =
        out.map_or(Ok(Standing::Nothing), |out| if fresh { Ok(Standing::Nothing) } else { standing(out) })?;
    let (run, config, loaded) = match (out, standing) {
        (Some(out), Standing::Unfinished | Standing::Trained) => go_on(given, out, standing, leader, progress)?,
        _ => begin(given, out, fresh, leader, progress)?,
    };
    let folder = source::dataset_folder_of(run.path(), &config);
    if config.data.dataset.is_none() && !folder.exists() {
        prepare::prepare_into(&config, loaded, &folder, progress)?;
    }
    let fits = train_folds(&run, &config, &folder, leader, progress)?;
    metrics::write(&run)?;
    if standing != Standing::Trained {
        run.event("done", &"train")?;
        provenance::record_step(&run, "train", began.elapsed().as_secs_f64())?;
    }
    Ok(Trained { run: run.path().to_path_buf(), fits })
}

fn begin(
    given: Given,
    out: Option<&Path>,
    fresh: bool,
    leader: Option<&Leader>,
    progress: &dyn Progress,
) -> Result<(RunFolder, Resolved, Loaded)> {
    if let Some(out) = out.filter(|_| !fresh) {
        // Whoever works there is told of before anything is read.
        refuse_if_held(out, progress)?;
    }
    let loaded = source::load(&given, progress)?;
    let mut config = resolve(given, &loaded.facts()?)?;
    config.precision = config.precision.settled();
    let run = match out {
        Some(path) => {
            if fresh && is_occupied(path)? {
                progress.say(&format!(
                    "{}: what was here is now {}",
                    path.display(),
                    set_aside(path, progress)?.display()
                ));
            }
            RunFolder::create(path)?
        }
        None => RunFolder::create_numbered(Path::new("runs"), "train")?,
    };
    run.write_text("config.toml", &config.to_toml()?)?;
    begin_provenance(&run, &config, &loaded, leader)?;
    run.event("began", &"train")?;
    Ok((run, config, loaded))
}

fn begin_provenance(run: &RunFolder, config: &Resolved, loaded: &Loaded, leader: Option<&Leader>) -> Result<()> {
    let of_process = provenance::of_this_process(config.seed, config.precision, loaded.inputs());
    let n_ranks = leader.map_or(1, Leader::n_ranks);
    run.write_json("provenance.json", &provenance::Provenance { n_ranks, ..of_process })
}

fn go_on(
    given: Given,
    out: &Path,
    standing: Standing,
    leader: Option<&Leader>,
    progress: &dyn Progress,
) -> Result<(RunFolder, Resolved, Loaded)> {
    let run = RunFolder::open(out, progress)?;
    keep_instructions(out)?;
    if standing == Standing::Unfinished {
        keep_ranks(out, leader)?;
    }
    let (config, loaded) = same_run(&run, given, progress)?;
    if !run.join("provenance.json").is_file() {
        begin_provenance(&run, &config, &loaded, leader)?;
    }
    if standing == Standing::Trained {
        progress.say(&format!("{}: this training is done already", out.display()));
    } else {
        progress.say(&format!("{}: going on where it stopped", out.display()));
        run.event("gone on with", &"train")?;
    }
    Ok((run, config, loaded))
}

/// Another number of processes is another training.
fn keep_ranks(out: &Path, leader: Option<&Leader>) -> Result<()> {
    if !out.join("provenance.json").is_file() {
        return Ok(());
    }
    let (stored, got) = (provenance::read(out)?.n_ranks, leader.map_or(1, Leader::n_ranks));
    if stored == got {
        return Ok(());
    }
    let expected = format!("{stored}, which {} was begun with", out.display());
    let hint = if stored == 1 { "go on without --mpi" } else { "start as many, with --mpi" };
    Err(ConfigError::new("processes that train together", expected, got.to_string()).hint(hint).into())
}

fn train_folds(
    run: &RunFolder,
    config: &Resolved,
    folder: &Path,
    leader: Option<&Leader>,
    progress: &dyn Progress,
) -> Result<Vec<TrainedFit>> {
    let stored = source::read_dataset(folder)?;
    let (dataset, splits) = (Arc::new(stored.dataset), stored.splits);
    let places = Fits { n_folds: splits.len(), n_networks: config.n_network_seeds };
    let told = metrics::told(run)?;
    let mut fits = Vec::new();
    for which in places.all() {
        let split = splits[which.fold_idx].clone();
        let fold = Fold::new(dataset.clone(), split, config.standardise.kind)?;
        let place = places.folder(run.path(), which);
        let (weights, curve_path) = (place.join("weights.safetensors"), place.join("curve.json"));
        if weights.is_file() && curve_path.is_file() {
            let curve: Curve = read_json(&curve_path)?;
            metrics::tell_again(run, &told, which, curve.epochs.len(), &place.join(CHECKPOINTS))?;
            fits.push(TrainedFit::of(which, &curve));
            continue;
        }
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
        let keeping = Keeping {
            folder: place.join(CHECKPOINTS),
            every: Duration::from_secs_f64(config.train.checkpoint_secs),
            may_write: Arc::new(run.checker()),
            stage: &name,
            progress,
            doing: run.doing(),
            on_epoch: &|record| metrics::tell(run, &told, which, record),
            together: leader.map(|leader| Together {
                leader,
                dataset: folder,
                fold_idx: which.fold_idx,
                standardise: config.standardise.kind,
            }),
        };
        let (decoder, curve) = network::train(&fold, config, places.seed(config.seed, which), &keeping)?;
        run.check()?;
        decoder.save(&weights)?;
        // The curve comes last: with it, and no sooner, this decoder counts as done.
        run.event(TRAINED, &TrainedWeights { which, weights_sha256: provenance::sha256_of_file(&weights)? })?;
        write_json(&curve_path, &curve)?;
        fits.push(TrainedFit::of(which, &curve));
    }
    Ok(fits)
}

impl TrainedFit {
    fn of(which: WhichDecoder, curve: &Curve) -> Self {
        Self {
            fold_idx: which.fold_idx,
            network_idx: which.network_idx,
            n_epochs: curve.epochs.len(),
            best_epoch: curve.best_epoch,
            train_loss: curve.epochs.last().map_or(f64::NAN, |epoch| epoch.train),
            validation_loss: curve.epochs.iter().filter_map(|epoch| epoch.validation).min_by(f64::total_cmp),
        }
    }
}
