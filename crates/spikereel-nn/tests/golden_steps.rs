//! Ten training steps against float64 PyTorch: the optimisers alone, a small network in f64, the full size in f32.
//!
//! Golden numbers: `golden/make_goldens.py`, functions `optimisers`, `small_steps`, `narrow_steps`.

mod common;

use common::{Golden, formula_data, formula_weights, picks, timeline, uniform};
use spikereel_kernels::Kernels;
use spikereel_kernels::fast::Fast;
use spikereel_kernels::naive::Naive;
use spikereel_nn::loss::{LossScale, PhaseWeights, frame_weights, video_loss};
use spikereel_nn::network::{Model, decoder};
use spikereel_nn::{DecoderShape, Engine, Mode, Optimiser, OptimiserConfig, Real, Rule, Wants, Weights};
use std::sync::Arc;

#[test]
fn adamax_and_adam_on_golden_gradients_match_ten_steps_of_pytorch() {
    const N: usize = 257;
    let golden = Golden::open("optimisers");
    let adamax = OptimiserConfig::default();
    let adam = OptimiserConfig { rule: Rule::Adam, eps: 1e-9, ..adamax };
    for (name, config) in [("adamax", adamax), ("adam", adam)] {
        let start = uniform("start", N);
        let mut wide = start.iter().map(|&value| f64::from(value as f32)).collect::<Vec<_>>();
        let mut narrow = start.iter().map(|&value| value as f32).collect::<Vec<_>>();
        let (mut in_f64, mut in_f32) = (Optimiser::new(config, N), Optimiser::new(config, N));
        let (mut worst_f64, mut worst_f32) = (0.0_f64, 0.0_f64);
        for step in 0..10 {
            let (scale, zero) = (uniform(&format!("scale{step}"), N), uniform(&format!("zero{step}"), N));
            let gradients: Vec<f32> = uniform(&format!("gradient{step}"), N)
                .iter()
                .zip(scale.iter().zip(&zero))
                .map(|(g, (scale, &zero))| if zero > -0.9 { (g * 10_f64.powf(3.0 * scale - 3.0)) as f32 } else { 0.0 })
                .collect();
            in_f64.step(0.01, &mut wide, &gradients.iter().map(|&g| f64::from(g)).collect::<Vec<_>>());
            in_f32.step(0.01, &mut narrow, &gradients);
            for (at, golden) in golden.get(&format!("{name}/{step}")).into_iter().enumerate() {
                worst_f64 = worst_f64.max((wide[at] - golden).abs());
                worst_f32 = worst_f32.max((f64::from(narrow[at]) - golden).abs());
            }
        }
        println!("{name}: f64 {worst_f64:.1e} f32 {worst_f32:.1e}");
        assert!(worst_f64 < 1e-9 && worst_f32 < 1e-6, "{name}: {worst_f64} {worst_f32}");
    }
}

/// Ten Adamax steps at .01 from formula weights; the losses and the weights after.
fn ten_steps<K: Kernels<Real: Real>>(kernels: K, shape: DecoderShape, n: usize) -> (Vec<f64>, Weights<K::Real>) {
    let network = Arc::new(decoder(&shape).unwrap());
    let mut weights = formula_weights(&network);
    let (spikes, videos) = formula_data::<K::Real>(&network, n);
    let mut optimiser = Optimiser::new(OptimiserConfig::default(), network.n_params());
    let loss = video_loss(
        LossScale::Code,
        &frame_weights(&timeline(shape.n_frames), PhaseWeights::default()),
        n,
        network.output(),
    );
    let mut engine = Engine::new(Arc::clone(&network), kernels, Wants::TRAINING, &[]);
    let losses = (0..10).map(|_| {
        engine.forward(&weights, Mode::Train, n, &spikes).unwrap();
        let value = engine.loss(&loss, &videos, true).total();
        engine.backward(&weights);
        engine.update_running(&mut weights);
        optimiser.step(0.01, &mut weights.trained, engine.gradients());
        value
    });
    (losses.collect(), weights)
}

#[test]
fn ten_steps_of_a_small_network_in_f64_match_pytorch() {
    let golden = Golden::open("small_steps");
    let shape = DecoderShape {
        n_bins: 12,
        n_sites: 5,
        n_frames: 12,
        height: 16,
        width: 16,
        base_channels: 2,
        model: Model::Decoder,
    };
    let (losses, weights) = ten_steps(Naive, shape, 3);
    let worst = losses.iter().zip(golden.get("losses")).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("losses {worst:.1e}");
    assert!(worst < 1e-6, "{losses:?}");
    let network = decoder(&shape).unwrap();
    let dead = network.dead_biases();
    for spec in &network.params().specs {
        if spec.role.is_trained() && dead.contains(&spec.range) {
            continue; // their true gradient is 0: what moves them is rounding
        }
        let values = weights.tensor(spec);
        let stored = golden.get(&format!("end/{}", spec.name));
        let ours = picks(&spec.name, values.len(), 500).into_iter().map(|at| values[at]);
        let worst = ours.zip(&stored).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{}: {worst:.1e}", spec.name);
        assert!(worst < 1e-6, "{}: {worst}", spec.name);
    }
}

#[test]
fn ten_losses_at_full_size_in_f32_match_pytorch_in_f64() {
    let golden = Golden::open("narrow_steps");
    let shape = DecoderShape { base_channels: 4, ..DecoderShape::paper(140) };
    let (losses, _) = ten_steps(Fast::default(), shape, 4);
    let worst = losses.iter().zip(golden.get("losses")).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    println!("relative {worst:.1e}");
    assert!(worst < 1e-3, "{losses:?}");
}
