//! Scores, statistics and studies: numbers from a dataset and a decoder.
//!
//! A study sees a [`spikereel_data::Decoder`] and nothing of how it is built, so it runs as well on ridge regression, on the mean
//! video or on a simulator's own truth as on a network. No input or output, nothing printed, every seed an argument; results are the
//! same bits for any number of threads, because sums run in fixed chunks.

#![forbid(unsafe_code)]

pub mod audit;
pub mod baselines;
mod clip;
pub mod embed;
mod linalg;
pub mod metrics;
pub mod motion;
pub mod perturb;
pub mod readout;
pub mod score;
pub mod signal;
pub mod stats;
pub mod study;

pub use clip::Clip;
pub use spikereel_data::{DataError, Result};
