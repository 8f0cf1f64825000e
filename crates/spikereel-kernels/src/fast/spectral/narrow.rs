//! Products where few channels come out: lanes are the channels that are summed over, and the sums over lanes of several samples' channels
//! stand side by side in one register.
//!
//! With 3 channels out of 32 the plain way fills 3 of 16 lanes, makes the kernels' spectra over registers as empty, and transforms them
//! back sample by sample.

use super::product::Row;
use crate::arch::{Complex, Registers};

/// Sums over channels at one frequency for all samples, written a spectrum apart with real and imaginary parts exchanged. Lanes of no
/// sample get what `partial` holds for them.
#[inline(always)]
pub(super) fn sums<R: Registers>(
    r: R,
    row: &Row<'_>,
    kernels: &[Complex<R::V>],
    t: usize,
    partial: &mut [Complex<R::V>],
    out: &mut [Complex<R::V>],
) {
    let shape = row.shape;
    let (n_t, n_blocks) = (shape.grid.lens()[0], shape.n_from.div_ceil(R::LANES));
    let zero = [r.splat(0.0); 2];
    let partial = &mut partial[..R::LANES];
    for (register, out) in out.chunks_exact_mut(n_t).enumerate() {
        let first = register * shape.output_side().n_beside;
        let samples = first..(first + shape.output_side().n_beside).min(shape.batch);
        for (sample, partial) in samples.zip(partial.chunks_mut(shape.n_to)) {
            for (partial, kernels) in partial.iter_mut().zip(kernels.chunks_exact(n_blocks)) {
                let mut sum = zero;
                for (block, &[re, im]) in kernels.iter().enumerate() {
                    let [x, y] = row.at::<R>(block, sample, t).map(|part| r.load(part));
                    sum[0] = r.sub_product(r.add_product(sum[0], x, re), y, im);
                    sum[1] = r.add_product(r.add_product(sum[1], x, im), y, re);
                }
                *partial = sum;
            }
        }
        out[t] = [r.lane_sums(partial, 1), r.lane_sums(partial, 0)];
    }
}
