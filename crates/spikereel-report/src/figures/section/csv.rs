//! The numbers of each panel and of each table, as CSV.

use super::numbers::box_numbers;
use crate::schema::{DataTable, PanelBody, TableCell};
use crate::tables::{Cell, Table};

/// The numbers of a panel: one row an estimate, a value, a point or a field.
pub(super) fn table(body: &PanelBody) -> Table {
    let text = |text: &str| Cell::Text(text.into());
    match body {
        PanelBody::Intervals { rows, .. } => {
            let mut table = Table::new(&["label", "group", "estimate", "low", "high", "filled", "expected", "note"]);
            table.rows.extend(rows.iter().map(|row| {
                vec![
                    text(&row.label),
                    text(&row.group),
                    Cell::Number(row.estimate),
                    Cell::Number(row.low),
                    Cell::Number(row.high),
                    Cell::Count(u64::from(row.filled)),
                    Cell::Number(row.expected),
                    text(&row.note),
                ]
            }));
            table
        }
        PanelBody::Distributions { groups, .. } => {
            let mut table = Table::new(&["label", "group", "statistic", "value"]);
            for group in groups {
                let mut push = |statistic: &str, value: f64| {
                    table.rows.push(vec![
                        text(&group.label),
                        text(&group.group),
                        text(statistic),
                        Cell::Number(Some(value)),
                    ]);
                };
                if let Some(numbers) = box_numbers(&group.values) {
                    push("mean", numbers.mean);
                    for (name, value) in ["quartile_1", "median", "quartile_3"].iter().zip(numbers.quartiles) {
                        push(name, value);
                    }
                    push("whisker_low", numbers.whiskers[0]);
                    push("whisker_high", numbers.whiskers[1]);
                }
                group.values.iter().for_each(|value| push("value", *value));
            }
            table
        }
        PanelBody::Points { categories, points, .. } => {
            let mut table = Table::new(&["category", "x", "y"]);
            table.rows.extend(points.iter().map(|point| {
                let category = categories.get(point.category).map_or("", String::as_str);
                vec![text(category), Cell::Number(Some(point.x)), Cell::Number(Some(point.y))]
            }));
            table
        }
        PanelBody::Matrix { rows, columns, values, .. } => {
            let mut table = Table::new(&["row", "column", "value"]);
            for (row, values) in rows.iter().zip(values) {
                table.rows.extend(
                    columns
                        .iter()
                        .zip(values)
                        .map(|(column, value)| vec![text(row), text(column), Cell::Number(*value)]),
                );
            }
            table
        }
        PanelBody::Lines { series, .. } => {
            let mut table = Table::new(&["series", "x", "y", "low", "high"]);
            for series in series {
                let edge = |edges: &[Option<f64>], idx: usize| Cell::Number(edges.get(idx).copied().flatten());
                table.rows.extend(series.x.iter().enumerate().map(|(idx, x)| {
                    vec![
                        text(&series.label),
                        Cell::Number(Some(*x)),
                        edge(&series.y, idx),
                        edge(&series.low, idx),
                        edge(&series.high, idx),
                    ]
                }));
            }
            table
        }
        PanelBody::Pictures { rows, columns } => {
            let mut table = Table::new(&["row", "picture", "column"]);
            for row in rows {
                table.rows.extend((0..row.pictures.len()).map(|idx| {
                    vec![
                        text(&row.label),
                        Cell::Count(idx as u64 + 1),
                        text(columns.get(idx).map_or("", String::as_str)),
                    ]
                }));
            }
            table
        }
    }
}

/// A table of a section with its numbers in full.
pub fn table_numbers(table: &DataTable) -> Table {
    let cell = |cell: &TableCell| match cell {
        TableCell::Number(value) => Cell::Number(Some(*value)),
        TableCell::Text(text) => Cell::Text(text.clone()),
        TableCell::Missing(()) => Cell::Number(None),
    };
    Table { header: table.columns.clone(), rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{AxisSpec, CategoryPoint, Distribution, DistributionForm, IntervalRow, Series};

    #[test]
    fn every_form_gives_its_numbers_in_full() {
        let axis = AxisSpec::default;
        let intervals = PanelBody::Intervals {
            axis: axis(),
            rows: vec![IntervalRow {
                label: "=V4".into(),
                estimate: Some(0.1 + 0.2),
                filled: true,
                ..IntervalRow::default()
            }],
        };
        assert!(table(&intervals).csv().ends_with("\r\n'=V4,,0.30000000000000004,,,1,,\r\n"));
        let points = PanelBody::Points {
            x: axis(),
            y: axis(),
            categories: vec!["a".into(), "b,c".into()],
            points: vec![CategoryPoint { x: 1e-9, y: -2.0, category: 1 }],
        };
        assert_eq!(table(&points).csv(), "category,x,y\r\n\"b,c\",0.000000001,-2\r\n");
        let groups = vec![Distribution { label: "g".into(), values: vec![1.0, 2.0, 4.0], ..Distribution::default() }];
        let csv = table(&PanelBody::Distributions { axis: axis(), form: DistributionForm::Box, groups }).csv();
        assert!(csv.contains("g,,quartile_1,1.5\r\n") && csv.ends_with("g,,value,4\r\n"), "{csv}");
        let matrix = PanelBody::Matrix {
            rows: vec!["r".into()],
            columns: vec!["c".into(), "d".into()],
            values: vec![vec![None, Some(2.0)]],
            diverging: false,
            label: String::new(),
            show_values: false,
        };
        assert_eq!(table(&matrix).csv(), "row,column,value\r\nr,c,\r\nr,d,2\r\n");
        let series = Series { label: "s".into(), x: vec![0.0, 1.0], y: vec![Some(1.0), None], ..Series::default() };
        let lines = PanelBody::Lines { x: axis(), y: axis(), series: vec![series], spans: vec![] };
        assert_eq!(table(&lines).csv(), "series,x,y,low,high\r\ns,0,1,,\r\ns,1,,,\r\n");
    }

    #[test]
    fn a_table_keeps_its_heads_words_and_gaps() {
        let data = DataTable {
            slug: "t".into(),
            title: "T".into(),
            columns: vec!["Region, name".into(), "=p".into()],
            rows: vec![vec!["V4".into(), 0.004.into()], vec![TableCell::Missing(()), (-1.5).into()]],
        };
        assert_eq!(table_numbers(&data).csv(), "\"Region, name\",'=p\r\nV4,0.004\r\n,-1.5\r\n");
    }
}
