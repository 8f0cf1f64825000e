//! The front door: configuration, run folders, steps and studies.

#![forbid(unsafe_code)]
