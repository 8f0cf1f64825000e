//! Zero-padded copies of activations, and where their rows and windows begin.

use super::super::operand::{Line, Operand};
use super::Strides;
use super::fold::Axis;
use crate::Volume;
use crate::arch::Isa;
use rayon::prelude::*;
use std::cell::RefCell;

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

    /// Where a padded voxel stands; the window of the inner voxel of the same indices begins there.
    pub fn offset(&self, sample: usize, t: usize, h: usize, w: usize) -> usize {
        (((sample * self.frames + t) * self.height + h) * self.width + w) * self.inner.channels
    }

    /// Offsets within a window of its rows: `[tap frame, tap row]`.
    pub fn runs(&self, n_frames: usize, n_rows: usize) -> Vec<usize> {
        (0..n_frames).flat_map(|t| (0..n_rows).map(move |h| (t, h))).map(|(t, h)| self.offset(0, t, h, 0)).collect()
    }

    /// Writes every line of a buffer, `line_len` values each: `write(line, inner)` with the line of the inner volume that stands there,
    /// counted over the whole batch, or none where all is padding.
    pub fn lines<T: Send>(&self, buffer: &mut [T], line_len: usize, write: impl Fn(&mut [T], Option<usize>) + Sync) {
        buffer.par_chunks_mut(self.height * line_len).enumerate().for_each(|(at, frame)| {
            for (h, line) in frame.chunks_exact_mut(line_len).enumerate() {
                write(line, self.inner_line(at, h));
            }
        });
    }

    /// The line of the inner volume, counted over the whole batch, that stands in line `h` of padded frame `frame`; none where all is padding.
    pub fn inner_line(&self, frame: usize, h: usize) -> Option<usize> {
        let [before_t, before_h, _] = self.before;
        let (sample, t) = (frame / self.frames, frame % self.frames);
        let t = t.checked_sub(before_t).filter(|&t| t < self.inner.frames)?;
        let h = h.checked_sub(before_h).filter(|&h| h < self.inner.height)?;
        Some((sample * self.inner.frames + t) * self.inner.height + h)
    }

    /// Lines of a padded frame.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Padded frames of the whole batch.
    pub fn n_frames(&self) -> usize {
        self.inner.batch * self.frames
    }

    /// Number of the padded frame that the window of inner frame `t` begins with.
    pub fn frame(&self, sample: usize, t: usize) -> usize {
        sample * self.frames + t
    }

    /// Values of a padded line.
    pub fn line_len(&self) -> usize {
        self.width * self.inner.channels
    }

    /// Where in a padded line the inner volume's values stand.
    fn inside(&self) -> std::ops::Range<usize> {
        self.before[2] * self.inner.channels..(self.before[2] + self.inner.width) * self.inner.channels
    }

    /// Fills a buffer of [`Padded::len`] values, and some behind that are set to zero, with `x`, a whole volume.
    pub fn copy<O: Operand>(&self, isa: Isa, x: &[f32], buffer: &mut [O::A]) {
        let (buffer, behind) = buffer.split_at_mut(self.len());
        behind.fill(O::A::default());
        self.lines(buffer, self.line_len(), |line, inner| self.copy_line::<O>(isa, x, inner, line));
    }

    /// Writes line `inner` of `x`, padded, or zeros where all is padding.
    pub fn copy_line<O: Operand>(&self, isa: Isa, x: &[f32], inner: Option<usize>, line: &mut [O::A]) {
        let inside = self.inside();
        let Some(inner) = inner else { return line.fill(O::A::default()) };
        line[..inside.start].fill(O::A::default());
        line[inside.end..].fill(O::A::default());
        O::narrow(isa, &x[inner * inside.len()..][..inside.len()], &mut line[inside]);
    }

    /// Where windows stand, every `step`-th voxel of a line beginning one.
    pub fn strides(&self, step: usize) -> Strides {
        let voxel = step * self.inner.channels;
        let (line, frame, sample) = (self.offset(0, 0, 1, 0), self.offset(0, 1, 0, 0), self.offset(1, 0, 0, 0));
        Strides { sample, frame, line, voxel }
    }

    /// Number of the padded line that inner line `(t, h)` of a sample's window begins with.
    pub fn line(&self, sample: usize, t: usize, h: usize) -> usize {
        (sample * self.frames + t) * self.height + h
    }

    /// Padded lines of the whole batch.
    pub fn n_lines(&self) -> usize {
        self.inner.batch * self.frames * self.height
    }

    /// A padded line as sums along it read it.
    pub fn line_shape(&self, group: usize) -> Line {
        Line { width: self.width, n_channels: self.inner.channels, group }
    }

    /// Fills a buffer of [`Padded::n_lines`] lines, and some values behind that are set to zero, with `x`, for sums along lines.
    pub fn copy_along<O: Operand>(&self, isa: Isa, x: &[f32], group: usize, buffer: &mut [O::A]) {
        let along_len = O::along(self.line_shape(group)).len;
        let (buffer, behind) = buffer.split_at_mut(self.n_lines() * along_len);
        behind.fill(O::A::default());
        self.lines(buffer, along_len, |to, inner| match inner {
            Some(inner) => self.turn_line::<O>(isa, x, inner, group, to),
            None => to.fill(O::A::default()),
        });
    }

    /// Writes line `inner` of `x`, padded, for sums along it.
    pub fn turn_line<O: Operand>(&self, isa: Isa, x: &[f32], inner: usize, group: usize, to: &mut [O::A]) {
        let inside = self.inside();
        SINGLE_LINE.with_borrow_mut(|single| {
            single.clear();
            single.resize(self.line_len(), 0.0);
            single[inside.clone()].copy_from_slice(&x[inner * inside.len()..][..inside.len()]);
            O::turn(isa, self.line_shape(group), single, to);
        });
    }
}

thread_local! {
    /// One padded line, kept by each thread.
    static SINGLE_LINE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}
