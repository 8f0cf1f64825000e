//! Named arrays for other programs: npz, safetensors and NWB.

mod npz;
mod nwb;
mod tensors;

pub use npz::{npy_bytes, write_npz};
pub use nwb::{NwbMovie, NwbOut, write_nwb};
pub use tensors::write_safetensors;

use crate::files::{sync_parent, temporary};
use crate::{FormatError, Result};
use std::borrow::Cow;
use std::fs::{self, File};
use std::path::Path;

/// The values of an array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportValues<'a> {
    /// Bytes.
    U8(Cow<'a, [u8]>),
    /// Single precision.
    F32(Cow<'a, [f32]>),
    /// Double precision.
    F64(Vec<f64>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
}

/// An array under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportArray<'a> {
    /// Its name.
    pub name: String,
    /// Lengths of the axes, the slowest first.
    pub shape: Vec<usize>,
    /// The values; as many as the shape says.
    pub values: ExportValues<'a>,
}

impl ExportValues<'_> {
    /// Numbers as little-endian bytes; none of texts.
    fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::U8(values) => Some(Cow::Borrowed(values)),
            Self::F32(values) => Some(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::F64(values) => Some(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::I64(values) => Some(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::Texts(_) => None,
        }
    }
}

/// Writes a file under a temporary name and renames it when it is whole; a file that is there is never overwritten.
fn whole(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(FormatError::Exists(path.to_path_buf()));
    }
    let partial = temporary(path);
    let io = |error| FormatError::io(path, "write it", error);
    let written = write(&partial).and_then(|()| File::open(&partial).and_then(|file| file.sync_all()).map_err(io));
    if let Err(error) = written {
        // What was begun is of no use to anyone.
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    fs::rename(&partial, path).map_err(io)?;
    sync_parent(path);
    Ok(())
}
