//! A network at work: its weights in evaluation mode, run over chunks of samples by engines that are kept between calls.

use crate::engine::{Engine, Mode};
use crate::network::Network;
use crate::weights::Weights;
use crate::{Result, Wants};
use spikereel_data::DataError;
use spikereel_kernels::fast::{Fast, Precision};
use std::sync::{Arc, Mutex, PoisonError};

/// Samples run at once. Fixed, so that results depend on no caller's batch; small, because a sample of the published
/// decoder takes about 15 MB of buffers.
pub(crate) const CHUNK: usize = 8;

/// A network with its weights.
pub(crate) struct Runner {
    pub network: Arc<Network>,
    pub weights: Weights<f32>,
    precision: Precision,
    /// Engines at rest; each concurrent call takes one and puts it back.
    engines: Mutex<Vec<Engine<Fast>>>,
}

impl Runner {
    /// Puts weights behind a network.
    ///
    /// # Errors
    /// Weights of another number of values.
    pub fn new(network: Network, weights: Weights<f32>) -> Result<Self> {
        let params = network.params();
        for (what, expected, got) in [
            ("trained weights", params.n_trained, weights.trained.len()),
            ("weight buffers", params.n_buffered, weights.buffered.len()),
        ] {
            if expected != got {
                return Err(DataError::new(what, expected.to_string(), got.to_string()).into());
            }
        }
        Ok(Self { network: Arc::new(network), weights, precision: Precision::F32, engines: Mutex::new(Vec::new()) })
    }

    /// The same, multiplying in `precision`.
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { precision, engines: Mutex::new(Vec::new()), ..self }
    }

    /// An engine for this or a part of this network.
    pub fn engine(&self, network: &Arc<Network>, wants: Wants) -> Engine<Fast> {
        Engine::new(Arc::clone(network), Fast::new(self.precision), wants, &[])
    }

    /// Outputs of all samples, one after the other.
    pub fn outputs(&self, inputs: &[f32]) -> spikereel_data::Result<Vec<f32>> {
        let at_rest = self.engines.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut engine = at_rest.unwrap_or_else(|| self.engine(&self.network, Wants::INFERENCE));
        let n_samples = inputs.len() / self.network.input().len();
        let mut values = Vec::with_capacity(n_samples * self.network.output().len());
        over_chunks(&mut engine, &self.weights, inputs, |engine, _, _| values.extend_from_slice(engine.output()))?;
        self.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine);
        Ok(values)
    }
}

/// Runs `engine` over chunks of samples; `read` takes what it needs, told the first sample and how many there are.
pub(crate) fn over_chunks(
    engine: &mut Engine<Fast>,
    weights: &Weights<f32>,
    inputs: &[f32],
    mut read: impl FnMut(&mut Engine<Fast>, usize, usize),
) -> spikereel_data::Result<()> {
    let len = engine.network().input().len();
    for (chunk_idx, chunk) in inputs.chunks(CHUNK * len).enumerate() {
        let n = chunk.len() / len;
        engine.forward(weights, Mode::Eval, n, chunk)?;
        read(engine, chunk_idx * CHUNK, n);
    }
    Ok(())
}
