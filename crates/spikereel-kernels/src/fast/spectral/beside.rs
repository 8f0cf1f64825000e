//! Samples side by side in a register: with 3 channels 16 lanes hold 5 of them, and a transform passes over 5 samples at once.

use super::super::Fast;
use super::grid::{Grid, Side};
use rayon::prelude::*;

/// Where samples stand side by side.
pub(super) struct Beside<'a> {
    pub grid: &'a Grid,
    pub side: Side,
    pub lanes: usize,
}

impl Beside<'_> {
    fn n_places(&self) -> usize {
        self.grid.size[1] * self.grid.size[2]
    }

    /// Lends `[register, frame, row, column, lane]` of values `[sample, frame, row, column, channel]` whose voxels stand `stride` apart.
    pub fn together<R>(&self, fast: &Fast, values: &[f32], stride: usize, work: impl FnOnce(&[f32]) -> R) -> R {
        let (frames, n_places) = (self.grid.size[0], self.n_places());
        let batch = values.len() / (frames * n_places * stride);
        fast.singles.with(batch.div_ceil(self.side.n_beside) * frames * n_places * self.lanes, |out| {
            out.par_chunks_mut(n_places * self.lanes).enumerate().for_each(|(at, out)| {
                let (register, frame) = (at / frames, at % frames);
                out.fill(0.0);
                for sample in 0..self.side.n_beside.min(batch - register * self.side.n_beside) {
                    let from = (register * self.side.n_beside + sample) * frames + frame;
                    let from = &values[from * n_places * stride..][..n_places * stride];
                    self.copy(from, stride, &mut out[sample * self.side.n_channels..], self.lanes);
                }
            });
            work(out)
        })
    }

    /// Sends what [`Beside::together`] lends back to `values`, whose voxels stand side by side.
    pub fn apart(&self, registers: &[f32], values: &mut [f32]) {
        let (frames, n_places) = (self.grid.size[0], self.n_places());
        values.par_chunks_mut(n_places * self.side.n_channels).enumerate().for_each(|(at, values)| {
            let (sample, frame) = (at / frames, at % frames);
            let from = ((sample / self.side.n_beside) * frames + frame) * n_places * self.lanes;
            let lane = sample % self.side.n_beside * self.side.n_channels;
            self.copy(&registers[from + lane..from + n_places * self.lanes], self.lanes, values, self.side.n_channels);
        });
    }

    /// Channels of each voxel; a call to copy twelve bytes costs more than they do, so few of them are copied without one.
    fn copy(&self, from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
        let voxels = from.chunks(from_stride).zip(to.chunks_mut(to_stride)).take(self.n_places());
        match self.side.n_channels {
            1 => voxels.for_each(|(from, to)| to[0] = from[0]),
            2 => voxels.for_each(|(from, to)| to[..2].copy_from_slice(&from[..2])),
            3 => voxels.for_each(|(from, to)| to[..3].copy_from_slice(&from[..3])),
            4 => voxels.for_each(|(from, to)| to[..4].copy_from_slice(&from[..4])),
            n => voxels.for_each(|(from, to)| to[..n].copy_from_slice(&from[..n])),
        }
    }
}
