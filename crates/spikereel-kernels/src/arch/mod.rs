//! The one inner loop that all dense layers and convolutions share, for each instruction set. All `unsafe` code stands below here.
//!
//! A [`Tile`] is up to [`MAX_ROWS`] rows of up to [`MAX_VECTORS`] x [`LANES`] columns, kept in registers over the whole sum. Rows of `a` may
//! stand anywhere, so a tile reads overlapping windows of a padded video as they lie and no patch matrix is ever built.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(all(test, unix))]
mod guarded;
mod portable;
mod registers;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use registers::{Complex, RegisterWork, Registers, with_lanes};
use std::sync::{LazyLock, OnceLock};

/// Rows of a tile that vector registers hold.
pub(crate) const ROWS: usize = 12;
/// Rows of a tile, at most.
pub(crate) const MAX_ROWS: usize = 32;
/// Columns of a vector, whatever the machine's: the granularity of packed operands.
pub(crate) const LANES: usize = 16;
/// Vectors of a tile, at most.
pub(crate) const MAX_VECTORS: usize = 2;
/// Columns of a tile, at most.
pub(crate) const MAX_COLUMNS: usize = LANES * MAX_VECTORS;

/// Steps, at least, that are summed in registers before the sum is added to the tile: rounding grows with the length of
/// a sum: with sums of up to 4,000 products in one go the published decoder's output is off by 1.6e-5, in parts of this length by 7e-6.
const PARTIAL_STEPS: usize = 192;

/// Sums of one tile, `[row, column]`.
pub(crate) type Tile = [[f32; MAX_COLUMNS]; MAX_ROWS];

/// Environment variable that overrules detection.
const OVERRIDE: &str = "SPIKEREEL_ISA";

static BEST: OnceLock<Isa> = OnceLock::new();

/// The instructions a sum runs on. The default is [`Isa::best`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every processor has; multiply and add round apart.
    Portable,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 foundation.
    Avx512,
    /// AVX-512 with dot products of bf16 pairs; f32 as [`Isa::Avx512`].
    Avx512Bf16,
    /// AMX tiles of bf16; f32 as [`Isa::Avx512`].
    Amx,
    /// A model of AMX in plain code, for tests of what is built upon it; f32 as [`Isa::Portable`].
    #[cfg(test)]
    AmxModel,
}

impl Default for Isa {
    fn default() -> Self {
        Self::best()
    }
}

impl Isa {
    /// All, slowest first.
    pub const ALL: [Isa; 5] = [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Avx512Bf16, Isa::Amx];

    /// The name used in `SPIKEREEL_ISA` and in provenance.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Avx512Bf16 => "avx512bf16",
            Isa::Amx => "amx",
            #[cfg(test)]
            Isa::AmxModel => "amx in a model",
        }
    }

    /// True where this processor has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Bf16 => Isa::Avx512.is_available() && is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Isa::Amx => {
                static AVAILABLE: LazyLock<bool> = LazyLock::new(|| Isa::Avx512.is_available() && amx::is_available());
                *AVAILABLE
            }
            #[cfg(test)]
            Isa::AmxModel => true,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// True where products of bf16 run on tiles, real or not.
    pub(crate) fn has_tiles(self) -> bool {
        #[cfg(test)]
        if self == Isa::AmxModel {
            return true;
        }
        self == Isa::Amx
    }

    /// Rows of a tile of [`multiply_pairs`].
    pub(crate) fn rows_of_pairs(self) -> usize {
        if self.has_tiles() { MAX_ROWS } else { ROWS }
    }

    /// [`multiply_pairs`] takes runs of a multiple of so many steps.
    pub(crate) fn steps_of_pairs(self) -> usize {
        if self.has_tiles() { 16 } else { 1 }
    }

    /// True where it has an instruction for products of bf16; elsewhere they are widened and multiplied in f32.
    pub fn multiplies_bf16(self) -> bool {
        matches!(self, Isa::Avx512Bf16 | Isa::Amx)
    }

    /// The best one this processor has, or what `SPIKEREEL_ISA` names; asked once. [`Isa::keep`] may have settled it before.
    ///
    /// A name that is unknown or not available here is passed over: [`Isa::overruled`] tells.
    pub fn best() -> Self {
        *BEST.get_or_init(|| {
            let best = Isa::ALL.into_iter().rev().find(|isa| isa.is_available()).unwrap_or(Isa::Portable);
            Isa::overruled().ok().flatten().unwrap_or(best)
        })
    }

    /// Makes this the instructions of [`Isa::best`] for the rest of the process, so that work begun elsewhere goes on with the same bits.
    ///
    /// # Errors
    /// The instructions that [`Isa::best`] has given already, or is asked for by `SPIKEREEL_ISA`, where they are others; these, where the
    /// processor lacks them.
    pub fn keep(self) -> Result<(), Self> {
        if !self.is_available() {
            return Err(self);
        }
        let asked = Isa::overruled().ok().flatten().unwrap_or(self);
        let best = *BEST.get_or_init(|| asked);
        if best == self { Ok(()) } else { Err(best) }
    }

    /// What `SPIKEREEL_ISA` asks for, if anything.
    ///
    /// # Errors
    /// The text of the variable, where it is no name of [`Isa::ALL`] or names what this processor lacks.
    pub fn overruled() -> Result<Option<Self>, String> {
        let Some(text) = std::env::var_os(OVERRIDE) else { return Ok(None) };
        let known = Isa::ALL.into_iter().find(|isa| isa.is_available() && text == isa.name());
        known.map(Some).ok_or_else(|| text.to_string_lossy().into_owned())
    }
}

/// Plain code that is to be compiled anew for each instruction set. Mark [`Work::run`] to be inlined always: what stays a function of its
/// own is compiled for every processor.
pub(crate) trait Work {
    /// Does it.
    fn run(self);
}

/// Runs plain code compiled for the instructions of `isa`, so that its loops use whole registers. Nothing is fused or reordered: results
/// are those of any other instruction set. A long closure is not inlined and gains nothing: make it a [`Work`].
///
/// # Panics
/// Where `isa` is not available.
#[inline(always)]
pub(crate) fn with_registers<R>(isa: Isa, work: impl FnOnce() -> R) -> R {
    struct Closure<'a, F, R>(F, &'a mut Option<R>);
    impl<F: FnOnce() -> R, R> Work for Closure<'_, F, R> {
        #[inline(always)]
        fn run(self) {
            *self.1 = Some(self.0());
        }
    }
    let mut result = None;
    run_with_registers(isa, Closure(work, &mut result));
    result.expect("the work was run")
}

/// As [`with_registers`].
///
/// # Panics
/// As [`with_registers`].
#[inline(always)]
pub(crate) fn run_with_registers(isa: Isa, work: impl Work) {
    assert!(isa.is_available(), "{} is not available", isa.name());
    match isa {
        Isa::Portable => work.run(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` is available.
        Isa::Avx2 => unsafe { x86::with_avx2(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` is available.
        Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unsafe { x86::with_avx512(work) },
        #[cfg(test)]
        Isa::AmxModel => work.run(),
        #[cfg(not(target_arch = "x86_64"))]
        _ => work.run(),
    }
}

/// `sum over runs r, steps k of a[rows[i] + runs[r] + k * a_step] * b[(r * run_len + k) * b_row + column]`.
///
/// In f32 a step is one value of `a` and one of `b`. In bf16 a step is two products: `a` holds bits of bf16, a step reads two neighbors,
/// and each word of `b` holds two, the first in its lower half.
pub(crate) struct Product<'a, A, B> {
    pub a: &'a [A],
    /// Where each row of the tile begins in `a`: [`ROWS`], or [`Isa::rows_of_pairs`].
    pub rows: &'a [usize],
    /// Offsets within `a` common to all rows.
    pub runs: &'a [usize],
    /// Steps in a run.
    pub run_len: usize,
    /// Distance in `a` between two steps.
    pub a_step: usize,
    /// Begins at the tile's first column.
    pub b: &'a [B],
    /// Distance in `b` between two steps.
    pub b_row: usize,
}

impl<A, B> Product<'_, A, B> {
    /// Holds every index to its slice; `reads` values of `a` a step. True where there is something to sum.
    fn check(&self, isa: Isa, n_vectors: usize, reads: usize, n_rows: usize) -> bool {
        let n_steps = self.runs.len() * self.run_len;
        assert!((1..=MAX_VECTORS).contains(&n_vectors), "{n_vectors} vectors");
        assert_eq!(self.rows.len(), n_rows, "rows of a tile");
        // The processor is asked once; afterwards this reads one word.
        assert!(isa.is_available(), "{} is not available", isa.name());
        if n_steps == 0 {
            return false;
        }
        let last_row = self.rows.iter().copied().max().unwrap_or(0);
        let last_run = self.runs.iter().copied().max().unwrap_or(0);
        assert!(last_row + last_run + (self.run_len - 1) * self.a_step + reads <= self.a.len(), "a is too short");
        assert!((n_steps - 1) * self.b_row + n_vectors * LANES <= self.b.len(), "b is too short");
        true
    }

    /// Holds the shape to what tiles can take.
    fn check_tiles(&self) {
        assert!(self.a_step == 2 && self.run_len.is_multiple_of(16), "runs are no whole blocks of neighbors");
    }
}

/// Computes one tile of `n_vectors` vectors in f32; columns behind them are left as they are.
///
/// # Panics
/// Where an index lies outside `a` or `b`, `n_vectors` is not 1 or 2, or `isa` is not available.
pub(crate) fn multiply(isa: Isa, product: &Product<'_, f32, f32>, n_vectors: usize, tile: &mut Tile) {
    if !product.check(isa, n_vectors, 1, ROWS) {
        return tile.iter_mut().for_each(|row| row[..n_vectors * LANES].fill(0.0));
    }
    match isa {
        Isa::Portable => portable::multiply(product, n_vectors, tile),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the check keeps every index inside `a` and `b`, and `isa` is available.
        Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unsafe {
            x86::multiply(isa, product, n_vectors, tile);
        },
        #[cfg(test)]
        Isa::AmxModel => portable::multiply(product, n_vectors, tile),
        #[cfg(not(target_arch = "x86_64"))]
        _ => portable::multiply(product, n_vectors, tile),
    }
}

/// As [`multiply`], on pairs of bf16, summed in f32.
///
/// # Panics
/// As [`multiply`].
pub(crate) fn multiply_pairs(isa: Isa, product: &Product<'_, u16, u32>, n_vectors: usize, tile: &mut Tile) {
    if !product.check(isa, n_vectors, 2, isa.rows_of_pairs()) {
        return tile.iter_mut().for_each(|row| row[..n_vectors * LANES].fill(0.0));
    }
    match isa {
        Isa::Portable => portable::multiply(product, n_vectors, tile),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the check keeps every index inside `a` and `b`, and `isa` is available.
        Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 => unsafe { x86::multiply_pairs(isa, product, n_vectors, tile) },
        #[cfg(target_arch = "x86_64")]
        Isa::Amx => {
            product.check_tiles();
            // SAFETY: the checks keep every index inside `a` and `b`, runs are whole blocks, and AMX is available.
            unsafe { amx::multiply(&mut amx::Hardware::configured(), product, n_vectors, tile) }
        }
        #[cfg(all(test, target_arch = "x86_64"))]
        Isa::AmxModel => {
            product.check_tiles();
            // SAFETY: the checks keep every index inside `a` and `b`, and runs are whole blocks.
            unsafe { amx::multiply(&mut amx::Model::default(), product, n_vectors, tile) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        _ => portable::multiply(product, n_vectors, tile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instructions_that_are_asked_for_are_there() {
        assert_eq!(Isa::overruled().err(), None, "{OVERRIDE} names what this processor lacks");
        assert!(Isa::overruled().ok().flatten().is_none_or(|isa| isa == Isa::best()));
    }
}
