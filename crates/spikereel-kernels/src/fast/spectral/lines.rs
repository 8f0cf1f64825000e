//! The first and the last axis of a transform: lines of real numbers to half a spectrum, and back.
//!
//! Two lines go through one complex transform, one as its real part and one as its imaginary part.

use super::super::Fast;
use super::grid::Grid;
use crate::arch::{Complex, RegisterWork, Registers, with_lanes};
use rayon::prelude::*;

/// Twice the half spectra of all lines, `[frame, frequency, block, row]`, a block being the channels of one register. Channels stand
/// `stride` apart from one voxel to the next.
pub(super) fn spectra_of_lines(
    fast: &Fast,
    grid: &Grid,
    values: &[f32],
    n_channels: usize,
    stride: usize,
    out: &mut [f32],
) {
    let lanes = fast.isa.lanes();
    let [_, height, width] = grid.size;
    let frame_len = grid.n_frequencies() * n_channels.div_ceil(lanes) * height * 2 * lanes;
    let line_len = 2 * lanes * grid.transforms[2].len();
    out.par_chunks_mut(frame_len).zip(values.par_chunks(height * width * stride)).for_each(|(out, values)| {
        fast.singles.with(2 * line_len, |buffer| {
            let (a, b) = buffer.split_at_mut(line_len);
            with_lanes(fast.isa, Spectra { grid, values, n_channels, stride, out, a, b });
        });
    });
}

struct Spectra<'a> {
    grid: &'a Grid,
    values: &'a [f32],
    n_channels: usize,
    stride: usize,
    out: &'a mut [f32],
    a: &'a mut [f32],
    b: &'a mut [f32],
}

impl RegisterWork for Spectra<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let [_, height, width] = self.grid.size;
        let transform = &self.grid.transforms[2];
        let (out, a, b) = (r.complex_mut(self.out), r.complex_mut(self.a), r.complex_mut(self.b));
        let (n_blocks, len) = (self.n_channels.div_ceil(R::LANES), transform.len());
        let zero = r.splat(0.0);
        let load = |h: usize, w: usize, block: usize| {
            // Lanes beyond the last channel may hold anything: nothing reads them.
            let from = &self.values[(h * width + w) * self.stride + block * R::LANES..];
            if from.len() >= R::LANES { r.load(from) } else { load_part(r, from) }
        };
        for block in 0..n_blocks {
            for h in (0..height).step_by(2) {
                let has_second = h + 1 < height;
                for (w, a) in a[..width].iter_mut().enumerate() {
                    *a = [load(h, w, block), if has_second { load(h + 1, w, block) } else { zero }];
                }
                a[width..].fill([zero; 2]);
                let both = transform.run(r, a, b);
                for frequency in 0..self.grid.n_frequencies() {
                    let (z, mirrored) = (both[frequency], both[(len - frequency) % len]);
                    let at = (frequency * n_blocks + block) * height + h;
                    out[at] = [r.add(z[0], mirrored[0]), r.sub(z[1], mirrored[1])];
                    if has_second {
                        out[at + 1] = [r.add(z[1], mirrored[1]), r.sub(mirrored[0], z[0])];
                    }
                }
            }
        }
    }
}

/// Lines of spectra back to values: reads `[frequency, block, frame, row]`, imaginary parts first, and writes `[row, column, channel]` of one
/// frame, channels `stride` apart, with `bias` added.
pub(super) struct Values<'a> {
    pub grid: &'a Grid,
    pub spectra: &'a [f32],
    pub frame: usize,
    pub n_frames: usize,
    pub n_channels: usize,
    pub stride: usize,
    /// A number for each lane of each block.
    pub bias: &'a [f32],
    pub out: &'a mut [f32],
    pub a: &'a mut [f32],
    pub b: &'a mut [f32],
}

impl RegisterWork for Values<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let [_, height, width] = self.grid.size;
        let transform = &self.grid.transforms[2];
        let (spectra, a, b) = (r.complex(self.spectra), r.complex_mut(self.a), r.complex_mut(self.b));
        let (n_blocks, len) = (self.n_channels.div_ceil(R::LANES), transform.len());
        let zero = r.splat(0.0);
        for block in 0..n_blocks {
            let n_lanes = (self.n_channels - block * R::LANES).min(R::LANES);
            let bias = r.load(&self.bias[block * R::LANES..]);
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
                let both = transform.run(r, a, b);
                for (line, part) in [(h, 1), (h + 1, 0)].into_iter().take(1 + usize::from(has_second)) {
                    let voxels = self.out[line * width * self.stride..].chunks_mut(self.stride).zip(&both[..width]);
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

/// As many values as there are, zeros behind.
#[inline(always)]
fn load_part<R: Registers>(r: R, from: &[f32]) -> R::V {
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

/// Full spectra of every sample: along rows and frames what [`spectra_of_lines`] left. Layout `[frequency along a line, block,
/// frequency along rows, sample, frequency along frames]`.
pub(super) fn spectra_of_planes(fast: &Fast, grid: &Grid, lines: &[f32], n_blocks: usize, out: &mut [f32]) {
    let lanes = fast.isa.lanes();
    let [n_t, n_h, _] = grid.lens();
    let n_samples = lines.len() / (grid.size[0] * grid.n_frequencies() * n_blocks * grid.size[1] * 2 * lanes);
    out.par_chunks_mut(n_h * n_samples * n_t * 2 * lanes).enumerate().for_each(|(plane, out)| {
        let line_len = 2 * lanes * n_t.max(n_h);
        let rows_len = 2 * lanes * n_h * grid.size[0];
        fast.singles.with(2 * line_len + rows_len, |buffer| {
            let (line, rows) = buffer.split_at_mut(2 * line_len);
            let (a, b) = line.split_at_mut(line_len);
            with_lanes(fast.isa, Plane { grid, lines, plane, n_samples, out, a, b, rows });
        });
    });
}

struct Plane<'a> {
    grid: &'a Grid,
    lines: &'a [f32],
    /// Frequency along a line and block.
    plane: usize,
    n_samples: usize,
    out: &'a mut [f32],
    a: &'a mut [f32],
    b: &'a mut [f32],
    rows: &'a mut [f32],
}

impl RegisterWork for Plane<'_> {
    #[inline(always)]
    fn run<R: Registers>(self, r: R) {
        let ([frames, height, _], [n_t, n_h, _]) = (self.grid.size, self.grid.lens());
        let [of_t, of_h, _] = &self.grid.transforms;
        let (lines, out) = (r.complex(self.lines), r.complex_mut(self.out));
        let (a, b, rows) = (r.complex_mut(self.a), r.complex_mut(self.b), r.complex_mut(self.rows));
        let n_planes = lines.len() / (self.n_samples * frames * height);
        let zero: Complex<R::V> = [r.splat(0.0); 2];
        for sample in 0..self.n_samples {
            for frame in 0..frames {
                let from = &lines[((sample * frames + frame) * n_planes + self.plane) * height..][..height];
                a[..height].copy_from_slice(from);
                a[height..n_h].fill(zero);
                let along_rows = of_h.run(r, &mut a[..n_h], &mut b[..n_h]);
                for (row, value) in rows.chunks_exact_mut(frames).zip(along_rows) {
                    row[frame] = *value;
                }
            }
            for (h, row) in rows.chunks_exact(frames).enumerate() {
                a[..frames].copy_from_slice(row);
                a[frames..n_t].fill(zero);
                let along_frames = of_t.run(r, &mut a[..n_t], &mut b[..n_t]);
                out[(h * self.n_samples + sample) * n_t..][..n_t].copy_from_slice(along_frames);
            }
        }
    }
}
