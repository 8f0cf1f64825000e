//! The published inverse: video to spikes, at any number of frames, rows, columns, bins and sites.
//!
//! The trunk is the decoder's, its last batch normalisation included and no tanh behind it; each frame is flattened and two dense layers
//! lead to the sites (paper-facts, section 3): 3,551,983 parameters at 140 sites. As in the decoder the bottleneck has one time
//! step, so the trunk's middle frames are identical and only the normalisation over bins tells their bins apart.

use super::decoder::temporal_pools;
use super::table::{N_HIDDEN, N_RGB, Table, check_sizes, padded};
use super::{DecoderShape, Extent, Network, NormAxis, Op};
use serde::{Deserialize, Serialize};
use spikereel_data::Result;

/// All that sets an encoder apart from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderShape {
    /// Frames of video.
    pub n_frames: usize,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    /// Bins of spikes.
    pub n_bins: usize,
    /// Sites.
    pub n_sites: usize,
    /// Channels of the first convolution. Published: 32.
    pub base_channels: usize,
}

impl EncoderShape {
    /// The published one: 45 frames of 32 x 32, 45 bins, 32 base channels.
    pub fn paper(n_sites: usize) -> Self {
        Self { n_frames: 45, height: 32, width: 32, n_bins: 45, n_sites, base_channels: 32 }
    }
}

impl From<DecoderShape> for EncoderShape {
    /// The inverse of a decoder of these sizes.
    fn from(shape: DecoderShape) -> Self {
        let DecoderShape { n_bins, n_sites, n_frames, height, width, base_channels, .. } = shape;
        Self { n_frames, height, width, n_bins, n_sites, base_channels }
    }
}

/// The encoder: padding by repetition, the decoder's trunk, the crop that undoes the padding, nearest resampling from frames to bins, a dense
/// pair per bin with a linear output.
///
/// # Errors
/// Where a size is 0, or there are more frames than temporal pools can cover.
pub fn encoder(shape: &EncoderShape) -> Result<Network> {
    let EncoderShape { n_frames, height, width, n_bins, n_sites, base_channels } = *shape;
    check_sizes(&[
        ("n_frames", n_frames),
        ("height", height),
        ("width", width),
        ("n_bins", n_bins),
        ("n_sites", n_sites),
        ("base_channels", base_channels),
    ])?;
    let pools = temporal_pools(n_frames)?;
    let (size, whole) = ([n_frames, height, width], padded(pools.iter().product(), height, width));
    let mut table = Table::new();
    table.push("video", Op::Input(Extent { frames: n_frames, height, width, channels: N_RGB }));
    table.pad(size, whole);
    table.trunk(base_channels, pools);
    table.crop(size, whole);
    table.push("flatten", Op::FeaturesFromFrames);
    table.resample(n_frames, n_bins);
    table.push("Dense.dense1", Op::Linear { out_features: N_HIDDEN });
    table.push("Dense.bn1", Op::BatchNorm { axis: NormAxis::Bin });
    table.push("Dense.relu", Op::Relu);
    table.push("Dense.dense2", Op::Linear { out_features: n_sites });
    Network::new(table.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_parameter_count_is_the_published_one() {
        assert_eq!(encoder(&EncoderShape::paper(140)).unwrap().n_params(), 3_551_983);
    }

    proptest! {
        #[test]
        fn every_size_comes_out_as_it_was_asked_for(
            n_bins in 1_usize..50, n_sites in 1_usize..5, n_frames in 1_usize..60, height in 1_usize..40, width in 1_usize..40,
        ) {
            let network = encoder(&EncoderShape { n_frames, height, width, n_bins, n_sites, base_channels: 1 }).unwrap();
            prop_assert_eq!(network.output(), Extent { frames: n_bins, height: 1, width: 1, channels: n_sites });
        }
    }
}
