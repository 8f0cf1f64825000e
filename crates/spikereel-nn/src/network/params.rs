//! The parameters of a network: published names, PyTorch's axis order, and where each stands in one flat vector.

use super::{Extent, Node, NormAxis, Op};
use std::ops::Range;

/// What a tensor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Weights of a dense layer or a convolution; trained.
    Weight,
    /// Its bias; trained.
    Bias,
    /// Scale of a batch normalisation (PyTorch calls it `weight`); trained.
    Gamma,
    /// Its shift (PyTorch: `bias`); trained.
    Beta,
    /// Its running mean.
    RunningMean,
    /// Its running variance, unbiased.
    RunningVar,
}

impl Role {
    /// True for what the optimiser changes; the others are buffers.
    pub fn is_trained(self) -> bool {
        !matches!(self, Role::RunningMean | Role::RunningVar)
    }
}

/// A tensor of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamSpec {
    /// The published name, such as `encoder.0.weight`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
    /// Values that enter one output: PyTorch's `fan_in`. 0 for batch normalisation.
    pub fan_in: usize,
    /// Its place in the flat vector: of trained values, or of buffers, by its role.
    pub range: Range<usize>,
}

/// The tensors of one node, as ranges of the flat vectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeParams {
    /// Weight or gamma, in the trained values.
    pub weight: Range<usize>,
    /// Bias or beta, in the trained values.
    pub bias: Range<usize>,
    /// Running mean, in the buffers; empty where the node is no batch normalisation.
    pub mean: Range<usize>,
    /// Running variance, in the buffers.
    pub variance: Range<usize>,
    /// Position among the batch normalisations.
    pub norm_idx: Option<usize>,
}

/// All tensors of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParamLayout {
    /// In PyTorch's order.
    pub specs: Vec<ParamSpec>,
    /// Per node, where it has any.
    pub of_node: Vec<Option<NodeParams>>,
    /// Names of the batch normalisations, in order; each has a counter `num_batches_tracked`.
    pub norm_names: Vec<String>,
    /// Trained values in all.
    pub n_trained: usize,
    /// Buffered values in all, counters not included.
    pub n_buffered: usize,
}

impl ParamLayout {
    /// Lays out the tensors of nodes whose outputs have these sizes.
    pub(super) fn new(nodes: &[Node], extents: &[Extent]) -> Self {
        let mut layout = Self::default();
        for node in nodes {
            let input = node.inputs.first().map(|input| extents[input.0]);
            let params = input.and_then(|input| layout.add_node(node, input));
            layout.of_node.push(params);
        }
        layout
    }

    fn add_node(&mut self, node: &Node, input: Extent) -> Option<NodeParams> {
        let (shape, fan_in) = match node.op {
            Op::Linear { out_features } => (vec![out_features, input.channels], input.channels),
            Op::Conv3d { out_channels, kernel } | Op::UpsampleConv3d { out_channels, kernel, .. } => {
                let mut shape = vec![out_channels, input.channels];
                shape.extend(kernel);
                (shape, input.channels * kernel.iter().product::<usize>())
            }
            Op::Conv2d { out_channels, kernel: [height, width] } => {
                (vec![out_channels, input.channels, height, width], input.channels * height * width)
            }
            Op::BatchNorm { axis } => {
                let n = if axis == NormAxis::Bin { input.frames } else { input.channels };
                let params = NodeParams {
                    weight: self.add(node, "weight", Role::Gamma, vec![n], 0),
                    bias: self.add(node, "bias", Role::Beta, vec![n], 0),
                    mean: self.add(node, "running_mean", Role::RunningMean, vec![n], 0),
                    variance: self.add(node, "running_var", Role::RunningVar, vec![n], 0),
                    norm_idx: Some(self.norm_names.len()),
                };
                self.norm_names.push(node.name.clone());
                return Some(params);
            }
            _ => return None,
        };
        let n_out = shape[0];
        Some(NodeParams {
            weight: self.add(node, "weight", Role::Weight, shape, fan_in),
            bias: self.add(node, "bias", Role::Bias, vec![n_out], fan_in),
            ..NodeParams::default()
        })
    }

    fn add(&mut self, node: &Node, suffix: &str, role: Role, shape: Vec<usize>, fan_in: usize) -> Range<usize> {
        let total = if role.is_trained() { &mut self.n_trained } else { &mut self.n_buffered };
        let range = *total..*total + shape.iter().product::<usize>();
        *total = range.end;
        let name = format!("{}.{suffix}", node.name);
        self.specs.push(ParamSpec { name, shape, role, fan_in, range: range.clone() });
        range
    }

    /// The tensor of this name.
    pub fn spec(&self, name: &str) -> Option<&ParamSpec> {
        self.specs.iter().find(|spec| spec.name == name)
    }
}
