//! Windows of few channels as tiles read them: the rows of a kernel that a window reads side by side, brought together for each voxel.
//!
//! A row of the published first layer's kernel is 7 taps of 3 channels, 42 bytes. Read where it lies it fills two thirds of a tile's 16 steps,
//! and windows 6 bytes apart begin cache lines by chance alone. Here each voxel has a row of its own that begins one: the rows of three
//! lines are 63 values of 64, and 7 lines are 5 blocks of 32 instead of 7.

use super::super::Fast;
use super::super::operand::Operand;
use super::Strides;
use super::blocks::BLOCK;
use super::fold::Folded;
use super::padded::Padded;
use rayon::prelude::*;

/// Lines brought together, at most: each is copied as often.
const MOST_LINES: usize = 4;

/// How windows are brought together.
pub(super) struct Unrolled {
    padded: Padded,
    /// Voxels of a line that tile rows compute: each has a window.
    n_windows: usize,
    /// Values from one window to the next.
    step: usize,
    /// Values of a kernel's row.
    row_len: usize,
    taps_t: usize,
    taps_h: usize,
    /// Lines brought together.
    n_lines: usize,
}

impl Unrolled {
    /// `None` where a kernel's row fills a block by itself.
    pub fn new(folded: &Folded) -> Option<Self> {
        let [taps_t, taps_h, taps_w] = folded.axes.map(|axis| axis.taps());
        let row_len = taps_w * folded.input.channels;
        if row_len >= BLOCK {
            return None;
        }
        let n_blocks = |lines: usize| {
            taps_h / lines * (lines * row_len).div_ceil(BLOCK) + (taps_h % lines * row_len).div_ceil(BLOCK)
        };
        let n_lines = (1..=MOST_LINES.min(taps_h)).min_by_key(|&lines| n_blocks(lines)).unwrap_or(1);
        let padded = Padded::for_window(folded.input, &folded.axes, false);
        let step = folded.group * folded.input.channels;
        Some(Self { padded, n_windows: folded.grid().width, step, row_len, taps_t, taps_h, n_lines })
    }

    /// Values of a voxel.
    fn voxel_len(&self) -> usize {
        (self.n_lines * self.row_len).next_multiple_of(BLOCK)
    }

    pub fn strides(&self) -> Strides {
        let line = self.n_windows * self.voxel_len();
        let frame = self.padded.height() * line;
        Strides { sample: self.padded.frame(1, 0) * frame, frame, line, voxel: self.voxel_len() }
    }

    /// Values of the whole copy.
    pub fn len(&self) -> usize {
        self.padded.n_frames() * self.strides().frame
    }

    /// The blocks of a window: tap frame, first tap row, how many are read, and the block's number.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let firsts = (0..self.taps_t).flat_map(|t| (0..self.taps_h).step_by(self.n_lines).map(move |h| (t, h)));
        firsts.flat_map(|(t, h)| {
            let n_lines = self.n_lines.min(self.taps_h - h);
            (0..(n_lines * self.row_len).div_ceil(BLOCK)).map(move |block| (t, h, n_lines, block))
        })
    }

    /// Where blocks begin within a window, a run each.
    pub fn runs(&self) -> Vec<usize> {
        let strides = self.strides();
        self.blocks().map(|(t, h, _, block)| t * strides.frame + h * strides.line + block * BLOCK).collect()
    }

    /// Values of a run.
    pub fn run_values(&self) -> usize {
        BLOCK
    }

    /// Rows of [`Unrolled::pack`].
    pub fn n_packed_rows(&self) -> usize {
        self.blocks().count() * BLOCK
    }

    /// Brings rows of packed weights, `[tap frame, tap row, tap column and channel]` and `stride` apart, to the order of blocks. What a
    /// block reads beyond its rows meets zeros.
    pub fn pack(&self, packed: &[f32], stride: usize, to: &mut [f32]) {
        to.fill(0.0);
        for ((t, h, n_lines, block), to) in self.blocks().zip(to.chunks_exact_mut(BLOCK * stride)) {
            let values = block * BLOCK..((block + 1) * BLOCK).min(n_lines * self.row_len);
            let first = (t * self.taps_h + h) * self.row_len;
            let from = &packed[(first + values.start) * stride..(first + values.end) * stride];
            to[..from.len()].copy_from_slice(from);
        }
    }

    /// Fills a buffer of [`Unrolled::len`] values with `x`, a whole volume, and what lies behind with zeros.
    pub fn fill<O: Operand>(&self, fast: &Fast, x: &[f32], buffer: &mut [O::A]) {
        let (strides, line_len) = (self.strides(), self.padded.line_len());
        let (buffer, behind) = buffer.split_at_mut(self.len());
        behind.fill(O::A::default());
        buffer.par_chunks_mut(strides.frame).enumerate().for_each(|(frame, buffer)| {
            let n_padded = self.padded.height();
            if (0..n_padded).all(|h| self.padded.inner_line(frame, h).is_none()) {
                return buffer.fill(O::A::default());
            }
            // Lines of zeros stand for those below the frame.
            O::moving(fast).with((n_padded + self.n_lines) * line_len, |lines| {
                lines[n_padded * line_len..].fill(O::A::default());
                for (h, line) in lines.chunks_exact_mut(line_len).take(n_padded).enumerate() {
                    self.padded.copy_line::<O>(fast.isa, x, self.padded.inner_line(frame, h), line);
                }
                for (h, buffer) in buffer.chunks_exact_mut(strides.line).enumerate() {
                    for (at, voxel) in buffer.chunks_exact_mut(strides.voxel).enumerate() {
                        for (place, to) in voxel.chunks_exact_mut(self.row_len).take(self.n_lines).enumerate() {
                            let from = &lines[(h + place) * line_len + at * self.step..];
                            copy_row(from, to);
                        }
                        voxel[self.n_lines * self.row_len..].fill(O::A::default());
                    }
                }
            });
        });
    }
}

/// The rows of the published kernel, 21 values, are copied without a call.
fn copy_row<T: Copy>(from: &[T], to: &mut [T]) {
    match (from.first_chunk::<21>(), to.len()) {
        (Some(from), 21) => to.copy_from_slice(from),
        _ => to.copy_from_slice(&from[..to.len()]),
    }
}
