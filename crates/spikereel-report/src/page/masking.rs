//! Masking and what was planted, as the template needs them.

use super::FigureView;
use crate::figures::{found_top, interval};
use crate::schema::{MaskingTable, Report};
use crate::text::{number, number_or_dash, p_value, stars};

/// The masking section.
pub(super) struct MaskingView<'a> {
    pub table: &'a MaskingTable,
    pub figure: Option<FigureView>,
    pub features: Vec<FeatureView<'a>>,
    pub has_published: bool,
}

/// The rows of one feature.
pub(super) struct FeatureView<'a> {
    pub label: &'a str,
    pub unmasked: String,
    pub rows: Vec<RowView<'a>>,
}

/// One region.
pub(super) struct RowView<'a> {
    pub region: &'a str,
    pub is_significant: bool,
    pub harm: String,
    pub interval: String,
    pub p: String,
    pub p_holm: String,
    pub stars: &'static str,
    pub published_t: String,
    pub published_p: String,
}

/// Planted and found, for one feature.
pub(super) struct VerdictView<'a> {
    pub feature: &'a str,
    pub planted: &'a str,
    pub margin: String,
    pub observer: String,
    pub found: &'a str,
    pub class: &'static str,
    pub word: &'static str,
}

impl<'a> MaskingView<'a> {
    pub fn new(report: &'a Report, figure: Option<FigureView>) -> Option<Self> {
        let table = report.masking.as_ref()?;
        let features = table.features.iter().zip(&table.cells).map(|(feature, cells)| FeatureView {
            label: &feature.label,
            unmasked: number_or_dash(feature.unmasked_score, feature.n_decimals),
            rows: table
                .regions
                .iter()
                .zip(cells)
                .map(|(region, cell)| RowView {
                    region,
                    is_significant: cell.p_holm.is_some_and(|p| p < table.alpha),
                    harm: number_or_dash(cell.harm, feature.n_decimals),
                    interval: interval(cell.ci_low, cell.ci_high, feature.n_decimals),
                    p: p_value(cell.p),
                    p_holm: p_value(cell.p_holm),
                    stars: stars(cell.p_holm, table.alpha),
                    published_t: number_or_dash(cell.published.as_ref().and_then(|test| test.t), 2),
                    published_p: p_value(cell.published.as_ref().and_then(|test| test.p)),
                })
                .collect(),
        });
        let has_published = table.cells.iter().flatten().any(|cell| cell.published.is_some());
        Some(Self { table, figure, features: features.collect(), has_published })
    }
}

impl<'a> VerdictView<'a> {
    /// One verdict a planted feature; none for a brain or without masking.
    pub fn all(report: &'a Report) -> Vec<Self> {
        let (Some(planted), Some(masking)) = (&report.planted, &report.masking) else { return Vec::new() };
        let verdict = |truth: &'a crate::schema::PlantedFeature| {
            let top = planted.regions[truth.top_region_idx].as_str();
            let found = found_top(masking, &truth.feature).map(|idx| masking.regions[idx].as_str());
            let (class, word) = match found {
                Some(found) if found == top => ("good", "found"),
                Some(_) => ("bad", "another region was found"),
                None => ("known", "no region was found"),
            };
            Self {
                feature: &truth.feature,
                planted: top,
                margin: number(truth.top_margin, 2),
                observer: number(truth.accuracy, 2),
                found: found.unwrap_or("none"),
                class,
                word,
            }
        };
        planted.features.iter().map(verdict).collect()
    }
}
