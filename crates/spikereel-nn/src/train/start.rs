//! Where a network's weights start.
//!
//! [`Start::Fitted`] keeps every draw of the published start and changes three scales, none of which changes what the network can express:
//!
//! - Convolutions before a batch normalisation start 10 times larger. The normalisation divides their scale out again, so
//!   the output is the same; but Adam's steps have the size of the learning rate whatever the weights' size, and the published
//!   weights (about 1 / sqrt(fan in), .01 to .03) are so small that a step at .003 to .01 replaces them by a fifth and more.
//! - The dense layer before the sigmoid starts 3 times larger, so that the sigmoid is used over its range.
//! - The last normalisation starts at the mean and spread that the training videos have before the tanh. At the published start (0, 1) it
//!   takes hundreds of steps until the output can become black, and until then nothing else is learned.
//!
//! docs/training.md shows what each is worth. The scales serve every network with the decoder's trunk; the comparison networks start as
//! published.

use super::{Start, Task};
use crate::Real;
use crate::network::{Model, Network, Node, NodeIdx, Op};
use crate::weights::Weights;
use spikereel_data::{Fold, Part};

const CONV_SCALE: f64 = 10.0;
const DENSE_SCALE: f64 = 3.0;
/// The tanh never reaches black or white; values nearer to them count as this near.
const NEAREST: f64 = 0.005;
/// Smallest spread the last normalisation starts at, for colors that hardly change.
const LEAST_SPREAD: f64 = 0.1;
/// Training trials whose videos are looked at, evenly spaced: enough for a mean and a spread.
const N_LOOKED_AT: usize = 64;

/// The start that a network can take: the fitted one is made for the decoder's trunk.
pub(super) fn of_network(start: Start, task: Task, model: Model) -> Start {
    match (task, model) {
        (Task::Decode, Model::Mlp | Model::ShallowCnn) => Start::Published,
        _ => start,
    }
}

/// The weights that training starts from.
pub(super) fn weights<R: Real>(start: Start, network: &Network, fold: &Fold, seed: u64) -> Weights<R> {
    let mut weights = Weights::init(network, seed);
    if start == Start::Fitted {
        scale_layers(network, &mut weights);
        match_videos(network, fold, &mut weights);
    }
    weights
}

fn reader(network: &Network, node_idx: usize) -> Option<&Node> {
    network.nodes().iter().find(|node| node.inputs.contains(&NodeIdx(node_idx)))
}

fn scale_layers<R: Real>(network: &Network, weights: &mut Weights<R>) {
    for (node_idx, node) in network.nodes().iter().enumerate() {
        let next = reader(network, node_idx).map(|next| &next.op);
        let scale = match (&node.op, next) {
            (Op::Conv3d { .. } | Op::UpsampleConv3d { .. }, Some(Op::BatchNorm { .. })) => CONV_SCALE,
            (Op::Linear { .. }, Some(Op::Sigmoid)) => DENSE_SCALE,
            _ => continue,
        };
        let Some(params) = &network.params().of_node[node_idx] else { continue };
        let scale = R::from_f64(scale);
        weights.trained[params.weight.clone()].iter_mut().for_each(|value| *value = *value * scale);
    }
}

/// Sets gamma and beta of the normalisation before the tanh to spread and mean of `atanh(2 v - 1)`, color by color.
fn match_videos<R: Real>(network: &Network, fold: &Fold, weights: &mut Weights<R>) {
    let last = network.nodes().iter().enumerate().find_map(|(node_idx, node)| {
        let is_last = reader(network, node_idx).is_some_and(|next| matches!(next.op, Op::TanhUnit));
        (is_last && matches!(node.op, Op::BatchNorm { .. })).then_some(node_idx)
    });
    let trials = fold.trials(Part::Train);
    let Some(params) = last.and_then(|node_idx| network.params().of_node[node_idx].as_ref()) else { return };
    let (gamma, beta) = (params.weight.clone(), params.bias.clone());
    let n_colors = gamma.len();
    let mut video = vec![0.0_f32; network.output().len()];
    let (mut n, mut sum, mut square) = (0.0, vec![0.0; n_colors], vec![0.0; n_colors]);
    for &trial_idx in trials.iter().step_by((trials.len() / N_LOOKED_AT).max(1)) {
        fold.fill_video(trial_idx, &mut video);
        for pixel in video.chunks_exact(n_colors) {
            n += 1.0;
            for (color, &value) in pixel.iter().enumerate() {
                let before_tanh = (2.0 * f64::from(value).clamp(NEAREST, 1.0 - NEAREST) - 1.0).atanh();
                sum[color] += before_tanh;
                square[color] += before_tanh * before_tanh;
            }
        }
    }
    if n == 0.0 {
        return;
    }
    for color in 0..n_colors {
        let mean = sum[color] / n;
        let spread = (square[color] / n - mean * mean).max(0.0).sqrt().max(LEAST_SPREAD);
        weights.trained[gamma.start + color] = R::from_f64(spread);
        weights.trained[beta.start + color] = R::from_f64(mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{DecoderShape, decoder};
    use ndarray::Array3;
    use spikereel_data::{
        BinGrid, ConditionTable, Dataset, DatasetParts, Factor, Level, RealTrial, Region, SharedBytes, Site,
        SpikeTensor, Split, Standardisation, TargetKind, Timeline, Trial, VideoPool,
    };
    use std::sync::Arc;

    /// Two trials of one site; all pixels black in red, gray in green, half white in blue.
    fn fold() -> Fold {
        let pixel = |at: usize| [0, 128, if at.is_multiple_of(2) { 255 } else { 0 }];
        let clip: Vec<u8> = (0..256).flat_map(pixel).collect();
        let factor = Factor { name: "which".into(), levels: vec![Level::Number(0.0), Level::Number(1.0)] };
        let trial = |at: usize| Trial {
            condition_idx: at % 2,
            clip_idx: 0,
            origins: vec![RealTrial { session_idx: 0, trial_idx: at as u32 }],
        };
        let dataset = Dataset::new(DatasetParts {
            name: "colors".into(),
            sessions: vec!["one".into()],
            sites: vec![Site { id: "a".into(), region: Region("A".into()), session: "one".into() }],
            conditions: ConditionTable::new(vec![factor], vec![vec![0], vec![1]]).unwrap(),
            trials: (0..4).map(trial).collect(),
            spikes: SpikeTensor::from_array(Array3::from_shape_fn((4, 1, 1), |(trial, _, _)| trial as f32).view())
                .unwrap(),
            bins: BinGrid::new(0.0, 0.1, 0.1, 1).unwrap(),
            video: VideoPool::new([1, 1, 16, 16, 3], SharedBytes::new(clip)).unwrap(),
            timeline: Timeline::new(10.0, 0.0, 1, vec![]).unwrap(),
            target_kind: TargetKind::ConditionOnly,
            covariates: vec![],
            truth: None,
            remarks: vec![],
        });
        let split = Split::new(vec![0, 1], vec![2], vec![3], 4).unwrap();
        Fold::new(Arc::new(dataset.unwrap()), split, Standardisation::PerSite).unwrap()
    }

    #[test]
    fn the_fitted_start_keeps_the_draws_and_gives_the_last_normalisation_the_videos_mean_and_spread() {
        let shape = DecoderShape {
            n_bins: 1,
            n_sites: 1,
            n_frames: 1,
            height: 16,
            width: 16,
            base_channels: 2,
            model: Model::Decoder,
        };
        let network = decoder(&shape).unwrap();
        let published = Weights::<f64>::init(&network, 5);
        assert_eq!(weights::<f64>(Start::Published, &network, &fold(), 5), published);
        let fitted = weights::<f64>(Start::Fitted, &network, &fold(), 5);
        let tensors = |name: &str| {
            let spec = network.params().spec(name).unwrap();
            (fitted.tensor(spec).to_vec(), published.tensor(spec).to_vec())
        };
        for (name, scale) in [
            ("encoder.0.weight", 10.0),
            ("decoder.13.weight", 10.0),
            ("Dense.dense2.weight", 3.0),
            ("Dense.dense1.weight", 1.0),
            ("encoder.0.bias", 1.0),
            ("encoder.1.weight", 1.0),
        ] {
            let (fitted, published) = tensors(name);
            assert!(fitted.iter().zip(&published).all(|(fitted, published)| *fitted == published * scale), "{name}");
        }
        let (gamma, beta) = (tensors("decoder.14.weight").0, tensors("decoder.14.bias").0);
        let black = (2.0 * NEAREST - 1.0_f64).atanh();
        assert!((beta[0] - black).abs() < 1e-9 && gamma[0] == LEAST_SPREAD, "{beta:?} {gamma:?}");
        assert!(beta[1].abs() < 0.01 && gamma[1] == LEAST_SPREAD, "{beta:?} {gamma:?}");
        assert!(beta[2].abs() < 1e-9 && (gamma[2] + black).abs() < 1e-9, "{beta:?} {gamma:?}");
    }
}
