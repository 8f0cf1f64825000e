//! Configuration in three stages: given (all optional) -> resolved (all concrete, checked) -> written into the run folder.

pub mod choices;
pub mod defaults;
mod given;
mod resolve;
mod resolved;

pub use crate::error::ConfigError;
pub use given::{
    BinsGiven, DataGiven, Given, MaskingGiven, NetworkGiven, PopulationGiven, ScoresGiven, SplitGiven,
    StandardiseGiven, StimulusGiven, TrainGiven,
};
pub use resolve::{SourceFacts, resolve};
pub use resolved::{
    BinsConfig, DataConfig, MaskingConfig, NetworkConfig, PopulationConfig, Resolved, ScoresConfig, SplitConfig,
    StandardiseConfig, StimulusConfig, TrainConfig,
};
