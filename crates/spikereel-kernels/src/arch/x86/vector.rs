//! Registers of [`LANES`] sums, and what a step multiplies into them: f32, pairs of bf16 in hardware, or pairs widened to f32.

use super::super::LANES;
use std::arch::x86_64::*;

/// [`LANES`] sums in registers.
pub(super) trait Sums: Copy {
    /// All zero.
    /// # Safety
    /// The instructions must be available, here and below.
    unsafe fn zero() -> Self;
    /// [`LANES`] sums from anywhere.
    /// # Safety
    /// `from` must be readable for [`LANES`] numbers.
    unsafe fn load_sums(from: *const f32) -> Self;
    /// `self + other`.
    /// # Safety
    /// As [`Sums::zero`].
    unsafe fn add(self, other: Self) -> Self;
    /// Writes [`LANES`] sums anywhere.
    /// # Safety
    /// `to` must be writable for [`LANES`] numbers.
    unsafe fn store(self, to: *mut f32);
}

/// Sums, and the operands of a step.
pub(super) trait Vector: Sums {
    /// What a row gives to a step.
    type A;
    /// What a column gives to a step.
    type B;
    /// Operands of a step in registers.
    type Operand: Copy;
    /// One row's operand in all lanes.
    /// # Safety
    /// `from` must be readable for a step.
    unsafe fn splat(from: *const Self::A) -> Self::Operand;
    /// The operands of [`LANES`] columns, from anywhere.
    /// # Safety
    /// `from` must be readable for [`LANES`] entries.
    unsafe fn load(from: *const Self::B) -> Self::Operand;
    /// `self + a * b`.
    /// # Safety
    /// As [`Sums::zero`].
    unsafe fn add_product(self, a: Self::Operand, b: Self::Operand) -> Self;
}

/// Two AVX registers side by side.
#[derive(Clone, Copy)]
pub(super) struct Pair(__m256, __m256);

/// Sums of products of bf16 pairs, by the instruction for it.
#[derive(Clone, Copy)]
pub(super) struct Dot(__m512);

/// Sums of products of bf16 pairs, each half widened to f32 and multiplied there.
#[derive(Clone, Copy)]
pub(super) struct Widened<V>(V);

// SAFETY of all blocks below: each method does what its contract says with the instructions the caller vouches for.
impl Sums for __m512 {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { _mm512_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn load_sums(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
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

impl Vector for __m512 {
    type A = f32;
    type B = f32;
    type Operand = __m512;
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(*from) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: __m512, b: __m512) -> Self {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, self) }
    }
}

impl Sums for Pair {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_setzero_ps(), _mm256_setzero_ps()) }
    }
    #[inline(always)]
    unsafe fn load_sums(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(LANES / 2))) }
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

impl Vector for Pair {
    type A = f32;
    type B = f32;
    type Operand = Pair;
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Pair {
        // SAFETY: see above.
        let value = unsafe { _mm256_set1_ps(*from) };
        Pair(value, value)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Pair {
        // SAFETY: see above.
        unsafe { Pair::load_sums(from) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Pair, b: Pair) -> Self {
        // SAFETY: see above.
        unsafe { Pair(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
    }
}

impl Sums for Dot {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Dot(__m512::zero()) }
    }
    #[inline(always)]
    unsafe fn load_sums(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Dot(__m512::load_sums(from)) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Dot(self.0.add(other.0)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { self.0.store(to) }
    }
}

impl Vector for Dot {
    type A = u16;
    type B = u32;
    type Operand = __m512i;
    #[inline(always)]
    unsafe fn splat(from: *const u16) -> __m512i {
        // SAFETY: see above; two neighbors are one word.
        unsafe { _mm512_set1_epi32(from.cast::<i32>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn load(from: *const u32) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: __m512i, b: __m512i) -> Self {
        // SAFETY: see above; the registers' types differ in name alone.
        unsafe {
            Dot(_mm512_dpbf16_ps(
                self.0,
                std::mem::transmute::<__m512i, __m512bh>(a),
                std::mem::transmute::<__m512i, __m512bh>(b),
            ))
        }
    }
}

impl<V: Sums> Sums for Widened<V> {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Widened(V::zero()) }
    }
    #[inline(always)]
    unsafe fn load_sums(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Widened(V::load_sums(from)) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Widened(self.0.add(other.0)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { self.0.store(to) }
    }
}

/// Registers of f32 that can be filled from the halves of words.
pub(super) trait Halves: Vector<A = f32, B = f32> {
    /// Lower and upper halves of [`LANES`] words, widened.
    /// # Safety
    /// `from` must be readable for [`LANES`] words.
    unsafe fn halves(from: *const u32) -> (Self::Operand, Self::Operand);
}

impl Halves for __m512 {
    #[inline(always)]
    unsafe fn halves(from: *const u32) -> (__m512, __m512) {
        // SAFETY: see above.
        unsafe {
            let words = _mm512_loadu_si512(from.cast());
            let upper = _mm512_and_si512(words, _mm512_set1_epi32(!0xffff));
            (_mm512_castsi512_ps(_mm512_slli_epi32::<16>(words)), _mm512_castsi512_ps(upper))
        }
    }
}

impl Halves for Pair {
    #[inline(always)]
    unsafe fn halves(from: *const u32) -> (Pair, Pair) {
        // SAFETY: see above.
        unsafe {
            let halves = |from: *const u32| {
                let words = _mm256_loadu_si256(from.cast());
                let upper = _mm256_and_si256(words, _mm256_set1_epi32(!0xffff));
                (_mm256_castsi256_ps(_mm256_slli_epi32::<16>(words)), _mm256_castsi256_ps(upper))
            };
            let (left, right) = (halves(from), halves(from.add(LANES / 2)));
            (Pair(left.0, right.0), Pair(left.1, right.1))
        }
    }
}

impl<V: Halves> Vector for Widened<V> {
    type A = u16;
    type B = u32;
    type Operand = (V::Operand, V::Operand);
    #[inline(always)]
    unsafe fn splat(from: *const u16) -> Self::Operand {
        // SAFETY: see above; the two values are on the stack.
        unsafe {
            let both = [from.read(), from.add(1).read()].map(|bits| f32::from_bits(u32::from(bits) << 16));
            (V::splat(&both[0]), V::splat(&both[1]))
        }
    }
    #[inline(always)]
    unsafe fn load(from: *const u32) -> Self::Operand {
        // SAFETY: see above.
        unsafe { V::halves(from) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self::Operand, b: Self::Operand) -> Self {
        // SAFETY: see above.
        unsafe { Widened(self.0.add_product(a.0, b.0).add_product(a.1, b.1)) }
    }
}
