//! Zero-padded copies of activations, and where their rows and windows begin.

use super::fold::Axis;
use crate::Volume;
use rayon::prelude::*;

/// A volume with zeros around, `[batch, frame, height, width, channel]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Padded {
    inner: Volume,
    before: [usize; 3],
    frames: usize,
    height: usize,
    width: usize,
}

impl Padded {
    /// Room for a window that reads `lead` entries before and `trail` behind along each axis.
    pub fn new(inner: Volume, lead: [usize; 3], trail: [usize; 3]) -> Self {
        Self {
            inner,
            before: lead,
            frames: inner.frames + lead[0] + trail[0],
            height: inner.height + lead[1] + trail[1],
            width: inner.width + lead[2] + trail[2],
        }
    }

    /// For a window along these axes; `reversed` swaps what lies before and behind, as an input gradient needs.
    pub fn for_window(inner: Volume, axes: &[Axis; 3], reversed: bool) -> Self {
        let (lead, trail) = (axes.map(|axis| axis.lead), axes.map(|axis| axis.trail));
        if reversed { Self::new(inner, trail, lead) } else { Self::new(inner, lead, trail) }
    }

    pub fn len(&self) -> usize {
        self.inner.batch * self.frames * self.height * self.width * self.inner.channels
    }

    /// Where the window of inner voxel `(sample, t, h, w)` begins.
    pub fn window_start(&self, sample: usize, (t, h, w): (usize, usize, usize)) -> usize {
        self.offset(sample, t, h, w)
    }

    /// Where a padded voxel stands.
    pub fn offset(&self, sample: usize, t: usize, h: usize, w: usize) -> usize {
        (((sample * self.frames + t) * self.height + h) * self.width + w) * self.inner.channels
    }

    /// Offsets within a window of its rows: `[tap frame, tap row]`.
    pub fn runs(&self, n_frames: usize, n_rows: usize) -> Vec<usize> {
        (0..n_frames).flat_map(|t| (0..n_rows).map(move |h| (t, h))).map(|(t, h)| self.offset(0, t, h, 0)).collect()
    }

    /// Fills a buffer of [`Padded::len`]: zeros outside, inside what `row(sample * frames + frame, row, out)` writes.
    pub fn fill(&self, buffer: &mut [f32], row: impl Fn(usize, usize, &mut [f32]) + Sync) {
        let n = self.inner.channels;
        let [before_t, before_h, before_w] = self.before;
        let row_len = self.width * n;
        buffer.par_chunks_mut(self.height * row_len).enumerate().for_each(|(at, frame)| {
            let (sample, t) = (at / self.frames, at % self.frames);
            if t < before_t || t >= before_t + self.inner.frames {
                return frame.fill(0.0);
            }
            let inner_frame = sample * self.inner.frames + t - before_t;
            for (h, out) in frame.chunks_exact_mut(row_len).enumerate() {
                if h < before_h || h >= before_h + self.inner.height {
                    out.fill(0.0);
                    continue;
                }
                let inside = before_w * n..(before_w + self.inner.width) * n;
                out[..inside.start].fill(0.0);
                out[inside.end..].fill(0.0);
                row(inner_frame, h - before_h, &mut out[inside]);
            }
        });
    }

    /// Fills it with `x`, a whole volume.
    pub fn copy(&self, x: &[f32], buffer: &mut [f32]) {
        let row_len = self.inner.width * self.inner.channels;
        let height = self.inner.height;
        self.fill(buffer, |frame, row, out| out.copy_from_slice(&x[(frame * height + row) * row_len..][..row_len]));
    }
}
