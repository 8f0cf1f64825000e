//! Ridge regression from flattened standardised spikes to video, in the space of trials.
//!
//! A predicted video is a weighted sum of training videos, so only weights are fitted and no matrix of trials by pixels ever exists.
//! The penalty is chosen by generalised cross-validation on training trials alone.
//!
//! # References
//! Hoerl & Kennard (1970), Technometrics 12:55; Golub, Heath & Wahba (1979), Technometrics 21:215 (GCV).

use crate::baselines::class_videos::ClassVideos;
use crate::baselines::kernel::TrainingKernel;
use crate::linalg::{Matrix, inner_products, mix};
use ndarray::{Array5, ArrayView3};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Dataset, Decoder, FitDecoder, Fold, Part, Result, TargetKind};
use std::sync::Arc;

/// Values of a video that stand for all of it when the penalty is chosen; more would cost time and change nothing.
const MAX_GCV_VALUES: usize = 8192;

/// What ridge regresses on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RidgeTarget {
    /// Own clips where spikes know them ([`TargetKind::OwnVideo`]), else condition means: with dots that spikes know nothing of,
    /// the condition's mean is the same target without its noise.
    #[default]
    Auto,
    /// Each trial's own clip.
    OwnClip,
    /// The mean training video of the trial's condition.
    ConditionMean,
}

/// Fits ridge regression.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RidgeVideo {
    /// What to regress on.
    pub target: RidgeTarget,
    /// Penalties in units of the kernel's mean eigenvalue; empty for 13 from 1e-3 to 1e3.
    pub penalties: Vec<f64>,
}

/// Distinct target videos.
enum Videos {
    Means(Vec<Vec<f32>>),
    Clips(Arc<Dataset>, Vec<usize>),
}

impl Videos {
    fn len(&self) -> usize {
        match self {
            Self::Means(videos) => videos.len(),
            Self::Clips(_, clips) => clips.len(),
        }
    }

    fn fill(&self, group: usize, range: std::ops::Range<usize>, out: &mut [f32]) {
        match self {
            Self::Means(videos) => out.copy_from_slice(&videos[group][range]),
            Self::Clips(dataset, clips) => {
                let clip = &dataset.video.clip(clips[group])[range];
                out.iter_mut().zip(clip).for_each(|(out, &value)| *out = f32::from(value) / 255.0);
            }
        }
    }
}

struct Fitted {
    kernel: TrainingKernel,
    /// `[training trial, video]`: kernel products times this are weights of centred videos.
    dual: Matrix,
    /// Share of training trials showing each video: the mean video's weights.
    share: Vec<f64>,
    videos: Videos,
    shape: [usize; 4],
}

impl FitDecoder for RidgeVideo {
    fn name(&self) -> &str {
        "ridge"
    }

    fn fit(&self, fold: &Fold, _seed: u64) -> Result<Box<dyn Decoder>> {
        let trials = fold.trials(Part::Train);
        let kernel = TrainingKernel::fit(fold, trials)?;
        let (videos, group_of_trial) = self.videos(fold, trials);
        let n_groups = videos.len();
        let mut share = vec![0.0; n_groups];
        group_of_trial.iter().for_each(|&group| share[group] += 1.0 / trials.len() as f64);
        // Eigenvectors summed over the trials of each video: [eigenvector, video].
        let mut projected = Matrix::zeros(kernel.eigenvalues.len(), n_groups);
        for (trial, &group) in group_of_trial.iter().enumerate() {
            for (vector, value) in kernel.vectors.row(trial).iter().enumerate() {
                projected.values[vector * n_groups + group] += value;
            }
        }
        let penalty = self.choose(&kernel, &projected, &videos, &share, fold.dataset().video.clip_len());
        let mut shrunk = projected;
        for (vector, &eigenvalue) in kernel.eigenvalues.iter().enumerate() {
            shrunk.values[vector * n_groups..(vector + 1) * n_groups]
                .iter_mut()
                .for_each(|v| *v /= eigenvalue + penalty);
        }
        let dual = kernel.vectors.times(&shrunk);
        Ok(Box::new(Fitted { kernel, dual, share, videos, shape: fold.dataset().video_shape() }))
    }
}

impl RidgeVideo {
    fn videos(&self, fold: &Fold, trials: &[usize]) -> (Videos, Vec<usize>) {
        let dataset = fold.dataset();
        let own = match self.target {
            RidgeTarget::OwnClip => true,
            RidgeTarget::ConditionMean => false,
            RidgeTarget::Auto => dataset.target_kind == TargetKind::OwnVideo,
        };
        if own {
            let clip_of = |&trial_idx: &usize| dataset.trials[trial_idx].clip_idx;
            let mut clips: Vec<usize> = trials.iter().map(clip_of).collect();
            clips.sort_unstable();
            clips.dedup();
            let groups = trials.iter().map(|trial| clips.binary_search(&clip_of(trial)).unwrap_or(0)).collect();
            return (Videos::Clips(Arc::clone(dataset), clips), groups);
        }
        let means = ClassVideos::of_part(fold, Part::Train).mean;
        let mut group_of_condition = vec![0; means.len()];
        let mut videos = Vec::new();
        for (condition, mean) in means.into_iter().enumerate() {
            group_of_condition[condition] = videos.len();
            videos.extend(mean);
        }
        let groups = trials.iter().map(|&trial| group_of_condition[fold.condition_of(trial)]).collect();
        (Videos::Means(videos), groups)
    }

    /// Penalty with the smallest generalised cross-validation error over all (or evenly chosen) values of the video.
    fn choose(
        &self,
        kernel: &TrainingKernel,
        projected: &Matrix,
        videos: &Videos,
        share: &[f64],
        n_values: usize,
    ) -> f64 {
        let n_groups = videos.len();
        // An odd step meets every color and does not line up with rows.
        let step = n_values.div_ceil(MAX_GCV_VALUES) | 1;
        let picked: Vec<usize> = (0..n_values).step_by(step).collect();
        let mut rows = vec![0.0_f32; n_groups * picked.len()];
        let mut whole = vec![0.0; n_values];
        for (group, row) in rows.chunks_exact_mut(picked.len()).enumerate() {
            videos.fill(group, 0..n_values, &mut whole);
            row.iter_mut().zip(&picked).for_each(|(out, &at)| *out = whole[at]);
        }
        let mut mean = vec![0.0_f64; picked.len()];
        for (row, share) in rows.chunks_exact(picked.len()).zip(share) {
            mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += share * f64::from(value));
        }
        for row in rows.chunks_exact_mut(picked.len()) {
            row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= *mean as f32);
        }
        let gram = inner_products(&rows, &rows, picked.len());
        let through = projected.times(&gram);
        let power: Vec<f64> = (0..projected.n_rows)
            .map(|vector| {
                through.row(vector).iter().zip(projected.row(vector)).map(|(a, b)| a * b).sum::<f64>().max(0.0)
            })
            .collect();
        // What lies outside the kernel's range is an error at any penalty.
        let total: f64 =
            (0..n_groups).map(|group| share[group] * kernel.n_trials() as f64 * gram.row(group)[group]).sum();
        let unreached = (total - power.iter().sum::<f64>()).max(0.0);
        let unit = kernel.eigenvalues.iter().sum::<f64>() / kernel.n_trials() as f64;
        let steps: Vec<f64> = if self.penalties.is_empty() {
            (0..13).map(|step| 10_f64.powf(-3.0 + 0.5 * f64::from(step))).collect()
        } else {
            self.penalties.clone()
        };
        let error = |penalty: f64| {
            let left = |value: f64| penalty / (value + penalty);
            let sum: f64 =
                kernel.eigenvalues.iter().zip(&power).map(|(&value, power)| left(value).powi(2) * power).sum();
            let df: f64 = kernel.eigenvalues.iter().map(|&value| 1.0 - left(value)).sum();
            (sum + unreached) / (kernel.n_trials() as f64 - 1.0 - df).powi(2)
        };
        let candidates = steps.iter().map(|step| step * unit).filter(|&penalty| penalty > 0.0);
        candidates.min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(1.0)
    }
}

impl Decoder for Fitted {
    fn name(&self) -> &str {
        "ridge"
    }

    fn predict(&self, spikes: ArrayView3<'_, f32>) -> Result<Array5<f32>> {
        let products = self.kernel.products(&spikes)?.times(&self.dual);
        let mut weights = Vec::with_capacity(products.values.len());
        for row in 0..products.n_rows {
            // Weights apply to videos minus their mean: sum w (v - mean) + mean.
            let rest = 1.0 - products.row(row).iter().sum::<f64>();
            weights.extend(
                products.row(row).iter().zip(&self.share).map(|(weight, share)| (weight + rest * share) as f32),
            );
        }
        let [frames, height, width, rgb] = self.shape;
        let n_values = frames * height * width * rgb;
        let mut values =
            mix(&weights, self.videos.len(), n_values, |group, range, out| self.videos.fill(group, range, out));
        values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        let got = values.len();
        Array5::from_shape_vec((products.n_rows, frames, height, width, rgb), values).map_err(|_| {
            DataError::new("ridge videos", format!("{} values", products.n_rows * n_values), got.to_string())
        })
    }
}
