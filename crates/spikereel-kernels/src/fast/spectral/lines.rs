//! The first and the last axis of a transform: lines of real numbers to half a spectrum, and back.
//!
//! Two lines go through one complex transform, one as its real part and one as its imaginary part.

use super::super::Fast;
use super::super::conv::Folded;
use super::grid::Grid;
use super::product::split;
use crate::arch::{RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Twice the half spectra of all frames, `[frame, block, frequency along lines, frequency along rows]`, a block being the channels of one
/// register. Channels stand `stride` apart from one voxel to the next.
pub(super) fn spectra_of_frames(
    fast: &Fast,
    grid: &Grid,
    values: &[f32],
    n_channels: usize,
    stride: usize,
    out: &mut [f32],
) {
    let lanes = fast.isa.lanes();
    let ([_, height, width], [_, n_h, n_w]) = (grid.size, grid.lens());
    let frame_len = grid.n_frequencies() * n_channels.div_ceil(lanes) * n_h * 2 * lanes;
    let lens = [n_w, n_w, n_w.max(n_h), grid.n_frequencies() * height].map(|len| 2 * lanes * len);
    out.par_chunks_mut(frame_len).zip(values.par_chunks(height * width * stride)).for_each(|(out, values)| {
        fast.singles.with(lens.iter().sum(), |buffer| {
            let buffers = split(buffer, lens);
            with_lanes(fast.isa, Spectra { grid, values, stride, out, buffers });
        });
    });
}

struct Spectra<'a> {
    grid: &'a Grid,
    values: &'a [f32],
    stride: usize,
    out: &'a mut [f32],
    buffers: [&'a mut [f32]; 4],
}

impl RegisterWork for Spectra<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let ([_, height, width], [_, n_h, len]) = (self.grid.size, self.grid.lens());
        let [_, of_h, of_w] = &self.grid.transforms;
        let n_frequencies = self.grid.n_frequencies();
        let [a, both, spare, lines] = self.buffers;
        let (a, both, spare, lines) =
            (r.complex_mut(a), r.complex_mut(both), r.complex_mut(spare), r.complex_mut(lines));
        let zero = r.splat(0.0);
        for (block, out) in r.complex_mut(self.out).chunks_exact_mut(n_frequencies * n_h).enumerate() {
            for h in (0..height).step_by(2) {
                let has_second = h + 1 < height;
                let next_line = if has_second { width * self.stride } else { 0 };
                for (w, a) in a[..width].iter_mut().enumerate() {
                    let from = &self.values[(h * width + w) * self.stride + block * R::LANES..];
                    let second = if has_second { load(r, &from[next_line..]) } else { zero };
                    *a = [load(r, from), second];
                }
                of_w.run(r, &a[..width], 1, both, spare);
                for (frequency, line) in lines.chunks_exact_mut(height).enumerate() {
                    let (z, mirrored) = (both[frequency], both[if frequency == 0 { 0 } else { len - frequency }]);
                    line[h] = [r.add(z[0], mirrored[0]), r.sub(z[1], mirrored[1])];
                    if has_second {
                        line[h + 1] = [r.add(z[1], mirrored[1]), r.sub(mirrored[0], z[0])];
                    }
                }
            }
            for (line, out) in lines.chunks_exact(height).zip(out.chunks_exact_mut(n_h)) {
                of_h.run(r, line, 1, out, spare);
            }
        }
    }
}

/// Lines of spectra on their way back to values: `[frequency, block, register of samples, frame, row]`, imaginary parts first.
pub(super) struct Lines<'a> {
    pub spectra: &'a [f32],
    /// Registers of samples.
    pub n_registers: usize,
    /// Columns, and how far apart voxels stand with them.
    pub n_columns: usize,
    pub stride: usize,
    /// A number for each lane of each block.
    pub bias: &'a [f32],
}

impl Lines<'_> {
    /// `[register of samples, frame, row, column, channel]`; with `folded`, phases of upsampling are sent where they belong.
    pub fn values(&self, fast: &Fast, grid: &Grid, folded: Option<&Folded>, y: &mut [f32]) {
        let [frames, height, width] = grid.size;
        let n_frames = self.n_registers * frames;
        let line_len = 2 * fast.isa.lanes() * grid.lens()[2];
        let low_len = if folded.is_some() { height * width * self.stride } else { 0 };
        y.par_chunks_mut(y.len() / n_frames).enumerate().for_each(|(frame, y)| {
            fast.singles.with(3 * line_len + low_len, |buffer| {
                let [a, b, c, low] = split(buffer, [line_len, line_len, line_len, low_len]);
                let out = if folded.is_some() { &mut *low } else { &mut *y };
                with_lanes(fast.isa, Values { grid, lines: self, frame, n_frames, out, buffers: [a, b, c] });
                if let Some(folded) = folded {
                    folded.raise_resolution(low, self.stride, y);
                }
            });
        });
    }
}

/// One frame of [`Lines`]: writes `[row, column, channel]` with the bias added.
struct Values<'a> {
    grid: &'a Grid,
    lines: &'a Lines<'a>,
    frame: usize,
    n_frames: usize,
    out: &'a mut [f32],
    /// Three lines of the transform's length.
    buffers: [&'a mut [f32]; 3],
}

impl RegisterWork for Values<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let [_, height, width] = self.grid.size;
        let transform = &self.grid.transforms[2];
        let [a, both, spare] = self.buffers;
        let (a, both, spare) = (r.complex_mut(a), r.complex_mut(both), r.complex_mut(spare));
        let Lines { n_columns, stride, bias, .. } = *self.lines;
        let spectra = r.complex(self.lines.spectra);
        let (n_blocks, len) = (n_columns.div_ceil(R::LANES), transform.len());
        let zero = r.splat(0.0);
        for block in 0..n_blocks {
            let n_lanes = (n_columns - block * R::LANES).min(R::LANES);
            let bias = r.load(&bias[block * R::LANES..]);
            for h in (0..height).step_by(2) {
                let has_second = h + 1 < height;
                for frequency in 0..self.grid.n_frequencies() {
                    let at = ((frequency * n_blocks + block) * self.n_frames + self.frame) * height + h;
                    let first = spectra[at];
                    let second = if has_second { spectra[at + 1] } else { [zero; 2] };
                    a[frequency] = [r.add(first[0], second[1]), r.sub(first[1], second[0])];
                    if frequency > 0 {
                        a[len - frequency] = [r.sub(second[1], first[0]), r.add(first[1], second[0])];
                    }
                }
                transform.run(r, a, 1, both, spare);
                for (line, part) in [(h, 1), (h + 1, 0)].into_iter().take(1 + usize::from(has_second)) {
                    let voxels = self.out[line * width * stride..].chunks_mut(stride).zip(&both[..width]);
                    for (voxel, value) in voxels {
                        let to = &mut voxel[block * R::LANES..];
                        let value = r.add(value[part], bias);
                        if n_lanes == R::LANES {
                            r.store(value, to);
                        } else {
                            store_part(r, value, &mut to[..n_lanes]);
                        }
                    }
                }
            }
        }
    }
}

/// A register of values, or as many as there are. Lanes beyond the last channel hold the next voxel's: where [`super::narrow`] sums over
/// lanes, they meet weights of zero.
#[inline(always)]
fn load<R: Registers>(r: R, from: &[f32]) -> R::V {
    if from.len() >= R::LANES {
        return r.load(from);
    }
    let mut lanes = [0.0; crate::arch::LANES];
    lanes[..from.len()].copy_from_slice(from);
    r.load(&lanes)
}

/// As many values as there is room for.
#[inline(always)]
fn store_part<R: Registers>(r: R, value: R::V, to: &mut [f32]) {
    let mut lanes = [0.0; crate::arch::LANES];
    r.store(value, &mut lanes);
    to.copy_from_slice(&lanes[..to.len()]);
}
