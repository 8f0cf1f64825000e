//! Paired sign flips with the largest |t| over regions: one null for a whole family of regions, which keeps how they go together.
//!
//! Holm's correction over bootstrap p values assumes nothing of how regions depend; here dependence is kept, because a condition's
//! sign flips for all regions at once. What is assumed instead: under the null a condition's harm is as likely positive as negative.
//!
//! # References
//! Nichols & Holmes (2002), Human Brain Mapping 15:1 (maximum statistic).

use crate::study::masking_table::MaskingTable;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::Region;
use spikereel_data::rng::stream;

/// The test of one region for one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaxStatistic {
    /// The feature.
    pub feature: String,
    /// The masked region.
    pub region: Region,
    /// One-sample t of harm over conditions; none where harm does not vary.
    pub t: Option<f64>,
    /// Two-sided p against the largest |t| over regions: corrected for their number. 1 where `t` is none.
    pub p: f64,
}

/// Tests the primary harms of a table, condition by condition (means over networks). Features whose harm is no mean over
/// conditions (pooled correlations) are left out. With `n_flips` flips the smallest p is `1 / (n_flips + 1)`.
pub fn max_statistic(table: &MaskingTable, n_flips: usize, seed: u64) -> Vec<MaxStatistic> {
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
        let own = t_values(&rows, &vec![1.0; rows.len()]);
        let largest: Vec<f64> = (0..n_flips)
            .into_par_iter()
            .map(|flip| {
                let mut rng = stream(seed, &format!("max statistic/{feature}/flip{flip}"));
                let signs: Vec<f64> = rows.iter().map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 }).collect();
                t_values(&rows, &signs).into_iter().flatten().map(f64::abs).fold(0.0, f64::max)
            })
            .collect();
        for (cell, t) in cells.iter().zip(own) {
            // A flip that gives all signs back may differ in the last bit.
            let n_larger = |t: f64| largest.iter().filter(|&&other| other >= t.abs() * (1.0 - 1e-12)).count();
            let p = t.map_or(1.0, |t| (1 + n_larger(t)) as f64 / (1 + n_flips) as f64);
            out.push(MaxStatistic { feature: feature.clone(), region: cell.region.clone(), t, p });
        }
    }
    out
}

/// One-sample t of each column of `rows` times `signs`.
fn t_values(rows: &[Vec<f64>], signs: &[f64]) -> Vec<Option<f64>> {
    let n = rows.len() as f64;
    let t_of = |region: usize| {
        let mean = rows.iter().zip(signs).map(|(row, sign)| sign * row[region]).sum::<f64>() / n;
        let squares: f64 = rows.iter().zip(signs).map(|(row, sign)| (sign * row[region] - mean).powi(2)).sum();
        let t = mean / (squares / (n - 1.0) / n).sqrt();
        t.is_finite().then_some(t)
    };
    (0..rows[0].len()).map(t_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_is_the_one_sample_t_of_the_signed_column() {
        let rows = vec![vec![1.0, 0.0], vec![2.0, 0.0], vec![4.0, 0.0]];
        let t = t_values(&rows, &[1.0, 1.0, 1.0]);
        // scipy.stats.ttest_1samp([1, 2, 4], 0).statistic
        assert!((t[0].unwrap() - 2.645_751_311_064_590_5).abs() < 1e-12 && t[1].is_none());
        assert!(t_values(&rows, &[-1.0, -1.0, -1.0])[0].unwrap() < 0.0);
    }
}
