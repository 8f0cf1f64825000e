//! Convolutions over spectra: what a large kernel needs hundreds of products a voxel for, transforms do with a few dozen.
//!
//! A batch passes in blocks of samples. Its lines are transformed along their columns, then planes along rows and frames, the products are
//! taken frequency by frequency, and the result goes the same way back. Channels are the lanes of a register, so a transform
//! moves nothing between lanes. All in f32: in bf16 too, whose operands are not rounded here.

mod grid;
mod lines;
mod outer;
mod product;
mod transform;

use super::conv::Folded;
use super::tiles::{column_sums, padded_columns};
use super::{Fast, Precision};
use crate::arch::with_lanes;
use crate::{Conv3d, Isa};
use grid::Shape;
use rayon::prelude::*;

/// Values of a block's spectra, about.
const BLOCK_VALUES: usize = 1 << 24;

impl Isa {
    /// Products that tiles take in the time of one in f32. Of AMX, what whole layers were measured at and not its peak.
    fn products_at_once(self, precision: Precision) -> f64 {
        match precision {
            Precision::Bf16 if self.has_tiles() => 4.0,
            Precision::Bf16 if self.multiplies_bf16() => 2.0,
            _ => 1.0,
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
        Self { fast, folded, shape: Shape::forward(&folded) }
    }

    fn is_faster(&self) -> bool {
        let (fast, shape) = (self.fast, &self.shape);
        let products = shape.n_voxels() * self.folded.n_packed_rows() * shape.n_to;
        shape.cost(fast.isa.lanes()) * fast.isa.products_at_once(fast.precision) < products as f64
    }

    /// Multiplications and additions over the batch: of the forward pass, the input gradient, and the weight gradient, which makes about as
    /// many as the forward pass.
    pub fn operations(&self) -> [f64; 3] {
        let count = |shape: &Shape| {
            let (of_sample, of_kernels) = shape.operations(self.fast.isa.lanes());
            let n_blocks = shape.batch.div_ceil(self.samples_per_block(self.values_per_sample(shape)));
            shape.batch as f64 * of_sample + n_blocks as f64 * of_kernels
        };
        let forward = count(&self.shape);
        [forward, count(&self.shape.reversed()), forward]
    }

    fn samples_per_block(&self, values_per_sample: usize) -> usize {
        let n = (BLOCK_VALUES / values_per_sample.max(1)).clamp(1, self.shape.batch);
        // Sums over samples run four at a time.
        if n > 4 { n / 4 * 4 } else { n }
    }

    pub fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        let (fast, folded, shape) = (self.fast, &self.folded, &self.shape);
        let stride = padded_columns(shape.n_to);
        let bias: Vec<f32> = (0..stride).map(|column| bias[column % bias.len()]).collect();
        fast.singles.with(folded.n_packed_rows() * stride, |packed| {
            folded.pack(fast, weight, packed);
            let per_block = self.samples_per_block(self.values_per_sample(shape));
            let (x_len, y_len) = (x.len() / shape.batch, y.len() / shape.batch);
            for (x, y) in x.chunks(per_block * x_len).zip(y.chunks_mut(per_block * y_len)) {
                let shape = shape.with_batch(x.len() / x_len);
                self.with_spectra(&shape, x, shape.n_from, shape.n_from, |spectra| {
                    self.values_of_products(&shape, spectra, packed, &bias, Some(folded), y);
                });
            }
        });
    }

    pub fn input_gradient(&self, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        let (fast, folded, shape) = (self.fast, &self.folded, self.shape.reversed());
        let stride = padded_columns(shape.n_to);
        let bias = vec![0.0; stride];
        let n_taps: usize = shape.window.taps().iter().product();
        fast.singles.with(n_taps * shape.n_from * stride, |packed| {
            folded.pack_reversed(fast, weight, packed);
            let per_block = self.samples_per_block(self.values_per_sample(&shape));
            let (x_len, y_len) = (dx.len() / shape.batch, dy.len() / shape.batch);
            for (dx, dy) in dx.chunks_mut(per_block * x_len).zip(dy.chunks(per_block * y_len)) {
                let shape = shape.with_batch(dx.len() / x_len);
                self.with_low(&shape, dy, |low, low_stride| {
                    self.with_spectra(&shape, low, shape.n_from, low_stride, |spectra| {
                        self.values_of_products(&shape, spectra, packed, &bias, None, dx);
                    });
                });
            }
        });
    }

    pub fn weight_gradient(&self, x: &[f32], dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
        let (fast, folded, shape) = (self.fast, &self.folded, &self.shape);
        column_sums(fast.isa, dy, dbias);
        let stride = padded_columns(shape.n_to);
        fast.singles.with(self.n_sums(), |sums| {
            sums.par_chunks_mut(1 << 16).for_each(|sums| sums.fill(0.0));
            let per_block = self.samples_per_block(self.n_read_by_gradient());
            let (x_len, y_len) = (x.len() / shape.batch, dy.len() / shape.batch);
            for (x, dy) in x.chunks(per_block * x_len).zip(dy.chunks(per_block * y_len)) {
                let shape = shape.with_batch(x.len() / x_len);
                self.with_spectra(&shape, x, shape.n_from, shape.n_from, |from| {
                    self.with_low(&shape, dy, |low, low_stride| {
                        self.with_spectra(&shape, low, shape.n_to, low_stride, |to| {
                            outer::add_outer_products(fast, &shape, from, to, sums);
                        });
                    });
                });
            }
            fast.singles.with(folded.n_packed_rows() * stride, |packed| {
                outer::taps_of_sums(fast, shape, sums, stride, packed);
                folded.unpack_gradient(fast, packed, dweight);
            });
        });
    }

    /// Values in scratch memory for a sample: its spectra, and what lies before or behind them.
    fn values_per_sample(&self, shape: &Shape) -> usize {
        let lanes = self.fast.isa.lanes();
        shape.n_read(shape.n_from, lanes) + shape.n_written(shape.n_to, lanes)
    }

    /// The same for the weight gradient: the spectra of both its operands.
    fn n_read_by_gradient(&self) -> usize {
        let lanes = self.fast.isa.lanes();
        self.shape.n_read(self.shape.n_from, lanes) + self.shape.n_read(self.shape.n_to, lanes)
    }

    /// Sums of the weight gradient before the last axis is transformed.
    fn n_sums(&self) -> usize {
        let (shape, [taps_t, taps_h, _]) = (&self.shape, self.shape.window.taps());
        let n_to = shape.n_to.next_multiple_of(self.fast.isa.lanes());
        shape.grid.n_frequencies() * n_to * 2 * taps_t * taps_h * shape.n_from
    }

    /// Values of scratch memory that the largest of its passes takes, but for what each thread needs.
    pub fn n_scratch(&self) -> usize {
        let of_block = |per_sample: usize| per_sample * self.samples_per_block(per_sample);
        let of_gradient = of_block(self.n_read_by_gradient()) + self.n_sums();
        let others = [self.values_per_sample(&self.shape), self.values_per_sample(&self.shape.reversed())];
        others.into_iter().map(of_block).fold(of_gradient, usize::max)
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

    /// Lends the spectra of values along lines and rows.
    fn with_spectra(&self, shape: &Shape, values: &[f32], n_channels: usize, stride: usize, work: impl FnOnce(&[f32])) {
        self.fast.singles.with(shape.batch * shape.n_read(n_channels, self.fast.isa.lanes()), |spectra| {
            lines::spectra_of_frames(self.fast, &shape.grid, values, n_channels, stride, spectra);
            work(spectra);
        });
    }

    /// Products with the kernels, back in space; with `folded`, phases of upsampling are sent where they belong.
    fn values_of_products(
        &self,
        shape: &Shape,
        spectra: &[f32],
        packed: &[f32],
        bias: &[f32],
        folded: Option<&Folded>,
        y: &mut [f32],
    ) {
        let (fast, grid) = (self.fast, &shape.grid);
        let (lanes, stride) = (fast.isa.lanes(), padded_columns(shape.n_to));
        let [frames, height, width] = grid.size;
        let n_frames = shape.batch * frames;
        let line_len = 2 * lanes * grid.lens()[2];
        let folded = folded.filter(|folded| !folded.is_plain());
        let low_len = if folded.is_some() { height * width * stride } else { 0 };
        fast.singles.with(shape.batch * shape.n_written(shape.n_to, lanes), |lines| {
            product::multiply(fast, shape, spectra, packed, stride, lines);
            y.par_chunks_mut(y.len() / n_frames).enumerate().for_each(|(frame, y)| {
                fast.singles.with(3 * line_len + low_len, |buffer| {
                    let [a, b, c, low] = product::split(buffer, [line_len, line_len, line_len, low_len]);
                    let values = lines::Values {
                        grid,
                        spectra: lines,
                        frame,
                        n_frames,
                        n_channels: shape.n_to,
                        stride: if folded.is_some() { stride } else { shape.n_to },
                        bias,
                        out: if folded.is_some() { &mut *low } else { &mut *y },
                        buffers: [a, b, c],
                    };
                    with_lanes(fast.isa, values);
                    if let Some(folded) = folded {
                        folded.raise_resolution(low, stride, y);
                    }
                });
            });
        });
    }
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
        }
    }

    #[test]
    fn layers_like_the_published_ones_match_the_definition() {
        let conv = |batch, [frames, height, width]: [usize; 3], [channels, out_channels]: [usize; 2], k, upsample| {
            let input = Volume { batch, frames, height, width, channels };
            Conv3d { input, out_channels, kernel: [k; 3], upsample }
        };
        check(&conv(2, [4, 9, 8], [3, 32], 7, [1; 3]));
        check(&conv(1, [3, 8, 8], [32, 64], 5, [1; 3]));
        check(&conv(6, [5, 4, 4], [16, 32], 3, [1; 3]));
        check(&conv(2, [1, 4, 4], [32, 16], 3, [5, 2, 2]));
        check(&conv(1, [5, 4, 4], [16, 32], 5, [3, 2, 2]));
        check(&conv(1, [4, 6, 5], [32, 3], 7, [3, 2, 2]));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let input = Volume { batch: 6, frames: 5, height: 7, width: 6, channels: 20 };
        let conv = Conv3d { input, out_channels: 70, kernel: [3, 5, 3], upsample: [1; 3] };
        let (x, dy) = (values(conv.input.len(), 1009), values(conv.output().len(), 811));
        let (weight, bias) = (values(conv.n_weights(), 613), values(conv.out_channels, 11));
        let run = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            pool.install(|| {
                let fast = Fast::new(Precision::F32);
                let spectral = Spectral::of(&fast, &conv);
                let mut out = [dy.clone(), x.clone(), weight.clone(), bias.clone()];
                let [y, dx, dweight, dbias] = &mut out;
                spectral.forward(&x, &weight, &bias, y);
                spectral.input_gradient(&dy, &weight, dx);
                spectral.weight_gradient(&x, &dy, dweight, dbias);
                out
            })
        };
        let alone = run(1);
        for n_threads in [2, 3, 8] {
            assert_eq!(run(n_threads), alone, "{n_threads} threads");
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
