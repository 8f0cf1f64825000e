//! What can go wrong in this crate: data that does not fit, files that cannot be believed, training that diverged.

use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Data, a configuration or a weight file that does not fit.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss became NaN or infinite; the weights are those before the step.
    #[error(
        "training diverged: the loss is {loss} in epoch {epoch}, step {step}, trials {trials:?} (hint: lower the learning rate)"
    )]
    Diverged {
        /// Epoch, from 0.
        epoch: usize,
        /// Step within the epoch, from 0.
        step: usize,
        /// The loss; NaN where a gradient is not finite.
        loss: f64,
        /// The dataset's trials in the batch at fault; after the last step, the validation trials.
        trials: Vec<usize>,
    },
    /// A file that is cut short or altered.
    #[error("{path}: expected {expected}, got {got} (hint: use an earlier checkpoint)")]
    Damaged {
        /// The file, or empty where bytes came from elsewhere.
        path: PathBuf,
        /// What a whole file has.
        expected: String,
        /// What this one has.
        got: String,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// Names the file, unless an inner caller already has.
    #[must_use]
    pub(crate) fn at(self, place: &Path) -> Self {
        match self {
            Self::Data(error) => Self::Data(error.at(place.display().to_string())),
            Self::Damaged { expected, got, .. } => Self::Damaged { path: place.to_path_buf(), expected, got },
            other => other,
        }
    }
}

impl From<Error> for DataError {
    /// For traits whose errors are about data.
    fn from(error: Error) -> Self {
        match error {
            Error::Data(error) => error,
            Error::Diverged { epoch, step, loss, .. } => {
                DataError::new("training loss", "a finite number", format!("{loss} in epoch {epoch}, step {step}"))
                    .hint("lower the learning rate")
            }
            Error::Damaged { path, expected, got } => {
                DataError::new("checkpoint", expected, got).at(path.display().to_string())
            }
            Error::Io { path, source } => {
                DataError::new("file", "readable and writable", source.to_string()).at(path.display().to_string())
            }
        }
    }
}

/// The result of every fallible door of this crate.
pub type Result<T> = std::result::Result<T, Error>;
