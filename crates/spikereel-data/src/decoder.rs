//! What a decoder is, and what can fit one. Studies see these traits and nothing else of a model.

use crate::{Fold, Result};
use ndarray::{Array2, Array3, Array5, ArrayView3, ArrayView5};

/// Turns spikes into video.
pub trait Decoder: Send + Sync {
    /// A short name for tables.
    fn name(&self) -> &str;

    /// Decodes trials.
    ///
    /// # Shapes
    /// - `spikes`: `[trial, bin, site]`, standardised as the fold it was fitted on does
    /// - returns: `[trial, frame, height, width, rgb]`, 0..=1
    ///
    /// # Errors
    /// Names the axis that does not agree with what the decoder was fitted on.
    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>>;
}

/// Fits a decoder on the training trials of a fold; it may look at validation trials to stop, never at test trials.
pub trait FitDecoder: Send + Sync {
    /// A short name for tables.
    fn name(&self) -> &str;

    /// Fits one decoder; equal folds and seeds give equal decoders.
    ///
    /// # Errors
    /// What is wrong with the data, or that the fit diverged.
    fn fit(&self, fold: &Fold, seed: u64) -> Result<Box<dyn Decoder>>;
}

/// Turns video into spikes: the inverse of a [`Decoder`].
pub trait Encoder: Send + Sync {
    /// A short name for tables.
    fn name(&self) -> &str;

    /// Predicts standardised activity.
    ///
    /// # Shapes
    /// - `video`: `[trial, frame, height, width, rgb]`, 0..=1
    /// - returns: `[trial, bin, site]`
    ///
    /// # Errors
    /// Names the axis that does not agree with what the encoder was fitted on.
    fn predict(&self, video: ArrayView5<'_, f32>) -> Result<Array3<f32>>;
}

/// Fits an encoder on the training trials of a fold.
pub trait FitEncoder: Send + Sync {
    /// A short name for tables.
    fn name(&self) -> &str;

    /// Fits one encoder; equal folds and seeds give equal encoders.
    ///
    /// # Errors
    /// What is wrong with the data, or that the fit diverged.
    fn fit(&self, fold: &Fold, seed: u64) -> Result<Box<dyn Encoder>>;
}

/// A decoder with an inner representation worth looking at.
pub trait WithLatents: Decoder {
    /// Latents `[trial, latent]` of `spikes` `[trial, bin, site]`.
    ///
    /// # Errors
    /// Names the axis that does not agree.
    fn latents(&self, spikes: ArrayView3<'_, f32>) -> Result<Array2<f32>>;
}

/// A decoder that can say how its output moves with its input.
pub trait WithInputGradient: Decoder {
    /// Gradient `[trial, bin, site]` at `spikes` of the sum of the output weighted by `output_weight`
    /// `[trial, frame, height, width, rgb]`.
    ///
    /// # Errors
    /// Names the axis that does not agree.
    fn input_gradient(&self, spikes: ArrayView3<'_, f32>, output_weight: ArrayView5<'_, f32>) -> Result<Array3<f32>>;
}
