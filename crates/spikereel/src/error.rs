//! Everything that can end a command, and the exit code that each ending gets. The codes follow BSD `sysexits.h`
//! where it has a word for the case; 76 and 77 are used in this project's own narrower sense.

use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// The exit code table: each code and what it means.
pub const EXIT_CODES: [(u8, &str); 10] = [
    (0, "done"),
    (1, "anything else"),
    (2, "wrong usage of the command line"),
    (65, "bad data: a recording, dataset or spikes file is not what it should be"),
    (70, "a fault of spikereel itself"),
    (74, "a file could not be read or written"),
    (STOPPED, "stopped by a signal, with its state saved: run the same command again"),
    (76, "training diverged"),
    (77, "the run folder is in use by another process"),
    (78, "bad configuration: a key, a value, or an output folder that already exists"),
];

/// The exit code of a process that was told to stop.
pub const STOPPED: u8 = 75;

/// What is wrong with a configuration: which key, expected, got, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{key}: expected {expected}, got {got}{}", self.prefix(), self.suffix())]
pub struct ConfigError {
    /// The file at fault; empty for flags and defaults.
    pub place: String,
    /// The key, such as `train.epochs`.
    pub key: String,
    /// What was needed.
    pub expected: String,
    /// What was found.
    pub got: String,
    /// What to do next; may be empty.
    pub hint: String,
}

impl ConfigError {
    /// An error about `key`.
    pub fn new(key: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { place: String::new(), key: key.into(), expected: expected.into(), got: got.into(), hint: String::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    fn prefix(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) }
    }

    fn suffix(&self) -> String {
        if self.hint.is_empty() { String::new() } else { format!(" (hint: {})", self.hint) }
    }
}

/// Why a command ended without being done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data are not what they should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The configuration is not what it should be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A TOML file could not be understood; the text underlines the place.
    #[error("{place}: the configuration could not be read\n{message}")]
    Toml {
        /// The file, or `--set`.
        place: String,
        /// The parser's message with line, column and the line underlined.
        message: String,
    },
    /// A sidecar could not be understood; the text underlines the place.
    #[error("{place}: the sidecar could not be read\n{message}")]
    Sidecar {
        /// The file.
        place: String,
        /// The parser's message with line, column and the line underlined.
        message: String,
    },
    /// A folder or file that should be new is there already.
    #[error(
        "{}: this already exists, and nothing is ever overwritten (hint: name another place with --out, or move this one away)",
        .0.display()
    )]
    FolderExists(PathBuf),
    /// Another process works in the run folder.
    #[error("{}: another process works in this run folder ({holder}) (hint: wait for it, or name another folder)", .path.display())]
    FolderInUse {
        /// The run folder.
        path: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// Runs of a grid that cannot be as they are asked for.
    #[error("{} of {n_runs} runs cannot be planned:\n  {}", .wrong.len(), .wrong.join("\n  "))]
    Grid {
        /// Runs of the grid.
        n_runs: usize,
        /// One line each.
        wrong: Vec<String>,
    },
    /// A run is not what it says.
    #[error("{}: not everything is as it was stored (hint: the lines above name what differs and where)", .run.display())]
    Differs {
        /// The run folder.
        run: PathBuf,
        /// What stands on stdout all the same.
        output: String,
    },
    /// Reading or writing failed.
    #[error("{}: could not {doing}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, such as `read the weights`.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Training diverged: the loss was no longer a number.
    #[error("training diverged: {0}")]
    Diverged(String),
    /// A state that the program should never reach.
    #[error("a fault of spikereel itself: {0}")]
    Bug(String),
}

impl Error {
    /// An I/O error at `path` while `doing`.
    pub fn io(path: &Path, doing: &str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), doing: doing.into(), source }
    }

    /// The exit code of this error (the table stands in [`EXIT_CODES`]).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Data(_) | Self::Sidecar { .. } | Self::Differs { .. } => 65,
            Self::Config(_) | Self::Toml { .. } | Self::FolderExists(_) | Self::Grid { .. } => 78,
            Self::Bug(_) => 70,
            Self::Io { .. } => 74,
            Self::Diverged(_) => 76,
            Self::FolderInUse { .. } => 77,
        }
    }
}

/// The result of every step.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_documented_code_and_reads_as_one_paragraph() {
        let errors = [
            Error::Data(DataError::new("spikes", "finite values", "NaN")),
            Error::Config(ConfigError::new("train.epochs", "at least 1", "0").hint("leave it out for 40")),
            Error::FolderExists("runs/a".into()),
            Error::FolderInUse { path: "runs/a".into(), holder: "process 7".into() },
            Error::io(Path::new("a.npz"), "read it", std::io::Error::from(std::io::ErrorKind::NotFound)),
            Error::Differs { run: "runs/a".into(), output: String::new() },
            Error::Diverged("loss was NaN in epoch 3".into()),
            Error::Bug("a fold without trials".into()),
        ];
        for error in errors {
            let code = error.exit_code();
            assert!(EXIT_CODES.iter().any(|(known, _)| *known == code), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
