//! `study`: studies of a run that was trained, by name.

use crate::Result;
use crate::config::choices::{StudyChoices, StudyPreset};
use crate::progress::Progress;
use crate::run_folder::read_json;
use crate::steps::open_run::OpenRun;
use crate::steps::readouts;
use crate::studies::{Context, Material, Outcome, Plan, Sizes, Store, StudyKind, coarse, complete};
use serde::Serialize;
use spikereel_report::schema::StudyCounts;
use std::path::{Path, PathBuf};

/// The plan of a run's studies, in its folder.
pub const PLAN: &str = "plan.json";

/// One study that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyLine {
    /// Its name.
    pub name: String,
    /// `done` or `failed`.
    pub state: &'static str,
    /// Seconds it took.
    pub secs: Option<f64>,
    /// What it found, or why it failed.
    pub findings: Vec<String>,
}

/// What `study` did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Studied {
    /// The run.
    pub run: PathBuf,
    /// Its studies.
    pub studies: Vec<StudyLine>,
}

/// Runs studies of a run, each into a folder of its own below `studies/`; those that are done are not done again.
///
/// # Errors
/// A run that is not trained to its end, or another process in it. A study that fails is a line of the result.
pub fn study(
    run: &Path,
    kinds: &[StudyKind],
    preset: StudyPreset,
    choices: StudyChoices,
    progress: &dyn Progress,
) -> Result<Studied> {
    let open = OpenRun::open(run, "study", progress)?;
    let main = Material {
        folds: (0..open.fits.n_folds).map(|fold_idx| open.fold(fold_idx)).collect::<Result<_>>()?,
        readouts: readouts::readouts(&open.config.stimulus, &open.dataset)?,
        dataset: open.dataset.clone(),
        config: open.config.clone(),
    };
    let sizes = Sizes { n_networks: open.fits.n_networks, n_folds: Sizes::of(preset).n_folds, ..Sizes::of(preset) };
    let plan = Plan::new(kinds, &main.config, &sizes, choices)?;
    merge_plan(&open, &plan)?;
    let store = Store::new(&open.folder.join("networks"));
    let copy = if sizes.is_retraining_coarse { coarse(&main.config, progress)? } else { None };
    let probed = main.probed(sizes.n_probed_trials)?;
    let context = Context {
        retraining: copy.as_ref().unwrap_or(&main),
        probed: &probed,
        choices,
        run: Some(&open),
        ..Context::new(&main, &sizes, open.config.seed, &store, progress)
    };
    let mut studies = Vec::new();
    for (at, (planned, kind)) in plan.studies.iter().zip(kinds).enumerate() {
        progress.say(&format!("== {} ({} of {})", kind.name, at + 1, kinds.len()));
        let (state, findings) = match planned.run(kind, open.folder.path(), &context)? {
            Outcome::Done(section) => ("done", section.findings),
            Outcome::Failed(error) => ("failed", vec![error]),
            Outcome::Missing => ("missing", Vec::new()),
        };
        open.folder.event(&format!("study {state}"), &planned)?;
        studies.push(StudyLine { name: planned.name.clone(), state, secs: planned.secs(open.folder.path()), findings });
    }
    let path = open.folder.path().to_path_buf();
    open.finish()?;
    Ok(Studied { run: path, studies })
}

/// Puts a plan's studies among those planned before: the newest of a name counts.
fn merge_plan(open: &OpenRun, plan: &Plan) -> Result<()> {
    let mut studies = stored_plan(open.folder.path())?.map_or_else(Vec::new, |plan| plan.studies);
    for planned in &plan.studies {
        match studies.iter_mut().find(|old| old.name == planned.name) {
            Some(old) => *old = planned.clone(),
            None => studies.push(planned.clone()),
        }
    }
    let order = |name: &str| crate::studies::ALL.iter().position(|kind| kind.name == name);
    studies.sort_by_key(|planned| order(&planned.name));
    open.folder.write_json(PLAN, &Plan { sizes: plan.sizes.clone(), studies })
}

/// The plan of a run, where there is one.
///
/// # Errors
/// A damaged file.
pub fn stored_plan(run: &Path) -> Result<Option<Plan>> {
    let path = run.join(PLAN);
    if path.is_file() { read_json(&path).map(Some) } else { Ok(None) }
}

/// What became of a run's planned studies: sections of those that are done, a line for each that is not, and how many there are of each.
///
/// # Errors
/// A damaged file.
pub fn stored(run: &Path) -> Result<crate::steps::report::Studied> {
    let mut studied = crate::steps::report::Studied::default();
    let Some(plan) = stored_plan(run)? else { return Ok(studied) };
    let mut counts = StudyCounts { n_planned: plan.studies.len(), n_done: 0, n_failed: 0, n_missing: 0 };
    for planned in plan.studies {
        match planned.outcome(run)? {
            Outcome::Done(section) => {
                counts.n_done += 1;
                studied.sections.push(*section);
            }
            Outcome::Failed(error) => {
                counts.n_failed += 1;
                studied.notes.push(format!("study {} failed: {error}", planned.name));
            }
            Outcome::Missing => {
                counts.n_missing += 1;
                studied.notes.push(format!("study {} has not run", planned.name));
            }
        }
    }
    complete(&mut studied.sections);
    Ok(crate::steps::report::Studied { counts: Some(counts), ..studied })
}
