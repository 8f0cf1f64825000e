//! Registers of f32 as values: what plain code that must not wait for the compiler's vectors is written over.

use super::{Isa, Work};

/// A complex number a lane: real parts, imaginary parts.
pub(crate) type Complex<V> = [V; 2];

/// Operations on registers of one instruction set. A value of this type proves that the processor has them.
///
/// Mark every function over it to be inlined always, down from [`RegisterWork::run`] or a [`Work`] given to [`Registers::apart`].
pub(crate) trait Registers: Copy + Send + Sync {
    /// A register.
    type V: Copy + Send + Sync;
    /// Numbers in it; divides [`super::LANES`].
    const LANES: usize;

    /// The same number in all lanes.
    fn splat(self, value: f32) -> Self::V;
    /// The first [`Registers::LANES`] values.
    ///
    /// # Panics
    /// Where there are fewer.
    fn load(self, from: &[f32]) -> Self::V;
    /// Writes the first [`Registers::LANES`] values.
    ///
    /// # Panics
    /// Where there are fewer.
    fn store(self, value: Self::V, to: &mut [f32]);
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `sum + a * b`, rounded once where the instructions can.
    fn add_product(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// `sum - a * b`, rounded once where the instructions can.
    fn sub_product(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// In lane `n` the sum of all lanes of `rows[n][part]`; every row is summed in the same order.
    ///
    /// # Panics
    /// Where there are fewer rows than lanes, or `part` is beyond 1.
    fn lane_sums(self, rows: &[Complex<Self::V>], part: usize) -> Self::V;
    /// Numbers as complex registers: [`Registers::LANES`] real parts, as many imaginary parts, and so on.
    ///
    /// # Panics
    /// Where they do not begin a cache line or do not fill whole registers.
    fn complex(self, values: &[f32]) -> &[Complex<Self::V>];
    /// As [`Registers::complex`].
    ///
    /// # Panics
    /// As [`Registers::complex`].
    fn complex_mut(self, values: &mut [f32]) -> &mut [Complex<Self::V>];
    /// Runs work that becomes a function of its own, compiled for these instructions: what many places share is compiled once.
    fn apart(self, work: impl Work);
}

/// Work over registers, compiled for each instruction set. Mark [`RegisterWork::run`] to be inlined always.
pub(crate) trait RegisterWork {
    /// Does it.
    fn run<R: Registers>(self, registers: R);
}

/// `N` numbers in plain code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<const N: usize>;

impl<const N: usize> Plain<N> {
    #[inline(always)]
    fn each(a: [f32; N], b: [f32; N], operation: impl Fn(f32, f32) -> f32) -> [f32; N] {
        std::array::from_fn(|lane| operation(a[lane], b[lane]))
    }
}

impl<const N: usize> Registers for Plain<N> {
    type V = [f32; N];
    const LANES: usize = N;

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; N] {
        [value; N]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> [f32; N] {
        *from.first_chunk().expect("as many values as lanes")
    }
    #[inline(always)]
    fn store(self, value: [f32; N], to: &mut [f32]) {
        *to.first_chunk_mut().expect("as many values as lanes") = value;
    }
    #[inline(always)]
    fn add(self, a: [f32; N], b: [f32; N]) -> [f32; N] {
        Self::each(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: [f32; N], b: [f32; N]) -> [f32; N] {
        Self::each(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: [f32; N], b: [f32; N]) -> [f32; N] {
        Self::each(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn add_product(self, sum: [f32; N], a: [f32; N], b: [f32; N]) -> [f32; N] {
        self.add(sum, self.mul(a, b))
    }
    #[inline(always)]
    fn sub_product(self, sum: [f32; N], a: [f32; N], b: [f32; N]) -> [f32; N] {
        self.sub(sum, self.mul(a, b))
    }
    #[inline(always)]
    fn lane_sums(self, rows: &[Complex<[f32; N]>], part: usize) -> [f32; N] {
        std::array::from_fn(|row| rows[row][part].iter().sum())
    }
    #[inline(always)]
    fn complex(self, values: &[f32]) -> &[Complex<[f32; N]>] {
        assert!(values.len().is_multiple_of(2 * N), "{WHOLE}");
        values.as_chunks::<N>().0.as_chunks::<2>().0
    }
    #[inline(always)]
    fn complex_mut(self, values: &mut [f32]) -> &mut [Complex<[f32; N]>] {
        assert!(values.len().is_multiple_of(2 * N), "{WHOLE}");
        values.as_chunks_mut::<N>().0.as_chunks_mut::<2>().0
    }
    #[inline(never)]
    fn apart(self, work: impl Work) {
        work.run();
    }
}

/// Numbers of a register where the processor has none that we know of.
const PLAIN_LANES: usize = 4;

/// What a view of numbers as registers is held to.
pub(super) const WHOLE: &str = "the numbers are no whole registers";

/// Runs work on the registers of `isa`.
///
/// # Panics
/// Where `isa` is not available.
pub(crate) fn with_lanes(isa: Isa, work: impl RegisterWork) {
    assert!(isa.is_available(), "{} is not available", isa.name());
    match isa {
        Isa::Portable => work.run(Plain::<PLAIN_LANES>),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` is available.
        Isa::Avx2 => unsafe { super::x86::with_avx2_lanes(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` is available.
        Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unsafe { super::x86::with_avx512_lanes(work) },
        // As many lanes as AVX-512 has, so that what hangs on their number is tested on any machine.
        #[cfg(test)]
        Isa::AmxModel => work.run(Plain::<{ super::LANES }>),
        #[cfg(not(target_arch = "x86_64"))]
        _ => work.run(Plain::<PLAIN_LANES>),
    }
}

impl Isa {
    /// Numbers in a register of [`with_lanes`].
    pub(crate) fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => 8,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => 16,
            #[cfg(test)]
            Isa::AmxModel => super::LANES,
            _ => PLAIN_LANES,
        }
    }
}
