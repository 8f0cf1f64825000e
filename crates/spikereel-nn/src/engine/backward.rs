//! One step backward: gradients of its parameters, then of its inputs.

use super::bilinear;
use super::forward::{convolution, volume};
use super::moves::{channels_first, channels_last, concat_backward};
use super::{Engine, Mode, NORM_EPS};
use crate::Real;
use crate::network::Op;
use crate::plan::{Edge, normalised};
use crate::weights::Weights;
use spikereel_kernels::{Kernels, Pool3d};
use std::sync::Arc;

impl<K: Kernels<Real: Real>> Engine<K> {
    pub(super) fn run_backward(&mut self, step_idx: usize, weights: &Weights<K::Real>) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[step_idx];
        if let Op::BatchNorm { .. } = self.network.nodes()[step.node.0].op {
            return self.norm_backward(step_idx, weights);
        }
        if plan.wants.weight_gradients {
            if self.convolution_gradients(step_idx, weights) {
                return;
            }
            self.weight_gradient(step_idx);
        }
        for input in 0..step.inputs.len() {
            if let Some(edge) = step.edges[input] {
                let len = self.len(step.inputs[input]);
                self.write_edge(edge, len, |engine, dx| engine.input_gradient_of(step_idx, input, weights, dx));
            }
        }
    }

    /// Lends the buffer of an input's gradient to `write`; where it has been written before, adds.
    fn write_edge(&mut self, edge: Edge, len: usize, write: impl FnOnce(&mut Self, &mut [K::Real])) {
        let slot = edge.scratch.unwrap_or(edge.slot);
        let mut buffer = std::mem::take(&mut self.slots[slot]);
        write(self, &mut buffer[..len]);
        if edge.scratch.is_some() {
            self.slots[edge.slot][..len].iter_mut().zip(&buffer).for_each(|(sum, &share)| *sum += share);
        }
        self.slots[slot] = buffer;
    }

    fn output_gradient_of(&self, step_idx: usize) -> &[K::Real] {
        let output = self.plan.steps[step_idx].output;
        let slot = self.plan.gradient[output.0].expect("a step that runs backward has an output gradient");
        &self.slots[slot][..self.len(output)]
    }

    /// All gradients of a convolution whose input's is needed; false, with nothing done, for any other step.
    fn convolution_gradients(&mut self, step_idx: usize, weights: &Weights<K::Real>) -> bool {
        let (plan, network) = (Arc::clone(&self.plan), Arc::clone(&self.network));
        let step = &plan.steps[step_idx];
        let input = step.inputs[0];
        let Some(shape) = convolution(&network.nodes()[step.node.0].op, volume(network.extent(input), self.batch))
        else {
            return false;
        };
        let (Some(edge), Some(params)) = (step.edges[0], &network.params().of_node[step.node.0]) else { return false };
        let mut gradients = std::mem::take(&mut self.gradients);
        // Weight and bias of a node stand side by side.
        let (dweight, dbias) = gradients[params.weight.start..params.bias.end].split_at_mut(params.weight.len());
        let weight = &weights.trained[params.weight.clone()];
        self.write_edge(edge, self.len(input), |engine, dx| {
            let (x, dy) = (engine.values(input), engine.output_gradient_of(step_idx));
            engine.kernels.conv3d_gradients(&shape, x, dy, weight, dx, dweight, dbias);
        });
        self.gradients = gradients;
        true
    }

    fn weight_gradient(&mut self, step_idx: usize) {
        let (plan, network) = (Arc::clone(&self.plan), Arc::clone(&self.network));
        let step = &plan.steps[step_idx];
        let Some(params) = &network.params().of_node[step.node.0] else { return };
        let mut gradients = std::mem::take(&mut self.gradients);
        // Weight and bias of a node stand side by side.
        let (dweight, dbias) = gradients[params.weight.start..params.bias.end].split_at_mut(params.weight.len());
        let (x, dy) = (self.values(step.inputs[0]), self.output_gradient_of(step_idx));
        let extent = network.extent(step.inputs[0]);
        match convolution(&network.nodes()[step.node.0].op, volume(extent, self.batch)) {
            Some(shape) => self.kernels.conv3d_weight_gradient(&shape, x, dy, dweight, dbias),
            None => self.kernels.linear_weight_gradient(x.len() / extent.channels, x, dy, dweight, dbias),
        }
        self.gradients = gradients;
    }

    fn input_gradient_of(&self, step_idx: usize, input: usize, weights: &Weights<K::Real>, dx: &mut [K::Real]) {
        let step = &self.plan.steps[step_idx];
        let dy = self.output_gradient_of(step_idx);
        let extent = self.network.extent(step.inputs[input]);
        let params = self.network.params().of_node[step.node.0].as_ref();
        let weight = params.map(|params| &weights.trained[params.weight.clone()]);
        let op = &self.network.nodes()[step.node.0].op;
        match (op, weight) {
            (Op::Linear { out_features }, Some(weight)) => {
                self.kernels.linear_input_gradient(dy.len() / out_features, dy, weight, dx);
            }
            (Op::Conv2d { .. } | Op::Conv3d { .. } | Op::UpsampleConv3d { .. }, Some(weight)) => {
                let shape = convolution(op, volume(extent, self.batch)).expect("matched above");
                self.kernels.conv3d_input_gradient(&shape, dy, weight, dx);
            }
            (Op::MaxPool3d { window }, _) => {
                let pool = Pool3d { input: volume(extent, self.batch), window: *window };
                self.kernels.max_pool3d_backward(&pool, dy, &self.winners[step_idx][..dy.len()], dx);
            }
            (Op::Relu, _) => self.kernels.relu_backward(self.values(step.output), dy, dx),
            (Op::Sigmoid, _) => self.kernels.sigmoid_backward(self.values(step.output), dy, dx),
            (Op::TanhUnit, _) => self.kernels.tanh_unit_backward(self.values(step.output), dy, dx),
            (Op::FramesFromFeatures { .. }, _) => channels_first(self.network.extent(step.output), dy, dx),
            (Op::FeaturesFromFrames, _) => channels_last(extent, dy, dx),
            (Op::UpsampleBilinear { factor }, _) => bilinear::backward(extent, *factor, dy, dx),
            (Op::Concat, _) => {
                let channels = |at: usize| self.network.extent(step.inputs[at]).channels;
                let first = (0..input).map(channels).sum();
                concat_backward(dy, extent.channels, first, self.network.extent(step.output).channels, dx);
            }
            _ => self.gathers[step_idx].as_ref().expect("every other operation moves values").backward(dy, dx),
        }
    }

    /// Scale, shift and input at once: one pass over the data serves all three.
    fn norm_backward(&mut self, step_idx: usize, weights: &Weights<K::Real>) {
        let (plan, network) = (Arc::clone(&self.plan), Arc::clone(&self.network));
        let step = &plan.steps[step_idx];
        let Op::BatchNorm { axis } = network.nodes()[step.node.0].op else { return };
        let params = network.params().of_node[step.node.0].as_ref().expect("a batch normalisation has parameters");
        let input = step.inputs[0];
        let shape = normalised(network.extent(input), axis, self.batch);
        let (gamma, beta) = (&weights.trained[params.weight.clone()], &weights.trained[params.bias.clone()]);
        let edge = step.edges[0].expect("a batch normalisation stands behind something that has weights");
        let in_place = edge.scratch.is_none() && plan.activation[input.0] == Some(edge.slot);
        let mut gradients = std::mem::take(&mut self.gradients);
        let mut spare = vec![K::Real::ZERO; if gradients.is_empty() { 2 * gamma.len() } else { 0 }];
        let pair = if gradients.is_empty() { &mut spare } else { &mut gradients[params.weight.start..params.bias.end] };
        self.write_edge(edge, self.len(input), |engine, dx| {
            let (dgamma, dbeta) = pair.split_at_mut(gamma.len());
            let (mean, variance) = &engine.statistics[step_idx];
            let from_batch = engine.mode == Mode::Train;
            let dy = engine.output_gradient_of(step_idx);
            if let Some(window) = step.pool {
                let pool = Pool3d { input: volume(network.extent(input), engine.batch), window };
                let winner = &engine.winners[step_idx][..dy.len()];
                if !in_place {
                    dx.copy_from_slice(engine.values(input));
                }
                return engine.kernels.batch_norm_pool_backward(
                    &pool, dx, mean, variance, NORM_EPS, gamma, beta, step.relu, from_batch, dy, winner, dgamma, dbeta,
                );
            }
            let x = engine.values(input);
            engine.kernels.batch_norm_backward(
                &shape, x, mean, variance, NORM_EPS, gamma, beta, step.relu, from_batch, dy, dx, dgamma, dbeta,
            );
        });
        self.gradients = gradients;
    }
}
