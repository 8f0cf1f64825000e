//! Sizes of a convolution over spectra.

use super::super::conv::Folded;
use super::transform::Transform;
use crate::Volume;

/// Products that tiles take while a transform passes one value through one halving of its length.
const TRANSFORM: f64 = 9.0;

/// A grid of voxels and the transforms that its circular convolutions run over.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// Frames, rows, columns.
    pub size: [usize; 3],
    pub transforms: [Transform; 3],
}

impl Grid {
    /// Long enough that no window reaches around: with `lead` and `trail` entries read before and behind, zeros behind the last entry serve
    /// both ends.
    pub fn new(size: [usize; 3], window: &Window) -> Self {
        let len = |at: usize| {
            let taps_alone = window.lead[at] == 0 && window.trail[at] == 0;
            let reach = window.lead[at].max(window.trail[at]);
            if taps_alone { size[at] } else { size[at] + reach }
        };
        Self { size, transforms: std::array::from_fn(|at| Transform::new(Transform::good_len(len(at)))) }
    }

    /// Lengths of the transforms.
    pub fn lens(&self) -> [usize; 3] {
        [0, 1, 2].map(|at| self.transforms[at].len())
    }

    /// Frequencies that are kept along a line; the others mirror them.
    pub fn n_frequencies(&self) -> usize {
        self.transforms[2].len() / 2 + 1
    }
}

/// Offsets that a window reads: `-lead..=trail` along each axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub lead: [usize; 3],
    pub trail: [usize; 3],
}

impl Window {
    pub fn taps(&self) -> [usize; 3] {
        std::array::from_fn(|at| self.lead[at] + 1 + self.trail[at])
    }

    /// Where the tap of offset `tap - lead` stands on a circle of `len`, counted backwards: a convolution as the product of spectra.
    pub fn place(&self, axis: usize, tap: usize, len: usize) -> usize {
        (len + self.lead[axis] - tap) % len
    }

    /// Where the offset of a tap stands on a circle of `len`.
    pub fn offset(&self, axis: usize, tap: usize, len: usize) -> usize {
        (len + tap - self.lead[axis]) % len
    }
}

/// A convolution over spectra: which grid, from how many channels to how many, over registers of how many lanes.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Samples; frames, where the window has one tap along them.
    pub batch: usize,
    pub grid: Grid,
    pub window: Window,
    pub n_from: usize,
    pub n_to: usize,
    pub lanes: usize,
    /// True where columns of the product are channels of its result, and no phases of upsampling.
    to_channels: bool,
    /// `exp(-2 pi i k / n)` along a line, times [`Shape::scale`].
    pub factors: Vec<[f32; 2]>,
}

impl Shape {
    /// The forward pass of a convolution at low resolution.
    pub fn forward(folded: &Folded, lanes: usize) -> Self {
        let window = Window { lead: folded.axes.map(|axis| axis.lead), trail: folded.axes.map(|axis| axis.trail) };
        let Volume { batch, frames, height, width, channels } = folded.input;
        let (batch, frames) = if window.taps()[0] == 1 { (batch * frames, 1) } else { (batch, frames) };
        let grid = Grid::new([frames, height, width], &window);
        let (n_from, n_to, to_channels) = (channels, folded.n_columns(), folded.is_plain());
        let mut shape = Self { batch, grid, window, n_from, n_to, lanes, to_channels, factors: Vec::new() };
        let (n_w, scale) = (shape.grid.lens()[2], shape.scale());
        let angle = |turns: usize| -2.0 * std::f64::consts::PI * turns as f64 / n_w as f64;
        let factor = |turns: usize| [angle(turns).cos(), angle(turns).sin()].map(|part| (part * scale) as f32);
        shape.factors = (0..n_w).map(factor).collect();
        shape
    }

    /// Its input gradient: what stood before stands behind, and the channels change sides.
    pub fn reversed(&self) -> Self {
        let window = Window { lead: self.window.trail, trail: self.window.lead };
        Self { window, n_from: self.n_to, n_to: self.n_from, to_channels: true, ..self.clone() }
    }

    /// The same for some of the samples.
    pub fn with_batch(&self, batch: usize) -> Self {
        Self { batch, ..self.clone() }
    }

    /// Voxels of a sample.
    pub fn n_voxels(&self) -> usize {
        self.grid.size.iter().product()
    }

    /// Factor of a kernel's spectrum: lines of values are transformed to twice their spectrum, and none of the transforms divides.
    pub fn scale(&self) -> f64 {
        0.5 / self.grid.lens().iter().product::<usize>() as f64
    }

    /// Samples whose channels stand side by side in a register: more than one where a sample's leave half of it empty.
    fn n_beside(&self, n_channels: usize) -> usize {
        (self.lanes / n_channels.max(1)).max(1)
    }

    /// What is read.
    pub fn input_side(&self) -> Side {
        Side { n_channels: self.n_from, n_beside: self.n_beside(self.n_from) }
    }

    /// What a product writes: samples side by side where it sums over lanes ([`super::narrow`]).
    pub fn output_side(&self) -> Side {
        let n_beside = if self.sums_over_lanes() { self.n_beside(self.n_to) } else { 1 };
        Side { n_channels: self.n_to, n_beside }
    }

    /// The gradient of the output, as a weight gradient reads it.
    pub fn gradient_side(&self) -> Side {
        Side { n_channels: self.n_to, n_beside: 1 }
    }

    /// True where lanes are the channels that are summed over, since a register of those that come out would be half empty.
    pub fn sums_over_lanes(&self) -> bool {
        self.to_channels && self.n_beside(self.n_to) > 1 && self.n_beside(self.n_from) == 1
    }

    /// Values of a side's spectra along lines and rows, as a product reads them.
    pub fn n_read(&self, side: Side) -> usize {
        self.n_lines(side) * self.grid.lens()[1]
    }

    /// Values of spectra along lines alone, as a product leaves them.
    pub fn n_written(&self) -> usize {
        self.n_lines(self.output_side()) * self.grid.size[1]
    }

    fn n_lines(&self, side: Side) -> usize {
        2 * self.lanes * side.n_registers(self.batch, self.lanes) * self.grid.n_frequencies() * self.grid.size[0]
    }

    /// Values in space of samples that were brought together, if any.
    pub fn n_together(&self, side: Side) -> usize {
        let registers = side.n_registers(self.batch, self.lanes);
        if side.n_beside == 1 { 0 } else { registers * self.lanes * self.n_voxels() }
    }

    /// Lanes that a sample takes on both sides, and pairs of channels with those that fill registers; of a weight gradient, which never sums
    /// over lanes, or of another pass.
    fn lanes_and_pairs(&self, of_weights: bool) -> (f64, f64) {
        let lanes = self.lanes;
        let taken =
            |side: Side| (side.n_beside * side.n_channels).next_multiple_of(lanes) as f64 / side.n_beside as f64;
        let [from, to] = [self.n_from, self.n_to];
        let over_lanes = self.sums_over_lanes() && !of_weights;
        let pairs = if over_lanes { from.next_multiple_of(lanes) * to } else { from * to.next_multiple_of(lanes) };
        let output = if of_weights { self.gradient_side() } else { self.output_side() };
        (taken(self.input_side()) + taken(output), pairs as f64)
    }

    /// Products that tiles take in the time of one sample's pass over spectra, about, with the pairs of channels of a weight gradient:
    /// products of spectra, transforms, and the kernels' spectra shared by eight samples. [`TRANSFORM`] was fitted to the published layers on AVX2.
    pub fn cost(&self) -> f64 {
        let [n_t, n_h, n_w] = self.grid.lens().map(|len| len as f64);
        let (n_channels, n_pairs) = self.lanes_and_pairs(true);
        let n_frequencies = self.grid.n_frequencies() as f64;
        // Short lines cost more than their logarithm says.
        let line = |len: f64| len * (len.log2() + 3.0);
        let products = 4.0 * n_t * n_h * n_frequencies * n_pairs;
        let transforms = n_channels * n_t * n_h * n_w * (n_t * n_h * n_w).log2();
        let of_kernel = self.window.taps()[0] as f64 * line(n_h) + n_h * line(n_t);
        products + TRANSFORM * (transforms + n_pairs * n_frequencies * of_kernel * 2.0 / 8.0)
    }

    /// Multiplications and additions of a pass over one sample, and those of the kernels' spectra: `5 n log2 n` a complex transform of
    /// `n` values, half as many a real one, 8 a product of spectra with its sum. Of a weight gradient, or of another pass.
    pub fn operations(&self, of_weights: bool) -> (f64, f64) {
        let [n_t, n_h, n_w] = self.grid.lens().map(|len| len as f64);
        let [frames, rows, _] = self.grid.size.map(|len| len as f64);
        let n_frequencies = self.grid.n_frequencies() as f64;
        let (n_channels, n_pairs) = self.lanes_and_pairs(of_weights);
        let line = |len: f64| 5.0 * len * len.log2();
        let of_channel =
            frames * (rows * line(n_w) / 2.0 + n_frequencies * line(n_h)) + n_frequencies * n_h * line(n_t);
        let sample = n_channels * of_channel + 8.0 * n_t * n_h * n_frequencies * n_pairs;
        let taps = self.window.taps().map(|n| n as f64);
        let of_kernel = 4.0 * taps.iter().product::<f64>() + taps[0] * line(n_h) + n_h * line(n_t);
        (sample, n_pairs * n_frequencies * of_kernel)
    }

    /// Complex registers of a row of full spectra: the channels that are summed over, all samples, all frequencies along frames.
    pub fn row_len(&self) -> usize {
        self.input_side().n_registers(self.batch, self.lanes) * self.grid.lens()[0]
    }
}

/// Channels on one side of a convolution, and how samples share registers there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub n_channels: usize,
    /// Samples side by side in a register.
    pub n_beside: usize,
}

impl Side {
    fn n_registers(&self, batch: usize, lanes: usize) -> usize {
        batch.div_ceil(self.n_beside) * (self.n_beside * self.n_channels).div_ceil(lanes)
    }
}
