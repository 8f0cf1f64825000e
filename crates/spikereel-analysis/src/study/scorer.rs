//! The scorer: everything about a fold's truth that is needed to score decoded videos, made once and used for many decodings.
//!
//! Trials are decoded in small batches; only sums of videos per condition and numbers per trial are kept.

use crate::Clip;
use crate::baselines::ClassVideos;
use crate::metrics::{LossSsim, mse};
use crate::readout::Readout;
use crate::study::templates::Templates;
use ndarray::{Array3, Array5};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Fold, Part, Result, TargetKind};

/// What to score on single trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerSample {
    /// Every readout.
    All,
    /// Readouts that are not costly (optical flow is).
    Cheap,
    /// None but pooled readouts.
    None,
}

/// What to score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationOptions {
    /// Trials decoded at a time, 1 or more.
    pub batch: usize,
    /// Readouts on single trials.
    pub per_sample: PerSample,
    /// SSIM per condition and trial.
    pub ssim: bool,
    /// Naming the condition among all.
    pub condition_accuracy: bool,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self { batch: 64, per_sample: PerSample::All, ssim: true, condition_accuracy: true }
    }
}

/// Truth and templates of one part of a fold.
pub(super) struct Scorer<'a> {
    pub(super) fold: &'a Fold,
    pub(super) trials: Vec<usize>,
    pub(super) readouts: &'a [Box<dyn Readout>],
    pub(super) options: EvaluationOptions,
    /// Mean true video of each condition over `trials`.
    pub(super) truth: ClassVideos,
    /// `[readout][condition]`, empty where the condition has no trial.
    pub(super) truth_readings: Vec<Vec<Vec<f64>>>,
    feature_templates: Vec<Option<Templates>>,
    condition_templates: Option<Templates>,
    ssim: LossSsim,
}

/// What one pass over the trials leaves.
pub(super) struct Pass {
    /// Mean decoded video of each condition.
    pub(super) decoded: Vec<Option<Vec<f32>>>,
    /// `[readout][score][trial]`; empty inner lists where trials were not scored.
    pub(super) scores: Vec<Vec<Vec<Option<f64>>>>,
    /// `[readout][trial]` readings of pooled readouts.
    pub(super) readings: Vec<Vec<f64>>,
    /// `[readout]`: whether each trial's level was named; None without templates.
    pub(super) correct: Vec<Option<Vec<bool>>>,
    pub(super) condition_correct: Option<Vec<bool>>,
    pub(super) mse: Vec<Option<f64>>,
    pub(super) ssim: Vec<Option<f64>>,
}

/// Numbers of one trial.
struct OfTrial {
    scores: Vec<Vec<Option<f64>>>,
    readings: Vec<f64>,
    mse: Option<f64>,
    ssim: Option<f64>,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(
        fold: &'a Fold,
        part: Part,
        readouts: &'a [Box<dyn Readout>],
        options: EvaluationOptions,
    ) -> Result<Self> {
        let trials = fold.trials(part).to_vec();
        if trials.is_empty() {
            return Err(DataError::new(format!("trials of part {part:?}"), "at least one", "none"));
        }
        let dataset = fold.dataset();
        let shape = dataset.video_shape();
        let frame_len = shape[1] * shape[2] * shape[3];
        let train = ClassVideos::of_part(fold, Part::Train);
        let truth = ClassVideos::of_trials(dataset, &trials);
        let feature_templates = readouts
            .iter()
            .map(|readout| {
                let factor_idx = dataset.conditions.factor_idx(readout.factor()?)?;
                let level_of = |condition: usize| dataset.conditions.level_idx(condition, factor_idx);
                let n_levels = dataset.conditions.factors()[factor_idx].levels.len();
                let merged =
                    |level: usize| train.merged(|condition| level_of(condition) == level).map(|video| (level, video));
                Templates::new((0..n_levels).filter_map(merged).collect(), readout.frames(&dataset.timeline), frame_len)
            })
            .collect();
        let mut truth_readings = Vec::new();
        for readout in readouts {
            let read = |(condition, video): (usize, &Option<Vec<f32>>)| -> Result<Vec<f64>> {
                video
                    .as_ref()
                    .map_or(Ok(Vec::new()), |video| Ok(readout.truth(dataset, condition, &Clip::new(shape, video)?)))
            };
            truth_readings.push(truth.mean.par_iter().enumerate().map(read).collect::<Result<Vec<_>>>()?);
        }
        let condition_templates = options.condition_accuracy.then(|| {
            let videos = train.mean.into_iter().enumerate().filter_map(|(condition, video)| Some((condition, video?)));
            Templates::new(videos.collect(), (0..shape[0]).collect(), frame_len)
        });
        Ok(Self {
            fold,
            trials,
            readouts,
            options,
            truth,
            truth_readings,
            feature_templates,
            condition_templates: condition_templates.flatten(),
            ssim: LossSsim::default(),
        })
    }

    /// Number of choices of a readout's templates.
    pub(super) fn n_levels(&self, readout_idx: usize) -> usize {
        self.feature_templates[readout_idx].as_ref().map_or(0, Templates::n_levels)
    }

    /// Weights of the margin of each trial's true level for a readout, by level; None without templates.
    pub(super) fn margin_weights(&self, readout_idx: usize) -> Option<Vec<Option<Vec<f32>>>> {
        let dataset = self.fold.dataset();
        let templates = self.feature_templates[readout_idx].as_ref()?;
        let factor_idx = dataset.conditions.factor_idx(self.readouts[readout_idx].factor()?)?;
        let n_levels = dataset.conditions.factors()[factor_idx].levels.len();
        Some((0..n_levels).map(|level| templates.margin_weights(level, dataset.video_shape()[0])).collect())
    }

    /// Level of each trial for a readout; None without a factor.
    pub(super) fn levels(&self, readout_idx: usize) -> Option<Vec<usize>> {
        let conditions = &self.fold.dataset().conditions;
        let factor_idx = conditions.factor_idx(self.readouts[readout_idx].factor()?)?;
        Some(self.trials.iter().map(|&trial| conditions.level_idx(self.fold.condition_of(trial), factor_idx)).collect())
    }

    /// Number of choices among conditions.
    pub(super) fn n_condition_levels(&self) -> usize {
        self.condition_templates.as_ref().map_or(0, Templates::n_levels)
    }

    /// Decodes standardised spikes of all trials with `predict(trials, spikes)` and gathers.
    pub(super) fn pass(&self, predict: &mut dyn FnMut(&[usize], Array3<f32>) -> Result<Array5<f32>>) -> Result<Pass> {
        let dataset = self.fold.dataset();
        let shape = dataset.video_shape();
        let len: usize = shape.iter().product();
        let n_readouts = self.readouts.len();
        let mut sums: Vec<Vec<f64>> = vec![Vec::new(); dataset.conditions.len()];
        let mut pass = Pass {
            decoded: Vec::new(),
            scores: self.readouts.iter().map(|readout| vec![Vec::new(); readout.scores().len()]).collect(),
            readings: vec![Vec::new(); n_readouts],
            correct: self.feature_templates.iter().map(|templates| templates.as_ref().map(|_| Vec::new())).collect(),
            condition_correct: self.condition_templates.as_ref().map(|_| Vec::new()),
            mse: Vec::new(),
            ssim: Vec::new(),
        };
        for batch in self.trials.chunks(self.options.batch.max(1)) {
            let videos = predict(batch, self.fold.spikes(batch))?;
            check_videos(&videos, batch.len(), shape)?;
            let videos = videos.as_standard_layout();
            let Some(values) = videos.as_slice() else { continue };
            for (&trial, video) in batch.iter().zip(values.chunks_exact(len)) {
                let sum = &mut sums[self.fold.condition_of(trial)];
                sum.resize(len, 0.0);
                sum.iter_mut().zip(video).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            let of_trials: Vec<OfTrial> = batch
                .par_iter()
                .zip(values.par_chunks_exact(len))
                .map(|(&trial, video)| self.score_trial(trial, Clip::new(shape, video)?))
                .collect::<Result<_>>()?;
            for of_trial in of_trials {
                pass.push(of_trial);
            }
            self.classify(batch, values, len, &mut pass)?;
        }
        pass.decoded = sums
            .iter()
            .zip(&self.truth.n_trials)
            .map(|(sum, &n)| (!sum.is_empty()).then(|| sum.iter().map(|sum| (sum / n as f64) as f32).collect()))
            .collect();
        Ok(pass)
    }

    fn score_trial(&self, trial: usize, video: Clip<'_>) -> Result<OfTrial> {
        let dataset = self.fold.dataset();
        let condition = self.fold.condition_of(trial);
        let mut target = vec![0.0; video.values().len()];
        self.fold.fill_video(trial, &mut target);
        let target = Clip::new(video.shape(), &target)?;
        let mut out = OfTrial {
            scores: Vec::new(),
            readings: Vec::new(),
            mse: mse(video.values(), target.values()),
            ssim: if self.options.ssim { self.ssim.clip(&video, &target) } else { None },
        };
        for (readout, truths) in self.readouts.iter().zip(&self.truth_readings) {
            let wanted = match self.options.per_sample {
                PerSample::All => true,
                PerSample::Cheap => !readout.is_costly(),
                PerSample::None => false,
            };
            if !wanted && !readout.is_pooled() {
                out.scores.push(Vec::new());
                out.readings.push(f64::NAN);
                continue;
            }
            let reading = readout.read(&video, &dataset.timeline);
            let own = (dataset.target_kind == TargetKind::OwnVideo && readout.own_video_is_truth())
                .then(|| readout.read(&target, &dataset.timeline));
            out.scores.push(readout.compare(&reading, own.as_ref().unwrap_or(&truths[condition])));
            out.readings.push(reading.first().copied().unwrap_or(f64::NAN));
        }
        Ok(out)
    }

    fn classify(&self, batch: &[usize], values: &[f32], len: usize, pass: &mut Pass) -> Result<()> {
        let dataset = self.fold.dataset();
        for (readout_idx, templates) in self.feature_templates.iter().enumerate() {
            let Some(templates) = templates else { continue };
            let factor = self.readouts[readout_idx].factor().and_then(|factor| dataset.conditions.factor_idx(factor));
            let (Some(factor_idx), Some(correct)) = (factor, pass.correct[readout_idx].as_mut()) else { continue };
            let right = |(&trial, named): (&usize, usize)| {
                dataset.conditions.level_idx(self.fold.condition_of(trial), factor_idx) == named
            };
            correct.extend(batch.iter().zip(templates.nearest(values, len)?).map(right));
        }
        if let (Some(templates), Some(correct)) = (&self.condition_templates, pass.condition_correct.as_mut()) {
            let right = |(&trial, named): (&usize, usize)| self.fold.condition_of(trial) == named;
            correct.extend(batch.iter().zip(templates.nearest(values, len)?).map(right));
        }
        Ok(())
    }

    /// Readings of a pass's condition averages, `[readout][condition]`; empty where the condition has no trial.
    pub(super) fn condition_readings(&self, pass: &Pass) -> Result<Vec<Vec<Vec<f64>>>> {
        let dataset = self.fold.dataset();
        let shape = dataset.video_shape();
        let of_readout = |readout: &dyn Readout| {
            let read = |video: &Option<Vec<f32>>| -> Result<Vec<f64>> {
                video
                    .as_ref()
                    .map_or(Ok(Vec::new()), |video| Ok(readout.read(&Clip::new(shape, video)?, &dataset.timeline)))
            };
            pass.decoded.par_iter().map(read).collect::<Result<Vec<_>>>()
        };
        self.readouts.iter().map(|readout| of_readout(readout.as_ref())).collect()
    }

    /// Scores of condition readings, `[score][condition]`.
    pub(super) fn condition_scores(&self, readout_idx: usize, readings: &[Vec<f64>]) -> Vec<Vec<Option<f64>>> {
        let readout = &self.readouts[readout_idx];
        let n_scores = readout.scores().len();
        let mut scores = vec![vec![None; readings.len()]; n_scores];
        for (condition, reading) in
            readings.iter().enumerate().filter(|(condition, _)| self.truth.n_trials[*condition] > 0)
        {
            for (kept, score) in
                scores.iter_mut().zip(readout.compare(reading, &self.truth_readings[readout_idx][condition]))
            {
                kept[condition] = score.filter(|score| score.is_finite());
            }
        }
        scores
    }

    /// SSIM of two videos of the fold's shape.
    pub(super) fn ssim_of(&self, a: &[f32], b: &[f32]) -> Option<f64> {
        let shape = self.fold.dataset().video_shape();
        self.ssim.clip(&Clip::new(shape, a).ok()?, &Clip::new(shape, b).ok()?)
    }
}

impl Pass {
    fn push(&mut self, of_trial: OfTrial) {
        for (kept, scores) in self.scores.iter_mut().zip(of_trial.scores) {
            kept.iter_mut().zip(scores).for_each(|(kept, score)| kept.push(score.filter(|score| score.is_finite())));
        }
        self.readings.iter_mut().zip(of_trial.readings).for_each(|(kept, reading)| kept.push(reading));
        self.mse.push(of_trial.mse);
        self.ssim.push(of_trial.ssim);
    }
}

pub(super) fn check_videos(videos: &Array5<f32>, n_trials: usize, shape: [usize; 4]) -> Result<()> {
    let expected = [n_trials, shape[0], shape[1], shape[2], shape[3]];
    if videos.shape() != expected {
        let got = format!("{:?}", videos.shape());
        return Err(DataError::new(
            "decoded videos",
            format!("[trial, frame, height, width, rgb] = {expected:?}"),
            got,
        ));
    }
    Ok(())
}
