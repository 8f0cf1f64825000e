//! Studies: one question each, answered from a prepared recording and its networks, told as a [`spikereel_report::schema::Section`].
//!
//! A study's numbers come from `spikereel-analysis`; here they are asked for, put into words and charts. A study owns no file: what it
//! trains goes through [`Context`], which keeps networks under a name made of everything they depend on, so that two studies
//! that want the same network train it once, and a study that was stopped goes on.

mod catalogue;
pub mod ceilings;
mod context;
pub mod cross_validation;
pub mod frame_rates;
mod material;
mod paper_numbers;
mod plan;
pub mod scale;
mod score_words;
pub mod single_regions;
mod attribution;
mod context;
pub mod masking;
mod material;
pub mod operators;
mod published;
pub mod recovery;
pub mod shapley;
pub mod sites;
pub mod size_matched;
pub mod embedding;
mod embedding_charts;
mod estimate_words;
mod material;
pub mod similarity;
mod compact;
pub mod confounds;
mod context;
mod effects;
pub mod leakage;
mod material;
pub mod power;
mod sizes;
mod store;
pub mod time_resolved;
pub mod baselines;
mod context;
pub mod encoder;
mod material;
mod network_words;
mod sizes;
mod store;
pub mod temporal;

pub use catalogue::{ALL, StudyKind, StudyList, by_names};
pub use context::{Context, SmallFit};
pub use material::Material;
pub use plan::{Outcome, Plan, PlannedStudy, STUDIES};
pub use sizes::Sizes;
pub use store::Store;
