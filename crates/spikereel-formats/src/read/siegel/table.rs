//! A structure with a column in each field, or an array of structures with a row in each, read by column.

use crate::read::matlab::{MatClass, MatValue};
use spikereel_data::{DataError, Level, Result};

/// Names of columns that an error lists.
const N_NAMES_LISTED: usize = 40;

/// A table under its name in the file.
pub(super) struct Table<'a> {
    name: String,
    value: &'a MatValue,
}

impl<'a> Table<'a> {
    /// The table at a path of fields below a variable, `a.b`, whose value is at hand.
    pub(super) fn find(path: &str, variable: &'a MatValue) -> Result<Self> {
        let mut table = Self { name: path.split('.').next().unwrap_or_default().to_string(), value: variable };
        for field in path.split('.').skip(1) {
            table = table.inner(field).ok_or_else(|| {
                DataError::new(format!("`{}`", table.name), format!("a structure `{field}` in it"), table.listed())
            })?;
        }
        match table.value {
            MatValue::Struct { .. } => Ok(table),
            other => {
                let error = DataError::new(format!("`{path}`"), "a structure", other.class().to_string());
                Err(match other.class() {
                    MatClass::Unsupported(_) => {
                        error.hint("a table is an object: save it as `table2struct(t, 'ToScalar', true)`")
                    }
                    _ => error,
                })
            }
        }
    }

    /// The one structure in a field.
    pub(super) fn inner(&self, field: &str) -> Option<Self> {
        match self.value.field(field) {
            Some([value @ MatValue::Struct { .. }]) => Some(Self { name: format!("{}.{field}", self.name), value }),
            _ => None,
        }
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, column: &str) -> bool {
        self.value.field(column).is_some()
    }

    /// A column, one value a row.
    pub(super) fn levels(&self, column: &str) -> Result<Vec<Level>> {
        let Some(values) = self.value.field(column) else {
            let error = DataError::new(format!("`{}`", self.name), format!("a column `{column}`"), self.listed());
            return Err(error.hint("name one of these in the options"));
        };
        let named =
            |error: DataError| DataError { field: format!("`{}.{column}`, {}", self.name, error.field), ..error };
        match values {
            [MatValue::Cell { values, .. }] => each(values).map_err(named),
            // One row without a letter is a text as well.
            [MatValue::Char { dims, rows }] if rows.is_empty() && dims[0] == 1 => Ok(vec![Level::Text(String::new())]),
            [MatValue::Char { rows, .. }] => {
                Ok(rows.iter().map(|row| Level::Text(row.trim_end().to_string())).collect())
            }
            [value] => {
                let numbers = value.to_f64().map_err(named)?;
                if value.dims().iter().filter(|len| **len != 1).count() > 1 && !numbers.is_empty() {
                    return Err(named(DataError::new("axes", "one value a row", format!("{:?}", value.dims()))));
                }
                Ok(numbers.into_iter().map(Level::Number).collect())
            }
            values => each(values).map_err(named),
        }
    }

    /// A column of so many rows.
    pub(super) fn rows(&self, column: &str, n_rows: usize) -> Result<Vec<Level>> {
        let levels = self.levels(column)?;
        if levels.len() != n_rows {
            let field = format!("`{}.{column}`", self.name);
            return Err(DataError::new(field, format!("{n_rows} values, as there are rows"), levels.len().to_string()));
        }
        Ok(levels)
    }

    /// Which rows have something else than 0 in a column.
    pub(super) fn flags(&self, column: &str, n_rows: usize) -> Result<Vec<bool>> {
        let flag = |(row, level): (usize, &Level)| match level {
            Level::Number(value) if value.is_finite() => Ok(*value != 0.0),
            other => Err(self.wrong(column, row, "0 or another number", other)),
        };
        self.rows(column, n_rows)?.iter().enumerate().map(flag).collect()
    }

    /// An error about a value.
    pub(super) fn wrong(&self, column: &str, row: usize, expected: &str, got: &Level) -> DataError {
        DataError::new(
            format!("`{}.{column}`", self.name),
            expected,
            format!("{:?} in row {}", got.to_string(), row + 1),
        )
    }

    fn listed(&self) -> String {
        let MatValue::Struct { fields, .. } = self.value else { return "no structure".into() };
        let names: Vec<_> =
            fields.iter().take(N_NAMES_LISTED).map(|(name, _)| format!("`{}`", name.escape_debug())).collect();
        if names.is_empty() { "no field at all".into() } else { names.join(", ") }
    }
}

fn each(values: &[MatValue]) -> Result<Vec<Level>> {
    values.iter().map(one).collect()
}

/// One value of a row; an empty array is no number.
fn one(value: &MatValue) -> Result<Level> {
    if let MatValue::Char { .. } = value {
        let text = value.text().ok_or_else(|| DataError::new("value", "text of one row", "several rows"))?;
        return Ok(Level::Text(text.trim_end().to_string()));
    }
    match value.to_f64()?.as_slice() {
        [] => Ok(Level::Number(f64::NAN)),
        [number] => Ok(Level::Number(*number)),
        several => Err(DataError::new("value", "a number or a text in each row", format!("{} numbers", several.len()))),
    }
}
