//! The steps from a recording to a report. Each is usable alone; [`demo`] walks them all.

pub mod convert;
pub mod decode;
pub mod demo;
pub mod evaluate;
pub mod fits;
pub mod import;
pub mod inspect;
pub mod look;
pub mod mask;
pub mod pooled;
pub mod prepare;
pub mod report;
pub mod simulate;
pub mod source;
pub mod together;
pub mod train;

mod compose;
pub(crate) mod going_on;
mod merge;
mod metrics;
pub(crate) mod network;
mod nwb;
pub mod open_run;
mod pictures;
pub(crate) mod readouts;
mod siegel;
pub(crate) mod training;
mod videos;
