//! What was planted beside what masking found.

use crate::stats::spearman;
use crate::study::masking_table::{MaskingTable, PlantedComparison};
use spikereel_data::Truth;

/// One entry for every feature of the table that the truth knows; drops of regions that the truth does not know are 0.
pub fn compare_with_planted(table: &MaskingTable, truth: &Truth) -> Vec<PlantedComparison> {
    let mut comparisons = Vec::new();
    for planted in &truth.features {
        let cells: Vec<_> = table.feature_cells(&planted.feature).collect();
        let Some(planted_top) = truth.regions.get(planted.top_region_idx) else { continue };
        if cells.is_empty() {
            continue;
        }
        let drop_of = |cell: &&super::MaskingCell| {
            let region_idx = truth.regions.iter().position(|region| *region == cell.region);
            region_idx.and_then(|at| planted.drop_when_left_out.get(at)).copied().unwrap_or(0.0)
        };
        let planted_drop: Vec<f64> = cells.iter().map(drop_of).collect();
        let harm: Vec<f64> = cells.iter().map(|cell| cell.primary.harm).collect();
        let top = (0..cells.len()).filter(|&at| harm[at] > 0.0).max_by(|&a, &b| harm[a].total_cmp(&harm[b]));
        let found_top = top.map(|at| cells[at].region.clone());
        comparisons.push(PlantedComparison {
            feature: planted.feature.clone(),
            planted_top: planted_top.clone(),
            planted_margin: planted.top_margin,
            found_is_significant: top.is_some_and(|at| cells[at].primary.p_corrected < table.alpha),
            agrees: found_top.as_ref() == Some(planted_top),
            found_top,
            rank_correlation: spearman(&harm, &planted_drop),
            planted_drop,
            harm,
        });
    }
    comparisons
}
