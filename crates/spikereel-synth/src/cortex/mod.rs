//! A synthetic cortex: recordings of the paper's task with planted codes, and an ideal observer that says what was
//! planted.
//!
//! Each trial: the condition is heard by every region through its code (`code`) and its own lapses; the heard levels
//! set each site's mean count per bin (`tuning`); one shared gain per region and trial multiplies all its means
//! (`noise`); counts are negative binomial. All latents are discrete, so the likelihood of a trial is exact
//! (`likelihood`), choices included, and with it the observer's accuracy for every coalition of regions (`observer`).
//!
//! Not a biophysical model, and dots are not seen by it: spikes depend on the condition alone.

mod check;
mod code;
mod config;
mod generate;
mod likelihood;
mod noise;
mod observer;
mod planted;
mod preset;
mod session;
mod shapley;
mod task;
mod tuning;

pub use code::Code;
pub use config::{CortexConfig, Feature, PerFeature, RegionConfig, SessionConfig, SpikeForm};
pub use generate::generate;
pub use observer::{Observed, observe};
pub use shapley::shapley;
pub use task::{CHOICE_CORRECT, RESPONSE_LEFT, RESPONSE_RIGHT, RULE_COLOR, RULE_MOTION, response, rule};
