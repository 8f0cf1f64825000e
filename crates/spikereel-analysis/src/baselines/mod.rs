//! What a decoder has to beat, each fitted through the same door as a network.

mod class_mean;
pub mod class_videos;
mod kernel;
mod lbfgs;
mod mean_video;
mod multinomial;
mod ridge_cv;
mod ridge_video;

pub use class_mean::ClassMean;
pub use class_videos::ClassVideos;
pub use mean_video::MeanVideo;
pub use multinomial::{Multinomial, MultinomialRidge};
pub use ridge_cv::{RidgeCv, default_alphas};
pub use ridge_video::{RidgeTarget, RidgeVideo};
