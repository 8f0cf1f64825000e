//! Writers: decoded videos, and arrays for other programs.

mod export;
mod video;

pub use export::{ExportArray, ExportValues, NwbMovie, NwbOut, npy_bytes, write_npz, write_nwb, write_safetensors};
pub use video::{VideoValues, VideoWriter, write_video};
