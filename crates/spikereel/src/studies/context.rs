//! What a study is given: the recording, its sizes, and networks that are trained once and kept.

use super::store::{name_of, name_of_fold};
use super::{Material, Sizes, Store};
use crate::Result;
use crate::config::choices::StudyChoices;
use crate::progress::Progress;
use crate::steps::fits::WhichDecoder;
use crate::steps::network::train_config;
use crate::steps::open_run::OpenRun;
use crate::steps::training::{self, Keeping, MayWrite, Wanted};
use serde::Serialize;
use spikereel_data::rng::derive_seed;
use spikereel_data::{Decoder, FitDecoder, Fold};
use spikereel_kernels::fast::Fast;
use spikereel_nn::{FitNetwork, FitNetworkEncoder, NetworkDecoder, NetworkEncoder, Task, TrainConfig, Trainer};
use std::sync::Arc;
use std::time::Duration;

/// All that a study may use.
pub struct Context<'a> {
    /// The recording under study.
    pub main: &'a Material,
    /// The recording that the many small networks are trained on: the main one, or a coarser copy of it.
    pub retraining: &'a Material,
    /// The first fold of the main recording, with as many test trials as studies decode that put many inputs through one network.
    pub probed: &'a Fold,
    /// How large studies are.
    pub sizes: &'a Sizes,
    /// What studies do otherwise than by default.
    pub choices: StudyChoices,
    /// Seed of the run; take `derive_seed(seed, "study/purpose")`.
    pub seed: u64,
    /// Trained networks.
    pub store: &'a Store,
    /// The run whose decoders are studied; none where a study trains its own.
    pub run: Option<&'a OpenRun>,
    /// Hears how it goes.
    pub progress: &'a dyn Progress,
}

#[derive(Serialize)]
struct Made<'a> {
    /// None for a decoder, whose kind the configuration names.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'static str>,
    version: &'static str,
    config: &'a TrainConfig,
    precision: String,
    isa: String,
    fold: String,
    seed: u64,
}

impl<'a> Context<'a> {
    /// All on one recording: networks are trained on it whole, none come from a run, choices are the defaults. Other fields by `..`.
    ///
    /// # Panics
    /// Never with a [`Material`] of one split or more.
    pub fn new(main: &'a Material, sizes: &'a Sizes, seed: u64, store: &'a Store, progress: &'a dyn Progress) -> Self {
        Self {
            main,
            retraining: main,
            probed: &main.folds[0],
            sizes,
            choices: StudyChoices::default(),
            seed,
            store,
            run: None,
            progress,
        }
    }
}

impl Context<'_> {
    /// The training of the main networks: the run's own.
    pub fn main_training(&self) -> TrainConfig {
        train_config(&self.main.config)
    }

    /// The training of the many small networks.
    pub fn small_training(&self) -> TrainConfig {
        TrainConfig {
            base_channels: self.sizes.small_channels,
            epochs: self.sizes.small_epochs,
            ..train_config(&self.retraining.config)
        }
    }

    /// The main decoder of a fold of the main recording, number `network_idx` of its seeds.
    ///
    /// # Errors
    /// Divergence, an I/O error.
    pub fn decoder(&self, fold_idx: usize, network_idx: usize) -> Result<NetworkDecoder> {
        let which = WhichDecoder { fold_idx, network_idx };
        if let Some(run) = self.run {
            return run.network(which);
        }
        let stage = format!("decoder, fold {}, seed {}", fold_idx + 1, network_idx + 1);
        let seed = derive_seed(self.seed, &format!("network/fold{fold_idx}/seed{network_idx}"));
        self.fit(&self.main_training(), &self.main.folds[fold_idx], seed, &stage)
    }

    /// The main encoder of a fold of the main recording, number `network_idx` of its seeds: the inverse of the main decoder.
    ///
    /// # Errors
    /// Divergence, an I/O error.
    pub fn encoder(&self, fold_idx: usize, network_idx: usize) -> Result<NetworkEncoder> {
        let stage = format!("encoder, fold {}, seed {}", fold_idx + 1, network_idx + 1);
        let seed = derive_seed(self.seed, &format!("encoder/fold{fold_idx}/seed{network_idx}"));
        let config = TrainConfig { epochs: self.sizes.encoder_epochs, ..self.main_training() };
        self.fit_encoder(&config, &self.main.folds[fold_idx], seed, &stage)
    }

    /// A decoder of any model trained as `config` says, or read from the store where it was trained before.
    ///
    /// # Errors
    /// Divergence, an I/O error.
    pub fn fit(&self, config: &TrainConfig, fold: &Fold, seed: u64, stage: &str) -> Result<NetworkDecoder> {
        let precision = self.main.config.precision.of_engine();
        let made = self.made(None, config, fold, seed);
        let name = name_of(&made)?;
        let weights = self.store.weights(&name);
        if weights.is_file() {
            return Ok(NetworkDecoder::load(&weights)?.in_precision(precision));
        }
        self.store.describe(&name, &made)?;
        let trainer = self.train(&Wanted { task: Task::Decode, config, precision, fold, seed }, &name, stage)?;
        let decoder = FitNetwork { config: config.clone(), precision }.decoder_of(&trainer)?;
        decoder.save(&weights)?;
        self.store.forget_checkpoints(&name)?;
        Ok(decoder)
    }

    /// An encoder trained as `config` says, or read from the store where it was trained before.
    ///
    /// # Errors
    /// Divergence, an I/O error.
    pub fn fit_encoder(&self, config: &TrainConfig, fold: &Fold, seed: u64, stage: &str) -> Result<NetworkEncoder> {
        let precision = self.main.config.precision.of_engine();
        let made = self.made(Some("encoder"), config, fold, seed);
        let name = name_of(&made)?;
        let weights = self.store.weights(&name);
        if weights.is_file() {
            return Ok(NetworkEncoder::load(&weights)?.in_precision(precision));
        }
        self.store.describe(&name, &made)?;
        let trainer = self.train(&Wanted { task: Task::Encode, config, precision, fold, seed }, &name, stage)?;
        let encoder = FitNetworkEncoder { config: config.clone(), precision }.encoder_of(&trainer)?;
        encoder.save(&weights)?;
        self.store.forget_checkpoints(&name)?;
        Ok(encoder)
    }

    /// Trains a network of the store, or goes on where an earlier process stopped.
    fn train(&self, wanted: &Wanted<'_>, name: &str, stage: &str) -> Result<Trainer<Fast>> {
        let may_write: MayWrite = match self.run {
            Some(run) => Arc::new(run.folder.checker()),
            None => Arc::new(|| Ok(())),
        };
        let keeping = Keeping {
            folder: self.store.checkpoints(name),
            every: Duration::from_secs_f64(self.main.config.train.checkpoint_secs),
            may_write,
            stage,
            progress: self.progress,
            doing: self.run.map(|run| run.folder.doing()).unwrap_or_default(),
            on_epoch: &|_| Ok(()),
            together: None,
        };
        training::train(wanted, &keeping)
    }

    fn made<'a>(&self, what: Option<&'static str>, config: &'a TrainConfig, fold: &Fold, seed: u64) -> Made<'a> {
        Made {
            what,
            version: env!("CARGO_PKG_VERSION"),
            config,
            precision: format!("{:?}", self.main.config.precision.of_engine()),
            isa: crate::provenance::instruction_set(),
            fold: name_of_fold(fold),
            seed,
        }
    }

    /// Fits small networks, for studies that take a [`FitDecoder`].
    pub fn small_fit(&self, stage: &str) -> SmallFit<'_> {
        SmallFit { context: self, config: self.small_training(), stage: stage.into() }
    }
}

/// Fits networks of one training through a [`Context`].
pub struct SmallFit<'a> {
    context: &'a Context<'a>,
    /// The training; may be changed before use.
    pub config: TrainConfig,
    stage: String,
}

impl FitDecoder for SmallFit<'_> {
    fn name(&self) -> &str {
        "network"
    }

    fn fit(&self, fold: &Fold, seed: u64) -> spikereel_data::Result<Box<dyn Decoder>> {
        let fitted = self.context.fit(&self.config, fold, seed, &self.stage);
        match fitted {
            Ok(decoder) => Ok(Box::new(decoder)),
            Err(crate::Error::Data(error)) => Err(error),
            Err(error) => Err(spikereel_data::DataError::new("network", "a training that ends", error.to_string())),
        }
    }
}
