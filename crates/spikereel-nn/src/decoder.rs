//! A trained network as a decoder, and the fit that makes one.

use crate::engine::{Engine, Mode};
use crate::network::{DecoderShape, LATENT_NODE, Network, NodeIdx, decoder};
use crate::tensors;
use crate::train::{EpochRecord, Progress, TrainConfig, Trainer};
use crate::weights::Weights;
use crate::{Result, Wants};
use ndarray::{Array2, Array3, Array5, ArrayView3, ArrayView5, Axis};
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, WithInputGradient, WithLatents};
use spikereel_kernels::fast::{Fast, Precision};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Samples decoded at once. Fixed, so that results depend on no caller's batch; small, because a sample of the published
/// decoder takes about 15 MB of buffers.
const CHUNK: usize = 8;

/// A network with its weights, in evaluation mode.
pub struct NetworkDecoder {
    shape: DecoderShape,
    network: Arc<Network>,
    weights: Weights<f32>,
    precision: Precision,
    /// Engines at rest; each concurrent call takes one and puts it back.
    engines: Mutex<Vec<Engine<Fast>>>,
}

impl NetworkDecoder {
    /// Puts weights behind a decoder of this shape.
    ///
    /// # Errors
    /// A shape that no decoder has, or weights of another number of values.
    pub fn new(shape: DecoderShape, weights: Weights<f32>) -> Result<Self> {
        let network = Arc::new(decoder(&shape)?);
        let params = network.params();
        for (what, expected, got) in [
            ("trained weights", params.n_trained, weights.trained.len()),
            ("weight buffers", params.n_buffered, weights.buffered.len()),
        ] {
            if expected != got {
                return Err(DataError::new(what, expected.to_string(), got.to_string()).into());
            }
        }
        Ok(Self { shape, network, weights, precision: Precision::F32, engines: Mutex::new(Vec::new()) })
    }

    /// The same, multiplying in `precision`; a new decoder multiplies in f32.
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { precision, engines: Mutex::new(Vec::new()), ..self }
    }

    fn engine(&self, network: &Arc<Network>, wants: Wants) -> Engine<Fast> {
        Engine::new(Arc::clone(network), Fast::new(self.precision), wants, &[])
    }

    /// What it decodes.
    pub fn shape(&self) -> &DecoderShape {
        &self.shape
    }

    /// The network's table.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The weights.
    pub fn weights(&self) -> &Weights<f32> {
        &self.weights
    }

    /// Writes weights and shape as safetensors under the published names.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn save(&self, path: &Path) -> Result<()> {
        let note = serde_json::to_string(&self.shape)
            .map_err(|error| DataError::new("decoder shape", "JSON", error.to_string()))?;
        tensors::save(path, &self.network, &self.weights, Some(&note))
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
            Self::new(shape, tensors::from_safetensors(&decoder(&shape)?, &bytes)?.0)
        };
        attempt().map_err(|error| error.at(path))
    }

    /// Reads weights that were written elsewhere, such as by PyTorch, for a decoder of this shape.
    ///
    /// # Errors
    /// An unreadable file; else names the tensor that does not fit, expected and got.
    pub fn load_as(path: &Path, shape: DecoderShape) -> Result<Self> {
        let (weights, _) = tensors::load(path, &decoder(&shape)?)?;
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

    /// Runs `engine` over chunks of trials and appends what `read` takes from it.
    fn over_chunks(
        &self,
        engine: &mut Engine<Fast>,
        weights: &Weights<f32>,
        spikes: ArrayView3<'_, f32>,
        mut read: impl FnMut(&mut Engine<Fast>, usize, usize),
    ) -> spikereel_data::Result<()> {
        self.check_spikes(spikes)?;
        for (chunk_idx, chunk) in spikes.axis_chunks_iter(Axis(0), CHUNK).enumerate() {
            let chunk = chunk.as_standard_layout();
            let n = chunk.dim().0;
            engine.forward(weights, Mode::Eval, n, chunk.as_slice().unwrap_or(&[]))?;
            read(engine, chunk_idx * CHUNK, n);
        }
        Ok(())
    }
}

impl Decoder for NetworkDecoder {
    fn name(&self) -> &str {
        "network"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> spikereel_data::Result<Array5<f32>> {
        let at_rest = self.engines.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut engine = at_rest.unwrap_or_else(|| self.engine(&self.network, Wants::INFERENCE));
        let out = self.network.output();
        let mut values = Vec::with_capacity(spikes.dim().0 * out.len());
        self.over_chunks(&mut engine, &self.weights, spikes, |engine, _, _| values.extend_from_slice(engine.output()))?;
        self.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine);
        let dim = (spikes.dim().0, out.frames, out.height, out.width, out.channels);
        Array5::from_shape_vec(dim, values).map_err(|error| DataError::new("decoded video", "whole", error.to_string()))
    }
}

impl WithLatents for NetworkDecoder {
    /// Latents are the bottleneck `[channel, 1, row, column]`, flattened as the published code does: 512 for its decoder.
    fn latents(&self, spikes: ArrayView3<'_, f32>) -> spikereel_data::Result<Array2<f32>> {
        let node = self.network.node_idx(LATENT_NODE).unwrap_or(NodeIdx(0));
        let network = Arc::new(self.network.up_to(node)?);
        let params = network.params();
        // Tensors are laid out in the order of nodes, so those of the beginning stand at the beginning.
        let weights = Weights {
            trained: self.weights.trained[..params.n_trained].to_vec(),
            buffered: self.weights.buffered[..params.n_buffered].to_vec(),
            n_batches: self.weights.n_batches[..params.norm_names.len()].to_vec(),
        };
        let mut engine = self.engine(&network, Wants::INFERENCE);
        let latent = network.output();
        let n_pixels = latent.height * latent.width;
        let mut latents = Array2::zeros((spikes.dim().0, latent.len()));
        self.over_chunks(&mut engine, &weights, spikes, |engine, first, n| {
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
        let out = self.network.output();
        let expected = [spikes.dim().0, out.frames, out.height, out.width, out.channels];
        if output_weight.shape() != expected {
            return Err(DataError::new(
                "output weight",
                format!("{expected:?}"),
                format!("{:?}", output_weight.shape()),
            ));
        }
        let output_weight = output_weight.as_standard_layout();
        let output_weight = output_weight.as_slice().unwrap_or(&[]);
        let mut engine = self.engine(&self.network, Wants::INPUT_GRADIENT);
        let mut values = Vec::with_capacity(spikes.len());
        self.over_chunks(&mut engine, &self.weights, spikes, |engine, first, n| {
            let range = first * out.len()..(first + n) * out.len();
            engine.output_gradient_mut().copy_from_slice(&output_weight[range]);
            engine.backward(&self.weights);
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
        let decoder = NetworkDecoder::new(*trainer.shape(), trainer.chosen_weights().clone())?;
        Ok((decoder.in_precision(self.precision), trainer.history().to_vec()))
    }
}

impl FitDecoder for FitNetwork {
    fn name(&self) -> &str {
        "network"
    }

    fn fit(&self, fold: &Fold, seed: u64) -> spikereel_data::Result<Box<dyn Decoder>> {
        Ok(Box::new(self.fit_network(fold, seed, &mut ())?.0))
    }
}
