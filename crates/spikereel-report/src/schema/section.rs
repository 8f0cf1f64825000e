//! A study as the report shows it: a question, what was found, charts and tables. Every study is told in these few forms, so that a new
//! one needs no new drawing.

use serde::{Deserialize, Serialize};

/// One study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Short name for files and links, such as `shapley`; unique in a report.
    pub slug: String,
    /// Heading.
    pub title: String,
    /// What is asked, in one sentence.
    pub question: String,
    /// What it was computed on: sites, trials, conditions, widths, repeats. Ends every caption.
    pub sizes: String,
    /// What was found: an effect with its interval, or that it is not resolvable at this size.
    pub findings: Vec<String>,
    /// What a reader must not forget.
    pub caveats: Vec<String>,
    /// Figures.
    pub charts: Vec<Chart>,
    /// Tables.
    pub tables: Vec<DataTable>,
}

/// A figure of one or more panels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// Short name for files; unique in its section.
    pub slug: String,
    /// Title of the figure.
    pub title: String,
    /// How to read it, in a sentence or two.
    pub reading: String,
    /// Panels, in order.
    pub panels: Vec<ChartPanel>,
}

/// A panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartPanel {
    /// Title of the panel.
    pub title: String,
    /// What is drawn.
    pub body: PanelBody,
}

/// An axis in words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisSpec {
    /// Label with unit, such as `Harm to cue Pearson`.
    pub label: String,
    /// A value that a thin line marks: zero, chance.
    pub reference: Option<f64>,
    /// Ends of the axis, where the data shall not choose them.
    pub range: Option<[f64; 2]>,
}

/// What a panel draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PanelBody {
    /// Estimates with intervals, one row each, along a horizontal axis.
    Intervals {
        /// The horizontal axis.
        axis: AxisSpec,
        /// Rows from top to bottom.
        rows: Vec<IntervalRow>,
    },
    /// Distributions side by side along a vertical axis: box (median, quartiles, whiskers at 1.5 interquartile ranges), violin, or both.
    Distributions {
        /// The vertical axis.
        axis: AxisSpec,
        /// How they are drawn.
        form: DistributionForm,
        /// From left to right.
        groups: Vec<Distribution>,
    },
    /// Points of several categories.
    Points {
        /// Horizontal axis.
        x: AxisSpec,
        /// Vertical axis.
        y: AxisSpec,
        /// Names of the categories, for the legend.
        categories: Vec<String>,
        /// The points.
        points: Vec<CategoryPoint>,
    },
    /// Values as colors.
    Matrix {
        /// Names of rows, top to bottom.
        rows: Vec<String>,
        /// Names of columns, left to right.
        columns: Vec<String>,
        /// `[row][column]`; none where not defined.
        values: Vec<Vec<Option<f64>>>,
        /// Two hues around 0, or one from the smallest to the largest.
        diverging: bool,
        /// What the colors mean, with unit.
        label: String,
        /// Whether each cell's number is printed in it.
        show_values: bool,
    },
    /// Curves with bands.
    Lines {
        /// Horizontal axis.
        x: AxisSpec,
        /// Vertical axis.
        y: AxisSpec,
        /// Curves, at most eight.
        series: Vec<Series>,
        /// Named spans along the horizontal axis, such as phases: name, from, to.
        spans: Vec<(String, f64, f64)>,
    },
    /// Rows of small pictures, such as frames of true and decoded videos.
    Pictures {
        /// Rows from top to bottom, each with its label and its pictures.
        rows: Vec<PictureRow>,
        /// Text under each column; empty for none.
        columns: Vec<String>,
    },
}

/// A row of [`PanelBody::Intervals`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalRow {
    /// Name at the left.
    pub label: String,
    /// Where several rows share a label: what tells them apart, shown by hue and legend. Empty for none.
    pub group: String,
    /// The estimate; none where not defined.
    pub estimate: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Filled mark: significant after correction, or otherwise asserted.
    pub filled: bool,
    /// A diamond beside it: what was planted, or what the paper reports, on the same axis.
    pub expected: Option<f64>,
    /// A few characters at the right, such as stars.
    pub note: String,
}

/// How distributions are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistributionForm {
    /// Box, with outliers as points.
    Box,
    /// Violin by a Gaussian kernel (Scott's width), with a box inside.
    Violin,
    /// Every value as a point, jittered by rank, with the mean.
    Points,
}

/// One distribution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Name under it.
    pub label: String,
    /// What tells distributions of one label apart, by hue and legend. Empty for none.
    pub group: String,
    /// The values.
    pub values: Vec<f64>,
}

/// A point of a category.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryPoint {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// Index into the categories.
    pub category: usize,
}

/// A curve.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Name in the legend.
    pub label: String,
    /// Horizontal values, ascending.
    pub x: Vec<f64>,
    /// One value each; none breaks the curve.
    pub y: Vec<Option<f64>>,
    /// Lower edge of the band; empty for none.
    pub low: Vec<Option<f64>>,
    /// Upper edge of the band; empty for none.
    pub high: Vec<Option<f64>>,
    /// Dashed: a baseline, a null, a ceiling.
    pub dashed: bool,
}

/// A row of pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureRow {
    /// Name at the left.
    pub label: String,
    /// Pictures as `data:image/png;base64,...`, all of one size.
    pub pictures: Vec<String>,
}

/// A table of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataTable {
    /// Short name for files; unique in its section.
    pub slug: String,
    /// Heading.
    pub title: String,
    /// Heads of columns.
    pub columns: Vec<String>,
    /// Rows, one entry a column.
    pub rows: Vec<Vec<TableCell>>,
}

/// An entry of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TableCell {
    /// A number; printed with the digits that its size needs.
    Number(f64),
    /// Words.
    Text(String),
    /// Not defined; printed as a dash.
    Missing(()),
}

impl From<Option<f64>> for TableCell {
    fn from(value: Option<f64>) -> Self {
        value.filter(|value| value.is_finite()).map_or(Self::Missing(()), Self::Number)
    }
}

impl From<f64> for TableCell {
    fn from(value: f64) -> Self {
        Some(value).into()
    }
}

impl From<&str> for TableCell {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for TableCell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
