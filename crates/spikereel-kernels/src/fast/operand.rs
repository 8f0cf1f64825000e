//! What a sum multiplies: single f32 values, or pairs of bf16. Convolutions and dense layers are written once, over an [`Operand`].

use super::Fast;
use super::scratch::Scratch;
use crate::arch::{self, Isa, Product, ROWS, Tile, with_registers};
use crate::bf16::to_bf16;
use rayon::prelude::*;
use std::cell::RefCell;

/// A number format of the two sides of a sum. The moving side is read where it lies, window after window; the columns are packed.
pub(super) trait Operand: 'static {
    /// A value of the moving side.
    type A: Copy + Default + Send + Sync;
    /// What a column gives to a step.
    type B: Copy + Default + Send + Sync;
    /// Neighboring values that a step multiplies.
    const DEPTH: usize;

    /// Values behind a moving operand that the last step of a run may read.
    const ROOM: usize;

    /// Steps over `len` values; the last ones may meet zeros alone.
    fn steps(isa: Isa, len: usize) -> usize;

    /// Rows of a tile.
    fn rows(isa: Isa) -> usize;

    /// True where products run on tiles.
    fn has_tiles(_: Isa) -> bool {
        false
    }

    /// Scratch memory of the moving side.
    fn moving(fast: &Fast) -> &Scratch<Self::A>;

    /// One tile.
    fn multiply(isa: Isa, product: &Product<'_, Self::A, Self::B>, n_vectors: usize, tile: &mut Tile);

    /// Writes `from` as the moving side holds it.
    fn narrow(isa: Isa, from: &[f32], to: &mut [Self::A]);

    /// Where values of a line of voxels stand for sums that run along it.
    fn along(line: Line) -> Along;

    /// Writes a line, `[voxel, channel]`, as [`Operand::along`] says.
    fn turn(isa: Isa, line: Line, from: &[f32], to: &mut [Self::A]);

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

/// A line of voxels along which a sum runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Voxels, padding included.
    pub width: usize,
    pub n_channels: usize,
    /// Voxels from one term of a sum to the next.
    pub group: usize,
}

/// Where its values stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Along {
    /// Values of a line.
    pub len: usize,
    /// From one step to the next.
    pub step: usize,
    /// From one channel to the next.
    channel: usize,
    /// Between voxels less than a group apart, and between those a group apart.
    voxel: [usize; 2],
    group: usize,
}

impl Along {
    /// From one channel to the next.
    pub fn channel(&self) -> usize {
        self.channel
    }

    /// Where the sum that begins at `voxel` of `channel` reads first.
    pub fn first(&self, voxel: usize, channel: usize) -> usize {
        channel * self.channel + voxel % self.group * self.voxel[0] + voxel / self.group * self.voxel[1]
    }
}

/// f32, one value a step.
pub(super) struct Single;

impl Operand for Single {
    type A = f32;
    type B = f32;
    const DEPTH: usize = 1;
    const ROOM: usize = 0;

    fn steps(_: Isa, len: usize) -> usize {
        len
    }

    fn rows(_: Isa) -> usize {
        ROWS
    }

    fn moving(fast: &Fast) -> &Scratch<f32> {
        &fast.singles
    }

    fn multiply(isa: Isa, product: &Product<'_, f32, f32>, n_vectors: usize, tile: &mut Tile) {
        arch::multiply(isa, product, n_vectors, tile);
    }

    fn narrow(_: Isa, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn along(Line { width, n_channels, group }: Line) -> Along {
        let voxel = [n_channels, n_channels * group];
        Along { len: width * n_channels, step: n_channels * group, channel: 1, voxel, group }
    }

    fn turn(_: Isa, _: Line, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn with_columns<R>(_: &Fast, rows: &[f32], _: usize, _: usize, work: impl FnOnce(&[f32]) -> R) -> R {
        work(rows)
    }
}

/// bf16, two values a step, summed in f32.
pub(super) struct Pairs;

thread_local! {
    /// One line in bf16, kept by each thread.
    static NARROW_LINE: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

#[inline(always)]
fn pair(first: f32, second: f32) -> u32 {
    u32::from(to_bf16(first)) | u32::from(to_bf16(second)) << 16
}

impl Operand for Pairs {
    type A = u16;
    type B = u32;
    const DEPTH: usize = 2;
    const ROOM: usize = 32;

    fn steps(isa: Isa, len: usize) -> usize {
        len.div_ceil(2).next_multiple_of(isa.steps_of_pairs())
    }

    fn rows(isa: Isa) -> usize {
        isa.rows_of_pairs()
    }

    fn has_tiles(isa: Isa) -> bool {
        isa.has_tiles()
    }

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

    /// Channel by channel, so that neighbors of a sum stand side by side.
    fn along(Line { width, n_channels, group }: Line) -> Along {
        let per_phase = width.div_ceil(group);
        let channel = group * per_phase;
        Along { len: n_channels * channel, step: 2, channel, voxel: [per_phase, 1], group }
    }

    fn turn(isa: Isa, line: Line, from: &[f32], to: &mut [u16]) {
        let along = Self::along(line);
        assert_eq!((from.len(), to.len()), (line.width * line.n_channels, along.len));
        NARROW_LINE.with_borrow_mut(|narrow| {
            narrow.resize(from.len(), 0);
            Self::narrow(isa, from, narrow);
            // Groups that the line does not fill.
            to.fill(0);
            for (voxel, values) in narrow.chunks_exact(line.n_channels).enumerate() {
                let first = along.first(voxel, 0);
                let places = to[first..].iter_mut().step_by(along.channel);
                places.zip(values).for_each(|(to, &value)| *to = value);
            }
        });
    }

    fn with_columns<R>(fast: &Fast, rows: &[f32], run_len: usize, stride: usize, work: impl FnOnce(&[u32]) -> R) -> R {
        let n_runs = rows.len() / (run_len * stride).max(1);
        let run_words = Self::steps(fast.isa, run_len) * stride;
        fast.words.with(n_runs * run_words, |columns| {
            let runs = columns.par_chunks_mut(run_words.max(1)).zip(rows.par_chunks((run_len * stride).max(1)));
            let isa = fast.isa;
            runs.for_each(|(columns, rows)| {
                with_registers(isa, || {
                    let (steps, beyond) = columns.split_at_mut(run_len.div_ceil(2) * stride);
                    beyond.fill(0);
                    for (columns, rows) in steps.chunks_exact_mut(stride).zip(rows.chunks(2 * stride)) {
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
