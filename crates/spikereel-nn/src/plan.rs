//! From a table of nodes to steps over a small set of buffers: what runs when, what is fused, and which tensors may share memory.
//!
//! Time runs forward over the steps, then backward. A tensor lives from its first write to its last read; tensors whose lives do not
//! meet share a slot. Sizes are per sample, so one plan serves every batch size.

use crate::network::{Network, NodeIdx, NormAxis, Op};

/// What an engine is for: this decides which tensors outlive the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// Gradients of the trained values.
    pub weight_gradients: bool,
    /// Gradient of the input.
    pub input_gradient: bool,
}

impl Wants {
    /// Output alone.
    pub const INFERENCE: Self = Self { weight_gradients: false, input_gradient: false };
    /// What an optimiser needs.
    pub const TRAINING: Self = Self { weight_gradients: true, input_gradient: false };
    /// The gradient of the input alone.
    pub const INPUT_GRADIENT: Self = Self { weight_gradients: false, input_gradient: true };
    /// Every gradient.
    pub const ALL_GRADIENTS: Self = Self { weight_gradients: true, input_gradient: true };

    fn any(self) -> bool {
        self.weight_gradients || self.input_gradient
    }
}

/// Where an input's gradient goes during a step's backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Slot of the gradient.
    pub slot: usize,
    /// Where another reader has written it before: a slot to write this step's share to, which is then added.
    pub scratch: Option<usize>,
}

/// A node to run, with the buffers it uses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    /// The node whose operation and parameters are used.
    pub node: NodeIdx,
    /// The node's inputs.
    pub inputs: Vec<NodeIdx>,
    /// The node whose output this is: the last one of a chain that runs as one.
    pub output: NodeIdx,
    /// A batch normalisation applies the ReLU that follows it.
    pub relu: bool,
    /// The window of the max pooling that a batch normalisation over channels applies last.
    pub pool: Option<[usize; 3]>,
    /// Per input; `None` where its gradient is not needed. All `None` where the output's own is not.
    pub edges: Vec<Option<Edge>>,
    /// True where the backward pass runs for this step.
    pub backward: bool,
}

/// Steps and buffers of a network for one purpose.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub wants: Wants,
    pub steps: Vec<Step>,
    /// Slot of each node's output; `None` where the node is fused away.
    pub activation: Vec<Option<usize>>,
    /// Slot of each node's output gradient.
    pub gradient: Vec<Option<usize>>,
    /// Values per sample of each slot.
    pub slot_len: Vec<usize>,
    /// Nodes whose outputs last until the end.
    pub kept: Vec<NodeIdx>,
}

/// A tensor's life: first and last moment, values per sample, and where to write its slot.
struct Life {
    born: usize,
    dies: usize,
    len: usize,
    place: Place,
}

enum Place {
    Activation(usize),
    Gradient(usize),
    /// An activation that becomes its own gradient.
    Both(usize),
    Scratch {
        step: usize,
        input: usize,
    },
}

impl Plan {
    /// Plans `network`; the outputs of `keep` can be read after the forward pass.
    pub fn new(network: &Network, wants: Wants, keep: &[NodeIdx]) -> Self {
        let mut steps = fuse(network, keep);
        let needs_gradient = find_needed(network, &mut steps, wants);
        let n_nodes = network.nodes().len();
        let mut lives = activation_lives(network, &steps, wants, keep);
        if wants.any() {
            gradient_lives(network, &mut steps, &needs_gradient, &mut lives);
        }
        let mut plan = Self {
            wants,
            steps,
            activation: vec![None; n_nodes],
            gradient: vec![None; n_nodes],
            slot_len: Vec::new(),
            kept: keep.to_vec(),
        };
        plan.assign(lives);
        plan
    }

    fn set_gradient(&mut self, node: usize, slot: usize) {
        self.gradient[node] = Some(slot);
        for step in &mut self.steps {
            for (edge, input) in step.edges.iter_mut().zip(&step.inputs) {
                if let (Some(edge), true) = (edge, input.0 == node) {
                    edge.slot = slot;
                }
            }
        }
    }

    /// Gives each life a slot, in order of birth: the smallest free one that is large enough, else the largest free one, else a new one.
    fn assign(&mut self, mut lives: Vec<Life>) {
        lives.sort_by_key(|life| life.born);
        let mut busy_until: Vec<usize> = Vec::new();
        for life in lives {
            let free = |slot: &usize| busy_until[*slot] < life.born;
            let fitting = (0..busy_until.len()).filter(free).filter(|&slot| self.slot_len[slot] >= life.len);
            let largest = (0..busy_until.len()).filter(free).max_by_key(|&slot| self.slot_len[slot]);
            let slot = fitting.min_by_key(|&slot| self.slot_len[slot]).or(largest).unwrap_or(busy_until.len());
            if slot == busy_until.len() {
                busy_until.push(0);
                self.slot_len.push(0);
            }
            busy_until[slot] = life.dies;
            self.slot_len[slot] = self.slot_len[slot].max(life.len);
            match life.place {
                Place::Activation(node) => self.activation[node] = Some(slot),
                Place::Gradient(node) => self.set_gradient(node, slot),
                Place::Both(node) => {
                    self.activation[node] = Some(slot);
                    self.set_gradient(node, slot);
                }
                Place::Scratch { step, input } => {
                    if let Some(edge) = &mut self.steps[step].edges[input] {
                        edge.scratch = Some(slot);
                    }
                }
            }
        }
    }
}

/// One step a node, but a ReLU, a max pooling or both in this order join the batch normalisation whose output they alone read.
fn fuse(network: &Network, keep: &[NodeIdx]) -> Vec<Step> {
    let nodes = network.nodes();
    let readers = |idx: NodeIdx| nodes.iter().filter(move |node| node.inputs.contains(&idx)).count();
    let mut steps: Vec<Step> = Vec::new();
    for (idx, node) in nodes.iter().enumerate().skip(1) {
        let before = node.inputs.first().filter(|&&before| readers(before) == 1 && !keep.contains(&before));
        let chain = before.and_then(|&before| steps.iter_mut().find(|step| step.output == before));
        let chain = chain.filter(|step| step.pool.is_none());
        if let Some(step) = chain
            && let Op::BatchNorm { axis } = nodes[step.node.0].op
        {
            match node.op {
                Op::Relu if !step.relu => {
                    (step.relu, step.output) = (true, NodeIdx(idx));
                    continue;
                }
                Op::MaxPool3d { window } if axis == NormAxis::Channel => {
                    (step.pool, step.output) = (Some(window), NodeIdx(idx));
                    continue;
                }
                _ => {}
            }
        }
        steps.push(Step {
            node: NodeIdx(idx),
            inputs: node.inputs.clone(),
            output: NodeIdx(idx),
            relu: false,
            pool: None,
            edges: vec![None; node.inputs.len()],
            backward: false,
        });
    }
    steps
}

/// Which nodes' output gradients are needed, and which steps run backward.
fn find_needed(network: &Network, steps: &mut [Step], wants: Wants) -> Vec<bool> {
    let mut needs = vec![false; network.nodes().len()];
    needs[0] = wants.input_gradient;
    for step in steps {
        let has_params = network.params().of_node[step.node.0].is_some();
        let upstream = step.inputs.iter().any(|input| needs[input.0]);
        step.backward = upstream || (wants.weight_gradients && has_params);
        needs[step.output.0] = step.backward;
        if step.backward && matches!(network.nodes()[step.node.0].op, Op::BatchNorm { .. }) {
            // Its kernel writes all three gradients at once, so the input's needs a place even where nobody reads it.
            needs[step.inputs[0].0] = true;
        }
    }
    needs
}

/// What the backward pass of an operation reads of the forward pass: its inputs, its output.
fn backward_reads(op: &Op) -> (bool, bool) {
    match op {
        Op::Linear { .. }
        | Op::Conv2d { .. }
        | Op::Conv3d { .. }
        | Op::UpsampleConv3d { .. }
        | Op::BatchNorm { .. } => (true, false),
        Op::Relu | Op::Sigmoid | Op::TanhUnit => (false, true),
        _ => (false, false),
    }
}

fn activation_lives(network: &Network, steps: &[Step], wants: Wants, keep: &[NodeIdx]) -> Vec<Life> {
    let end = 2 * steps.len() + 1;
    let mut lives = vec![Life { born: 0, dies: 0, len: network.input().len(), place: Place::Activation(0) }];
    let mut life_of_node = vec![0; network.nodes().len()];
    for (at, step) in steps.iter().enumerate() {
        life_of_node[step.output.0] = lives.len();
        let len = network.extent(step.output).len();
        lives.push(Life { born: at, dies: at, len, place: Place::Activation(step.output.0) });
        let (reads_inputs, reads_output) = backward_reads(&network.nodes()[step.node.0].op);
        let backward_at = end - 1 - at;
        // A dense layer or a convolution reads its input for the weight gradient alone.
        let is_norm = matches!(network.nodes()[step.node.0].op, Op::BatchNorm { .. });
        let reads_inputs = reads_inputs && (wants.weight_gradients || is_norm);
        for input in &step.inputs {
            let life = &mut lives[life_of_node[input.0]];
            life.dies = life.dies.max(if step.backward && reads_inputs { backward_at } else { at });
        }
        if step.backward && reads_output {
            let life = &mut lives[life_of_node[step.output.0]];
            life.dies = life.dies.max(backward_at);
        }
    }
    // The output is read by the loss, between the two passes.
    let last = lives.len() - 1;
    lives[last].dies = lives[last].dies.max(steps.len());
    for node in keep {
        lives[life_of_node[node.0]].dies = end;
    }
    lives
}

fn gradient_lives(network: &Network, steps: &mut [Step], needs: &[bool], lives: &mut Vec<Life>) {
    let n_steps = steps.len();
    let end = 2 * n_steps + 1;
    let mut born: Vec<Option<usize>> = vec![None; network.nodes().len()];
    born[network.nodes().len() - 1] = Some(n_steps);
    let mut ends = vec![end; network.nodes().len()];
    for at in (0..n_steps).rev() {
        let now = end - 1 - at;
        let step = &mut steps[at];
        if !step.backward {
            continue;
        }
        ends[step.output.0] = now;
        for input in 0..step.inputs.len() {
            let node = step.inputs[input].0;
            if !needs[node] {
                continue;
            }
            step.edges[input] = Some(Edge { slot: usize::MAX, scratch: None });
            if born[node].is_some() {
                let len = network.extent(NodeIdx(node)).len();
                lives.push(Life { born: now, dies: now, len, place: Place::Scratch { step: at, input } });
            } else {
                born[node] = Some(now);
                // Its kernel turns what it reads into the gradient, where nothing reads that later.
                let read = lives.iter_mut().find(|life| matches!(life.place, Place::Activation(of) if of == node));
                if let Some(life) = read.filter(|life| step.pool.is_some() && life.dies == now) {
                    life.place = Place::Both(node);
                }
            }
        }
    }
    for life in lives.iter_mut() {
        if let Place::Both(node) = life.place {
            life.dies = ends[node];
            born[node] = None;
        }
    }
    for (node, born) in born.into_iter().enumerate() {
        if let Some(born) = born {
            let len = network.extent(NodeIdx(node)).len();
            lives.push(Life { born, dies: ends[node], len, place: Place::Gradient(node) });
        }
    }
}

/// The shape that batch normalisation runs over.
pub(crate) fn normalised(
    extent: crate::network::Extent,
    axis: NormAxis,
    batch: usize,
) -> spikereel_kernels::Normalised {
    let pixels = extent.height * extent.width;
    match axis {
        NormAxis::Bin => {
            spikereel_kernels::Normalised { outer: batch, channels: extent.frames, inner: pixels * extent.channels }
        }
        NormAxis::Channel => {
            spikereel_kernels::Normalised { outer: batch * extent.frames * pixels, channels: extent.channels, inner: 1 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{DecoderShape, decoder};

    #[test]
    fn inference_of_the_decoder_needs_little_more_than_its_two_largest_neighbours() {
        let network = decoder(&DecoderShape::paper(140)).unwrap();
        let inference = Plan::new(&network, Wants::INFERENCE, &[]);
        let training = Plan::new(&network, Wants::TRAINING, &[]);
        let total = |plan: &Plan| plan.slot_len.iter().sum::<usize>();
        let largest = 45 * 32 * 32 * 32;
        assert!(total(&inference) < 3 * largest, "{}", total(&inference));
        // The first convolution's output, which becomes its own gradient, is one; what the other layers keep, a tenth of it or less each,
        // comes to 1.1.
        assert!(5 * total(&training) < 11 * largest, "{}", total(&training));
    }

    #[test]
    fn every_batch_norm_takes_the_relu_and_the_pooling_behind_it() {
        let network = decoder(&DecoderShape::paper(140)).unwrap();
        let plan = Plan::new(&network, Wants::TRAINING, &[]);
        assert_eq!(plan.steps.iter().filter(|step| step.relu).count(), 8);
        assert_eq!(plan.steps.iter().filter(|step| step.pool.is_some()).count(), 4);
        assert!(plan.steps.iter().all(|step| !matches!(network.nodes()[step.node.0].op, Op::MaxPool3d { .. })));
        assert!(plan.steps.iter().all(|step| !matches!(network.nodes()[step.node.0].op, Op::Relu)));
        assert_eq!(plan.gradient[0], None);
    }
}
