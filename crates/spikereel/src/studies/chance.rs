//! What studies say of a feature that networks name no better than by guessing: there is nothing to lose there, and nothing to compare.

use super::words::short;
use spikereel_analysis::readout::Readout;
use spikereel_analysis::stats::clopper_pearson;
use spikereel_analysis::study::{Basis, HarmMap, HarmMapFeature};
use spikereel_data::Dataset;

/// Accuracy of guessing a feature's level; none where the feature has no factor in the recording.
pub(super) fn guessing(dataset: &Dataset, readouts: &[Box<dyn Readout>], feature: &str) -> Option<f64> {
    let factor = readouts.iter().find(|readout| readout.name() == feature)?.factor()?;
    let factor_idx = dataset.conditions.factor_idx(factor)?;
    Some(1.0 / dataset.conditions.factors()[factor_idx].levels.len().max(1) as f64)
}

/// Whether the 95 % interval (Clopper-Pearson) of a share of right answers in `n_trials` trials reaches down to guessing.
pub(super) fn is_at_chance(share: f64, n_trials: usize, chance: f64) -> bool {
    let n_right = (share * n_trials as f64).round().max(0.0) as usize;
    clopper_pearson(n_right.min(n_trials), n_trials, 0.95)[0] <= chance
}

/// `not testable: these networks do not decode shape (accuracy 0.25, guessing 0.25)`.
pub(super) fn not_testable(who: &str, feature: &str, accuracy: f64, chance: f64) -> String {
    format!("not testable: {who} do not decode {feature} (accuracy {}, guessing {})", short(accuracy), short(chance))
}

/// Why a map of harms cannot be read for a feature, if so.
pub(super) fn map_untestable(map: &HarmMap, feature: &HarmMapFeature) -> Option<String> {
    let is_lost = feature.basis == Basis::Accuracy && is_at_chance(feature.unmasked, map.n_trials, feature.chance);
    is_lost.then(|| not_testable("these networks", &feature.feature, feature.unmasked, feature.chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_reaches_guessing_is_at_chance() {
        assert!(is_at_chance(0.25, 256, 0.25) && is_at_chance(0.30, 256, 0.25) && is_at_chance(0.0, 0, 0.25));
        assert!(!is_at_chance(0.35, 256, 0.25));
        let words = not_testable("these networks", "shape", 0.25, 0.25);
        assert_eq!(words, "not testable: these networks do not decode shape (accuracy 0.25, guessing 0.25)");
    }
}
