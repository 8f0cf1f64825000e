//! Networks as data: a table of nodes in execution order, each an operation and the nodes it reads.
//!
//! A network holds no weights and runs nothing; an engine executes the table, so that a second engine never restates a model.

mod comparison;
mod decoder;
mod encoder;
mod op;
mod params;
mod repeats;
mod table;
mod temporal;

pub use comparison::{mlp, shallow_cnn};
pub(crate) use decoder::LATENT_NODE;
pub use decoder::{DecoderShape, Model, decoder, temporal_pools};
pub use encoder::{EncoderShape, encoder};
pub use op::{Extent, NormAxis, Op};
pub use params::{NodeParams, ParamLayout, ParamSpec, Role};
pub use repeats::{FrameGroups, frame_groups};
pub use temporal::decoder_temporal;

use spikereel_data::{DataError, Result};

/// The network of a shape, by its model.
///
/// # Errors
/// What the function of the model says.
pub fn build(shape: &DecoderShape) -> Result<Network> {
    match shape.model {
        Model::Decoder => decoder(shape),
        Model::Mlp => mlp(shape),
        Model::ShallowCnn => shallow_cnn(shape),
        Model::DecoderTemporal => decoder_temporal(shape),
    }
}

/// Position of a node in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIdx(pub usize);

/// One step of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Prefix of its tensors' names, such as `encoder.0`; unique.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// What it reads: earlier nodes.
    pub inputs: Vec<NodeIdx>,
}

/// A checked table of nodes. Node 0 is the input, the last node is the output.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    nodes: Vec<Node>,
    extents: Vec<Extent>,
    params: ParamLayout,
}

impl Network {
    /// Checks a table: node 0 the one input, names unique, inputs earlier, sizes that fit.
    ///
    /// # Errors
    /// Names the node at fault.
    pub fn new(nodes: Vec<Node>) -> Result<Self> {
        let mut extents: Vec<Extent> = Vec::with_capacity(nodes.len());
        for (node_idx, node) in nodes.iter().enumerate() {
            let field = format!("network node `{}`", node.name);
            if nodes[..node_idx].iter().any(|earlier| earlier.name == node.name) {
                return Err(DataError::new(field, "a name of its own", "one used before"));
            }
            if matches!(node.op, Op::Input(_)) != (node_idx == 0) {
                return Err(DataError::new(field, "one input, as the first node", format!("{:?}", node.op)));
            }
            if let Some(later) = node.inputs.iter().find(|input| input.0 >= node_idx) {
                return Err(DataError::new(field, format!("inputs below {node_idx}"), later.0.to_string()));
            }
            let inputs: Vec<Extent> = node.inputs.iter().map(|input| extents[input.0]).collect();
            extents.push(node.op.extent(&inputs).map_err(|error| error.at(field))?);
        }
        if nodes.len() < 2 {
            return Err(DataError::new("network", "an input and at least one more node", nodes.len().to_string()));
        }
        for (node_idx, node) in nodes.iter().enumerate().take(nodes.len() - 1) {
            if !nodes.iter().any(|reader| reader.inputs.contains(&NodeIdx(node_idx))) {
                return Err(DataError::new(
                    format!("network node `{}`", node.name),
                    "a later node that reads it",
                    "none",
                ));
            }
        }
        let params = ParamLayout::new(&nodes, &extents);
        Ok(Self { nodes, extents, params })
    }

    /// The table.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Size of a node's output, per sample.
    pub fn extent(&self, node: NodeIdx) -> Extent {
        self.extents[node.0]
    }

    /// Size of the input, per sample.
    pub fn input(&self) -> Extent {
        self.extents[0]
    }

    /// Size of the output, per sample.
    pub fn output(&self) -> Extent {
        self.extents[self.extents.len() - 1]
    }

    /// The tensors.
    pub fn params(&self) -> &ParamLayout {
        &self.params
    }

    /// Number of trained values.
    pub fn n_params(&self) -> usize {
        self.params.n_trained
    }

    /// The node of this name.
    pub fn node_idx(&self, name: &str) -> Option<NodeIdx> {
        self.nodes.iter().position(|node| node.name == name).map(NodeIdx)
    }

    /// The beginning of the table, with `last` as its output; its tensors are the first of this network's, in the same places.
    ///
    /// # Errors
    /// Where a node of it is read behind `last` alone.
    pub fn up_to(&self, last: NodeIdx) -> Result<Self> {
        Self::new(self.nodes[..=last.0].to_vec())
    }

    /// Ranges of trained values whose gradient is 0 by construction: biases directly before a batch normalisation of
    /// their own axis, which subtracts them again.
    pub fn dead_biases(&self) -> Vec<std::ops::Range<usize>> {
        let mut ranges = Vec::new();
        for node in &self.nodes {
            let (Op::BatchNorm { axis: NormAxis::Channel }, [input]) = (&node.op, node.inputs.as_slice()) else {
                continue;
            };
            let n_readers = self.nodes.iter().filter(|reader| reader.inputs.contains(input)).count();
            let before = &self.nodes[input.0].op;
            let has_bias =
                matches!(before, Op::Linear { .. } | Op::Conv2d { .. } | Op::Conv3d { .. } | Op::UpsampleConv3d { .. });
            if let (true, 1, Some(params)) = (has_bias, n_readers, &self.params.of_node[input.0]) {
                ranges.push(params.bias.clone());
            }
        }
        ranges
    }

    /// All trained values in ranges, each with a factor on its learning rate: `norm_factor` for gamma and beta, else 1.
    pub fn rate_factors(&self, norm_factor: f64) -> Vec<(std::ops::Range<usize>, f64)> {
        let trained = self.params.specs.iter().filter(|spec| spec.role.is_trained());
        let factor = |role| if matches!(role, Role::Gamma | Role::Beta) { norm_factor } else { 1.0 };
        trained.map(|spec| (spec.range.clone(), factor(spec.role))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, op: Op, inputs: &[usize]) -> Node {
        Node { name: name.into(), op, inputs: inputs.iter().map(|&idx| NodeIdx(idx)).collect() }
    }

    fn input() -> Node {
        node("in", Op::Input(Extent { frames: 2, height: 1, width: 1, channels: 3 }), &[])
    }

    #[test]
    fn a_table_that_reads_ahead_or_names_a_node_twice_is_refused_by_name() {
        let ahead = Network::new(vec![input(), node("a", Op::Relu, &[2]), node("b", Op::Relu, &[0])]).unwrap_err();
        assert!(ahead.to_string().contains("`a`"), "{ahead}");
        let twice = Network::new(vec![input(), node("a", Op::Relu, &[0]), node("a", Op::Relu, &[1])]).unwrap_err();
        assert!(twice.to_string().contains("`a`"), "{twice}");
    }

    #[test]
    fn a_crop_larger_than_its_input_names_the_node() {
        let op = Op::Crop { frames: 3, height: 1, width: 1 };
        let error = Network::new(vec![input(), node("crop", op, &[0])]).unwrap_err();
        assert!(error.to_string().contains("`crop`"), "{error}");
    }
}
