//! Perturbations of the input at test time.

mod donors;
pub mod mask;
mod retrain;

pub use mask::{Mask, MaskOperator, MaskedSites, mask_regions};
pub use retrain::fit_without;
