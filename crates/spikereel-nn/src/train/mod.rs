//! Training of a decoder or an encoder on a fold: batches, steps, validation, what is kept.
//!
//! Training trials alone are fitted on; validation trials may stop training and choose among epochs; test trials are never read.

mod batch;
mod checkpoint;
mod config;
mod folder;
mod history;
mod ranks;
mod start;
mod state;

pub use checkpoint::Checkpoint;
pub use folder::{CheckpointFolder, Found};

pub use config::{Redraw, Start, TrainConfig};
pub use history::{EpochRecord, Progress, StepReport};
pub use ranks::{Exchange, Ranks};
pub use state::{Position, Snapshots};

use crate::engine::{Engine, Mode};
use crate::loss::{frame_weights, video_loss};
use crate::network::{DecoderShape, Model, Network, build, encoder};
use crate::optimiser::Optimiser;
use crate::weights::Weights;
use crate::{Error, Real, Result, Wants};
use batch::{Batch, EpochSamples, fill_real};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Fold, Part};
use spikereel_kernels::{Kernels, VideoLoss};
use state::{Published, State};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// What a network learns to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Spikes to video, by the published loss.
    #[default]
    Decode,
    /// Video to standardised spikes, by the mean squared error: the paper names no loss for its inverse network.
    Encode,
}

impl Task {
    /// The network that does this on axes of these sizes.
    pub(crate) fn network(self, shape: &DecoderShape) -> spikereel_data::Result<Network> {
        match self {
            Self::Decode => build(shape),
            Self::Encode => encoder(&(*shape).into()),
        }
    }
}

/// The weights of the epoch with the smallest validation loss so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Best<R> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Its validation loss.
    pub validation_loss: f64,
    /// The weights after it.
    pub weights: Weights<R>,
}

/// A training run between two steps. Equal folds, configurations and seeds give equal weights, whatever the number of threads.
pub struct Trainer<K: Kernels> {
    config: TrainConfig,
    task: Task,
    shape: DecoderShape,
    seed: u64,
    fold: Fold,
    network: Arc<Network>,
    engine: Engine<K>,
    frame_weights: Vec<f64>,
    held: Vec<Range<usize>>,
    rate_factors: Vec<(Range<usize>, f64)>,
    state: State<K::Real>,
    published: Arc<Published<K::Real>>,
    ranks: Option<Ranks>,
}

/// How a step ended.
enum Taken {
    /// With this loss over the whole batch.
    Step(f64),
    /// The loss, or a gradient, is not finite; nothing has changed.
    Diverged(f64),
}

/// The published decoder that fits a fold's bins, sites and videos.
pub fn shape_for(fold: &Fold, base_channels: usize) -> DecoderShape {
    let dataset = fold.dataset();
    let [n_frames, height, width, _] = dataset.video_shape();
    DecoderShape {
        n_bins: dataset.n_bins(),
        n_sites: dataset.n_sites(),
        n_frames,
        height,
        width,
        base_channels,
        model: Model::Decoder,
    }
}

impl<K: Kernels<Real: Real>> Trainer<K> {
    /// A decoder's run at its start; weights are drawn from `seed`.
    ///
    /// # Errors
    /// A configuration out of range, or videos that no decoder of ours fits.
    pub fn new(config: TrainConfig, fold: &Fold, seed: u64, kernels: K) -> Result<Self> {
        Self::for_task(Task::Decode, config, fold, seed, kernels)
    }

    /// The same for either task. An encoder's training spikes are neither re-drawn nor given noise, and its loss has no scale and
    /// no weights of frames.
    ///
    /// # Errors
    /// A configuration out of range, or videos that no network of ours fits.
    pub fn for_task(task: Task, config: TrainConfig, fold: &Fold, seed: u64, kernels: K) -> Result<Self> {
        config.check()?;
        let shape = shape_for(fold, config.base_channels).of_model(config.model);
        let network = Arc::new(task.network(&shape)?);
        let state = State {
            weights: Arc::new(start::weights(
                start::of_network(config.start, task, config.model),
                &network,
                fold,
                seed,
            )),
            optimiser: Arc::new(Optimiser::new(config.optimiser, network.n_params())),
            best: None,
            history: Vec::new(),
            position: Position::default(),
        };
        Ok(Self {
            engine: Engine::new(Arc::clone(&network), kernels, Wants::TRAINING, &[]),
            frame_weights: frame_weights(&fold.dataset().timeline, config.phase_weights),
            held: if config.hold_dead_biases { network.dead_biases() } else { vec![] },
            rate_factors: network.rate_factors(config.norm_rate_factor),
            state,
            published: Published::new(),
            ranks: None,
            fold: fold.clone(),
            config,
            task,
            shape,
            seed,
            network,
        })
    }

    /// Has this process do its share of every batch, together with others that hold the same state and do the same.
    pub fn share(&mut self, ranks: Ranks) {
        self.ranks = Some(ranks);
    }

    /// True after the last epoch, or where patience has run out.
    pub fn is_finished(&self) -> bool {
        let history = &self.state.history;
        let since_best = history::best_epoch(history).map_or(0, |epoch| history.len() - 1 - epoch);
        history.len() >= self.config.epochs
            || self.config.patience_epochs.is_some_and(|patience| since_best >= patience)
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// [`Error::Diverged`]; weights and history are those before the step at fault.
    pub fn run(&mut self, progress: &mut dyn Progress) -> Result<()> {
        while !self.is_finished() {
            self.run_epoch(progress)?;
        }
        Ok(())
    }

    /// Runs one epoch, or what is left of one, and validates after it.
    ///
    /// # Errors
    /// [`Error::Diverged`]; weights are those before the step at fault.
    pub fn run_epoch(&mut self, progress: &mut dyn Progress) -> Result<EpochRecord> {
        let epoch = self.state.history.len();
        let learning_rate = self.config.schedule.rate(self.config.learning_rate, epoch, self.config.epochs);
        let (fold, config) = (self.fold.clone(), self.config.clone());
        let samples = EpochSamples::new(&fold, &config, self.task, self.seed, epoch);
        let (mut batch, mut next) = (Batch::default(), Batch::default());
        let first = self.state.position;
        let ranks = self.ranks.clone();
        let share = |n: usize| ranks.as_ref().map_or(0..n, |ranks| ranks.share(n));
        samples.fill(first.step, share, &mut batch);
        let started = Instant::now();
        for step in first.step..samples.n_steps() {
            progress.on_batch(epoch, step, samples.trials(step));
            let trials = samples.trials(step);
            let taken = rayon::join(
                || self.step(&batch, trials.len(), learning_rate),
                || samples.fill(step + 1, share, &mut next),
            );
            let loss = match taken.0? {
                Taken::Step(loss) => loss,
                Taken::Diverged(loss) => return Err(Error::Diverged { epoch, step, loss, trials: trials.to_vec() }),
            };
            progress.on_step(&StepReport {
                epoch,
                n_epochs: config.epochs,
                step,
                n_steps: samples.n_steps(),
                loss,
                learning_rate,
                samples_per_sec: (self.state.position.n_seen - first.n_seen) as f64 / started.elapsed().as_secs_f64(),
            })?;
            std::mem::swap(&mut batch, &mut next);
        }
        let train_loss = self.state.position.loss_sum / samples.n_samples() as f64;
        let validation_loss = self.validate()?;
        if let Some(loss) = validation_loss.filter(|loss| !loss.is_finite()) {
            let trials = fold.trials(Part::Validation).to_vec();
            return Err(Error::Diverged { epoch, step: samples.n_steps(), loss, trials });
        }
        let record = EpochRecord { epoch, learning_rate, train_loss, validation_loss };
        self.published.change(&mut self.state, |state| {
            state.history.push(record);
            state.position = Position::default();
            if let (Some(validation_loss), Some(best)) = (validation_loss, history::best_epoch(&state.history))
                && best == epoch
            {
                state.best = Some(Arc::new(Best { epoch, validation_loss, weights: Weights::clone(&state.weights) }));
            }
        });
        progress.on_epoch(&record)?;
        Ok(record)
    }

    /// Forward, loss, backward, optimiser, on a batch of which this process holds all `n_samples` or its share.
    fn step(&mut self, batch: &Batch<K::Real>, n_samples: usize, learning_rate: f64) -> Result<Taken> {
        let mut loss = self.differentiate(batch);
        let mut statistics = None;
        if let Some(ranks) = &self.ranks {
            let share = batch.n as f64 / n_samples as f64;
            let mut own = self.statistics(batch.n);
            loss = ranks.sum(loss * share)?;
            // The sum is the same everywhere, so all processes go this way or none does.
            if loss.is_finite() {
                ranks.mean(share, &mut [self.engine.gradients_mut(), &mut own.buffered])?;
            }
            statistics = Some(own);
        }
        if !loss.is_finite() {
            return Ok(Taken::Diverged(loss));
        }
        if self.engine.gradients().par_iter().any(|gradient| !gradient.to_f64().is_finite()) {
            return Ok(Taken::Diverged(f64::NAN));
        }
        let (engine, rate_factors) = (&mut self.engine, &self.rate_factors);
        self.published.change(&mut self.state, |state| {
            let weights = Arc::make_mut(&mut state.weights);
            match statistics {
                Some(of_all) => (weights.buffered, weights.n_batches) = (of_all.buffered, of_all.n_batches),
                None => engine.update_running(weights),
            }
            let optimiser = Arc::make_mut(&mut state.optimiser);
            optimiser.step_with(learning_rate, rate_factors, &mut weights.trained, engine.gradients());
            state.position.step += 1;
            state.position.n_seen += n_samples;
            state.position.loss_sum += loss * n_samples as f64;
        });
        Ok(Taken::Step(loss))
    }

    /// Forward, loss, backward; returns the loss. Where it is not finite, gradients are left as they were.
    fn differentiate(&mut self, batch: &Batch<K::Real>) -> f64 {
        if batch.n == 0 {
            // More processes than samples: nothing is added to what the others found.
            self.engine.gradients_mut().fill(K::Real::ZERO);
            return 0.0;
        }
        let (input, target) = batch.of_task(self.task);
        if self.engine.forward(&self.state.weights, Mode::Train, batch.n, input).is_err() {
            return f64::NAN;
        }
        let loss = self.loss(batch.n, target, true);
        if loss.is_finite() {
            self.engine.backward(&self.state.weights);
            for range in &self.held {
                self.engine.gradients_mut()[range.clone()].fill(K::Real::ZERO);
            }
        }
        loss
    }

    /// Batch-norm buffers after a batch of which this process saw `n` samples; no trained values.
    fn statistics(&self, n: usize) -> Weights<K::Real> {
        let before = &self.state.weights;
        let mut own =
            Weights { trained: vec![], buffered: before.buffered.clone(), n_batches: before.n_batches.clone() };
        if n == 0 {
            own.n_batches.iter_mut().for_each(|n_batches| *n_batches += 1);
        } else {
            self.engine.update_running(&mut own);
        }
        own
    }

    /// Loss of the last output; with `gradient`, also where the backward pass starts.
    fn loss(&mut self, n: usize, target: &[K::Real], gradient: bool) -> f64 {
        match self.task {
            Task::Decode => self.engine.loss(&self.video_loss(n), target, gradient).total(),
            Task::Encode => self.engine.mean_squared_error(target, gradient),
        }
    }

    fn video_loss(&self, n: usize) -> VideoLoss<K::Real> {
        let loss = video_loss(self.config.loss_scale, &self.frame_weights, n, self.network.output());
        let weight = K::Real::from_f64(self.config.squared_error_weight);
        VideoLoss { squared_error_scale: loss.squared_error_scale * weight, ..loss }
    }

    /// Mean loss over validation trials in evaluation mode; `None` where there are none.
    fn validate(&mut self) -> Result<Option<f64>> {
        let fold = self.fold.clone();
        let trials = fold.trials(Part::Validation);
        if trials.is_empty() {
            return Ok(None);
        }
        let (mut batch, mut sums) = (Batch::default(), Vec::new());
        for (at, trials) in trials.chunks(self.config.batch_size).enumerate() {
            if self.ranks.as_ref().is_some_and(|ranks| !ranks.does(at)) {
                sums.push(0.0);
                continue;
            }
            fill_real(&fold, trials, &mut batch);
            let (input, target) = batch.of_task(self.task);
            self.engine.forward(&self.state.weights, Mode::Eval, batch.n, input)?;
            sums.push(self.loss(batch.n, target, false) * batch.n as f64);
        }
        if let Some(ranks) = &self.ranks {
            let of_all = ranks.all(&sums)?;
            let n = sums.len();
            // Each batch was seen by one process; summed in the order of batches, as by a single one.
            sums = (0..n).map(|at| (0..ranks.n_ranks()).map(|rank| of_all[rank * n + at]).sum()).collect();
        }
        Ok(Some(sums.iter().sum::<f64>() / trials.len() as f64))
    }

    /// Epochs finished so far.
    pub fn history(&self) -> &[EpochRecord] {
        &self.state.history
    }

    /// How far the epoch under way has come.
    pub fn position(&self) -> Position {
        self.state.position
    }

    /// What is being trained; for an encoder, the sizes of the decoder it inverts.
    pub fn shape(&self) -> &DecoderShape {
        &self.shape
    }

    /// The network's table.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The weights after the last finished step.
    pub fn weights(&self) -> &Weights<K::Real> {
        &self.state.weights
    }

    /// The best weights by validation loss; `None` before the first epoch and without validation trials.
    pub fn best(&self) -> Option<&Best<K::Real>> {
        self.state.best.as_deref()
    }

    /// The weights the configuration asks for: best by validation, or last; last where there is no validation trial.
    pub fn chosen_weights(&self) -> &Weights<K::Real> {
        self.best().filter(|_| self.config.use_best).map_or(self.weights(), |best| &best.weights)
    }
}

impl<K: Kernels<Real = f32>> Trainer<K> {
    /// Bytes of memory that a training step needs: activations and gradients, two batches, weights (the present, the best, and a copy while a
    /// checkpoint is written), the optimiser's, and the kernels' spectra. Other room to work in inside the kernels comes on top: about a tenth.
    pub fn memory_bytes(&self) -> usize {
        let dataset = self.fold.dataset();
        let n_sample = dataset.n_bins() * dataset.n_sites() + dataset.video_shape().iter().product::<usize>();
        let params = self.network.params();
        let n_weights = 7 * params.n_trained + 3 * params.n_buffered;
        self.engine.bytes_for(self.config.batch_size)
            + size_of::<f32>() * (2 * self.config.batch_size * n_sample + n_weights)
    }

    /// Bytes of one checkpoint, but for its note: weights, the best weights, and the optimiser's two memories.
    pub fn checkpoint_bytes(&self) -> usize {
        let params = self.network.params();
        size_of::<f32>() * (4 * params.n_trained + 2 * params.n_buffered)
    }

    /// All state between two steps.
    pub fn checkpoint(&self) -> Checkpoint {
        self.state.clone().into_checkpoint(&self.config, self.task, self.shape, self.seed)
    }

    /// For another thread, which may save the state while this one computes.
    pub fn snapshots(&mut self) -> Snapshots {
        self.published.change(&mut self.state, |_| {});
        Snapshots {
            config: self.config.clone(),
            task: self.task,
            shape: self.shape,
            seed: self.seed,
            published: Arc::clone(&self.published),
        }
    }

    /// Goes on from a checkpoint with the same bits as if never stopped. `epochs` may be raised in the checkpoint's configuration
    /// beforehand; a cosine schedule then changes its course.
    ///
    /// # Errors
    /// Where the fold's axes are not those of the checkpoint.
    pub fn resume(checkpoint: Checkpoint, fold: &Fold, kernels: K) -> Result<Self> {
        let expected = checkpoint.shape;
        let got = shape_for(fold, checkpoint.config.base_channels).of_model(checkpoint.config.model);
        if expected != got {
            return Err(DataError::new("checkpoint's network", format!("{expected:?}"), format!("{got:?}"))
                .hint("resume with the dataset it was started on")
                .into());
        }
        let Checkpoint { config, task, seed, history, position, weights, best, optimiser, .. } = checkpoint;
        let state = State { weights, best, optimiser, history, position };
        let fresh = Self::for_task(task, config, fold, seed, kernels)?;
        Ok(Self { state, ..fresh })
    }
}
