//! Weights of a small network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_nn::network::decoder;
use spikereel_nn::tensors::from_safetensors;
use spikereel_nn::{DecoderShape, Model, Network};
use std::sync::LazyLock;

static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    let shape = DecoderShape {
        n_bins: 4,
        n_sites: 3,
        n_frames: 4,
        height: 8,
        width: 8,
        base_channels: 1,
        model: Model::Decoder,
    };
    decoder(&shape).expect("a small network")
});

fuzz_target!(|bytes: &[u8]| {
    let _ = from_safetensors::<f32>(&NETWORK, bytes);
});
