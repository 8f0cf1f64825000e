//! Nearest class mean: names the condition from the spikes, shows that condition's mean training video.
//!
//! The metric is squared distance to the mean training spikes of each condition, `[bin, site]`, divided by the pooled within-condition
//! variance of that entry (diagonal linear discriminant, equal priors), so that sites with large counts do not drown the others.

use crate::baselines::ClassVideos;
use crate::baselines::kernel::check_axes;
use crate::baselines::mean_video::repeat_videos;
use ndarray::{Array5, ArrayView3};
use rayon::prelude::*;
use spikereel_data::{DataError, Decoder, FitDecoder, Fold, Part, Result};

/// Fits the nearest-class-mean decoder.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClassMean;

struct Fitted {
    axes: [usize; 2],
    shape: [usize; 4],
    /// Conditions that have training trials.
    classes: Vec<Class>,
    /// Inverse pooled variance, `[bin, site]`; 0 where an entry never varies.
    precision: Vec<f64>,
}

struct Class {
    centroid: Vec<f64>,
    video: Vec<f32>,
}

impl FitDecoder for ClassMean {
    fn name(&self) -> &str {
        "class mean"
    }

    fn fit(&self, fold: &Fold, _seed: u64) -> Result<Box<dyn Decoder>> {
        let (n_bins, n_sites) = (fold.dataset().n_bins(), fold.dataset().n_sites());
        let len = n_bins * n_sites;
        let videos = ClassVideos::of_part(fold, Part::Train);
        let mut trial = vec![0.0; len];
        let mut squares = vec![0.0_f64; len];
        let mut classes = Vec::new();
        for (members, video) in fold.train_of_condition().iter().zip(videos.mean) {
            let Some(video) = video else { continue };
            let mut centroid = vec![0.0_f64; len];
            for &trial_idx in members {
                fold.fill_spikes(trial_idx, &mut trial);
                centroid.iter_mut().zip(&trial).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            centroid.iter_mut().for_each(|sum| *sum /= members.len() as f64);
            for &trial_idx in members {
                fold.fill_spikes(trial_idx, &mut trial);
                for ((sum, &value), mean) in squares.iter_mut().zip(&trial).zip(&centroid) {
                    *sum += (f64::from(value) - mean).powi(2);
                }
            }
            classes.push(Class { centroid, video });
        }
        if classes.is_empty() {
            return Err(DataError::new("training trials", "at least one", "none"));
        }
        let df = fold.trials(Part::Train).len().saturating_sub(classes.len()).max(1) as f64;
        // A quarter of the mean variance added everywhere keeps nearly silent entries from counting without bound.
        let floor = 0.25 * squares.iter().sum::<f64>() / (df * len as f64);
        let precision = squares.iter().map(|sum| 1.0 / (sum / df + floor)).map(|p| if p.is_finite() { p } else { 1.0 });
        Ok(Box::new(Fitted {
            axes: [n_bins, n_sites],
            shape: fold.dataset().video_shape(),
            precision: precision.collect(),
            classes,
        }))
    }
}

impl Decoder for Fitted {
    fn name(&self) -> &str {
        "class mean"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        check_axes(&spikes, self.axes)?;
        let n_trials = spikes.dim().0;
        let nearest: Vec<usize> = (0..n_trials)
            .into_par_iter()
            .map(|row| {
                let trial: Vec<f64> = spikes.index_axis(ndarray::Axis(0), row).iter().map(|&v| f64::from(v)).collect();
                let distance = |class: &Class| -> f64 {
                    let terms = trial.iter().zip(&class.centroid).zip(&self.precision);
                    terms.map(|((value, mean), precision)| (value - mean).powi(2) * precision).sum()
                };
                let distances: Vec<f64> = self.classes.iter().map(distance).collect();
                (0..distances.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap_or(0)
            })
            .collect();
        repeat_videos(
            self.shape,
            &nearest.iter().map(|&class| self.classes[class].video.as_slice()).collect::<Vec<_>>(),
        )
    }
}
