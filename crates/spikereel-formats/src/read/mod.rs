//! Readers: arrays in npy, npz, MATLAB and CSV files, clips in picture files, and the sidecar that says which of them is what.

mod array;
mod axes;
mod bundle;
mod clips;
mod dealt;
mod experanto;
mod gather;
mod hdf;
mod header;
mod made;
mod mat_arrays;
pub mod matlab;
pub mod npy;
pub mod npz;
pub mod nwb;
#[cfg(feature = "parquet")]
mod parquet_table;
mod recording;
pub mod sidecar;
pub mod siegel;
mod sites;
mod spikes;
mod table;
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

/// The arrays of a file that a sidecar may name: npz, npy, mat, csv or tsv, by its ending, or a folder of experanto.
///
/// # Errors
/// A file of another kind, or one that cannot be understood.
pub fn list_arrays(path: &Path) -> Result<Vec<ArrayInfo>> {
    bundle::list(path)
}
