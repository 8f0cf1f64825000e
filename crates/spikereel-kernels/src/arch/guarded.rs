//! The inner loops with every buffer against inaccessible pages, behind it and before it in turn: one step too far ends the process.

use super::{Isa, LANES, MAX_COLUMNS, MAX_ROWS, MAX_VECTORS, Product, ROWS, Tile, multiply, multiply_pairs};
use crate::bf16::{from_bf16, to_bf16};

/// Where the buffer lies between its two inaccessible pages.
#[derive(Debug, Clone, Copy)]
enum Against {
    /// Its last byte is the last one before the page behind it.
    Behind,
    /// Its first byte is the first one after the page before it.
    Before,
}

/// A buffer of its own pages, with an inaccessible one on each side.
struct Guarded<T> {
    map: *mut libc::c_void,
    map_len: usize,
    first: *mut T,
    len: usize,
}

impl<T: Copy> Guarded<T> {
    fn new(values: &[T], against: Against) -> Self {
        // SAFETY: sysconf has no preconditions.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap();
        let inner = size_of_val(values).next_multiple_of(page).max(page);
        let map_len = inner + 2 * page;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new anonymous mapping; both protected ranges lie inside it; values are copied into the readable part.
        unsafe {
            let map = libc::mmap(std::ptr::null_mut(), map_len, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            assert_ne!(map, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(map, page, libc::PROT_NONE), 0);
            assert_eq!(libc::mprotect(map.add(page + inner), page, libc::PROT_NONE), 0);
            let first = match against {
                Against::Behind => map.add(page + inner - size_of_val(values)),
                Against::Before => map.add(page),
            };
            let first = first.cast::<T>();
            std::ptr::copy_nonoverlapping(values.as_ptr(), first, values.len());
            Self { map, map_len, first, len: values.len() }
        }
    }

    fn slice(&self) -> &[T] {
        // SAFETY: `len` values were written there, and nothing else refers to them while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.first, self.len) }
    }

    fn slice_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.len) }
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new` and is used no more.
        unsafe { libc::munmap(self.map, self.map_len) };
    }
}

fn value(at: usize) -> f32 {
    from_bf16(to_bf16(((at * 37 + 11) % 64) as f32 / 32.0 - 1.0))
}

/// Shapes: runs, steps in a run, distance of steps in values of `a` per step read, vectors of a tile, vectors between rows of `b`. Tiles take
/// whole blocks of neighbors.
fn shapes(block: usize) -> impl Iterator<Item = (usize, usize, usize, usize, usize)> {
    let runs = [(1, 1), (1, 2), (2, 3), (3, 7), (1, 33), (7, 21), (1, 400), (13, 40)];
    runs.into_iter().flat_map(move |(n_runs, run_len): (usize, usize)| {
        let (run_len, steps) = if block > 1 { (run_len.div_ceil(4) * block, 1..2) } else { (run_len, 1..4) };
        steps.step_by(2).flat_map(move |a_step| {
            (1..=MAX_VECTORS).flat_map(move |n_vectors| {
                [n_vectors, n_vectors + 2].map(move |b_row| (n_runs, run_len, a_step, n_vectors, b_row))
            })
        })
    })
}

/// Runs one product with `reads` values of `a` and words of `b` a step; `multiply` gets exactly as much memory as it may touch.
fn check<A: Copy, B: Copy>(
    (reads, n_rows, block): (usize, usize, usize),
    a_of: impl Fn(f32) -> A,
    b_of: impl Fn(f32, f32) -> B,
    run: impl Fn(&Product<'_, A, B>, usize, &mut Tile),
    what: &str,
) {
    for (n_runs, run_len, a_step, n_vectors, b_row) in shapes(block) {
        // Equally far apart, and in no order.
        let up: Vec<usize> = (0..n_rows).map(|row| 3 * row).collect();
        let mixed: Vec<usize> = (0..n_rows).map(|row| (n_rows - 1 - row) * 2 + row % 2).collect();
        for (against, rows) in [(Against::Behind, &up), (Against::Behind, &mixed), (Against::Before, &mixed)] {
            let a_step = a_step * reads;
            let runs: Vec<usize> = (0..n_runs).map(|run| run * (run_len * a_step + 1)).collect();
            let last_row = rows.iter().max().unwrap();
            let a_len = runs[n_runs - 1] + last_row + (run_len - 1) * a_step + reads;
            let n_steps = n_runs * run_len;
            let b_len = (n_steps - 1) * b_row * LANES + n_vectors * LANES;
            let a = Guarded::new(&(0..a_len).map(|at| a_of(value(at))).collect::<Vec<A>>(), against);
            let b_value = |at: usize, read: usize| value(3 * at + 5 * read);
            let b = (0..b_len).map(|at| b_of(b_value(at, 0), b_value(at, 1))).collect::<Vec<B>>();
            let b = Guarded::new(&b, against);
            let mut tile = Guarded::<Tile>::new(&[[[f32::NAN; MAX_COLUMNS]; MAX_ROWS]], against);
            let product =
                Product { a: a.slice(), rows, runs: &runs, run_len, a_step, b: b.slice(), b_row: b_row * LANES };
            run(&product, n_vectors, &mut tile.slice_mut()[0]);
            for (row, got) in tile.slice()[0].iter().enumerate().take(n_rows) {
                for (column, &got) in got.iter().enumerate() {
                    if column >= n_vectors * LANES {
                        assert!(got.is_nan(), "{what}: column {column} of {n_vectors} vectors was written");
                        continue;
                    }
                    let mut expected = 0.0_f64;
                    for (step, read) in (0..n_steps).flat_map(|step| (0..reads).map(move |read| (step, read))) {
                        let at = rows[row] + runs[step / run_len] + step % run_len * a_step + read;
                        let of_b = b_value(step * b_row * LANES + column, read);
                        expected += f64::from(value(at)) * f64::from(of_b);
                    }
                    let size = (n_steps * reads) as f64;
                    assert!((f64::from(got) - expected).abs() <= 1e-6 * size, "{what}: {got}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn no_path_touches_memory_outside_its_operands() {
    for isa in Isa::ALL.into_iter().chain([Isa::AmxModel]).filter(|isa| isa.is_available()) {
        let single = |product: &Product<'_, f32, f32>, n: usize, tile: &mut Tile| multiply(isa, product, n, tile);
        check((1, ROWS, 1), |a| a, |b, _| b, single, &format!("{} f32", isa.name()));
        let word = |first, second| u32::from(to_bf16(first)) | u32::from(to_bf16(second)) << 16;
        let pairs = |product: &Product<'_, u16, u32>, n: usize, tile: &mut Tile| multiply_pairs(isa, product, n, tile);
        let shape = (2, isa.rows_of_pairs(), isa.steps_of_pairs());
        check(shape, to_bf16, word, pairs, &format!("{} bf16", isa.name()));
    }
}

#[test]
#[should_panic(expected = "a is too short")]
fn an_operand_that_ends_too_early_is_refused() {
    let product =
        Product { a: &[0_u16; 8], rows: &[0; ROWS], runs: &[0], run_len: 4, a_step: 2, b: &[0; 64], b_row: 16 };
    multiply_pairs(Isa::Portable, &product, 1, &mut [[0.0; MAX_COLUMNS]; MAX_ROWS]);
    let product = Product { a: &[0_u16; 7], ..product };
    multiply_pairs(Isa::Portable, &product, 1, &mut [[0.0; MAX_COLUMNS]; MAX_ROWS]);
}
