//! What can go wrong: a report that contradicts itself, a file that is not a report, a disk that is full.

use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// Result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The content is not a report, or contradicts itself.
    #[error(transparent)]
    Content(#[from] Box<DataError>),
    /// The system refused a file.
    #[error("could not {action}: {source}: {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The page or JSON could not be put together; a fault of this crate.
    #[error("could not draw the report (a fault of spikereel, please tell its authors): {0}")]
    Draw(String),
}

impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        Self::Content(Box::new(error))
    }
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), action, source }
    }
}
