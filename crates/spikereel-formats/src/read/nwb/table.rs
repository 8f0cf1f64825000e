//! Tables (the schema's DynamicTable): columns by name, one value a row.

use super::NwbFile;
use crate::read::hdf::{Dtype, HdfDataset, Node, list};
use crate::{FormatError, Result};
use serde::Serialize;
use spikereel_data::Level;
use std::collections::BTreeMap;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// One number a row.
    Number,
    /// One text a row.
    Text,
    /// True or false.
    Bool,
    /// Lists of different lengths.
    Ragged,
    /// Several values a row, or values of another type; in words.
    Other(String),
}

impl std::fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number => f.write_str("numbers"),
            Self::Text => f.write_str("texts"),
            Self::Bool => f.write_str("true or false"),
            Self::Ragged => f.write_str("lists of different lengths"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Numbers {
        values: Vec<f64>,
        /// Stored in single precision.
        single: bool,
    },
    Texts(Vec<String>),
    Bools(Vec<bool>),
}

impl Values {
    /// One level a row.
    pub(super) fn levels(&self) -> Vec<Level> {
        match self {
            // 0.1 stored in single precision reads as 0.10000000149; its shortest decimal form is what was meant.
            Self::Numbers { values, single: true } => {
                values.iter().map(|&value| Level::Number(shortest(value))).collect()
            }
            Self::Numbers { values, .. } => values.iter().map(|&value| Level::Number(value)).collect(),
            Self::Texts(texts) => texts.iter().map(|text| Level::Text(text.clone())).collect(),
            Self::Bools(bools) => bools.iter().map(|value| Level::Text(value.to_string())).collect(),
        }
    }
}

fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

/// A table of a file.
pub(super) struct Table<'a> {
    pub(super) nwb: &'a NwbFile,
    pub(super) path: String,
    /// Names of columns, sorted, and what they hold.
    pub(super) columns: BTreeMap<String, ColumnKind>,
    pub(super) n_rows: usize,
}

impl<'a> Table<'a> {
    /// Opens the table at a path; none where no group is there.
    pub(super) fn find(nwb: &'a NwbFile, path: &str) -> Result<Option<Self>> {
        if nwb.hdf.node(path) != Some(Node::Group) {
            return Ok(None);
        }
        let names = nwb.hdf.children(path);
        let is_part = |name: &str| {
            ["_index", "_elements"]
                .iter()
                .any(|end| name.strip_suffix(end).is_some_and(|base| names.iter().any(|other| other == base)))
        };
        let mut table = Self { nwb, path: path.to_string(), columns: BTreeMap::new(), n_rows: 0 };
        let mut n_rows = None;
        for name in &names {
            let object = format!("{path}/{name}");
            if is_part(name) || nwb.hdf.node(&object) != Some(Node::Dataset) {
                continue;
            }
            let Some(dataset) = nwb.hdf.find(&object)? else { continue };
            if name == "id" {
                n_rows = Some(dataset.n_rows());
                continue;
            }
            let kind = table.kind(name, &dataset);
            table.columns.insert(name.clone(), kind);
        }
        table.n_rows = match n_rows {
            Some(n_rows) => n_rows,
            None => table.guess_rows()?,
        };
        Ok(Some(table))
    }

    /// Rows of a table without `id`: those of its starts, or else of its first column with one value a row.
    fn guess_rows(&self) -> Result<usize> {
        let scalar = |kind: &ColumnKind| matches!(kind, ColumnKind::Number | ColumnKind::Text | ColumnKind::Bool);
        let first = self.columns.iter().find(|(_, kind)| scalar(kind)).map(|(name, _)| name.as_str());
        match if self.columns.contains_key("start_time") { Some("start_time") } else { first } {
            Some(column) => Ok(self.nwb.hdf.dataset(&self.object(column))?.n_rows()),
            None => Ok(0),
        }
    }

    fn kind(&self, name: &str, dataset: &HdfDataset<'_>) -> ColumnKind {
        if self.has(&format!("{name}_index")) {
            return ColumnKind::Ragged;
        }
        match (dataset.shape().len(), dataset.dtype()) {
            (1, dtype) if dtype.is_number() && self.has(&format!("{name}_elements")) => ColumnKind::Text,
            (1, dtype) if dtype.is_number() => ColumnKind::Number,
            (1, dtype) if dtype.is_text() => ColumnKind::Text,
            (1, Dtype::Bool { .. }) => ColumnKind::Bool,
            (1, other) => ColumnKind::Other(other.to_string()),
            _ => ColumnKind::Other(format!("{} of shape {:?}", dataset.dtype(), dataset.shape())),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.nwb.hdf.node(&self.object(name)) == Some(Node::Dataset)
    }

    /// The path of a column.
    pub(super) fn object(&self, column: &str) -> String {
        format!("{}/{column}", self.path)
    }

    /// The values of a column with one value a row.
    pub(super) fn values(&self, column: &str) -> Result<Values> {
        let object = self.object(column);
        let Some(kind) = self.columns.get(column) else { return Err(self.missing(column)) };
        let dataset = self.nwb.hdf.dataset(&object)?;
        if dataset.n_rows() != self.n_rows && *kind != ColumnKind::Ragged {
            let expected = format!("{} values, one a row of the table", self.n_rows);
            return Err(dataset.fault(expected, dataset.n_rows().to_string()));
        }
        match kind {
            ColumnKind::Number => {
                let single = matches!(dataset.dtype(), Dtype::Float { size: 4, .. });
                Ok(Values::Numbers { values: dataset.f64()?, single })
            }
            ColumnKind::Text if dataset.dtype().is_number() => self.named_codes(column, &dataset.usize()?),
            ColumnKind::Text => Ok(Values::Texts(dataset.texts()?)),
            ColumnKind::Bool => Ok(Values::Bools(dataset.bools()?)),
            ColumnKind::Ragged | ColumnKind::Other(_) => Err(dataset.fault_hint(
                "one number, text or boolean a row",
                kind.to_string(),
                format!("choose another column or add one with a single value a row; there are {}", self.described()),
            )),
        }
    }

    /// Numbers, where the column holds them.
    pub(super) fn numbers(&self, column: &str) -> Result<Vec<f64>> {
        match self.values(column)? {
            Values::Numbers { values, .. } => Ok(values),
            Values::Bools(values) => Ok(values.into_iter().map(|value| f64::from(u8::from(value))).collect()),
            Values::Texts(_) => {
                let hint = format!("there are {}", self.described());
                Err(self.nwb.fault_hint(&self.object(column), "numbers", "texts", hint))
            }
        }
    }

    fn named_codes(&self, column: &str, codes: &[usize]) -> Result<Values> {
        let names = self.nwb.hdf.dataset(&self.object(&format!("{column}_elements")))?.texts()?;
        let name = |&code: &usize| {
            names.get(code).cloned().ok_or_else(|| {
                self.nwb.fault(&self.object(column), format!("codes below {}", names.len()), code.to_string())
            })
        };
        codes.iter().map(name).collect::<Result<_>>().map(Values::Texts)
    }

    /// Start and end in the flat column of each row's list.
    pub(super) fn ends(&self, column: &str, n_flat: usize) -> Result<Vec<usize>> {
        let index = self.nwb.hdf.dataset(&self.object(&format!("{column}_index")))?;
        let ends = index.usize()?;
        if ends.len() != self.n_rows {
            return Err(index.fault(format!("{} ends, one a row of the table", self.n_rows), ends.len().to_string()));
        }
        if let Some(row) = ends.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(
                index.fault("ascending ends", format!("{} after {} in row {}", ends[row + 1], ends[row], row + 1))
            );
        }
        if let Some(&end) = ends.last().filter(|&&end| end > n_flat) {
            return Err(index.fault(format!("ends of at most {n_flat}, the length of `{column}`"), end.to_string()));
        }
        Ok(ends)
    }

    /// Names of columns that hold one kind.
    pub(super) fn named(&self, kind: &ColumnKind) -> Vec<String> {
        self.columns.iter().filter(|(_, other)| *other == kind).map(|(name, _)| name.clone()).collect()
    }

    /// Columns in words.
    pub(super) fn described(&self) -> String {
        const SHOWN: usize = 20;
        let shown: Vec<String> =
            self.columns.iter().take(SHOWN).map(|(name, kind)| format!("`{name}` ({kind})")).collect();
        let n_more = self.columns.len() - shown.len();
        shown.join(", ") + &if n_more > 0 { format!(" and {n_more} more") } else { String::new() }
    }

    pub(super) fn missing(&self, column: &str) -> FormatError {
        let got = format!("no column `{column}`");
        self.nwb.fault_hint(&self.path, format!("a column `{column}`"), got, format!("there are {}", self.described()))
    }

    /// Rows whose values are among the ones asked for, in every column asked for.
    pub(super) fn select(&self, only: &BTreeMap<String, Vec<Level>>) -> Result<Vec<usize>> {
        let mut rows: Vec<usize> = (0..self.n_rows).collect();
        for (column, wanted) in only {
            let levels = self.values(column)?.levels();
            if let Some(unknown) = wanted.iter().find(|level| !levels.contains(level)) {
                let (known, _) = distinct(&levels);
                let got = format!("`{unknown}`");
                return Err(self.nwb.fault(&self.object(column), format!("values that it holds: {known}"), got));
            }
            rows.retain(|&row| levels.get(row).is_some_and(|level| wanted.contains(level)));
        }
        Ok(rows)
    }
}

/// Distinct levels in words, the first few, and how many there are.
fn distinct(levels: &[Level]) -> (String, usize) {
    let mut names: Vec<String> = levels.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    names.dedup();
    (list(&names), names.len())
}
