//! The engine: executes a network's table on the CPU through a set of kernels, forward and backward.
//!
//! Buffers are planned once and grow only when a larger batch comes; a step makes no buffer of a batch's size. One definition serves f32 and f64.

mod backward;
mod bilinear;
mod forward;
mod moves;

use crate::network::{Network, NodeIdx, Op};
use crate::plan::Plan;
use crate::weights::Weights;
use crate::{Real, Wants};
use forward::{convolution, volume};
use moves::Gather;
use spikereel_data::{DataError, Result};
use spikereel_kernels::{Kernels, LossParts, VideoLoss};
use std::sync::Arc;

/// Added to variances, as in PyTorch.
const NORM_EPS: f64 = 1e-5;
/// Share of a new batch in running statistics, as in PyTorch.
const NORM_MOMENTUM: f64 = 0.1;

/// How batch normalisation takes its statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From the batch.
    Train,
    /// From the running buffers.
    Eval,
}

/// A network with buffers to run it in. Weights are handed in, so that engines may share them.
pub struct Engine<K: Kernels> {
    network: Arc<Network>,
    kernels: K,
    plan: Arc<Plan>,
    slots: Vec<Vec<K::Real>>,
    /// Per step; empty but for pooling.
    winners: Vec<Vec<u8>>,
    /// Per step: the mean and (biased) variance that the last forward pass used; empty but for batch normalisation.
    statistics: Vec<(Vec<K::Real>, Vec<K::Real>)>,
    /// Per step; only for operations that move values.
    gathers: Vec<Option<Gather>>,
    gradients: Vec<K::Real>,
    batch: usize,
    mode: Mode,
}

impl<K: Kernels<Real: Real>> Engine<K> {
    /// Plans `network` for a purpose; outputs of the nodes in `keep` can be read after a forward pass.
    pub fn new(network: Arc<Network>, kernels: K, wants: Wants, keep: &[NodeIdx]) -> Self {
        let plan = Plan::new(&network, wants, keep);
        let n_steps = plan.steps.len();
        let n_gradients = if wants.weight_gradients { network.n_params() } else { 0 };
        let statistics = plan.steps.iter().map(|step| {
            let norm = network.params().of_node[step.node.0].as_ref().filter(|params| params.norm_idx.is_some());
            let n = norm.map_or(0, |params| params.mean.len());
            (vec![K::Real::ZERO; n], vec![K::Real::ZERO; n])
        });
        let gathers = plan.steps.iter().map(|step| {
            let input = step.inputs.first().map(|&input| network.extent(input));
            input.and_then(|input| Gather::new(&network.nodes()[step.node.0].op, input))
        });
        Self {
            statistics: statistics.collect(),
            gathers: gathers.collect(),
            slots: vec![Vec::new(); plan.slot_len.len()],
            winners: vec![Vec::new(); n_steps],
            gradients: vec![K::Real::ZERO; n_gradients],
            plan: Arc::new(plan),
            network,
            kernels,
            batch: 0,
            mode: Mode::Eval,
        }
    }

    /// The network it runs.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Bytes held in activation and gradient buffers at the present batch size.
    pub fn buffer_bytes(&self) -> usize {
        let values: usize = self.slots.iter().map(Vec::len).sum::<usize>() + self.gradients.len();
        values * size_of::<K::Real>() + self.winners.iter().map(Vec::len).sum::<usize>()
    }

    /// Bytes that those buffers and the kernels' scratch memory will have for batches of `batch` samples.
    pub fn bytes_for(&self, batch: usize) -> usize {
        let per_sample: usize = self.plan.slot_len.iter().sum();
        let winners =
            self.plan.steps.iter().filter(|step| {
                step.pool.is_some() || matches!(self.network.nodes()[step.node.0].op, Op::MaxPool3d { .. })
            });
        let winners: usize = winners.map(|step| self.network.extent(step.output).len()).sum();
        let scratch = self.plan.steps.iter().filter_map(|step| {
            let input = volume(self.network.extent(*step.inputs.first()?), batch);
            Some(self.kernels.conv3d_scratch(&convolution(&self.network.nodes()[step.node.0].op, input)?))
        });
        (per_sample * batch + self.gradients.len() + scratch.max().unwrap_or(0)) * size_of::<K::Real>()
            + winners * batch
    }

    /// Runs the network on `input`, `[batch, frame, height, width, channel]` as the network's input says; returns its output. In
    /// [`Mode::Train`] running statistics are left as they are: see [`Engine::update_running`].
    ///
    /// # Errors
    /// Where `input` is not `batch` samples long, or the weights are those of another network.
    pub fn forward(
        &mut self,
        weights: &Weights<K::Real>,
        mode: Mode,
        batch: usize,
        input: &[K::Real],
    ) -> Result<&[K::Real]> {
        let expected = batch * self.network.input().len();
        if batch == 0 || input.len() != expected {
            let expected = format!("{} values a sample, {batch} samples or more", self.network.input().len());
            return Err(DataError::new("network input", expected, input.len().to_string()));
        }
        let params = self.network.params();
        for (what, expected, got) in [
            ("trained weights", params.n_trained, weights.trained.len()),
            ("weight buffers", params.n_buffered, weights.buffered.len()),
        ] {
            if expected != got {
                return Err(DataError::new(what, expected.to_string(), got.to_string()));
            }
        }
        self.reserve(batch);
        self.mode = mode;
        let slot = self.slot(NodeIdx(0));
        self.slots[slot][..expected].copy_from_slice(input);
        for step_idx in 0..self.plan.steps.len() {
            self.run_forward(step_idx, weights);
        }
        Ok(self.output())
    }

    /// Grows buffers to hold `batch` samples.
    fn reserve(&mut self, batch: usize) {
        self.batch = batch;
        for (slot, len) in self.slots.iter_mut().zip(&self.plan.slot_len) {
            if slot.len() < len * batch {
                // The old values are of no use: free them before the new buffer is made.
                *slot = Vec::new();
                *slot = vec![K::Real::ZERO; len * batch];
            }
        }
        for (winner, step) in self.winners.iter_mut().zip(&self.plan.steps) {
            let pools = matches!(self.network.nodes()[step.node.0].op, Op::MaxPool3d { .. });
            if pools || step.pool.is_some() {
                let len = self.network.extent(step.output).len() * batch;
                if winner.len() < len {
                    *winner = vec![0; len];
                }
            }
        }
    }

    /// Output of the last forward pass, `[batch, frame, height, width, channel]`.
    pub fn output(&self) -> &[K::Real] {
        self.values(self.output_node())
    }

    /// Output of a kept node in the last forward pass; `None` for nodes that were not kept.
    pub fn kept(&self, node: NodeIdx) -> Option<&[K::Real]> {
        self.plan.kept.contains(&node).then(|| self.values(node))
    }

    /// Loss of the last output against `target`; with `gradient` it also becomes where [`Engine::backward`] starts.
    ///
    /// # Panics
    /// With `gradient`, where the engine was planned without gradients; where `target` is not as long as the output.
    pub fn loss(&mut self, loss: &VideoLoss<K::Real>, target: &[K::Real], gradient: bool) -> LossParts {
        let output = self.output_node();
        let len = self.len(output);
        let (slot, mut dy) = if gradient {
            let slot = self.plan.gradient[output.0].expect("planned with gradients");
            (slot, std::mem::take(&mut self.slots[slot]))
        } else {
            (usize::MAX, Vec::new())
        };
        let into = gradient.then(|| &mut dy[..len]);
        let parts = self.kernels.video_loss(loss, self.values(output), target, into);
        if gradient {
            self.slots[slot] = dy;
        }
        parts
    }

    /// Mean squared error of the last output against `target`; with `gradient` it also becomes where [`Engine::backward`] starts.
    ///
    /// # Panics
    /// With `gradient`, where the engine was planned without gradients; where `target` is not as long as the output.
    pub fn mean_squared_error(&mut self, target: &[K::Real], gradient: bool) -> f64 {
        let output = self.output_node();
        let n = self.len(output);
        assert_eq!(target.len(), n, "a target as long as the output");
        let sum = self.output().iter().zip(target).map(|(&y, &t)| (y - t).to_f64().powi(2)).sum::<f64>();
        if gradient {
            let slot = self.plan.gradient[output.0].expect("planned with gradients");
            let mut dy = std::mem::take(&mut self.slots[slot]);
            let scale = K::Real::from_f64(2.0 / n as f64);
            let pairs = self.output().iter().zip(target);
            dy.iter_mut().zip(pairs).for_each(|(dy, (&y, &t))| *dy = scale * (y - t));
            self.slots[slot] = dy;
        }
        sum / n as f64
    }

    /// Where the backward pass starts: gradient of some scalar with respect to the output.
    ///
    /// # Panics
    /// Where the engine was planned without gradients.
    pub fn output_gradient_mut(&mut self) -> &mut [K::Real] {
        let (slot, len) = (self.plan.gradient[self.output_node().0], self.len(self.output_node()));
        &mut self.slots[slot.expect("planned with gradients")][..len]
    }

    /// Runs backward from the output gradient, in the mode of the last forward pass; once, since gradients take the place of what it left.
    pub fn backward(&mut self, weights: &Weights<K::Real>) {
        for step_idx in (0..self.plan.steps.len()).rev() {
            if self.plan.steps[step_idx].backward {
                self.run_backward(step_idx, weights);
            }
        }
    }

    /// Gradients of the trained values after [`Engine::backward`], laid out as [`Weights::trained`]; empty where not wanted.
    pub fn gradients(&self) -> &[K::Real] {
        &self.gradients
    }

    /// The same, to be changed before an optimiser reads them.
    pub fn gradients_mut(&mut self) -> &mut [K::Real] {
        &mut self.gradients
    }

    /// Gradient of the input after [`Engine::backward`]; `None` where not wanted.
    pub fn input_gradient(&self) -> Option<&[K::Real]> {
        let len = self.len(NodeIdx(0));
        self.plan.gradient[0].filter(|_| self.plan.wants.input_gradient).map(|slot| &self.slots[slot][..len])
    }

    /// Moves running statistics towards those of the last training batch: momentum .1, unbiased variance, as PyTorch.
    pub fn update_running(&self, weights: &mut Weights<K::Real>) {
        let (new, old) = (K::Real::from_f64(NORM_MOMENTUM), K::Real::from_f64(1.0 - NORM_MOMENTUM));
        for (step, (mean, variance)) in self.plan.steps.iter().zip(&self.statistics) {
            let Some(params) = &self.network.params().of_node[step.node.0] else { continue };
            let Some(norm_idx) = params.norm_idx else { continue };
            let n = (self.len(step.node) / mean.len()) as f64;
            let unbiased = K::Real::from_f64(n / (n - 1.0).max(1.0));
            for (running, &mean) in weights.buffered[params.mean.clone()].iter_mut().zip(mean) {
                *running = old * *running + new * mean;
            }
            for (running, &variance) in weights.buffered[params.variance.clone()].iter_mut().zip(variance) {
                *running = old * *running + new * (variance * unbiased);
            }
            weights.n_batches[norm_idx] += 1;
        }
    }

    fn output_node(&self) -> NodeIdx {
        NodeIdx(self.network.nodes().len() - 1)
    }

    fn len(&self, node: NodeIdx) -> usize {
        self.network.extent(node).len() * self.batch
    }

    fn slot(&self, node: NodeIdx) -> usize {
        self.plan.activation[node.0].expect("every node that is read has a slot")
    }

    fn values(&self, node: NodeIdx) -> &[K::Real] {
        &self.slots[self.slot(node)][..self.len(node)]
    }
}
