//! The inner loop in plain Rust: what the other instruction sets do, without their instructions.

use super::{LANES, PARTIAL_STEPS, Product, ROWS, Tile};

/// What one step multiplies.
pub(super) trait Step<B>: Sized {
    /// Adds the products of the step that begins at `a[0]` to a vector of sums.
    fn add(a: &[Self], b: &[B; LANES], sums: &mut [f32; LANES]);
}

impl Step<f32> for f32 {
    fn add(a: &[f32], b: &[f32; LANES], sums: &mut [f32; LANES]) {
        sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += a[0] * b);
    }
}

impl Step<u32> for u16 {
    fn add(a: &[u16], b: &[u32; LANES], sums: &mut [f32; LANES]) {
        let widened = |bits: u32| f32::from_bits(bits << 16);
        let (first, second) = (widened(a[0].into()), widened(a[1].into()));
        for (sum, &b) in sums.iter_mut().zip(b) {
            *sum = *sum + first * widened(b) + second * widened(b >> 16);
        }
    }
}

/// As [`super::multiply`], which has checked every index.
pub(super) fn multiply<A: Step<B>, B>(product: &Product<'_, A, B>, n_vectors: usize, tile: &mut Tile) {
    for (row, out) in product.rows.iter().zip(tile.iter_mut()).take(ROWS) {
        for vector in 0..n_vectors {
            let (mut total, mut sums) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let mut unsaved = 0;
            for (run_idx, run) in product.runs.iter().enumerate() {
                for k in 0..product.run_len {
                    let a = &product.a[row + run + k * product.a_step..];
                    let first = (run_idx * product.run_len + k) * product.b_row + vector * LANES;
                    A::add(a, product.b[first..].first_chunk().expect("checked by the caller"), &mut sums);
                }
                unsaved += product.run_len;
                if unsaved >= PARTIAL_STEPS {
                    total.iter_mut().zip(&mut sums).for_each(|(total, sum)| *total += std::mem::take(sum));
                    unsaved = 0;
                }
            }
            total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += sum);
            out[vector * LANES..][..LANES].copy_from_slice(&total);
        }
    }
}
