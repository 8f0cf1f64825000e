//! One training by several processes: rank 0 leads and is the only one that writes; the others take their shares of every batch.
//!
//! The leader is an ordinary training. When one begins, it tells the others where the dataset is and sends them its state; from then on all do
//! the same steps, and after each of them hold the same bits. So a checkpoint is the leader's alone, and as good as any.

use super::going_on::keep;
use super::source;
use crate::provenance::instruction_set;
use crate::stop::at_stop;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_data::{DataError, Fold, Standardisation};
use spikereel_kernels::fast::{Fast, Precision};
use spikereel_nn::{Checkpoint, Progress, Ranks, Trainer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Words of a process that cannot take part, at most.
const N_WORD_BYTES: usize = 1 << 10;
/// Who follows and is told to stop waits so long for the leader, which saves: launchers end all processes when the first one ends.
const FOLLOWER_WAIT: Duration = Duration::from_secs(9);

/// Rank 0, and what it needs to know of the others.
#[derive(Debug)]
pub struct Leader {
    ranks: Ranks,
    /// Whether the others are, or may be, in the middle of a training.
    is_under_way: AtomicBool,
}

/// What the leader tells.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    dataset: PathBuf,
    fold_idx: usize,
    standardise: Standardisation,
    precision: String,
    instruction_set: String,
}

/// The others, for one training.
#[derive(Debug, Clone, Copy)]
pub struct Together<'a> {
    /// This process.
    pub leader: &'a Leader,
    /// The dataset's folder, which every process must see.
    pub dataset: &'a Path,
    /// The fold that is trained on.
    pub fold_idx: usize,
    /// How its spikes are standardised.
    pub standardise: Standardisation,
}

impl Leader {
    /// Leads the others of a group.
    pub fn new(ranks: Ranks) -> Self {
        Self { ranks, is_under_way: AtomicBool::new(false) }
    }

    /// Processes that train together.
    pub fn n_ranks(&self) -> usize {
        self.ranks.n_ranks()
    }

    /// Sends the others home. False where they are in the middle of a training that this process has left: then only its end ends them.
    ///
    /// # Errors
    /// Another process has gone.
    pub fn dismiss(&self) -> Result<bool> {
        if self.is_under_way.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.ranks.broadcast(vec![])?;
        Ok(true)
    }
}

impl Together<'_> {
    /// Has the others begin where this trainer stands.
    ///
    /// # Errors
    /// [`Error::Data`] with the words of those that cannot take part.
    pub fn begin(&self, mut trainer: Trainer<Fast>, precision: Precision) -> Result<Trainer<Fast>> {
        let ranks = &self.leader.ranks;
        let order = Order {
            dataset: std::path::absolute(self.dataset)
                .map_err(|error| Error::io(self.dataset, "find the dataset's place", error))?,
            fold_idx: self.fold_idx,
            standardise: self.standardise,
            precision: precision.name().into(),
            instruction_set: instruction_set(),
        };
        let words = serde_json::to_vec(&order).map_err(|error| Error::Bug(format!("an order is no JSON: {error}")))?;
        let state = trainer.checkpoint().to_bytes()?;
        ranks.broadcast(words)?;
        ranks.broadcast(state)?;
        let unable = unable(ranks, "")?;
        if !unable.is_empty() {
            return Err(DataError::new("processes", "all able to take part", unable.join("; "))
                .hint("every process needs the same build, and must see the run's folder under the same name")
                .into());
        }
        self.leader.is_under_way.store(true, Ordering::SeqCst);
        trainer.share(ranks.clone());
        Ok(trainer)
    }

    /// Notes how it ended: at the end, and where it diverged, all processes have left it.
    pub fn ended(&self, ran: &spikereel_nn::Result<()>) {
        if matches!(ran, Ok(()) | Err(spikereel_nn::Error::Diverged { .. })) {
            self.leader.is_under_way.store(false, Ordering::SeqCst);
        }
    }
}

/// What a process that does not lead does, until it is sent home.
///
/// # Errors
/// Another process has gone. What keeps this one from taking part is told to the leader instead.
pub fn follow(ranks: &Ranks) -> Result<()> {
    let _waits = at_stop(|| {
        std::thread::sleep(FOLLOWER_WAIT);
        Ok(())
    });
    loop {
        let words = ranks.broadcast(vec![])?;
        if words.is_empty() {
            return Ok(());
        }
        let checkpoint = ranks.broadcast(vec![])?;
        let begun = begun(&words, &checkpoint);
        let own = begun.as_ref().map_or_else(|error| format!("process {}: {error}", ranks.rank()), |_| String::new());
        if !unable(ranks, &own)?.is_empty() {
            continue;
        }
        let Ok(mut trainer) = begun else { continue };
        trainer.share(ranks.clone());
        match trainer.run(&mut Nothing) {
            // The leader says what diverged.
            Ok(()) | Err(spikereel_nn::Error::Diverged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

struct Nothing;

impl Progress for Nothing {}

fn begun(words: &[u8], checkpoint: &[u8]) -> Result<Trainer<Fast>> {
    let order: Order = serde_json::from_slice(words)
        .map_err(|error| DataError::new("the leader's order", "one of the same version", error.to_string()))?;
    keep(&order.instruction_set, "process 0 uses")?;
    let precision = [Precision::F32, Precision::Bf16].into_iter().find(|own| own.name() == order.precision);
    let precision = precision.ok_or_else(|| DataError::new("precision", "f32 or bf16", order.precision))?;
    let stored = source::read_dataset(&order.dataset)?;
    let n_folds = stored.splits.len();
    let split = stored.splits.into_iter().nth(order.fold_idx).ok_or_else(|| {
        DataError::new("split.json", format!("fold {}", order.fold_idx), format!("{n_folds} folds"))
            .at(order.dataset.display().to_string())
    })?;
    let fold = Fold::new(Arc::new(stored.dataset), split, order.standardise)?;
    Ok(Trainer::resume(Checkpoint::from_bytes(checkpoint)?, &fold, Fast::new(precision))?)
}

/// The words of all processes that cannot take part.
fn unable(ranks: &Ranks, own: &str) -> Result<Vec<String>> {
    let mut bytes: Vec<u8> = own.bytes().take(N_WORD_BYTES).collect();
    bytes.resize(N_WORD_BYTES, 0);
    let all = ranks.gather(bytes)?;
    let words = all.iter().map(|bytes| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_string());
    Ok(words.filter(|words| !words.is_empty()).collect())
}
