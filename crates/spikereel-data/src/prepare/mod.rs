//! From recordings to datasets: binning, pseudo-populations, splits, standardisation.

pub mod standardise;
