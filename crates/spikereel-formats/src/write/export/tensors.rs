//! safetensors: numbers as tensors, texts as metadata (JSON lists under their names).

use super::{ExportArray, ExportValues, whole};
use crate::{FormatError, Result};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use spikereel_data::DataError;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// Writes arrays into a new safetensors file.
///
/// # Errors
/// A file that exists, an I/O error, arrays whose values do not fit their shapes.
pub fn write_safetensors(path: &Path, arrays: &[ExportArray<'_>]) -> Result<()> {
    let wrong =
        |error: String| FormatError::data(path, DataError::new("arrays", "values that fit their shapes", error));
    let mut metadata = HashMap::new();
    let mut bytes: Vec<(&ExportArray<'_>, Dtype, Cow<'_, [u8]>)> = Vec::new();
    for array in arrays {
        let dtype = match &array.values {
            ExportValues::U8(_) => Dtype::U8,
            ExportValues::F32(_) => Dtype::F32,
            ExportValues::F64(_) => Dtype::F64,
            ExportValues::I64(_) => Dtype::I64,
            ExportValues::Texts(texts) => {
                let list = serde_json::to_string(texts).map_err(|error| wrong(error.to_string()))?;
                metadata.insert(array.name.clone(), list);
                continue;
            }
        };
        bytes.push((array, dtype, array.values.bytes().unwrap_or_default()));
    }
    let mut views = Vec::new();
    for (array, dtype, bytes) in &bytes {
        let view = TensorView::new(*dtype, array.shape.clone(), bytes).map_err(|error| wrong(error.to_string()))?;
        views.push((array.name.clone(), view));
    }
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| wrong(error.to_string()))?;
    whole(path, |partial| std::fs::write(partial, bytes).map_err(|error| FormatError::io(path, "write it", error)))
}
