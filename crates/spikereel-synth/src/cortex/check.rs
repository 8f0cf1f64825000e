//! Checks of a cortex configuration, each error naming its field.

use super::config::{CortexConfig, Feature};
use spikereel_data::{DataError, Result};

impl CortexConfig {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field: no or more than 10 regions, a name twice or empty, a number out of range, codes of unknown
    /// regions or two codes for one feature, sessions without trials or sites.
    pub fn check(&self) -> Result<()> {
        self.bin_grid()?;
        let range = |name: String, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(DataError::new(name, format!("{low} to {high}"), value.to_string()))
        };
        if self.regions.is_empty() || self.regions.len() > 10 {
            return Err(DataError::new("regions", "1 to 10", self.regions.len().to_string())
                .hint("the truth lists all coalitions of regions, 2 to the power of their number"));
        }
        for (idx, region) in self.regions.iter().enumerate() {
            let name = |field: &str| format!("region `{}`, {field}", region.name);
            if region.name.trim().is_empty() || self.region_idx(&region.name) != Some(idx) {
                return Err(DataError::new("region name", "each name once, none empty", format!("`{}`", region.name)));
            }
            for feature in Feature::ALL {
                range(name(&format!("tuning.{}", feature.name())), region.tuning.get(feature), 0.0, 2.0)?;
                range(name(&format!("lapse.{}", feature.name())), region.lapse.get(feature), 0.0, 1.0)?;
            }
            range(name("n_sites"), region.n_sites as f64, 1.0, 100_000.0)?;
            range(name("latency_secs"), region.latency_secs, 0.0, 10.0)?;
            range(name("baseline_rate_hz"), region.baseline_rate_hz, 1e-3, 1e3)?;
            range(name("baseline_spread"), region.baseline_spread, 0.0, 2.0)?;
            range(name("response_gain"), region.response_gain, 0.0, 20.0)?;
            range(name("fano_factor"), region.fano_factor, 1.0, 20.0)?;
            range(name("shared_gain_sd"), region.shared_gain_sd, 0.0, 2.0)?;
            range(name("task_share"), region.task_share, 0.0, 1.0)?;
            range(name("memory"), region.memory, 0.0, 2.0)?;
            range(name("rule_coupling"), region.rule_coupling, -2.0, 2.0)?;
            range(name("response_coupling"), region.response_coupling, -2.0, 2.0)?;
            range(name("reaction_time_coupling"), region.reaction_time_coupling, -1.0, 1.0)?;
        }
        let coupling: f64 = self.regions.iter().map(|region| region.reaction_time_coupling.powi(2)).sum();
        range("squares of reaction_time_coupling, in all".into(), coupling, 0.0, 1.0 + 1e-9)?;
        range("transient_gain".into(), self.transient_gain, 0.0, 20.0)?;
        range("transient_secs".into(), self.transient_secs, 1e-3, 10.0)?;
        range("error_share".into(), self.error_share, 0.0, 1.0)?;
        range("n_observer_trials".into(), self.n_observer_trials as f64, 0.0, 1e7)?;
        self.check_codes()?;
        self.check_sessions()
    }

    fn check_codes(&self) -> Result<()> {
        for (idx, code) in self.codes.iter().enumerate() {
            if self.codes[..idx].iter().any(|earlier| earlier.feature() == code.feature()) {
                return Err(DataError::new(
                    "codes",
                    "one for each feature",
                    format!("two for {}", code.feature().name()),
                ));
            }
            code.check(&|name| self.region_idx(name).is_some())?;
        }
        Ok(())
    }

    fn check_sessions(&self) -> Result<()> {
        if self.sessions.is_empty() {
            return Err(DataError::new("sessions", "at least one", "none"));
        }
        for session in &self.sessions {
            if session.n_trials_per_condition == 0 {
                return Err(DataError::new("n_trials_per_condition", "at least 1", "0"));
            }
            if let Some(name) = session.regions.iter().find(|name| self.region_idx(name).is_none()) {
                return Err(DataError::new("sessions, regions", "names of regions", format!("`{name}`")));
            }
        }
        let unseen = self.regions.iter().find(|region| !self.sessions.iter().any(|s| s.records(&region.name)));
        unseen.map_or(Ok(()), |region| {
            Err(DataError::new("sessions", "every region in some session", format!("`{}` in none", region.name)))
        })
    }
}
