//! Planted beside found: feature x region, the ideal observer's loss and Shapley value beside the harm of masking.

use super::masking::feature_of;
use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::schema::{MaskingTable, Planted, Report};
use crate::svg::{Anchor, Fill, Label, Paint, Stroke, Svg};
use crate::tables::{Cell, Table};
use crate::text::{number, number_or_dash, shortened};

const LEFT_PT: f64 = 44.0;
const TOP_PT: f64 = 27.0;
const ROW_PT: f64 = 22.0;

/// One feature x region matrix.
struct Matrix {
    title: &'static str,
    description: &'static str,
    /// `[feature][region]`; what is printed and what colors the field.
    values: Vec<Vec<Option<f64>>>,
    /// Digits by feature.
    n_decimals: Vec<usize>,
    /// The field with a border, by feature.
    top: Vec<Option<usize>>,
}

pub(super) fn figure(report: &Report) -> Option<Figure> {
    let (planted, masking) = (report.planted.as_ref()?, report.masking.as_ref()?);
    let features: Vec<&str> = masking
        .features
        .iter()
        .map(|feature| feature.feature.as_str())
        .filter(|feature| feature_of(planted, feature).is_some())
        .collect();
    if features.is_empty() {
        return None;
    }
    let matrices = matrices(planted, masking, &features);
    let regions = &masking.regions;
    let reading = "Color: share of the row's largest value. Border: the row's top region; for masking only where its harm is \
                   significant. The analysis is right where the borders of planted and found stand in the same column.";
    Some(Figure {
        slug: "planted-and-found".into(),
        title: "Planted and found".into(),
        reading: reading.into(),
        panels: matrices.iter().map(|matrix| panel(matrix, &features, regions)).collect(),
        table: numbers(&matrices, &features, regions),
    })
}

fn matrices(planted: &Planted, masking: &MaskingTable, features: &[&str]) -> [Matrix; 3] {
    let column = |region: &String| planted.regions.iter().position(|other| other == region);
    let from_truth = |values: fn(&crate::schema::PlantedFeature) -> &Vec<f64>| -> Vec<Vec<Option<f64>>> {
        let row = |feature: &&str| {
            let truth = feature_of(planted, feature);
            let value = |region| truth.and_then(|truth| values(truth).get(column(region)?).copied());
            masking.regions.iter().map(value).collect()
        };
        features.iter().map(row).collect()
    };
    let masked_idx = |feature: &&str| masking.features.iter().position(|other| other.feature == *feature);
    let found: Vec<Vec<Option<f64>>> = features
        .iter()
        .filter_map(masked_idx)
        .map(|idx| masking.cells[idx].iter().map(|cell| cell.harm).collect())
        .collect();
    let (drops, shapley) = (from_truth(|f| &f.drop_when_left_out), from_truth(|f| &f.shapley));
    [
        Matrix {
            title: "Planted: accuracy lost without the region",
            description: "What the ideal observer loses without each region",
            top: drops.iter().map(|row| largest(row)).collect(),
            n_decimals: vec![2; features.len()],
            values: drops,
        },
        Matrix {
            title: "Found: harm of masking the region",
            description: "Harm of masking each region",
            top: features.iter().map(|feature| found_top(masking, feature)).collect(),
            n_decimals: features.iter().filter_map(masked_idx).map(|idx| masking.features[idx].n_decimals).collect(),
            values: found,
        },
        Matrix {
            title: "Planted: exact Shapley value",
            description: "Exact Shapley value of each region",
            top: shapley.iter().map(|row| largest(row)).collect(),
            n_decimals: vec![2; features.len()],
            values: shapley,
        },
    ]
}

/// The region whose masking harms a feature most, where that harm is significant.
pub(crate) fn found_top(masking: &MaskingTable, feature: &str) -> Option<usize> {
    let feature_idx = masking.features.iter().position(|other| other.feature == feature)?;
    let harms: Vec<Option<f64>> = masking.cells[feature_idx]
        .iter()
        .map(|cell| cell.harm.filter(|_| cell.p_holm.is_some_and(|p| p < masking.alpha)))
        .collect();
    largest(&harms)
}

/// Position of the largest value above 0.
fn largest(values: &[Option<f64>]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (idx, value) in values.iter().enumerate() {
        if let Some(value) = value
            && *value > best.map_or(0.0, |(_, best)| best)
        {
            best = Some((idx, *value));
        }
    }
    best.map(|(idx, _)| idx)
}

fn panel(matrix: &Matrix, features: &[&str], regions: &[String]) -> Panel {
    let mut svg = Svg::new(PANEL_WIDTH_PT, TOP_PT + ROW_PT * features.len() as f64 + 4.0);
    let column_pt = (PANEL_WIDTH_PT - LEFT_PT) / regions.len() as f64;
    // Narrow columns (many regions) have no room for level names; they read upwards, and their numbers become smaller.
    let size_pt = if column_pt < 24.0 { 5.0 } else { 6.5 };
    let n_letters = (column_pt / (size_pt * 0.56)).max(2.0) as usize;
    for (region_idx, region) in regions.iter().enumerate() {
        let x = LEFT_PT + (region_idx as f64 + 0.5) * column_pt;
        svg.text(x, TOP_PT - 4.0, &shortened(region, n_letters), Label::new(size_pt).anchor(Anchor::Middle));
    }
    let mut borders = Vec::new();
    for (feature_idx, feature) in features.iter().enumerate() {
        let y = TOP_PT + feature_idx as f64 * ROW_PT;
        svg.text(LEFT_PT - 5.0, y + ROW_PT / 2.0 + 2.3, &shortened(feature, 12), Label::new(6.5).anchor(Anchor::End));
        let row = &matrix.values[feature_idx];
        let row_max = row.iter().flatten().copied().fold(0.0, f64::max);
        for (region_idx, value) in row.iter().enumerate() {
            let x = LEFT_PT + region_idx as f64 * column_pt;
            let share = if row_max > 0.0 { (value.unwrap_or(0.0) / row_max).clamp(0.0, 1.0) } else { 0.0 };
            let step = (share * 255.0).round() as u8;
            let (width, height) = (column_pt - 1.5, ROW_PT - 1.5);
            svg.rect(x, y, width, height, Fill::new(Paint::Heat(step)));
            let text = number_or_dash(*value, matrix.n_decimals[feature_idx]);
            let label = Label::new(size_pt).anchor(Anchor::Middle).paint(Paint::OnHeat(step));
            svg.text(x + width / 2.0, y + height / 2.0 + 2.2, &text, label);
            if matrix.top[feature_idx] == Some(region_idx) {
                borders.push((x, y, width, height));
            }
        }
    }
    for (x, y, width, height) in borders {
        svg.frame(x, y, width, height, Stroke::new(Paint::Vermilion, 1.5));
    }
    Panel { title: matrix.title.into(), description: describe(matrix, features, regions), svg }
}

fn describe(matrix: &Matrix, features: &[&str], regions: &[String]) -> String {
    let rows = features.iter().zip(&matrix.values).zip(&matrix.n_decimals).map(|((feature, row), &n_decimals)| {
        let values = regions
            .iter()
            .zip(row)
            .filter_map(|(region, value)| value.map(|value| format!("{region} {}", number(value, n_decimals))));
        format!("{feature}: {}", values.collect::<Vec<_>>().join(", "))
    });
    format!("{}. {}", matrix.description, rows.collect::<Vec<_>>().join("; "))
}

fn numbers(matrices: &[Matrix; 3], features: &[&str], regions: &[String]) -> Table {
    let mut table = Table::new(&["feature", "region", "planted_drop", "found_harm", "planted_shapley"]);
    for (feature_idx, feature) in features.iter().enumerate() {
        for (region_idx, region) in regions.iter().enumerate() {
            let value = |idx: usize| Cell::Number(matrices[idx].values[feature_idx][region_idx]);
            let names = [Cell::Text((*feature).into()), Cell::Text(region.clone())];
            table.rows.push(names.into_iter().chain([value(0), value(1), value(2)]).collect());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_above_zero_has_no_top() {
        assert_eq!(largest(&[Some(-1.0), Some(0.0), None]), None);
        assert_eq!(largest(&[Some(0.1), None, Some(0.4), Some(0.4)]), Some(2));
    }
}
