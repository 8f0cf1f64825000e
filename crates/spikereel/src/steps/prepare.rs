//! `prepare`: recordings in, a dataset's folder out: spikes binned, sites chosen, trials split, videos drawn.

use super::simulate::simulated_remark;
use super::source::{self, Loaded};
use super::videos;
use crate::config::choices::PopulationKind;
use crate::config::{Given, Resolved, resolve};
use crate::progress::Progress;
use crate::{ConfigError, Error, Result};
use ndarray::{Array3, Axis};
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::{BinnedTrials, PopulationConfig, SplitConfig, binned, pseudo_population, split_trials};
use spikereel_data::{DataError, Dataset, Part, Recording, Site, SpikeTensor, Spikes, Split};
use spikereel_formats::RecordingExtras;
use std::path::{Path, PathBuf};

/// The file in a dataset's folder that says what is known beside it.
pub const ABOUT: &str = "about.json";
/// The file in a dataset's folder that says how it was prepared.
pub const PREPARED_BY: &str = "config.toml";

/// What `prepare` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prepared {
    /// The dataset's folder.
    pub dataset: PathBuf,
    /// Trials.
    pub n_trials: usize,
    /// Bins.
    pub n_bins: usize,
    /// Sites.
    pub n_sites: usize,
    /// Clips.
    pub n_clips: usize,
    /// Frames of a clip.
    pub n_frames: usize,
    /// Trials in train, validation and test, one entry a fold.
    pub splits: Vec<[usize; 3]>,
    /// What a reader of results must know.
    pub remarks: Vec<String>,
}

/// What is known of the data beside the dataset itself: `about.json` in its folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// License of the data.
    pub license: Option<String>,
    /// What to cite for them.
    pub citations: Vec<String>,
    /// Sites that the sidecar left out.
    pub n_dropped_sites: usize,
}

/// Prepares; `out` is a new folder, by default the next of `datasets/dataset-1`, ...
///
/// # Errors
/// What is wrong with configuration or data, a folder that exists, an I/O error.
pub fn prepare(given: Given, out: Option<&Path>, progress: &dyn Progress) -> Result<Prepared> {
    if let Some(out) = out.filter(|out| out.symlink_metadata().is_ok()) {
        return Err(Error::FolderExists(out.to_path_buf()));
    }
    let loaded = source::load(&given, progress)?;
    if let Loaded::Dataset { folder, .. } = &loaded {
        let error = ConfigError::new("data", "recordings or a simulation", folder.display().to_string());
        return Err(error.hint("this is a prepared dataset already; train on it").into());
    }
    let config = resolve(given, &loaded.facts()?)?;
    let folder = match out {
        Some(path) => path.to_path_buf(),
        None => next_free(Path::new("datasets"), "dataset")?,
    };
    prepare_into(&config, loaded, &folder, progress)
}

pub(super) fn next_free(parent: &Path, name: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, "make the folder of datasets", error))?;
    let free = (1_u32..).map(|n| parent.join(format!("{name}-{n}"))).find(|path| path.symlink_metadata().is_err());
    free.ok_or_else(|| Error::Bug("four thousand million datasets".into()))
}

/// Prepares into a folder that is not there yet.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_into(config: &Resolved, loaded: Loaded, folder: &Path, progress: &dyn Progress) -> Result<Prepared> {
    prepare_beside(config, loaded, folder, &[], progress)
}

/// As [`prepare_into`], with further files in the folder.
///
/// # Errors
/// As [`prepare`].
pub(super) fn prepare_beside(
    config: &Resolved,
    loaded: Loaded,
    folder: &Path,
    files: &[(&str, &[u8])],
    progress: &dyn Progress,
) -> Result<Prepared> {
    let Assembled { dataset, splits, about, inputs } = assemble(config, loaded, progress)?;
    let about =
        serde_json::to_vec_pretty(&about).map_err(|error| Error::Bug(format!("{ABOUT} is no JSON: {error}")))?;
    let prepared_by = config.to_toml()?;
    let mut beside = vec![(ABOUT, about.as_slice()), (PREPARED_BY, prepared_by.as_bytes())];
    beside.extend(files);
    spikereel_formats::write_dataset(folder, &dataset, &splits, &inputs, &beside)?;
    let sizes = |split: &Split| [Part::Train, Part::Validation, Part::Test].map(|part| split.trials(part).len());
    Ok(Prepared {
        dataset: folder.to_path_buf(),
        n_trials: dataset.n_trials(),
        n_bins: dataset.n_bins(),
        n_sites: dataset.n_sites(),
        n_clips: dataset.video.n_clips(),
        n_frames: dataset.video_shape()[0],
        splits: splits.iter().map(sizes).collect(),
        remarks: dataset.remarks.clone(),
    })
}

/// A dataset in memory, with what stands beside it in its folder.
pub struct Assembled {
    /// The dataset.
    pub dataset: Dataset,
    /// One split a fold.
    pub splits: Vec<Split>,
    /// License and citations.
    pub about: About,
    /// Files it was made from.
    pub inputs: Vec<spikereel_formats::InputFile>,
}

/// Prepares in memory.
///
/// # Errors
/// As [`prepare`], but for files.
pub fn assemble(config: &Resolved, loaded: Loaded, progress: &dyn Progress) -> Result<Assembled> {
    let (recordings, extras): (Vec<Recording>, Vec<RecordingExtras>) = match loaded {
        Loaded::Recordings { list, .. } => list.into_iter().map(|loaded| (loaded.recording, loaded.extras)).unzip(),
        Loaded::Simulation => (vec![source::simulated(config)?], Vec::new()),
        Loaded::Dataset { .. } => return Err(Error::Bug("a dataset is not prepared twice".into())),
    };
    assemble_recordings(config, recordings, extras, progress)
}

/// Prepares recordings that are in memory already.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_recordings(
    config: &Resolved,
    recordings: Vec<Recording>,
    extras: Vec<RecordingExtras>,
    progress: &dyn Progress,
) -> Result<Assembled> {
    let task = progress.begin("preparing", 3, "step");
    let inputs = extras.iter().flat_map(|extras| extras.inputs.clone()).collect();
    let grid = config.bins.grid()?;
    let recordings = recordings
        .iter()
        .map(|recording| Ok(binned(&keep_regions(recording, &config.population)?, &grid)?))
        .collect::<Result<Vec<Recording>>>()?;
    task.advance(1);
    let (mut trials, splits) = trials_and_splits(config, &recordings)?;
    if config.data.simulate.is_some() {
        trials.remarks.push(simulated_remark(config));
    }
    trials.remarks.extend(extras.iter().flat_map(|extras| extras.remarks.iter().cloned()));
    task.advance(1);
    let own = match (config.population.kind, recordings.as_slice()) {
        (PopulationKind::Recorded, [one]) => Some((one, extras.first().map(|extras| &extras.video))),
        _ => None,
    };
    let videos = videos::draw(&config.stimulus, &trials, &splits, own, config.seed)?;
    task.advance(1);
    let dataset = trials.into_dataset(videos.pool, &videos.clip_of_trial, videos.timeline, videos.target_kind)?;
    let about = About {
        license: extras.iter().find_map(|extras| extras.license.clone()),
        citations: extras.iter().flat_map(|extras| extras.citations.iter().cloned()).collect(),
        n_dropped_sites: extras.iter().map(|extras| extras.n_dropped_sites).sum(),
    };
    Ok(Assembled { dataset, splits, about, inputs })
}

fn trials_and_splits(config: &Resolved, recordings: &[Recording]) -> Result<(BinnedTrials, Vec<Split>)> {
    let split = SplitConfig {
        unit: config.split.unit,
        train_share: config.split.train_share,
        validation_share: config.split.validation_share,
        n_folds: config.split.n_folds,
        ..SplitConfig::default()
    };
    match (config.population.kind, recordings) {
        (PopulationKind::Recorded, [recording]) => {
            let trials = BinnedTrials::from_recording(recording)?;
            let splits = split_trials(&trials.condition_of_trial, &split, config.seed)
                .map_err(|error| error.at(recording.session.clone()))?;
            Ok((trials, splits))
        }
        (PopulationKind::Recorded, _) => Err(ConfigError::new(
            "population.kind",
            "\"pseudo\" for several recordings",
            format!("\"recorded\" for {} of them", recordings.len()),
        )
        .hint("sites of different sessions never share a trial; a pseudo-population says so and pools them")
        .into()),
        (PopulationKind::Pseudo, _) if split.n_folds > 1 => {
            Err(ConfigError::new("split.n_folds", "1 with population.kind = \"pseudo\"", split.n_folds.to_string())
                .hint("pseudo-trials are drawn within each part of one split")
                .into())
        }
        (PopulationKind::Pseudo, _) => {
            let population = PopulationConfig {
                regions: config.population.regions.clone(),
                n_sites: config.population.n_sites.clone(),
                trials_per_condition: config.population.trials_per_condition,
                redraw_sites: config.population.redraw_sites,
            };
            let (trials, split) = pseudo_population(recordings, &population, &split, 0, config.seed)?;
            Ok((trials, vec![split]))
        }
    }
}

/// The recording with the sites of some regions alone, where the configuration names any (a pseudo-population picks them itself).
fn keep_regions(recording: &Recording, population: &crate::config::PopulationConfig) -> Result<Recording> {
    let wanted = &population.regions;
    if wanted.is_empty() || population.kind == PopulationKind::Pseudo {
        return Ok(recording.clone());
    }
    if let Some(unknown) = wanted.iter().find(|name| !recording.regions().iter().any(|region| region.0 == **name)) {
        let known: Vec<&str> = recording.regions().iter().map(|region| region.0.as_str()).collect();
        return Err(ConfigError::new("population.regions", format!("some of {}", known.join(", ")), unknown).into());
    }
    let kept: Vec<usize> =
        (0..recording.n_sites()).filter(|&site_idx| wanted.contains(&recording.sites[site_idx].region.0)).collect();
    let mut parts = recording.clone().into_parts();
    parts.sites = kept.iter().map(|&site_idx| parts.sites[site_idx].clone()).collect::<Vec<Site>>();
    parts.spikes = match parts.spikes {
        Spikes::Times(mut times) => {
            times.times_secs = kept.iter().map(|&site_idx| std::mem::take(&mut times.times_secs[site_idx])).collect();
            Spikes::Times(times)
        }
        Spikes::Counts(counts, grid) => {
            let all: Array3<f32> = counts.to_array();
            Spikes::Counts(SpikeTensor::from_array(all.select(Axis(2), &kept).view())?, grid)
        }
    };
    // What was planted is information in all regions together; it does not describe a subset of them.
    parts.truth = None;
    Recording::new(parts).map_err(DataError::into)
}
