//! `simulate`: a recording with planted truth, as files that any program can read: npy arrays, a sidecar, the truth as JSON.

use super::source;
use crate::config::{Given, Resolved, SourceFacts, resolve};
use crate::progress::Progress;
use crate::run_folder::{RunFolder, write_json, write_whole};
use crate::{Error, Result};
use serde::Serialize;
use spikereel_data::{Level, Recording, SpikeEncoding, Spikes};
use spikereel_formats::write::npy_bytes;
use std::path::{Path, PathBuf};

/// What `simulate` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulated {
    /// The sidecar, to be given to `prepare`, `inspect` and `train`.
    pub recording: PathBuf,
    /// Trials.
    pub n_trials: usize,
    /// Conditions.
    pub n_conditions: usize,
    /// Sites.
    pub n_sites: usize,
    /// Share of single trials whose condition an ideal observer of all sites names.
    pub ideal_observer_accuracy: f64,
    /// Features and the region that carries most of each.
    pub planted: Vec<(String, String)>,
}

/// Simulates into a new folder, by default the next of `recordings/easy-1`, ...
///
/// # Errors
/// What is wrong with the configuration, a folder that exists, an I/O error.
pub fn simulate(given: Given, out: Option<&Path>, progress: &dyn Progress) -> Result<Simulated> {
    let config = resolve(given, &SourceFacts::default())?;
    let preset = config.data.simulate.map_or_else(|| "recording".into(), |preset| preset.to_string());
    let folder = match out {
        Some(path) => RunFolder::create(path)?,
        None => RunFolder::create_numbered(Path::new("recordings"), &preset)?,
    };
    let task = progress.begin("simulating", 2, "step");
    let recording = source::simulated(&config)?;
    task.advance(1);
    let sidecar = folder.join("recording.toml");
    write_recording(&sidecar, &recording, &config)?;
    task.advance(1);
    let truth = recording.truth.as_ref();
    Ok(Simulated {
        recording: sidecar,
        n_trials: recording.n_trials(),
        n_conditions: recording.conditions.len(),
        n_sites: recording.n_sites(),
        ideal_observer_accuracy: truth.map_or(f64::NAN, |truth| truth.condition_accuracy),
        planted: super::inspect::planted(truth),
    })
}

/// The sidecar's structure; docs/formats.md describes it.
#[derive(Serialize)]
struct SidecarOut {
    format: u32,
    session: String,
    files: Vec<String>,
    spikes: SpikesOut,
    sites: SitesOut,
    trials: TrialsOut,
    video: VideoOut,
    about: AboutOut,
}

#[derive(Serialize)]
struct SpikesOut {
    counts: String,
    axes: [&'static str; 3],
    bins: BinsOut,
}

#[derive(Serialize)]
struct BinsOut {
    start_secs: f64,
    width_secs: f64,
    step_secs: f64,
}

#[derive(Serialize)]
struct SitesOut {
    region: Vec<String>,
    ids: Vec<String>,
}

#[derive(Serialize)]
struct TrialsOut {
    factors: Vec<toml::Value>,
    covariates: Vec<String>,
}

#[derive(Serialize)]
struct VideoOut {
    generator: &'static str,
}

#[derive(Serialize)]
struct AboutOut {
    remarks: Vec<String>,
}

fn write_recording(sidecar: &Path, recording: &Recording, config: &Resolved) -> Result<()> {
    let folder = sidecar.parent().unwrap_or(Path::new(""));
    let Spikes::Counts(counts, grid) = &recording.spikes else {
        return Err(Error::Bug("the simulator's presets make counts".into()));
    };
    let (descr, shape) = (if counts.encoding() == SpikeEncoding::U8 { "|u1" } else { "<f4" }, counts.shape());
    write_whole(&folder.join("counts.npy"), &npy_bytes(descr, &shape, counts.bytes()))?;
    let mut files = vec!["counts.npy".to_string()];
    let mut column = |name: &str, values: &[f64]| -> Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        files.push(format!("{name}.npy"));
        write_whole(&folder.join(format!("{name}.npy")), &npy_bytes("<f8", &[values.len()], &bytes))
    };
    let mut factors = Vec::new();
    for (factor_idx, factor) in recording.conditions.factors().iter().enumerate() {
        let code = |level_idx: usize| match &factor.levels[level_idx] {
            Level::Number(value) => *value,
            Level::Text(_) => level_idx as f64,
        };
        let of_trial = |&condition: &usize| code(recording.conditions.level_idx(condition, factor_idx));
        column(&factor.name, &recording.condition_of_trial.iter().map(of_trial).collect::<Vec<_>>())?;
        factors.push(factor_entry(&factor.name, &factor.levels));
    }
    for (name, values) in &recording.covariates {
        column(name, values)?;
    }
    let text = toml::to_string(&SidecarOut {
        format: spikereel_formats::read::sidecar::FORMAT,
        session: recording.session.clone(),
        files,
        spikes: SpikesOut {
            counts: "counts".into(),
            axes: ["trial", "bin", "site"],
            bins: BinsOut { start_secs: grid.start_secs, width_secs: grid.width_secs, step_secs: grid.step_secs },
        },
        sites: SitesOut {
            region: recording.sites.iter().map(|site| site.region.0.clone()).collect(),
            ids: recording.sites.iter().map(|site| site.id.clone()).collect(),
        },
        trials: TrialsOut { factors, covariates: recording.covariates.iter().map(|(name, _)| name.clone()).collect() },
        video: VideoOut { generator: "paper" },
        about: AboutOut { remarks: vec![simulated_remark(config)] },
    })
    .map_err(|error| Error::Bug(format!("the sidecar is no TOML: {error}")))?;
    if let Some(truth) = &recording.truth {
        write_json(&source::truth_file(sidecar), truth)?;
    }
    // The sidecar comes last: a folder without it is no recording.
    write_whole(sidecar, text.as_bytes())
}

/// What every report on a simulated recording repeats.
pub fn simulated_remark(config: &Resolved) -> String {
    let preset = config.data.simulate.map_or_else(String::new, |preset| format!(" (preset {preset})"));
    format!(
        "Simulated recording{preset}: spikes were drawn by a generator whose regional functions were planted; no animal was recorded."
    )
}

/// A factor of numbers is named by its array; one of words has codes in the array and their names here.
fn factor_entry(name: &str, levels: &[Level]) -> toml::Value {
    if levels.iter().all(|level| matches!(level, Level::Number(_))) {
        return toml::Value::String(name.into());
    }
    let names = levels.iter().enumerate().map(|(at, level)| (at.to_string(), toml::Value::String(level.to_string())));
    let mut entry = toml::Table::new();
    entry.insert("name".into(), toml::Value::String(name.into()));
    entry.insert("array".into(), toml::Value::String(name.into()));
    entry.insert("levels".into(), toml::Value::Table(names.collect()));
    toml::Value::Table(entry)
}
