//! The definition of every operation, in f64: loops that follow the formulas, no blocking, no folding, no threads.
//!
//! Fast paths are held to these. Nothing here is meant to be quick.

mod conv;
mod layers;
mod loss;
mod norm;

pub(crate) use loss::window;

use crate::{Conv3d, Kernels, LossParts, Normalised, Pool3d, VideoLoss};

/// Runs a network by definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naive;

impl Kernels for Naive {
    type Real = f64;

    fn conv3d_forward(&self, shape: &Conv3d, x: &[f64], weight: &[f64], bias: &[f64], y: &mut [f64]) {
        conv::forward(shape, x, weight, bias, y);
    }

    fn conv3d_input_gradient(&self, shape: &Conv3d, dy: &[f64], weight: &[f64], dx: &mut [f64]) {
        conv::input_gradient(shape, dy, weight, dx);
    }

    fn conv3d_weight_gradient(&self, shape: &Conv3d, x: &[f64], dy: &[f64], dweight: &mut [f64], dbias: &mut [f64]) {
        conv::weight_gradient(shape, x, dy, dweight, dbias);
    }

    fn linear_forward(&self, n_rows: usize, x: &[f64], weight: &[f64], bias: &[f64], y: &mut [f64]) {
        layers::linear_forward(n_rows, x, weight, bias, y);
    }

    fn linear_input_gradient(&self, n_rows: usize, dy: &[f64], weight: &[f64], dx: &mut [f64]) {
        layers::linear_input_gradient(n_rows, dy, weight, dx);
    }

    fn linear_weight_gradient(&self, n_rows: usize, x: &[f64], dy: &[f64], dweight: &mut [f64], dbias: &mut [f64]) {
        layers::linear_weight_gradient(n_rows, x, dy, dweight, dbias);
    }

    fn batch_statistics(&self, shape: &Normalised, x: &[f64], mean: &mut [f64], variance: &mut [f64]) {
        norm::statistics(shape, x, mean, variance);
    }

    fn batch_norm_forward(
        &self,
        shape: &Normalised,
        x: &[f64],
        mean: &[f64],
        variance: &[f64],
        eps: f64,
        gamma: &[f64],
        beta: &[f64],
        relu: bool,
        y: &mut [f64],
    ) {
        norm::forward(shape, x, mean, variance, eps, gamma, beta, relu, y);
    }

    fn batch_norm_backward(
        &self,
        shape: &Normalised,
        x: &[f64],
        mean: &[f64],
        variance: &[f64],
        eps: f64,
        gamma: &[f64],
        beta: &[f64],
        relu: bool,
        batch_statistics: bool,
        dy: &[f64],
        dx: &mut [f64],
        dgamma: &mut [f64],
        dbeta: &mut [f64],
    ) {
        let at = norm::Backward { mean, variance, eps, gamma, beta, relu, batch_statistics };
        norm::backward(shape, &at, x, dy, dx, dgamma, dbeta);
    }

    fn relu_forward(&self, x: &[f64], y: &mut [f64]) {
        layers::map(x, y, |x| x.max(0.0));
    }

    fn relu_backward(&self, y: &[f64], dy: &[f64], dx: &mut [f64]) {
        layers::map_pair(y, dy, dx, |y, dy| if y > 0.0 { dy } else { 0.0 });
    }

    fn sigmoid_forward(&self, x: &[f64], y: &mut [f64]) {
        layers::map(x, y, |x| 1.0 / (1.0 + (-x).exp()));
    }

    fn sigmoid_backward(&self, y: &[f64], dy: &[f64], dx: &mut [f64]) {
        layers::map_pair(y, dy, dx, |y, dy| dy * y * (1.0 - y));
    }

    fn tanh_unit_forward(&self, x: &[f64], y: &mut [f64]) {
        layers::map(x, y, |x| f64::midpoint(x.tanh(), 1.0));
    }

    fn tanh_unit_backward(&self, y: &[f64], dy: &[f64], dx: &mut [f64]) {
        layers::map_pair(y, dy, dx, |y, dy| dy * 2.0 * y * (1.0 - y));
    }

    fn max_pool3d_forward(&self, shape: &Pool3d, x: &[f64], y: &mut [f64], winner: &mut [u8]) {
        layers::max_pool_forward(shape, x, y, winner);
    }

    fn max_pool3d_backward(&self, shape: &Pool3d, dy: &[f64], winner: &[u8], dx: &mut [f64]) {
        layers::max_pool_backward(shape, dy, winner, dx);
    }

    fn video_loss(
        &self,
        shape: &VideoLoss<f64>,
        predicted: &[f64],
        target: &[f64],
        gradient: Option<&mut [f64]>,
    ) -> LossParts {
        loss::video_loss(shape, predicted, target, gradient)
    }
}
