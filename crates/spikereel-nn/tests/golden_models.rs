//! The inverse, the comparison networks and the temporal decoder against float64 PyTorch: outputs and every gradient in training and in
//! evaluation, running statistics.
//!
//! Golden numbers: `golden/make_models.py`; 5 bins, 4 sites, 6 frames of 10 x 18 pixels, so that every padding and resampling is met.

mod common;

use common::{Golden, formula_data, formula_weights, picks, relative_l2, uniform};
use spikereel_kernels::Kernels;
use spikereel_kernels::fast::Fast;
use spikereel_kernels::naive::Naive;
use spikereel_nn::network::{DecoderShape, EncoderShape, Model, Network, build, encoder};
use spikereel_nn::{Engine, Mode, Real, Wants};
use std::sync::Arc;

const N: usize = 3;

fn networks() -> Vec<(&'static str, Network)> {
    let shape =
        |model| DecoderShape { n_bins: 5, n_sites: 4, n_frames: 6, height: 10, width: 18, base_channels: 2, model };
    let inverse: EncoderShape = shape(Model::Decoder).into();
    vec![
        ("mlp", build(&shape(Model::Mlp)).unwrap()),
        ("shallow_cnn", build(&shape(Model::ShallowCnn)).unwrap()),
        ("decoder_temporal", build(&shape(Model::DecoderTemporal)).unwrap()),
        ("encoder", encoder(&inverse).unwrap()),
    ]
}

/// Relative L2 over the stored subset, and relative difference of the whole tensor's sum of squares.
fn difference<R: Real>(golden: &Golden, key: &str, name: &str, values: &[R]) -> f64 {
    let stored = golden.get(key);
    let ours: Vec<f64> = picks(name, values.len(), 400).into_iter().map(|at| values[at].to_f64()).collect();
    let square: f64 = values.iter().map(|value| value.to_f64().powi(2)).sum();
    relative_l2(&ours, &stored).max((square / golden.get(&format!("{key}/sums"))[1] - 1.0).abs())
}

/// Largest differences: of outputs, of gradients, of running statistics.
fn compare<K: Kernels<Real: Real>>(name: &str, network: Network, kernels: K) -> [f64; 3] {
    let golden = Golden::open("models");
    let network = Arc::new(network);
    let mut weights = formula_weights::<K::Real>(&network);
    let (input, _) = formula_data::<K::Real>(&network, N);
    let direction = uniform("direction", N * network.output().len());
    let mut engine = Engine::new(Arc::clone(&network), kernels, Wants::ALL_GRADIENTS, &[]);
    let [mut of_output, mut of_gradient, mut of_buffer] = [0.0_f64; 3];
    for (mode, word) in [(Mode::Train, "train"), (Mode::Eval, "eval")] {
        engine.forward(&weights, mode, N, &input).unwrap();
        of_output = of_output.max(difference(&golden, &format!("{name}/{word}/output"), "output", engine.output()));
        let start = engine.output_gradient_mut();
        start.iter_mut().zip(&direction).for_each(|(dy, &value)| *dy = K::Real::from_f64(value));
        engine.backward(&weights);
        let gradient = engine.input_gradient().unwrap();
        let key = format!("{name}/{word}/input_gradient");
        of_gradient = of_gradient.max(difference(&golden, &key, "input_gradient", gradient));
        for spec in network.params().specs.iter().filter(|spec| spec.role.is_trained()) {
            if mode == Mode::Train && network.dead_biases().contains(&spec.range) {
                continue;
            }
            let key = format!("{name}/{word}/gradient/{}", spec.name);
            let gradient = &engine.gradients()[spec.range.clone()];
            of_gradient = of_gradient.max(difference(&golden, &key, &spec.name, gradient));
        }
        if mode == Mode::Train {
            engine.update_running(&mut weights);
        }
    }
    for spec in network.params().specs.iter().filter(|spec| !spec.role.is_trained()) {
        let stored = golden.get(&format!("{name}/buffer/{}", spec.name));
        let ours: Vec<f64> = weights.tensor(spec).iter().map(|value| value.to_f64()).collect();
        of_buffer = of_buffer.max(relative_l2(&ours, &stored));
    }
    [of_output, of_gradient, of_buffer]
}

#[test]
fn parameter_counts_at_full_size_are_those_of_the_pytorch_modules() {
    let golden = Golden::open("models");
    let paper = DecoderShape::paper(140);
    for (name, n_params) in [
        ("mlp", build(&paper.of_model(Model::Mlp)).unwrap().n_params()),
        ("shallow_cnn", build(&paper.of_model(Model::ShallowCnn)).unwrap().n_params()),
        ("decoder_temporal", build(&paper.of_model(Model::DecoderTemporal)).unwrap().n_params()),
        ("encoder", encoder(&EncoderShape::paper(140)).unwrap().n_params()),
    ] {
        assert_eq!(golden.get(&format!("{name}/n_params")), [n_params as f64], "{name}");
    }
}

#[test]
fn the_definition_agrees_with_pytorch_in_f64() {
    for (name, network) in networks() {
        let differences = compare(name, network, Naive);
        println!(
            "{name}: output {:.1e} gradients {:.1e} statistics {:.1e}",
            differences[0], differences[1], differences[2]
        );
        assert!(differences.iter().all(|&difference| difference < 1e-9), "{name}: {differences:?}");
    }
}

#[test]
fn the_engine_agrees_with_pytorch_in_f32() {
    for (name, network) in networks() {
        let differences = compare(name, network, Fast::default());
        println!(
            "{name}: output {:.1e} gradients {:.1e} statistics {:.1e}",
            differences[0], differences[1], differences[2]
        );
        assert!(differences[0] < 1e-4 && differences[1] < 5e-3 && differences[2] < 1e-5, "{name}: {differences:?}");
    }
}
