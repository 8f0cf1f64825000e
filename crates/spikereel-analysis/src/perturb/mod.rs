//! Perturbations of the input at test time.

pub mod mask;

pub use mask::{MaskOperator, mask_regions};
