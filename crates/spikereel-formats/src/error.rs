//! What can go wrong with a file: its content, its TOML, the disk, or a folder that is there already.

use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The content is not what it should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A TOML file could not be understood.
    #[error("{place}: the sidecar could not be read\n{message}")]
    Toml {
        /// The file.
        place: String,
        /// The parser's message, with the place underlined.
        message: String,
    },
    /// The system refused.
    #[error("{}: could not {doing}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, such as `read it`.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The target exists; nothing is ever overwritten.
    #[error("{}: this already exists, and nothing is overwritten (hint: choose another name, or move this one away)", .0.display())]
    Exists(PathBuf),
}

impl FormatError {
    pub(crate) fn io(path: &Path, doing: &str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), doing: doing.into(), source }
    }

    /// A data error that names the file, whatever it named before.
    pub(crate) fn data(path: &Path, error: DataError) -> Self {
        Self::Data(DataError { place: path.display().to_string(), ..error })
    }
}
