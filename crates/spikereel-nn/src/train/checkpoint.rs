//! All state of a training run between two steps, in one file that is believed only if whole.
//!
//! The file is a first line, the SHA-256 of all that follows, and a safetensors file with weights, best weights and optimiser memory; the
//! rest is its note, as JSON. Random streams are named by epoch, so no generator's position is stored.

use super::{Best, EpochRecord, Position, Task, TrainConfig};
use crate::files::{read_whole, write_whole};
use crate::network::{DecoderShape, Network};
use crate::optimiser::Optimiser;
use crate::tensors::{Tensor, Values, in_memory, open_file, read_tensor, tensors_of, weights_from, write_tensors};
use crate::weights::Weights;
use crate::{Error, Result};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// First bytes of the file; the number is the format's version.
const MAGIC: &[u8] = b"spikereel checkpoint 2\n";
const SHA256_LEN: usize = 32;

/// A training run between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// How it is trained.
    pub config: TrainConfig,
    /// What it learns to do.
    pub task: Task,
    /// What is trained; for an encoder, the sizes of the decoder it inverts.
    pub shape: DecoderShape,
    /// Seed of every draw.
    pub seed: u64,
    /// Epochs finished so far; the next one is its length.
    pub history: Vec<EpochRecord>,
    /// How far that next one has come.
    pub position: Position,
    /// Weights after the last finished step.
    pub weights: Arc<Weights<f32>>,
    /// Best weights by validation loss.
    pub best: Option<Arc<Best<f32>>>,
    /// The optimiser's memory.
    pub optimiser: Arc<Optimiser<f32>>,
}

/// What stands in the note.
#[derive(Serialize, Deserialize)]
struct Note {
    config: TrainConfig,
    #[serde(default)]
    task: Task,
    shape: DecoderShape,
    seed: u64,
    history: Vec<EpochRecord>,
    position: Position,
    best: Option<(usize, f64)>,
    optimiser_steps: u64,
}

impl Checkpoint {
    /// The file's bytes; equal checkpoints give equal bytes.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        self.write(&self.task.network(&self.shape)?, &mut bytes).map_err(in_memory)?;
        Ok(bytes.into_inner())
    }

    /// Writes the file's bytes. The checksum's place is filled last, so that a part of a file is never believed.
    fn write(&self, network: &Network, out: &mut (impl Write + Seek)) -> io::Result<()> {
        let mut tensors = tensors_of(network, &self.weights, "weights.");
        if let Some(best) = &self.best {
            tensors.extend(tensors_of(network, &best.weights, "best."));
        }
        for (name, values) in [("optimiser.first", &self.optimiser.first), ("optimiser.second", &self.optimiser.second)]
        {
            tensors.push(Tensor { name: name.into(), shape: vec![values.len()], values: Values::F32(values) });
        }
        let note = serde_json::to_string(&Note {
            config: self.config.clone(),
            task: self.task,
            shape: self.shape,
            seed: self.seed,
            history: self.history.clone(),
            position: self.position,
            best: self.best.as_ref().map(|best| (best.epoch, best.validation_loss)),
            optimiser_steps: self.optimiser.n_steps,
        })?;
        out.write_all(MAGIC)?;
        out.write_all(&[0; SHA256_LEN])?;
        let mut hashing = Hashing { out, sha256: Sha256::new() };
        write_tensors(&mut hashing, tensors, Some(&note))?;
        let sha256 = hashing.sha256.finalize();
        out.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        out.write_all(&sha256)
    }

    /// Reads what [`Checkpoint::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Damaged`] where a byte is missing or altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |expected: &str, got: &str| Error::Damaged {
            path: PathBuf::new(),
            expected: expected.into(),
            got: got.into(),
        };
        let rest =
            bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("a spikereel checkpoint", "another kind of file"))?;
        let (sha256, body) =
            rest.split_at_checked(SHA256_LEN).ok_or_else(|| damaged("a whole checkpoint", "its beginning alone"))?;
        if Sha256::digest(body).as_slice() != sha256 {
            return Err(damaged("a whole checkpoint", "a checksum that does not fit: cut short or altered"));
        }
        let (file, note) = open_file(body)?;
        let note: Note = serde_json::from_str(&note.unwrap_or_default())
            .map_err(|error| damaged("a note this version can read", &error.to_string()))?;
        let network = note.task.network(&note.shape)?;
        let best = match note.best {
            Some((epoch, validation_loss)) => {
                Some(Arc::new(Best { epoch, validation_loss, weights: weights_from(&network, &file, "best.")? }))
            }
            None => None,
        };
        Ok(Self {
            weights: Arc::new(weights_from(&network, &file, "weights.")?),
            optimiser: Arc::new(read_optimiser(&note, &network, &file)?),
            best,
            config: note.config,
            task: note.task,
            shape: note.shape,
            seed: note.seed,
            history: note.history,
            position: note.position,
        })
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn save(&self, path: &Path) -> Result<()> {
        let network = self.task.network(&self.shape)?;
        write_whole(path, |file| self.write(&network, file))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the file's name, where it is cut short or altered; an unreadable file.
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_bytes(&read_whole(path)?).map_err(|error| error.at(path))
    }
}

/// Hashes what passes.
struct Hashing<'a, W> {
    out: &'a mut W,
    sha256: Sha256,
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.sha256.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn read_optimiser(note: &Note, network: &Network, file: &SafeTensors<'_>) -> Result<Optimiser<f32>> {
    let mut optimiser = Optimiser::new(note.config.optimiser, network.n_params());
    optimiser.first = read_tensor(file, "optimiser.first", &[network.n_params()])?;
    optimiser.second = read_tensor(file, "optimiser.second", &[network.n_params()])?;
    optimiser.n_steps = note.optimiser_steps;
    Ok(optimiser)
}
