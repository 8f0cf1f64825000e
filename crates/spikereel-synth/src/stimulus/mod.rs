//! Stimulus videos drawn by our own code: fixation, cue and moving dots as in the paper, and the two-Gabor screen.
//!
//! Geometry follows the paper's generator as far as it could be established; the constants stand beside the shapes.
//! Not a general drawing library: only what these videos need.

mod clip;
mod conditions;
mod config;
mod cue;
mod dots;
mod fixation;
mod gabor;
mod raster;
mod timeline;

pub use clip::{clip_pool, own_clips, render_clip};
pub use conditions::{ANGLES_DEG, Shown, condition_table, shown};
pub use config::StimulusConfig;
pub use cue::Cue;
pub use dots::{Speed, color_rgb};
pub use gabor::{GaborConfig, gabor_condition_table, gabor_patches, gabor_pool, render_gabor_clip};
