//! Where data come from: recordings on disk or inside the binary, a simulation, or a dataset that was prepared before.

use super::open_run::stored_config;
use super::prepare::PREPARED_BY;
use super::{nwb, siegel};
use crate::builtin;
use crate::config::choices::{Preset, StimulusKind};
use crate::config::{ConfigError, Given, Resolved, SourceFacts};
use crate::progress::Progress;
use crate::provenance::InputFile;
use crate::run_folder::read_json;
use crate::{Error, Result};
use spikereel_data::{ConditionTable, DataError, Recording, Spikes, Truth};
use spikereel_formats::{
    FormatError, NwbOptions, RecordingExtras, SiegelOptions, StoredDataset, VideoGenerator, VideoSource,
};
use spikereel_synth::cortex::{CortexConfig, generate};
use std::path::{Path, PathBuf};

/// A recording and what its sidecar says beside it.
pub struct LoadedRecording {
    /// The recording.
    pub recording: Recording,
    /// What stands beside it.
    pub extras: RecordingExtras,
}

/// A source that was opened and checked, before any configuration is resolved.
pub enum Loaded {
    /// Recordings on disk, or inside the binary.
    Recordings {
        /// The recordings.
        list: Vec<LoadedRecording>,
        /// How those in NWB files were read.
        nwb: Option<Box<NwbOptions>>,
        /// How sessions of Siegel et al. were read.
        siegel: Option<Box<SiegelOptions>>,
    },
    /// A prepared dataset.
    Dataset {
        /// Its folder.
        folder: PathBuf,
        /// How it was prepared.
        prepared: Box<Resolved>,
        /// Its files.
        inputs: Vec<InputFile>,
    },
    /// Nothing yet: it is generated once the configuration is resolved.
    Simulation,
}

/// Opens the source that a configuration names.
///
/// # Errors
/// No or several sources, or what is wrong with the one.
pub fn load(given: &Given, progress: &dyn Progress) -> Result<Loaded> {
    let data = &given.data;
    match (&data.recordings, &data.dataset, data.simulate) {
        (Some(list), None, None) if !list.is_empty() => {
            let task = progress.begin("reading", list.len() as u64, "recording");
            let nwb = nwb::Reader::new(given, list)?;
            let siegel = siegel::Reader::new(given)?;
            let read = |path: &PathBuf| {
                let loaded = match (&nwb, &siegel) {
                    (Some(reader), _) if nwb::is_nwb(path) => reader.read(path)?,
                    (_, Some(reader)) if siegel::is_session(path) => reader.read(path)?,
                    _ => read_recording(path)?,
                };
                task.advance(1);
                Ok(loaded)
            };
            let list = list.iter().map(read).collect::<Result<Vec<_>>>()?;
            let (nwb, siegel) =
                (nwb.map(|reader| Box::new(reader.options)), siegel.map(|reader| Box::new(reader.options)));
            Ok(Loaded::Recordings { list, nwb, siegel })
        }
        (None, Some(folder), None) => load_dataset(folder),
        (None, None, Some(_)) => Ok(Loaded::Simulation),
        // `resolve` words this for every other case as well.
        _ => {
            let n = [data.recordings.is_some(), data.dataset.is_some(), data.simulate.is_some()];
            let got = match n.iter().filter(|named| **named).count() {
                0 => "none".to_string(),
                n => format!("{n} of them, or an empty list"),
            };
            Err(ConfigError::new("data", "one of `recordings`, `dataset` and `simulate`", got)
                .hint("name a sidecar, a prepared dataset's folder, or simulate:easy, simulate:standard, simulate:hard")
                .into())
        }
    }
}

fn load_dataset(folder: &Path) -> Result<Loaded> {
    if !is_dataset(folder) {
        return Err(DataError::new("dataset.json", "a prepared dataset's folder, which holds one", "none")
            .hint("make one with `spikereel prepare`")
            .at(folder.display().to_string())
            .into());
    }
    let stored = read_dataset(folder)?;
    let hash = |name: &str| -> Result<InputFile> {
        let path = folder.join(name);
        Ok(InputFile { name: name.into(), sha256: crate::provenance::sha256_of_file(&path)? })
    };
    // The file of checksums stands for the whole folder; the files it was made from come after it.
    let mut inputs = vec![hash(spikereel_formats::dataset::CHECKSUMS)?, hash(PREPARED_BY)?];
    inputs.extend(stored.inputs.into_iter().map(input_file));
    Ok(Loaded::Dataset { folder: folder.to_path_buf(), prepared: Box::new(stored_config(folder)?), inputs })
}

fn input_file(file: spikereel_formats::InputFile) -> InputFile {
    InputFile { name: file.name, sha256: file.sha256 }
}

impl Loaded {
    /// What defaults need to know.
    ///
    /// # Errors
    /// Recordings whose stimulus or factors differ.
    pub fn facts(&self) -> Result<SourceFacts> {
        match self {
            Self::Simulation => Ok(SourceFacts::default()),
            Self::Dataset { prepared, .. } => {
                Ok(SourceFacts { prepared: Some(prepared.clone()), ..SourceFacts::default() })
            }
            Self::Recordings { list, nwb, siegel } => {
                let first = &list[0];
                let kind = |loaded: &LoadedRecording| match loaded.extras.video {
                    VideoSource::Generator { generator: VideoGenerator::Gabor, .. } => Some(StimulusKind::TwoGabor),
                    VideoSource::Generator { generator: VideoGenerator::Paper, .. } => Some(StimulusKind::Paper),
                    VideoSource::Clips { .. } => Some(StimulusKind::Recorded),
                    VideoSource::Unsaid => None,
                };
                Ok(SourceFacts {
                    factors: factor_names(&first.recording.conditions),
                    stimulus: kind(first),
                    recorded_bins: match &first.recording.spikes {
                        Spikes::Counts(_, grid) => Some(*grid),
                        Spikes::Times(_) => None,
                    },
                    recorded_frames: match &first.extras.video {
                        VideoSource::Clips { pool, timeline, .. } => Some((timeline.clone(), pool.shape()[2])),
                        _ => None,
                    },
                    prepared: None,
                    nwb: nwb.as_deref().cloned(),
                    siegel: siegel.as_deref().cloned(),
                })
            }
        }
    }

    /// Files behind the source, with checksums.
    pub fn inputs(&self) -> Vec<InputFile> {
        match self {
            Self::Simulation => Vec::new(),
            Self::Dataset { inputs, .. } => inputs.clone(),
            Self::Recordings { list, .. } => {
                list.iter().flat_map(|loaded| loaded.extras.inputs.clone()).map(input_file).collect()
            }
        }
    }
}

/// Generates the recording that a configuration asks for.
///
/// # Errors
/// What the generator refuses.
pub fn simulated(config: &Resolved) -> Result<Recording> {
    let preset = config.data.simulate.unwrap_or(Preset::Standard);
    let n_trials = config.data.trials_per_condition.unwrap_or(crate::config::defaults::TRIALS_PER_CONDITION);
    let cortex = CortexConfig::preset(&preset.to_string())?.with_sessions(1, n_trials);
    let mut recordings = generate(&cortex, config.seed)?;
    recordings.pop().ok_or_else(|| Error::Bug("a simulation without sessions".into()))
}

fn factor_names(conditions: &ConditionTable) -> Vec<String> {
    conditions.factors().iter().map(|factor| factor.name.clone()).collect()
}

/// The file beside a sidecar that holds what a simulator planted.
pub fn truth_file(sidecar: &Path) -> PathBuf {
    sidecar.with_extension("truth.json")
}

/// Reads a recording: a sidecar, a npz with a sidecar beside it, or a builtin name.
///
/// # Errors
/// What is wrong with it, by file and field.
pub fn read_recording(path: &Path) -> Result<LoadedRecording> {
    if builtin::is_builtin(path) {
        let scratch = Scratch::new()?;
        let sidecar = builtin::unpack(path, &scratch.0)?;
        let (recording, extras) = spikereel_formats::read_recording(&sidecar)?;
        return Ok(LoadedRecording { recording, extras });
    }
    let (mut recording, extras) = spikereel_formats::read_recording(path)?;
    let truth = truth_file(path);
    if truth.is_file() {
        let truth: Truth = read_json(&truth)?;
        let mut parts = recording.into_parts();
        parts.truth = Some(truth);
        recording = Recording::new(parts)?;
    }
    Ok(LoadedRecording { recording, extras })
}

/// Where temporary folders are made: the system's place, or the current folder where there is none, as in a bare container.
pub fn temporary_root() -> PathBuf {
    Some(std::env::temp_dir()).filter(|place| place.is_dir()).unwrap_or_else(|| PathBuf::from("."))
}

/// A folder of this process alone, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        for n in 0_u32.. {
            let path = temporary_root().join(format!("spikereel-{}-{n}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(&path, "make a temporary folder", error)),
            }
        }
        Err(Error::Bug("four thousand million temporary folders".into()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is a copy of what the binary holds: harmless.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// True for a prepared dataset's folder.
pub fn is_dataset(path: &Path) -> bool {
    path.join(spikereel_formats::dataset::MANIFEST).is_file()
}

/// Opens a dataset's folder.
///
/// # Errors
/// What is wrong with it, or that it has no splits.
pub fn read_dataset(folder: &Path) -> Result<StoredDataset> {
    let stored = spikereel_formats::read_dataset(folder)?;
    if stored.splits.is_empty() {
        return Err(DataError::new("split.json", "at least one split", "none")
            .hint("prepare the recording with `spikereel prepare`")
            .at(folder.display().to_string())
            .into());
    }
    Ok(stored)
}

/// The dataset's folder of a run: its own, or the one it was given.
pub fn dataset_folder_of(run: &Path, config: &Resolved) -> PathBuf {
    config.data.dataset.clone().unwrap_or_else(|| run.join("dataset"))
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Data(error) => Self::Data(error),
            FormatError::Toml { place, message } => Self::Sidecar { place, message },
            FormatError::Io { path, doing, source } => Self::Io { path, doing, source },
            FormatError::Exists(path) => Self::FolderExists(path),
        }
    }
}

impl From<spikereel_report::Error> for Error {
    fn from(error: spikereel_report::Error) -> Self {
        match error {
            spikereel_report::Error::Io { path, action, source } => Self::Io { path, doing: action.into(), source },
            // A report that contradicts itself was put together wrongly, here.
            other => Self::Bug(other.to_string()),
        }
    }
}
