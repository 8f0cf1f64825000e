//! Registers of AVX2 and AVX-512 as values.

use super::super::Work;
use super::super::registers::{Complex, RegisterWork, Registers, WHOLE};
use std::arch::x86_64::*;

/// Eight numbers; only [`with_avx2_lanes`] makes one.
#[derive(Debug, Clone, Copy)]
pub(in crate::arch) struct Avx2(());

/// Sixteen numbers; only [`with_avx512_lanes`] makes one.
#[derive(Debug, Clone, Copy)]
pub(in crate::arch) struct Avx512(());

macro_rules! registers {
    ($name:ident, $vector:ty, $lanes:literal, $features:literal, $apart:ident, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident,
     $mul:ident, $fmadd:ident, $fnmadd:ident, $lane_sums:ident) => {
        impl Registers for $name {
            type V = $vector;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(self, value: f32) -> $vector {
                // SAFETY: a value of this type exists only where the instructions are available.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            fn load(self, from: &[f32]) -> $vector {
                let from: &[f32; $lanes] = from.first_chunk().expect("as many values as lanes");
                // SAFETY: as above; the array is as long as the register.
                unsafe { $load(from.as_ptr()) }
            }
            #[inline(always)]
            fn store(self, value: $vector, to: &mut [f32]) {
                let to: &mut [f32; $lanes] = to.first_chunk_mut().expect("as many values as lanes");
                // SAFETY: as above; the array is as long as the register.
                unsafe { $store(to.as_mut_ptr(), value) }
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: as above.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: as above.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: as above.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn add_product(self, sum: $vector, a: $vector, b: $vector) -> $vector {
                // SAFETY: as above.
                unsafe { $fmadd(a, b, sum) }
            }
            #[inline(always)]
            fn sub_product(self, sum: $vector, a: $vector, b: $vector) -> $vector {
                // SAFETY: as above.
                unsafe { $fnmadd(a, b, sum) }
            }
            #[inline(always)]
            fn lane_sums(self, rows: &[Complex<$vector>], part: usize) -> $vector {
                let rows: &[Complex<$vector>; $lanes] = rows.first_chunk().expect("as many rows as lanes");
                // SAFETY: as above.
                unsafe { $lane_sums(rows, part) }
            }
            #[inline(always)]
            fn complex(self, values: &[f32]) -> &[Complex<$vector>] {
                // SAFETY: every pattern of bits is a register of numbers; `align_to` gives what is aligned.
                let (before, within, behind) = unsafe { values.align_to() };
                assert!(before.is_empty() && behind.is_empty(), "{WHOLE}");
                within
            }
            #[inline(always)]
            fn complex_mut(self, values: &mut [f32]) -> &mut [Complex<$vector>] {
                // SAFETY: as above.
                let (before, within, behind) = unsafe { values.align_to_mut() };
                assert!(before.is_empty() && behind.is_empty(), "{WHOLE}");
                within
            }
            #[inline(always)]
            fn apart(self, work: impl Work) {
                // SAFETY: as above.
                unsafe { $apart(work) }
            }
        }

        /// # Safety
        /// The instructions must be available.
        #[target_feature(enable = $features)]
        #[inline(never)]
        unsafe fn $apart(work: impl Work) {
            work.run();
        }
    };
}

registers!(
    Avx2,
    __m256,
    8,
    "avx2,fma",
    apart_on_avx2,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps,
    _mm256_fnmadd_ps,
    lane_sums_on_avx2
);
registers!(
    Avx512,
    __m512,
    16,
    "avx512f",
    apart_on_avx512,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps,
    _mm512_fnmadd_ps,
    lane_sums_on_avx512
);

/// # Safety
/// AVX2 and fused multiply-add must be available.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn lane_sums_on_avx2(rows: &[Complex<__m256>; 8], part: usize) -> __m256 {
    // Four rows in either half. No array of registers is handed on by value: it would be copied through memory.
    let (first, last) = rows.split_at(4);
    let (p, q) = (of_four_on_avx2(first, part), of_four_on_avx2(last, part));
    _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(p, q), _mm256_permute2f128_ps::<0x31>(p, q))
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn of_four_on_avx2(rows: &[Complex<__m256>], part: usize) -> __m256 {
    let (a, b, c, d) = (rows[0][part], rows[1][part], rows[2][part], rows[3][part]);
    let ab = _mm256_castps_pd(_mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)));
    let cd = _mm256_castps_pd(_mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d)));
    _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)))
}

/// # Safety
/// AVX-512 foundation must be available.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn lane_sums_on_avx512(rows: &[Complex<__m512>; 16], part: usize) -> __m512 {
    // Four rows in every quarter; then two quarters of the first four, two of the next.
    let (first, last) = rows.split_at(8);
    let (first, second) = (of_eight_on_avx512(first, part), of_eight_on_avx512(last, part));
    _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(first, second), _mm512_shuffle_f32x4::<0xDD>(first, second))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn of_eight_on_avx512(rows: &[Complex<__m512>], part: usize) -> __m512 {
    let (first, last) = rows.split_at(4);
    let (p, q) = (of_four_on_avx512(first, part), of_four_on_avx512(last, part));
    _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(p, q), _mm512_shuffle_f32x4::<0xEE>(p, q))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn of_four_on_avx512(rows: &[Complex<__m512>], part: usize) -> __m512 {
    let (a, b, c, d) = (rows[0][part], rows[1][part], rows[2][part], rows[3][part]);
    let ab = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)));
    let cd = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)));
    _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)))
}

/// # Safety
/// AVX2 and fused multiply-add must be available.
#[target_feature(enable = "avx2,fma")]
pub(in crate::arch) unsafe fn with_avx2_lanes(work: impl RegisterWork) {
    work.run(Avx2(()));
}

/// # Safety
/// AVX-512 foundation must be available.
#[target_feature(enable = "avx512f")]
pub(in crate::arch) unsafe fn with_avx512_lanes(work: impl RegisterWork) {
    work.run(Avx512(()));
}
