//! Nearest upsampling folded into the convolution behind it: one convolution at low resolution with a column per phase and channel.
//!
//! Output index `o = f q + r`; tap `j` of kernel `k` reads low-resolution index `q + floor((r + j - p) / f)`, `p = k / 2`. The
//! folded weight of phase `r` at offset `d` is the sum of the taps that land on `d`. Exact, borders included, because zero
//! padding commutes with nearest upsampling. Without upsampling (`f = 1`) there is one phase and nothing is summed.

use super::super::Fast;
use super::super::tiles::padded_columns;
use crate::arch::LANES;
use crate::{Conv3d, Volume};
use rayon::prelude::*;

/// One axis of a folded convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fast) struct Axis {
    kernel: usize,
    factor: usize,
    /// Offsets read are `-lead..=trail`.
    pub lead: usize,
    pub trail: usize,
}

impl Axis {
    /// Offsets that no index of an axis of length `n` can read are left out: they meet padding alone.
    fn new(kernel: usize, factor: usize, n: usize) -> Self {
        let half = kernel / 2;
        let reach = n.saturating_sub(1);
        let trail = (factor - 1 + kernel - 1 - half) / factor;
        Self { kernel, factor, lead: half.div_ceil(factor).min(reach), trail: trail.min(reach) }
    }

    /// Taps of the folded kernel.
    pub fn taps(&self) -> usize {
        self.lead + 1 + self.trail
    }

    /// The folded tap that tap `j` of the kernel lands on in phase `r`; `None` where it meets padding alone.
    fn landing(&self, phase: usize, tap: usize) -> Option<usize> {
        let offset = (phase as isize + tap as isize - (self.kernel / 2) as isize).div_euclid(self.factor as isize);
        usize::try_from(offset + self.lead as isize).ok().filter(|&tap| tap < self.taps())
    }
}

/// A convolution at low resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fast) struct Folded {
    pub input: Volume,
    pub axes: [Axis; 3],
    factor: [usize; 3],
    /// Voxels of a row that one tile row computes side by side: 1, or more where channels alone would leave vectors half empty.
    pub group: usize,
    pub out_channels: usize,
}

impl Folded {
    pub fn new(shape: &Conv3d) -> Self {
        let sizes = [shape.input.frames, shape.input.height, shape.input.width];
        let axes = std::array::from_fn(|at| Axis::new(shape.kernel[at], shape.upsample[at], sizes[at]));
        Self { input: shape.input, axes, factor: shape.upsample, group: 1, out_channels: shape.out_channels }
    }

    /// As [`Folded::new`]; with few output channels neighbors of a row share a vector, at `kernel + group - 1` taps instead of `kernel`
    /// (first layer, 8 channels: 8 taps instead of 7, twice the voxels a step).
    pub fn grouped(shape: &Conv3d) -> Self {
        let mut folded = Self::new(shape);
        let (width, reach) = (shape.input.width, shape.kernel[2] / 2);
        let fits = |group: &usize| width.is_multiple_of(*group) && width > reach + group;
        let group = (2..=LANES / shape.out_channels.max(1)).rev().find(fits);
        if let Some(group) = group.filter(|_| folded.is_plain()) {
            folded.group = group;
            folded.axes[2].trail += group - 1;
        }
        folded
    }

    /// The same for another number of samples.
    pub fn with_batch(&self, batch: usize) -> Self {
        Self { input: Volume { batch, ..self.input }, ..*self }
    }

    /// The grid of tile rows: the input's, with a row's groups counted once.
    pub fn grid(&self) -> Volume {
        Volume { width: self.input.width / self.group, ..self.input }
    }

    pub fn is_plain(&self) -> bool {
        self.factor == [1; 3]
    }

    /// Columns: `[phase frame, phase row, phase column, out channel]`.
    pub fn n_columns(&self) -> usize {
        self.factor.iter().product::<usize>() * self.group * self.out_channels
    }

    /// Rows of the packed weights: `[tap frame, tap row, tap column, in channel]`.
    pub fn n_packed_rows(&self) -> usize {
        self.axes.iter().map(Axis::taps).product::<usize>() * self.input.channels
    }

    /// Taps of the kernel itself.
    fn kernel_len(&self) -> usize {
        self.axes.iter().map(|axis| axis.kernel).product()
    }

    /// Taps of the folded kernel.
    fn n_taps(&self) -> usize {
        self.axes.iter().map(Axis::taps).product()
    }

    /// Phases of a tile row.
    fn n_phases(&self) -> usize {
        self.factor.iter().product::<usize>() * self.group
    }

    /// Which taps of the kernel land on which folded tap in which phase: `(folded tap, phase, tap)`, each once. Several may meet.
    fn landings(&self) -> Vec<(usize, usize, usize)> {
        let [at, ah, aw] = self.axes;
        let [_, fh, fw] = [self.factor[0], self.factor[1], self.factor[2] * self.group];
        let mut landings = Vec::new();
        for phase in 0..self.n_phases() {
            let (rt, rh, rw) = (phase / (fh * fw), phase / fw % fh, phase % fw);
            for jt in 0..at.kernel {
                let Some(t) = at.landing(rt, jt) else { continue };
                for jh in 0..ah.kernel {
                    let Some(h) = ah.landing(rh, jh) else { continue };
                    for jw in 0..aw.kernel {
                        let Some(w) = aw.landing(rw, jw) else { continue };
                        let tap = (t * ah.taps() + h) * aw.taps() + w;
                        landings.push((tap, phase, (jt * ah.kernel + jh) * aw.kernel + jw));
                    }
                }
            }
        }
        landings
    }

    /// Landings of each folded tap, as `(phase, tap)`.
    fn landings_by_tap(&self) -> Vec<Vec<(usize, usize)>> {
        let mut by_tap = vec![Vec::new(); self.n_taps()];
        self.landings().into_iter().for_each(|(tap, phase, at)| by_tap[tap].push((phase, at)));
        by_tap
    }

    /// Folds `weight` into `packed`, `[row, column]` with columns padded by zeros.
    pub fn pack(&self, fast: &Fast, weight: &[f32], packed: &mut [f32]) {
        let (n_in, n_out, stride) = (self.input.channels, self.out_channels, padded_columns(self.n_columns()));
        let by_tap = self.landings_by_tap();
        fast.singles.with(weight.len(), |turned| {
            // [tap of the kernel, in channel, out channel]: output channels stand together on both sides of the sum.
            self.turn(weight, turned, |channel_out, channel_in| (channel_in, channel_out, n_out));
            packed.par_chunks_mut(stride).enumerate().for_each(|(row, packed)| {
                packed.fill(0.0);
                for &(phase, at) in &by_tap[row / n_in] {
                    let from = &turned[(at * n_in + row % n_in) * n_out..][..n_out];
                    let to = &mut packed[phase * n_out..][..n_out];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            });
        });
    }

    /// Packs the weights of the input gradient: rows `[tap, column]` with taps reversed, columns the input's channels, padded by
    /// zeros.
    pub fn pack_reversed(&self, fast: &Fast, weight: &[f32], packed: &mut [f32]) {
        let (n_in, n_out, stride) = (self.input.channels, self.out_channels, padded_columns(self.input.channels));
        let (n_taps, n_phases) = (self.n_taps(), self.n_phases());
        let by_tap = self.landings_by_tap();
        fast.singles.with(weight.len(), |turned| {
            self.turn(weight, turned, |channel_out, channel_in| (channel_out, channel_in, n_in));
            packed.par_chunks_mut(n_phases * n_out * stride).enumerate().for_each(|(row, packed)| {
                packed.fill(0.0);
                for &(phase, at) in &by_tap[n_taps - 1 - row] {
                    let rows = packed[phase * n_out * stride..].chunks_exact_mut(stride);
                    for (channel, to) in rows.take(n_out).enumerate() {
                        let from = &turned[(at * n_out + channel) * n_in..][..n_in];
                        to[..n_in].iter_mut().zip(from).for_each(|(to, from)| *to += from);
                    }
                }
            });
        });
    }

    /// Weights `[out channel, in channel, tap]` in an order that begins with the tap: `place` gives, for the two channels, the outer
    /// index, the inner one, and how many inner ones there are.
    fn turn(&self, weight: &[f32], turned: &mut [f32], place: impl Fn(usize, usize) -> (usize, usize, usize) + Sync) {
        let (kernel_len, n_in) = (self.kernel_len(), self.input.channels);
        turned.par_chunks_mut(weight.len() / kernel_len).enumerate().for_each(|(at, turned)| {
            for (pair, weight) in weight.chunks_exact(kernel_len).enumerate() {
                let (outer, inner, n_inner) = place(pair / n_in, pair % n_in);
                turned[outer * n_inner + inner] = weight[at];
            }
        });
    }

    /// Sends the gradient of packed weights back to the kernel: the transpose of [`Folded::pack`].
    pub fn unpack_gradient(&self, fast: &Fast, packed: &[f32], dweight: &mut [f32]) {
        let (n_in, n_out, stride) = (self.input.channels, self.out_channels, padded_columns(self.n_columns()));
        let kernel_len = self.kernel_len();
        let mut by_kernel_tap = vec![Vec::new(); kernel_len];
        self.landings().into_iter().for_each(|(tap, phase, at)| by_kernel_tap[at].push((tap, phase)));
        fast.singles.with(dweight.len(), |turned| {
            turned.par_chunks_mut(n_out).enumerate().for_each(|(row, turned)| {
                turned.fill(0.0);
                for &(tap, phase) in &by_kernel_tap[row / n_in] {
                    let from = &packed[(tap * n_in + row % n_in) * stride + phase * n_out..][..n_out];
                    turned.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            });
            dweight.par_chunks_mut(n_in * kernel_len).enumerate().for_each(|(channel_out, dweight)| {
                for (pair, dweight) in dweight.chunks_exact_mut(kernel_len).enumerate() {
                    for (at, to) in dweight.iter_mut().enumerate() {
                        *to = turned[(at * n_in + pair) * n_out + channel_out];
                    }
                }
            });
        });
    }

    /// Where column `column` of low-resolution voxel `(t, h, w)` stands in one sample of the output, `[frame, height, width, channel]`.
    pub fn output_idx(&self, (t, h, w): (usize, usize, usize), column: usize) -> usize {
        let [ft, fh, fw] = [self.factor[0], self.factor[1], self.factor[2] * self.group];
        let (phase, channel) = (column / self.out_channels, column % self.out_channels);
        let (rt, rh, rw) = (phase / (fh * fw), phase / fw % fh, phase % fw);
        let (height, width) = (self.input.height * fh, self.grid().width * fw);
        (((t * ft + rt) * height + h * fh + rh) * width + w * fw + rw) * self.out_channels + channel
    }

    /// Values of the output that belong to one low-resolution frame; they stand together.
    pub fn output_frame_len(&self) -> usize {
        self.input.height * self.grid().width * self.n_columns()
    }

    /// Brings an output gradient to low resolution: `[voxel, column]`, rows `stride` apart, zeros behind the last column.
    pub fn lower_resolution(&self, dy: &[f32], stride: usize, low: &mut [f32]) {
        let (height, width, n_columns) = (self.input.height, self.grid().width, self.n_columns());
        let frame_len = self.output_frame_len();
        let run = self.factor[2] * self.group * self.out_channels;
        low.par_chunks_mut(height * width * stride).zip(dy.par_chunks(frame_len)).for_each(|(low, dy)| {
            for (voxel, low) in low.chunks_exact_mut(stride).enumerate() {
                let at = (0, voxel / width, voxel % width);
                // The channels of phases that differ in their column alone stand side by side on both sides.
                for first in (0..n_columns).step_by(run) {
                    let from = self.output_idx(at, first);
                    low[first..first + run].copy_from_slice(&dy[from..from + run]);
                }
                low[n_columns..].fill(0.0);
            }
        });
    }

    /// Sends one frame at low resolution, `[voxel, column]`, rows `stride` apart, to where its phases stand in the output.
    pub fn raise_resolution(&self, low: &[f32], stride: usize, y: &mut [f32]) {
        let (width, n_columns) = (self.grid().width, self.n_columns());
        let run = self.factor[2] * self.group * self.out_channels;
        for (voxel, low) in low.chunks_exact(stride).enumerate() {
            for first in (0..n_columns).step_by(run) {
                let to = self.output_idx((0, voxel / width, voxel % width), first);
                y[to..to + run].copy_from_slice(&low[first..first + run]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_one_entry_keeps_one_tap_and_the_published_layers_keep_theirs() {
        assert_eq!(Axis::new(3, 5, 1).taps(), 1);
        assert_eq!(Axis::new(7, 3, 15).taps(), 3);
        assert_eq!(Axis::new(7, 2, 16).taps(), 5);
        assert_eq!(Axis::new(5, 2, 8).taps(), 3);
        assert_eq!(Axis::new(7, 1, 32).taps(), 7);
    }
}
