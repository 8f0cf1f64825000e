//! Studies: one question each, answered from a prepared recording and its networks, told as a [`spikereel_report::schema::Section`].
//!
//! A study's numbers come from `spikereel-analysis`; here they are asked for, put into words and charts. A study owns no file: what it
//! trains goes through [`Context`], which keeps networks under a name made of everything they depend on, so that two studies
//! that want the same network train it once, and a study that was stopped goes on.

mod compact;
pub mod confounds;
mod context;
mod effects;
pub mod leakage;
mod material;
pub mod power;
mod sizes;
mod store;

pub use context::{Context, SmallFit};
pub use material::Material;
pub use sizes::Sizes;
pub use store::Store;
