//! What can be set about a synthetic cortex.

use super::code::Code;
use serde::{Deserialize, Serialize};
use spikereel_data::{BinGrid, DataError, Result};

/// A feature of the condition, each with four levels in the paper's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Shape of the cue.
    Shape,
    /// Color of the dots.
    Color,
    /// Direction of motion.
    Motion,
}

impl Feature {
    /// All three, in the order of every list here.
    pub const ALL: [Feature; 3] = [Feature::Shape, Feature::Color, Feature::Motion];

    /// `shape`, `color` or `motion`.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Shape => "shape",
            Feature::Color => "color",
            Feature::Motion => "motion",
        }
    }
}

/// One number for each feature.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerFeature {
    /// For shape.
    pub shape: f64,
    /// For color.
    pub color: f64,
    /// For motion.
    pub motion: f64,
}

impl PerFeature {
    /// The three numbers.
    pub fn new(shape: f64, color: f64, motion: f64) -> Self {
        Self { shape, color, motion }
    }

    /// The number of a feature.
    pub fn get(self, feature: Feature) -> f64 {
        [self.shape, self.color, self.motion][feature as usize]
    }

    /// The number of a feature, to be changed.
    pub fn get_mut(&mut self, feature: Feature) -> &mut f64 {
        match feature {
            Feature::Shape => &mut self.shape,
            Feature::Color => &mut self.color,
            Feature::Motion => &mut self.motion,
        }
    }
}

/// One region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegionConfig {
    /// Name, unique.
    pub name: String,
    /// Number of sites, over all sessions.
    pub n_sites: usize,
    /// Tuning strength: standard deviation, over the four levels of the feature, of a site's log mean count. 0 to 2.
    pub tuning: PerFeature,
    /// Probability that on a trial the whole region hears a uniformly drawn level instead of the shown one: noise that
    /// more sites of the region do not average away. 0 to 1.
    pub lapse: PerFeature,
    /// Delay of cue and stimulus responses; bins are filled in proportion.
    pub latency_secs: f64,
    /// Mean rate of a site without cue or stimulus, before its own factor.
    pub baseline_rate_hz: f64,
    /// Standard deviation of the log of each site's own factor of the baseline.
    pub baseline_spread: f64,
    /// Sustained response to any cue or stimulus, as a share of the baseline (0.5 lifts the rate by half).
    pub response_gain: f64,
    /// Variance over mean of a count given the trial's gain; 1 is Poisson.
    pub fano_factor: f64,
    /// Standard deviation of the log of the gain that all sites of the region share on a trial.
    pub shared_gain_sd: f64,
    /// Share of the sites that carry task variables instead of color and motion while the stimulus is on: memory of the
    /// cue's shape, rule and response.
    pub task_share: f64,
    /// Tuning strength of the task sites for the remembered shape.
    pub memory: f64,
    /// Log mean of the task sites goes up or down by this with the rule.
    pub rule_coupling: f64,
    /// Log mean of the task sites goes up or down by this with the choice made: the right response but for a share
    /// [`CortexConfig::error_share`] of trials.
    pub response_coupling: f64,
    /// Correlation between the region's shared gain and the (Gaussian) speed of the reaction. The squares over regions
    /// add up to at most 1.
    pub reaction_time_coupling: f64,
}

impl Default for RegionConfig {
    fn default() -> Self {
        Self {
            name: "region".into(),
            n_sites: 10,
            tuning: PerFeature::default(),
            lapse: PerFeature::default(),
            latency_secs: 0.05,
            baseline_rate_hz: 22.0,
            baseline_spread: 0.2,
            response_gain: 0.25,
            fano_factor: 1.6,
            shared_gain_sd: 0.15,
            task_share: 0.0,
            memory: 0.0,
            rule_coupling: 0.0,
            response_coupling: 0.0,
            reaction_time_coupling: 0.0,
        }
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionConfig {
    /// Real trials of each of the 64 conditions.
    pub n_trials_per_condition: usize,
    /// Names of the regions recorded in it; empty means all. A region's sites are dealt out in turn to the sessions
    /// that record it, so a region's number of real trials is the sum over these.
    #[serde(default)]
    pub regions: Vec<String>,
}

/// What a recording holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpikeForm {
    /// Counts per bin.
    Counts,
    /// Spike times, uniform within their bins.
    Times,
}

/// The whole generator. `CortexConfig::preset` gives calibrated ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CortexConfig {
    /// Name of the preset this began as, or `custom`.
    pub preset: String,
    /// The regions, in the order of the site axis.
    pub regions: Vec<RegionConfig>,
    /// The sessions; sites of different sessions never share a trial.
    pub sessions: Vec<SessionConfig>,
    /// Codes that involve several regions, at most one for each feature; a feature without one is coded independently.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// Width of the bins, which follow each other without gap. Each phase is a whole number of bins.
    pub bin_width_secs: f64,
    /// Duration of fixation.
    pub fixation_secs: f64,
    /// Duration of the cue.
    pub cue_secs: f64,
    /// Duration of the stimulus, whose onset is time 0.
    pub stimulus_secs: f64,
    /// Onset transient, as a multiple of the sustained response.
    pub transient_gain: f64,
    /// Time constant of the transient.
    pub transient_secs: f64,
    /// What the recordings hold.
    pub spikes: SpikeForm,
    /// Share of trials, 0 to 1, on which the choice differs from the response that the rule asks for. Task sites follow the
    /// choice that was made. Above 0, recordings carry the covariates `choice` and `correct`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub error_share: f64,
    /// Monte Carlo trials of the ideal observer, rounded up to a multiple of 128 (two of each condition); 0 leaves the
    /// truth out.
    pub n_observer_trials: usize,
}

/// Without errors nothing is written, so that configurations from before errors existed keep their bytes.
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl CortexConfig {
    /// Numbers of bins of fixation, cue and stimulus.
    ///
    /// # Errors
    /// Names the duration that is negative or not a whole number of bins.
    pub fn phase_bins(&self) -> Result<[usize; 3]> {
        if !(self.bin_width_secs.is_finite() && self.bin_width_secs > 0.0) {
            return Err(DataError::new("bin_width_secs", "a positive number", self.bin_width_secs.to_string()));
        }
        let bins = |name: &str, secs: f64| {
            let n = secs / self.bin_width_secs;
            if !(0.0..=1e5).contains(&n) || (n - n.round()).abs() > 1e-6 {
                return Err(DataError::new(
                    name,
                    format!("a whole number of bins of {} s", self.bin_width_secs),
                    format!("{secs} s"),
                ));
            }
            Ok(n.round() as usize)
        };
        Ok([
            bins("fixation_secs", self.fixation_secs)?,
            bins("cue_secs", self.cue_secs)?,
            bins("stimulus_secs", self.stimulus_secs)?,
        ])
    }

    /// The bins of the recordings; time 0 is the onset of the stimulus.
    ///
    /// # Errors
    /// As [`CortexConfig::phase_bins`].
    pub fn bin_grid(&self) -> Result<BinGrid> {
        let [fixation, cue, stimulus] = self.phase_bins()?;
        let start_secs = -((fixation + cue) as f64) * self.bin_width_secs;
        BinGrid::new(start_secs, self.bin_width_secs, self.bin_width_secs, fixation + cue + stimulus)
    }

    /// The same cortex recorded in `n_sessions` sessions, each with all regions and `n_trials_per_condition` trials.
    #[must_use]
    pub fn with_sessions(mut self, n_sessions: usize, n_trials_per_condition: usize) -> Self {
        self.sessions = vec![SessionConfig { n_trials_per_condition, regions: Vec::new() }; n_sessions];
        self
    }

    /// Position of a region by name.
    pub fn region_idx(&self, name: &str) -> Option<usize> {
        self.regions.iter().position(|region| region.name == name)
    }
}

impl SessionConfig {
    /// Whether a region is recorded in it.
    pub fn records(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|name| name == region)
    }
}
