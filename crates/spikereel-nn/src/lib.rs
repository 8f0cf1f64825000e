//! Networks described as data, and the CPU engine that trains and runs them.
//!
//! A [`network::Network`] is a table of nodes; an [`Engine`] executes it through [`spikereel_kernels::Kernels`], in f32 for work and in
//! f64 as a definition. [`train::Trainer`] fits one to a fold, [`NetworkDecoder`] and [`NetworkEncoder`] are what comes out, and weights travel as safetensors
//! under the published names.

#![forbid(unsafe_code)]

mod decoder;
mod encoder;
pub mod engine;
mod error;
mod files;
pub mod loss;
pub mod network;
pub mod optimiser;
mod plan;
mod real;
mod runner;
pub mod tensors;
pub mod train;
pub mod weights;

pub use decoder::{FitNetwork, NetworkDecoder};
pub use encoder::{FitNetworkEncoder, NetworkEncoder};
pub use engine::{Engine, Mode};
pub use error::{Error, Result};
pub use loss::{LossScale, PhaseWeights};
pub use network::{DecoderShape, EncoderShape, Model, Network};
pub use optimiser::{Optimiser, OptimiserConfig, Rule, Schedule};
pub use plan::Wants;
pub use real::Real;
pub use train::{
    Checkpoint, CheckpointFolder, EpochRecord, Exchange, Found, Position, Progress, Ranks, Redraw, Snapshots, Start,
    StepReport, Task, TrainConfig, Trainer,
};
pub use weights::Weights;
