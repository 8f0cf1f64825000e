//! Trials that are binned but have no videos yet, and how they become a dataset.

use crate::{
    BinGrid, ConditionTable, DataError, Dataset, DatasetParts, RealTrial, Recording, Result, Site, SpikeTensor, Spikes,
    TargetKind, Timeline, Trial, Truth, VideoPool,
};

/// Everything of a dataset but its videos. Clips are given after the split, because the parts may draw from separate pools.
#[derive(Debug, Clone)]
pub struct BinnedTrials {
    /// A name for tables and figures.
    pub name: String,
    /// The sessions that contributed.
    pub sessions: Vec<String>,
    /// The sites, in the order of the site axis.
    pub sites: Vec<Site>,
    /// The distinct conditions.
    pub conditions: ConditionTable,
    /// The condition of each trial.
    pub condition_of_trial: Vec<usize>,
    /// The real trials that each trial was made from.
    pub origins_of_trial: Vec<Vec<RealTrial>>,
    /// Binned spikes `[trial, bin, site]`, not standardised.
    pub spikes: SpikeTensor,
    /// The bins.
    pub bins: BinGrid,
    /// Further columns, one value a trial.
    pub covariates: Vec<(String, Vec<f64>)>,
    /// What a simulator planted.
    pub truth: Option<Truth>,
    /// Remarks that every report repeats.
    pub remarks: Vec<String>,
}

impl BinnedTrials {
    /// The trials of one recording as they are; its spikes must be counts (see [`super::binned`]).
    ///
    /// # Errors
    /// A recording whose spikes are still times.
    pub fn from_recording(recording: &Recording) -> Result<Self> {
        let (counts, bins) = counts_of(recording)?;
        let origin = |trial_idx: usize| vec![RealTrial { session_idx: 0, trial_idx: trial_idx as u32 }];
        Ok(Self {
            name: recording.session.clone(),
            sessions: vec![recording.session.clone()],
            sites: recording.sites.clone(),
            conditions: recording.conditions.clone(),
            condition_of_trial: recording.condition_of_trial.clone(),
            origins_of_trial: (0..recording.n_trials()).map(origin).collect(),
            spikes: counts.clone(),
            bins: *bins,
            covariates: recording.covariates.clone(),
            truth: recording.truth.clone(),
            remarks: Vec::new(),
        })
    }

    /// Number of trials.
    pub fn n_trials(&self) -> usize {
        self.condition_of_trial.len()
    }

    /// The dataset in which trial `i` shows clip `clip_of_trial[i]` of `video`.
    ///
    /// # Errors
    /// A list of clips of another length, or what [`Dataset::new`] refuses.
    pub fn into_dataset(
        self,
        video: VideoPool,
        clip_of_trial: &[usize],
        timeline: Timeline,
        target_kind: TargetKind,
    ) -> Result<Dataset> {
        if clip_of_trial.len() != self.n_trials() {
            let expected = format!("{} clips, one a trial", self.n_trials());
            return Err(DataError::new("clips of trials", expected, clip_of_trial.len().to_string()).at(self.name));
        }
        if self.origins_of_trial.len() != self.n_trials() {
            let expected = format!("{} lists, one a trial", self.n_trials());
            return Err(DataError::new("origins", expected, self.origins_of_trial.len().to_string()).at(self.name));
        }
        let trial = |((&condition_idx, origins), &clip_idx)| Trial { condition_idx, clip_idx, origins };
        let trials = self.condition_of_trial.iter().zip(self.origins_of_trial).zip(clip_of_trial).map(trial).collect();
        Dataset::new(DatasetParts {
            name: self.name,
            sessions: self.sessions,
            sites: self.sites,
            conditions: self.conditions,
            trials,
            spikes: self.spikes,
            bins: self.bins,
            video,
            timeline,
            target_kind,
            covariates: self.covariates,
            truth: self.truth,
            remarks: self.remarks,
        })
    }
}

/// The counts and bins of a recording.
pub(super) fn counts_of(recording: &Recording) -> Result<(&SpikeTensor, &BinGrid)> {
    match &recording.spikes {
        Spikes::Counts(counts, bins) => Ok((counts, bins)),
        Spikes::Times(_) => Err(DataError::new("spikes", "counts in bins", "spike times")
            .hint("bin the recording first")
            .at(recording.session.clone())),
    }
}
