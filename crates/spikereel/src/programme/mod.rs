//! What is done with a trained run beyond its scores: studies, and whole programmes of them. Above `steps`, which knows nothing of studies.

mod budget;
pub mod grid;
mod reproduce;
mod study;
mod verify;

pub use reproduce::{Asked, Reproduced, reproduce};
pub use study::{Studied, StudyLine, study};
pub use verify::{Checked, Verified, verify};

use crate::Result;
use crate::progress::Progress;
use crate::steps::report::{Reported, report_with};
use std::path::Path;

/// The report of one run, with the studies that were made of it.
///
/// # Errors
/// A run that was not evaluated, a damaged file, another process in it.
pub fn report(run: &Path, progress: &dyn Progress) -> Result<Reported> {
    crate::run_folder::check_is_run(run)?;
    report_with(run, study::stored(run)?, progress)
}
