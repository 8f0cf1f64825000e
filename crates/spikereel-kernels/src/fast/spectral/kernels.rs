//! Spectra of kernels, made where they are needed: the whole is never kept.

use super::grid::Shape;
use crate::arch::{Complex, Registers};

/// The kernels of one frequency along lines, as registers: a row of packed weights by a block of its columns each, rows outermost.
pub(super) struct KernelSpectra<'a> {
    pub shape: &'a Shape,
    /// `[tap, row]` rows of columns, `stride` apart.
    pub packed: &'a [f32],
    pub stride: usize,
    pub frequency: usize,
    /// Rows of a tap.
    pub n_rows: usize,
    pub first_block: usize,
    pub n_blocks: usize,
    /// True where the taps of `packed` stand in reverse.
    pub reversed: bool,
}

impl KernelSpectra<'_> {
    /// Registers of a tap.
    pub fn n_kernels(&self) -> usize {
        self.n_rows * self.n_blocks
    }

    /// Spectra along lines and rows: `[frequency along rows, kernel, tap along frames]`.
    #[inline(always)]
    pub fn along_rows<R: Registers>(
        &self,
        r: R,
        out: &mut [Complex<R::V>],
        a: &mut [Complex<R::V>],
        b: &mut [Complex<R::V>],
        spare: &mut [Complex<R::V>],
    ) {
        let (shape, n_kernels) = (self.shape, self.n_kernels());
        let ([taps_t, taps_h, taps_w], [_, n_h, n_w]) = (shape.window.taps(), shape.grid.lens());
        let n_taps = taps_t * taps_h * taps_w;
        let zero: Complex<R::V> = [r.splat(0.0); 2];
        for (t, kernel) in (0..taps_t).flat_map(|t| (0..n_kernels).map(move |kernel| (t, kernel))) {
            let column = (self.first_block + kernel % self.n_blocks) * R::LANES;
            let row = kernel / self.n_blocks;
            a[..n_h].fill(zero);
            for h in 0..taps_h {
                let [mut re, mut im] = zero;
                for w in 0..taps_w {
                    let [cos, sin] = shape.factors[self.frequency * shape.window.place(2, w, n_w) % n_w];
                    let (cos, sin) = (r.splat(cos), r.splat(sin));
                    let tap = (t * taps_h + h) * taps_w + w;
                    let tap = if self.reversed { n_taps - 1 - tap } else { tap };
                    let weight = r.load(&self.packed[(tap * self.n_rows + row) * self.stride + column..]);
                    re = r.add_product(re, weight, cos);
                    im = r.add_product(im, weight, sin);
                }
                a[shape.window.place(1, h, n_h)] = [re, im];
            }
            shape.grid.transforms[1].run(r, &a[..n_h], 1, b, spare);
            for (row, value) in out.chunks_exact_mut(n_kernels * taps_t).zip(&b[..n_h]) {
                row[kernel * taps_t + t] = *value;
            }
        }
    }

    /// One row in full: `[frequency along frames, kernel]`.
    #[inline(always)]
    pub fn along_frames<R: Registers>(
        &self,
        r: R,
        row: &[Complex<R::V>],
        out: &mut [Complex<R::V>],
        a: &mut [Complex<R::V>],
        b: &mut [Complex<R::V>],
        spare: &mut [Complex<R::V>],
    ) {
        let (shape, n_t) = (self.shape, self.shape.grid.lens()[0]);
        let taps_t = shape.window.taps()[0];
        for (kernel, taps) in row.chunks_exact(taps_t).enumerate() {
            a[..n_t].fill([r.splat(0.0); 2]);
            for (t, tap) in taps.iter().enumerate() {
                a[shape.window.place(0, t, n_t)] = *tap;
            }
            shape.grid.transforms[0].run(r, &a[..n_t], 1, b, spare);
            for (out, value) in out.chunks_exact_mut(self.n_kernels()).zip(&b[..n_t]) {
                out[kernel] = *value;
            }
        }
    }
}
