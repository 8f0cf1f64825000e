//! The inner loop on x86-64: the algorithm once, over a [`Vector`], compiled for AVX2 and for AVX-512.

use super::{Isa, LANES, MAX_COLUMNS, PARTIAL_STEPS, Product, ROWS, Tile};
use std::arch::x86_64::*;

/// [`LANES`] numbers in registers.
trait Vector: Copy {
    /// All zero.
    /// # Safety
    /// The instructions must be available, here and below.
    unsafe fn zero() -> Self;
    /// One number in all lanes.
    /// # Safety
    /// `from` must be readable.
    unsafe fn splat(from: *const f32) -> Self;
    /// [`LANES`] numbers from anywhere.
    /// # Safety
    /// `from` must be readable for [`LANES`] numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// `self + a * b`, rounded once.
    /// # Safety
    /// As [`Vector::zero`].
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// `self + other`.
    /// # Safety
    /// As [`Vector::zero`].
    unsafe fn add(self, other: Self) -> Self;
    /// Writes [`LANES`] numbers anywhere.
    /// # Safety
    /// `to` must be writable for [`LANES`] numbers.
    unsafe fn store(self, to: *mut f32);
}

// SAFETY of the two blocks below: each method does what its contract says with the instructions the caller vouches for.
impl Vector for __m512 {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { _mm512_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(*from) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, self) }
    }
}

/// Two AVX registers side by side.
#[derive(Clone, Copy)]
struct Pair(__m256, __m256);

impl Vector for Pair {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_setzero_ps(), _mm256_setzero_ps()) }
    }
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        // SAFETY: see above.
        let value = unsafe { _mm256_set1_ps(*from) };
        Pair(value, value)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(LANES / 2))) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(LANES / 2), self.1);
        }
    }
}

/// `R` rows from `first_row`, `N` vectors from `first_vector`.
///
/// # Safety
/// The instructions of `V` must be available, and every index of `product` inside its slices.
#[inline(always)]
unsafe fn block<V: Vector, const R: usize, const N: usize>(
    product: &Product<'_>,
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
            let a: [*const f32; R] =
                std::array::from_fn(|row| product.a.as_ptr().wrapping_add(product.rows[first_row + row] + run));
            let mut step = 0;
            for _ in 0..product.run_len {
                let columns: [V; N] = std::array::from_fn(|vector| V::load(b.wrapping_add(vector * LANES)));
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
unsafe fn save<V: Vector, const R: usize, const N: usize>(
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
                let total = if add { V::load(to).add(*sum) } else { *sum };
                total.store(to);
                *sum = V::zero();
            }
        }
    }
}

/// As [`super::multiply`].
///
/// # Safety
/// `isa` must be available, every index of `product` inside its slices, `n_vectors` 1 to 3.
pub(super) unsafe fn multiply(isa: Isa, product: &Product<'_>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises are those of the functions below.
    unsafe {
        match isa {
            Isa::Avx512 => avx512(product, n_vectors, tile),
            _ => avx2(product, n_vectors, tile),
        }
    }
}

/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx512f")]
unsafe fn avx512(product: &Product<'_>, n_vectors: usize, tile: &mut Tile) {
    // SAFETY: the caller's promises.
    unsafe {
        match n_vectors {
            1 => block::<__m512, ROWS, 1>(product, 0, 0, tile),
            2 => block::<__m512, ROWS, 2>(product, 0, 0, tile),
            _ => block::<__m512, ROWS, 3>(product, 0, 0, tile),
        }
    }
}

/// Sixteen registers hold the sums of four rows and one pair of vectors.
///
/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(product: &Product<'_>, n_vectors: usize, tile: &mut Tile) {
    for vector in 0..n_vectors {
        for first_row in (0..ROWS).step_by(ROWS / 2) {
            // SAFETY: the caller's promises.
            unsafe { block::<Pair, { ROWS / 2 }, 1>(product, first_row, vector, tile) }
        }
    }
}
