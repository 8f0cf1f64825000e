//! Readers: arrays in npy, npz and MATLAB files, and the sidecar that says which of them is what.

mod array;
mod bundle;
mod gather;
mod hdf;
mod header;
pub mod matlab;
pub mod npy;
pub mod npz;
pub mod nwb;
mod recording;
pub mod sidecar;
pub mod siegel;
mod sites;
mod spikes;
mod trials;
mod video;

pub use array::NpyArray;
pub use header::{ArrayInfo, Dtype, Kind};
pub use recording::{RecordingExtras, read_recording};
pub use spikes::read_spikes;
pub use video::{VideoGenerator, VideoSource};

use crate::Result;
use std::path::Path;

/// Largest array that is read, in bytes. A prepared dataset is memory-mapped and may be larger.
pub const MAX_ARRAY_BYTES: u64 = 16 << 30;

/// The arrays of an npy or npz file, from their headers alone.
///
/// # Errors
/// A file that is neither, or whose headers cannot be understood.
pub fn list_arrays(path: &Path) -> Result<Vec<ArrayInfo>> {
    if path.extension().is_some_and(|extension| extension == "npy") {
        return Ok(vec![npy::info(path)?]);
    }
    npz::NpzFile::open(path)?.list()
}
