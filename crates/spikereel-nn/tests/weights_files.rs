//! Weight files: there and back, from PyTorch, to PyTorch, and what is refused.

mod common;

use common::{Golden, formula_data, formula_weights, golden_dir};
use ndarray::{Array3, Array5, ArrayViewD};
use spikereel_data::{Decoder, Encoder};
use spikereel_nn::network::{EncoderShape, Model, build, decoder, encoder};
use spikereel_nn::tensors::{from_safetensors, to_safetensors};
use spikereel_nn::{DecoderShape, NetworkDecoder, NetworkEncoder, Weights};
use std::path::Path;

/// 7 frames of 4 x 4 pixels: padded to 8 of 16 x 16 inside.
const SMALL: DecoderShape =
    DecoderShape { n_bins: 7, n_sites: 2, n_frames: 7, height: 4, width: 4, base_channels: 1, model: Model::Decoder };

#[test]
fn weights_come_back_with_the_same_bits_and_equal_weights_give_equal_bytes() {
    let network = decoder(&SMALL).unwrap();
    let mut weights = Weights::<f32>::init(&network, 11);
    weights.n_batches = (1..=9).collect();
    let bytes = to_safetensors(&network, &weights, Some("note")).unwrap();
    assert_eq!(bytes, to_safetensors(&network, &weights, Some("note")).unwrap());
    assert_eq!(from_safetensors::<f32>(&network, &bytes).unwrap(), (weights, Some("note".into())));
}

#[test]
fn weights_written_by_torch_give_torchs_output() {
    let decoder = NetworkDecoder::load_as(&golden_dir().join("torch_written.safetensors"), SMALL).unwrap();
    let (spikes, _) = formula_data::<f32>(decoder.network(), 2);
    let video = decoder.predict(Array3::from_shape_vec((2, 7, 2), spikes).unwrap().view()).unwrap();
    let stored = Golden::open("torch_written_output").get("output");
    assert_eq!(stored.len(), video.len());
    let worst = video.iter().zip(&stored).map(|(&a, b)| (f64::from(a) - b).abs()).fold(0.0, f64::max);
    println!("{worst:.1e}");
    assert!(worst < 1e-5, "{worst}");
}

/// Runs `golden/check_weights.py` where the environment variable SPIKEREEL_TORCH_PYTHON names a Python that has torch and safetensors;
/// without it, only the writing is done.
#[test]
fn weights_written_here_load_strictly_in_torch_and_give_the_same_output() {
    let folder = tempfile::tempdir().unwrap();
    let weights_path = folder.path().join("w.safetensors");
    for model in Model::ALL {
        let shape =
            DecoderShape { n_bins: 12, n_sites: 5, n_frames: 12, height: 16, width: 16, base_channels: 2, model };
        let network = build(&shape).unwrap();
        let (spikes, _) = formula_data::<f32>(&network, 3);
        let spikes = Array3::from_shape_vec((3, 12, 5), spikes).unwrap();
        let ours = NetworkDecoder::new(shape, formula_weights(&network)).unwrap();
        ours.save(&weights_path).unwrap();
        check_in_torch(&weights_path, spikes.view().into_dyn(), ours.predict(spikes.view()).unwrap().view().into_dyn());
    }
    let shape = EncoderShape { n_frames: 12, height: 16, width: 16, n_bins: 12, n_sites: 5, base_channels: 2 };
    let network = encoder(&shape).unwrap();
    let (video, _) = formula_data::<f32>(&network, 3);
    let video = Array5::from_shape_vec((3, 12, 16, 16, 3), video).unwrap();
    let ours = NetworkEncoder::new(shape, formula_weights(&network)).unwrap();
    ours.save(&weights_path).unwrap();
    check_in_torch(&weights_path, video.view().into_dyn(), ours.predict(video.view()).unwrap().view().into_dyn());
}

fn check_in_torch(weights_path: &Path, input: ArrayViewD<'_, f32>, output: ArrayViewD<'_, f32>) {
    let bytes = |values: &ArrayViewD<'_, f32>| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let data = [("input", input.shape().to_vec(), bytes(&input)), ("output", output.shape().to_vec(), bytes(&output))];
    let views = data.iter().map(|(name, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let output_path = weights_path.with_file_name("o.safetensors");
    std::fs::write(&output_path, safetensors::serialize(views, None).unwrap()).unwrap();
    let Ok(python) = std::env::var("SPIKEREEL_TORCH_PYTHON") else { return };
    let script = golden_dir().join("check_weights.py");
    let run =
        std::process::Command::new(python).arg("-B").arg(script).args([weights_path, &output_path]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    println!("{}", String::from_utf8_lossy(&run.stdout));
}

#[test]
fn files_of_the_published_decoder_name_no_model_and_those_of_others_come_back_as_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    for model in Model::ALL {
        let shape = SMALL.of_model(model);
        NetworkDecoder::new(shape, Weights::init(&build(&shape).unwrap(), 5)).unwrap().save(&path).unwrap();
        assert_eq!(NetworkDecoder::load(&path).unwrap().shape(), &shape);
        let names_model = String::from_utf8_lossy(&std::fs::read(&path).unwrap()[..4000]).contains("model");
        assert_eq!(names_model, model != Model::Decoder);
    }
    let shape: EncoderShape = SMALL.into();
    NetworkEncoder::new(shape, Weights::init(&encoder(&shape).unwrap(), 5)).unwrap().save(&path).unwrap();
    let back = NetworkEncoder::load(&path).unwrap();
    assert_eq!((back.shape(), back.weights()), (&shape, &Weights::init(&encoder(&shape).unwrap(), 5)));
    let error = NetworkDecoder::load(&path).err().unwrap().to_string();
    assert!(error.contains("the decoder's shape beside the weights"), "{error}");
}

#[test]
fn a_saved_decoder_is_read_back_with_its_shape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let network = decoder(&SMALL).unwrap();
    NetworkDecoder::new(SMALL, Weights::init(&network, 5)).unwrap().save(&path).unwrap();
    let back = NetworkDecoder::load(&path).unwrap();
    assert_eq!((back.shape(), back.weights()), (&SMALL, &Weights::init(&network, 5)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_tensor_of_another_shape_is_named_with_expected_and_got() {
    let path = golden_dir().join("torch_written.safetensors");
    let error = NetworkDecoder::load_as(&path, DecoderShape { n_sites: 3, ..SMALL }).err().unwrap().to_string();
    for part in ["torch_written.safetensors", "`Dense.dense1.weight`", "[512, 3]", "[512, 2]"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn missing_extra_and_infinite_tensors_are_refused_by_name() {
    let network = decoder(&SMALL).unwrap();
    let other = decoder(&DecoderShape { n_frames: 6, ..SMALL }).unwrap();
    let mut weights = Weights::<f32>::init(&network, 1);
    weights.trained[3] = f32::NAN;
    let bytes = to_safetensors(&network, &weights, None).unwrap();
    let error = from_safetensors::<f32>(&network, &bytes).unwrap_err().to_string();
    assert!(error.contains("`Dense.dense1.weight`") && error.contains("position 3"), "{error}");
    // The shorter table of the dense pair alone finds tensors it does not know.
    let dense = other.up_to(other.node_idx("Dense.sigmoid").unwrap()).unwrap();
    let bytes = to_safetensors(&network, &Weights::init(&network, 1), None).unwrap();
    let error = from_safetensors::<f32>(&dense, &bytes).unwrap_err().to_string();
    assert!(error.contains("besides"), "{error}");
    let bytes = to_safetensors(&dense, &Weights::init(&dense, 1), None).unwrap();
    let error = from_safetensors::<f32>(&network, &bytes).unwrap_err().to_string();
    assert!(error.contains("`encoder.0.weight`"), "{error}");
    assert!(from_safetensors::<f32>(&network, b"not a file").is_err());
}
