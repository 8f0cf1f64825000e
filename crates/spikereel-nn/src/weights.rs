//! The values of a network's tensors: trained ones and batch-norm buffers, each in one flat vector laid out by the network.

use crate::Real;
use crate::network::{Network, ParamSpec, Role};
use rand::RngExt;
use spikereel_data::rng::stream;

/// Values that belong to a [`Network`]; which range is which tensor is told by [`Network::params`].
#[derive(Debug, Clone, PartialEq)]
pub struct Weights<R> {
    /// What the optimiser changes.
    pub trained: Vec<R>,
    /// Running means and variances.
    pub buffered: Vec<R>,
    /// Batches seen by each batch normalisation (PyTorch's `num_batches_tracked`).
    pub n_batches: Vec<i64>,
}

impl<R: Real> Weights<R> {
    /// PyTorch's default start: weights and biases uniform in `+-1 / sqrt(fan_in)`; gamma 1, beta 0, running mean 0, variance 1.
    ///
    /// Each tensor draws from its own stream `init/<name>` of `seed`, in f64, so that f32 and f64 start alike.
    pub fn init(network: &Network, seed: u64) -> Self {
        let params = network.params();
        let mut weights = Self {
            trained: vec![R::ZERO; params.n_trained],
            buffered: vec![R::ZERO; params.n_buffered],
            n_batches: vec![0; params.norm_names.len()],
        };
        for spec in &params.specs {
            let values = weights.tensor_mut(spec);
            match spec.role {
                Role::Weight | Role::Bias => {
                    let bound = 1.0 / (spec.fan_in as f64).sqrt();
                    let mut rng = stream(seed, &format!("init/{}", spec.name));
                    values.fill_with(|| R::from_f64((2.0 * rng.random::<f64>() - 1.0) * bound));
                }
                Role::Gamma | Role::RunningVar => values.fill(R::from_f64(1.0)),
                Role::Beta | Role::RunningMean => values.fill(R::ZERO),
            }
        }
        weights
    }

    /// The values of a tensor, in PyTorch's axis order.
    pub fn tensor(&self, spec: &ParamSpec) -> &[R] {
        let values = if spec.role.is_trained() { &self.trained } else { &self.buffered };
        &values[spec.range.clone()]
    }

    /// The same, to be changed.
    pub fn tensor_mut(&mut self, spec: &ParamSpec) -> &mut [R] {
        let values = if spec.role.is_trained() { &mut self.trained } else { &mut self.buffered };
        &mut values[spec.range.clone()]
    }

    /// The same values in another number type.
    pub fn cast<S: Real>(&self) -> Weights<S> {
        let cast = |values: &[R]| values.iter().map(|&value| S::from_f64(value.to_f64())).collect();
        Weights { trained: cast(&self.trained), buffered: cast(&self.buffered), n_batches: self.n_batches.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{DecoderShape, decoder};

    #[test]
    fn weights_start_within_pytorchs_bounds_and_fill_them() {
        let network = decoder(&DecoderShape::paper(20)).unwrap();
        let weights = Weights::<f64>::init(&network, 3);
        for spec in network.params().specs.iter().filter(|spec| spec.fan_in > 0 && spec.range.len() > 1000) {
            let bound = 1.0 / (spec.fan_in as f64).sqrt();
            let values = weights.tensor(spec);
            let largest = values.iter().fold(0.0, |max: f64, value| max.max(value.abs()));
            assert!(largest <= bound && largest > 0.99 * bound, "{}: {largest} of {bound}", spec.name);
            let mean_square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
            assert!((mean_square / (bound * bound / 3.0) - 1.0).abs() < 0.1, "{}: not uniform", spec.name);
        }
    }
}
