//! Motion in videos: dense optical flow and the direction it shows.

pub mod angle;
pub mod expansion;
pub mod farneback;
pub mod pyramid;

pub use angle::{FlowDirection, angle_difference_deg, gray_u8};
pub use farneback::{Farneback, Flow};
