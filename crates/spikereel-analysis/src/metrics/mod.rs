//! How alike two videos are: correlation, structural similarity, squared error.

pub mod correlation;
pub mod points;
pub mod ssim;

pub use correlation::{cosine, mse, pearson, r2};
pub use points::{PointLayout, four_points};
pub use ssim::{LossSsim, ssim_skimage};
