//! The published decoder, spikes to video, at any number of bins, sites, frames, rows, columns and channels.
//!
//! Layers follow Zhang et al., Communications Biology 2026, and their published code (paper-facts, section 3). Two faults of
//! theirs are kept: the bottleneck has one time step, so frames in the middle of the output are identical for any
//! input, and there is no skip connection although the paper calls it a U-Net.

use super::table::{Table, check_sizes, padded};
use super::{Extent, Network, Op};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// Largest temporal pool, so that three of them cover up to 216 frames.
const MAX_POOL: usize = 6;

/// Which network decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The published decoder: [`decoder`].
    #[default]
    Decoder,
    /// The published comparison of dense layers: [`super::mlp`].
    Mlp,
    /// The published comparison of a few convolutions over each frame: [`super::shallow_cnn`].
    ShallowCnn,
    /// Ours: keeps time and has skip connections: [`super::decoder_temporal`].
    DecoderTemporal,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Decoder, Self::Mlp, Self::ShallowCnn, Self::DecoderTemporal];

    /// A short name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decoder => "network",
            Self::Mlp => "MLP",
            Self::ShallowCnn => "shallow CNN",
            Self::DecoderTemporal => "temporal network",
        }
    }

    /// True for the default, which files of before do not name.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// All that sets a decoder apart from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecoderShape {
    /// Bins of spikes.
    pub n_bins: usize,
    /// Sites.
    pub n_sites: usize,
    /// Frames of video.
    pub n_frames: usize,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    /// Channels of the first convolution. Published: 32. The MLP and the shallow CNN have widths of their own.
    pub base_channels: usize,
    /// Which network.
    #[serde(default, skip_serializing_if = "Model::is_default")]
    pub model: Model,
}

impl DecoderShape {
    /// The published one: 45 bins, 45 frames of 32 x 32, 32 base channels.
    pub fn paper(n_sites: usize) -> Self {
        Self { n_bins: 45, n_sites, n_frames: 45, height: 32, width: 32, base_channels: 32, model: Model::Decoder }
    }

    /// The same sizes under another model.
    #[must_use]
    pub fn of_model(self, model: Model) -> Self {
        Self { model, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_sizes(&[
            ("n_bins", self.n_bins),
            ("n_sites", self.n_sites),
            ("n_frames", self.n_frames),
            ("height", self.height),
            ("width", self.width),
            ("base_channels", self.base_channels),
        ])
    }

    /// Spikes as the first node.
    pub(super) fn input(&self) -> Op {
        Op::Input(Extent { frames: self.n_bins, height: 1, width: 1, channels: self.n_sites })
    }
}

/// Temporal pools `p1 <= p2 <= p3 <= 6` with the smallest product that covers `n_frames`; among equal products the smallest
/// difference `p3 - p1`, then the larger `p1`. 45 gives the published 3, 3, 5.
///
/// # Errors
/// Where there is no frame, or more than 216.
pub fn temporal_pools(n_frames: usize) -> Result<[usize; 3]> {
    let choices = (1..=MAX_POOL)
        .flat_map(|a| (a..=MAX_POOL).flat_map(move |b| (b..=MAX_POOL).map(move |c| [a, b, c])))
        .filter(|pools| pools.iter().product::<usize>() >= n_frames.max(1));
    choices.min_by_key(|&[a, b, c]| (a * b * c, c - a, MAX_POOL - a)).filter(|_| n_frames > 0).ok_or_else(|| {
        DataError::new("n_frames", format!("1 to {}", MAX_POOL.pow(3)), n_frames.to_string())
            .hint("lower the frame rate or shorten the video")
    })
}

/// The decoder: a dense pair per bin, nearest resampling from bins to frames, padding by repetition, four convolutions with pooling
/// down to one time step, four with upsampling back, and the crop that undoes the padding.
///
/// # Errors
/// Where a size is 0, or there are more frames than temporal pools can cover.
pub fn decoder(shape: &DecoderShape) -> Result<Network> {
    let DecoderShape { n_bins, n_frames, height, width, base_channels, .. } = *shape;
    shape.check()?;
    let pools = temporal_pools(n_frames)?;
    let (size, whole) = ([n_frames, height, width], padded(pools.iter().product(), height, width));
    let mut table = Table::new();
    table.push("spikes", shape.input());
    table.embed(n_bins, n_frames, height, width);
    table.pad(size, whole);
    table.trunk(base_channels, pools);
    table.push("tanh_unit", Op::TanhUnit);
    table.crop(size, whole);
    Network::new(table.0)
}

/// Name of the node whose output is the latent: the bottleneck `[4 * base_channels, 1, 2, 2]` of the published size.
pub(crate) const LATENT_NODE: &str = "encoder.15";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameter_counts_are_the_published_ones() {
        for (n_sites, n_params) in [(140, 3_554_915), (30, 3_498_595), (20, 3_493_475), (10, 3_488_355)] {
            assert_eq!(decoder(&DecoderShape::paper(n_sites)).unwrap().n_params(), n_params);
        }
    }

    #[test]
    fn names_and_shapes_are_the_published_ones() {
        let network = decoder(&DecoderShape::paper(140)).unwrap();
        let names: Vec<&str> = network.params().specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(&names[..4], ["Dense.dense1.weight", "Dense.dense1.bias", "Dense.bn1.weight", "Dense.bn1.bias"]);
        let shape = |name: &str| network.params().spec(name).unwrap().shape.clone();
        assert_eq!(shape("Dense.bn1.running_mean"), [45]);
        assert_eq!(shape("encoder.12.weight"), [128, 128, 3, 3, 3]);
        assert_eq!(shape("decoder.13.weight"), [3, 32, 7, 7, 7]);
        assert_eq!(shape("decoder.14.weight"), [3]);
        assert_eq!(network.extent(network.node_idx(LATENT_NODE).unwrap()).len(), 512);
    }

    #[test]
    fn the_biases_of_all_eight_convolutions_stand_directly_before_their_batch_norm() {
        // The first dense layer's does not: its norm runs over bins.
        assert_eq!(decoder(&DecoderShape::paper(10)).unwrap().dead_biases().len(), 8);
    }

    #[test]
    fn pools_are_the_published_ones_and_the_most_even_of_equal_products() {
        assert_eq!(temporal_pools(45).unwrap(), [3, 3, 5]);
        assert_eq!(temporal_pools(12).unwrap(), [2, 2, 3]);
        assert_eq!(temporal_pools(1).unwrap(), [1, 1, 1]);
        assert!(temporal_pools(0).is_err() && temporal_pools(217).is_err());
    }

    proptest! {
        #[test]
        fn every_size_comes_out_as_it_was_asked_for(
            n_bins in 1_usize..50, n_sites in 1_usize..5, n_frames in 1_usize..217, height in 1_usize..70, width in 1_usize..70,
        ) {
            let shape = DecoderShape { n_bins, n_sites, n_frames, height, width, base_channels: 1, model: Model::Decoder };
            let network = decoder(&shape).unwrap();
            prop_assert_eq!(network.output(), Extent { frames: n_frames, height, width, channels: 3 });
            let latent = network.extent(network.node_idx(LATENT_NODE).unwrap());
            prop_assert_eq!((latent.frames, latent.channels), (1, 4));
        }
    }
}
