//! Masking: for each feature, how much worse its score becomes when a region is silenced, with what was planted beside it.

use super::{Figure, PANEL_WIDTH_PT, Panel};
use crate::schema::{MaskingTable, Planted, PlantedFeature, Report};
use crate::svg::{Anchor, Axis, Fill, Label, Paint, Stroke, Svg};
use crate::tables::{Cell, Table};
use crate::text::{number, number_or_dash, p_value, shortened, stars};

/// Height of a row, and of one that also holds a diamond.
const ROW_PT: f64 = 12.5;
const PLANTED_ROW_PT: f64 = 16.0;
const LEFT_PT: f64 = 46.0;
const RIGHT_PT: f64 = PANEL_WIDTH_PT - 28.0;

pub(super) fn figure(report: &Report) -> Option<Figure> {
    let masking = report.masking.as_ref()?;
    if masking.features.is_empty() || masking.regions.is_empty() {
        return None;
    }
    let planted = report.planted.as_ref();
    let panels = (0..masking.features.len()).map(|idx| panel(masking, planted, idx)).collect();
    let mut reading = format!(
        "Right of the line: the score is worse without the region. Filled: corrected p < {} (* .05, ** .01, *** .001, Holm); \
         rings: not significant, so no claim; bars: 95 % intervals.",
        format!("{}", masking.alpha).trim_start_matches('0')
    );
    if planted.is_some() {
        reading.push_str(
            " Diamonds, upper axis: what the ideal observer loses without the region, which is the planted truth.",
        );
    }
    let title = "Harm of masking each region".into();
    Some(Figure { slug: "masking".into(), title, reading, panels, table: numbers(masking, planted) })
}

fn panel(masking: &MaskingTable, planted: Option<&Planted>, feature_idx: usize) -> Panel {
    let feature = &masking.features[feature_idx];
    let cells = &masking.cells[feature_idx];
    let planted_feature = planted.and_then(|planted| feature_of(planted, &feature.feature).map(|f| (planted, f)));
    let top = if planted_feature.is_some() { 36.0 } else { 16.0 };
    let row_pt = if planted_feature.is_some() { PLANTED_ROW_PT } else { ROW_PT };
    // Where a diamond shares the row, the dot moves up and the diamond down, so that neither hides the other.
    let lift = if planted_feature.is_some() { 2.5 } else { 0.0 };
    let bottom = top + cells.len() as f64 * row_pt;
    let mut svg = Svg::new(PANEL_WIDTH_PT, bottom + 25.0);
    let unmasked = format!("unmasked {}", number_or_dash(feature.unmasked_score, feature.n_decimals));
    svg.text(PANEL_WIDTH_PT, 9.0, &unmasked, Label::new(6.0).anchor(Anchor::End).paint(Paint::Muted));
    let values = cells.iter().flat_map(|cell| [cell.harm, cell.ci_low, cell.ci_high]).flatten();
    let axis = Axis::around(values, &[0.0], 5).between(LEFT_PT, RIGHT_PT);
    for (region_idx, (region, cell)) in masking.regions.iter().zip(cells).enumerate() {
        let y = top + (region_idx as f64 + 0.5) * row_pt;
        svg.text(0.0, y + 2.2, &shortened(region, 13), Label::new(6.5));
        let y = y - lift;
        let Some(harm) = cell.harm else {
            svg.text(LEFT_PT + 3.0, y + 2.2, "not defined", Label::new(6.0).paint(Paint::Muted));
            continue;
        };
        let is_significant = cell.p_holm.is_some_and(|p| p < masking.alpha);
        let paint = if is_significant { Paint::Blue } else { Paint::Muted };
        if let (Some(low), Some(high)) = (cell.ci_low, cell.ci_high) {
            svg.line(&[(axis.at(low), y), (axis.at(high), y)], Stroke::new(paint, 0.75));
        }
        if is_significant {
            svg.disk(axis.at(harm), y, 2.8, Fill::new(paint));
        } else {
            svg.ring(axis.at(harm), y, 2.3, paint);
        }
        svg.text(RIGHT_PT + 6.0, y + 4.2, stars(cell.p_holm, masking.alpha), Label::new(8.0));
    }
    svg.line(&[(axis.at(0.0), top), (axis.at(0.0), bottom)], Stroke::new(Paint::Ink, 0.4));
    if let Some((planted, feature)) = planted_feature {
        draw_planted(&mut svg, masking, planted, feature, &axis, top);
    }
    axis.draw_horizontal(&mut svg, bottom + 1.0, false, Paint::Ink);
    let unit = feature.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
    let label = Label::new(6.5).anchor(Anchor::Middle);
    svg.text((LEFT_PT + RIGHT_PT) / 2.0, bottom + 21.0, &format!("Harm when masked{unit} \u{2192} worse"), label);
    Panel { title: feature.label.clone(), description: description(masking, feature_idx), svg }
}

/// Diamonds on their own axis above, whose zero is the zero of the harm below it.
fn draw_planted(
    svg: &mut Svg,
    masking: &MaskingTable,
    planted: &Planted,
    feature: &PlantedFeature,
    axis: &Axis,
    top: f64,
) {
    let largest = feature.drop_when_left_out.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return;
    }
    let zero = axis.at(0.0);
    let upper = Axis::around([0.0, largest], &[], 3).between(zero, RIGHT_PT);
    for (region_idx, region) in masking.regions.iter().enumerate() {
        let Some(planted_idx) = planted.regions.iter().position(|other| other == region) else { continue };
        let y = top + (region_idx as f64 + 0.5) * PLANTED_ROW_PT + 3.5;
        svg.diamond(upper.at(feature.drop_when_left_out[planted_idx]), y, 3.4, Paint::Vermilion);
    }
    upper.draw_horizontal(svg, top - 3.0, true, Paint::Vermilion);
    let label = Label::new(6.0).anchor(Anchor::End).paint(Paint::Vermilion);
    svg.text(RIGHT_PT, top - 14.0, "planted: accuracy lost without it", label);
}

/// The planted feature of that name.
pub(super) fn feature_of<'a>(planted: &'a Planted, feature: &str) -> Option<&'a PlantedFeature> {
    planted.features.iter().find(|other| other.feature == feature)
}

fn description(masking: &MaskingTable, feature_idx: usize) -> String {
    let feature = &masking.features[feature_idx];
    let cells = masking.regions.iter().zip(&masking.cells[feature_idx]).map(|(region, cell)| {
        let harm = number_or_dash(cell.harm, feature.n_decimals);
        format!("{region} {harm} (corrected p {})", p_value(cell.p_holm))
    });
    format!("Harm of masking to {}: {}", feature.label, cells.collect::<Vec<_>>().join(", "))
}

/// The interval as text, `[low, high]`.
pub(crate) fn interval(low: Option<f64>, high: Option<f64>, n_decimals: usize) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("[{}, {}]", number(low, n_decimals), number(high, n_decimals)),
        _ => "\u{2013}".into(),
    }
}

fn numbers(masking: &MaskingTable, planted: Option<&Planted>) -> Table {
    let mut table = Table::new(&[
        "feature",
        "region",
        "harm",
        "unit",
        "ci_low",
        "ci_high",
        "p",
        "p_holm",
        "published_metric",
        "published_t",
        "published_p",
        "planted_drop",
        "planted_shapley",
    ]);
    for (feature, cells) in masking.features.iter().zip(&masking.cells) {
        for (region, cell) in masking.regions.iter().zip(cells) {
            let truth = planted.and_then(|planted| {
                let idx = planted.regions.iter().position(|other| other == region)?;
                let truth = feature_of(planted, &feature.feature)?;
                Some((truth.drop_when_left_out[idx], truth.shapley[idx]))
            });
            let published = cell.published.as_ref();
            table.rows.push(vec![
                Cell::Text(feature.feature.clone()),
                Cell::Text(region.clone()),
                Cell::Number(cell.harm),
                Cell::Text(feature.unit.clone().unwrap_or_default()),
                Cell::Number(cell.ci_low),
                Cell::Number(cell.ci_high),
                Cell::Number(cell.p),
                Cell::Number(cell.p_holm),
                Cell::Text(published.map_or_else(String::new, |test| test.metric.clone())),
                Cell::Number(published.and_then(|test| test.t)),
                Cell::Number(published.and_then(|test| test.p)),
                Cell::Number(truth.map(|truth| truth.0)),
                Cell::Number(truth.map(|truth| truth.1)),
            ]);
        }
    }
    table
}
