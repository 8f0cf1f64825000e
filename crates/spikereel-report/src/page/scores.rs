//! A score table as the template needs it.

use super::FigureView;
use crate::figures::{Figure, metric_title};
use crate::schema::{Better, Report, Role, ScoreCell, ScoreTable};
use crate::text::{count, number, number_or_dash};

/// A score table with its figure.
pub(super) struct ScoresView<'a> {
    pub table: &'a ScoreTable,
    pub heads: Vec<(String, &'static str)>,
    pub rows: Vec<RowView<'a>>,
    pub condition_rows: Vec<(&'a str, String, Vec<String>)>,
    pub figure: Option<FigureView>,
}

/// One decoder's row.
pub(super) struct RowView<'a> {
    pub label: &'a str,
    pub class: &'static str,
    pub cells: Vec<CellView>,
}

/// One score.
pub(super) struct CellView {
    pub value: String,
    pub note: String,
}

impl<'a> ScoresView<'a> {
    /// All tables of a report.
    pub fn all(part_idx: usize, report: &'a Report, figures: &[Figure]) -> Vec<Self> {
        let tables = report.scores.iter().enumerate();
        tables.map(|(table_idx, table)| Self::new(part_idx, table_idx, table, figures)).collect()
    }

    fn new(part_idx: usize, table_idx: usize, table: &'a ScoreTable, figures: &[Figure]) -> Self {
        let prefix = format!("scores-{}-", table_idx + 1);
        let figure = figures.iter().find(|figure| figure.slug.starts_with(&prefix));
        let direction = |better| match better {
            Better::Higher => "\u{2191} higher is better",
            Better::Lower => "\u{2193} lower is better",
        };
        Self {
            table,
            heads: table.metrics.iter().map(|metric| (metric_title(metric), direction(metric.better))).collect(),
            rows: table.rows.iter().map(|row| row_view(table, row)).collect(),
            condition_rows: table
                .conditions
                .iter()
                .map(|row| {
                    let cells = row.values.iter().zip(&table.metrics);
                    let cells = cells.map(|(value, metric)| number_or_dash(*value, metric.n_decimals));
                    (row.condition.as_str(), count(row.n), cells.collect())
                })
                .collect(),
            figure: figure.map(|figure| FigureView::new(part_idx, figure)),
        }
    }
}

fn row_view<'a>(table: &ScoreTable, row: &'a crate::schema::ScoreRow) -> RowView<'a> {
    let class = match row.role {
        Role::Decoder => "decoder",
        Role::Baseline => "baseline",
        Role::Null => "null",
        Role::Ceiling => "ceiling",
    };
    let cells = row.cells.iter().zip(&table.metrics).map(|(cell, metric)| cell_view(cell, metric.n_decimals));
    RowView { label: &row.label, class, cells: cells.collect() }
}

fn cell_view(cell: &ScoreCell, n_decimals: usize) -> CellView {
    let sd = cell.sd.map(|sd| format!("\u{00b1} {}", number(sd, n_decimals)));
    let limit = cell.null_95.map(|limit| format!("95 %: {}", number(limit, n_decimals)));
    CellView {
        value: number_or_dash(cell.value, n_decimals),
        note: [sd, limit].into_iter().flatten().collect::<Vec<_>>().join(" \u{00b7} "),
    }
}
