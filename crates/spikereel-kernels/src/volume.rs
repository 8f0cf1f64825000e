//! Shapes of the operations. No data, only sizes, so that a plan can be made and checked before anything runs.

/// Size of an activation `[batch, frame, height, width, channel]`, channel fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Samples.
    pub batch: usize,
    /// Frames.
    pub frames: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl Volume {
    /// Number of voxels: all axes but the channel.
    pub fn n_voxels(&self) -> usize {
        self.batch * self.frames * self.height * self.width
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.n_voxels() * self.channels
    }

    /// True where an axis is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A 'same' convolution with zero padding `kernel / 2`, after nearest upsampling by `upsample` (`[1, 1, 1]` for none).
///
/// Weights are PyTorch's `[out, in, kernel_frame, kernel_height, kernel_width]`, kernels odd. The output has the frames, height and
/// width of the upsampled input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv3d {
    /// The input, before upsampling.
    pub input: Volume,
    /// Channels of the output.
    pub out_channels: usize,
    /// Kernel size along `[frame, height, width]`; odd.
    pub kernel: [usize; 3],
    /// Nearest upsampling along `[frame, height, width]` before the convolution.
    pub upsample: [usize; 3],
}

impl Conv3d {
    /// The output's size.
    pub fn output(&self) -> Volume {
        Volume {
            batch: self.input.batch,
            frames: self.input.frames * self.upsample[0],
            height: self.input.height * self.upsample[1],
            width: self.input.width * self.upsample[2],
            channels: self.out_channels,
        }
    }

    /// Number of weights.
    pub fn n_weights(&self) -> usize {
        self.out_channels * self.input.channels * self.kernel.iter().product::<usize>()
    }
}

/// Max pooling with window equal to stride; rows that do not fill a window are dropped, as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool3d {
    /// The input.
    pub input: Volume,
    /// Window along `[frame, height, width]`.
    pub window: [usize; 3],
}

impl Pool3d {
    /// The output's size.
    pub fn output(&self) -> Volume {
        Volume {
            frames: self.input.frames / self.window[0],
            height: self.input.height / self.window[1],
            width: self.input.width / self.window[2],
            ..self.input
        }
    }
}

/// What batch normalisation runs over: data `[outer, channel, inner]`, statistics per channel over outer and inner.
///
/// Channels-last activations have `inner = 1`. The published models also normalise over time bins of `[batch, bin, feature]`:
/// there `channel` is the bin and `inner` the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalised {
    /// Axes before the channel, multiplied.
    pub outer: usize,
    /// The channel axis.
    pub channels: usize,
    /// Axes behind the channel, multiplied.
    pub inner: usize,
}

impl Normalised {
    /// Each channel of a volume by itself.
    pub fn channels_of(volume: &Volume) -> Self {
        Self { outer: volume.n_voxels(), channels: volume.channels, inner: 1 }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.outer * self.channels * self.inner
    }

    /// True where an axis is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
