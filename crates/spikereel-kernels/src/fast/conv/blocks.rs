//! The input as sums over voxels read it on tiles: in blocks of 32 voxels, copied once for each tap that would shift them.
//!
//! A tile multiplies 16 pairs of voxels at once and is read fastest where its rows begin cache lines. Along lines of 8 or 16 voxels most of it
//! would be empty, and a tap shifts a line by 2 bytes. Here several lines fill a block, and rows `[tap row, tap column, channel]` of one
//! tap frame stand one behind another, 64 bytes each:
//!
//! `[padded frame, block along a line, group of lines, line of the group, tap column, channel, voxel of the block]`
//!
//! Tap row `h` of the group `b` of `n` lines is line `h % n` of group `b + h / n`, so the next group's rows follow those of this one.

use super::super::Fast;
use super::super::operand::{Along, Operand};
use super::fold::Folded;
use super::padded::Padded;
use crate::Volume;
use rayon::prelude::*;

/// Values of a row of a tile: 16 steps of two.
pub(super) const BLOCK: usize = 32;

/// Where blocks and rows stand.
pub(super) struct Blocks {
    padded: Padded,
    grid: Volume,
    /// Tap columns.
    taps_w: usize,
    /// Voxels of a line that a tile row computes side by side.
    group: usize,
    /// Lines that share a block: as many as fit and divide a frame evenly.
    n_lines: usize,
    /// Blocks along a line; 1 where lines share one.
    n_along: usize,
    /// Groups of lines of a padded frame, those that a tap row below reads included.
    n_groups: usize,
}

impl Blocks {
    pub fn new(folded: &Folded) -> Self {
        let (padded, grid) = (Padded::for_window(folded.input, &folded.axes, false), folded.grid());
        let [_, taps_h, taps_w] = folded.axes.map(|axis| axis.taps());
        let fits = |n: &usize| n * grid.width <= BLOCK && grid.height.is_multiple_of(*n);
        let n_lines = (1..=grid.height).rev().find(fits).unwrap_or(1);
        let n_along = grid.width.div_ceil(BLOCK);
        let n_groups = grid.height / n_lines + (taps_h - 1) / n_lines;
        Self { padded, grid, taps_w, group: folded.group, n_lines, n_along, n_groups }
    }

    /// Values of a group of lines: all its rows.
    fn group_len(&self) -> usize {
        self.n_lines * self.taps_w * self.grid.channels * BLOCK
    }

    fn frame_len(&self) -> usize {
        self.n_along * self.n_groups * self.group_len()
    }

    /// Values of the whole copy.
    pub fn len(&self) -> usize {
        self.padded.n_frames() * self.frame_len()
    }

    /// Voxels, one after another, whose steps are filled up together.
    pub fn run_voxels(&self) -> usize {
        self.n_lines * self.grid.width
    }

    /// Where each block of the grid begins, in the order of voxels.
    pub fn runs(&self) -> Vec<usize> {
        let mut runs = Vec::new();
        for frame in 0..self.grid.batch * self.grid.frames {
            let first = self.padded.frame(frame / self.grid.frames, frame % self.grid.frames) * self.frame_len();
            for group in 0..self.grid.height / self.n_lines {
                let block = |along| first + (along * self.n_groups + group) * self.group_len();
                runs.extend((0..self.n_along).map(block));
            }
        }
        runs
    }

    /// Where row `[tap frame, tap row, tap column, channel]` begins within a block's window, `rows_per_frame` rows a tap frame.
    pub fn row_start(&self, row: usize, rows_per_frame: usize) -> usize {
        row / rows_per_frame * self.frame_len() + row % rows_per_frame * BLOCK
    }

    /// Fills a buffer of [`Blocks::len`] values with `x`, a whole volume, and what lies behind with zeros.
    pub fn fill<O: Operand>(&self, fast: &Fast, x: &[f32], buffer: &mut [O::A]) {
        let (buffer, behind) = buffer.split_at_mut(self.len());
        behind.fill(O::A::default());
        let along = O::along(self.padded.line_shape(self.group));
        buffer.par_chunks_mut(self.frame_len()).enumerate().for_each(|(frame, buffer)| {
            let lines = 0..self.padded.height();
            let is_padding = lines.clone().all(|h| self.padded.inner_line(frame, h).is_none());
            // Where each line fills its blocks everything is written once, padding included; else zeros stay between and behind.
            let fills = self.n_lines == 1 && self.grid.width.is_multiple_of(BLOCK);
            if is_padding || !fills {
                buffer.fill(O::A::default());
            }
            if is_padding {
                return;
            }
            O::moving(fast).with(along.len, |line| {
                for h in lines {
                    match self.padded.inner_line(frame, h) {
                        Some(inner) => self.padded.turn_line::<O>(fast.isa, x, inner, self.group, line),
                        None if fills => line.fill(O::A::default()),
                        None => continue,
                    }
                    self.place(&along, h, line, buffer);
                }
            });
        });
    }

    /// Copies a line, channel by channel, to where taps read it.
    fn place<T: Copy>(&self, along: &Along, h: usize, line: &[T], frame: &mut [T]) {
        for first in 0..self.n_lines.min(h + 1) {
            let (group, place) = ((h - first) / self.n_lines, (h - first) % self.n_lines);
            if group >= self.n_groups {
                continue;
            }
            for block in 0..self.n_along {
                let rows = (block * self.n_groups + group) * self.group_len()
                    + first * self.taps_w * self.grid.channels * BLOCK
                    + place * self.grid.width;
                let len = (self.grid.width - block * BLOCK).min(BLOCK);
                for tap in 0..self.taps_w {
                    let to = &mut frame[rows + tap * self.grid.channels * BLOCK..];
                    let from = &line[along.first(tap, 0) + block * BLOCK..];
                    match len {
                        32 => copy_rows::<T, 32>(from, along.channel(), self.grid.channels, to),
                        16 => copy_rows::<T, 16>(from, along.channel(), self.grid.channels, to),
                        8 => copy_rows::<T, 8>(from, along.channel(), self.grid.channels, to),
                        4 => copy_rows::<T, 4>(from, along.channel(), self.grid.channels, to),
                        len => {
                            for channel in 0..self.grid.channels {
                                to[channel * BLOCK..][..len].copy_from_slice(&from[channel * along.channel()..][..len]);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Copies of a length known beforehand: a call to copy 16 bytes costs more than they do.
fn copy_rows<T: Copy, const N: usize>(from: &[T], distance: usize, n: usize, to: &mut [T]) {
    for row in 0..n {
        let from: &[T; N] = from[row * distance..].first_chunk().expect("a line holds every row");
        *to[row * BLOCK..].first_chunk_mut().expect("a block holds every row") = *from;
    }
}
