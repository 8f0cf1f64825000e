//! A trained network as a decoder, and the fit that makes one.

use crate::network::{DecoderShape, LATENT_NODE, Network, build};
use crate::runner::{Runner, over_chunks};
use crate::tensors;
use crate::train::{EpochRecord, Progress, TrainConfig, Trainer};
use crate::weights::Weights;
use crate::{Result, Wants};
use ndarray::{Array2, Array3, Array5, ArrayView3, ArrayView5};
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, WithInputGradient, WithLatents};
use spikereel_kernels::fast::{Fast, Precision};
use std::path::Path;
use std::sync::Arc;

/// A network with its weights, in evaluation mode.
pub struct NetworkDecoder {
    shape: DecoderShape,
    runner: Runner,
}

impl NetworkDecoder {
    /// Puts weights behind a decoder of this shape.
    ///
    /// # Errors
    /// A shape that no decoder has, or weights of another number of values.
    pub fn new(shape: DecoderShape, weights: Weights<f32>) -> Result<Self> {
        Ok(Self { shape, runner: Runner::new(build(&shape)?, weights)? })
    }

    /// The same, multiplying in `precision`; a new decoder multiplies in f32.
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { runner: self.runner.in_precision(precision), ..self }
    }

    /// What it decodes.
    pub fn shape(&self) -> &DecoderShape {
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

    /// Writes weights and shape as safetensors under the published names.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn save(&self, path: &Path) -> Result<()> {
        let note = serde_json::to_string(&self.shape)
            .map_err(|error| DataError::new("decoder shape", "JSON", error.to_string()))?;
        tensors::save(path, &self.runner.network, &self.runner.weights, Some(&note))
    }

    /// Reads what [`NetworkDecoder::save`] wrote.
    ///
    /// # Errors
    /// An unreadable file, one without a shape beside the weights (use [`NetworkDecoder::load_as`]), or what it says.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = crate::files::read_whole(path)?;
        let attempt = || -> Result<Self> {
            let note = tensors::open_file(&bytes)?.1;
            let expected = "the decoder's shape beside the weights";
            let note = note.ok_or_else(|| DataError::new("metadata", expected, "none"))?;
            let shape =
                serde_json::from_str(&note).map_err(|error| DataError::new("metadata", expected, error.to_string()))?;
            Self::new(shape, tensors::from_safetensors(&build(&shape)?, &bytes)?.0)
        };
        attempt().map_err(|error| error.at(path))
    }

    /// Reads weights that were written elsewhere, such as by PyTorch, for a decoder of this shape.
    ///
    /// # Errors
    /// An unreadable file; else names the tensor that does not fit, expected and got.
    pub fn load_as(path: &Path, shape: DecoderShape) -> Result<Self> {
        let (weights, _) = tensors::load(path, &build(&shape)?)?;
        Self::new(shape, weights)
    }

    fn check_spikes(&self, spikes: ArrayView3<'_, f32>) -> spikereel_data::Result<()> {
        let (_, n_bins, n_sites) = spikes.dim();
        for (axis, expected, got) in [("bin", self.shape.n_bins, n_bins), ("site", self.shape.n_sites, n_sites)] {
            if expected != got {
                return Err(DataError::new(format!("spikes, {axis} axis"), expected.to_string(), got.to_string())
                    .hint("decode the bins and sites the network was trained on"));
            }
        }
        Ok(())
    }
}

impl Decoder for NetworkDecoder {
    fn name(&self) -> &str {
        self.shape.model.name()
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> spikereel_data::Result<Array5<f32>> {
        self.check_spikes(spikes)?;
        let out = self.runner.network.output();
        let values = self.runner.outputs(spikes.as_standard_layout().as_slice().unwrap_or(&[]))?;
        let dim = (spikes.dim().0, out.frames, out.height, out.width, out.channels);
        Array5::from_shape_vec(dim, values).map_err(|error| DataError::new("decoded video", "whole", error.to_string()))
    }
}

impl WithLatents for NetworkDecoder {
    /// Latents are the bottleneck `[channel, 1, row, column]`, flattened as the published code does: 512 for its decoder. Where time is
    /// kept they are `[channel, frame, row, column]`; models without a bottleneck have none, which is an error.
    fn latents(&self, spikes: ArrayView3<'_, f32>) -> spikereel_data::Result<Array2<f32>> {
        self.check_spikes(spikes)?;
        let node = self.runner.network.node_idx(LATENT_NODE).ok_or_else(|| {
            DataError::new("model", "one with a bottleneck", self.shape.model.name())
                .hint("take latents of the decoder or the temporal decoder")
        })?;
        let network = Arc::new(self.runner.network.up_to(node)?);
        let params = network.params();
        // Tensors are laid out in the order of nodes, so those of the beginning stand at the beginning.
        let weights = Weights {
            trained: self.runner.weights.trained[..params.n_trained].to_vec(),
            buffered: self.runner.weights.buffered[..params.n_buffered].to_vec(),
            n_batches: self.runner.weights.n_batches[..params.norm_names.len()].to_vec(),
        };
        let mut engine = self.runner.engine(&network, Wants::INFERENCE);
        let latent = network.output();
        let n_pixels = latent.frames * latent.height * latent.width;
        let mut latents = Array2::zeros((spikes.dim().0, latent.len()));
        let spikes = spikes.as_standard_layout();
        over_chunks(&mut engine, &weights, spikes.as_slice().unwrap_or(&[]), |engine, first, n| {
            for (sample, values) in engine.output().chunks_exact(latent.len()).enumerate().take(n) {
                for (at, &value) in values.iter().enumerate() {
                    let (pixel, channel) = (at / latent.channels, at % latent.channels);
                    latents[(first + sample, channel * n_pixels + pixel)] = value;
                }
            }
        })?;
        Ok(latents)
    }
}

impl WithInputGradient for NetworkDecoder {
    fn input_gradient(
        &self,
        spikes: ArrayView3<'_, f32>,
        output_weight: ArrayView5<'_, f32>,
    ) -> spikereel_data::Result<Array3<f32>> {
        self.check_spikes(spikes)?;
        let out = self.runner.network.output();
        let expected = [spikes.dim().0, out.frames, out.height, out.width, out.channels];
        let axes = ["trial", "frame", "height", "width", "rgb"];
        for ((axis, expected), got) in axes.into_iter().zip(expected).zip(output_weight.shape()) {
            if expected != *got {
                let what = format!("output weight, {axis} axis");
                return Err(DataError::new(what, expected.to_string(), got.to_string()));
            }
        }
        let output_weight = output_weight.as_standard_layout();
        let output_weight = output_weight.as_slice().unwrap_or(&[]);
        let mut engine = self.runner.engine(&self.runner.network, Wants::INPUT_GRADIENT);
        let mut values = Vec::with_capacity(spikes.len());
        let values_of = spikes.as_standard_layout();
        over_chunks(&mut engine, &self.runner.weights, values_of.as_slice().unwrap_or(&[]), |engine, first, n| {
            let range = first * out.len()..(first + n) * out.len();
            engine.output_gradient_mut().copy_from_slice(&output_weight[range]);
            engine.backward(&self.runner.weights);
            values.extend_from_slice(engine.input_gradient().unwrap_or(&[]));
        })?;
        Array3::from_shape_vec(spikes.dim(), values)
            .map_err(|error| DataError::new("input gradient", "whole", error.to_string()))
    }
}

/// Fits [`NetworkDecoder`]s.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FitNetwork {
    /// How they are trained.
    pub config: TrainConfig,
    /// What the engine multiplies, in training and in the decoder that comes of it.
    pub precision: Precision,
}

impl FitNetwork {
    /// Fits one, telling `progress`; returns the weights the configuration asks for and the history.
    ///
    /// # Errors
    /// What [`Trainer::new`] and [`Trainer::run`] say.
    pub fn fit_network(
        &self,
        fold: &Fold,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<(NetworkDecoder, Vec<EpochRecord>)> {
        let mut trainer = Trainer::new(self.config.clone(), fold, seed, Fast::new(self.precision))?;
        trainer.run(progress)?;
        Ok((self.decoder_of(&trainer)?, trainer.history().to_vec()))
    }

    /// The decoder that a training has come to, with the weights the configuration asks for.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn decoder_of(&self, trainer: &Trainer<Fast>) -> Result<NetworkDecoder> {
        let decoder = NetworkDecoder::new(*trainer.shape(), trainer.chosen_weights().clone())?;
        Ok(decoder.in_precision(self.precision))
    }
}

impl FitDecoder for FitNetwork {
    fn name(&self) -> &str {
        self.config.model.name()
    }

    fn fit(&self, fold: &Fold, seed: u64) -> spikereel_data::Result<Box<dyn Decoder>> {
        Ok(Box::new(self.fit_network(fold, seed, &mut ())?.0))
    }
}
