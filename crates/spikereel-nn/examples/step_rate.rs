//! Samples per second of a training step and of inference, for the published decoder: `step_rate [batch] [threads] [runs] [base_channels] [f32|bf16]`.
//!
//! Prints one JSON object with medians over runs. A step is forward, loss, backward and Adamax, on fixed random data.

use rand::RngExt;
use spikereel_data::Timeline;
use spikereel_data::rng::stream;
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_nn::loss::{LossScale, PhaseWeights, frame_weights, video_loss};
use spikereel_nn::network::decoder;
use spikereel_nn::{DecoderShape, Engine, Mode, Optimiser, OptimiserConfig, Wants, Weights};
use std::sync::Arc;
use std::time::Instant;

/// Median seconds of a call, after two calls to warm up.
fn median_secs(n_runs: usize, mut call: impl FnMut()) -> f64 {
    (0..2).for_each(|_| call());
    let mut secs: Vec<f64> = (0..n_runs)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_secs_f64()
        })
        .collect();
    secs.sort_by(f64::total_cmp);
    secs[n_runs / 2]
}

fn argument(at: usize, default: usize) -> usize {
    std::env::args().nth(at).and_then(|text| text.parse().ok()).filter(|&n| n > 0).unwrap_or(default)
}

fn measure(batch: usize, n_threads: usize, n_runs: usize) -> serde_json::Value {
    let precision = if std::env::args().nth(5).as_deref() == Some("bf16") { Precision::Bf16 } else { Precision::F32 };
    let network = Arc::new(
        decoder(&DecoderShape { base_channels: argument(4, 32), ..DecoderShape::paper(140) })
            .expect("the published shape"),
    );
    let mut rng = stream(0, "step_rate");
    let mut random = |n: usize| (0..n).map(|_| rng.random::<f32>()).collect::<Vec<_>>();
    let (spikes, videos) = (random(batch * network.input().len()), random(batch * network.output().len()));
    let mut weights = Weights::<f32>::init(&network, 0);
    let loss = video_loss(
        LossScale::Code,
        &frame_weights(&Timeline::paper(), PhaseWeights::default()),
        batch,
        network.output(),
    );
    let fits = "sizes are the network's";

    let mut inference = Engine::new(Arc::clone(&network), Fast::new(precision), Wants::INFERENCE, &[]);
    let infer_secs = median_secs(n_runs, || {
        inference.forward(&weights, Mode::Eval, batch, &spikes).expect(fits);
    });
    let inference_bytes = inference.buffer_bytes();
    drop(inference);

    let mut training = Engine::new(Arc::clone(&network), Fast::new(precision), Wants::TRAINING, &[]);
    let mut optimiser = Optimiser::new(OptimiserConfig::default(), network.n_params());
    let train_secs = median_secs(n_runs, || {
        training.forward(&weights, Mode::Train, batch, &spikes).expect(fits);
        training.loss(&loss, &videos, true);
        training.backward(&weights);
        training.update_running(&mut weights);
        optimiser.step(0.01, &mut weights.trained, training.gradients());
    });
    serde_json::json!({
        "engine": format!("spikereel {}", precision.name()), "threads": n_threads, "batch": batch, "runs": n_runs,
        "infer_samples_per_s": batch as f64 / infer_secs,
        "train_samples_per_s": batch as f64 / train_secs,
        "infer_buffer_mib": inference_bytes as f64 / f64::from(1 << 20),
        "train_buffer_mib": training.buffer_bytes() as f64 / f64::from(1 << 20),
    })
}

fn main() {
    let (batch, n_threads, n_runs) = (argument(1, 8), argument(2, 2), argument(3, 5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
    println!("{:#}", pool.install(|| measure(batch, n_threads, n_runs)));
}
