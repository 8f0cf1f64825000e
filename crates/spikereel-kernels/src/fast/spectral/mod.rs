//! Convolutions over spectra: what a large kernel needs hundreds of products a voxel for, transforms do with a few dozen.
//!
//! A batch passes in blocks of samples. Its lines are transformed along their columns, then planes along rows and frames, the products are
//! taken frequency by frequency, and the result goes the same way back. Channels are the lanes of a register, of
//! several samples where they are few, so a transform moves nothing between lanes. All in f32: in bf16 too, whose operands are not rounded here.

mod beside;
mod grid;
mod kernels;
mod lines;
mod narrow;
mod outer;
mod product;
mod transform;

use super::conv::Folded;
use super::tiles::{column_sums, padded_columns};
use super::{Fast, Precision};
use crate::{Conv3d, Isa};
use beside::Beside;
use grid::{Shape, Side};
use rayon::prelude::*;

/// Values of a block's spectra, about: eight samples in both gradients of the published first layer, 2.2 million each. Kernels' spectra, and
/// what the weight gradient transforms back, are made once a block.
const BLOCK_VALUES: usize = 18 << 20;

impl Isa {
    /// How many times as many products as [`Shape::cost`] tiles must need. The cost errs to the dear side, on AVX2 and AVX-512 by 1.4 to 2.2
    /// over the published layers: in f32 spectra at 1.19 (encoder.8) are 2.4 times as fast as tiles. Tiles of AVX-512's bf16 are 1.8 times as
    /// fast as f32's: spectra at 1.19 took .6 to .7 of their time. Of AMX no run has both: layers on its tiles, in runs that differ by
    /// half, beside spectra on another processor with AVX-512: twice as fast at 3.8 (encoder.0), 1.0 to 2 times at 2.26 (decoder.13).
    fn lead_needed(self, precision: Precision) -> f64 {
        match (self, precision) {
            (_, Precision::Bf16) if self.has_tiles() => 2.6,
            (_, Precision::Bf16) if self.multiplies_bf16() => 1.1,
            (Isa::Portable, _) => 1.0,
            _ => 0.6,
        }
    }
}

/// A convolution that runs over spectra.
pub(super) struct Spectral<'a> {
    fast: &'a Fast,
    folded: Folded,
    shape: Shape,
}

impl<'a> Spectral<'a> {
    /// Where spectra are expected to be faster than tiles; by the shape of a sample alone, so that bits do not depend on the batch.
    pub fn new(fast: &'a Fast, conv: &Conv3d) -> Option<Self> {
        let spectral = Self::of(fast, conv);
        (!fast.tiles_alone && spectral.is_faster()).then_some(spectral)
    }

    fn of(fast: &'a Fast, conv: &Conv3d) -> Self {
        let folded = Folded::new(conv);
        Self { fast, folded, shape: Shape::forward(&folded, fast.isa.lanes()) }
    }

    fn is_faster(&self) -> bool {
        let (fast, shape) = (self.fast, &self.shape);
        let products = shape.n_voxels() * self.folded.n_packed_rows() * shape.n_to;
        shape.cost() * fast.isa.lead_needed(fast.precision) < products as f64
    }

    /// Multiplications and additions over the batch: of the forward pass, the input gradient, and, about, the weight gradient.
    pub fn operations(&self) -> [f64; 3] {
        let count = |shape: &Shape, of_weights: bool| {
            let (of_sample, of_kernels) = shape.operations(of_weights);
            let n_blocks = shape.batch.div_ceil(samples_per_block(shape, values_of_pass));
            shape.batch as f64 * of_sample + n_blocks as f64 * of_kernels
        };
        [count(&self.shape, false), count(&self.shape.reversed(), false), count(&self.shape, true)]
    }

    pub fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        let shape = &self.shape;
        let bias: Vec<f32> = (0..padded_columns(shape.n_to)).map(|column| bias[column % bias.len()]).collect();
        self.with_packed(shape, shape.sums_over_lanes(), weight, |packed| {
            let per_block = samples_per_block(shape, values_of_pass);
            let (x_len, y_len) = (x.len() / shape.batch, y.len() / shape.batch);
            for (x, y) in x.chunks(per_block * x_len).zip(y.chunks_mut(per_block * y_len)) {
                let shape = shape.with_batch(x.len() / x_len);
                self.with_spectra(&shape, shape.input_side(), x, shape.n_from, |spectra| {
                    self.values_of_products(&shape, spectra, packed, &bias, Some(&self.folded), y);
                });
            }
        });
    }

    pub fn input_gradient(&self, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        let shape = self.shape.reversed();
        let bias = vec![0.0; padded_columns(shape.n_to)];
        self.with_packed(&shape, !shape.sums_over_lanes(), weight, |packed| {
            let per_block = samples_per_block(&shape, values_of_pass);
            let (x_len, y_len) = (dx.len() / shape.batch, dy.len() / shape.batch);
            for (dx, dy) in dx.chunks_mut(per_block * x_len).zip(dy.chunks(per_block * y_len)) {
                let shape = shape.with_batch(dx.len() / x_len);
                self.with_low(&shape, dy, |low, low_stride| {
                    self.with_spectra(&shape, shape.input_side(), low, low_stride, |spectra| {
                        self.values_of_products(&shape, spectra, packed, &bias, None, dx);
                    });
                });
            }
        });
    }

    pub fn weight_gradient(&self, x: &[f32], dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
        self.weight_gradient_and(x, dy, dweight, dbias, |_, _, _| {});
    }

    /// Both gradients: the spectra of the output's are made once, where both read them in the same way.
    pub fn gradients(
        &self,
        x: &[f32],
        dy: &[f32],
        weight: &[f32],
        dx: &mut [f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
    ) {
        let shape = self.shape.reversed();
        if shape.input_side().n_beside != self.shape.gradient_side().n_beside {
            self.weight_gradient(x, dy, dweight, dbias);
            return self.input_gradient(dy, weight, dx);
        }
        let (x_len, bias) = (x.len() / shape.batch, vec![0.0; padded_columns(shape.n_to)]);
        self.with_packed(&shape, !shape.sums_over_lanes(), weight, |packed| {
            self.weight_gradient_and(x, dy, dweight, dbias, |first, n_samples, spectra| {
                let dx = &mut dx[first * x_len..][..n_samples * x_len];
                self.values_of_products(&shape.with_batch(n_samples), spectra, packed, &bias, None, dx);
            });
        });
    }

    /// The weight gradient, a block of samples at a time, and what else is to be done with the spectra of their output gradients: it is told
    /// the first sample and how many there are.
    fn weight_gradient_and(
        &self,
        x: &[f32],
        dy: &[f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
        mut also: impl FnMut(usize, usize, &[f32]),
    ) {
        let (fast, folded, shape) = (self.fast, &self.folded, &self.shape);
        column_sums(fast.isa, dy, dbias);
        let stride = padded_columns(shape.n_to);
        fast.singles.with(self.n_sums(), |sums| {
            sums.par_chunks_mut(1 << 16).for_each(|sums| sums.fill(0.0));
            let per_block = samples_per_block(shape, values_of_gradient);
            let (x_len, y_len) = (x.len() / shape.batch, dy.len() / shape.batch);
            for (block, (x, dy)) in x.chunks(per_block * x_len).zip(dy.chunks(per_block * y_len)).enumerate() {
                let shape = shape.with_batch(x.len() / x_len);
                self.with_low(&shape, dy, |low, low_stride| {
                    self.with_spectra(&shape, shape.gradient_side(), low, low_stride, |to| {
                        self.with_spectra(&shape, shape.input_side(), x, shape.n_from, |from| {
                            outer::add_outer_products(fast, &shape, from, to, sums);
                        });
                        also(block * per_block, shape.batch, to);
                    });
                });
            }
            fast.singles.with(folded.n_packed_rows() * stride, |packed| {
                outer::taps_of_sums(fast, shape, sums, stride, packed);
                folded.unpack_gradient(fast, packed, dweight);
            });
        });
    }

    /// Sums of the weight gradient before the last axis is transformed.
    fn n_sums(&self) -> usize {
        let (shape, [taps_t, taps_h, _]) = (&self.shape, self.shape.window.taps());
        let n_to = shape.n_to.next_multiple_of(shape.lanes);
        shape.grid.n_frequencies() * n_to * 2 * taps_t * taps_h * shape.n_from
    }

    /// Values of scratch memory that the largest of its passes takes, but for packed weights and what each thread needs.
    pub fn n_scratch(&self) -> usize {
        let of_block = |shape: &Shape, values: fn(&Shape) -> usize| {
            let block = shape.with_batch(samples_per_block(shape, values));
            let low = if self.folded.is_plain() { 0 } else { padded_columns(self.folded.n_columns()) };
            values(&block)
                + block.n_together(block.input_side()).max(block.n_together(block.output_side()))
                + low * block.batch * block.n_voxels()
        };
        let of_gradient = of_block(&self.shape, values_of_gradient) + self.n_sums();
        let others = [&self.shape, &self.shape.reversed()];
        others.into_iter().map(|shape| of_block(shape, values_of_pass)).fold(of_gradient, usize::max)
    }

    /// Lends an output gradient at low resolution, and how far apart its voxels stand.
    fn with_low(&self, shape: &Shape, dy: &[f32], work: impl FnOnce(&[f32], usize)) {
        let n_columns = self.folded.n_columns();
        if self.folded.is_plain() {
            return work(dy, n_columns);
        }
        let stride = padded_columns(n_columns);
        self.fast.singles.with(shape.batch * shape.n_voxels() * stride, |low| {
            self.folded.lower_resolution(dy, stride, low);
            work(low, stride);
        });
    }

    /// Lends packed weights, zeros behind the last column: those of the forward pass or of the input gradient.
    fn with_packed(&self, shape: &Shape, of_gradient: bool, weight: &[f32], work: impl FnOnce(&[f32])) {
        let (fast, folded) = (self.fast, &self.folded);
        let (rows, columns) =
            if shape.sums_over_lanes() { (shape.n_to, shape.n_from) } else { (shape.n_from, shape.n_to) };
        let n_taps: usize = shape.window.taps().iter().product();
        fast.singles.with(n_taps * rows * padded_columns(columns), |packed| {
            if of_gradient {
                folded.pack_reversed(fast, weight, packed);
            } else {
                folded.pack(fast, weight, packed);
            }
            work(packed);
        });
    }

    /// Lends the spectra of values along lines and rows.
    fn with_spectra(&self, shape: &Shape, side: Side, values: &[f32], stride: usize, work: impl FnOnce(&[f32])) {
        let (fast, grid) = (self.fast, &shape.grid);
        fast.singles.with(shape.n_read(side), |spectra| {
            if side.n_beside == 1 {
                lines::spectra_of_frames(fast, grid, values, side.n_channels, stride, spectra);
            } else {
                Beside { grid, side, lanes: shape.lanes }.together(fast, values, stride, |values| {
                    lines::spectra_of_frames(fast, grid, values, shape.lanes, shape.lanes, spectra);
                });
            }
            work(spectra);
        });
    }

    /// Products with the kernels, back in space; with `folded`, phases of upsampling are sent where they belong.
    fn values_of_products(
        &self,
        shape: &Shape,
        from: &[f32],
        packed: &[f32],
        bias: &[f32],
        folded: Option<&Folded>,
        y: &mut [f32],
    ) {
        let (fast, side) = (self.fast, shape.output_side());
        let folded = folded.filter(|folded| !folded.is_plain());
        let (n_columns, stride) = match folded {
            Some(_) => (shape.n_to, padded_columns(shape.n_to)),
            None if side.n_beside == 1 => (shape.n_to, shape.n_to),
            None => (shape.lanes, shape.lanes),
        };
        fast.singles.with(shape.n_written(), |spectra| {
            product::multiply(fast, shape, from, packed, spectra);
            let n_registers = shape.batch.div_ceil(side.n_beside);
            let lines = lines::Lines { spectra, n_registers, n_columns, stride, bias };
            if side.n_beside == 1 {
                return lines.values(fast, &shape.grid, folded, y);
            }
            fast.singles.with(n_registers * shape.n_voxels() * stride, |registers| {
                lines.values(fast, &shape.grid, None, registers);
                Beside { grid: &shape.grid, side, lanes: shape.lanes }.apart(registers, y);
            });
        });
    }
}

/// Values in scratch memory for a batch: its spectra, and what lies before or behind them.
fn values_of_pass(shape: &Shape) -> usize {
    shape.n_read(shape.input_side()) + shape.n_written()
}

/// The same for the weight gradient, with or without the input gradient: the spectra of the output gradient, and of the input or what becomes
/// its gradient.
fn values_of_gradient(shape: &Shape) -> usize {
    shape.n_read(shape.input_side()).max(shape.reversed().n_written()) + shape.n_read(shape.gradient_side())
}

/// Samples that pass together, where a batch has so many values.
fn samples_per_block(shape: &Shape, values: impl Fn(&Shape) -> usize) -> usize {
    // Whole registers, however many samples stand side by side: 16, 8, 5, 4, 3 or 2 divide it.
    const WHOLE: usize = 240;
    let per_sample = values(&shape.with_batch(WHOLE)) / WHOLE;
    let n = (BLOCK_VALUES / per_sample.max(1)).clamp(1, shape.batch);
    // Sums over samples run four at a time, but for those over lanes.
    if n > 4 { n / 4 * 4 } else { n }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::Naive;
    use crate::{Kernels, Volume};
    use proptest::prelude::*;

    fn values(n: usize, period: usize) -> Vec<f32> {
        (0..n).map(|at| (at * 7919 % period) as f32 / period as f32 - 0.4).collect()
    }

    fn assert_close(what: &str, got: &[f32], expected: &[f64]) {
        let size = expected.iter().fold(1e-30_f64, |max, value| max.max(value.abs()));
        for (at, (&got, expected)) in got.iter().zip(expected).enumerate() {
            let off = (f64::from(got) - expected).abs() / size;
            assert!(off <= 4e-6, "{what}: value {at} is {got}, expected {expected}, largest {size}");
        }
    }

    /// Over spectra on every instruction set and on plain registers as wide as AVX-512's, whether that would be chosen or not.
    fn check(conv: &Conv3d) {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let (x, dy) = (values(conv.input.len(), 1009), values(conv.output().len(), 811));
        let (weight, bias) = (values(conv.n_weights(), 613), values(conv.out_channels, 11));
        let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
        let (mut dweight, mut dbias) = (vec![0.0; weight.len()], vec![0.0; bias.len()]);
        Naive.conv3d_forward(conv, &wide(&x), &wide(&weight), &wide(&bias), &mut y);
        Naive.conv3d_input_gradient(conv, &wide(&dy), &wide(&weight), &mut dx);
        Naive.conv3d_weight_gradient(conv, &wide(&x), &wide(&dy), &mut dweight, &mut dbias);
        for fast in Isa::ALL.into_iter().chain([Isa::AmxModel]).filter_map(|isa| Fast::on(isa, Precision::F32)) {
            let spectral = Spectral::of(&fast, conv);
            fast.singles.with(1 << 20, |scratch| scratch.fill(f32::NAN));
            let poisoned = |n: usize| vec![f32::NAN; n];
            let (mut y32, mut dx32) = (poisoned(y.len()), poisoned(dx.len()));
            let (mut dweight32, mut dbias32) = (poisoned(dweight.len()), poisoned(dbias.len()));
            // Twice, so that the second call meets scratch memory that the first has written.
            for _ in 0..2 {
                spectral.forward(&x, &weight, &bias, &mut y32);
                spectral.input_gradient(&dy, &weight, &mut dx32);
                spectral.weight_gradient(&x, &dy, &mut dweight32, &mut dbias32);
            }
            let what = |part: &str| format!("{} {part} of {conv:?}", fast.isa().name());
            assert_close(&what("output"), &y32, &y);
            assert_close(&what("input gradient"), &dx32, &dx);
            assert_close(&what("weight gradient"), &dweight32, &dweight);
            assert_close(&what("bias gradient"), &dbias32, &dbias);
            [&mut dx32, &mut dweight32, &mut dbias32].into_iter().for_each(|values| values.fill(f32::NAN));
            spectral.gradients(&x, &dy, &weight, &mut dx32, &mut dweight32, &mut dbias32);
            assert_close(&what("input gradient with the weights'"), &dx32, &dx);
            assert_close(&what("weight gradient with the input's"), &dweight32, &dweight);
            assert_close(&what("bias gradient with the input's"), &dbias32, &dbias);
        }
    }

    #[test]
    fn layers_like_the_published_ones_match_the_definition() {
        let conv = |batch, [frames, height, width]: [usize; 3], [channels, out_channels]: [usize; 2], k, upsample| {
            let input = Volume { batch, frames, height, width, channels };
            Conv3d { input, out_channels, kernel: [k; 3], upsample }
        };
        check(&conv(2, [4, 9, 8], [3, 32], 7, [1; 3]));
        // More samples than stand side by side, both ways.
        check(&conv(7, [3, 5, 4], [3, 32], 5, [1; 3]));
        check(&conv(7, [3, 5, 4], [32, 3], 5, [1; 3]));
        check(&conv(1, [3, 8, 8], [32, 64], 5, [1; 3]));
        check(&conv(6, [5, 4, 4], [16, 32], 3, [1; 3]));
        check(&conv(2, [1, 4, 4], [32, 16], 3, [5, 2, 2]));
        check(&conv(1, [5, 4, 4], [16, 32], 5, [3, 2, 2]));
        check(&conv(1, [4, 6, 5], [32, 3], 7, [3, 2, 2]));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for (channels, out_channels) in [(20, 70), (3, 32), (32, 3)] {
            let input = Volume { batch: 6, frames: 5, height: 7, width: 6, channels };
            same_bits_on_any_threads(&Conv3d { input, out_channels, kernel: [3, 5, 3], upsample: [1; 3] });
        }
    }

    fn same_bits_on_any_threads(conv: &Conv3d) {
        let (x, dy) = (values(conv.input.len(), 1009), values(conv.output().len(), 811));
        let (weight, bias) = (values(conv.n_weights(), 613), values(conv.out_channels, 11));
        let run = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            pool.install(|| {
                let fast = Fast::new(Precision::F32);
                let spectral = Spectral::of(&fast, conv);
                let mut out = [dy.clone(), x.clone(), weight.clone(), bias.clone()];
                let [y, dx, dweight, dbias] = &mut out;
                spectral.forward(&x, &weight, &bias, y);
                spectral.input_gradient(&dy, &weight, dx);
                spectral.weight_gradient(&x, &dy, dweight, dbias);
                let mut together = out.clone();
                let [_, dx, dweight, dbias] = &mut together;
                spectral.gradients(&x, &dy, &weight, dx, dweight, dbias);
                assert_eq!(together, out, "both gradients in one call");
                out
            })
        };
        let alone = run(1);
        for n_threads in [2, 3, 8] {
            assert_eq!(run(n_threads), alone, "{n_threads} threads");
        }
    }

    #[test]
    fn a_sample_has_the_same_bits_alone_and_beside_others_whatever_these_are() {
        for (channels, out_channels) in [(3, 20), (20, 3), (4, 4)] {
            let conv = |batch| {
                let input = Volume { batch, frames: 3, height: 5, width: 6, channels };
                Conv3d { input, out_channels, kernel: [3; 3], upsample: [1; 3] }
            };
            let fast = Fast::new(Precision::F32);
            let (weight, bias) = (values(conv(1).n_weights(), 613), values(out_channels, 11));
            let run = |batch: usize, x: &[f32], dy: &[f32]| {
                let (conv, mut y, mut dx) = (conv(batch), vec![0.0; dy.len()], vec![0.0; x.len()]);
                Spectral::of(&fast, &conv).forward(x, &weight, &bias, &mut y);
                Spectral::of(&fast, &conv).input_gradient(dy, &weight, &mut dx);
                [y, dx]
            };
            let (mut x, mut dy) = (values(conv(7).input.len(), 1009), values(conv(7).output().len(), 811));
            let (x_len, dy_len) = (x.len() / 7, dy.len() / 7);
            x[..x_len].fill(f32::NAN);
            dy[..dy_len].fill(f32::NAN);
            let all = run(7, &x, &dy);
            for sample in 1..7 {
                let alone = run(1, &x[sample * x_len..][..x_len], &dy[sample * dy_len..][..dy_len]);
                assert_eq!(alone[0], all[0][sample * dy_len..][..dy_len], "output {sample}, {channels} channels");
                assert_eq!(alone[1], all[1][sample * x_len..][..x_len], "gradient {sample}, {channels} channels");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_small_shape_matches_the_definition(
            batch in 1_usize..7, size in prop::array::uniform3(1_usize..8), channels in prop::array::uniform2(1_usize..20),
            half in prop::array::uniform3(0_usize..4), upsample in prop::array::uniform3(1_usize..4),
        ) {
            let [frames, height, width] = size;
            let input = Volume { batch, frames, height, width, channels: channels[0] };
            check(&Conv3d { input, out_channels: channels[1], kernel: half.map(|half| 2 * half + 1), upsample });
        }
    }
}
