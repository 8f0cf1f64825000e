//! The two networks that the paper sets beside its decoder, with the parameter counts it reports.
//!
//! Layers are those of the published counts (paper-facts, section 3): 3,746,484 and 602,115 at 140 sites. Module numbers count as in a
//! PyTorch `Sequential`, activations and upsampling included.

use super::table::{N_HIDDEN, N_RGB, Table};
use super::{DecoderShape, Network, NormAxis, Op};
use spikereel_data::Result;

/// Features of the second dense layer of the MLP.
const N_SECOND: usize = 1024;
/// Channels that the shallow CNN starts from, at a quarter of the frame's rows and columns.
const N_START: usize = 64;
/// Each of the two upsamplings doubles rows and columns.
const DOUBLE: usize = 2;

/// The MLP: three dense layers on each bin by itself, batch normalisation over bins and ReLU behind the first two, sigmoid behind the
/// last; nearest resampling from bins to frames.
///
/// The paper writes that all three are normalised; its parameter count is that of two.
///
/// # Errors
/// Where a size is 0.
pub fn mlp(shape: &DecoderShape) -> Result<Network> {
    let DecoderShape { n_bins, n_frames, height, width, .. } = *shape;
    shape.check()?;
    let mut table = Table::new();
    table.push("spikes", shape.input());
    for (at, out_features) in [(0, N_HIDDEN), (3, N_SECOND)] {
        table.push(format!("mlp.{at}"), Op::Linear { out_features });
        table.push(format!("mlp.{}", at + 1), Op::BatchNorm { axis: NormAxis::Bin });
        table.push(format!("mlp.{}", at + 2), Op::Relu);
    }
    table.push("mlp.6", Op::Linear { out_features: N_RGB * height * width });
    table.push("mlp.7", Op::Sigmoid);
    table.push("unflatten", Op::FramesFromFeatures { height, width });
    table.resample(n_bins, n_frames);
    Network::new(table.0)
}

/// The shallow CNN: a dense layer from each bin to 64 maps of a quarter of the frame's side, four 3 x 3 convolutions to 32, 16, 8 and 3
/// channels, all but the last with batch normalisation and ReLU, bilinear doubling behind the first two, sigmoid; cropped where the side
/// is no multiple of 4, and resampled from bins to frames.
///
/// The count fixes the layers, not where the doublings stand.
///
/// # Errors
/// Where a size is 0.
pub fn shallow_cnn(shape: &DecoderShape) -> Result<Network> {
    let DecoderShape { n_bins, n_frames, height, width, .. } = *shape;
    shape.check()?;
    let (rows, columns) = (height.div_ceil(DOUBLE * DOUBLE), width.div_ceil(DOUBLE * DOUBLE));
    let mut table = Table::new();
    table.push("spikes", shape.input());
    table.push("dense", Op::Linear { out_features: N_START * rows * columns });
    table.push("unflatten", Op::FramesFromFeatures { height: rows, width: columns });
    for (at, out_channels, doubles) in [(0, 32, true), (4, 16, true), (8, 8, false)] {
        table.push(format!("conv.{at}"), Op::Conv2d { out_channels, kernel: [3; 2] });
        table.push(format!("conv.{}", at + 1), Op::BatchNorm { axis: NormAxis::Channel });
        table.push(format!("conv.{}", at + 2), Op::Relu);
        if doubles {
            table.push(format!("conv.{}", at + 3), Op::UpsampleBilinear { factor: [DOUBLE; 2] });
        }
    }
    table.push("conv.11", Op::Conv2d { out_channels: N_RGB, kernel: [3; 2] });
    table.push("conv.12", Op::Sigmoid);
    let side = DOUBLE * DOUBLE;
    table.crop([n_bins, height, width], [n_bins, side * rows, side * columns]);
    table.resample(n_bins, n_frames);
    Network::new(table.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Extent, Model, build};
    use proptest::prelude::*;

    #[test]
    fn parameter_counts_are_the_published_ones() {
        let shape = DecoderShape::paper(140);
        assert_eq!(mlp(&shape).unwrap().n_params(), 3_746_484);
        assert_eq!(shallow_cnn(&shape).unwrap().n_params(), 602_115);
    }

    #[test]
    fn flat_convolutions_have_pytorchs_shapes() {
        let network = shallow_cnn(&DecoderShape::paper(140)).unwrap();
        let shape = |name: &str| network.params().spec(name).unwrap().shape.clone();
        assert_eq!(shape("conv.0.weight"), [32, 64, 3, 3]);
        assert_eq!(shape("conv.11.weight"), [3, 8, 3, 3]);
        assert_eq!(shape("conv.9.running_mean"), [8]);
        // Of four convolutions the last has no normalisation behind it.
        assert_eq!(network.dead_biases().len(), 3);
    }

    proptest! {
        #[test]
        fn every_size_comes_out_as_it_was_asked_for(
            n_bins in 1_usize..20, n_sites in 1_usize..5, n_frames in 1_usize..40, height in 1_usize..40, width in 1_usize..40,
        ) {
            for model in Model::ALL {
                let shape = DecoderShape { n_bins, n_sites, n_frames, height, width, base_channels: 1, model };
                let expected = Extent { frames: n_frames, height, width, channels: 3 };
                prop_assert_eq!(build(&shape).unwrap().output(), expected);
            }
        }
    }
}
