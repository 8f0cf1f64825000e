//! The one inner loop that all dense layers and convolutions share, for each instruction set. All `unsafe` code stands below here.
//!
//! A [`Tile`] is [`ROWS`] rows of up to [`MAX_VECTORS`] x [`LANES`] columns, kept in registers over the whole sum. Rows of `a` may
//! stand anywhere, so a tile reads overlapping windows of a padded video as they lie and no patch matrix is ever built.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::LazyLock;

/// Rows of a tile.
pub(crate) const ROWS: usize = 8;
/// Columns of a vector, whatever the machine's: the granularity of packed operands.
pub(crate) const LANES: usize = 16;
/// Vectors of a tile, at most.
pub(crate) const MAX_VECTORS: usize = 3;
/// Columns of a tile, at most.
pub(crate) const MAX_COLUMNS: usize = LANES * MAX_VECTORS;

/// Steps, at least, that are summed in registers before the sum is added to the tile: rounding grows with the length of
/// a sum: with sums of up to 4,000 products in one go the published decoder's output is off by 1.6e-5, in parts of this length by 7e-6.
const PARTIAL_STEPS: usize = 192;

/// Sums of one tile, `[row, column]`.
pub(crate) type Tile = [[f32; MAX_COLUMNS]; ROWS];

/// Environment variable that overrules detection.
const OVERRIDE: &str = "SPIKEREEL_ISA";

/// The instructions a sum runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every processor has; multiply and add round apart.
    Portable,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 foundation.
    Avx512,
}

impl Isa {
    /// All, slowest first.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The name used in `SPIKEREEL_ISA` and in provenance.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
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
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The best one this processor has, or what `SPIKEREEL_ISA` names; asked once.
    ///
    /// A name that is unknown or not available here is passed over: [`Isa::overruled`] tells.
    pub fn best() -> Self {
        static BEST: LazyLock<Isa> = LazyLock::new(|| {
            let best = Isa::ALL.into_iter().rev().find(|isa| isa.is_available()).unwrap_or(Isa::Portable);
            Isa::overruled().ok().flatten().unwrap_or(best)
        });
        *BEST
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

/// `sum over runs r, steps k of a[rows[i] + runs[r] + k * a_step] * b[(r * run_len + k) * b_row + column]`.
pub(crate) struct Product<'a> {
    pub a: &'a [f32],
    /// Where each row of the tile begins in `a`.
    pub rows: [usize; ROWS],
    /// Offsets within `a` common to all rows.
    pub runs: &'a [usize],
    /// Steps in a run.
    pub run_len: usize,
    /// Distance in `a` between two steps.
    pub a_step: usize,
    /// Begins at the tile's first column.
    pub b: &'a [f32],
    /// Distance in `b` between two steps.
    pub b_row: usize,
}

/// Computes one tile of `n_vectors` vectors; columns behind them are left as they are.
///
/// # Panics
/// Where an index lies outside `a` or `b`, `n_vectors` is not 1 to 3, or `isa` is not available.
pub(crate) fn multiply(isa: Isa, product: &Product<'_>, n_vectors: usize, tile: &mut Tile) {
    let n_steps = product.runs.len() * product.run_len;
    assert!((1..=MAX_VECTORS).contains(&n_vectors), "{n_vectors} vectors");
    // The processor is asked once; afterwards this reads one word.
    assert!(isa.is_available(), "{} is not available", isa.name());
    if n_steps == 0 {
        tile.iter_mut().for_each(|row| row[..n_vectors * LANES].fill(0.0));
        return;
    }
    let last_row = product.rows.iter().copied().max().unwrap_or(0);
    let last_run = product.runs.iter().copied().max().unwrap_or(0);
    assert!(last_row + last_run + (product.run_len - 1) * product.a_step < product.a.len(), "a is too short");
    assert!((n_steps - 1) * product.b_row + n_vectors * LANES <= product.b.len(), "b is too short");
    match isa {
        Isa::Portable => portable::multiply(product, n_vectors, tile),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the asserts above keep every index inside `a` and `b`, and `isa` is available.
        Isa::Avx2 | Isa::Avx512 => unsafe { x86::multiply(isa, product, n_vectors, tile) },
        #[cfg(not(target_arch = "x86_64"))]
        _ => portable::multiply(product, n_vectors, tile),
    }
}
