//! The inner loop on x86-64: the algorithm once, over a [`Vector`], compiled for each instruction set.

mod registers;
mod vector;

use super::{Isa, LANES, MAX_COLUMNS, PARTIAL_STEPS, Product, ROWS, Tile, Work};
pub(super) use registers::{with_avx2_lanes, with_avx512_lanes};
use std::arch::x86_64::*;
use vector::{Dot, Pair, Sums, Vector, Widened};

/// `R` rows from `first_row`, `N` vectors from `first_vector`.
///
/// # Safety
/// The instructions of `V` must be available, and every index of `product` inside its slices.
#[inline(always)]
unsafe fn block<V: Vector, const R: usize, const N: usize>(
    product: &Product<'_, V::A, V::B>,
    first_row: usize,
    first_vector: usize,
    tile: &mut Tile,
) {
    // SAFETY: indices are the caller's promise.
    unsafe {
        let mut sums = [[V::zero(); N]; R];
        let (mut unsaved, mut saved) = (0, false);
        let mut b = product.b.as_ptr().add(first_vector * LANES);
        for &run in product.runs {
            let a: [*const V::A; R] =
                std::array::from_fn(|row| product.a.as_ptr().wrapping_add(product.rows[first_row + row] + run));
            let mut step = 0;
            for _ in 0..product.run_len {
                let columns: [V::Operand; N] = std::array::from_fn(|vector| V::load(b.wrapping_add(vector * LANES)));
                for row in 0..R {
                    let value = V::splat(a[row].add(step));
                    for vector in 0..N {
                        sums[row][vector] = sums[row][vector].add_product(value, columns[vector]);
                    }
                }
                step += product.a_step;
                b = b.wrapping_add(product.b_row);
            }
            unsaved += product.run_len;
            if unsaved >= PARTIAL_STEPS {
                save::<V, R, N>(&mut sums, saved, first_row, first_vector, tile);
                (unsaved, saved) = (0, true);
            }
        }
        if unsaved > 0 {
            save::<V, R, N>(&mut sums, saved, first_row, first_vector, tile);
        }
    }
}

/// Writes sums to the tile, or adds them where it holds some already, and sets them to zero.
///
/// # Safety
/// As [`block`].
#[inline(always)]
unsafe fn save<V: Sums, const R: usize, const N: usize>(
    sums: &mut [[V; N]; R],
    add: bool,
    first_row: usize,
    first_vector: usize,
    tile: &mut Tile,
) {
    for (row, sums) in sums.iter_mut().enumerate() {
        for (vector, sum) in sums.iter_mut().enumerate() {
            let column = (first_vector + vector) * LANES;
            debug_assert!(column + LANES <= MAX_COLUMNS);
            // SAFETY: the last store ends at column (first_vector + N) * LANES of a row, at most MAX_COLUMNS.
            unsafe {
                let to = tile[first_row + row].as_mut_ptr().add(column);
                let total = if add { V::load_sums(to).add(*sum) } else { *sum };
                total.store(to);
                *sum = V::zero();
            }
        }
    }
}

/// As [`super::multiply`].
///
/// # Safety
/// `isa` must be available, every index of `product` inside its slices, `n_vectors` 1 or 2.
pub(super) unsafe fn multiply(isa: Isa, product: &Product<'_, f32, f32>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises are those of the functions below.
    unsafe {
        match isa {
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => avx512::<__m512>(product, n_vectors, tile),
            _ => avx2::<Pair, 6>(product, n_vectors, tile),
        }
    }
}

/// As [`super::multiply_pairs`].
///
/// # Safety
/// As [`multiply`].
pub(super) unsafe fn multiply_pairs(isa: Isa, product: &Product<'_, u16, u32>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises are those of the functions below.
    unsafe {
        match isa {
            Isa::Avx512Bf16 => avx512_bf16(product, n_vectors, tile),
            Isa::Avx512 => avx512::<Widened<__m512>>(product, n_vectors, tile),
            _ => avx2::<Widened<Pair>, 4>(product, n_vectors, tile),
        }
    }
}

/// # Safety
/// As [`multiply`].
#[inline(always)]
unsafe fn all_rows<V: Vector>(product: &Product<'_, V::A, V::B>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises.
    unsafe {
        match n_vectors {
            1 => block::<V, ROWS, 1>(product, 0, 0, tile),
            _ => block::<V, ROWS, 2>(product, 0, 0, tile),
        }
    }
}

/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx512f")]
unsafe fn avx512<V: Vector>(product: &Product<'_, V::A, V::B>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises.
    unsafe { all_rows::<V>(product, n_vectors, tile) }
}

/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn avx512_bf16(product: &Product<'_, u16, u32>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises.
    unsafe { all_rows::<Dot>(product, n_vectors, tile) }
}

/// Sixteen registers hold the sums of `R` rows and one vector, two registers each, and the operands of a step.
///
/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<V: Vector, const R: usize>(product: &Product<'_, V::A, V::B>, n_vectors: usize, tile: &mut Tile) {
    for vector in 0..n_vectors {
        for first_row in (0..ROWS).step_by(R) {
            // SAFETY: the caller's promises.
            unsafe { block::<V, R, 1>(product, first_row, vector, tile) }
        }
    }
}

/// # Safety
/// AVX2 must be available.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn with_avx2(work: impl Work) {
    work.run();
}

/// # Safety
/// AVX-512 foundation must be available.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn with_avx512(work: impl Work) {
    work.run();
}
