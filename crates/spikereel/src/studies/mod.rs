//! Studies: one question each, answered from a prepared recording and its networks, told as a [`spikereel_report::schema::Section`].
//!
//! A study's numbers come from `spikereel-analysis`; here they are asked for, put into words and charts. A study owns no file: what it
//! trains goes through [`Context`], which keeps networks under a name made of everything they depend on, so that two studies
//! that want the same network train it once, and a study that was stopped goes on.

mod attribution;
pub mod baselines;
mod catalogue;
pub mod ceilings;
mod chance;
mod coarse;
mod compact;
pub mod confounds;
mod context;
pub mod cross_validation;
mod effects;
pub mod embedding;
mod embedding_charts;
pub mod encoder;
mod encoder_bands;
mod estimate_words;
pub mod frame_rates;
pub mod leakage;
pub mod masking;
mod material;
mod network_words;
pub mod operators;
pub mod paper_numbers;
mod paper_table;
mod plan;
pub mod power;
mod published;
pub mod recovery;
pub mod scale;
mod score_words;
pub mod shapley;
pub mod similarity;
pub mod single_regions;
pub mod sites;
pub mod size_matched;
mod sizes;
mod store;
pub mod temporal;
pub mod time_resolved;
mod words;
mod work;

pub use catalogue::{ALL, StudyKind, StudyList, by_names};
pub use coarse::coarse;
pub use context::{Context, SmallFit};
pub use material::Material;
pub use paper_table::complete;
pub use plan::{Outcome, Plan, PlannedStudy, STUDIES};
pub use sizes::Sizes;
pub use store::{Store, name_of};
pub use work::{Work, work};
