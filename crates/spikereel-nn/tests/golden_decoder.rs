//! The published decoder at full size against float64 PyTorch: output, loss, every gradient, running statistics.
//!
//! Golden numbers: `golden/make_goldens.py`, function `full_decoder`.

mod common;

use common::{Golden, formula_data, formula_weights, picks, relative_l2, timeline};
use spikereel_kernels::fast::Fast;
use spikereel_nn::loss::{LossScale, PhaseWeights, frame_weights, video_loss};
use spikereel_nn::network::decoder;
use spikereel_nn::{DecoderShape, Engine, Mode, Wants, Weights};
use std::sync::Arc;

struct Run {
    engine: Engine<Fast>,
    weights: Weights<f32>,
    loss: f64,
}

fn run(mode: Mode, golden: &Golden) -> Run {
    let network = Arc::new(decoder(&DecoderShape::paper(140)).unwrap());
    let mut weights = formula_weights::<f32>(&network);
    if mode == Mode::Eval {
        for spec in network.params().specs.iter().filter(|spec| !spec.role.is_trained()) {
            let stored = golden.get(&format!("eval_buffer/{}", spec.name));
            weights.tensor_mut(spec).iter_mut().zip(stored).for_each(|(value, stored)| *value = stored as f32);
        }
    }
    let (spikes, videos) = formula_data::<f32>(&network, 2);
    let mut engine = Engine::new(Arc::clone(&network), Fast::default(), Wants::ALL_GRADIENTS, &[]);
    engine.forward(&weights, mode, 2, &spikes).unwrap();
    let loss = video_loss(LossScale::Code, &frame_weights(&timeline(45), PhaseWeights::default()), 2, network.output());
    let loss = engine.loss(&loss, &videos, true).total();
    Run { engine, weights, loss }
}

/// Largest difference over the stored subset, and that of the mean over all values.
fn output_difference(golden: &Golden, mode: &str, output: &[f32]) -> (f64, f64) {
    let stored = golden.get(&format!("{mode}/output"));
    let of_subset = picks("output", output.len(), 6000).into_iter().zip(&stored);
    let worst = of_subset.map(|(at, golden)| (f64::from(output[at]) - golden).abs()).fold(0.0, f64::max);
    let sums = golden.get(&format!("{mode}/output/sums"));
    let sum: f64 = output.iter().map(|&value| f64::from(value)).sum();
    let sum_squares: f64 = output.iter().map(|&value| f64::from(value).powi(2)).sum();
    let n = output.len() as f64;
    (worst, ((sum - sums[0]) / n).abs().max(((sum_squares - sums[1]) / n).abs()))
}

/// Relative L2 over the stored subset, and relative difference of the whole tensor's norm.
fn gradient_difference(golden: &Golden, key: &str, name: &str, n_picks: usize, gradient: &[f32]) -> (f64, f64) {
    let of_subset: Vec<f64> =
        picks(name, gradient.len(), n_picks).into_iter().map(|at| f64::from(gradient[at])).collect();
    let norm = gradient.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let golden_norm = golden.get(&format!("{key}/{name}/sums"))[1].sqrt();
    (relative_l2(&of_subset, &golden.get(&format!("{key}/{name}"))), (norm / golden_norm - 1.0).abs())
}

/// Relative L2 over the stored subset, for each of the two samples.
fn input_gradient_differences(golden: &Golden, gradient: &[f32]) -> [f64; 2] {
    let stored = golden.get("eval/input_gradient");
    let places = picks("input_gradient", gradient.len(), 1000);
    [0, 1].map(|sample| {
        let of_sample = places.iter().zip(&stored).filter(|(at, _)| *at * 2 / gradient.len() == sample);
        let (ours, theirs): (Vec<f64>, Vec<f64>) =
            of_sample.map(|(&at, &theirs)| (f64::from(gradient[at]), theirs)).unzip();
        relative_l2(&ours, &theirs)
    })
}

#[test]
fn evaluation_gives_pytorchs_output_loss_and_input_gradient() {
    let golden = Golden::open("decoder");
    let Run { mut engine, weights, loss } = run(Mode::Eval, &golden);
    let (worst, mean) = output_difference(&golden, "eval", engine.output());
    let loss_difference = (loss / golden.get("eval/loss")[0] - 1.0).abs();
    engine.backward(&weights);
    let gradient = engine.input_gradient().unwrap();
    let of_sample = input_gradient_differences(&golden, gradient);
    println!(
        "output {worst:.1e} mean {mean:.1e} loss {loss_difference:.1e} input gradient {:.1e} {:.1e}",
        of_sample[0], of_sample[1]
    );
    assert!(worst < 1e-5 && mean < 1e-6 && loss_difference < 1e-5);
    // In evaluation the samples are independent. Where the two largest values of a late pooling window differ by less than f32
    // resolves, the gradient of that sample takes another path through it than in f64; not that of both.
    assert!(of_sample[0].min(of_sample[1]) < 1e-4 && of_sample[0].max(of_sample[1]) < 0.05);
}

#[test]
fn training_gives_pytorchs_output_loss_gradients_and_running_statistics() {
    let golden = Golden::open("decoder");
    let Run { mut engine, mut weights, loss } = run(Mode::Train, &golden);
    let (worst, mean) = output_difference(&golden, "train", engine.output());
    let loss_difference = (loss / golden.get("train/loss")[0] - 1.0).abs();
    println!("output {worst:.1e} mean {mean:.1e} loss {loss_difference:.1e}");
    assert!(worst < 1e-5 && mean < 1e-6 && loss_difference < 1e-5);

    engine.backward(&weights);
    let input = engine.input_gradient().unwrap();
    let (subset, norm) = gradient_difference(&golden, "train", "input_gradient", 1000, input);
    println!("input gradient {subset:.1e} {norm:.1e}");
    assert!(subset < 1e-4 && norm < 1e-4);
    let network = Arc::clone(engine.network());
    let dead = network.dead_biases();
    let mut of_weight = 0.0;
    for spec in network.params().specs.iter().filter(|spec| spec.role.is_trained()) {
        let gradient = &engine.gradients()[spec.range.clone()];
        if dead.contains(&spec.range) {
            let norm = gradient.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            println!("{}: {:.1e} of its weight's", spec.name, norm / of_weight);
            assert!(norm < 1e-4 * of_weight, "{}: {norm} of {of_weight}", spec.name);
            continue;
        }
        let (subset, norm) = gradient_difference(&golden, "gradient", &spec.name, 1500, gradient);
        println!("{}: {subset:.1e} {norm:.1e}", spec.name);
        assert!(subset < 1e-4 && norm < 1e-4, "{}: {subset} {norm}", spec.name);
        of_weight = golden.get(&format!("gradient/{}/sums", spec.name))[1].sqrt();
    }

    engine.update_running(&mut weights);
    for spec in network.params().specs.iter().filter(|spec| !spec.role.is_trained()) {
        let stored = golden.get(&format!("buffer/{}", spec.name));
        for (&ours, theirs) in weights.tensor(spec).iter().zip(&stored) {
            assert!((f64::from(ours) - theirs).abs() < 1e-5, "{}: {ours} {theirs}", spec.name);
        }
    }
    assert!(weights.n_batches.iter().all(|&n| n == 1));
}
