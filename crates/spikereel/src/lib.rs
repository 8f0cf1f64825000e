//! The front door of `spikereel`: configuration, run folders, and the steps from a recording to a report.
//!
//! Every step is a function that takes a [`config::Resolved`] or a run folder and a [`progress::Progress`]; the binary adds
//! flags, bars and exit codes, and nothing else. Nothing is printed here.

#![forbid(unsafe_code)]

pub mod bench;
pub mod builtin;
pub mod config;
mod error;
pub mod events;
pub mod findings;
pub mod lease;
pub mod mpi;
pub mod programme;
pub mod progress;
pub mod provenance;
pub mod room;
pub mod run_folder;
pub mod steps;
pub mod stop;
pub mod studies;
pub mod threads;

pub use error::{ConfigError, EXIT_CODES, Error, Result, STOPPED};
pub use spikereel_analysis::audit::AuditFinding;
