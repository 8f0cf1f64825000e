//! Building tables: nodes in the making, and the pieces that several models share.

use super::{Node, NodeIdx, NormAxis, Op};
use spikereel_data::{DataError, Result};

/// Features of the first dense layer of the published models.
pub(super) const N_HIDDEN: usize = 512;
/// Colors of a frame.
pub(super) const N_RGB: usize = 3;
/// Rows and columns are halved four times.
const SPATIAL_MULTIPLE: usize = 16;

/// Nodes in the making.
pub(super) struct Table(pub Vec<Node>);

impl Table {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends a node that reads the last one.
    pub fn push(&mut self, name: impl Into<String>, op: Op) -> NodeIdx {
        let inputs = if self.0.is_empty() { vec![] } else { vec![NodeIdx(self.0.len() - 1)] };
        self.push_from(name, op, inputs)
    }

    /// Appends a node that reads the given ones.
    pub fn push_from(&mut self, name: impl Into<String>, op: Op, inputs: Vec<NodeIdx>) -> NodeIdx {
        self.0.push(Node { name: name.into(), op, inputs });
        NodeIdx(self.0.len() - 1)
    }

    /// The published dense pair: a frame from each bin on its own, then nearest resampling from bins to frames.
    pub fn embed(&mut self, n_bins: usize, n_frames: usize, height: usize, width: usize) {
        self.push("Dense.dense1", Op::Linear { out_features: N_HIDDEN });
        self.push("Dense.bn1", Op::BatchNorm { axis: NormAxis::Bin });
        self.push("Dense.relu", Op::Relu);
        self.push("Dense.dense2", Op::Linear { out_features: N_RGB * height * width });
        self.push("Dense.sigmoid", Op::Sigmoid);
        self.push("Dense.unflatten", Op::FramesFromFeatures { height, width });
        self.resample(n_bins, n_frames);
    }

    /// Nearest resampling in time, where it is needed.
    pub fn resample(&mut self, from: usize, to: usize) {
        if from != to {
            self.push("resample", Op::ResampleFrames { n_frames: to });
        }
    }

    /// Padding by repetition, where it is needed.
    pub fn pad(&mut self, from: [usize; 3], to: [usize; 3]) {
        if from != to {
            self.push("pad", Op::PadEnd { frames: to[0], height: to[1], width: to[2] });
        }
    }

    /// Undoes padding from `to` to `from`.
    pub fn crop(&mut self, from: [usize; 3], to: [usize; 3]) {
        if from != to {
            self.push("crop", Op::Crop { frames: from[0], height: from[1], width: from[2] });
        }
    }

    /// The published trunk of decoder and encoder, up to its last normalisation: four convolutions with pooling down to one time step, and
    /// four with upsampling back.
    pub fn trunk(&mut self, h: usize, [p1, p2, p3]: [usize; 3]) {
        let down = [(h, 7, p1), (2 * h, 5, p2), (4 * h, 3, p3), (4 * h, 3, 1)];
        for (block, (out_channels, k, pool)) in down.into_iter().enumerate() {
            let name = |at: usize| format!("encoder.{}", 4 * block + at);
            self.push(name(0), Op::Conv3d { out_channels, kernel: [k; 3] });
            self.push(name(1), Op::BatchNorm { axis: NormAxis::Channel });
            self.push(name(2), Op::Relu);
            self.push(name(3), Op::MaxPool3d { window: [pool, 2, 2] });
        }
        // Upsampling stands as its own module in the published table, so the convolution is module 1 of each block of 4.
        let up = [(4 * h, 3, 1), (2 * h, 3, p3), (h, 5, p2), (N_RGB, 7, p1)];
        for (block, (out_channels, k, factor)) in up.into_iter().enumerate() {
            let name = |at: usize| format!("decoder.{}", 4 * block + at);
            self.push(name(1), Op::UpsampleConv3d { out_channels, kernel: [k; 3], upsample: [factor, 2, 2] });
            self.push(name(2), Op::BatchNorm { axis: NormAxis::Channel });
            if block < 3 {
                self.push(name(3), Op::Relu);
            }
        }
    }
}

/// Frames, rows and columns that pooling divides, at least as many as are asked for.
pub(super) fn padded(n_frames: usize, height: usize, width: usize) -> [usize; 3] {
    [n_frames, height.next_multiple_of(SPATIAL_MULTIPLE), width.next_multiple_of(SPATIAL_MULTIPLE)]
}

/// Refuses the first size that is 0.
pub(super) fn check_sizes(sizes: &[(&'static str, usize)]) -> Result<()> {
    match sizes.iter().find(|(_, size)| *size == 0) {
        Some((name, _)) => Err(DataError::new(*name, "at least 1", "0")),
        None => Ok(()),
    }
}
