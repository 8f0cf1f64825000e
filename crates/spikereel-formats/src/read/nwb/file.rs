//! An open NWB file.

use crate::read::hdf::{HdfFile, Node, fault, fault_hint};
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::path::Path;

/// An NWB 2.x file opened for reading.
pub struct NwbFile {
    pub(super) hdf: HdfFile,
    version: String,
}

impl NwbFile {
    /// Opens a file and reads its tree, but no data.
    ///
    /// # Errors
    /// A file that is no HDF5, is damaged, or holds another format (NWB 1.x and plain HDF5 are named).
    pub fn open(path: &Path) -> Result<Self> {
        let hdf = HdfFile::open(path)?;
        let version = match hdf.text_attr("", "nwb_version") {
            Some(version) => version.trim_start_matches(['N', 'W', 'B', '-']).to_string(),
            // NWB 1.x holds its version in a dataset.
            None if hdf.node("nwb_version") == Some(Node::Dataset) => "1".into(),
            None => {
                let names = crate::read::hdf::list(&hdf.children(""));
                let got = if names.is_empty() { "an empty one".into() } else { format!("one that holds {names}") };
                let error = DataError::new("file", "an NWB file, with an attribute `nwb_version`", got);
                return Err(FormatError::data(
                    path,
                    error.hint("HDF5 of another kind has to be exported to NWB or npz"),
                ));
            }
        };
        if !version.starts_with("2.") {
            let error = DataError::new("nwb_version", "2.x", format!("{version:.40?}"));
            return Err(FormatError::data(path, error.hint("convert the file to NWB 2 (pynwb, or MatNWB)")));
        }
        Ok(Self { hdf, version })
    }

    /// Version of the schema, such as `2.7.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The file's `identifier`, or the file's name where it has none.
    pub fn identifier(&self) -> String {
        let stored = self.text("identifier").map(|text| text.trim().to_string()).filter(|text| !text.is_empty());
        let stem = || self.hdf.path().file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        stored.unwrap_or_else(stem)
    }

    /// The text of a dataset with a single value, if it is there.
    pub(super) fn text(&self, object: &str) -> Option<String> {
        self.hdf.find(object).ok().flatten()?.text().ok()
    }

    /// The schema's name for what an object is.
    pub(super) fn kind(&self, object: &str) -> String {
        self.hdf.text_attr(object, "neurodata_type").unwrap_or_default()
    }

    /// An error about an object of this file.
    pub(super) fn fault(&self, object: &str, expected: impl Into<String>, got: impl Into<String>) -> FormatError {
        fault(self.hdf.path(), object, expected, got)
    }

    /// As [`NwbFile::fault`], with what to do next.
    pub(super) fn fault_hint(
        &self,
        object: &str,
        expected: impl Into<String>,
        got: impl Into<String>,
        hint: impl Into<String>,
    ) -> FormatError {
        fault_hint(self.hdf.path(), object, expected, got, hint)
    }
}
