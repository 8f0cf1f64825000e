//! The input gradient: a window sum over the output gradient, with the kernel reversed.

use super::super::Fast;
use super::super::operand::Operand;
use super::super::tiles::padded_columns;
use super::fold::Folded;
use super::narrow::narrow_input_gradient;
use super::padded::Padded;
use super::{Window, forward, samples, samples_per_block, with_room};
use crate::arch::LANES;
use crate::{Conv3d, Volume};

pub(in crate::fast) fn input_gradient<O: Operand>(
    fast: &Fast,
    shape: &Conv3d,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
) {
    assert_eq!((dx.len(), weight.len(), dy.len()), (shape.input.len(), shape.n_weights(), shape.output().len()));
    let (whole, batch) = (Folded::new(shape), shape.input.batch);
    let taps = whole.axes.map(|axis| axis.taps());
    // Few input channels would leave most of a vector empty: there a column of the sum is a tap and a channel. With tiles that spends more
    // on writing and adding sums than on making them, and neighbors of a line share a vector instead.
    if whole.is_plain() && shape.input.channels * 2 <= LANES && taps[1] * taps[2] > 1 {
        if O::has_tiles(fast.isa) {
            return as_forward::<O>(fast, shape, dy, weight, dx);
        }
        return narrow_input_gradient::<O>(fast, &whole, dy, weight, dx);
    }
    let (n_in, n_low) = (shape.input.channels, whole.n_columns());
    let stride = padded_columns(n_in);
    let low = |batch: usize| Volume { batch, channels: n_low, ..shape.input };
    let per_block = samples_per_block(Padded::for_window(low(1), &whole.axes, true).len(), batch);
    fast.singles.with(whole.n_packed_rows() / n_in * n_low * stride, |packed| {
        whole.pack_reversed(fast, weight, packed);
        O::with_columns(fast, packed, taps[2] * n_low, stride, |columns| {
            for (block, dx) in dx.chunks_mut(dx.len() / batch * per_block).enumerate() {
                let folded = whole.with_batch(per_block.min(batch - block * per_block));
                let low = low(folded.input.batch);
                let padded = Padded::for_window(low, &folded.axes, true);
                let dy = samples(dy, batch, block * per_block, low.batch);
                O::moving(fast).with(with_room::<O>(&padded), |buffer| {
                    fill_with_gradient::<O>(fast, &folded, &padded, &low, dy, buffer);
                    let (runs, run_values) = (padded.runs(taps[0], taps[1]), taps[2] * n_low);
                    let (volume, strides, n_columns) = (low, padded.strides(1), n_in);
                    let window =
                        Window::<O> { fast, volume, strides, runs: &runs, run_values, buffer, columns, n_columns };
                    window.run(dx, low.height * low.width * n_in, |dx, at, first, sums| {
                        dx[at * n_in + first..][..sums.len()].copy_from_slice(sums);
                    });
                });
            }
        });
    });
}

/// A padded buffer of `dy`, brought to low resolution first where it is not there.
fn fill_with_gradient<O: Operand>(
    fast: &Fast,
    folded: &Folded,
    padded: &Padded,
    low: &Volume,
    dy: &[f32],
    buffer: &mut [O::A],
) {
    if folded.is_plain() {
        return padded.copy::<O>(fast.isa, dy, buffer);
    }
    fast.singles.with(low.len(), |at_low| {
        folded.lower_resolution(dy, low.channels, at_low);
        padded.copy::<O>(fast.isa, at_low, buffer);
    });
}

/// The gradient as what it is without upsampling: a convolution from output to input channels with taps reversed.
fn as_forward<O: Operand>(fast: &Fast, shape: &Conv3d, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
    let (n_in, n_out) = (shape.input.channels, shape.out_channels);
    let reversed = Conv3d { input: shape.output(), out_channels: n_in, ..*shape };
    let n_taps: usize = shape.kernel.iter().product();
    fast.singles.with(weight.len(), |turned| {
        for (pair, from) in weight.chunks_exact(n_taps).enumerate() {
            let (channel_out, channel_in) = (pair / n_in, pair % n_in);
            let to = &mut turned[(channel_in * n_out + channel_out) * n_taps..][..n_taps];
            to.iter_mut().zip(from.iter().rev()).for_each(|(to, from)| *to = *from);
        }
        forward::<O>(fast, &reversed, dy, turned, &vec![0.0; n_in], dx);
    });
}
