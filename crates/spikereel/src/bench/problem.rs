//! The one problem that every engine is timed on: the published decoder with given weights, spikes and videos, in files that all can read.

use crate::{Error, Result};
use rand::RngExt;
use spikereel_data::Timeline;
use spikereel_data::rng::stream;
use spikereel_kernels::VideoLoss;
use spikereel_nn::loss::{LossScale, PhaseWeights, frame_weights, video_loss};
use spikereel_nn::{DecoderShape, Network, NetworkDecoder, Weights, network};
use std::path::Path;

/// Sites of the published decoder's largest variant.
const N_SITES: usize = 140;

/// Sizes of the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Samples of a step.
    pub batch: usize,
    /// Channels of the first convolution; published: 32.
    pub base_channels: usize,
}

impl Problem {
    /// The decoder.
    pub fn shape(&self) -> DecoderShape {
        DecoderShape { base_channels: self.base_channels, ..DecoderShape::paper(N_SITES) }
    }

    /// Its table.
    ///
    /// # Errors
    /// Sizes that no decoder has.
    pub fn network(&self) -> Result<Network> {
        Ok(network::decoder(&self.shape())?)
    }

    /// The published code's loss.
    ///
    /// # Errors
    /// As [`Problem::network`].
    pub fn loss(&self) -> Result<VideoLoss<f32>> {
        let weights = frame_weights(&Timeline::paper(), PhaseWeights::default());
        Ok(video_loss(LossScale::Code, &weights, self.batch, self.network()?.output()))
    }

    /// Writes weights, spikes and videos, all from a fixed seed, into a folder.
    ///
    /// # Errors
    /// An I/O error.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let network = self.network()?;
        NetworkDecoder::new(self.shape(), Weights::init(&network, 0))?.save(&folder.join("weights.safetensors"))?;
        let mut rng = stream(0, "bench");
        for (name, len) in [("spikes.f32", network.input().len()), ("videos.f32", network.output().len())] {
            let bytes: Vec<u8> = (0..self.batch * len).flat_map(|_| rng.random::<f32>().to_le_bytes()).collect();
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(|error| Error::io(&path, "write it", error))?;
        }
        Ok(())
    }
}

/// Reads little-endian f32 values.
///
/// # Errors
/// An I/O error.
pub fn read_f32(path: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, "read it", error))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}
