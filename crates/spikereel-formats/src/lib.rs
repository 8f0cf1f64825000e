//! Readers and writers of files: npz and npy with a sidecar, prepared datasets, videos.

#![forbid(unsafe_code)]
