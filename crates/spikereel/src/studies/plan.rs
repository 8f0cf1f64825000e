//! A plan: the studies of a run, each under a name made of all it depends on, each with a folder of its own. Running a plan again repeats
//! nothing that is done.

use super::catalogue::StudyKind;
use super::store::name_of;
use super::{Context, Sizes};
use crate::config::Resolved;
use crate::config::choices::{PlaneMethod, Statistics, StudyChoices};
use crate::run_folder::{read_json, write_json};
use crate::steps::going_on::of_results;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_report::schema::Section;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The folder of studies in a run.
pub const STUDIES: &str = "studies";
const SECTION: &str = "section.json";
const FAILED: &str = "failed.json";

/// One study of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStudy {
    /// The study.
    pub name: String,
    /// Content hash of version, settings, sizes and study.
    pub id: String,
}

/// `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How large the studies are, for a reader; the ids cover it.
    pub sizes: serde_json::Value,
    /// The studies, in the order of the report.
    pub studies: Vec<PlannedStudy>,
}

/// What became of a planned study.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is told here.
    Done(Box<Section>),
    /// It ended with this error.
    Failed(String),
    /// It has not run.
    Missing,
}

/// Why a study ended without a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Failure {
    error: String,
}

/// How long a study took; kept apart from what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Timing {
    secs: f64,
}

#[derive(Serialize)]
struct DependsOn<'a> {
    version: &'static str,
    study: &'a str,
    config: &'a Resolved,
    sizes: &'a Sizes,
    #[serde(skip_serializing_if = "is_default")]
    statistics: Statistics,
    #[serde(skip_serializing_if = "is_default")]
    plane: PlaneMethod,
}

/// Left out of a study's id where it is the default.
fn is_default<T: Default + PartialEq>(choice: &T) -> bool {
    *choice == T::default()
}

impl Plan {
    /// Plans studies of a run with these settings.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn new(studies: &[StudyKind], config: &Resolved, sizes: &Sizes, choices: StudyChoices) -> Result<Self> {
        let config = &of_results(config);
        let planned = |study: &StudyKind| -> Result<PlannedStudy> {
            let StudyChoices { statistics, plane } = study.of(choices);
            let depends_on =
                DependsOn { version: env!("CARGO_PKG_VERSION"), study: study.name, config, sizes, statistics, plane };
            Ok(PlannedStudy { name: study.name.into(), id: name_of(&depends_on)? })
        };
        let as_json = serde_json::to_value(sizes).map_err(|error| Error::Bug(format!("sizes are no JSON: {error}")))?;
        Ok(Self { sizes: as_json, studies: studies.iter().map(planned).collect::<Result<_>>()? })
    }
}

impl PlannedStudy {
    /// Its folder in a run.
    pub fn folder(&self, run: &Path) -> PathBuf {
        run.join(STUDIES).join(format!("{}-{}", self.name, self.id))
    }

    /// What became of it.
    ///
    /// # Errors
    /// A damaged file.
    pub fn outcome(&self, run: &Path) -> Result<Outcome> {
        let folder = self.folder(run);
        if folder.join(SECTION).is_file() {
            return Ok(Outcome::Done(read_json(&folder.join(SECTION))?));
        }
        if folder.join(FAILED).is_file() {
            let failure: Failure = read_json(&folder.join(FAILED))?;
            return Ok(Outcome::Failed(failure.error));
        }
        Ok(Outcome::Missing)
    }

    /// Runs it, unless it is done; a failure is stored and tried again the next time.
    ///
    /// # Errors
    /// An I/O error of the study's own files; what goes wrong inside the study is an [`Outcome::Failed`].
    pub fn run(&self, kind: &StudyKind, run: &Path, context: &Context<'_>) -> Result<Outcome> {
        if let done @ Outcome::Done(_) = self.outcome(run)? {
            return Ok(done);
        }
        let folder = self.folder(run);
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, "make the study's folder", error))?;
        let StudyChoices { statistics, plane } = kind.of(context.choices);
        let depends_on = DependsOn {
            version: env!("CARGO_PKG_VERSION"),
            study: kind.name,
            config: &of_results(&context.main.config),
            sizes: context.sizes,
            statistics,
            plane,
        };
        write_json(&folder.join("study.json"), &depends_on)?;
        let began = Instant::now();
        match (kind.run)(context) {
            Ok(section) => {
                write_json(&folder.join("timing.json"), &Timing { secs: began.elapsed().as_secs_f64() })?;
                write_json(&folder.join(SECTION), &section)?;
                let _ = std::fs::remove_file(folder.join(FAILED));
                Ok(Outcome::Done(Box::new(section)))
            }
            Err(error) => {
                let error = error.to_string();
                write_json(&folder.join(FAILED), &Failure { error: error.clone() })?;
                Ok(Outcome::Failed(error))
            }
        }
    }

    /// How long it took, where it is done.
    pub fn secs(&self, run: &Path) -> Option<f64> {
        let timing: Timing = read_json(&self.folder(run).join("timing.json")).ok()?;
        Some(timing.secs)
    }
}
