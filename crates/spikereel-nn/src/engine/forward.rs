//! One step forward: which kernel runs on which buffers.

use super::bilinear;
use super::moves::{channels_first, channels_last, concat_forward};
use super::{Engine, Mode, NORM_EPS};
use crate::Real;
use crate::network::{Extent, NodeIdx, Op};
use crate::plan::normalised;
use crate::weights::Weights;
use spikereel_kernels::{Conv3d, Kernels, Pool3d, Volume};
use std::sync::Arc;

/// A batch of samples as the kernels see it.
pub(super) fn volume(extent: Extent, batch: usize) -> Volume {
    let Extent { frames, height, width, channels } = extent;
    Volume { batch, frames, height, width, channels }
}

/// The convolution of a node, where it is one.
pub(super) fn convolution(op: &Op, input: Volume) -> Option<Conv3d> {
    match *op {
        Op::Conv3d { out_channels, kernel } => Some(Conv3d { input, out_channels, kernel, upsample: [1; 3] }),
        Op::UpsampleConv3d { out_channels, kernel, upsample } => Some(Conv3d { input, out_channels, kernel, upsample }),
        Op::Conv2d { out_channels, kernel: [height, width] } => {
            Some(Conv3d { input, out_channels, kernel: [1, height, width], upsample: [1; 3] })
        }
        _ => None,
    }
}

impl<K: Kernels<Real: Real>> Engine<K> {
    pub(super) fn run_forward(&mut self, step_idx: usize, weights: &Weights<K::Real>) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[step_idx];
        let out_len = self.len(step.output);
        let slot = self.slot(step.output);
        // Taken out, so that inputs can be read beside it; their slots differ, because their lives overlap.
        let mut buffer = std::mem::take(&mut self.slots[slot]);
        let y = &mut buffer[..out_len];
        match &self.network.nodes()[step.node.0].op {
            Op::BatchNorm { .. } => self.norm_forward(step_idx, weights, y),
            Op::MaxPool3d { window } => {
                let input = volume(self.network.extent(step.inputs[0]), self.batch);
                let mut winner = std::mem::take(&mut self.winners[step_idx]);
                let pool = Pool3d { input, window: *window };
                self.kernels.max_pool3d_forward(&pool, self.values(step.inputs[0]), y, &mut winner[..out_len]);
                self.winners[step_idx] = winner;
            }
            Op::Concat => self.concat(&step.inputs, step.output, y),
            op => self.simple_forward(step_idx, op, weights, y),
        }
        self.slots[slot] = buffer;
    }

    /// Operations that keep nothing beside their output.
    fn simple_forward(&self, step_idx: usize, op: &Op, weights: &Weights<K::Real>, y: &mut [K::Real]) {
        let step = &self.plan.steps[step_idx];
        let (x, extent) = (self.values(step.inputs[0]), self.network.extent(step.inputs[0]));
        let params = self.network.params().of_node[step.node.0].as_ref();
        let of_params = params.map(|p| (&weights.trained[p.weight.clone()], &weights.trained[p.bias.clone()]));
        match (op, of_params) {
            (Op::Linear { .. }, Some((weight, bias))) => {
                self.kernels.linear_forward(x.len() / extent.channels, x, weight, bias, y);
            }
            (Op::Conv2d { .. } | Op::Conv3d { .. } | Op::UpsampleConv3d { .. }, Some((weight, bias))) => {
                let shape = convolution(op, volume(extent, self.batch)).expect("matched above");
                self.kernels.conv3d_forward(&shape, x, weight, bias, y);
            }
            (Op::Relu, _) => self.kernels.relu_forward(x, y),
            (Op::Sigmoid, _) => self.kernels.sigmoid_forward(x, y),
            (Op::TanhUnit, _) => self.kernels.tanh_unit_forward(x, y),
            (Op::FramesFromFeatures { .. }, _) => channels_last(self.network.extent(step.output), x, y),
            (Op::FeaturesFromFrames, _) => channels_first(extent, x, y),
            (Op::UpsampleBilinear { factor }, _) => bilinear::forward(extent, *factor, x, y),
            _ => self.gathers[step_idx].as_ref().expect("every other operation moves values").forward(x, y),
        }
    }

    fn norm_forward(&mut self, step_idx: usize, weights: &Weights<K::Real>, y: &mut [K::Real]) {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[step_idx];
        let Op::BatchNorm { axis } = self.network.nodes()[step.node.0].op else { return };
        let network = Arc::clone(&self.network);
        let params = network.params().of_node[step.node.0].as_ref().expect("a batch normalisation has parameters");
        let shape = normalised(network.extent(step.inputs[0]), axis, self.batch);
        let (gamma, beta) = (&weights.trained[params.weight.clone()], &weights.trained[params.bias.clone()]);
        let (mut mean, mut variance) = std::mem::take(&mut self.statistics[step_idx]);
        let x = self.values(step.inputs[0]);
        if self.mode == Mode::Train {
            self.kernels.batch_statistics(&shape, x, &mut mean, &mut variance);
        } else {
            mean.copy_from_slice(&weights.buffered[params.mean.clone()]);
            variance.copy_from_slice(&weights.buffered[params.variance.clone()]);
        }
        if let Some(window) = step.pool {
            let mut winner = std::mem::take(&mut self.winners[step_idx]);
            let pool = Pool3d { input: volume(network.extent(step.inputs[0]), self.batch), window };
            let (x, places) = (self.values(step.inputs[0]), &mut winner[..y.len()]);
            self.kernels
                .batch_norm_pool_forward(&pool, x, &mean, &variance, NORM_EPS, gamma, beta, step.relu, y, places);
            self.winners[step_idx] = winner;
        } else {
            self.kernels.batch_norm_forward(&shape, x, &mean, &variance, NORM_EPS, gamma, beta, step.relu, y);
        }
        self.statistics[step_idx] = (mean, variance);
    }

    fn concat(&self, inputs: &[NodeIdx], output: NodeIdx, y: &mut [K::Real]) {
        let n_all = self.network.extent(output).channels;
        let mut first = 0;
        for &input in inputs {
            let n = self.network.extent(input).channels;
            concat_forward(self.values(input), n, first, n_all, y);
            first += n;
        }
    }
}
