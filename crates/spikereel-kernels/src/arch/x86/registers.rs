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
     $mul:ident, $fmadd:ident, $fnmadd:ident) => {
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
    _mm256_fnmadd_ps
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
    _mm512_fnmadd_ps
);

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
