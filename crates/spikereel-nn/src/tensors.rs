//! Weights as safetensors, under the published names and in PyTorch's axis order.
//!
//! `safetensors.torch.load_file` and `load_state_dict(strict=True)` read what is written here, and the other way round.

use crate::files::{read_whole, write_whole};
use crate::network::{Network, ParamSpec};
use crate::weights::Weights;
use crate::{Real, Result};
use safetensors::tensor::{Metadata, TensorInfo, TensorView};
use safetensors::{Dtype, SafeTensors};
use spikereel_data::DataError;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

/// The one entry of a file's metadata; one only, so that equal weights give equal bytes.
const NOTE_KEY: &str = "spikereel";

/// A tensor to be written.
pub(crate) struct Tensor<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Values<'a>,
}

/// Its values; they become bytes as they are written, so that no second copy of large weights is ever held.
pub(crate) enum Values<'a> {
    F32(&'a [f32]),
    Count(i64),
}

impl Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::Count(_) => Dtype::I64,
        }
    }

    fn n_bytes(&self) -> usize {
        match self.values {
            Values::F32(values) => size_of_val(values),
            Values::Count(_) => size_of::<i64>(),
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self.values {
            Values::Count(count) => out.write_all(&count.to_le_bytes()),
            Values::F32(values) => values.chunks(N_AT_ONCE).try_for_each(|chunk| {
                let bytes: Vec<u8> = chunk.iter().flat_map(|value| value.to_le_bytes()).collect();
                out.write_all(&bytes)
            }),
        }
    }
}

/// Values that become bytes together: half a megabyte.
const N_AT_ONCE: usize = 1 << 17;

/// The tensors of a network, names behind `prefix`.
pub(crate) fn tensors_of<'a>(network: &Network, weights: &'a Weights<f32>, prefix: &str) -> Vec<Tensor<'a>> {
    let params = network.params();
    let of_spec = |spec: &ParamSpec| Tensor {
        name: format!("{prefix}{}", spec.name),
        shape: spec.shape.clone(),
        values: Values::F32(weights.tensor(spec)),
    };
    let of_norm = |(name, n_batches): (&String, &i64)| Tensor {
        name: format!("{prefix}{name}.num_batches_tracked"),
        shape: vec![],
        values: Values::Count(*n_batches),
    };
    params.specs.iter().map(of_spec).chain(params.norm_names.iter().zip(&weights.n_batches).map(of_norm)).collect()
}

/// Writes tensors with a note in the layout of `safetensors::serialize`, byte for byte, which needs all of them in memory twice.
pub(crate) fn write_tensors(out: &mut impl Write, mut tensors: Vec<Tensor<'_>>, note: Option<&str>) -> io::Result<()> {
    // Types of wide values first, so that all values are aligned; then by name.
    tensors.sort_by(|a, b| b.dtype().cmp(&a.dtype()).then_with(|| a.name.cmp(&b.name)));
    let mut end = 0;
    let mut about = |tensor: &Tensor<'_>| {
        let begin = end;
        end += tensor.n_bytes();
        let info = TensorInfo { dtype: tensor.dtype(), shape: tensor.shape.clone(), data_offsets: (begin, end) };
        (tensor.name.clone(), info)
    };
    let infos = tensors.iter().map(&mut about).collect();
    let note = note.map(|note| HashMap::from([(NOTE_KEY.to_string(), note.to_string())]));
    let header = Metadata::new(note, infos).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    tensors.iter().try_for_each(|tensor| tensor.write(out))
}

/// Where bytes that were written to memory could not be.
pub(crate) fn in_memory(error: io::Error) -> DataError {
    DataError::new("tensors to write", "valid", error.to_string())
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
    let mut bytes = Vec::new();
    write_tensors(&mut bytes, tensors_of(network, weights, ""), note).map_err(in_memory)?;
    Ok(bytes)
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
    write_whole(path, |file| write_tensors(file, tensors_of(network, weights, ""), note))
}

/// Reads weights, and the note beside them, from a file.
///
/// # Errors
/// What [`from_safetensors`] says, with the file's name; an unreadable file.
pub fn load<R: Real>(path: &Path, network: &Network) -> Result<(Weights<R>, Option<String>)> {
    from_safetensors(network, &read_whole(path)?).map_err(|error| error.at(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{DecoderShape, Model, decoder};

    #[test]
    fn the_file_is_what_the_format_s_own_library_writes() {
        let shape = DecoderShape {
            n_bins: 3,
            n_sites: 2,
            n_frames: 3,
            height: 16,
            width: 16,
            base_channels: 2,
            model: Model::Decoder,
        };
        let network = decoder(&shape).unwrap();
        let weights = Weights::init(&network, 3);
        let tensors = tensors_of(&network, &weights, "a.");
        let bytes: Vec<Vec<u8>> = tensors
            .iter()
            .map(|tensor| {
                let mut bytes = Vec::new();
                tensor.write(&mut bytes).unwrap();
                bytes
            })
            .collect();
        let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
            (tensor.name.as_str(), TensorView::new(tensor.dtype(), tensor.shape.clone(), bytes).unwrap())
        });
        let note = Some(HashMap::from([(NOTE_KEY.to_string(), "a \"note\"".to_string())]));
        let expected = safetensors::serialize(views, note).unwrap();
        let mut written = Vec::new();
        write_tensors(&mut written, tensors_of(&network, &weights, "a."), Some("a \"note\"")).unwrap();
        assert!(written == expected);
    }
}
