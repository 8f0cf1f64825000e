//! Numeric operations on slices: a public, slow, obviously right definition in f64, and fast forms held to it.
//!
//! Activations are channels-last, `[batch, frame, height, width, channel]`; weights keep PyTorch's axis order.
//! [`Kernels`] is the door through which an engine runs a network: [`naive::Naive`] and [`fast::Fast`] stand behind it.

#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod arch;
mod bf16;
pub mod fast;
pub mod naive;
mod ops;
mod volume;

pub use arch::Isa;
pub use bf16::round_to_bf16;
pub use ops::{Kernels, LossParts, VideoLoss};
pub use volume::{Conv3d, Normalised, Pool3d, Volume};
