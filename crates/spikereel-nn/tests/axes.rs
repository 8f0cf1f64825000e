//! Every door that takes an array refuses axes other than the network's, and names the first that is wrong.

use ndarray::{Array3, Array5};
use proptest::prelude::*;
use spikereel_data::{Decoder, Encoder, WithInputGradient, WithLatents};
use spikereel_nn::network::{decoder, encoder};
use spikereel_nn::{DecoderShape, EncoderShape, Model, NetworkDecoder, NetworkEncoder, Weights};

const SHAPE: DecoderShape =
    DecoderShape { n_bins: 4, n_sites: 3, n_frames: 5, height: 16, width: 16, base_channels: 1, model: Model::Decoder };

fn own_decoder() -> NetworkDecoder {
    NetworkDecoder::new(SHAPE, Weights::init(&decoder(&SHAPE).unwrap(), 1)).unwrap()
}

fn own_encoder() -> NetworkEncoder {
    let shape = EncoderShape::from(SHAPE);
    NetworkEncoder::new(shape, Weights::init(&encoder(&shape).unwrap(), 1)).unwrap()
}

/// Sizes near the right ones, so that each is right about as often as not.
fn near(size: usize) -> impl Strategy<Value = usize> {
    prop_oneof![Just(size), 0..2 * size]
}

/// Refused where an axis is wrong, with the first such axis by name; else accepted.
fn check<T>(result: spikereel_data::Result<T>, axes: &[(&str, usize, usize)]) -> Result<(), TestCaseError> {
    match (axes.iter().find(|(_, expected, got)| expected != got), result) {
        (None, Ok(_)) => Ok(()),
        (Some((axis, expected, got)), Err(error)) => {
            let words = format!("{axis} axis: expected {expected}, got {got}");
            prop_assert!(error.to_string().contains(&words), "{error} does not say `{words}`");
            Ok(())
        }
        (None, Err(error)) => Err(TestCaseError::fail(format!("refused without reason: {error}"))),
        (Some((axis, ..)), Ok(_)) => Err(TestCaseError::fail(format!("a wrong {axis} axis was accepted"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn spikes_of_any_axes(n_trials in 0_usize..3, n_bins in near(4), n_sites in near(3)) {
        let decoder = own_decoder();
        let spikes = Array3::<f32>::zeros((n_trials, n_bins, n_sites));
        let axes = [("bin", 4, n_bins), ("site", 3, n_sites)];
        check(decoder.predict(spikes.view()), &axes)?;
        check(decoder.latents(spikes.view()), &axes)?;
        let weight = Array5::<f32>::zeros((n_trials, 5, 16, 16, 3));
        check(decoder.input_gradient(spikes.view(), weight.view()), &axes)?;
    }

    #[test]
    fn output_weights_of_any_axes(n in near(2), frames in near(5), height in near(16), width in near(16), rgb in near(3)) {
        let spikes = Array3::<f32>::zeros((2, 4, 3));
        let weight = Array5::<f32>::zeros((n, frames, height, width, rgb));
        let axes = [("trial", 2, n), ("frame", 5, frames), ("height", 16, height), ("width", 16, width), ("rgb", 3, rgb)];
        check(own_decoder().input_gradient(spikes.view(), weight.view()), &axes)?;
    }

    #[test]
    fn videos_of_any_axes(n in 0_usize..3, frames in near(5), height in near(16), width in near(16), rgb in near(3)) {
        let video = Array5::<f32>::zeros((n, frames, height, width, rgb));
        let axes = [("frame", 5, frames), ("height", 16, height), ("width", 16, width), ("rgb", 3, rgb)];
        check(own_encoder().predict(video.view()), &axes)?;
    }
}
