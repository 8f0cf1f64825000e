//! Errors about one object of an HDF5 file.

use crate::FormatError;
use spikereel_data::DataError;
use std::path::Path;

/// An error about `object`, the path inside the file.
pub(crate) fn fault(file: &Path, object: &str, expected: impl Into<String>, got: impl Into<String>) -> FormatError {
    FormatError::data(file, DataError::new(format!("`{object}`"), expected, got))
}

/// As [`fault`], with what to do next.
pub(crate) fn fault_hint(
    file: &Path,
    object: &str,
    expected: impl Into<String>,
    got: impl Into<String>,
    hint: impl Into<String>,
) -> FormatError {
    FormatError::data(file, DataError::new(format!("`{object}`"), expected, got).hint(hint))
}

/// What the reader beneath says, shortened: its messages may hold whole names from the file.
pub(crate) fn words(error: &rust_hdf5::Hdf5Error) -> String {
    let text: String =
        error.to_string().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect();
    format!("an error of the reader: {text}")
}
