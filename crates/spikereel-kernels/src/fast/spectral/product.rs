//! A convolution as the product of spectra. A task has one frequency along lines and one register of output channels, and makes the
//! spectrum of its kernels as it goes, a row of it at a time: the whole is never kept.

use super::super::Fast;
use super::grid::Shape;
use crate::arch::{Complex, RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Samples whose sums stay in registers together.
const SAMPLES: usize = 4;

/// Multiplies the full spectra of `shape.n_from` channels with those of the kernels and transforms back along frames and rows:
/// `[frequency, block, sample, frame, row]`, imaginary parts first. `packed` holds `[tap, from channel]` rows of `shape.n_to`
/// columns, `stride` apart.
pub(super) fn multiply(fast: &Fast, shape: &Shape, spectra: &[f32], packed: &[f32], stride: usize, out: &mut [f32]) {
    let lanes = fast.isa.lanes();
    let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
    let n_blocks = shape.n_to.div_ceil(lanes);
    let lens = [
        n_h * shape.n_from * shape.window.taps()[0],
        n_t * shape.n_from,
        shape.batch * n_t,
        shape.batch * frames * n_h,
        n_t.max(n_h),
        n_t.max(n_h),
    ]
    .map(|len| 2 * lanes * len);
    out.par_chunks_mut(2 * lanes * shape.batch * frames * height).enumerate().for_each(|(task, out)| {
        fast.singles.with(lens.iter().sum(), |buffer| {
            let (frequency, block) = (task / n_blocks, task % n_blocks);
            let buffers = split(buffer, lens);
            with_lanes(fast.isa, Product { shape, spectra, packed, stride, frequency, block, out, buffers });
        });
    });
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
    block: usize,
    out: &'a mut [f32],
    buffers: [&'a mut [f32]; 6],
}

impl RegisterWork for Product<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let Self { shape, packed, stride, frequency, block, .. } = self;
        let ([frames, height, _], [n_t, n_h, _]) = (shape.grid.size, shape.grid.lens());
        let [of_t, of_h, _] = &shape.grid.transforms;
        let [kernels, row, sums, planes, a, b] = self.buffers.map(|buffer| r.complex_mut(buffer));
        let kernel = Kernels { shape, packed, stride, frequency, block };
        kernel.along_rows(r, kernels, a, b);
        let spectra = Spectra { spectra: self.spectra, shape, frequency };
        for h in 0..n_h {
            kernel.along_frames(r, &kernels[h * shape.n_from * shape.window.taps()[0]..], row, a, b);
            for t in 0..n_t {
                let row = &row[t * shape.n_from..][..shape.n_from];
                let mut sample = 0;
                while sample < shape.batch {
                    let n = (shape.batch - sample).min(SAMPLES);
                    let sums = &mut sums[sample * n_t + t..];
                    match n {
                        1 => spectra.sums::<R, 1>(r, row, h, t, sample, sums),
                        2 => spectra.sums::<R, 2>(r, row, h, t, sample, sums),
                        3 => spectra.sums::<R, 3>(r, row, h, t, sample, sums),
                        _ => spectra.sums::<R, SAMPLES>(r, row, h, t, sample, sums),
                    }
                    sample += n;
                }
            }
            for (sample, sums) in sums.chunks_exact_mut(n_t).enumerate() {
                let back = of_t.run(r, sums, &mut b[..n_t]);
                for (frame, value) in back[..frames].iter().enumerate() {
                    planes[(sample * frames + frame) * n_h + h] = *value;
                }
            }
        }
        let out = r.complex_mut(self.out);
        for (line, out) in planes.chunks_exact_mut(n_h).zip(out.chunks_exact_mut(height)) {
            out.copy_from_slice(&of_h.run(r, line, &mut b[..n_h])[..height]);
        }
    }
}

/// The kernels of one frequency along lines and one block of output channels.
struct Kernels<'a> {
    shape: &'a Shape,
    packed: &'a [f32],
    stride: usize,
    frequency: usize,
    block: usize,
}

impl Kernels<'_> {
    /// Spectra along lines and rows: `[frequency along rows, from channel, tap along frames]`.
    #[inline(always)]
    fn along_rows<R: Registers>(
        &self,
        r: R,
        out: &mut [Complex<R::V>],
        a: &mut [Complex<R::V>],
        b: &mut [Complex<R::V>],
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
                    let turns = self.frequency * shape.window.place(2, w, n_w) % n_w;
                    let angle = -2.0 * std::f64::consts::PI * turns as f64 / n_w as f64;
                    let [cos, sin] = [angle.cos(), angle.sin()].map(|part| r.splat((part * shape.scale()) as f32));
                    let at = (((t * taps_h + h) * taps_w + w) * shape.n_from + from) * self.stride;
                    let weight = r.load(&self.packed[at + self.block * R::LANES..]);
                    re = r.add_product(re, weight, cos);
                    im = r.add_product(im, weight, sin);
                }
                a[shape.window.place(1, h, n_h)] = [re, im];
            }
            let spectrum = shape.grid.transforms[1].run(r, &mut a[..n_h], &mut b[..n_h]);
            for (row, value) in out.chunks_exact_mut(per_row).zip(spectrum) {
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
    ) {
        let (shape, n_t) = (self.shape, self.shape.grid.lens()[0]);
        let taps_t = shape.window.taps()[0];
        for (from, taps) in row.chunks_exact(taps_t).take(shape.n_from).enumerate() {
            a[..n_t].fill([r.splat(0.0); 2]);
            for (t, tap) in taps.iter().enumerate() {
                a[shape.window.place(0, t, n_t)] = *tap;
            }
            let spectrum = shape.grid.transforms[0].run(r, &mut a[..n_t], &mut b[..n_t]);
            for (out, value) in out.chunks_exact_mut(shape.n_from).zip(spectrum) {
                out[from] = *value;
            }
        }
    }
}

/// Full spectra of the channels that are summed over, as [`super::lines::spectra_of_planes`] leaves them.
pub(super) struct Spectra<'a> {
    pub spectra: &'a [f32],
    pub shape: &'a Shape,
    pub frequency: usize,
}

impl Spectra<'_> {
    /// One frequency of one sample: real parts of a block's lanes, then their imaginary parts.
    #[inline(always)]
    pub fn at<R: Registers>(&self, _: R, block: usize, h: usize, sample: usize, t: usize) -> &[f32] {
        let [n_t, n_h, _] = self.shape.grid.lens();
        let n_blocks = self.shape.n_from.div_ceil(R::LANES);
        let plane = self.frequency * n_blocks + block;
        let at = ((plane * n_h + h) * self.shape.batch + sample) * n_t + t;
        &self.spectra[2 * R::LANES * at..][..2 * R::LANES]
    }

    /// Sums over channels at one frequency for `N` samples from `sample` on, written a spectrum apart with real and imaginary parts
    /// exchanged.
    #[inline(always)]
    fn sums<R: Registers, const N: usize>(
        &self,
        r: R,
        row: &[Complex<R::V>],
        h: usize,
        t: usize,
        sample: usize,
        out: &mut [Complex<R::V>],
    ) {
        let zero = r.splat(0.0);
        let mut sums = [[zero; 2]; N];
        for (block, row) in row.chunks(R::LANES).enumerate() {
            let values: [&[f32]; N] = std::array::from_fn(|n| self.at(r, block, h, sample + n, t));
            for (lane, &[re, im]) in row.iter().enumerate() {
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
