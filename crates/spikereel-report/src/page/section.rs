//! A section as the template needs it.

use crate::figures::SectionFigure;
use crate::schema::{DataTable, Section, TableCell};
use crate::svg::PT_PER_MM;
use crate::text::{count, significant};

/// Tables with more rows than this are folded.
const MAX_OPEN_ROWS: usize = 12;
/// Digits of a number in a table; all of them stand in its CSV.
const N_DIGITS: usize = 4;

/// One section of the page.
pub(super) struct SectionView<'a> {
    pub section: &'a Section,
    pub figures: Vec<ChartView<'a>>,
    pub tables: Vec<TableView<'a>>,
}

/// A figure with a link to the files of each panel.
pub(super) struct ChartView<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    pub reading: &'a str,
    pub sizes: &'a str,
    pub n_abreast: usize,
    pub panels: Vec<ChartPanelView>,
    pub has_panel_files: bool,
}

/// A panel as markup.
pub(super) struct ChartPanelView {
    pub svg: String,
    pub is_wide: bool,
    pub stem: String,
    pub letter: String,
}

/// A table.
pub(super) struct TableView<'a> {
    pub table: &'a DataTable,
    pub csv_file: String,
    pub is_folded: bool,
    pub n_rows: String,
    pub heads: Vec<CellView>,
    pub rows: Vec<Vec<CellView>>,
}

/// An entry of a table.
pub(super) struct CellView {
    pub text: String,
    pub class: &'static str,
}

impl<'a> SectionView<'a> {
    pub fn new(section: &'a Section, figures: &'a [SectionFigure]) -> Self {
        Self {
            section,
            figures: figures.iter().map(chart_view).collect(),
            tables: section.tables.iter().map(|table| table_view(section, table)).collect(),
        }
    }
}

fn chart_view(figure: &SectionFigure) -> ChartView<'_> {
    let panels = figure.panels.iter().enumerate().map(|(idx, panel)| ChartPanelView {
        svg: panel.svg.inline(&panel.description),
        is_wide: panel.svg.width_pt > 95.0 * PT_PER_MM,
        stem: figure.panel_stem(idx),
        letter: crate::figures::letter(idx),
    });
    let width_pt = figure.panels.first().map_or(0.0, |panel| panel.svg.width_pt);
    let n_abreast = match width_pt / PT_PER_MM {
        width if width > 95.0 => 1,
        width if width > 60.0 => 2,
        _ => 3,
    };
    ChartView {
        slug: &figure.slug,
        title: &figure.title,
        reading: &figure.reading,
        sizes: &figure.sizes,
        n_abreast: n_abreast.min(figure.panels.len()),
        panels: panels.collect(),
        has_panel_files: figure.panels.len() > 1,
    }
}

fn table_view<'a>(section: &Section, table: &'a DataTable) -> TableView<'a> {
    let cell = |cell: &TableCell| match cell {
        TableCell::Number(value) => CellView { text: significant(*value, N_DIGITS), class: "" },
        TableCell::Text(text) => CellView { text: text.clone(), class: "words" },
        TableCell::Missing(()) => CellView { text: "\u{2013}".into(), class: "" },
    };
    // The head of a column of words stands where its words do.
    let is_words = |idx: usize| table.rows.iter().any(|row| matches!(row.get(idx), Some(TableCell::Text(_))));
    let heads = table.columns.iter().enumerate();
    let heads =
        heads.map(|(idx, text)| CellView { text: text.clone(), class: if is_words(idx) { "words" } else { "" } });
    TableView {
        table,
        heads: heads.collect(),
        csv_file: format!("tables/{}.csv", table_stem(section, table)),
        is_folded: table.rows.len() > MAX_OPEN_ROWS,
        n_rows: count(table.rows.len()),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

/// Name of a table's file, without ending. A panel's name ends with one or two letters, so the two never meet.
pub(crate) fn table_stem(section: &Section, table: &DataTable) -> String {
    format!("{}.{}.table", section.slug, table.slug)
}
