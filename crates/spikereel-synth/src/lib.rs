//! Invented inputs with known truth: stimulus videos and a synthetic cortex.

#![forbid(unsafe_code)]
