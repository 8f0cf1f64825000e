//! A convolution as the product of spectra. A task has one frequency along lines and some blocks of output channels, and makes the
//! spectrum of their kernels as it goes, a row of it at a time: the whole is never kept.

use super::super::Fast;
use super::grid::Shape;
use crate::arch::{Complex, RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Samples whose sums stay in registers together.
const SAMPLES: usize = 4;
/// Tasks of a thread, at least.
const TASKS_PER_THREAD: usize = 4;

/// Multiplies the spectra of `shape.n_from` channels, as [`super::lines::spectra_of_frames`] leaves them, with those of the kernels and
/// transforms back along frames and rows: `[frequency, block, sample, frame, row]`, imaginary parts first. `packed` holds `[tap, from
/// channel]` rows of `shape.n_to` columns, `stride` apart.
pub(super) fn multiply(fast: &Fast, shape: &Shape, spectra: &[f32], packed: &[f32], stride: usize, out: &mut [f32]) {
    let lanes = fast.isa.lanes();
    let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
    let tasks = Tasks::new(shape, lanes);
    let lens = [
        shape.row_len(lanes) * n_h,
        n_h * shape.n_from * shape.window.taps()[0],
        n_t * shape.n_from,
        shape.batch * n_t,
        shape.batch * frames * n_h,
        frames * n_h,
        n_t.max(n_h),
        n_t.max(n_h),
        n_t.max(n_h),
    ]
    .map(|len| 2 * lanes * len);
    let block_len = 2 * lanes * shape.batch * frames * height;
    out.par_chunks_mut(tasks.blocks * block_len).enumerate().for_each(|(task, out)| {
        fast.singles.with(lens.iter().sum(), |buffer| {
            let (frequency, first_block) = tasks.of(task);
            let buffers = split(buffer, lens);
            with_lanes(fast.isa, Product { shape, spectra, packed, stride, frequency, first_block, out, buffers });
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
    pub fn new(shape: &Shape, lanes: usize) -> Self {
        let n_blocks = shape.n_to.div_ceil(lanes);
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
    stride: usize,
    frequency: usize,
    first_block: usize,
    out: &'a mut [f32],
    buffers: [&'a mut [f32]; 9],
}

impl RegisterWork for Product<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let Self { shape, packed, stride, frequency, first_block, .. } = self;
        let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
        let [of_t, of_h, _] = &shape.grid.transforms;
        let [rows, kernels, kernel_row, sums, planes, plane, a, b, spare] = self.buffers;
        let (kernels, kernel_row, sums) = (r.complex_mut(kernels), r.complex_mut(kernel_row), r.complex_mut(sums));
        let (planes, a, b, spare) = (r.complex_mut(planes), r.complex_mut(a), r.complex_mut(b), r.complex_mut(spare));
        rows_of_spectra(r, shape, self.spectra, frequency, r.complex_mut(rows), [r.complex_mut(plane), &mut *spare]);
        let row_len = 2 * R::LANES * shape.row_len(R::LANES);
        let block_len = shape.batch * frames * height;
        for (block, out) in r.complex_mut(self.out).chunks_exact_mut(block_len).enumerate() {
            let kernel = KernelSpectra { shape, packed, stride, frequency, block: first_block + block };
            kernel.along_rows(r, kernels, a, b, spare);
            for (h, row) in rows.chunks_exact(row_len).enumerate() {
                kernel.along_frames(r, &kernels[h * shape.n_from * shape.window.taps()[0]..], kernel_row, a, b, spare);
                for t in 0..n_t {
                    let kernel_row = &kernel_row[t * shape.n_from..][..shape.n_from];
                    let mut sample = 0;
                    while sample < shape.batch {
                        let n = (shape.batch - sample).min(SAMPLES);
                        let sums = &mut sums[sample * n_t + t..];
                        let row = Row { shape, values: row };
                        match n {
                            1 => row.sums::<R, 1>(r, kernel_row, t, sample, sums),
                            2 => row.sums::<R, 2>(r, kernel_row, t, sample, sums),
                            3 => row.sums::<R, 3>(r, kernel_row, t, sample, sums),
                            _ => row.sums::<R, SAMPLES>(r, kernel_row, t, sample, sums),
                        }
                        sample += n;
                    }
                }
                for (sample, sums) in sums.chunks_exact(n_t).enumerate() {
                    of_t.run(r, sums, 1, b, spare);
                    for (frame, value) in b[..frames].iter().enumerate() {
                        planes[(sample * frames + frame) * n_h + h] = *value;
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

/// Full spectra at one frequency along lines, `[frequency along rows, block, sample, frequency along frames]`, from those of frames.
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
    let n_blocks = shape.n_from.div_ceil(R::LANES);
    for (block, sample) in (0..n_blocks).flat_map(|block| (0..shape.batch).map(move |sample| (block, sample))) {
        copy_plane(r, shape, spectra, shape.n_from, [sample, block, frequency], plane);
        for h in 0..n_h {
            let out = &mut out[((h * n_blocks + block) * shape.batch + sample) * n_t..][..n_t];
            shape.grid.transforms[0].run(r, &plane[h..(frames - 1) * n_h + h + 1], n_h, out, spare);
        }
    }
}

/// Brings together the frames of one sample, block and frequency along lines: `[frame, frequency along rows]`. Transforms along frames would
/// read as many far places at once, and wait for memory: a third of their time.
#[inline(always)]
pub(super) fn copy_plane<R: Registers>(
    r: R,
    shape: &Shape,
    spectra: &[f32],
    n_channels: usize,
    [sample, block, frequency]: [usize; 3],
    plane: &mut [Complex<R::V>],
) {
    let (frames, n_h, n_frequencies) = (shape.grid.size[0], shape.grid.lens()[1], shape.grid.n_frequencies());
    let step = n_channels.div_ceil(R::LANES) * n_frequencies * n_h;
    let first = sample * frames * step + (block * n_frequencies + frequency) * n_h;
    let from = r.complex(spectra)[first..].chunks(step);
    for (to, from) in plane[..frames * n_h].chunks_exact_mut(n_h).zip(from) {
        to.copy_from_slice(&from[..n_h]);
    }
}

/// The kernels of one frequency along lines and one block of output channels.
struct KernelSpectra<'a> {
    shape: &'a Shape,
    packed: &'a [f32],
    stride: usize,
    frequency: usize,
    block: usize,
}

impl KernelSpectra<'_> {
    /// Spectra along lines and rows: `[frequency along rows, from channel, tap along frames]`.
    #[inline(always)]
    fn along_rows<R: Registers>(
        &self,
        r: R,
        out: &mut [Complex<R::V>],
        a: &mut [Complex<R::V>],
        b: &mut [Complex<R::V>],
        spare: &mut [Complex<R::V>],
    ) {
        let shape = self.shape;
        let ([taps_t, taps_h, taps_w], [_, n_h, n_w]) = (shape.window.taps(), shape.grid.lens());
        let zero: Complex<R::V> = [r.splat(0.0); 2];
        let per_row = shape.n_from * taps_t;
        for (t, from) in (0..taps_t).flat_map(|t| (0..shape.n_from).map(move |from| (t, from))) {
            a[..n_h].fill(zero);
            for h in 0..taps_h {
                let [mut re, mut im] = zero;
                for w in 0..taps_w {
                    let [cos, sin] = shape.factors[self.frequency * shape.window.place(2, w, n_w) % n_w];
                    let (cos, sin) = (r.splat(cos), r.splat(sin));
                    let at = (((t * taps_h + h) * taps_w + w) * shape.n_from + from) * self.stride;
                    let weight = r.load(&self.packed[at + self.block * R::LANES..]);
                    re = r.add_product(re, weight, cos);
                    im = r.add_product(im, weight, sin);
                }
                a[shape.window.place(1, h, n_h)] = [re, im];
            }
            shape.grid.transforms[1].run(r, &a[..n_h], 1, b, spare);
            for (row, value) in out.chunks_exact_mut(per_row).zip(&b[..n_h]) {
                row[from * taps_t + t] = *value;
            }
        }
    }

    /// One row in full: `[frequency along frames, from channel]`.
    #[inline(always)]
    fn along_frames<R: Registers>(
        &self,
        r: R,
        row: &[Complex<R::V>],
        out: &mut [Complex<R::V>],
        a: &mut [Complex<R::V>],
        b: &mut [Complex<R::V>],
        spare: &mut [Complex<R::V>],
    ) {
        let (shape, n_t) = (self.shape, self.shape.grid.lens()[0]);
        let taps_t = shape.window.taps()[0];
        for (from, taps) in row.chunks_exact(taps_t).take(shape.n_from).enumerate() {
            a[..n_t].fill([r.splat(0.0); 2]);
            for (t, tap) in taps.iter().enumerate() {
                a[shape.window.place(0, t, n_t)] = *tap;
            }
            shape.grid.transforms[0].run(r, &a[..n_t], 1, b, spare);
            for (out, value) in out.chunks_exact_mut(shape.n_from).zip(&b[..n_t]) {
                out[from] = *value;
            }
        }
    }
}

/// One row of full spectra of the channels that are summed over: `[block, sample, frequency along frames]`.
pub(super) struct Row<'a> {
    pub shape: &'a Shape,
    pub values: &'a [f32],
}

impl Row<'_> {
    /// One frequency of one sample: real parts of a block's lanes, then their imaginary parts.
    #[inline(always)]
    pub fn at<R: Registers>(&self, block: usize, sample: usize, t: usize) -> &[f32] {
        let at = (block * self.shape.batch + sample) * self.shape.grid.lens()[0] + t;
        &self.values[2 * R::LANES * at..][..2 * R::LANES]
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
            let mut values: [&[f32]; N] = [&[]; N];
            for (n, values) in values.iter_mut().enumerate() {
                *values = self.at::<R>(block, sample + n, t);
            }
            for (lane, &[re, im]) in kernels.iter().enumerate() {
                for (sum, values) in sums.iter_mut().zip(values) {
                    let (x, y) = (r.splat(values[lane]), r.splat(values[R::LANES + lane]));
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
