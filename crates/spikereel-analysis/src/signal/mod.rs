//! Filters of time courses: Butterworth design and zero-phase filtering, held to scipy.

pub mod butterworth;
pub mod filtfilt;

pub use butterworth::{Band, Butterworth};
pub use filtfilt::filtfilt;
