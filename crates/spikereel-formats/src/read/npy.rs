//! A `.npy` file: one array. Object arrays are refused and never unpickled.

use super::array::NpyArray;
use super::header::{ArrayInfo, Header};
use crate::files::regular_len;
use crate::{FormatError, Result};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Reads the array.
///
/// # Errors
/// Names the file: not npy, a dtype that is not read, a size that does not fit the shape.
pub fn read(path: &Path) -> Result<NpyArray> {
    let n_bytes = regular_len(path)?;
    let mut reader = BufReader::new(File::open(path).map_err(|error| FormatError::io(path, "open it", error))?);
    NpyArray::read(&mut reader, n_bytes).map_err(|error| FormatError::data(path, error))
}

/// The array's shape and type, from its header alone.
///
/// # Errors
/// As [`read`].
pub fn info(path: &Path) -> Result<ArrayInfo> {
    regular_len(path)?;
    let mut reader = BufReader::new(File::open(path).map_err(|error| FormatError::io(path, "open it", error))?);
    let header = Header::read(&mut reader).map_err(|error| FormatError::data(path, error))?;
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Ok(ArrayInfo { name, shape: header.shape, dtype: header.descr })
}
