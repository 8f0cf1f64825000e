//! Writers: decoded videos. Prepared datasets are written by [`crate::dataset`].

mod video;

pub use video::{VideoValues, VideoWriter, write_video};
