//! The operations a node may name, and the size each gives to its output.

use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Result};

/// Size of one sample `[frame, height, width, channel]`, channel fastest. Spikes `[bin, site]` have height and width 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Frames, or bins.
    pub frames: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, sites or features.
    pub channels: usize,
}

impl Extent {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.frames * self.height * self.width * self.channels
    }

    /// True where an axis is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Extent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}, {}, {}]", self.frames, self.height, self.width, self.channels)
    }
}

/// Which axis batch normalisation keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormAxis {
    /// The time bin, as the published models do between their two dense layers.
    Bin,
    /// The channel, the usual one.
    Channel,
}

/// An operation. Sizes are per sample; the batch is the engine's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// What is fed in.
    Input(Extent),
    /// A dense layer over the channel axis, the same at each frame, row and column.
    Linear {
        /// Channels of the output.
        out_features: usize,
    },
    /// Batch normalisation, eps 1e-5.
    BatchNorm {
        /// The axis that keeps its own statistics.
        axis: NormAxis,
    },
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `(tanh(x) + 1) / 2`.
    TanhUnit,
    /// A 'same' convolution with zero padding.
    Conv3d {
        /// Channels of the output.
        out_channels: usize,
        /// Kernel along `[frame, height, width]`, odd.
        kernel: [usize; 3],
    },
    /// Nearest upsampling, then a 'same' convolution: one node, so that an engine may fold them into one.
    UpsampleConv3d {
        /// Channels of the output.
        out_channels: usize,
        /// Kernel along `[frame, height, width]`, odd.
        kernel: [usize; 3],
        /// Factor along `[frame, height, width]`.
        upsample: [usize; 3],
    },
    /// A 'same' convolution of each frame by itself, with zero padding; weights are PyTorch's `Conv2d`'s.
    Conv2d {
        /// Channels of the output.
        out_channels: usize,
        /// Kernel along `[height, width]`, odd.
        kernel: [usize; 2],
    },
    /// Max pooling with window equal to stride.
    MaxPool3d {
        /// Window along `[frame, height, width]`.
        window: [usize; 3],
    },
    /// Nearest resampling along time: frame `f` takes the bin under its centre, `floor((f + 1/2) n_bins / n_frames)`
    /// (PyTorch's `nearest-exact`).
    ResampleFrames {
        /// Frames of the output.
        n_frames: usize,
    },
    /// Padding at the end of each axis by repetition of its last entry.
    PadEnd {
        /// Frames of the output.
        frames: usize,
        /// Rows of the output.
        height: usize,
        /// Columns of the output.
        width: usize,
    },
    /// The beginning of each axis: undoes [`Op::PadEnd`].
    Crop {
        /// Frames of the output.
        frames: usize,
        /// Rows of the output.
        height: usize,
        /// Columns of the output.
        width: usize,
    },
    /// Features ordered `[channel, height, width]` become a frame: the published `Unflatten(3, 32, 32)`, moved to channels-last.
    FramesFromFeatures {
        /// Rows of the output.
        height: usize,
        /// Columns of the output.
        width: usize,
    },
    /// A frame becomes features ordered `[channel, height, width]`: undoes [`Op::FramesFromFeatures`].
    FeaturesFromFrames,
    /// Bilinear upsampling of each frame: PyTorch's `Upsample(mode="bilinear", align_corners=False)`.
    UpsampleBilinear {
        /// Factor along `[height, width]`.
        factor: [usize; 2],
    },
    /// Nearest upsampling alone.
    Upsample {
        /// Factor along `[frame, height, width]`.
        factor: [usize; 3],
    },
    /// Inputs side by side along the channel axis: a skip connection.
    Concat,
}

impl Op {
    /// Size of the output for inputs of these sizes.
    ///
    /// # Errors
    /// Says which size does not fit the operation.
    pub fn extent(&self, inputs: &[Extent]) -> Result<Extent> {
        let wrong = |expected: String, got: String| Err(DataError::new(format!("input of {self:?}"), expected, got));
        let n_inputs = inputs.len();
        let x = match self {
            Op::Input(extent) if n_inputs == 0 && !extent.is_empty() => return Ok(*extent),
            Op::Input(extent) => return wrong("no inputs and a size above 0".into(), format!("{n_inputs}, {extent}")),
            Op::Concat if n_inputs >= 2 => inputs[0],
            Op::Concat => return wrong("two inputs or more".into(), n_inputs.to_string()),
            _ if n_inputs == 1 => inputs[0],
            _ => return wrong("one input".into(), n_inputs.to_string()),
        };
        let out = match *self {
            Op::Input(_) | Op::BatchNorm { .. } | Op::Relu | Op::Sigmoid | Op::TanhUnit => x,
            Op::Linear { out_features } => Extent { channels: out_features, ..x },
            Op::Conv3d { out_channels, kernel } | Op::UpsampleConv3d { out_channels, kernel, .. } => {
                if kernel.iter().any(|size| size % 2 == 0) {
                    return wrong("an odd kernel".into(), format!("{kernel:?}"));
                }
                let by = if let Op::UpsampleConv3d { upsample, .. } = self { *upsample } else { [1; 3] };
                Extent { channels: out_channels, ..scaled(x, by) }
            }
            Op::Conv2d { out_channels, kernel } => {
                if kernel.iter().any(|size| size % 2 == 0) {
                    return wrong("an odd kernel".into(), format!("{kernel:?}"));
                }
                Extent { channels: out_channels, ..x }
            }
            Op::MaxPool3d { window } => {
                if window.contains(&0) {
                    return wrong("a window of at least 1".into(), format!("{window:?}"));
                }
                let [frames, height, width] = [x.frames / window[0], x.height / window[1], x.width / window[2]];
                Extent { frames, height, width, ..x }
            }
            Op::ResampleFrames { n_frames } => Extent { frames: n_frames, ..x },
            Op::PadEnd { frames, height, width } => {
                if frames < x.frames || height < x.height || width < x.width {
                    return wrong(format!("at most [{frames}, {height}, {width}]"), x.to_string());
                }
                Extent { frames, height, width, ..x }
            }
            Op::Crop { frames, height, width } => {
                if frames > x.frames || height > x.height || width > x.width {
                    return wrong(format!("at least [{frames}, {height}, {width}]"), x.to_string());
                }
                Extent { frames, height, width, ..x }
            }
            Op::FramesFromFeatures { height, width } => {
                if x.height != 1 || x.width != 1 || height * width == 0 || x.channels % (height * width) != 0 {
                    return wrong(format!("rows of a multiple of {height} x {width} features"), x.to_string());
                }
                Extent { frames: x.frames, height, width, channels: x.channels / (height * width) }
            }
            Op::FeaturesFromFrames => {
                Extent { frames: x.frames, height: 1, width: 1, channels: x.height * x.width * x.channels }
            }
            Op::UpsampleBilinear { factor: [height, width] } => scaled(x, [1, height, width]),
            Op::Upsample { factor } => scaled(x, factor),
            Op::Concat => {
                if let Some(other) = inputs.iter().find(|other| Extent { channels: x.channels, ..**other } != x) {
                    return wrong(format!("frames, height and width as in {x}"), other.to_string());
                }
                Extent { channels: inputs.iter().map(|input| input.channels).sum(), ..x }
            }
        };
        if out.is_empty() { wrong("an output with no empty axis".into(), out.to_string()) } else { Ok(out) }
    }
}

fn scaled(x: Extent, by: [usize; 3]) -> Extent {
    Extent { frames: x.frames * by[0], height: x.height * by[1], width: x.width * by[2], channels: x.channels }
}
