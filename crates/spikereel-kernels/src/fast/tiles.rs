//! Whole matrices through tiles: panels of columns outside, so that a panel of `b` stays in cache while rows pass by.

use super::operand::Operand;
use crate::arch::{
    Isa, LANES, MAX_COLUMNS, MAX_ROWS, MAX_VECTORS, Product, Tile, Work, run_with_registers, with_registers,
};
use rayon::prelude::*;

/// The next multiple of a vector's width: the columns of a packed operand.
pub(super) fn padded_columns(n_columns: usize) -> usize {
    n_columns.next_multiple_of(LANES)
}

/// A tile whose rows begin cache lines.
#[repr(align(64))]
struct CacheLines(Tile);

/// A sum over runs and steps, for any number of rows and columns.
pub(super) struct Sum<'a, O: Operand> {
    pub isa: Isa,
    pub a: &'a [O::A],
    /// Offsets within `a` common to all rows.
    pub runs: &'a [usize],
    /// Steps in a run.
    pub run_len: usize,
    /// Distance in `a` between two steps.
    pub a_step: usize,
    /// `[run, step, column]`, steps `b_row` apart.
    pub b: &'a [O::B],
    /// [`padded_columns`] or more.
    pub b_row: usize,
    pub n_columns: usize,
}

impl<O: Operand> Sum<'_, O> {
    /// Calls `write(row, first column, sums)` for each row and panel; `starts` says where rows begin in `a`, from `first` on.
    pub fn each(&self, first: usize, starts: &[usize], write: impl FnMut(usize, usize, &[f32])) {
        run_with_registers(self.isa, Each { sum: self, first, starts, write });
    }
}

/// A sum under way: a [`Work`], so that what is made of sums is compiled for whole registers.
struct Each<'a, 'b, O: Operand, W> {
    sum: &'b Sum<'a, O>,
    first: usize,
    starts: &'b [usize],
    write: W,
}

impl<O: Operand, W: FnMut(usize, usize, &[f32])> Work for Each<'_, '_, O, W> {
    #[inline(always)]
    fn run(self) {
        let Self { sum, first, starts, mut write } = self;
        let n_rows = starts.len();
        let n_padded = padded_columns(sum.n_columns);
        let mut lines = CacheLines([[0.0; MAX_COLUMNS]; MAX_ROWS]);
        let tile = &mut lines.0;
        let n_tile = O::rows(sum.isa);
        let mut rows = [0; MAX_ROWS];
        for first_column in (0..n_padded).step_by(MAX_COLUMNS) {
            let n_vectors = ((n_padded - first_column) / LANES).min(MAX_VECTORS);
            let width = (n_vectors * LANES).min(sum.n_columns - first_column);
            for first_row in (0..n_rows).step_by(n_tile) {
                // The last tile repeats the last row; what comes of it is not written.
                for (row, at) in rows[..n_tile].iter_mut().enumerate() {
                    *at = first + starts[(first_row + row).min(n_rows - 1)];
                }
                let product = Product {
                    a: sum.a,
                    rows: &rows[..n_tile],
                    runs: sum.runs,
                    run_len: sum.run_len,
                    a_step: sum.a_step,
                    b: &sum.b[first_column.min(sum.b.len())..],
                    b_row: sum.b_row,
                };
                O::multiply(sum.isa, &product, n_vectors, tile);
                for row in first_row..(first_row + n_tile).min(n_rows) {
                    write(row, first_column, &tile[row - first_row][..width]);
                }
            }
        }
    }
}

/// Operations a second of one thread on a tile whose operands stay in the nearest cache: the best of some short runs.
pub(super) fn measured_peak<O: Operand>(isa: Isa) -> f64 {
    const N_STEPS: usize = 64;
    const N_TILES: usize = 2000;
    let n_rows = O::rows(isa);
    let a = vec![O::A::default(); n_rows * N_STEPS * O::DEPTH];
    let b = vec![O::B::default(); N_STEPS * MAX_COLUMNS];
    let rows: Vec<usize> = (0..n_rows).map(|row| row * N_STEPS * O::DEPTH).collect();
    let product =
        Product { a: &a, rows: &rows, runs: &[0], run_len: N_STEPS, a_step: O::DEPTH, b: &b, b_row: MAX_COLUMNS };
    let mut tile: Tile = [[0.0; MAX_COLUMNS]; MAX_ROWS];
    let operations = (2 * O::DEPTH * N_TILES * N_STEPS * n_rows * MAX_COLUMNS) as f64;
    let mut run = || {
        let began = std::time::Instant::now();
        for _ in 0..N_TILES {
            O::multiply(isa, std::hint::black_box(&product), MAX_VECTORS, &mut tile);
        }
        operations / began.elapsed().as_secs_f64()
    };
    (0..10).map(|_| run()).fold(0.0, f64::max)
}

/// Sum of each column of `[row, column]`, in chunks of rows fixed by the sizes, added in order.
pub(super) fn column_sums(isa: Isa, values: &[f32], sums: &mut [f32]) {
    const CHUNK: usize = 1024;
    let n = sums.len();
    let partial: Vec<Vec<f64>> = values
        .par_chunks(n * CHUNK)
        .map(|rows| {
            let mut sum = vec![0.0_f64; n];
            with_registers(isa, || {
                for row in rows.chunks_exact(n) {
                    sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
                }
            });
            sum
        })
        .collect();
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum = partial.iter().map(|partial| partial[at]).sum::<f64>() as f32;
    }
}
