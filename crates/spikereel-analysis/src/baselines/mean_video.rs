//! The mean training video, whatever the spikes say: what can be had without decoding.

use crate::baselines::class_videos::mean_video;
use ndarray::{Array5, ArrayView3};
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, Part, Result};

/// Fits the mean training video.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeanVideo;

struct Fitted {
    shape: [usize; 4],
    video: Vec<f32>,
}

impl FitDecoder for MeanVideo {
    fn name(&self) -> &str {
        "mean video"
    }

    fn fit(&self, fold: &Fold, _seed: u64) -> Result<Box<dyn Decoder>> {
        let video = mean_video(fold.dataset(), fold.trials(Part::Train))
            .ok_or_else(|| DataError::new("training trials", "at least one", "none"))?;
        Ok(Box::new(Fitted { shape: fold.dataset().video_shape(), video }))
    }
}

impl Decoder for Fitted {
    fn name(&self) -> &str {
        "mean video"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        repeat_videos(self.shape, &vec![self.video.as_slice(); spikes.dim().0])
    }
}

/// Stacks videos `[frame, height, width, rgb]` along a new trial axis.
pub(super) fn repeat_videos(shape: [usize; 4], videos: &[&[f32]]) -> Result<Array5<f32>> {
    let [frames, height, width, rgb] = shape;
    let values: Vec<f32> = videos.concat();
    let got = values.len();
    Array5::from_shape_vec((videos.len(), frames, height, width, rgb), values)
        .map_err(|_| DataError::new("stacked videos", format!("{} x {shape:?} values", videos.len()), got.to_string()))
}
