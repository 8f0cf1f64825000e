//! Paired sign flips with the largest |t| over regions: one null for a whole family of regions, which keeps how they go together.
//!
//! Holm's correction over bootstrap p values assumes nothing of how regions depend; here dependence is kept, because a condition's
//! sign flips for all regions at once. What is assumed instead: under the null a condition's harm is as likely positive as negative.
//!
//! # References
//! Nichols & Holmes (2002), Human Brain Mapping 15:1 (maximum statistic).

use crate::stats::sign_flip_test;
use crate::study::masking_table::MaskingTable;
use serde::{Deserialize, Serialize};
use spikereel_data::{Region, Result};

/// The test of one region for one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaxStatistic {
    /// The feature.
    pub feature: String,
    /// The masked region.
    pub region: Region,
    /// One-sample t of harm over conditions; none where there is no harm at all.
    pub t: Option<f64>,
    /// Two-sided p against the largest |t| over regions: corrected for their number.
    pub p: f64,
}

/// Tests the primary harms of a table, condition by condition (means over networks). Features whose harm is no mean over
/// conditions (pooled correlations) are left out. With `n_flips` flips the smallest p is `1 / (n_flips + 1)`.
///
/// # Errors
/// No flip, or a harm that is not finite.
pub fn max_statistic(table: &MaskingTable, n_flips: usize, seed: u64) -> Result<Vec<MaxStatistic>> {
    let mut out = Vec::new();
    for feature in &table.features {
        let cells: Vec<_> = table.feature_cells(feature).collect();
        let n_conditions = cells.iter().map(|cell| cell.primary.per_condition.len()).max().unwrap_or(0);
        // Conditions in which every region's harm is known: a flip takes them together.
        let known = (0..n_conditions).filter_map(|condition| {
            let harm = |cell: &&super::MaskingCell| cell.primary.per_condition.get(condition).copied().flatten();
            cells.iter().map(harm).collect::<Option<Vec<f64>>>()
        });
        let rows: Vec<Vec<f64>> = known.collect();
        if rows.len() < 2 {
            continue;
        }
        let name = format!("max statistic/{feature}");
        for (cell, flip) in cells.iter().zip(sign_flip_test(&rows, n_flips, seed, &name)?) {
            let t = (flip.mean != 0.0).then_some(flip.t);
            out.push(MaxStatistic { feature: feature.clone(), region: cell.region.clone(), t, p: flip.p_family });
        }
    }
    Ok(out)
}
