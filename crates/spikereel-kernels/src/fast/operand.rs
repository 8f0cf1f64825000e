//! What a sum multiplies: single f32 values, or pairs of bf16. Convolutions and dense layers are written once, over an [`Operand`].

use super::Fast;
use super::scratch::Scratch;
use crate::arch::{self, Isa, Product, Tile, with_registers};
use crate::bf16::to_bf16;
use rayon::prelude::*;

/// A number format of the two sides of a sum. The moving side is read where it lies, window after window; the columns are packed.
pub(super) trait Operand: 'static {
    /// A value of the moving side.
    type A: Copy + Default + Send + Sync;
    /// What a column gives to a step.
    type B: Copy + Default + Send + Sync;
    /// Neighboring values that a step multiplies.
    const DEPTH: usize;

    /// Steps over `len` values.
    fn steps(len: usize) -> usize {
        len.div_ceil(Self::DEPTH)
    }

    /// Scratch memory of the moving side.
    fn moving(fast: &Fast) -> &Scratch<Self::A>;

    /// One tile.
    fn multiply(isa: Isa, product: &Product<'_, Self::A, Self::B>, n_vectors: usize, tile: &mut Tile);

    /// Writes `from` as the moving side holds it.
    fn narrow(isa: Isa, from: &[f32], to: &mut [Self::A]);

    /// Writes for each value what a step reads there when its neighbor is not the next value but that of `next`; [`Operand::DEPTH`] values
    /// each. No `next` stands for zeros.
    fn interleave(isa: Isa, from: &[f32], next: Option<&[f32]>, to: &mut [Self::A]);

    /// Lends `rows`, `[run, row, column]` with runs of `run_len` rows of `stride` values, as columns of [`Operand::steps`] steps a run. Rows
    /// that fill no step are filled up with zeros.
    fn with_columns<R>(
        fast: &Fast,
        rows: &[f32],
        run_len: usize,
        stride: usize,
        work: impl FnOnce(&[Self::B]) -> R,
    ) -> R;
}

/// f32, one value a step.
pub(super) struct Single;

impl Operand for Single {
    type A = f32;
    type B = f32;
    const DEPTH: usize = 1;

    fn moving(fast: &Fast) -> &Scratch<f32> {
        &fast.singles
    }

    fn multiply(isa: Isa, product: &Product<'_, f32, f32>, n_vectors: usize, tile: &mut Tile) {
        arch::multiply(isa, product, n_vectors, tile);
    }

    fn narrow(_: Isa, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn interleave(_: Isa, from: &[f32], _: Option<&[f32]>, to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn with_columns<R>(_: &Fast, rows: &[f32], _: usize, _: usize, work: impl FnOnce(&[f32]) -> R) -> R {
        work(rows)
    }
}

/// bf16, two values a step, summed in f32.
pub(super) struct Pairs;

#[inline(always)]
fn pair(first: f32, second: f32) -> u32 {
    u32::from(to_bf16(first)) | u32::from(to_bf16(second)) << 16
}

impl Operand for Pairs {
    type A = u16;
    type B = u32;
    const DEPTH: usize = 2;

    fn moving(fast: &Fast) -> &Scratch<u16> {
        &fast.halves
    }

    fn multiply(isa: Isa, product: &Product<'_, u16, u32>, n_vectors: usize, tile: &mut Tile) {
        arch::multiply_pairs(isa, product, n_vectors, tile);
    }

    fn narrow(isa: Isa, from: &[f32], to: &mut [u16]) {
        assert_eq!(from.len(), to.len());
        with_registers(isa, || to.iter_mut().zip(from).for_each(|(to, &from)| *to = to_bf16(from)));
    }

    fn interleave(isa: Isa, from: &[f32], next: Option<&[f32]>, to: &mut [u16]) {
        let to = to.as_chunks_mut::<2>().0;
        assert!(from.len() == to.len() && next.is_none_or(|next| next.len() == to.len()));
        with_registers(isa, || match next {
            Some(next) => {
                to.iter_mut().zip(from.iter().zip(next)).for_each(|(to, (&a, &b))| *to = [to_bf16(a), to_bf16(b)]);
            }
            None => to.iter_mut().zip(from).for_each(|(to, &a)| *to = [to_bf16(a), 0]),
        });
    }

    fn with_columns<R>(fast: &Fast, rows: &[f32], run_len: usize, stride: usize, work: impl FnOnce(&[u32]) -> R) -> R {
        let n_runs = rows.len() / (run_len * stride).max(1);
        let run_words = Self::steps(run_len) * stride;
        fast.words.with(n_runs * run_words, |columns| {
            let runs = columns.par_chunks_mut(run_words.max(1)).zip(rows.par_chunks((run_len * stride).max(1)));
            let isa = fast.isa;
            runs.for_each(|(columns, rows)| {
                with_registers(isa, || {
                    for (columns, rows) in columns.chunks_exact_mut(stride).zip(rows.chunks(2 * stride)) {
                        match rows.split_at_checked(stride) {
                            Some((first, second)) if second.len() == stride => {
                                let values = first.iter().zip(second);
                                columns.iter_mut().zip(values).for_each(|(word, (&a, &b))| *word = pair(a, b));
                            }
                            _ => columns.iter_mut().zip(rows).for_each(|(word, &a)| *word = pair(a, 0.0)),
                        }
                    }
                })
            });
            work(columns)
        })
    }
}
