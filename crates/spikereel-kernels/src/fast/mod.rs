//! Fast paths. Dense layers and convolutions run through the tiles of `arch`, in f32 or on operands rounded to bf16, or, where kernels are
//! large, over spectra in f32; everything else is f32. Every reduction has a shape fixed by sizes alone, so the same instructions give the
//! same bits on any number of threads.

mod conv;
mod layers;
mod loss;
mod norm;
mod norm_pool;
mod operand;
mod pool;
mod scratch;
mod sigmoid;
mod spectral;
mod tiles;
#[cfg(all(test, target_arch = "x86_64"))]
mod tiles_model;

use crate::arch::{Isa, with_registers};
use crate::{Conv3d, Kernels, LossParts, Normalised, Pool3d, VideoLoss};
use operand::{Pairs, Single};
use rayon::prelude::*;
use scratch::Scratch;
use sigmoid::sigmoid;
use spectral::Spectral;

/// Values that one task of an elementwise pass takes.
const PASS_LEN: usize = 1 << 14;

/// What dense layers and convolutions multiply. Sums, weights, statistics and everything else are f32 in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// f32.
    #[default]
    F32,
    /// Operands rounded to bf16, 8 bits of mantissa, but for convolutions over spectra.
    Bf16,
}

impl Precision {
    /// `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        }
    }
}

/// Runs a network on the machine's instruction set. Scratch memory is kept between calls.
#[derive(Debug, Default)]
pub struct Fast {
    isa: Isa,
    precision: Precision,
    tiles_alone: bool,
    singles: Scratch<f32>,
    halves: Scratch<u16>,
    words: Scratch<u32>,
    places: Scratch<usize>,
}

impl Fast {
    /// On [`Isa::best`].
    pub fn new(precision: Precision) -> Self {
        Self { precision, ..Self::default() }
    }

    /// On a given instruction set; `None` where this processor lacks it.
    pub fn on(isa: Isa, precision: Precision) -> Option<Self> {
        isa.is_available().then(|| Self { isa, precision, ..Self::default() })
    }

    /// The same with every convolution on tiles, none over spectra: for tests and comparisons.
    pub fn on_tiles_alone(self) -> Self {
        Self { tiles_alone: true, ..self }
    }

    /// True where a convolution of this shape runs over spectra, which is what is expected to be faster.
    pub fn runs_over_spectra(&self, shape: &Conv3d) -> bool {
        Spectral::new(self, shape).is_some()
    }

    /// Multiplications and additions that a convolution makes, by counting: forward, input gradient, weight gradient.
    pub fn operations(&self, shape: &Conv3d) -> [f64; 3] {
        let on_tiles = [2.0 * shape.n_folded_products() as f64; 3];
        Spectral::new(self, shape).map_or(on_tiles, |spectral| spectral.operations())
    }

    /// The instruction set it runs on.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Operations a second (a multiplication and an addition count as two) of one thread's inner loop on operands in the nearest cache.
    pub fn measured_peak(&self) -> f64 {
        match self.precision {
            Precision::F32 => tiles::measured_peak::<Single>(self.isa),
            Precision::Bf16 => tiles::measured_peak::<Pairs>(self.isa),
        }
    }

    /// What it multiplies.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

/// Calls a function of [`Operand`] with the operand of a precision.
macro_rules! in_precision {
    ($fast:expr, $($function:ident)::+ ( $($argument:expr),* $(,)? )) => {
        match $fast.precision {
            Precision::F32 => $($function)::+::<Single>($fast, $($argument),*),
            Precision::Bf16 => $($function)::+::<Pairs>($fast, $($argument),*),
        }
    };
}

fn map(isa: Isa, x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32 + Sync) {
    assert_eq!(x.len(), y.len());
    y.par_chunks_mut(PASS_LEN).zip(x.par_chunks(PASS_LEN)).for_each(|(y, x)| {
        with_registers(isa, || y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x)));
    });
}

fn map_pair(isa: Isa, y: &[f32], dy: &[f32], dx: &mut [f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    assert_eq!((y.len(), dy.len()), (dx.len(), dx.len()));
    let pairs = y.par_chunks(PASS_LEN).zip(dy.par_chunks(PASS_LEN));
    dx.par_chunks_mut(PASS_LEN).zip(pairs).for_each(|(dx, (y, dy))| {
        with_registers(isa, || {
            dx.iter_mut().zip(y.iter().zip(dy)).for_each(|(dx, (&y, &dy))| *dx = f(y, dy));
        });
    });
}

impl Kernels for Fast {
    type Real = f32;

    fn conv3d_forward(&self, shape: &Conv3d, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        match Spectral::new(self, shape) {
            Some(spectral) => spectral.forward(x, weight, bias, y),
            None => in_precision!(self, conv::forward(shape, x, weight, bias, y)),
        }
    }

    fn conv3d_input_gradient(&self, shape: &Conv3d, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        match Spectral::new(self, shape) {
            Some(spectral) => spectral.input_gradient(dy, weight, dx),
            None => in_precision!(self, conv::input_gradient(shape, dy, weight, dx)),
        }
    }

    fn conv3d_weight_gradient(&self, shape: &Conv3d, x: &[f32], dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
        match Spectral::new(self, shape) {
            Some(spectral) => spectral.weight_gradient(x, dy, dweight, dbias),
            None => in_precision!(self, conv::weight_gradient(shape, x, dy, dweight, dbias)),
        }
    }

    fn conv3d_gradients(
        &self,
        shape: &Conv3d,
        x: &[f32],
        dy: &[f32],
        weight: &[f32],
        dx: &mut [f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
    ) {
        match Spectral::new(self, shape) {
            Some(spectral) => spectral.gradients(x, dy, weight, dx, dweight, dbias),
            None => {
                self.conv3d_weight_gradient(shape, x, dy, dweight, dbias);
                self.conv3d_input_gradient(shape, dy, weight, dx);
            }
        }
    }

    fn conv3d_scratch(&self, shape: &Conv3d) -> usize {
        Spectral::new(self, shape).map_or(0, |spectral| spectral.n_scratch())
    }

    fn linear_forward(&self, n_rows: usize, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        in_precision!(self, layers::linear_forward(n_rows, x, weight, bias, y));
    }

    fn linear_input_gradient(&self, n_rows: usize, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        in_precision!(self, layers::linear_input_gradient(n_rows, dy, weight, dx));
    }

    fn linear_weight_gradient(&self, n_rows: usize, x: &[f32], dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
        in_precision!(self, layers::linear_weight_gradient(n_rows, x, dy, dweight, dbias));
    }

    fn batch_statistics(&self, shape: &Normalised, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
        norm::statistics(self.isa, shape, x, mean, variance);
    }

    fn batch_norm_forward(
        &self,
        shape: &Normalised,
        x: &[f32],
        mean: &[f32],
        variance: &[f32],
        eps: f64,
        gamma: &[f32],
        beta: &[f32],
        relu: bool,
        y: &mut [f32],
    ) {
        norm::forward(self.isa, shape, &norm::Coefficients::new(mean, variance, eps, gamma, beta), relu, x, y);
    }

    fn batch_norm_backward(
        &self,
        shape: &Normalised,
        x: &[f32],
        mean: &[f32],
        variance: &[f32],
        eps: f64,
        gamma: &[f32],
        beta: &[f32],
        relu: bool,
        batch_statistics: bool,
        dy: &[f32],
        dx: &mut [f32],
        dgamma: &mut [f32],
        dbeta: &mut [f32],
    ) {
        let coefficients = norm::Coefficients::new(mean, variance, eps, gamma, beta);
        norm::backward(self.isa, shape, &coefficients, relu, batch_statistics, x, dy, dx, dgamma, dbeta);
    }

    fn batch_norm_pool_forward(
        &self,
        shape: &Pool3d,
        x: &[f32],
        mean: &[f32],
        variance: &[f32],
        eps: f64,
        gamma: &[f32],
        beta: &[f32],
        relu: bool,
        y: &mut [f32],
        winner: &mut [u8],
    ) {
        norm_pool::forward(
            self.isa,
            shape,
            &norm::Coefficients::new(mean, variance, eps, gamma, beta),
            relu,
            x,
            y,
            winner,
        );
    }

    fn batch_norm_pool_backward(
        &self,
        shape: &Pool3d,
        x: &mut [f32],
        mean: &[f32],
        variance: &[f32],
        eps: f64,
        gamma: &[f32],
        beta: &[f32],
        relu: bool,
        batch_statistics: bool,
        dy: &[f32],
        winner: &[u8],
        dgamma: &mut [f32],
        dbeta: &mut [f32],
    ) {
        let coefficients = norm::Coefficients::new(mean, variance, eps, gamma, beta);
        norm_pool::backward(self, shape, &coefficients, relu, batch_statistics, x, dy, winner, dgamma, dbeta);
    }

    fn relu_forward(&self, x: &[f32], y: &mut [f32]) {
        map(self.isa, x, y, |x| x.max(0.0));
    }

    fn relu_backward(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) {
        map_pair(self.isa, y, dy, dx, |y, dy| if y > 0.0 { dy } else { 0.0 });
    }

    fn sigmoid_forward(&self, x: &[f32], y: &mut [f32]) {
        map(self.isa, x, y, sigmoid);
    }

    fn sigmoid_backward(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) {
        map_pair(self.isa, y, dy, dx, |y, dy| dy * y * (1.0 - y));
    }

    /// `0.5 tanh(x) + 0.5`, which is the logistic function of `2 x`.
    fn tanh_unit_forward(&self, x: &[f32], y: &mut [f32]) {
        map(self.isa, x, y, |x| sigmoid(2.0 * x));
    }

    fn tanh_unit_backward(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) {
        map_pair(self.isa, y, dy, dx, |y, dy| dy * 2.0 * y * (1.0 - y));
    }

    fn max_pool3d_forward(&self, shape: &Pool3d, x: &[f32], y: &mut [f32], winner: &mut [u8]) {
        pool::forward(shape, x, y, winner);
    }

    fn max_pool3d_backward(&self, shape: &Pool3d, dy: &[f32], winner: &[u8], dx: &mut [f32]) {
        pool::backward(shape, dy, winner, dx);
    }

    fn video_loss(
        &self,
        shape: &VideoLoss<f32>,
        predicted: &[f32],
        target: &[f32],
        gradient: Option<&mut [f32]>,
    ) -> LossParts {
        loss::video_loss(self.isa, shape, predicted, target, gradient)
    }
}
