//! What a simulator planted, as information: which coalition of regions lets an ideal observer name each feature.

use crate::Region;
use serde::{Deserialize, Serialize};

/// The planted truth of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureTruth {
    /// `shape`, `color` or `motion`.
    pub feature: String,
    /// Accuracy of guessing, 1 over the number of levels.
    pub chance: f64,
    /// The ideal observer's single-trial accuracy for every coalition of regions: entry `mask` is for the regions whose bit
    /// (`1 << region_idx`) is set in `mask`; entry 0 is chance. Length `2^n_regions`.
    pub coalition_accuracy: Vec<f64>,
    /// Exact Shapley value of each region in `coalition_accuracy`; they add up to accuracy of all minus chance.
    pub shapley: Vec<f64>,
    /// Accuracy of all regions minus accuracy of all but this one.
    pub drop_when_left_out: Vec<f64>,
    /// Region with the largest drop, an index into [`Truth::regions`].
    pub top_region_idx: usize,
    /// Largest drop minus the second largest.
    pub top_margin: f64,
    /// Planted tuning strength of each region (a parameter of the generator, not information).
    pub tuning: Vec<f64>,
}

/// All that was planted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the preset, or `custom`.
    pub preset: String,
    /// The regions in the order of every list here.
    pub regions: Vec<Region>,
    /// One entry a feature.
    pub features: Vec<FeatureTruth>,
    /// The ideal observer's single-trial accuracy over all conditions, from all sites.
    pub condition_accuracy: f64,
    /// Mean over regions and conditions of the correlation between two trials' region blocks `[bin, site]`.
    pub within_condition_correlation: f64,
    /// Monte Carlo trials behind each accuracy.
    pub n_observer_trials: usize,
    /// The generator's whole configuration.
    pub generator: serde_json::Value,
}
