//! The operations of the networks, as one trait: a definition in f64 and every fast path implement it.

use crate::{Conv3d, Normalised, Pool3d};

/// Loss on videos `[batch, frame, height, width, rgb]` in 0..=1: frame-weighted structural dissimilarity plus squared error.
///
/// `loss = ssim_scale * sum_i frame_weights[i] * (1 - SSIM_i) + squared_error_scale * sum (predicted - target)^2`, where
/// `SSIM_i` is the mean over batch, channels and the `(height + 1) x (width + 1)` map of frame `i` (window 4, sigma 1.5, zero padding 2,
/// C1 = 1e-4, C2 = 9e-4: pytorch_ssim, paper-facts section 4).
#[derive(Debug, Clone)]
pub struct VideoLoss<R> {
    /// Samples.
    pub batch: usize,
    /// Frames.
    pub frames: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Weight of each frame's dissimilarity, length `frames`.
    pub frame_weights: Vec<R>,
    /// Factor of the weighted sum (the published code: 1 / sum of weights; the paper: 1).
    pub ssim_scale: R,
    /// Factor of the summed squared error (the published code: 1 / number of values; the paper: 1 / batch).
    pub squared_error_scale: R,
}

/// The two terms of the loss; their sum is the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossParts {
    /// Weighted dissimilarity, scaled.
    pub dissimilarity: f64,
    /// Squared error, scaled.
    pub squared_error: f64,
}

impl LossParts {
    /// The loss.
    pub fn total(&self) -> f64 {
        self.dissimilarity + self.squared_error
    }
}

/// The operations an engine needs. All slices are whole tensors, contiguous, in the axis order of the crate's front page; every
/// method overwrites its outputs (they may hold anything before). Gradients are of a scalar loss.
///
/// # Panics
/// Every method panics where a slice's length does not fit its shape: shapes are checked when a plan is made.
pub trait Kernels: Send + Sync {
    /// The number type: f32 on fast paths, f64 in the definition.
    type Real: Copy + Send + Sync + 'static;

    /// `y = conv(upsample(x)) + bias`.
    fn conv3d_forward(
        &self,
        shape: &Conv3d,
        x: &[Self::Real],
        weight: &[Self::Real],
        bias: &[Self::Real],
        y: &mut [Self::Real],
    );

    /// Gradient with respect to `x` (before upsampling).
    fn conv3d_input_gradient(&self, shape: &Conv3d, dy: &[Self::Real], weight: &[Self::Real], dx: &mut [Self::Real]);

    /// Gradients with respect to weight and bias.
    fn conv3d_weight_gradient(
        &self,
        shape: &Conv3d,
        x: &[Self::Real],
        dy: &[Self::Real],
        dweight: &mut [Self::Real],
        dbias: &mut [Self::Real],
    );

    /// [`Kernels::conv3d_input_gradient`] and [`Kernels::conv3d_weight_gradient`], which may share work.
    fn conv3d_gradients(
        &self,
        shape: &Conv3d,
        x: &[Self::Real],
        dy: &[Self::Real],
        weight: &[Self::Real],
        dx: &mut [Self::Real],
        dweight: &mut [Self::Real],
        dbias: &mut [Self::Real],
    ) {
        self.conv3d_weight_gradient(shape, x, dy, dweight, dbias);
        self.conv3d_input_gradient(shape, dy, weight, dx);
    }

    /// Values of scratch memory that a convolution takes where they are many, about; kept between calls and shared by all of them.
    fn conv3d_scratch(&self, _shape: &Conv3d) -> usize {
        0
    }

    /// `y[row, out] = sum_in x[row, in] weight[out, in] + bias[out]`.
    fn linear_forward(
        &self,
        n_rows: usize,
        x: &[Self::Real],
        weight: &[Self::Real],
        bias: &[Self::Real],
        y: &mut [Self::Real],
    );

    /// `dx[row, in] = sum_out dy[row, out] weight[out, in]`.
    fn linear_input_gradient(&self, n_rows: usize, dy: &[Self::Real], weight: &[Self::Real], dx: &mut [Self::Real]);

    /// `dweight[out, in] = sum_row dy[row, out] x[row, in]`, `dbias[out] = sum_row dy[row, out]`.
    fn linear_weight_gradient(
        &self,
        n_rows: usize,
        x: &[Self::Real],
        dy: &[Self::Real],
        dweight: &mut [Self::Real],
        dbias: &mut [Self::Real],
    );

    /// Batch statistics of `x`: mean and biased variance per channel.
    fn batch_statistics(
        &self,
        shape: &Normalised,
        x: &[Self::Real],
        mean: &mut [Self::Real],
        variance: &mut [Self::Real],
    );

    /// `y = (x - mean) / sqrt(variance + eps) * gamma + beta`, then `max(y, 0)` where `relu`.
    fn batch_norm_forward(
        &self,
        shape: &Normalised,
        x: &[Self::Real],
        mean: &[Self::Real],
        variance: &[Self::Real],
        eps: f64,
        gamma: &[Self::Real],
        beta: &[Self::Real],
        relu: bool,
        y: &mut [Self::Real],
    );

    /// Backward of [`Kernels::batch_norm_forward`]. With `batch_statistics`, mean and variance are those of `x` and are differentiated
    /// through; without, they are constants (evaluation). `dy` belongs to `y` after the optional ReLU, which is undone by the sign
    /// of the recomputed normalised value.
    fn batch_norm_backward(
        &self,
        shape: &Normalised,
        x: &[Self::Real],
        mean: &[Self::Real],
        variance: &[Self::Real],
        eps: f64,
        gamma: &[Self::Real],
        beta: &[Self::Real],
        relu: bool,
        batch_statistics: bool,
        dy: &[Self::Real],
        dx: &mut [Self::Real],
        dgamma: &mut [Self::Real],
        dbeta: &mut [Self::Real],
    );

    /// [`Kernels::batch_norm_forward`] over channels, then [`Kernels::max_pool3d_forward`]; what lies between is not kept.
    fn batch_norm_pool_forward(
        &self,
        shape: &Pool3d,
        x: &[Self::Real],
        mean: &[Self::Real],
        variance: &[Self::Real],
        eps: f64,
        gamma: &[Self::Real],
        beta: &[Self::Real],
        relu: bool,
        y: &mut [Self::Real],
        winner: &mut [u8],
    ) {
        let mut normed = x.to_vec();
        let over = Normalised::channels_of(&shape.input);
        self.batch_norm_forward(&over, x, mean, variance, eps, gamma, beta, relu, &mut normed);
        self.max_pool3d_forward(shape, &normed, y, winner);
    }

    /// Backward of [`Kernels::batch_norm_pool_forward`]; `x`, the largest tensor of a network, becomes its own gradient.
    fn batch_norm_pool_backward(
        &self,
        shape: &Pool3d,
        x: &mut [Self::Real],
        mean: &[Self::Real],
        variance: &[Self::Real],
        eps: f64,
        gamma: &[Self::Real],
        beta: &[Self::Real],
        relu: bool,
        batch_statistics: bool,
        dy: &[Self::Real],
        winner: &[u8],
        dgamma: &mut [Self::Real],
        dbeta: &mut [Self::Real],
    ) {
        let (mut dnormed, x_before) = (x.to_vec(), x.to_vec());
        self.max_pool3d_backward(shape, dy, winner, &mut dnormed);
        let over = Normalised::channels_of(&shape.input);
        self.batch_norm_backward(
            &over,
            &x_before,
            mean,
            variance,
            eps,
            gamma,
            beta,
            relu,
            batch_statistics,
            &dnormed,
            x,
            dgamma,
            dbeta,
        );
    }

    /// `y = max(x, 0)`.
    fn relu_forward(&self, x: &[Self::Real], y: &mut [Self::Real]);

    /// `dx = dy` where `y > 0`, else 0.
    fn relu_backward(&self, y: &[Self::Real], dy: &[Self::Real], dx: &mut [Self::Real]);

    /// `y = 1 / (1 + exp(-x))`.
    fn sigmoid_forward(&self, x: &[Self::Real], y: &mut [Self::Real]);

    /// `dx = dy * y * (1 - y)`.
    fn sigmoid_backward(&self, y: &[Self::Real], dy: &[Self::Real], dx: &mut [Self::Real]);

    /// `y = (tanh(x) + 1) / 2`.
    fn tanh_unit_forward(&self, x: &[Self::Real], y: &mut [Self::Real]);

    /// `dx = dy * 2 y (1 - y)`.
    fn tanh_unit_backward(&self, y: &[Self::Real], dy: &[Self::Real], dx: &mut [Self::Real]);

    /// Max pooling; `winner` gets, per output value, the position of its maximum within the window (first one on ties).
    fn max_pool3d_forward(&self, shape: &Pool3d, x: &[Self::Real], y: &mut [Self::Real], winner: &mut [u8]);

    /// Sends each `dy` to its winner; everything else is 0.
    fn max_pool3d_backward(&self, shape: &Pool3d, dy: &[Self::Real], winner: &[u8], dx: &mut [Self::Real]);

    /// The loss, and its gradient with respect to `predicted` where asked for.
    fn video_loss(
        &self,
        shape: &VideoLoss<Self::Real>,
        predicted: &[Self::Real],
        target: &[Self::Real],
        gradient: Option<&mut [Self::Real]>,
    ) -> LossParts;
}
