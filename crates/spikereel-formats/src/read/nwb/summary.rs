//! What an NWB file holds, told without reading its spikes or movies.

use super::NwbFile;
use super::options::RegionSource;
use super::region;
use super::series::SeriesInfo;
use super::table::{ColumnKind, Table, Values};
use crate::Result;
use serde::Serialize;
use spikereel_data::Level;
use std::collections::BTreeMap;

/// Distinct values that are listed; of more, only the number is told.
const MAX_LISTED: usize = 24;
/// Rows of a column that are read for its values.
const MAX_ROWS: usize = 1 << 20;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NwbSummary {
    /// Version of the schema.
    pub version: String,
    /// `identifier`, or the file's name.
    pub identifier: String,
    /// `session_description`.
    pub description: Option<String>,
    /// `session_start_time`, as the file writes it.
    pub start_time: Option<String>,
    /// The units; none where there is no such table.
    pub units: Option<UnitsSummary>,
    /// Tables in `/intervals`.
    pub tables: Vec<TableSummary>,
    /// Series of the stimulus: movies, pictures, and others.
    pub stimuli: Vec<SeriesInfo>,
    /// Series of acquisition and processing that can be covariates, such as running or pupil size.
    pub covariates: Vec<SeriesInfo>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

/// The table of units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitsSummary {
    /// Units.
    pub n: usize,
    /// Spikes of all units.
    pub n_spikes: Option<usize>,
    /// Units in each region, in the file's spelling; units without one stand under an empty name. Empty where regions cannot be read.
    pub regions: BTreeMap<String, usize>,
    /// Columns with one value a unit, beside spikes and electrodes.
    pub columns: Vec<ColumnSummary>,
}

/// A table of intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableSummary {
    /// Name in `/intervals`.
    pub name: String,
    /// Rows.
    pub n_rows: usize,
    /// Its columns.
    pub columns: Vec<ColumnSummary>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Number of distinct values; none where they were not read.
    pub n_distinct: Option<usize>,
    /// The distinct values, sorted; empty where there are many.
    pub values: Vec<Level>,
    /// Smallest and largest number.
    pub range: Option<[f64; 2]>,
}

impl NwbFile {
    /// What the file holds. Parts that cannot be read are named among the problems, and the rest is told all the same.
    pub fn summary(&self) -> NwbSummary {
        let mut problems = Vec::new();
        let units = keep(self.units_summary(&mut problems), &mut problems).flatten();
        let tables = self.interval_tables().into_iter().filter_map(|name| {
            let table = keep(self.interval_table(&name), &mut problems)?;
            let columns = columns(&table, &mut problems, |_| true);
            Some(TableSummary { name, n_rows: table.n_rows, columns })
        });
        let tables = tables.collect();
        let series = keep(self.series(), &mut problems).unwrap_or_default();
        let (stimuli, others): (Vec<_>, Vec<_>) =
            series.into_iter().partition(|info| info.path.starts_with("stimulus/"));
        NwbSummary {
            version: self.version().to_string(),
            identifier: self.identifier(),
            description: self.text("session_description"),
            start_time: self.text("session_start_time"),
            units,
            tables,
            stimuli,
            covariates: others.into_iter().filter(SeriesInfo::is_covariate).collect(),
            problems,
        }
    }

    /// Texts of a dataset that may be missing.
    pub(super) fn texts(&self, object: &str) -> Vec<String> {
        self.hdf.find(object).ok().flatten().and_then(|dataset| dataset.texts().ok()).unwrap_or_default()
    }

    fn units_summary(&self, problems: &mut Vec<String>) -> Result<Option<UnitsSummary>> {
        let Some(table) = Table::find(self, "units")? else { return Ok(None) };
        let mut regions = BTreeMap::new();
        if let Some(read) = keep(region::read(&table, &RegionSource::Electrodes), problems) {
            for name in read.names {
                *regions.entry(name).or_default() += 1;
            }
        }
        let n_spikes = keep(self.spike_ends(&table), problems).map(|ends| ends.last().copied().unwrap_or(0));
        let columns =
            columns(&table, problems, |name| !["spike_times", "electrodes", "electrode_group"].contains(&name));
        Ok(Some(UnitsSummary { n: table.n_rows, n_spikes, regions, columns }))
    }
}

fn keep<T>(result: Result<T>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| problems.push(error.to_string())).ok()
}

fn columns(table: &Table<'_>, problems: &mut Vec<String>, wanted: impl Fn(&str) -> bool) -> Vec<ColumnSummary> {
    let named = table.columns.iter().filter(|(name, _)| wanted(name));
    named
        .map(|(name, kind)| {
            let mut column = ColumnSummary {
                name: name.clone(),
                kind: kind.clone(),
                n_distinct: None,
                values: Vec::new(),
                range: None,
            };
            let scalar = matches!(kind, ColumnKind::Number | ColumnKind::Text | ColumnKind::Bool);
            if scalar
                && table.n_rows <= MAX_ROWS
                && let Some(values) = keep(table.values(name), problems)
            {
                fill(&mut column, &values);
            }
            column
        })
        .collect()
}

fn fill(column: &mut ColumnSummary, values: &Values) {
    if let Values::Numbers { values, .. } = values {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        column.range = finite.fold(None, |range: Option<[f64; 2]>, value| {
            Some(range.map_or([value, value], |[from, to]| [from.min(value), to.max(value)]))
        });
    }
    let mut levels = values.levels();
    levels.sort_by(|a, b| match (a, b) {
        (Level::Number(a), Level::Number(b)) => a.total_cmp(b),
        _ => a.to_string().cmp(&b.to_string()),
    });
    // NaN never equals itself; many of them are one value.
    levels
        .dedup_by(|a, b| a == b || matches!((a, b), (Level::Number(a), Level::Number(b)) if a.is_nan() && b.is_nan()));
    column.n_distinct = Some(levels.len());
    if levels.len() <= MAX_LISTED {
        column.values = levels;
    }
}
