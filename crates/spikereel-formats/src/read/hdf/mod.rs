//! HDF5 files, read only, over a pure-Rust reader that the rest of the crate never names.
//!
//! A file is not trusted. External links, external storage and virtual datasets are refused, soft links are followed a few times and
//! no more, and every size that a file declares is checked against what the file can hold before anything is allocated. Values are read
//! by the type that is stored, never by the width of an element alone.

mod dataset;
mod dtype;
mod fault;
mod file;
mod headers;
mod heap;
mod numbers;
mod old_chunks;
mod old_layout;

pub(crate) use dataset::HdfDataset;
pub(crate) use dtype::Dtype;
pub(crate) use fault::{fault, fault_hint};
pub(crate) use file::{HdfFile, Node, list};
