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

/// A convolution over spectra: which grid, from how many channels to how many.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Samples; frames, where the window has one tap along them.
    pub batch: usize,
    pub grid: Grid,
    pub window: Window,
    pub n_from: usize,
    pub n_to: usize,
    /// `exp(-2 pi i k / n)` along a line, times [`Shape::scale`].
    pub factors: Vec<[f32; 2]>,
}

impl Shape {
    /// The forward pass of a convolution at low resolution.
    pub fn forward(folded: &Folded) -> Self {
        let window = Window { lead: folded.axes.map(|axis| axis.lead), trail: folded.axes.map(|axis| axis.trail) };
        let Volume { batch, frames, height, width, channels } = folded.input;
        let (batch, frames) = if window.taps()[0] == 1 { (batch * frames, 1) } else { (batch, frames) };
        let grid = Grid::new([frames, height, width], &window);
        let mut shape = Self { batch, grid, window, n_from: channels, n_to: folded.n_columns(), factors: Vec::new() };
        let (n_w, scale) = (shape.grid.lens()[2], shape.scale());
        let angle = |turns: usize| -2.0 * std::f64::consts::PI * turns as f64 / n_w as f64;
        let factor = |turns: usize| [angle(turns).cos(), angle(turns).sin()].map(|part| (part * scale) as f32);
        shape.factors = (0..n_w).map(factor).collect();
        shape
    }

    /// Its input gradient: what stood before stands behind, and the channels change sides.
    pub fn reversed(&self) -> Self {
        let window = Window { lead: self.window.trail, trail: self.window.lead };
        Self { window, n_from: self.n_to, n_to: self.n_from, ..self.clone() }
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

    /// Values of a sample's spectra of `n_channels` channels along lines and rows, as a product reads them.
    pub fn n_read(&self, n_channels: usize, lanes: usize) -> usize {
        self.n_planes(n_channels, lanes) * self.grid.size[0] * self.grid.lens()[1]
    }

    /// Values of a sample's spectra of `n_channels` channels along lines alone, as a product leaves them.
    pub fn n_written(&self, n_channels: usize, lanes: usize) -> usize {
        self.n_planes(n_channels, lanes) * self.grid.size[0] * self.grid.size[1]
    }

    /// Products that tiles take in the time of one sample's forward pass over spectra, about: products of spectra, transforms, and the
    /// kernels' spectra shared by eight samples. [`TRANSFORM`] was fitted to the published layers on AVX2.
    pub fn cost(&self, lanes: usize) -> f64 {
        let [n_t, n_h, n_w] = self.grid.lens().map(|len| len as f64);
        let [to, from_padded] = [self.n_to.next_multiple_of(lanes), self.n_from.next_multiple_of(lanes)];
        let (n_pairs, n_channels) = ((self.n_from * to) as f64, (from_padded + to) as f64);
        let n_frequencies = self.grid.n_frequencies() as f64;
        // Short lines cost more than their logarithm says.
        let line = |len: f64| len * (len.log2() + 3.0);
        let products = 4.0 * n_t * n_h * n_frequencies * n_pairs;
        let transforms = n_channels * n_t * n_h * n_w * (n_t * n_h * n_w).log2();
        let of_kernel = self.window.taps()[0] as f64 * line(n_h) + n_h * line(n_t);
        products + TRANSFORM * (transforms + n_pairs * n_frequencies * of_kernel * 2.0 / 8.0)
    }

    /// Multiplications and additions of a pass over one sample, and those of the kernels' spectra: `5 n log2 n` a complex transform of
    /// `n` values, half as many a real one, 8 a product of spectra with its sum.
    pub fn operations(&self, lanes: usize) -> (f64, f64) {
        let [n_t, n_h, n_w] = self.grid.lens().map(|len| len as f64);
        let [frames, rows, _] = self.grid.size.map(|len| len as f64);
        let n_frequencies = self.grid.n_frequencies() as f64;
        let [to, from] = [self.n_to, self.n_from].map(|n| n.next_multiple_of(lanes) as f64);
        let n_pairs = self.n_from as f64 * to;
        let line = |len: f64| 5.0 * len * len.log2();
        let of_channel =
            frames * (rows * line(n_w) / 2.0 + n_frequencies * line(n_h)) + n_frequencies * n_h * line(n_t);
        let sample = (from + to) * of_channel + 8.0 * n_t * n_h * n_frequencies * n_pairs;
        let taps = self.window.taps().map(|n| n as f64);
        let of_kernel = 4.0 * taps.iter().product::<f64>() + taps[0] * line(n_h) + n_h * line(n_t);
        (sample, n_pairs * n_frequencies * of_kernel)
    }

    fn n_planes(&self, n_channels: usize, lanes: usize) -> usize {
        self.grid.n_frequencies() * n_channels.next_multiple_of(lanes) * 2
    }

    /// Complex registers of a row of full spectra: the channels that are summed over, all samples, all frequencies along frames.
    pub fn row_len(&self, lanes: usize) -> usize {
        self.n_from.div_ceil(lanes) * self.batch * self.grid.lens()[0]
    }
}
