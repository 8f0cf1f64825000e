//! The weight gradient: outer products of spectra, summed over samples, transformed back where the kernel has taps.

use super::super::Fast;
use super::grid::Shape;
use super::product::{Row, Tasks, copy_plane, rows_of_spectra, split};
use crate::arch::{Complex, RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Input channels whose sums stay in registers together.
const CHANNELS: usize = 4;

/// Adds to `sums`, `[frequency, block, tap frame, tap row, from channel]`, imaginary parts first, what the samples of `shape` give; both
/// operands are spectra of frames.
pub(super) fn add_outer_products(fast: &Fast, shape: &Shape, from: &[f32], to: &[f32], sums: &mut [f32]) {
    let lanes = shape.lanes;
    let ([n_t, n_h, _], [taps_t, taps_h, _]) = (shape.grid.lens(), shape.window.taps());
    let tasks = Tasks::new(shape);
    let lens = [
        shape.row_len() * n_h,
        shape.batch * n_t,
        n_t * shape.n_from,
        taps_t * shape.n_from * n_h,
        shape.batch * shape.grid.size[0] * n_h,
        n_t.max(n_h),
        n_t.max(n_h),
    ]
    .map(|len| 2 * lanes * len);
    let block_len = 2 * lanes * taps_t * taps_h * shape.n_from;
    sums.par_chunks_mut(tasks.blocks * block_len).enumerate().for_each(|(task, sums)| {
        fast.singles.with(lens.iter().sum(), |buffer| {
            let (frequency, first_block) = tasks.of(task);
            let buffers = split(buffer, lens);
            with_lanes(fast.isa, Outer { shape, from, to, frequency, first_block, sums, buffers });
        });
    });
}

struct Outer<'a> {
    shape: &'a Shape,
    from: &'a [f32],
    to: &'a [f32],
    frequency: usize,
    first_block: usize,
    sums: &'a mut [f32],
    buffers: [&'a mut [f32]; 7],
}

impl RegisterWork for Outer<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let Self { shape, frequency, first_block, .. } = self;
        let ([n_t, n_h, _], [taps_t, taps_h, _]) = (shape.grid.lens(), shape.window.taps());
        let [of_t, of_h, _] = &shape.grid.transforms;
        let [rows, gradients, products, planes, copies, a, spare] = self.buffers;
        let (gradients, products, copies) = (r.complex_mut(gradients), r.complex_mut(products), r.complex_mut(copies));
        let (planes, a, spare) = (r.complex_mut(planes), r.complex_mut(a), r.complex_mut(spare));
        rows_of_spectra(r, shape, self.from, frequency, r.complex_mut(rows), [&mut *copies, &mut *spare]);
        let row_len = 2 * R::LANES * shape.row_len();
        let block_len = taps_t * taps_h * shape.n_from;
        let plane_len = shape.grid.size[0] * n_h;
        for (block, sums) in r.complex_mut(self.sums).chunks_exact_mut(block_len).enumerate() {
            for (sample, plane) in copies.chunks_exact_mut(plane_len).enumerate() {
                copy_plane(r, shape, self.to, shape.n_to, [sample, first_block + block, frequency], plane);
            }
            for (h, row) in rows.chunks_exact(row_len).enumerate() {
                for (plane, gradients) in copies.chunks_exact(plane_len).zip(gradients.chunks_exact_mut(n_t)) {
                    of_t.run(r, &plane[h..plane_len - n_h + h + 1], n_h, gradients, spare);
                }
                outer_row(r, &Row::new(shape, row), gradients, products);
                for (from, products) in products.chunks_exact(n_t).enumerate() {
                    of_t.run(r, products, 1, a, spare);
                    for t in 0..taps_t {
                        planes[(t * shape.n_from + from) * n_h + h] = a[shape.window.offset(0, t, n_t)];
                    }
                }
            }
            for (at, line) in planes.chunks_exact(n_h).enumerate() {
                let (t, from) = (at / shape.n_from, at % shape.n_from);
                of_h.run(r, line, 1, a, spare);
                for h in 0..taps_h {
                    let lag = a[shape.window.offset(1, h, n_h)];
                    let sum = &mut sums[(t * taps_h + h) * shape.n_from + from];
                    *sum = [r.add(sum[0], lag[0]), r.add(sum[1], lag[1])];
                }
            }
        }
    }
}

/// All products of a row: `[from channel, frequency along frames]`.
#[inline(always)]
fn outer_row<R: Registers>(r: R, row: &Row<'_>, to: &[Complex<R::V>], products: &mut [Complex<R::V>]) {
    let (n_from, n_t) = (row.shape.n_from, row.shape.grid.lens()[0]);
    for t in 0..n_t {
        for block in 0..n_from.div_ceil(R::LANES) {
            let n_lanes = (n_from - block * R::LANES).min(R::LANES);
            let mut lane = 0;
            while lane < n_lanes {
                let n = (n_lanes - lane).min(CHANNELS);
                let products = &mut products[(block * R::LANES + lane) * n_t + t..];
                match n {
                    1 => outer::<R, 1>(r, row, to, [block, t, lane], products),
                    2 => outer::<R, 2>(r, row, to, [block, t, lane], products),
                    3 => outer::<R, 3>(r, row, to, [block, t, lane], products),
                    _ => outer::<R, CHANNELS>(r, row, to, [block, t, lane], products),
                }
                lane += n;
            }
        }
    }
}

/// Sums over samples of `x conj(g)` for `N` channels of a block, imaginary parts first, written a spectrum apart.
#[inline(always)]
fn outer<R: Registers, const N: usize>(
    r: R,
    row: &Row<'_>,
    to: &[Complex<R::V>],
    [block, t, lane]: [usize; 3],
    products: &mut [Complex<R::V>],
) {
    let n_t = row.shape.grid.lens()[0];
    let mut sums = [[r.splat(0.0); 2]; N];
    for sample in 0..row.shape.batch {
        let [re, im] = to[sample * n_t + t];
        let [x, y] = row.at::<R>(block, sample, t).map(|part| &part[lane..][..N]);
        for (n, sum) in sums.iter_mut().enumerate() {
            let (x, y) = (r.splat(x[n]), r.splat(y[n]));
            sum[1] = r.add_product(r.add_product(sum[1], x, re), y, im);
            sum[0] = r.sub_product(r.add_product(sum[0], y, re), x, im);
        }
    }
    for (n, sum) in sums.into_iter().enumerate() {
        products[n * n_t] = sum;
    }
}

/// The last axis: `[tap frame, tap row, tap column, from channel]` rows of `stride` columns, from the sums over all samples.
pub(super) fn taps_of_sums(fast: &Fast, shape: &Shape, sums: &[f32], stride: usize, packed: &mut [f32]) {
    let lanes = shape.lanes;
    let ([_, _, n_w], [taps_t, taps_h, taps_w]) = (shape.grid.lens(), shape.window.taps());
    let (n_blocks, n_from) = (shape.n_to.div_ceil(lanes), shape.n_from);
    // Both operands are twice their spectra.
    let scale = 0.5 * shape.scale();
    let factor = |frequency: usize, w: usize| {
        let angle = 2.0 * std::f64::consts::PI * (frequency * shape.window.offset(2, w, n_w) % n_w) as f64 / n_w as f64;
        let both_halves = if frequency == 0 || 2 * frequency == n_w { 1.0 } else { 2.0 };
        [angle.sin() * -both_halves * scale, angle.cos() * both_halves * scale].map(|factor| factor as f32)
    };
    let n_frequencies = shape.grid.n_frequencies();
    let factors: Vec<[f32; 2]> = (0..taps_w).flat_map(|w| (0..n_frequencies).map(move |f| factor(f, w))).collect();
    let tap_len = 2 * lanes * taps_t * taps_h * n_from;
    packed.par_chunks_mut(taps_w * n_from * stride).enumerate().for_each(|(tap, packed)| {
        let sums = &sums[2 * lanes * tap * n_from..];
        with_lanes(
            fast.isa,
            Taps { sums, tap_len, n_from, n_blocks, n_frequencies, factors: &factors, packed, stride },
        );
    });
}

/// All taps along lines of one tap along frames and rows.
struct Taps<'a> {
    /// From the tap's first place on.
    sums: &'a [f32],
    /// From one block or frequency to the next.
    tap_len: usize,
    n_from: usize,
    n_blocks: usize,
    n_frequencies: usize,
    /// Of imaginary and real parts, `[tap along lines, frequency]`.
    factors: &'a [[f32; 2]],
    packed: &'a mut [f32],
    stride: usize,
}

impl RegisterWork for Taps<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let Self { sums, tap_len, n_from, n_blocks, n_frequencies, factors, packed, stride } = self;
        packed.fill(0.0);
        for (row, packed) in packed.chunks_exact_mut(stride).enumerate() {
            let (w, from) = (row / n_from, row % n_from);
            let factors = &factors[w * n_frequencies..][..n_frequencies];
            for (block, packed) in packed.chunks_exact_mut(R::LANES).take(n_blocks).enumerate() {
                let mut sum = r.splat(0.0);
                for (frequency, &[of_im, of_re]) in factors.iter().enumerate() {
                    let at = (frequency * n_blocks + block) * tap_len + 2 * R::LANES * from;
                    let (im, re) = sums[at..][..2 * R::LANES].split_at(R::LANES);
                    sum = r.add_product(sum, r.splat(of_im), r.load(im));
                    sum = r.add_product(sum, r.splat(of_re), r.load(re));
                }
                r.store(sum, packed);
            }
        }
    }
}
