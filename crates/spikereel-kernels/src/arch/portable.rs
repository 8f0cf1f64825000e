//! The inner loop in plain Rust: what the other instruction sets do, without their instructions.

use super::{LANES, PARTIAL_STEPS, Product, ROWS, Tile};

/// As [`super::multiply`], which has checked every index.
pub(super) fn multiply(product: &Product<'_>, n_vectors: usize, tile: &mut Tile) {
    for (row, out) in product.rows.iter().zip(tile.iter_mut()).take(ROWS) {
        for vector in 0..n_vectors {
            let (mut total, mut sums) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let mut unsaved = 0;
            for (run_idx, run) in product.runs.iter().enumerate() {
                for k in 0..product.run_len {
                    let a = product.a[row + run + k * product.a_step];
                    let first = (run_idx * product.run_len + k) * product.b_row + vector * LANES;
                    let b: &[f32; LANES] = product.b[first..].first_chunk().expect("checked by the caller");
                    sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
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
