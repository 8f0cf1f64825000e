//! Backward passes against differences of the loss, in the f64 engine: padding, resampling, skips, every wiring of the table.

mod common;

use common::{formula_data, formula_weights, uniform};
use spikereel_kernels::fast::Fast;
use spikereel_kernels::naive::Naive;
use spikereel_nn::network::{DecoderShape, Extent, Model, Network, Node, NodeIdx, NormAxis, Op, decoder};
use spikereel_nn::{Engine, Mode, Wants};
use std::sync::Arc;

/// Gradient of `sum(output * direction)` by the engine, and by central differences at some positions; returns the largest difference
/// relative to the gradient's largest value, for weights and for the input.
fn check(network: Network, mode: Mode) -> (f64, f64) {
    const N: usize = 2;
    const STEP: f64 = 1e-5;
    let network = Arc::new(network);
    let mut weights = formula_weights::<f64>(&network);
    let (input, _) = formula_data::<f64>(&network, N);
    let direction = uniform("direction", N * network.output().len());
    let mut engine = Engine::new(Arc::clone(&network), Naive, Wants::ALL_GRADIENTS, &[]);
    // Running statistics near those of the batch: with any others, ReLUs of an untrained network may all be shut.
    for _ in 0..40 {
        engine.forward(&weights, Mode::Train, N, &input).unwrap();
        engine.update_running(&mut weights);
    }
    engine.forward(&weights, mode, N, &input).unwrap();
    engine.output_gradient_mut().copy_from_slice(&direction);
    engine.backward(&weights);
    let (of_weights, of_input) = (engine.gradients().to_vec(), engine.input_gradient().unwrap().to_vec());
    let mut value = |weights: &_, input: &[f64]| -> f64 {
        let output = engine.forward(weights, mode, N, input).unwrap();
        output.iter().zip(&direction).map(|(y, d)| y * d).sum()
    };
    let worst = |analytic: &[f64], numeric: &mut dyn FnMut(usize) -> f64| {
        let largest = analytic.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        assert!(largest > 1e-6, "no gradient to compare");
        let every = analytic.len().div_ceil(60);
        (0..analytic.len()).step_by(every).map(|at| (analytic[at] - numeric(at)).abs() / largest).fold(0.0, f64::max)
    };
    let of_weights = worst(&of_weights, &mut |at| {
        let mut moved = weights.clone();
        moved.trained[at] += STEP;
        let up = value(&moved, &input);
        moved.trained[at] -= 2.0 * STEP;
        (up - value(&moved, &input)) / (2.0 * STEP)
    });
    let of_input = worst(&of_input, &mut |at| {
        let mut moved = input.clone();
        moved[at] += STEP;
        let up = value(&weights, &moved);
        moved[at] -= 2.0 * STEP;
        (up - value(&weights, &moved)) / (2.0 * STEP)
    });
    (of_weights, of_input)
}

fn node(name: &str, op: Op, inputs: &[usize]) -> Node {
    Node { name: name.into(), op, inputs: inputs.iter().map(|&idx| NodeIdx(idx)).collect() }
}

/// A skip around a pool, a tensor read three times, a batch norm read twice (so not fused), a norm directly on the input.
fn wired() -> Network {
    let extent = Extent { frames: 4, height: 4, width: 4, channels: 2 };
    Network::new(vec![
        node("in", Op::Input(extent), &[]),
        node("norm_in", Op::BatchNorm { axis: NormAxis::Channel }, &[0]),
        node("conv", Op::Conv3d { out_channels: 3, kernel: [3, 1, 5] }, &[1]),
        node("norm", Op::BatchNorm { axis: NormAxis::Bin }, &[2]),
        node("relu", Op::Relu, &[3]),
        node("pool", Op::MaxPool3d { window: [2, 2, 2] }, &[4]),
        node("up", Op::Upsample { factor: [2, 2, 2] }, &[5]),
        node("concat", Op::Concat, &[3, 6, 4]),
        node("linear", Op::Linear { out_features: 2 }, &[7]),
        node("out", Op::TanhUnit, &[8]),
    ])
    .unwrap()
}

/// Convolutions of single frames, bilinear upsampling by two factors, a frame flattened and put together again.
fn flat() -> Network {
    let extent = Extent { frames: 2, height: 3, width: 2, channels: 2 };
    Network::new(vec![
        node("in", Op::Input(extent), &[]),
        node("conv", Op::Conv2d { out_channels: 3, kernel: [3, 5] }, &[0]),
        node("up", Op::UpsampleBilinear { factor: [2, 3] }, &[1]),
        node("norm", Op::BatchNorm { axis: NormAxis::Channel }, &[2]),
        node("flatten", Op::FeaturesFromFrames, &[3]),
        node("linear", Op::Linear { out_features: 12 }, &[4]),
        node("unflatten", Op::FramesFromFeatures { height: 2, width: 2 }, &[5]),
        node("out", Op::Sigmoid, &[6]),
    ])
    .unwrap()
}

/// A norm and a pool as one step, on what `also` reads too: the input itself, or a convolution read before or behind that step.
fn pooled(also: Also) -> Network {
    let extent = Extent { frames: 4, height: 4, width: 4, channels: 3 };
    let conv = Op::Conv3d { out_channels: 3, kernel: [3, 3, 1] };
    let first = match also {
        Also::Nothing | Also::Behind | Also::Before => conv.clone(),
        Also::IsInput => Op::Upsample { factor: [1; 3] },
    };
    let on = if matches!(also, Also::IsInput) { 0 } else { 1 };
    let mut nodes = vec![node("in", Op::Input(extent), &[]), node("first", first, &[0])];
    if matches!(also, Also::Before) {
        nodes.push(node("reader", conv.clone(), &[1]));
    }
    let norm = nodes.len();
    nodes.push(node("norm", Op::BatchNorm { axis: NormAxis::Channel }, &[on]));
    nodes.push(node("relu", Op::Relu, &[norm]));
    nodes.push(node("pool", Op::MaxPool3d { window: [2, 2, 2] }, &[norm + 1]));
    nodes.push(node("up", Op::Upsample { factor: [2, 2, 2] }, &[norm + 2]));
    if matches!(also, Also::Behind) {
        nodes.push(node("reader", conv, &[1]));
    }
    let reader = nodes.iter().position(|node| node.name == "reader").unwrap_or(1);
    nodes.push(node("concat", Op::Concat, &[norm + 3, reader]));
    nodes.push(node("linear", Op::Linear { out_features: 2 }, &[nodes.len() - 1]));
    if matches!(also, Also::Nothing) {
        nodes.truncate(norm + 4);
        nodes.push(node("linear", Op::Linear { out_features: 2 }, &[norm + 3]));
    }
    let last = nodes.len() - 1;
    nodes.push(node("out", Op::TanhUnit, &[last]));
    Network::new(nodes).unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Also {
    Nothing,
    IsInput,
    Before,
    Behind,
}

#[test]
fn a_norm_with_its_pool_has_the_gradient_of_its_differences_whoever_else_reads_its_input() {
    for also in [Also::Nothing, Also::IsInput, Also::Before, Also::Behind] {
        for mode in [Mode::Eval, Mode::Train] {
            let (weights, input) = check(pooled(also), mode);
            println!("{also:?} {mode:?}: weights {weights:.1e} input {input:.1e}");
            assert!(weights < 1e-6 && input < 1e-6, "{also:?} {mode:?}: {weights} {input}");
        }
    }
}

#[test]
fn a_kept_output_is_still_there_after_the_backward_pass_and_no_other_is_given() {
    let network = Arc::new(pooled(Also::Nothing));
    let weights = formula_weights::<f64>(&network);
    let (input, _) = formula_data::<f64>(&network, 2);
    let mut engine = Engine::new(Arc::clone(&network), Naive, Wants::ALL_GRADIENTS, &[NodeIdx(1)]);
    engine.forward(&weights, Mode::Train, 2, &input).unwrap();
    let before = engine.kept(NodeIdx(1)).unwrap().to_vec();
    engine.output_gradient_mut().fill(1.0);
    engine.backward(&weights);
    assert_eq!(engine.kept(NodeIdx(1)).unwrap(), before);
    assert_eq!(engine.kept(NodeIdx(0)), None);
}

#[test]
fn flat_convolutions_bilinear_upsampling_and_flattening_have_the_gradient_of_their_differences() {
    for mode in [Mode::Eval, Mode::Train] {
        let (weights, input) = check(flat(), mode);
        println!("{mode:?}: weights {weights:.1e} input {input:.1e}");
        assert!(weights < 1e-6 && input < 1e-6, "{mode:?}: {weights} {input}");
    }
}

#[test]
fn a_padded_and_resampled_decoder_has_the_gradient_of_its_differences() {
    let shape = DecoderShape {
        n_bins: 4,
        n_sites: 3,
        n_frames: 7,
        height: 5,
        width: 18,
        base_channels: 2,
        model: Model::Decoder,
    };
    for mode in [Mode::Eval, Mode::Train] {
        let (weights, input) = check(decoder(&shape).unwrap(), mode);
        println!("{mode:?}: weights {weights:.1e} input {input:.1e}");
        assert!(weights < 1e-4 && input < 1e-4, "{mode:?}: {weights} {input}");
    }
}

#[test]
fn skips_and_shared_tensors_have_the_gradient_of_their_differences() {
    for mode in [Mode::Eval, Mode::Train] {
        let (weights, input) = check(wired(), mode);
        println!("{mode:?}: weights {weights:.1e} input {input:.1e}");
        assert!(weights < 1e-6 && input < 1e-6, "{mode:?}: {weights} {input}");
    }
}

#[test]
fn folded_and_plain_upsampling_convolutions_agree() {
    let input = node("in", Op::Input(Extent { frames: 3, height: 4, width: 5, channels: 4 }), &[]);
    let (out_channels, kernel, upsample) = (6, [5, 3, 7], [3, 2, 2]);
    let one = vec![input.clone(), node("conv", Op::UpsampleConv3d { out_channels, kernel, upsample }, &[0])];
    let two = vec![
        input,
        node("up", Op::Upsample { factor: upsample }, &[0]),
        node("conv", Op::Conv3d { out_channels, kernel }, &[1]),
    ];
    let run = |nodes: Vec<Node>| {
        let network = Arc::new(Network::new(nodes).unwrap());
        let weights = formula_weights::<f32>(&network);
        let (x, dy) = formula_data::<f32>(&network, 2);
        let mut engine = Engine::new(network, Fast::default(), Wants::ALL_GRADIENTS, &[]);
        let y = engine.forward(&weights, Mode::Train, 2, &x).unwrap().to_vec();
        engine.output_gradient_mut().copy_from_slice(&dy);
        engine.backward(&weights);
        [y, engine.gradients().to_vec(), engine.input_gradient().unwrap().to_vec()]
    };
    for (what, (folded, plain)) in ["output", "weights", "input"].iter().zip(run(one).into_iter().zip(run(two))) {
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<_>>();
        let difference = common::relative_l2(&wide(folded), &wide(plain));
        assert!(difference < 1e-5, "{what}: {difference}");
    }
}

#[test]
fn inference_training_and_input_gradient_plans_give_the_same_output_at_changing_batch_sizes() {
    let shape = DecoderShape {
        n_bins: 3,
        n_sites: 3,
        n_frames: 5,
        height: 16,
        width: 16,
        base_channels: 2,
        model: Model::Decoder,
    };
    let network = Arc::new(decoder(&shape).unwrap());
    let weights = formula_weights::<f32>(&network);
    let (x, _) = formula_data::<f32>(&network, 4);
    let (n_in, n_out) = (network.input().len(), network.output().len());
    let wants = [Wants::INFERENCE, Wants::TRAINING, Wants::INPUT_GRADIENT, Wants::ALL_GRADIENTS];
    let mut engines = wants.map(|wants| Engine::new(Arc::clone(&network), Fast::default(), wants, &[]));
    let whole = engines[0].forward(&weights, Mode::Eval, 4, &x).unwrap().to_vec();
    for engine in &mut engines {
        for n in [1, 3, 2] {
            let output = engine.forward(&weights, Mode::Eval, n, &x[..n * n_in]).unwrap();
            let worst = output.iter().zip(&whole[..n * n_out]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-6, "{worst}");
        }
    }
}
