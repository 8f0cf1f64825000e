//! What a masking study holds: for each region and feature the harm, its test, the paper's measure, and the planted truth beside it.

use crate::perturb::MaskOperator;
use crate::score::{ScoreKind, Summary};
use crate::stats::{BootstrapTest, Correction, TTest};
use serde::{Deserialize, Serialize};
use spikereel_data::{Part, Region};

/// Which score the harm is taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Share of single trials whose decoded video names the feature's level: information, comparable with the planted one.
    Accuracy,
    /// The readout's main score of the condition's mean decoded video.
    ConditionAverage,
    /// The readout's main score of each trial's decoded video, averaged within conditions.
    PerSample,
    /// Pearson correlation over trials of a readout of one number a trial.
    PooledPearson,
}

/// Harm of masking one region on one basis. Harm is positive where masking makes things worse: unmasked minus masked for scores,
/// masked minus unmasked for errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Harm {
    /// On which score.
    pub basis: Basis,
    /// That score's name, unit and direction.
    pub kind: ScoreKind,
    /// Mean over conditions (or the pooled value) with nothing masked.
    pub unmasked: f64,
    /// The same with the region masked.
    pub masked: f64,
    /// Harm, mean over networks and conditions.
    pub harm: f64,
    /// Harm of each condition, mean over networks; empty for pooled values; none where undefined.
    pub per_condition: Vec<Option<f64>>,
    /// Harm of each network.
    pub per_network: Vec<f64>,
    /// One-sided hierarchical bootstrap of harm > 0.
    pub test: BootstrapTest,
    /// Its p corrected over regions.
    pub p_corrected: f64,
    /// Paired effect size: mean harm over conditions divided by its standard deviation; none for pooled values.
    pub cohens_dz: Option<f64>,
}

/// The paper's own measure of masking, and its test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperChange {
    /// What is measured, such as `mean |masked - unmasked| over cue frames`.
    pub measure: String,
    /// Its unit.
    pub unit: String,
    /// Change of each condition's mean decoded video, mean over networks.
    pub change: Summary,
    /// The changes behind it, `[condition]`; none where a condition has no trial here.
    #[serde(default)]
    pub per_condition: Vec<Option<f64>>,
    /// Unpaired, two-sided, equal-variance t-test of the main score's conditions, unmasked minus masked (64 against 64, df 126, in the paper).
    pub t_test: Option<TTest>,
    /// Its p corrected over regions.
    pub p_corrected: Option<f64>,
    /// Cohen's d with the pooled standard deviation.
    pub cohens_d: Option<f64>,
    /// Paired t-test over the same conditions: the pairing is real, so this is the better of the two.
    pub paired_t_test: Option<TTest>,
}

/// One region and one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskingCell {
    /// The masked region.
    pub region: Region,
    /// Name of the readout.
    pub feature: String,
    /// The harm that counts (see [`MaskingTable::primary`]).
    pub primary: Harm,
    /// The other bases that are defined.
    pub others: Vec<Harm>,
    /// The paper's measure; none for readouts it does not have.
    pub paper: Option<PaperChange>,
}

/// What was planted for a feature beside what masking found. Lists follow [`MaskingTable::regions`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlantedComparison {
    /// The feature.
    pub feature: String,
    /// Region whose removal costs the ideal observer most.
    pub planted_top: Region,
    /// Its drop minus the second's.
    pub planted_margin: f64,
    /// Drop of the ideal observer's accuracy without each region.
    pub planted_drop: Vec<f64>,
    /// Region with the largest harm; none where no harm is positive.
    pub found_top: Option<Region>,
    /// Whether that harm's corrected p is below alpha.
    pub found_is_significant: bool,
    /// Whether found and planted are the same region.
    pub agrees: bool,
    /// Harm of each region.
    pub harm: Vec<f64>,
    /// Spearman correlation of harm with the planted drop; none where one is constant.
    pub rank_correlation: Option<f64>,
}

/// A masking study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskingTable {
    /// What masking did to the inputs.
    pub operator: MaskOperator,
    /// The part whose trials were decoded.
    pub part: Part,
    /// Names of the networks (levels of the bootstrap).
    pub networks: Vec<String>,
    /// The regions, in the order of cells.
    pub regions: Vec<Region>,
    /// Sites of each region.
    pub n_sites: Vec<usize>,
    /// The features, in the order of cells.
    pub features: Vec<String>,
    /// Basis of the primary harm of each feature.
    pub primary: Vec<Basis>,
    /// How p values were corrected over regions, within one feature.
    pub correction: Correction,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
    /// Number of distinct trials decoded.
    pub n_trials: usize,
    /// `[region][feature]`, region-major.
    pub cells: Vec<MaskingCell>,
    /// One entry a feature that was planted; empty for real recordings.
    pub planted: Vec<PlantedComparison>,
}

impl MaskingTable {
    /// The cell of a region and a feature.
    pub fn cell(&self, region: &Region, feature: &str) -> Option<&MaskingCell> {
        self.cells.iter().find(|cell| cell.region == *region && cell.feature == feature)
    }

    /// Cells of a feature, in the order of [`MaskingTable::regions`].
    pub fn feature_cells(&self, feature: &str) -> impl Iterator<Item = &MaskingCell> {
        self.cells.iter().filter(move |cell| cell.feature == feature)
    }
}
