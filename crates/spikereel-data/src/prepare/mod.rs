//! From recordings to datasets: binning, pseudo-populations, splits, clips, standardisation, and the audit of leakage.
//!
//! The order of work: [`bin`] recordings on one grid; take trials as recorded ([`BinnedTrials::from_recording`]) or resample
//! them ([`population`]); [`split`]; give every trial a clip ([`clips`]); assemble the [`crate::Dataset`]; [`audit`] it.

pub mod assemble;
pub mod audit;
pub mod bin;
pub mod clips;
mod common;
mod pool;
pub mod population;
pub mod shuffle;
pub mod split;
pub mod standardise;
pub mod subset;

pub use assemble::BinnedTrials;
pub use audit::{LeakAudit, PartAudit};
pub use bin::{bin_spike_times, binned, rebin_counts};
pub use clips::{ClipAssignment, assign_clips, concat_pools};
pub use population::{PopulationConfig, pseudo_population};
pub use shuffle::shuffle_region_across_conditions;
pub use split::{Rounding, SplitConfig, SplitUnit, split_dataset, split_trials};
pub use subset::{keep_in_split, shuffle_conditions, with_spikes};
