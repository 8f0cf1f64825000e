//! Masking and planted truth in the report's structure.

use super::scores::{n_decimals, readable};
use spikereel_analysis::study::{self, Basis};
use spikereel_data::Truth;
use spikereel_report::schema::{MaskedFeature, MaskingCell, MaskingTable, Planted, PlantedFeature, PublishedTest};

pub(super) fn table(table: &study::MaskingTable) -> MaskingTable {
    let features = table.features.iter().map(|name| {
        let first = table.feature_cells(name).next();
        let kind = first.map(|cell| &cell.primary.kind);
        let label = kind.map_or_else(String::new, |kind| format!(" ({})", kind.name));
        MaskedFeature {
            feature: name.clone(),
            label: format!("{}{label}", readable(name)),
            unit: kind.map(|kind| kind.unit.clone()).filter(|unit| !unit.is_empty()),
            unmasked_score: first.map(|cell| cell.primary.unmasked),
            n_decimals: kind.map_or(3, n_decimals),
        }
    });
    let cells = table.features.iter().map(|name| table.feature_cells(name).map(cell).collect());
    MaskingTable {
        features: features.collect(),
        regions: table.regions.iter().map(ToString::to_string).collect(),
        cells: cells.collect(),
        statistics: statistics(table),
        alpha: table.alpha,
    }
}

fn cell(cell: &study::MaskingCell) -> MaskingCell {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let [low, high] = cell.primary.test.interval_95;
    let published = cell.paper.as_ref().map(|paper| PublishedTest {
        metric: "condition scores unmasked against masked, unpaired t test".into(),
        t: paper.t_test.map(|test| test.t).filter(|t| t.is_finite()),
        p: paper.t_test.map(|test| test.p).filter(|p| p.is_finite()),
    });
    MaskingCell {
        harm: finite(cell.primary.harm),
        ci_low: finite(low),
        ci_high: finite(high),
        p: finite(cell.primary.test.p),
        p_holm: finite(cell.primary.p_corrected),
        published,
    }
}

fn statistics(table: &study::MaskingTable) -> String {
    let basis = |(feature, basis): (&String, &Basis)| {
        let words = match basis {
            Basis::Accuracy => "single-trial accuracy of naming the level from the decoded video",
            Basis::ConditionAverage => "score of condition averages",
            Basis::PerSample => "score of single trials",
            Basis::PooledPearson => "correlation over all trials",
        };
        format!("{}: {words}", readable(feature))
    };
    let bases: Vec<String> = table.features.iter().zip(&table.primary).map(basis).collect();
    let networks = match table.networks.len() {
        1 => "one network".to_string(),
        n => format!("{n} networks, which are a level of the bootstrap"),
    };
    format!(
        "A region's input is set to {}. Harm is what the score loses ({}). One-sided hierarchical bootstrap over conditions and trials, {networks}; \
         p values are corrected by Holm over regions within a feature. The published unpaired t test stands beside it.",
        table.operator,
        bases.join("; ")
    )
}

pub(super) fn planted(truth: &Truth) -> Planted {
    let all = |accuracy: &[f64]| accuracy.last().copied().unwrap_or(f64::NAN);
    Planted {
        preset: truth.preset.clone(),
        regions: truth.regions.iter().map(ToString::to_string).collect(),
        features: truth
            .features
            .iter()
            .map(|feature| PlantedFeature {
                feature: feature.feature.clone(),
                chance: feature.chance,
                accuracy: all(&feature.coalition_accuracy),
                drop_when_left_out: feature.drop_when_left_out.clone(),
                shapley: feature.shapley.clone(),
                top_region_idx: feature.top_region_idx,
                top_margin: feature.top_margin,
            })
            .collect(),
        condition_accuracy: truth.condition_accuracy,
        within_condition_correlation: truth.within_condition_correlation,
        n_observer_trials: truth.n_observer_trials,
    }
}
