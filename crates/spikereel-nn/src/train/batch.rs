//! Batches of an epoch: which trials, in which order, and their values. Every draw has a stream of its own, so threads do not matter.

use super::{Task, TrainConfig};
use crate::Real;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use spikereel_data::rng::stream;
use spikereel_data::{Fold, Part};
use std::ops::Range;

/// Standardised spikes `[sample, bin, site]` and videos `[sample, frame, height, width, rgb]`.
#[derive(Debug, Default)]
pub(crate) struct Batch<R> {
    pub n: usize,
    pub spikes: Vec<R>,
    pub videos: Vec<R>,
}

/// The training samples of one epoch. Streams: `train/epoch{e}/order` for the order, `train/epoch{e}/sample{position}` for what is drawn
/// for a sample.
pub(crate) struct EpochSamples<'a> {
    fold: &'a Fold,
    config: &'a TrainConfig,
    task: Task,
    seed: u64,
    epoch: usize,
    order: Vec<usize>,
}

impl<R> Batch<R> {
    /// What goes into the network, and what should come out of it.
    pub fn of_task(&self, task: Task) -> (&[R], &[R]) {
        match task {
            Task::Decode => (&self.spikes, &self.videos),
            Task::Encode => (&self.videos, &self.spikes),
        }
    }
}

impl<'a> EpochSamples<'a> {
    /// Shuffles the training trials; with `steps_per_epoch`, as many whole shuffles as are needed.
    pub fn new(fold: &'a Fold, config: &'a TrainConfig, task: Task, seed: u64, epoch: usize) -> Self {
        let trials = fold.trials(Part::Train);
        let n_samples = config.steps_per_epoch.map_or(trials.len(), |n_steps| n_steps * config.batch_size);
        let mut rng = stream(seed, &format!("train/epoch{epoch}/order"));
        let mut order = Vec::with_capacity(n_samples + trials.len());
        while order.len() < n_samples {
            let first = order.len();
            order.extend_from_slice(trials);
            // Fisher and Yates, written out, so that the order depends on no library's version.
            for at in (first + 1..order.len()).rev() {
                order.swap(at, rng.random_range(first..=at));
            }
        }
        order.truncate(n_samples);
        Self { fold, config, task, seed, epoch, order }
    }

    pub fn n_steps(&self) -> usize {
        self.order.len().div_ceil(self.config.batch_size)
    }

    pub fn n_samples(&self) -> usize {
        self.order.len()
    }

    /// The trials of a step's batch, in order; behind the last step, none.
    pub fn trials(&self, step: usize) -> &[usize] {
        let first = self.first_of(step);
        &self.order[first..(first + self.config.batch_size).min(self.order.len())]
    }

    fn first_of(&self, step: usize) -> usize {
        (step * self.config.batch_size).min(self.order.len())
    }

    /// Fills the batch of a step, or of a share of it; behind the last step, none.
    pub fn fill<R: Real>(&self, step: usize, share: impl Fn(usize) -> Range<usize>, batch: &mut Batch<R>) {
        let trials = self.trials(step);
        let share = share(trials.len());
        let first = self.first_of(step) + share.start;
        fill_batch(self.fold, &trials[share], batch, |at, trial_idx, out| self.draw(first + at, trial_idx, out));
    }

    fn draw(&self, position: usize, trial_idx: usize, out: &mut [f32]) {
        let noise_sd = self.config.input_noise_sd as f32;
        // Spikes that are a target stay as they are: noise and other trials would only be learned to be averaged out again.
        if self.task == Task::Encode || (self.config.redraw.is_none() && noise_sd == 0.0) {
            return self.fold.fill_spikes(trial_idx, out);
        }
        let mut rng = stream(self.seed, &format!("train/epoch{}/sample{position}", self.epoch));
        match self.config.redraw {
            Some(redraw) if rng.random::<f64>() < redraw.share => {
                self.fold.fill_redrawn_spikes(trial_idx, redraw.draw, &mut rng, out);
            }
            _ => self.fold.fill_spikes(trial_idx, out),
        }
        if noise_sd > 0.0 {
            for value in out {
                let z: f32 = StandardNormal.sample(&mut rng);
                *value += noise_sd * z;
            }
        }
    }
}

/// Real trials, as they are.
pub(crate) fn fill_real<R: Real>(fold: &Fold, trials: &[usize], batch: &mut Batch<R>) {
    fill_batch(fold, trials, batch, |_, trial_idx, out| fold.fill_spikes(trial_idx, out));
}

fn fill_batch<R: Real>(
    fold: &Fold,
    trials: &[usize],
    batch: &mut Batch<R>,
    spikes_of: impl Fn(usize, usize, &mut [f32]) + Sync,
) {
    let dataset = fold.dataset();
    let n_spikes = dataset.n_bins() * dataset.n_sites();
    let n_video: usize = dataset.video_shape().iter().product();
    batch.n = trials.len();
    batch.spikes.resize(trials.len() * n_spikes, R::ZERO);
    batch.videos.resize(trials.len() * n_video, R::ZERO);
    let values = batch.spikes.par_chunks_mut(n_spikes).zip(batch.videos.par_chunks_mut(n_video));
    values.zip(trials).enumerate().for_each_init(
        || vec![0.0_f32; n_spikes.max(n_video)],
        |scratch, (at, ((spikes, video), &trial_idx))| {
            spikes_of(at, trial_idx, &mut scratch[..n_spikes]);
            spikes.iter_mut().zip(&*scratch).for_each(|(out, &value)| *out = R::from_f32(value));
            fold.fill_video(trial_idx, &mut scratch[..n_video]);
            video.iter_mut().zip(&*scratch).for_each(|(out, &value)| *out = R::from_f32(value));
        },
    );
}
