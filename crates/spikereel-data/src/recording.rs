//! A recording: one session's sites, trials and spikes, as they came from the laboratory or the simulator.

use crate::site::regions_of;
use crate::{BinGrid, ConditionTable, DataError, Region, Result, Site, SpikeTensor, Truth};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::Deref;

/// Spike times on the session's clock, with the time of the aligning event in each trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeTimes {
    /// Per site, ascending, seconds on the session's clock.
    pub times_secs: Vec<Vec<f64>>,
    /// Per trial, the time of the aligning event (such as stimulus onset) on the same clock.
    pub align_secs: Vec<f64>,
}

/// What was recorded: times of single spikes, or counts per bin.
#[derive(Debug, Clone)]
pub enum Spikes {
    /// Times, yet to be binned.
    Times(SpikeTimes),
    /// Counts in bins, `[trial, bin, site]`.
    Counts(SpikeTensor, BinGrid),
}

/// The parts of a [`Recording`], to be checked by [`Recording::new`].
#[derive(Debug, Clone)]
pub struct RecordingParts {
    /// The session's name; every site's `session` equals it.
    pub session: String,
    /// The sites, in the order of the site axis.
    pub sites: Vec<Site>,
    /// The distinct conditions.
    pub conditions: ConditionTable,
    /// The condition of each trial.
    pub condition_of_trial: Vec<usize>,
    /// The spikes.
    pub spikes: Spikes,
    /// Further columns, one value a trial, that are not conditions (feedback, response, reaction time).
    pub covariates: Vec<(String, Vec<f64>)>,
    /// What a simulator planted; none in a real recording.
    pub truth: Option<Truth>,
}

/// A checked recording; its parts are read through `Deref` and cannot be changed.
#[derive(Debug, Clone)]
pub struct Recording {
    parts: RecordingParts,
    regions: Vec<Region>,
}

impl Deref for Recording {
    type Target = RecordingParts;
    fn deref(&self) -> &RecordingParts {
        &self.parts
    }
}

impl Recording {
    /// Checks the parts against each other.
    ///
    /// # Errors
    /// One error each, naming the recording and the field: no sites or trials, site ids twice, an empty region name, axes that do not
    /// agree, negative counts, spike times that are not finite or not ascending, a covariate of another length.
    pub fn new(parts: RecordingParts) -> Result<Self> {
        let place = parts.session.clone();
        check(&parts).map_err(|error| error.at(place))?;
        let regions = regions_of(&parts.sites);
        Ok(Self { parts, regions })
    }

    /// The regions in order of first appearance along the site axis.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Number of trials.
    pub fn n_trials(&self) -> usize {
        self.condition_of_trial.len()
    }

    /// Number of sites.
    pub fn n_sites(&self) -> usize {
        self.sites.len()
    }

    /// The parts, to be changed and checked again.
    pub fn into_parts(self) -> RecordingParts {
        self.parts
    }
}

/// Checks sites alone: at least one, ids once per session, regions named.
pub(crate) fn check_sites(sites: &[Site]) -> Result<()> {
    if sites.is_empty() {
        return Err(DataError::new("sites", "at least one", "none"));
    }
    let mut seen = HashSet::new();
    for (site_idx, site) in sites.iter().enumerate() {
        if site.region.0.trim().is_empty() {
            return Err(DataError::new("region", "a name for every site", format!("an empty name at site {site_idx}"))
                .hint("label the site, or drop it before importing"));
        }
        if !seen.insert((&site.session, &site.id)) {
            return Err(DataError::new(
                "site ids",
                "each id once",
                format!("`{}` twice, again at site {site_idx}", site.id),
            )
            .hint("give each site its own id, or leave the ids out to number them"));
        }
    }
    Ok(())
}

fn check(parts: &RecordingParts) -> Result<()> {
    check_sites(&parts.sites)?;
    let (n_trials, n_sites) = (parts.condition_of_trial.len(), parts.sites.len());
    if n_trials == 0 {
        return Err(DataError::new("trials", "at least one", "none"));
    }
    if let Some(&condition) = parts.condition_of_trial.iter().find(|&&condition| condition >= parts.conditions.len()) {
        return Err(DataError::new(
            "condition of a trial",
            format!("below {}", parts.conditions.len()),
            condition.to_string(),
        ));
    }
    match &parts.spikes {
        Spikes::Counts(counts, grid) => {
            let axes = [("trial", n_trials), ("bin", grid.n_bins), ("site", n_sites)];
            for ((axis, expected), got) in axes.into_iter().zip(counts.shape()) {
                if expected != got {
                    return Err(DataError::new(
                        format!("spike counts, {axis} axis"),
                        expected.to_string(),
                        got.to_string(),
                    )
                    .hint("the axes are [trial, bin, site]; say which is which in the sidecar's `axes`"));
                }
            }
            check_counts(counts)?;
        }
        Spikes::Times(times) => check_times(times, n_trials, n_sites)?,
    }
    for (name, values) in &parts.covariates {
        if values.len() != n_trials {
            return Err(DataError::new(
                format!("covariate `{name}`"),
                format!("{n_trials} values, one a trial"),
                values.len().to_string(),
            ));
        }
    }
    Ok(())
}

fn check_counts(counts: &SpikeTensor) -> Result<()> {
    if counts.encoding() == crate::SpikeEncoding::U8 {
        return Ok(());
    }
    let [n_trials, n_bins, n_sites] = counts.shape();
    let mut trial = vec![0.0; n_bins * n_sites];
    for trial_idx in 0..n_trials {
        counts.copy_trial(trial_idx, &mut trial);
        if let Some(at) = trial.iter().position(|value| !value.is_finite() || *value < 0.0) {
            return Err(DataError::new(
                "spike counts",
                "finite numbers of 0 or more",
                format!("{} at trial {trial_idx}, bin {}, site {}", trial[at], at / n_sites, at % n_sites),
            )
            .hint("drop the trial or the site, or repair the count"));
        }
    }
    Ok(())
}

fn check_times(times: &SpikeTimes, n_trials: usize, n_sites: usize) -> Result<()> {
    if times.times_secs.len() != n_sites {
        return Err(DataError::new(
            "spike times",
            format!("{n_sites} lists, one a site"),
            times.times_secs.len().to_string(),
        ));
    }
    if times.align_secs.len() != n_trials {
        return Err(DataError::new(
            "align_secs",
            format!("{n_trials} times, one a trial"),
            times.align_secs.len().to_string(),
        ));
    }
    if let Some(trial_idx) = times.align_secs.iter().position(|time| !time.is_finite()) {
        return Err(DataError::new(
            "align_secs",
            "finite times",
            format!("{} at trial {trial_idx}", times.align_secs[trial_idx]),
        ));
    }
    for (site_idx, list) in times.times_secs.iter().enumerate() {
        if let Some(at) = list.iter().position(|time| !time.is_finite()) {
            return Err(DataError::new(
                "spike times",
                "finite times",
                format!("{} at site {site_idx}, spike {at}", list[at]),
            ));
        }
        if !list.is_sorted() {
            return Err(DataError::new(
                "spike times",
                "ascending times for each site",
                format!("a step back at site {site_idx}"),
            )
            .hint("sort the times; check that they are seconds on one clock"));
        }
    }
    Ok(())
}
