//! A prepared dataset as a folder: what it is in `dataset.json`, spikes and videos as plain bytes that are memory-mapped.
//! Described in `docs/formats.md`.

mod manifest;
mod map;
mod read;
mod write;

pub use read::{StoredDataset, read_dataset, verify_dataset};
pub use write::write_dataset;

/// What the dataset is.
pub const MANIFEST: &str = "dataset.json";
/// Spikes, `[trial, bin, site]`.
pub const SPIKES: &str = "spikes.bin";
/// Clips, `[clip, frame, height, width, rgb]`.
pub const VIDEO: &str = "video.bin";
/// Splits, one a fold.
pub const SPLITS: &str = "split.json";
/// SHA-256 of the others, as `sha256sum` writes and checks it.
pub const CHECKSUMS: &str = "SHA256SUMS";
