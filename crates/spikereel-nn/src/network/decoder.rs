//! The published decoder, spikes to video, at any number of bins, sites, frames, rows, columns and channels.
//!
//! Layers follow Zhang et al., Communications Biology 2026, and their published code (paper-facts, section 3). Two faults of
//! theirs are kept: the bottleneck has one time step, so frames in the middle of the output are identical for any
//! input, and there is no skip connection although the paper calls it a U-Net.

use super::{Extent, Network, Node, NodeIdx, NormAxis, Op};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// Features of the first dense layer. Published: 512.
const N_HIDDEN: usize = 512;
/// Colors of a frame.
const N_RGB: usize = 3;
/// Rows and columns are halved four times.
const SPATIAL_MULTIPLE: usize = 16;
/// Largest temporal pool, so that three of them cover up to 216 frames.
const MAX_POOL: usize = 6;

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
    /// Channels of the first convolution. Published: 32.
    pub base_channels: usize,
}

impl DecoderShape {
    /// The published one: 45 bins, 45 frames of 32 x 32, 32 base channels.
    pub fn paper(n_sites: usize) -> Self {
        Self { n_bins: 45, n_sites, n_frames: 45, height: 32, width: 32, base_channels: 32 }
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

/// Nodes in the making; each is appended behind the last.
struct Table(Vec<Node>);

impl Table {
    fn push(&mut self, name: impl Into<String>, op: Op) {
        let inputs = if self.0.is_empty() { vec![] } else { vec![NodeIdx(self.0.len() - 1)] };
        self.0.push(Node { name: name.into(), op, inputs });
    }
}

/// The decoder: a dense pair per bin, nearest resampling from bins to frames, padding by repetition, four convolutions with pooling
/// down to one time step, four with upsampling back, and the crop that undoes the padding.
///
/// # Errors
/// Where a size is 0, or there are more frames than temporal pools can cover.
pub fn decoder(shape: &DecoderShape) -> Result<Network> {
    let DecoderShape { n_bins, n_sites, n_frames, height, width, base_channels: h } = *shape;
    let sizes = [("n_bins", n_bins), ("n_sites", n_sites), ("height", height), ("width", width), ("base_channels", h)];
    if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
        return Err(DataError::new(*name, "at least 1", "0"));
    }
    let [p1, p2, p3] = temporal_pools(n_frames)?;
    let padded = (p1 * p2 * p3, height.next_multiple_of(SPATIAL_MULTIPLE), width.next_multiple_of(SPATIAL_MULTIPLE));
    let mut table = Table(Vec::new());
    table.push("spikes", Op::Input(Extent { frames: n_bins, height: 1, width: 1, channels: n_sites }));
    table.push("Dense.dense1", Op::Linear { out_features: N_HIDDEN });
    table.push("Dense.bn1", Op::BatchNorm { axis: NormAxis::Bin });
    table.push("Dense.relu", Op::Relu);
    table.push("Dense.dense2", Op::Linear { out_features: N_RGB * height * width });
    table.push("Dense.sigmoid", Op::Sigmoid);
    table.push("Dense.unflatten", Op::FramesFromFeatures { height, width });
    if n_frames != n_bins {
        table.push("resample", Op::ResampleFrames { n_frames });
    }
    if padded != (n_frames, height, width) {
        table.push("pad", Op::PadEnd { frames: padded.0, height: padded.1, width: padded.2 });
    }
    let down = [(h, 7, p1), (2 * h, 5, p2), (4 * h, 3, p3), (4 * h, 3, 1)];
    for (block, (out_channels, k, pool)) in down.into_iter().enumerate() {
        let name = |at: usize| format!("encoder.{}", 4 * block + at);
        table.push(name(0), Op::Conv3d { out_channels, kernel: [k; 3] });
        table.push(name(1), Op::BatchNorm { axis: NormAxis::Channel });
        table.push(name(2), Op::Relu);
        table.push(name(3), Op::MaxPool3d { window: [pool, 2, 2] });
    }
    // Upsampling stands as its own module in the published table, so the convolution is module 1 of each block of 4.
    let up = [(4 * h, 3, 1), (2 * h, 3, p3), (h, 5, p2), (N_RGB, 7, p1)];
    for (block, (out_channels, k, factor)) in up.into_iter().enumerate() {
        let name = |at: usize| format!("decoder.{}", 4 * block + at);
        table.push(name(1), Op::UpsampleConv3d { out_channels, kernel: [k; 3], upsample: [factor, 2, 2] });
        table.push(name(2), Op::BatchNorm { axis: NormAxis::Channel });
        if block < 3 {
            table.push(name(3), Op::Relu);
        }
    }
    table.push("tanh_unit", Op::TanhUnit);
    if padded != (n_frames, height, width) {
        table.push("crop", Op::Crop { frames: n_frames, height, width });
    }
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
            let network = decoder(&DecoderShape { n_bins, n_sites, n_frames, height, width, base_channels: 1 }).unwrap();
            prop_assert_eq!(network.output(), Extent { frames: n_frames, height, width, channels: 3 });
            let latent = network.extent(network.node_idx(LATENT_NODE).unwrap());
            prop_assert_eq!((latent.frames, latent.channels), (1, 4));
        }
    }
}
