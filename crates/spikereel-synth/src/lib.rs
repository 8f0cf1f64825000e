//! Invented inputs with known truth: stimulus videos and a synthetic cortex.
//!
//! Takes every seed as an argument, reads and writes nothing, prints nothing.

#![forbid(unsafe_code)]

pub mod cortex;
pub mod stimulus;
