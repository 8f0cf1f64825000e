//! What changes while a network is trained, and how another thread may see it between two steps.
//!
//! Large parts are shared, not copied: a copy is made only where one was handed out and training goes on. So the state after the last
//! finished step can be saved at any moment, also while a step is being computed.

use super::{Best, Checkpoint, EpochRecord, Task, TrainConfig};
use crate::network::DecoderShape;
use crate::optimiser::Optimiser;
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far an epoch has come.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Steps done of the epoch that is under way.
    pub step: usize,
    /// Samples seen in them.
    pub n_seen: usize,
    /// Sum of their losses.
    pub loss_sum: f64,
}

/// Everything that a step or an epoch's end changes.
#[derive(Debug, Clone)]
pub(super) struct State<R> {
    pub weights: Arc<Weights<R>>,
    pub best: Option<Arc<Best<R>>>,
    pub optimiser: Arc<Optimiser<R>>,
    pub history: Vec<EpochRecord>,
    pub position: Position,
}

/// The state as last published.
#[derive(Debug)]
pub(super) struct Published<R>(Mutex<Option<State<R>>>);

impl<R> Published<R> {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(None)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<State<R>>> {
        // What is inside is replaced whole, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and publishes it anew; who asks meanwhile waits. The old one is taken back first, so that nothing is copied
    /// unless somebody holds it.
    pub fn change(&self, state: &mut State<R>, change: impl FnOnce(&mut State<R>))
    where
        R: Clone,
    {
        let mut published = self.lock();
        *published = None;
        change(state);
        *published = Some(state.clone());
    }
}

/// Hands out the state of a training that another thread is busy with.
#[derive(Debug, Clone)]
pub struct Snapshots {
    pub(super) config: TrainConfig,
    pub(super) task: Task,
    pub(super) shape: DecoderShape,
    pub(super) seed: u64,
    pub(super) published: Arc<Published<f32>>,
}

impl Snapshots {
    /// All state after the last finished step. Waits for no step: at most for the weights of one to be changed. `None` where a change
    /// of weights was cut off by a panic, so that nothing whole is left.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let state = self.published.lock().clone()?;
        Some(state.into_checkpoint(&self.config, self.task, self.shape, self.seed))
    }
}

impl State<f32> {
    pub fn into_checkpoint(self, config: &TrainConfig, task: Task, shape: DecoderShape, seed: u64) -> Checkpoint {
        let Self { weights, best, optimiser, history, position } = self;
        Checkpoint { config: config.clone(), task, shape, seed, history, position, weights, best, optimiser }
    }
}
