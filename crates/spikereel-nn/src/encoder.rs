//! A trained network as an encoder, and the fit that makes one.

use crate::network::{EncoderShape, Network, encoder};
use crate::runner::Runner;
use crate::tensors;
use crate::train::{EpochRecord, Progress, Task, TrainConfig, Trainer};
use crate::weights::Weights;
use crate::{Error, Result};
use ndarray::{Array3, ArrayView5};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Encoder, FitEncoder, Fold};
use spikereel_kernels::fast::{Fast, Precision};
use std::path::Path;

/// A network that turns video into spikes, with its weights, in evaluation mode.
pub struct NetworkEncoder {
    shape: EncoderShape,
    runner: Runner,
}

/// What stands beside the weights.
#[derive(Serialize, Deserialize)]
struct Note {
    encoder: EncoderShape,
}

impl NetworkEncoder {
    /// Puts weights behind an encoder of this shape.
    ///
    /// # Errors
    /// A shape that no encoder has, or weights of another number of values.
    pub fn new(shape: EncoderShape, weights: Weights<f32>) -> Result<Self> {
        Ok(Self { shape, runner: Runner::new(encoder(&shape)?, weights)? })
    }

    /// The same, multiplying in `precision`; a new encoder multiplies in f32.
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { runner: self.runner.in_precision(precision), ..self }
    }

    /// What it encodes.
    pub fn shape(&self) -> &EncoderShape {
        &self.shape
    }

    /// The network's table.
    pub fn network(&self) -> &Network {
        &self.runner.network
    }

    /// The weights.
    pub fn weights(&self) -> &Weights<f32> {
        &self.runner.weights
    }

    /// Writes weights and shape as safetensors.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn save(&self, path: &Path) -> Result<()> {
        let note = serde_json::to_string(&Note { encoder: self.shape })
            .map_err(|error| DataError::new("encoder shape", "JSON", error.to_string()))?;
        tensors::save(path, &self.runner.network, &self.runner.weights, Some(&note))
    }

    /// Reads what [`NetworkEncoder::save`] wrote.
    ///
    /// # Errors
    /// An unreadable file, or one that holds no encoder.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = crate::files::read_whole(path)?;
        let attempt = || -> Result<Self> {
            let expected = "the encoder's shape beside the weights";
            let note = tensors::open_file(&bytes)?.1;
            let note = note.ok_or_else(|| DataError::new("metadata", expected, "none"))?;
            let Note { encoder: shape } =
                serde_json::from_str(&note).map_err(|error| DataError::new("metadata", expected, error.to_string()))?;
            Self::new(shape, tensors::from_safetensors(&encoder(&shape)?, &bytes)?.0)
        };
        attempt().map_err(|error| error.at(path))
    }
}

impl Encoder for NetworkEncoder {
    fn name(&self) -> &str {
        "network"
    }

    fn predict(&self, video: ArrayView5<'_, f32>) -> spikereel_data::Result<Array3<f32>> {
        let EncoderShape { n_frames, height, width, n_bins, n_sites, .. } = self.shape;
        let (n_trials, frames, rows, columns, rgb) = video.dim();
        for (axis, expected, got) in
            [("frame", n_frames, frames), ("height", height, rows), ("width", width, columns), ("rgb", 3, rgb)]
        {
            if expected != got {
                return Err(DataError::new(format!("video, {axis} axis"), expected.to_string(), got.to_string())
                    .hint("encode videos of the size the network was trained on"));
            }
        }
        let video = video.as_standard_layout();
        let values = self.runner.outputs(video.as_slice().unwrap_or(&[]))?;
        Array3::from_shape_vec((n_trials, n_bins, n_sites), values)
            .map_err(|error| DataError::new("predicted spikes", "whole", error.to_string()))
    }
}

/// Fits [`NetworkEncoder`]s: the batches, optimiser, course and choice of the best epoch of a decoder, the mean squared error as loss.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FitNetworkEncoder {
    /// How they are trained; what concerns decoders alone (model, weights of frames, re-drawing, noise) is not used.
    pub config: TrainConfig,
    /// What the engine multiplies, in training and in the encoder that comes of it.
    pub precision: Precision,
}

impl FitNetworkEncoder {
    /// Fits one, telling `progress`; returns the weights the configuration asks for and the history.
    ///
    /// # Errors
    /// What [`Trainer::for_task`] and [`Trainer::run`] say.
    pub fn fit_network(
        &self,
        fold: &Fold,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<(NetworkEncoder, Vec<EpochRecord>)> {
        let kernels = Fast::new(self.precision);
        let mut trainer = Trainer::for_task(Task::Encode, self.config.clone(), fold, seed, kernels)?;
        trainer.run(progress)?;
        Ok((self.encoder_of(&trainer)?, trainer.history().to_vec()))
    }

    /// The encoder that a training has come to, with the weights the configuration asks for.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn encoder_of(&self, trainer: &Trainer<Fast>) -> Result<NetworkEncoder> {
        let encoder = NetworkEncoder::new((*trainer.shape()).into(), trainer.chosen_weights().clone())?;
        Ok(encoder.in_precision(self.precision))
    }
}

impl FitEncoder for FitNetworkEncoder {
    fn name(&self) -> &str {
        "network"
    }

    fn fit(&self, fold: &Fold, seed: u64) -> spikereel_data::Result<Box<dyn Encoder>> {
        let fitted = self.fit_network(fold, seed, &mut ()).map_err(|error: Error| DataError::from(error))?;
        Ok(Box::new(fitted.0))
    }
}
