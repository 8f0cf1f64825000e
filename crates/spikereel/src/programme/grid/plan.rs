//! `plan`: a grid becomes `plan.json`: runs under names made of all they depend on, checked before anything is run.

use super::asked::{self, Asked, PlannedStudies};
use crate::config::{Given, Resolved, resolve};
use crate::progress::Progress;
use crate::run_folder::{read_json, write_json};
use crate::steps::going_on::{self, of_results};
use crate::steps::source;
use crate::studies::name_of;
use crate::{ConfigError, Error, Result, provenance, room};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of a plan in its folder.
pub const PLAN: &str = "plan.json";
/// The folder of runs beside it.
pub const RUNS: &str = "runs";
const SCHEMA_VERSION: u32 = 1;

/// One run of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRun {
    /// Content hash of version, instruction set and settings.
    pub id: String,
    /// What sets it apart from the others.
    pub label: String,
    /// Its settings, resolved, as TOML.
    pub config: String,
}

/// What a run will need, measured on the first of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimates {
    /// Seconds of a run on `n_threads` threads.
    pub secs: f64,
    /// Threads that were measured.
    pub n_threads: usize,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
}

/// `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridPlan {
    /// Always 1.
    pub schema_version: u32,
    /// Version of spikereel.
    pub version: String,
    /// The instructions that all runs use, as provenance names them: results depend on them in their last bits.
    pub instruction_set: String,
    /// What a run needs.
    pub estimates: Option<Estimates>,
    /// What every run does beyond its scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub studies: Option<PlannedStudies>,
    /// The runs; an index into them is all that a scheduler is told.
    pub runs: Vec<PlannedRun>,
}

impl GridPlan {
    /// Reads `plan.json`.
    ///
    /// # Errors
    /// A missing, damaged or newer file.
    pub fn read(path: &Path) -> Result<Self> {
        let plan: Self = read_json(path)?;
        if plan.schema_version != SCHEMA_VERSION {
            let got = plan.schema_version.to_string();
            return Err(spikereel_data::DataError::new("schema_version", SCHEMA_VERSION.to_string(), got)
                .hint("use the version of spikereel that made the plan")
                .at(path.display().to_string())
                .into());
        }
        Ok(plan)
    }

    /// The folder of a run.
    pub fn folder(plan: &Path, run: &PlannedRun) -> PathBuf {
        plan.parent().unwrap_or(Path::new("")).join(RUNS).join(&run.id)
    }
}

/// What `plan` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedGrid {
    /// `plan.json`.
    pub plan: PathBuf,
    /// How many runs.
    pub n_runs: usize,
    /// What each will need.
    pub estimates: Option<Estimates>,
    /// Instruction set of all.
    pub instruction_set: String,
}

/// Expands `grid` into the new folder `out`. Every run is resolved and checked; all that is wrong is named at once.
///
/// # Errors
/// A grid that cannot be read; [`Error::Grid`] with every run at fault; a folder that holds another plan.
pub fn plan(grid: &Path, out: &Path, progress: &dyn Progress) -> Result<PlannedGrid> {
    let asked::AskedGrid { runs: asked, studies } = asked::read(grid)?;
    if asked.is_empty() {
        let error = ConfigError::new("axes", "at least one run", "none").hint("give an axis, such as seed = [1, 2, 3]");
        return Err(error.into());
    }
    let task = progress.begin("checking", asked.len() as u64, "run");
    let (mut runs, mut wrong) = (Vec::new(), Vec::new());
    let mut sources = Vec::new();
    let instruction_set = provenance::instruction_set();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (index, asked) in asked.iter().enumerate() {
        match checked(asked, &mut sources, progress) {
            Err(error) => wrong.push(format!("run {index} ({}): {error}", asked.label)),
            Ok(config) => {
                let of_run = (env!("CARGO_PKG_VERSION"), &instruction_set, of_results(&config));
                let id = studies.as_ref().map_or_else(|| name_of(&of_run), |studies| name_of(&(&of_run, studies)))?;
                if let Some(other) = first.insert(id.clone(), index) {
                    wrong.push(format!("run {index} ({}): the same as run {other}; leave one out", asked.label));
                }
                runs.push(PlannedRun { id, label: asked.label.clone(), config: config.to_toml()? });
            }
        }
        task.advance(1);
    }
    drop(task);
    if !wrong.is_empty() {
        return Err(Error::Grid { n_runs: asked.len(), wrong });
    }
    let estimates = estimate(&asked[0], studies.as_ref(), progress)?;
    let n_bytes = estimates.disk_bytes.saturating_mul(runs.len() as u64);
    std::fs::create_dir_all(out).map_err(|error| Error::io(out, "make the plan's folder", error))?;
    room::check_disk(out, &format!("{} runs", runs.len()), n_bytes)?;
    let path = out.join(PLAN);
    let made = GridPlan {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        instruction_set: instruction_set.clone(),
        estimates: Some(estimates),
        studies,
        runs,
    };
    if path.exists() {
        // The same grid again is no harm: its runs have the same names.
        let there = GridPlan::read(&path)?;
        if there.runs != made.runs || there.instruction_set != made.instruction_set {
            return Err(Error::FolderExists(path));
        }
    } else {
        write_json(&path, &made)?;
    }
    Ok(PlannedGrid { plan: path, n_runs: made.runs.len(), estimates: made.estimates, instruction_set })
}

/// Settles the instructions of a plan about to be made, by their name in `SPIKEREEL_ISA`.
///
/// # Errors
/// [`Error::Config`] where this processor lacks them, or `SPIKEREEL_ISA` names others.
pub fn pin(isa: &str) -> Result<()> {
    going_on::keep(&format!("{} {isa}", std::env::consts::ARCH), "the plan is to use")
}

/// Sources that were opened, so that a grid over one recording opens it once.
type Sources = Vec<(crate::config::DataGiven, toml::Table, crate::config::SourceFacts)>;

fn checked(asked: &Asked, sources: &mut Sources, progress: &dyn Progress) -> Result<Resolved> {
    let given = &asked.given;
    let known = sources.iter().find(|(data, nwb, _)| *data == given.data && *nwb == given.nwb);
    let facts = match known {
        Some((_, _, facts)) => facts.clone(),
        None => {
            let facts = source::load(given, progress)?.facts()?;
            sources.push((given.data.clone(), given.nwb.clone(), facts.clone()));
            facts
        }
    };
    let mut config = resolve(given.clone(), &facts)?;
    config.precision = config.precision.settled();
    let stimulus = &config.stimulus;
    // Sites are known once the data are prepared; the other sizes decide whether there is such a network.
    let shape = spikereel_nn::DecoderShape {
        n_bins: config.bins.n_bins,
        n_sites: 1,
        n_frames: stimulus.n_frames,
        height: stimulus.frame_px,
        width: stimulus.frame_px,
        base_channels: config.network.base_channels,
        model: spikereel_nn::Model::Decoder,
    };
    spikereel_nn::network::build(&shape)?;
    Ok(config)
}

/// Prepares the first run's data and trains a few steps.
fn estimate(asked: &Asked, studies: Option<&PlannedStudies>, progress: &dyn Progress) -> Result<Estimates> {
    use super::super::budget;
    let material = crate::studies::Material::new(Given { ..asked.given.clone() }, progress)?;
    let config = crate::steps::network::train_config(&material.config);
    let rate = budget::rate(&material, &config)?;
    let fold = &material.folds[0];
    let n_train = fold.trials(spikereel_data::Part::Train).len();
    let n_epoch = config.steps_per_epoch.map_or(n_train, |steps| steps * config.batch_size);
    let n_fits = (material.folds.len() * material.config.n_network_seeds) as f64;
    let mut secs = budget::BESIDE_NETWORKS * n_fits * (n_epoch * config.epochs) as f64 * rate.trained;
    let (mut n_studies, mut small_bytes, mut n_copies) = (0, 0, 1);
    if let Some(PlannedStudies { names, preset }) = studies {
        let kinds = crate::studies::by_names(names)?;
        n_studies = kinds.len() as u64;
        let sizes = crate::studies::Sizes::of(*preset);
        // The run's own networks are counted there too.
        secs = budget::estimate(&material, &sizes, &kinds, progress)?.secs;
        // Small networks may be larger than those of the run; some see twice as many frames, of data of their own.
        let small = spikereel_nn::TrainConfig { base_channels: sizes.small_channels, ..config.clone() };
        let precision = material.config.precision.of_engine();
        let kernels = spikereel_kernels::fast::Fast::new(precision);
        small_bytes = spikereel_nn::Trainer::new(small, fold, material.config.seed, kernels)?.memory_bytes() as u64;
        n_copies = 2;
    }
    let fit = spikereel_nn::Trainer::new(
        config,
        fold,
        material.config.seed,
        spikereel_kernels::fast::Fast::new(material.config.precision.of_engine()),
    )?;
    let n_data = (material.dataset.spikes.bytes().len() + material.dataset.video.bytes().len()) as u64;
    Ok(Estimates {
        secs: secs + 5.0,
        n_threads: rayon::current_num_threads(),
        memory_bytes: n_copies * ((fit.memory_bytes() as u64).max(small_bytes) * 11 / 10 + 2 * n_data) + (200 << 20),
        // A checkpoint and the weights of each fit, two more checkpoints while it trains, the dataset, the report. Studies keep weights alone,
        // a quarter of a checkpoint, of a dozen networks at most.
        disk_bytes: fit.checkpoint_bytes() as u64 * (n_fits as u64 * 5 / 4 + 2 + 3 * n_studies) + n_data + (20 << 20),
    })
}
