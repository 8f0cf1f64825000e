//! A training that outlives its process: begun or gone on with, saved every so often and when the process is told to stop.

use super::together::Together;
use crate::lease::Doing;
use crate::progress::{Progress, Task as Bar};
use crate::stop::at_stop;
use crate::{Error, Result, room};
use spikereel_data::{DataError, Fold};
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_nn::{CheckpointFolder, EpochRecord, Snapshots, StepReport, Task, TrainConfig, Trainer};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The folder of a training's checkpoints, beside its weights.
pub const CHECKPOINTS: &str = "checkpoints";

/// A checkpoint waits until this many times what the last one took has gone by, so that a slow disk never costs more than a hundredth.
const SAVE_SHARE: u32 = 100;

/// Refuses where this process may no longer write.
pub type MayWrite = Arc<dyn Fn() -> Result<()> + Send + Sync>;

/// What is trained.
pub struct Wanted<'a> {
    /// Decoder or encoder.
    pub task: Task,
    /// How.
    pub config: &'a TrainConfig,
    /// What the engine multiplies.
    pub precision: Precision,
    /// On what.
    pub fold: &'a Fold,
    /// Seed of every draw.
    pub seed: u64,
}

/// Where a training is kept and who hears of it.
pub struct Keeping<'a> {
    /// The folder of its checkpoints.
    pub folder: PathBuf,
    /// Between two checkpoints; nothing saves after every step.
    pub every: Duration,
    /// Asked before anything is written.
    pub may_write: MayWrite,
    /// Its name on the progress bar.
    pub stage: &'a str,
    /// Hears how it goes.
    pub progress: &'a dyn Progress,
    /// Where it is noted what the process is at.
    pub doing: Arc<Mutex<Option<Doing>>>,
    /// Told of every finished epoch, those of an earlier process first.
    pub on_epoch: &'a dyn Fn(&EpochRecord) -> Result<()>,
    /// Other processes that take shares of every batch.
    pub together: Option<Together<'a>>,
}

/// Trains to the end, from where an earlier process stopped if one did. Its last state is the newest checkpoint in the folder then.
///
/// # Errors
/// [`Error::Diverged`], with the last good state saved; an I/O error, with the checkpoints before untouched; checkpoints of something else.
pub fn train(wanted: &Wanted<'_>, keeping: &Keeping<'_>) -> Result<Trainer<Fast>> {
    let folder = Arc::new(CheckpointFolder::new(&keeping.folder));
    let mut trainer = begin(wanted, keeping, &folder)?;
    if !trainer.is_finished() {
        let batch = format!("training on batches of {} trials", wanted.config.batch_size);
        room::check_memory(&batch, trainer.memory_bytes() as u64)?;
        std::fs::create_dir_all(&keeping.folder).map_err(|error| Error::io(&keeping.folder, "make it", error))?;
        // The last two, one being written, and the weights.
        room::check_disk(&keeping.folder, "checkpoints and weights", trainer.checkpoint_bytes() as u64 * 13 / 4)?;
    }
    trainer.history().iter().try_for_each(keeping.on_epoch)?;
    let together = keeping.together.filter(|_| !trainer.is_finished());
    if let Some(together) = together {
        trainer = together.begin(trainer, wanted.precision)?;
    }
    let snapshots = trainer.snapshots();
    let save = {
        let (folder, snapshots, may_write) = (Arc::clone(&folder), snapshots.clone(), Arc::clone(&keeping.may_write));
        move || {
            may_write()?;
            snapshots
                .checkpoint()
                .map_or(Ok(()), |checkpoint| folder.save(&checkpoint).map(|_| ()).map_err(Error::from))
        }
    };
    let at_stop = at_stop(save);
    let mut watcher = Watcher {
        keeping,
        folder: &folder,
        snapshots,
        bar: None,
        validation: None,
        first: None,
        began: Instant::now(),
        next: keeping.every,
        since: Instant::now(),
        failed: None,
    };
    let ran = trainer.run(&mut watcher);
    if let Some(together) = together {
        together.ended(&ran);
    }
    let failed = watcher.failed.take();
    drop(watcher);
    match (ran, failed) {
        (Ok(()), _) => {}
        (_, Some(error)) => return Err(error),
        (Err(error @ spikereel_nn::Error::Diverged { .. }), _) => {
            (keeping.may_write)()?;
            let path = folder.save(&trainer.checkpoint())?;
            return Err(match Error::from(error) {
                Error::Diverged(what) => {
                    Error::Diverged(format!("{what}; the state before it is kept in {}", path.display()))
                }
                other => other,
            });
        }
        (Err(error), _) => return Err(error.into()),
    }
    (keeping.may_write)()?;
    folder.save(&trainer.checkpoint())?;
    folder.keep_newest()?;
    drop(at_stop);
    Ok(trainer)
}

fn begin(wanted: &Wanted<'_>, keeping: &Keeping<'_>, folder: &CheckpointFolder) -> Result<Trainer<Fast>> {
    let kernels = Fast::new(wanted.precision);
    let found = folder.newest()?;
    for (aside, why) in &found.refused {
        keeping.progress.say(&format!("{}: a damaged checkpoint ({why}); the one before it is used", aside.display()));
    }
    let Some((path, checkpoint)) = found.newest else {
        return Ok(Trainer::for_task(wanted.task, wanted.config.clone(), wanted.fold, wanted.seed, kernels)?);
    };
    if checkpoint.task != wanted.task || checkpoint.config != *wanted.config || checkpoint.seed != wanted.seed {
        return Err(DataError::new("checkpoint", "one of this training", "one of other settings or another seed")
            .hint("move the folder of checkpoints away to train from the start")
            .at(path.display().to_string())
            .into());
    }
    let (epoch, step) = (checkpoint.history.len() + 1, checkpoint.position.step);
    let trainer = Trainer::resume(checkpoint, wanted.fold, kernels)?;
    if !trainer.is_finished() {
        keeping.progress.say(&format!("{}: going on in epoch {epoch} after step {step}", keeping.stage));
    }
    Ok(trainer)
}

/// Passes the engine's reports on to a bar with one step a batch, and saves when it is time.
struct Watcher<'a> {
    keeping: &'a Keeping<'a>,
    folder: &'a CheckpointFolder,
    snapshots: Snapshots,
    bar: Option<Box<dyn Bar>>,
    validation: Option<f64>,
    /// Steps done when this process began.
    first: Option<u64>,
    began: Instant,
    since: Instant,
    next: Duration,
    failed: Option<Error>,
}

impl Watcher<'_> {
    /// Keeps our error, whose words the engine's cannot hold, and gives the engine one to end with.
    fn ended(&mut self, result: Result<()>) -> spikereel_nn::Result<()> {
        result.map_err(|error| {
            let words = DataError::new("training", "to be kept", error.to_string());
            self.failed = Some(error);
            words.into()
        })
    }

    fn save(&mut self) -> Result<()> {
        let began = Instant::now();
        (self.keeping.may_write)()?;
        if let Some(checkpoint) = self.snapshots.checkpoint() {
            self.folder.save(&checkpoint)?;
        }
        let every = self.keeping.every;
        self.next = if every.is_zero() { every } else { every.max(began.elapsed() * SAVE_SHARE) };
        self.since = Instant::now();
        Ok(())
    }
}

impl spikereel_nn::Progress for Watcher<'_> {
    fn on_step(&mut self, report: &StepReport) -> spikereel_nn::Result<()> {
        let n_total = report.n_epochs * report.n_steps;
        let n_before = report.epoch * report.n_steps + report.step;
        let bar = self.bar.get_or_insert_with(|| {
            let bar = self.keeping.progress.begin(self.keeping.stage, n_total as u64, "batch");
            bar.advance(n_before as u64);
            bar
        });
        bar.advance(1);
        let validation = self.validation.map_or_else(String::new, |loss| format!(", validation {loss:.4}"));
        bar.note(&format!("epoch {}, loss {:.4}{validation}", report.epoch + 1, report.loss));
        let here = n_before as u64 + 1 - *self.first.get_or_insert(n_before as u64);
        let left = (n_total - n_before - 1) as f64 * self.began.elapsed().as_secs_f64() / here as f64;
        *self.keeping.doing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Doing {
            stage: self.keeping.stage.chars().take(80).collect(),
            n_done: n_before as u64 + 1,
            n_total: n_total as u64,
            figure: format!("epoch {} of {}, loss {:.4}", report.epoch + 1, report.n_epochs, report.loss),
            secs_left: Some(left.round() as u64),
        });
        if self.since.elapsed() >= self.next {
            let saved = self.save();
            self.ended(saved)?;
        }
        Ok(())
    }

    fn on_epoch(&mut self, record: &EpochRecord) -> spikereel_nn::Result<()> {
        self.validation = record.validation_loss;
        let told = (self.keeping.on_epoch)(record);
        self.ended(told)
    }
}
