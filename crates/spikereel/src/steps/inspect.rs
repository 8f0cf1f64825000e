//! `inspect`: what a recording, a dataset or a run holds, and what in it deserves a second look.

use super::look::{self, Look};
use super::open_run::stored_config;
use super::source;
use crate::progress::Progress;
use crate::run_folder::check_is_run;
use crate::{ConfigError, Result};
use serde::Serialize;
use spikereel_analysis::audit::{AuditFinding, audit_dataset, audit_recording};
use spikereel_data::{ConditionTable, Dataset, Recording, Site, Spikes, TargetKind};
use spikereel_formats::StoredDataset;
use std::path::Path;

/// A region and its sites.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegionFacts {
    /// Name.
    pub region: String,
    /// Sites in it.
    pub n_sites: usize,
    /// Mean over its sites of spikes per second, where spikes are counts or times.
    pub mean_rate_hz: Option<f64>,
    /// Sites without a single spike.
    pub n_silent_sites: usize,
}

/// A condition factor and how trials spread over its levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorFacts {
    /// Name.
    pub factor: String,
    /// Levels and the trials of each.
    pub levels: Vec<(String, usize)>,
}

/// What `inspect` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// `recording`, `dataset` or `run`.
    pub kind: String,
    /// Name of the session, the dataset or the run.
    pub name: String,
    /// Trials.
    pub n_trials: usize,
    /// Sites.
    pub n_sites: usize,
    /// Conditions.
    pub n_conditions: usize,
    /// Fewest and most trials of a condition.
    pub trials_per_condition: (usize, usize),
    /// What the spikes are: times, or counts in so many bins of such a width.
    pub spikes: String,
    /// What the target videos are; none in a recording.
    pub videos: Option<String>,
    /// Regions in the order of the site axis.
    pub regions: Vec<RegionFacts>,
    /// Factors.
    pub factors: Vec<FactorFacts>,
    /// Covariates.
    pub covariates: Vec<String>,
    /// What a simulator planted: feature and top region; empty for real data.
    pub planted: Vec<(String, String)>,
    /// Remarks that travel with the data.
    pub remarks: Vec<String>,
    /// What deserves a second look.
    pub warnings: Vec<String>,
    /// Leaks, drifts, sites twice, factors that go together: each with its number, the most serious first.
    pub audit: Vec<AuditFinding>,
}

/// Either a file that needs choices before it is a recording, or what can be worked with already.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Inspected {
    /// A file of a laboratory.
    File(Box<Look>),
    /// A recording, a dataset or a run.
    Ready(Box<Inspection>),
}

/// Looks at a file of any format, a sidecar, a dataset's folder or a run's folder. With `out`, a page about a file is written into that
/// new folder.
///
/// # Errors
/// What is wrong with the data; a page of something that has a report of its own; a folder that exists; an I/O error.
pub fn inspect(path: &Path, out: Option<&Path>, progress: &dyn Progress) -> Result<Inspected> {
    if look::is_looked_at(path) {
        let mut found = look::look(path)?;
        found.page = out.map(|out| look::write_page(&found, out)).transpose()?;
        return Ok(Inspected::File(Box::new(found)));
    }
    if out.is_some() {
        let error = ConfigError::new("--out", "a file in a laboratory's own format", path.display().to_string());
        return Err(error.hint("datasets and runs have reports; leave --out away").into());
    }
    ready(path, progress).map(|found| Inspected::Ready(Box::new(found)))
}

fn ready(path: &Path, progress: &dyn Progress) -> Result<Inspection> {
    if source::is_dataset(path) {
        return Ok(audited(&source::read_dataset(path)?, "dataset"));
    }
    if path.is_dir() {
        check_is_run(path)?;
        let dataset = source::dataset_folder_of(path, &stored_config(path)?);
        let mut found = audited(&source::read_dataset(&dataset)?, "run");
        found.name = format!("{} on {}", path.display(), found.name);
        found.remarks.push(format!("made by spikereel {}", crate::provenance::read(path)?.version));
        return Ok(found);
    }
    let task = progress.begin("reading", 1, "recording");
    let loaded = source::read_recording(path)?;
    task.advance(1);
    let mut found = of_recording(&loaded.recording);
    found.audit = audit_recording(&loaded.recording);
    found.remarks.extend(loaded.extras.remarks);
    if loaded.extras.n_dropped_sites > 0 {
        found.remarks.push(format!("{} sites were left out, as the sidecar asks", loaded.extras.n_dropped_sites));
    }
    Ok(found)
}

fn audited(stored: &StoredDataset, kind: &str) -> Inspection {
    let audit = audit_dataset(&stored.dataset, &stored.splits);
    Inspection { audit, ..of_dataset(&stored.dataset, kind) }
}

/// Facts of a recording.
pub fn of_recording(recording: &Recording) -> Inspection {
    let (spikes, counts, secs) = match &recording.spikes {
        Spikes::Times(times) => {
            let n_spikes: Vec<f64> = times.times_secs.iter().map(|list| list.len() as f64).collect();
            let ends = times.times_secs.iter().filter_map(|list| Some((*list.first()?, *list.last()?)));
            let span = ends.fold((f64::MAX, f64::MIN), |span, (a, b)| (span.0.min(a), span.1.max(b)));
            ("times of single spikes".to_string(), n_spikes, (span.1 - span.0).max(0.0))
        }
        Spikes::Counts(counts, grid) => {
            let text = format!("counts, {} bins of {} ms", grid.n_bins, grid.width_secs * 1e3);
            let secs = recording.n_trials() as f64 * grid.n_bins as f64 * grid.width_secs;
            (text, sums_of_sites(counts), secs)
        }
    };
    let mut found = Inspection {
        kind: "recording".into(),
        name: recording.session.clone(),
        n_trials: recording.n_trials(),
        n_sites: recording.n_sites(),
        n_conditions: recording.conditions.len(),
        trials_per_condition: extremes(&recording.condition_of_trial, recording.conditions.len()),
        spikes,
        videos: None,
        regions: regions(&recording.sites, &counts, Some(secs)),
        factors: factors(&recording.conditions, &recording.condition_of_trial),
        covariates: recording.covariates.iter().map(|(name, _)| name.clone()).collect(),
        planted: planted(recording.truth.as_ref()),
        remarks: Vec::new(),
        warnings: Vec::new(),
        audit: Vec::new(),
    };
    found.warnings = warnings(&found);
    found
}

/// Facts of a dataset; `kind` is `dataset` or `run`.
pub fn of_dataset(dataset: &Dataset, kind: &str) -> Inspection {
    let condition_of_trial: Vec<usize> = dataset.trials.iter().map(|trial| trial.condition_idx).collect();
    let [n_clips, n_frames, height, width, _] = dataset.video.shape();
    let relation = match dataset.target_kind {
        TargetKind::OwnVideo => "each trial's own video",
        TargetKind::ConditionOnly => "videos of the trial's condition; dot positions are not related to spikes",
    };
    let secs = dataset.n_trials() as f64 * dataset.n_bins() as f64 * dataset.bins.step_secs;
    let mut found = Inspection {
        kind: kind.into(),
        name: dataset.name.clone(),
        n_trials: dataset.n_trials(),
        n_sites: dataset.n_sites(),
        n_conditions: dataset.conditions.len(),
        trials_per_condition: extremes(&condition_of_trial, dataset.conditions.len()),
        spikes: format!("{} bins of {} ms", dataset.n_bins(), dataset.bins.width_secs * 1e3),
        videos: Some(format!("{n_clips} clips of {n_frames} frames, {height} x {width}; {relation}")),
        regions: regions(&dataset.sites, &sums_of_sites(&dataset.spikes), Some(secs)),
        factors: factors(&dataset.conditions, &condition_of_trial),
        covariates: dataset.covariates.iter().map(|(name, _)| name.clone()).collect(),
        planted: planted(dataset.truth.as_ref()),
        remarks: dataset.remarks.clone(),
        warnings: Vec::new(),
        audit: Vec::new(),
    };
    found.warnings = warnings(&found);
    found
}

fn sums_of_sites(spikes: &spikereel_data::SpikeTensor) -> Vec<f64> {
    let [n_trials, n_bins, n_sites] = spikes.shape();
    let (mut sums, mut trial) = (vec![0.0; n_sites], vec![0.0; n_bins * n_sites]);
    for trial_idx in 0..n_trials {
        spikes.copy_trial(trial_idx, &mut trial);
        trial.iter().enumerate().for_each(|(at, &value)| sums[at % n_sites] += f64::from(value));
    }
    sums
}

fn regions(sites: &[Site], counts: &[f64], secs: Option<f64>) -> Vec<RegionFacts> {
    let mut found: Vec<(RegionFacts, f64)> = Vec::new();
    for (site, &count) in sites.iter().zip(counts) {
        let at = found.iter().position(|(facts, _)| facts.region == site.region.0).unwrap_or_else(|| {
            let region = site.region.0.clone();
            found.push((RegionFacts { region, n_sites: 0, mean_rate_hz: None, n_silent_sites: 0 }, 0.0));
            found.len() - 1
        });
        found[at].0.n_sites += 1;
        found[at].0.n_silent_sites += usize::from(count == 0.0);
        found[at].1 += count;
    }
    let rate = |sum: f64, n_sites: usize| secs.filter(|secs| *secs > 0.0).map(|secs| sum / secs / n_sites as f64);
    found.into_iter().map(|(facts, sum)| RegionFacts { mean_rate_hz: rate(sum, facts.n_sites), ..facts }).collect()
}

fn factors(conditions: &ConditionTable, condition_of_trial: &[usize]) -> Vec<FactorFacts> {
    let count = |factor_idx: usize, level_idx: usize| {
        condition_of_trial.iter().filter(|&&condition| conditions.level_idx(condition, factor_idx) == level_idx).count()
    };
    let of = |(factor_idx, factor): (usize, &spikereel_data::Factor)| FactorFacts {
        factor: factor.name.clone(),
        levels: factor
            .levels
            .iter()
            .enumerate()
            .map(|(at, level)| (level.to_string(), count(factor_idx, at)))
            .collect(),
    };
    conditions.factors().iter().enumerate().map(of).collect()
}

fn extremes(condition_of_trial: &[usize], n_conditions: usize) -> (usize, usize) {
    let mut counts = vec![0; n_conditions];
    condition_of_trial.iter().for_each(|&condition| counts[condition] += 1);
    (counts.iter().copied().min().unwrap_or(0), counts.iter().copied().max().unwrap_or(0))
}

pub(super) fn planted(truth: Option<&spikereel_data::Truth>) -> Vec<(String, String)> {
    let of = |truth: &spikereel_data::Truth| {
        let top =
            |feature: &spikereel_data::FeatureTruth| truth.regions.get(feature.top_region_idx).map(ToString::to_string);
        truth.features.iter().filter_map(|feature| Some((feature.feature.clone(), top(feature)?))).collect()
    };
    truth.map(of).unwrap_or_default()
}

/// Fewer trials than this in a condition leave a part of a split without it.
const FEW_TRIALS: usize = 5;
/// A region below this many sites is hard to compare with others.
const FEW_SITES: usize = 5;

fn warnings(found: &Inspection) -> Vec<String> {
    let mut warnings = Vec::new();
    let (fewest, most) = found.trials_per_condition;
    if fewest < FEW_TRIALS {
        warnings.push(format!("the rarest condition has {fewest} trials: too few for train, validation and test"));
    }
    if most > 3 * fewest.max(1) {
        warnings.push(format!(
            "conditions are uneven ({fewest} to {most} trials): averages over trials favor the common ones"
        ));
    }
    for facts in &found.regions {
        if facts.region == "root" {
            warnings.push(format!("{} sites are `root`: outside any named region", facts.n_sites));
        } else if facts.n_sites < FEW_SITES {
            warnings.push(format!("{} has {} sites: masking it says little", facts.region, facts.n_sites));
        }
        if facts.n_silent_sites > 0 {
            warnings.push(format!("{} sites of {} never fire", facts.n_silent_sites, facts.region));
        }
    }
    warnings
}
