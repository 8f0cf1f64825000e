//! Cortices with one known function a region, for studies that ask whether a method finds exactly these.

use super::config::{CortexConfig, Feature, PerFeature, RegionConfig};
use spikereel_data::{DataError, Result};

/// Tuning of a region that carries a feature: between V4 and IT of the presets.
const TUNING: f64 = 0.22;
/// Share of errors with planted choice: enough that in every condition both choices occur.
const ERROR_SHARE: f64 = 0.2;
/// Color is harder to hear than shape and motion, so that a decoder gains from reading choice as well.
const COLOR_TUNING: f64 = 0.14;

impl CortexConfig {
    /// A cortex in which choice passes for color: LIP and FEF carry the choice strongly and have no tuning to shape, color
    /// or motion at all, V4 carries color, MT motion, IT the shape of the cue. On color-rule trials the choice follows the
    /// color's category (and on motion-rule trials the direction's) but for a fifth of the trials, so that a decoder gains
    /// from reading choice as color; within a condition choice varies, so that the two can be told apart.
    ///
    /// The planted truth counts what choice tells of color as information about color; [`RegionConfig::tuning`] is what
    /// was planted as color itself.
    ///
    /// # Errors
    /// None with these constants; the type is that of [`CortexConfig::preset`].
    pub fn planted_choice() -> Result<Self> {
        let mut config = Self::preset("easy")?;
        let region = |name: &str, n_sites, tuning, lapse| RegionConfig {
            name: name.into(),
            n_sites,
            tuning,
            lapse,
            latency_secs: 0.06,
            baseline_rate_hz: 24.0,
            ..RegionConfig::default()
        };
        let none = PerFeature::default();
        let choice = |name| RegionConfig { task_share: 1.0, response_coupling: 0.12, ..region(name, 20, none, none) };
        config.preset = "planted choice".into();
        config.regions = vec![
            choice("FEF"),
            choice("LIP"),
            region("MT", 20, PerFeature::new(0.0, 0.0, TUNING), PerFeature::new(0.0, 0.0, 0.2)),
            region("IT", 20, PerFeature::new(TUNING, 0.0, 0.0), PerFeature::new(0.1, 0.0, 0.0)),
            region("V4", 20, PerFeature::new(0.0, COLOR_TUNING, 0.0), PerFeature::new(0.0, 0.3, 0.0)),
        ];
        config.error_share = ERROR_SHARE;
        Ok(config)
    }

    /// A cortex of the given regions (name and number of sites) in which each feature stands in exactly one region, named by
    /// its position: what a method should find is known without an observer, so the truth is left out
    /// (`n_observer_trials` 0). `strength` multiplies the tuning; 1 lies between V4 and IT of the presets.
    ///
    /// # Errors
    /// As [`CortexConfig::check`]; a position without region.
    pub fn one_region_a_feature(
        regions: &[(String, usize)],
        region_of_feature: [(Feature, usize); 3],
        strength: f64,
    ) -> Result<Self> {
        let mut config = Self::preset("easy")?;
        config.preset = "one region a feature".into();
        config.n_observer_trials = 0;
        let region = |(name, n_sites): &(String, usize)| RegionConfig {
            name: name.clone(),
            n_sites: *n_sites,
            ..RegionConfig::default()
        };
        config.regions = regions.iter().map(region).collect();
        for (feature, at) in region_of_feature {
            let Some(region) = config.regions.get_mut(at) else {
                return Err(DataError::new(
                    format!("region of {}", feature.name()),
                    format!("below {}", regions.len()),
                    at.to_string(),
                ));
            };
            *region.tuning.get_mut(feature) = TUNING * strength;
            *region.lapse.get_mut(feature) = 0.1;
        }
        config.check()?;
        Ok(config)
    }
}
