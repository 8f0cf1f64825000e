//! Which output frames of a network are the same picture, whatever it is fed.
//!
//! A convolution with zero padding can only tell frames apart that differ in what stands around them. So each frame of each node gets a label
//! made of the labels it is computed from; frames of equal label hold equal values for every input and every weight. Behind a bottleneck
//! of one time step only the distance to the borders is left to tell them apart.

use super::{Network, NormAxis, Op};
use std::collections::HashMap;

/// Frames of an output that are equal by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameGroups {
    /// Per frame, the first frame that is identical to it.
    pub first_equal: Vec<usize>,
}

impl FrameGroups {
    /// Number of frames that differ.
    pub fn n_distinct(&self) -> usize {
        self.first_equal.iter().enumerate().filter(|(frame, first)| frame == *first).count()
    }

    /// The longest run of identical neighbors; empty where no frame repeats the one before it.
    pub fn longest_run(&self) -> std::ops::Range<usize> {
        let labels = &self.first_equal;
        let (mut best, mut start) = (0..0, 0);
        for at in 1..=labels.len() {
            if at == labels.len() || labels[at] != labels[start] {
                if at - start > best.len().max(1) {
                    best = start..at;
                }
                start = at;
            }
        }
        best
    }
}

/// A label of each frame; `BORDER` stands for zero padding.
type Labels = Vec<usize>;
const BORDER: usize = usize::MAX;

/// Groups the output frames of `network`.
pub fn frame_groups(network: &Network) -> FrameGroups {
    let mut of_node: Vec<Labels> = Vec::with_capacity(network.nodes().len());
    for (node_idx, node) in network.nodes().iter().enumerate() {
        let inputs: Vec<&Labels> = node.inputs.iter().map(|input| &of_node[input.0]).collect();
        let n_frames = network.extent(super::NodeIdx(node_idx)).frames;
        of_node.push(labels(&node.op, &inputs, n_frames));
    }
    let last = of_node.pop().unwrap_or_default();
    let first = |label: &usize| last.iter().position(|other| other == label).unwrap_or(0);
    FrameGroups { first_equal: last.iter().map(first).collect() }
}

fn labels(op: &Op, inputs: &[&Labels], n_frames: usize) -> Labels {
    let Some(&x) = inputs.first() else { return (0..n_frames).collect() };
    let clamped = || (0..n_frames).map(|frame| x[frame.min(x.len() - 1)]).collect();
    let repeated = |by: usize| -> Labels { (0..n_frames).map(|frame| x[frame / by]).collect() };
    match *op {
        Op::Conv3d { kernel, .. } => named(windows(x, kernel[0])),
        Op::UpsampleConv3d { kernel, upsample, .. } => named(windows(&repeated(upsample[0]), kernel[0])),
        Op::MaxPool3d { window } => named(x.chunks_exact(window[0]).map(<[usize]>::to_vec).collect()),
        Op::BatchNorm { axis: NormAxis::Bin } => (0..n_frames).collect(),
        Op::ResampleFrames { .. } => (0..n_frames).map(|frame| x[(2 * frame + 1) * x.len() / (2 * n_frames)]).collect(),
        Op::PadEnd { .. } | Op::Crop { .. } => clamped(),
        Op::Upsample { factor } => repeated(factor[0]),
        Op::Concat => named((0..n_frames).map(|frame| inputs.iter().map(|input| input[frame]).collect()).collect()),
        _ => x.clone(),
    }
}

/// What each frame's window of `size` frames holds.
fn windows(x: &[usize], size: usize) -> Vec<Vec<usize>> {
    let half = size / 2;
    let label = |at: usize| at.checked_sub(half).and_then(|at| x.get(at)).copied().unwrap_or(BORDER);
    (0..x.len()).map(|frame| (frame..frame + size).map(label).collect()).collect()
}

/// A number for each distinct composition.
fn named(compositions: Vec<Vec<usize>>) -> Labels {
    let mut names: HashMap<Vec<usize>, usize> = HashMap::new();
    compositions
        .into_iter()
        .map(|composition| {
            let next = names.len();
            *names.entry(composition).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{DecoderShape, Model, build};

    #[test]
    fn the_published_decoder_has_37_distinct_frames_and_repeats_18_to_26() {
        let groups = frame_groups(&build(&DecoderShape::paper(140)).unwrap());
        assert_eq!(groups.n_distinct(), 37);
        assert_eq!(groups.longest_run(), 18..27);
    }

    #[test]
    fn models_without_a_bottleneck_in_time_repeat_nothing() {
        for model in [Model::Mlp, Model::ShallowCnn, Model::DecoderTemporal] {
            let groups = frame_groups(&build(&DecoderShape::paper(10).of_model(model)).unwrap());
            assert_eq!((groups.n_distinct(), groups.longest_run()), (45, 0..0), "{model:?}");
        }
    }
}
