//! A dataset: binned trials with their target videos, ready to be split, standardised and decoded.

use crate::recording::check_sites;
use crate::site::regions_of;
use crate::{BinGrid, ConditionTable, DataError, Region, Result, Site, SpikeTensor, Timeline, Truth, VideoPool};
use serde::{Deserialize, Serialize};
use std::ops::Deref;

/// A trial that really happened: the pair (session, trial number in it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RealTrial {
    /// Index into [`DatasetParts::sessions`].
    pub session_idx: u32,
    /// Trial number within that session.
    pub trial_idx: u32,
}

/// One trial of a dataset: real, or a pseudo-trial put together from several real ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its condition.
    pub condition_idx: usize,
    /// Its target, a clip of the pool.
    pub clip_idx: usize,
    /// The real trials it was made from; one for a real trial.
    pub origins: Vec<RealTrial>,
}

/// How target videos relate to the spikes of their own trial; the report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The clip is what was shown in that very trial (its own dots, or a stimulus without randomness).
    OwnVideo,
    /// The clip shows the trial's condition, but its dot positions are not related to the spikes and cannot be decoded.
    ConditionOnly,
}

/// The parts of a [`Dataset`], to be checked by [`Dataset::new`].
#[derive(Debug, Clone)]
pub struct DatasetParts {
    /// A name for tables and figures.
    pub name: String,
    /// The sessions that contributed; [`RealTrial::session_idx`] points here.
    pub sessions: Vec<String>,
    /// The sites (slots of a pseudo-population), in the order of the site axis.
    pub sites: Vec<Site>,
    /// The distinct conditions.
    pub conditions: ConditionTable,
    /// The trials, in the order of the trial axis.
    pub trials: Vec<Trial>,
    /// Binned spikes `[trial, bin, site]`, not standardised.
    pub spikes: SpikeTensor,
    /// The bins.
    pub bins: BinGrid,
    /// Target videos.
    pub video: VideoPool,
    /// The frames of the videos.
    pub timeline: Timeline,
    /// How targets relate to spikes.
    pub target_kind: TargetKind,
    /// Further columns, one value a trial.
    pub covariates: Vec<(String, Vec<f64>)>,
    /// What a simulator planted.
    pub truth: Option<Truth>,
    /// Free remarks that every report repeats (license, caveats, what was lost in preparation).
    pub remarks: Vec<String>,
}

/// A checked dataset; its parts are read through `Deref` and cannot be changed.
#[derive(Debug, Clone)]
pub struct Dataset {
    parts: DatasetParts,
    regions: Vec<Region>,
    region_of_site: Vec<usize>,
}

impl Deref for Dataset {
    type Target = DatasetParts;
    fn deref(&self) -> &DatasetParts {
        &self.parts
    }
}

impl Dataset {
    /// Checks the parts against each other.
    ///
    /// # Errors
    /// Names the dataset and the field: axes that do not agree, a trial whose condition, clip or session does not exist, a trial
    /// without origin, a frame count that differs between timeline and videos, what [`crate::Recording::new`] says of sites.
    pub fn new(parts: DatasetParts) -> Result<Self> {
        check(&parts).map_err(|error| error.at(parts.name.clone()))?;
        let regions = regions_of(&parts.sites);
        let region_of_site =
            parts.sites.iter().map(|site| regions.iter().position(|r| *r == site.region).unwrap_or(0)).collect();
        Ok(Self { parts, regions, region_of_site })
    }

    /// The regions in order of first appearance along the site axis.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// For each site, the index of its region in [`Dataset::regions`].
    pub fn region_of_site(&self) -> &[usize] {
        &self.region_of_site
    }

    /// The sites of a region, ascending.
    pub fn sites_of_region(&self, region_idx: usize) -> Vec<usize> {
        (0..self.sites.len()).filter(|&site_idx| self.region_of_site[site_idx] == region_idx).collect()
    }

    /// Number of trials.
    pub fn n_trials(&self) -> usize {
        self.trials.len()
    }

    /// Number of bins.
    pub fn n_bins(&self) -> usize {
        self.bins.n_bins
    }

    /// Number of sites.
    pub fn n_sites(&self) -> usize {
        self.sites.len()
    }

    /// `[frame, height, width, rgb]` of every target.
    pub fn video_shape(&self) -> [usize; 4] {
        let [_, frames, height, width, rgb] = self.video.shape();
        [frames, height, width, rgb]
    }

    /// The parts, to be changed and checked again.
    pub fn into_parts(self) -> DatasetParts {
        self.parts
    }
}

fn check(parts: &DatasetParts) -> Result<()> {
    check_sites(&parts.sites)?;
    if parts.trials.is_empty() {
        return Err(DataError::new("trials", "at least one", "none"));
    }
    let axes = [("trial", parts.trials.len()), ("bin", parts.bins.n_bins), ("site", parts.sites.len())];
    for ((axis, expected), got) in axes.into_iter().zip(parts.spikes.shape()) {
        if expected != got {
            return Err(DataError::new(format!("spikes, {axis} axis"), expected.to_string(), got.to_string()));
        }
    }
    let n_frames = parts.video.shape()[1];
    if n_frames != parts.timeline.n_frames {
        return Err(DataError::new("video, frame axis", parts.timeline.n_frames.to_string(), n_frames.to_string()));
    }
    for (trial_idx, trial) in parts.trials.iter().enumerate() {
        let field = |name: &str| format!("{name} of trial {trial_idx}");
        if trial.condition_idx >= parts.conditions.len() {
            let expected = format!("below {}", parts.conditions.len());
            return Err(DataError::new(field("condition"), expected, trial.condition_idx.to_string()));
        }
        if trial.clip_idx >= parts.video.n_clips() {
            let expected = format!("a clip below {}", parts.video.n_clips());
            return Err(DataError::new(field("video"), expected, trial.clip_idx.to_string())
                .hint("every trial needs a target video; drop the trial or add its clip"));
        }
        if trial.origins.is_empty() {
            return Err(DataError::new(field("origin"), "at least one real trial", "none"));
        }
        if let Some(origin) = trial.origins.iter().find(|origin| origin.session_idx as usize >= parts.sessions.len()) {
            let expected = format!("a session below {}", parts.sessions.len());
            return Err(DataError::new(field("origin"), expected, origin.session_idx.to_string()));
        }
    }
    for (name, values) in &parts.covariates {
        if values.len() != parts.trials.len() {
            let expected = format!("{} values, one a trial", parts.trials.len());
            return Err(DataError::new(format!("covariate `{name}`"), expected, values.len().to_string()));
        }
    }
    Ok(())
}
