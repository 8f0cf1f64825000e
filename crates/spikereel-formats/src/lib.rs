//! Readers and writers of files: npz, npy, MATLAB files and tables with a sidecar, clips in picture files, NWB, prepared datasets, videos.
//!
//! Files are not trusted: every declared size is checked against the bytes that are there before anything is allocated, object arrays
//! are refused, and names inside files are never used as paths. The formats are described in `docs/formats.md` and `docs/formats/`.

#![forbid(unsafe_code)]

pub mod dataset;
mod error;
mod files;
pub mod read;
pub mod write;

pub use dataset::{StoredDataset, read_dataset, verify_dataset, write_dataset};
pub use error::FormatError;
pub use files::{InputFile, sha256_bytes, sha256_file};
pub use read::nwb::{NwbFile, NwbOptions, read_binned_nwb, read_nwb};
pub use read::siegel::{SiegelOptions, read_siegel2015};
pub use read::{RecordingExtras, VideoGenerator, VideoSource, list_arrays, read_recording, read_spikes};
pub use write::{VideoValues, VideoWriter, write_video};

/// The result of every door of this crate.
pub type Result<T> = std::result::Result<T, FormatError>;
