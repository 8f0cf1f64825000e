//! Weights as safetensors, under the published names and in PyTorch's axis order.
//!
//! `safetensors.torch.load_file` and `load_state_dict(strict=True)` read what is written here, and the other way round.

use crate::files::{read_whole, write_whole};
use crate::network::Network;
use crate::weights::Weights;
use crate::{Real, Result};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use spikereel_data::DataError;
use std::collections::HashMap;
use std::path::Path;

/// The one entry of a file's metadata; one only, so that equal weights give equal bytes.
const NOTE_KEY: &str = "spikereel";

/// A tensor to be written: name, type, shape, little-endian bytes.
pub(crate) type OwnedTensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// Little-endian bytes of f32 values.
pub(crate) fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The tensors of a network, names behind `prefix`.
pub(crate) fn tensors_of(network: &Network, weights: &Weights<f32>, prefix: &str) -> Vec<OwnedTensor> {
    let params = network.params();
    let mut tensors: Vec<OwnedTensor> = Vec::new();
    for spec in &params.specs {
        let bytes = f32_bytes(weights.tensor(spec));
        tensors.push((format!("{prefix}{}", spec.name), Dtype::F32, spec.shape.clone(), bytes));
    }
    for (name, n_batches) in params.norm_names.iter().zip(&weights.n_batches) {
        let name = format!("{prefix}{name}.num_batches_tracked");
        tensors.push((name, Dtype::I64, vec![], n_batches.to_le_bytes().to_vec()));
    }
    tensors
}

/// A file of tensors with a note.
pub(crate) fn file_bytes(tensors: &[OwnedTensor], note: Option<&str>) -> Result<Vec<u8>> {
    let bug = |error: safetensors::SafeTensorError| DataError::new("tensors to write", "valid", error.to_string());
    let mut views = Vec::with_capacity(tensors.len());
    for (name, dtype, shape, bytes) in tensors {
        views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(bug)?));
    }
    let metadata = note.map(|note| HashMap::from([(NOTE_KEY.to_string(), note.to_string())]));
    Ok(safetensors::serialize(views, metadata).map_err(bug)?)
}

/// Opens a file of tensors, with its note.
pub(crate) fn open_file(bytes: &[u8]) -> Result<(SafeTensors<'_>, Option<String>)> {
    let broken = |error: safetensors::SafeTensorError| {
        DataError::new("file", "whole safetensors", error.to_string()).hint("write or copy it again")
    };
    let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let note = metadata.metadata().as_ref().and_then(|map| map.get(NOTE_KEY).cloned());
    Ok((tensors, note))
}

/// The values of a tensor of this name and shape, from f32 or f64.
pub(crate) fn read_tensor<R: Real>(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<R>> {
    let tensor = find(file, name, shape)?;
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Ok(data.as_chunks().0.iter().map(|&bytes| R::from_f32(f32::from_le_bytes(bytes))).collect()),
        Dtype::F64 => Ok(data.as_chunks().0.iter().map(|&bytes| R::from_f64(f64::from_le_bytes(bytes))).collect()),
        other => Err(DataError::new(format!("tensor `{name}`"), "F32 or F64", format!("{other:?}")).into()),
    }
}

fn find<'data>(file: &SafeTensors<'data>, name: &str, shape: &[usize]) -> Result<TensorView<'data>> {
    let field = format!("tensor `{name}`");
    let Ok(tensor) = file.tensor(name) else {
        return Err(DataError::new(field, format!("shape {shape:?}"), "no tensor of this name")
            .hint("the file belongs to another network")
            .into());
    };
    if tensor.shape() != shape {
        return Err(DataError::new(field, format!("shape {shape:?}"), format!("{:?}", tensor.shape()))
            .hint("sites, bins, frame size and base_channels must be those it was trained with")
            .into());
    }
    Ok(tensor)
}

/// The weights of a network, names behind `prefix`.
pub(crate) fn weights_from<R: Real>(network: &Network, file: &SafeTensors<'_>, prefix: &str) -> Result<Weights<R>> {
    let mut weights = Weights::init(network, 0);
    for spec in &network.params().specs {
        let values = read_tensor(file, &format!("{prefix}{}", spec.name), &spec.shape)?;
        if let Some(at) = values.iter().position(|value: &R| !value.to_f64().is_finite()) {
            let got = format!("{:?} at position {at}", values[at]);
            return Err(DataError::new(format!("tensor `{}`", spec.name), "finite values", got).into());
        }
        weights.tensor_mut(spec).copy_from_slice(&values);
    }
    for (norm, n_batches) in network.params().norm_names.iter().zip(&mut weights.n_batches) {
        let name = format!("{prefix}{norm}.num_batches_tracked");
        let tensor = find(file, &name, &[])?;
        let bytes: Option<[u8; 8]> = tensor.data().try_into().ok().filter(|_| tensor.dtype() == Dtype::I64);
        let wrong = || DataError::new(format!("tensor `{name}`"), "I64", format!("{:?}", tensor.dtype()));
        *n_batches = i64::from_le_bytes(bytes.ok_or_else(wrong)?);
    }
    Ok(weights)
}

/// Weights as the bytes of a safetensors file; equal weights give equal bytes. `note` is kept beside them.
///
/// # Errors
/// None that data can cause.
pub fn to_safetensors(network: &Network, weights: &Weights<f32>, note: Option<&str>) -> Result<Vec<u8>> {
    file_bytes(&tensors_of(network, weights, ""), note)
}

/// Weights, and the note beside them, from the bytes of a safetensors file.
///
/// # Errors
/// Names the tensor that is missing, of another shape (expected and got), of another type, not finite, or one too many.
pub fn from_safetensors<R: Real>(network: &Network, bytes: &[u8]) -> Result<(Weights<R>, Option<String>)> {
    let (file, note) = open_file(bytes)?;
    let weights = weights_from(network, &file, "")?;
    let params = network.params();
    let mut names = file.names();
    names.sort_unstable();
    for name in names {
        let counter = name.strip_suffix(".num_batches_tracked");
        let known =
            params.spec(name).is_some() || counter.is_some_and(|norm| params.norm_names.iter().any(|n| n == norm));
        if !known {
            return Err(DataError::new("tensors", "those of the network", format!("`{name}` besides"))
                .hint("the file belongs to another network")
                .into());
        }
    }
    Ok((weights, note))
}

/// Writes weights to a file, whole or not at all.
///
/// # Errors
/// What the operating system refuses.
pub fn save(path: &Path, network: &Network, weights: &Weights<f32>, note: Option<&str>) -> Result<()> {
    write_whole(path, &to_safetensors(network, weights, note)?)
}

/// Reads weights, and the note beside them, from a file.
///
/// # Errors
/// What [`from_safetensors`] says, with the file's name; an unreadable file.
pub fn load<R: Real>(path: &Path, network: &Network) -> Result<(Weights<R>, Option<String>)> {
    from_safetensors(network, &read_whole(path)?).map_err(|error| error.at(path))
}
