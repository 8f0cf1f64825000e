//! The inner loop on AMX: tiles of 16 rows and 16 columns, 16 steps of bf16 pairs an instruction.
//!
//! The algorithm is written over [`Tiles`], the few instructions it needs. The processor has them, and so has a model in plain code, with
//! which the algorithm is tested wherever it is built; where the processor is asked whether it has AMX, both are held to each other once.

mod hardware;
mod model;

use super::{LANES, MAX_COLUMNS, MAX_ROWS, Product, Tile};
pub(super) use hardware::Hardware;
pub(super) use model::Model;

/// Steps that one instruction multiplies: runs are filled up to a multiple with zeros on the packed side.
pub(crate) const BLOCK_STEPS: usize = 16;
/// Rows of a product's tile: two of the processor's tiles.
pub(crate) const AMX_ROWS: usize = 32;
/// bf16 values of a row of one of the processor's tiles.
const ROW_VALUES: usize = 32;
/// Steps, at least, that are summed in a tile before the sum is added to memory: see [`super::PARTIAL_STEPS`].
const PARTIAL_STEPS: usize = 1024;

/// The processor's tiles 0 to 7, of 16 rows of 64 bytes each.
pub(crate) trait Tiles {
    /// Sets tile `T` to zero.
    /// # Safety
    /// AMX must be available and configured, here and below.
    unsafe fn zero<const T: u8>(&mut self);
    /// Reads tile `T` from 16 rows of 64 bytes, `stride` bytes apart.
    /// # Safety
    /// All of it must be readable.
    unsafe fn load<const T: u8>(&mut self, from: *const u8, stride: usize);
    /// Adds to the f32 sums of tile `C`, `[row, column]`, the products of bf16 pairs: `A`, `[row, step]`, and `B`, `[step, column]`.
    /// # Safety
    /// As [`Tiles::zero`].
    unsafe fn dot<const C: u8, const A: u8, const B: u8>(&mut self);
    /// Writes tile `T` to 16 rows of 64 bytes, `stride` bytes apart.
    /// # Safety
    /// All of it must be writable.
    unsafe fn store<const T: u8>(&mut self, to: *mut u8, stride: usize);
}

/// 16 rows brought together, each a cache line: a row that lies on two costs a tile load most of its time.
#[repr(align(64))]
struct Staged([[u16; ROW_VALUES]; LANES]);

/// 16 rows of the moving side: where they stand if they stand equally far apart, else nothing.
fn equidistant(rows: &[usize]) -> Option<usize> {
    let distance = rows[1].checked_sub(rows[0])?;
    rows.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(distance)).then_some(distance)
}

/// Loads 16 rows of the moving side into tile `T`, by way of `staged` where they do not stand equally far apart.
///
/// # Safety
/// Every row must be readable for [`ROW_VALUES`] values from `at` on.
#[inline(always)]
unsafe fn load_rows<T: Tiles, const TILE: u8>(
    tiles: &mut T,
    a: *const u16,
    rows: &[usize],
    distance: Option<usize>,
    at: usize,
    staged: &mut Staged,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match distance {
            Some(distance) => tiles.load::<TILE>(a.add(rows[0] + at).cast(), 2 * distance),
            None => {
                for (to, &row) in staged.0.iter_mut().zip(rows) {
                    *to = a.add(row + at).cast::<[u16; ROW_VALUES]>().read_unaligned();
                }
                tiles.load::<TILE>(staged.0.as_ptr().cast(), 2 * ROW_VALUES);
            }
        }
    }
}

/// As [`super::multiply_pairs`], with [`AMX_ROWS`] rows.
///
/// # Safety
/// Every index of `product` must lie inside its slices, `product.a_step` be 2, `product.run_len` a multiple of [`BLOCK_STEPS`],
/// `n_vectors` 1 or 2, and `product.rows` hold [`AMX_ROWS`] places.
pub(super) unsafe fn multiply<T: Tiles>(
    tiles: &mut T,
    product: &Product<'_, u16, u32>,
    n_vectors: usize,
    tile: &mut Tile,
) {
    let (upper, lower) = product.rows[..AMX_ROWS].split_at(LANES);
    let distances = [equidistant(upper), equidistant(lower)];
    let mut staged = Staged([[0; ROW_VALUES]; LANES]);
    let a = product.a.as_ptr();
    let b_stride = product.b_row * size_of::<u32>();
    let mut b = product.b.as_ptr();
    let (mut unsaved, mut saved) = (0, false);
    // SAFETY: a block reads 32 values of each row of `a` within a run and 16 steps of `b`, all of which the caller vouches for.
    unsafe {
        zero_sums(tiles);
        for &run in product.runs {
            for at in (0..product.run_len).step_by(BLOCK_STEPS) {
                let at = run + 2 * at;
                load_rows::<T, 4>(tiles, a, upper, distances[0], at, &mut staged);
                load_rows::<T, 5>(tiles, a, lower, distances[1], at, &mut staged);
                tiles.load::<6>(b.cast(), b_stride);
                tiles.dot::<0, 4, 6>();
                tiles.dot::<2, 5, 6>();
                if n_vectors == 2 {
                    tiles.load::<7>(b.add(LANES).cast(), b_stride);
                    tiles.dot::<1, 4, 7>();
                    tiles.dot::<3, 5, 7>();
                }
                b = b.wrapping_add(BLOCK_STEPS * product.b_row);
            }
            unsaved += product.run_len;
            if unsaved >= PARTIAL_STEPS {
                save(tiles, n_vectors, saved, tile);
                zero_sums(tiles);
                (unsaved, saved) = (0, true);
            }
        }
        if unsaved > 0 {
            save(tiles, n_vectors, saved, tile);
        }
    }
}

/// # Safety
/// As [`Tiles::zero`].
#[inline(always)]
unsafe fn zero_sums<T: Tiles>(tiles: &mut T) {
    // SAFETY: the caller's promise.
    unsafe {
        tiles.zero::<0>();
        tiles.zero::<1>();
        tiles.zero::<2>();
        tiles.zero::<3>();
    }
}

/// Writes sums to `tile`, or adds them where it holds some already.
///
/// # Safety
/// As [`Tiles::zero`].
#[inline(always)]
unsafe fn save<T: Tiles>(tiles: &mut T, n_vectors: usize, add: bool, tile: &mut Tile) {
    if !add {
        // SAFETY: the caller's promise.
        return unsafe { store(tiles, n_vectors, tile) };
    }
    let mut sums: Tile = [[0.0; MAX_COLUMNS]; MAX_ROWS];
    // SAFETY: the caller's promise.
    unsafe { store(tiles, n_vectors, &mut sums) };
    for (to, sums) in tile.iter_mut().zip(&sums).take(AMX_ROWS) {
        to.iter_mut().zip(sums).take(n_vectors * LANES).for_each(|(to, sum)| *to += sum);
    }
}

/// Writes the processor's sums over those of `to`.
///
/// # Safety
/// As [`Tiles::zero`].
#[inline(always)]
unsafe fn store<T: Tiles>(tiles: &mut T, n_vectors: usize, to: &mut Tile) {
    const { assert!(MAX_ROWS >= AMX_ROWS && MAX_COLUMNS == 2 * LANES) };
    let stride = size_of_val(&to[0]);
    let mut at = |row: usize, column: usize| -> *mut u8 { to[row][column..].as_mut_ptr().cast() };
    // SAFETY: one of the processor's tiles is 16 rows of 16 sums, and `to` holds two by two of them.
    unsafe {
        tiles.store::<0>(at(0, 0), stride);
        tiles.store::<2>(at(LANES, 0), stride);
        if n_vectors == 2 {
            tiles.store::<1>(at(0, LANES), stride);
            tiles.store::<3>(at(LANES, LANES), stride);
        }
    }
}

/// True where the processor has AMX with bf16, the operating system lets this process use it, and a product comes out as the model's.
pub(super) fn is_available() -> bool {
    hardware::allowed() && agrees()
}

/// One product on the processor and in the model; sums of small whole numbers, which both hold exactly.
fn agrees() -> bool {
    let value = |at: usize| crate::bf16::to_bf16((at * 7 % 15) as f32 - 7.0);
    let a: Vec<u16> = (0..AMX_ROWS * 50 + 3 * ROW_VALUES).map(value).collect();
    let b: Vec<u32> =
        (0..3 * BLOCK_STEPS * MAX_COLUMNS).map(|at| u32::from(value(at)) << 16 | u32::from(value(3 * at))).collect();
    // One half equally far apart, one not.
    let rows: Vec<usize> = (0..AMX_ROWS).map(|row| if row < LANES { 50 * row } else { 50 * row - row % 3 }).collect();
    let (runs, b_row) = ([0, 1, ROW_VALUES], MAX_COLUMNS);
    let product = Product { a: &a, rows: &rows, runs: &runs, run_len: BLOCK_STEPS, a_step: 2, b: &b, b_row };
    let mut tiles: [Tile; 2] = [[[0.0; MAX_COLUMNS]; AMX_ROWS]; 2];
    let [ours, expected] = &mut tiles;
    // SAFETY: rows end at 50 * 31 + 32 + 32 values, runs have one block, `b` three; the processor may use AMX.
    unsafe {
        multiply(&mut Hardware::configured(), &product, 2, ours);
        multiply(&mut Model::default(), &product, 2, expected);
    }
    tiles[0] == tiles[1]
}
