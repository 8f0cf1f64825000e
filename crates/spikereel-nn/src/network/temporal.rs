//! `decoder_temporal`: a decoder of ours that can show motion at any time. It is not published; it is set beside the published one to
//! show what that one's bottleneck costs.
//!
//! It differs in two things. Time is never pooled, so each frame has a bottleneck of its own, where the published one has a single
//! time step for all frames. And each level of the way up also reads the level of the same size on the way down (Ronneberger et al. 2015,
//! MICCAI), as the paper's words about a U-Net suggest and its code does not do. All kernels are 3 x 3 x 3: with time kept,
//! the published 7 and 5 would cost several times as much. Widths, halvings, normalisations and the output are the published decoder's.

use super::table::{N_RGB, Table, padded};
use super::{DecoderShape, Network, NormAxis, Op};
use spikereel_data::Result;

/// Kernel of every convolution.
const KERNEL: [usize; 3] = [3; 3];
/// Rows and columns are halved at each level; frames are not.
const HALVE: [usize; 3] = [1, 2, 2];

/// The temporal decoder: the published dense pair per bin, four levels down, four up with skip connections, `(tanh + 1) / 2`.
///
/// # Errors
/// Where a size is 0.
pub fn decoder_temporal(shape: &DecoderShape) -> Result<Network> {
    let DecoderShape { n_bins, n_frames, height, width, base_channels: h, .. } = *shape;
    shape.check()?;
    let (size, whole) = ([n_frames, height, width], padded(n_frames, height, width));
    let mut table = Table::new();
    table.push("spikes", shape.input());
    table.embed(n_bins, n_frames, height, width);
    table.pad(size, whole);
    let mut levels = Vec::new();
    for (block, out_channels) in [h, 2 * h, 4 * h, 4 * h].into_iter().enumerate() {
        let name = |at: usize| format!("encoder.{}", 4 * block + at);
        table.push(name(0), Op::Conv3d { out_channels, kernel: KERNEL });
        table.push(name(1), Op::BatchNorm { axis: NormAxis::Channel });
        levels.push(table.push(name(2), Op::Relu));
        table.push(name(3), Op::MaxPool3d { window: HALVE });
    }
    for (block, (out_channels, level)) in [4 * h, 2 * h, h, N_RGB].into_iter().zip(levels.into_iter().rev()).enumerate()
    {
        let name = |at: usize| format!("decoder.{}", 4 * block + at);
        let up = table.push(name(0), Op::Upsample { factor: HALVE });
        table.push_from(format!("skip.{block}"), Op::Concat, vec![up, level]);
        table.push(name(1), Op::Conv3d { out_channels, kernel: KERNEL });
        table.push(name(2), Op::BatchNorm { axis: NormAxis::Channel });
        if block < 3 {
            table.push(name(3), Op::Relu);
        }
    }
    table.push("tanh_unit", Op::TanhUnit);
    table.crop(size, whole);
    Network::new(table.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::LATENT_NODE;

    #[test]
    fn every_frame_keeps_a_bottleneck_of_its_own() {
        let network = decoder_temporal(&DecoderShape::paper(140)).unwrap();
        let latent = network.extent(network.node_idx(LATENT_NODE).unwrap());
        assert_eq!((latent.frames, latent.height, latent.width, latent.channels), (45, 2, 2, 128));
        assert_eq!(network.n_params(), 3_814_275);
    }
}
