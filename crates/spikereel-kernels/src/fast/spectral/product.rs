//! A convolution as the product of spectra. A task has one frequency along lines and some blocks of output channels, and makes the
//! spectrum of their kernels as it goes, a row of it at a time.

use super::super::Fast;
use super::super::tiles::padded_columns;
use super::grid::Shape;
use super::kernels::KernelSpectra;
use super::narrow;
use crate::arch::{Complex, RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Samples whose sums stay in registers together.
const SAMPLES: usize = 4;
/// Tasks of a thread, at least.
const TASKS_PER_THREAD: usize = 4;

/// Multiplies the spectra of `shape.n_from` channels, as [`super::lines::spectra_of_frames`] leaves them, with those of the kernels and
/// transforms back along frames and rows: `[frequency, block, register of samples, frame, row]`, imaginary parts first. `packed` holds
/// `[tap, from channel]` rows of `shape.n_to` columns; where [`Shape::sums_over_lanes`], `[tap in reverse, to channel]` rows of
/// `shape.n_from` columns.
pub(super) fn multiply(fast: &Fast, shape: &Shape, spectra: &[f32], packed: &[f32], out: &mut [f32]) {
    let lanes = shape.lanes;
    let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
    let (tasks, n_registers) = (Tasks::new(shape), shape.batch.div_ceil(shape.output_side().n_beside));
    let n_kernels = Product::kernels(shape, packed, 0, 0).n_kernels();
    let lens = [
        shape.row_len() * n_h,
        n_h * n_kernels * shape.window.taps()[0],
        n_t * n_kernels,
        n_registers * n_t,
        n_registers * frames * n_h,
        (frames * n_h).max(lanes),
        n_t.max(n_h),
        n_t.max(n_h),
        n_t.max(n_h),
    ]
    .map(|len| 2 * lanes * len);
    let block_len = 2 * lanes * n_registers * frames * height;
    out.par_chunks_mut(tasks.blocks * block_len).enumerate().for_each(|(task, out)| {
        fast.singles.with(lens.iter().sum(), |buffer| {
            let (frequency, first_block) = tasks.of(task);
            let buffers = split(buffer, lens);
            with_lanes(fast.isa, Product { shape, spectra, packed, frequency, first_block, out, buffers });
        });
    });
}

/// How work is shared: each task has a frequency along lines and some blocks of output channels. How many changes no sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tasks {
    per_frequency: usize,
    /// Blocks of a task.
    pub blocks: usize,
}

impl Tasks {
    /// A task transforms the spectra it reads along frames first: as few as keep all threads busy.
    pub fn new(shape: &Shape) -> Self {
        let n_blocks = shape.n_to.div_ceil(shape.lanes);
        let wanted = (TASKS_PER_THREAD * rayon::current_num_threads()).div_ceil(shape.grid.n_frequencies());
        let per_frequency = (wanted..n_blocks).find(|n| n_blocks.is_multiple_of(*n)).unwrap_or(n_blocks);
        Self { per_frequency, blocks: n_blocks / per_frequency }
    }

    /// Frequency and first block.
    pub fn of(&self, task: usize) -> (usize, usize) {
        (task / self.per_frequency, task % self.per_frequency * self.blocks)
    }
}

/// Parts of these lengths.
pub(super) fn split<const N: usize>(mut buffer: &mut [f32], lens: [usize; N]) -> [&mut [f32]; N] {
    lens.map(|len| {
        let (part, rest) = std::mem::take(&mut buffer).split_at_mut(len);
        buffer = rest;
        part
    })
}

struct Product<'a> {
    shape: &'a Shape,
    spectra: &'a [f32],
    packed: &'a [f32],
    frequency: usize,
    first_block: usize,
    out: &'a mut [f32],
    buffers: [&'a mut [f32]; 9],
}

impl<'a> Product<'a> {
    /// The kernels of one frequency and one block of output channels, or all of them where lanes are summed over.
    fn kernels(shape: &'a Shape, packed: &'a [f32], frequency: usize, block: usize) -> KernelSpectra<'a> {
        let reversed = shape.sums_over_lanes();
        let (n_rows, columns) = if reversed { (shape.n_to, shape.n_from) } else { (shape.n_from, shape.n_to) };
        let (first_block, n_blocks) = if reversed { (0, columns.div_ceil(shape.lanes)) } else { (block, 1) };
        let stride = padded_columns(columns);
        KernelSpectra { shape, packed, stride, frequency, n_rows, first_block, n_blocks, reversed }
    }
}

impl RegisterWork for Product<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let Self { shape, packed, frequency, first_block, .. } = self;
        let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
        let [of_t, of_h, _] = &shape.grid.transforms;
        let [rows, kernels, kernel_row, sums, planes, plane, a, b, spare] = self.buffers;
        let (kernels, kernel_row, sums) = (r.complex_mut(kernels), r.complex_mut(kernel_row), r.complex_mut(sums));
        let (planes, plane) = (r.complex_mut(planes), r.complex_mut(plane));
        let (a, b, spare) = (r.complex_mut(a), r.complex_mut(b), r.complex_mut(spare));
        rows_of_spectra(r, shape, self.spectra, frequency, r.complex_mut(rows), [&mut *plane, &mut *spare]);
        let row_len = 2 * R::LANES * shape.row_len();
        // Sums over lanes leave rows of it that no sample has, and read them.
        plane.fill([r.splat(0.0); 2]);
        for (block, out) in r.complex_mut(self.out).chunks_exact_mut(planes.len() / n_h * height).enumerate() {
            let kernel = Self::kernels(shape, packed, frequency, first_block + block);
            let n_kernels = kernel.n_kernels();
            kernel.along_rows(r, kernels, a, b, spare);
            for (h, row) in rows.chunks_exact(row_len).enumerate() {
                let of_row = &kernels[h * n_kernels * shape.window.taps()[0]..][..n_kernels * shape.window.taps()[0]];
                kernel.along_frames(r, of_row, kernel_row, a, b, spare);
                let row = Row::new(shape, row);
                for (t, kernels) in kernel_row.chunks_exact(n_kernels).enumerate() {
                    if shape.sums_over_lanes() {
                        narrow::sums(r, &row, kernels, t, plane, sums);
                    } else {
                        row.all_sums(r, kernels, t, sums);
                    }
                }
                for (register, sums) in sums.chunks_exact(n_t).enumerate() {
                    of_t.run(r, sums, 1, b, spare);
                    for (frame, value) in b[..frames].iter().enumerate() {
                        planes[(register * frames + frame) * n_h + h] = *value;
                    }
                }
            }
            for (line, out) in planes.chunks_exact(n_h).zip(out.chunks_exact_mut(height)) {
                of_h.run(r, line, 1, b, spare);
                out.copy_from_slice(&b[..height]);
            }
        }
    }
}

/// Full spectra at one frequency along lines, `[frequency along rows, block, register of samples, frequency along frames]`, from those of
/// frames.
#[inline(always)]
pub(super) fn rows_of_spectra<R: Registers>(
    r: R,
    shape: &Shape,
    spectra: &[f32],
    frequency: usize,
    out: &mut [Complex<R::V>],
    [plane, spare]: [&mut [Complex<R::V>]; 2],
) {
    let (frames, [n_t, n_h, _]) = (shape.grid.size[0], shape.grid.lens());
    let (n_blocks, n_registers) = (shape.n_from.div_ceil(R::LANES), shape.batch.div_ceil(shape.input_side().n_beside));
    for (block, register) in (0..n_blocks).flat_map(|block| (0..n_registers).map(move |register| (block, register))) {
        copy_plane(r, shape, spectra, shape.n_from, [register, block, frequency], plane);
        for h in 0..n_h {
            let out = &mut out[((h * n_blocks + block) * n_registers + register) * n_t..][..n_t];
            shape.grid.transforms[0].run(r, &plane[h..(frames - 1) * n_h + h + 1], n_h, out, spare);
        }
    }
}

/// Brings together the frames of one register of samples, block and frequency along lines: `[frame, frequency along rows]`. Transforms along
/// frames would read as many far places at once, and wait for memory: a third of their time.
#[inline(always)]
pub(super) fn copy_plane<R: Registers>(
    r: R,
    shape: &Shape,
    spectra: &[f32],
    n_channels: usize,
    [register, block, frequency]: [usize; 3],
    plane: &mut [Complex<R::V>],
) {
    let (frames, n_h, n_frequencies) = (shape.grid.size[0], shape.grid.lens()[1], shape.grid.n_frequencies());
    let step = n_channels.div_ceil(R::LANES) * n_frequencies * n_h;
    let first = register * frames * step + (block * n_frequencies + frequency) * n_h;
    let from = r.complex(spectra)[first..].chunks(step);
    for (to, from) in plane[..frames * n_h].chunks_exact_mut(n_h).zip(from) {
        to.copy_from_slice(&from[..n_h]);
    }
}

/// One row of full spectra of the channels that are summed over: `[block, register of samples, frequency along frames]`.
pub(super) struct Row<'a> {
    pub shape: &'a Shape,
    values: &'a [f32],
    // Kept: a division costs as much as the products of a sample and a block.
    n_beside: usize,
    n_registers: usize,
}

impl<'a> Row<'a> {
    pub fn new(shape: &'a Shape, values: &'a [f32]) -> Self {
        let n_beside = shape.input_side().n_beside;
        Self { shape, values, n_beside, n_registers: shape.batch.div_ceil(n_beside) }
    }

    /// One frequency of one sample: real parts of a block's channels from the sample's first lane on, and their imaginary parts.
    #[inline(always)]
    pub fn at<R: Registers>(&self, block: usize, sample: usize, t: usize) -> [&[f32]; 2] {
        let n_beside = self.n_beside;
        let (register, lane) =
            if n_beside == 1 { (sample, 0) } else { (sample / n_beside, sample % n_beside * self.shape.n_from) };
        let at = (block * self.n_registers + register) * self.shape.grid.lens()[0] + t;
        let (re, im) = self.values[2 * R::LANES * at..][..2 * R::LANES].split_at(R::LANES);
        [&re[lane..], &im[lane..]]
    }

    /// Sums over channels at one frequency for all samples.
    #[inline(always)]
    fn all_sums<R: Registers>(&self, r: R, kernels: &[Complex<R::V>], t: usize, sums: &mut [Complex<R::V>]) {
        let (batch, n_t) = (self.shape.batch, self.shape.grid.lens()[0]);
        let mut sample = 0;
        while sample < batch {
            let n = (batch - sample).min(SAMPLES);
            let sums = &mut sums[sample * n_t + t..];
            match n {
                1 => self.sums::<R, 1>(r, kernels, t, sample, sums),
                2 => self.sums::<R, 2>(r, kernels, t, sample, sums),
                3 => self.sums::<R, 3>(r, kernels, t, sample, sums),
                _ => self.sums::<R, SAMPLES>(r, kernels, t, sample, sums),
            }
            sample += n;
        }
    }

    /// Sums over channels at one frequency for `N` samples from `sample` on, written a spectrum apart with real and imaginary parts
    /// exchanged.
    #[inline(always)]
    fn sums<R: Registers, const N: usize>(
        &self,
        r: R,
        kernels: &[Complex<R::V>],
        t: usize,
        sample: usize,
        out: &mut [Complex<R::V>],
    ) {
        let zero = r.splat(0.0);
        let mut sums = [[zero; 2]; N];
        for (block, kernels) in kernels.chunks(R::LANES).enumerate() {
            let mut values: [[&[f32]; 2]; N] = [[&[]; 2]; N];
            for (n, values) in values.iter_mut().enumerate() {
                *values = self.at::<R>(block, sample + n, t).map(|part| &part[..kernels.len()]);
            }
            for (lane, &[re, im]) in kernels.iter().enumerate() {
                for (sum, [x, y]) in sums.iter_mut().zip(values) {
                    let (x, y) = (r.splat(x[lane]), r.splat(y[lane]));
                    sum[0] = r.sub_product(r.add_product(sum[0], x, re), y, im);
                    sum[1] = r.add_product(r.add_product(sum[1], x, im), y, re);
                }
            }
        }
        let n_t = self.shape.grid.lens()[0];
        for (n, [re, im]) in sums.into_iter().enumerate() {
            out[n * n_t] = [im, re];
        }
    }
}
