//! The nouns of the project: recordings, datasets, videos, folds, and the traits that decoders implement.
//!
//! Axes are the same everywhere: spikes `[trial, bin, site]`, videos `[trial, frame, height, width, rgb]`.
//! This crate does no input or output, prints nothing, and takes every seed as an argument.

#![forbid(unsafe_code)]

mod bytes;
mod condition;
mod dataset;
mod decoder;
mod error;
mod fold;
pub mod prepare;
mod recording;
pub mod rng;
mod site;
mod spikes;
mod split;
mod subset;
mod timeline;
mod truth;
mod video;

pub use bytes::SharedBytes;
pub use condition::{ConditionTable, Factor, Level};
pub use dataset::{Dataset, DatasetParts, RealTrial, TargetKind, Trial};
pub use decoder::{Decoder, Encoder, FitDecoder, FitEncoder, WithInputGradient, WithLatents};
pub use error::DataError;
pub use fold::{Fold, TrialDraw};
pub use prepare::standardise::{Standardisation, Standardiser};
pub use recording::{Recording, RecordingParts, SpikeTimes, Spikes};
pub use site::{Region, Site};
pub use spikes::{SpikeEncoding, SpikeTensor};
pub use split::{Part, Split};
pub use timeline::{BinGrid, Phase, PhaseSpan, Timeline};
pub use truth::{FeatureTruth, Truth};
pub use video::VideoPool;

/// The result of every fallible door of this crate.
pub type Result<T> = std::result::Result<T, DataError>;
