//! The number of threads changes nothing: twenty training steps in each precision, bit for bit.

mod common;

use common::{formula_data, formula_weights, timeline};
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_nn::loss::{LossScale, PhaseWeights, frame_weights, video_loss};
use spikereel_nn::network::{Model, decoder};
use spikereel_nn::{DecoderShape, Engine, Mode, Optimiser, OptimiserConfig, Wants, Weights};
use std::sync::Arc;

const N_STEPS: usize = 20;
const BATCH: usize = 3;

fn train(shape: DecoderShape, precision: Precision, n_threads: usize) -> Weights<f32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| {
        let network = Arc::new(decoder(&shape).unwrap());
        let mut weights = formula_weights(&network);
        let (spikes, videos) = formula_data::<f32>(&network, BATCH);
        let mut optimiser = Optimiser::new(OptimiserConfig::default(), network.n_params());
        let of_frames = frame_weights(&timeline(shape.n_frames), PhaseWeights::default());
        let loss = video_loss(LossScale::Code, &of_frames, BATCH, network.output());
        let mut engine = Engine::new(Arc::clone(&network), Fast::new(precision), Wants::TRAINING, &[]);
        for _ in 0..N_STEPS {
            engine.forward(&weights, Mode::Train, BATCH, &spikes).unwrap();
            engine.loss(&loss, &videos, true);
            engine.backward(&weights);
            engine.update_running(&mut weights);
            optimiser.step(0.01, &mut weights.trained, engine.gradients());
        }
        weights
    })
}

#[test]
fn one_two_and_three_threads_give_the_same_bits_after_twenty_steps() {
    // Eight channels share vectors between neighbors; eleven fill none; both are narrow at the input.
    for base_channels in [8, 11] {
        let shape = DecoderShape {
            n_bins: 9,
            n_sites: 13,
            n_frames: 9,
            height: 16,
            width: 16,
            base_channels,
            model: Model::Decoder,
        };
        for precision in [Precision::F32, Precision::Bf16] {
            let bits = |weights: &Weights<f32>| -> Vec<u32> {
                weights.trained.iter().chain(&weights.buffered).map(|value| value.to_bits()).collect()
            };
            let one = train(shape, precision, 1);
            assert!(one.trained.iter().all(|value| value.is_finite()));
            assert_ne!(bits(&one), bits(&formula_weights(&decoder(&shape).unwrap())), "nothing was learned");
            for n_threads in [2, 3] {
                let other = train(shape, precision, n_threads);
                assert!(bits(&one) == bits(&other), "{} with {n_threads} threads", precision.name());
            }
        }
    }
}
