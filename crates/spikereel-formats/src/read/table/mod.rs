//! Tables: `.csv` and `.tsv` files with a header row, quoted as RFC 4180 has it, every column an array named by its header.
//!
//! The file is read once when it is opened, to find out what each column holds and that all rows are whole, and once more for each
//! column that is asked for, so that no more than one column is in memory.

mod cell;
mod rows;

use super::array::NpyArray;
use super::header::ArrayInfo;
use crate::{FormatError, Result};
use cell::{Cell, Holds};
use rows::Rows;
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// Text takes about this much memory a cell, beside its letters.
const BYTES_PER_TEXT: u64 = 32;

/// A table whose rows were checked.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    columns: Vec<(String, Holds)>,
    n_rows: usize,
}

impl Table {
    /// Reads the whole file and keeps names and types.
    ///
    /// # Errors
    /// Names the file and the line: no header, rows of other lengths, no UTF-8, cells or rows that are too long.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut rows = Rows::open(path)?;
        let names = rows.header(path)?;
        let (mut found, mut n_rows) = (vec![Holds::default(); names.len()], 0);
        while let Some(row) = rows.next()? {
            for (column, holds) in found.iter_mut().enumerate() {
                holds.add(row.cell(column)?);
            }
            n_rows += 1;
        }
        let columns = names.into_iter().zip(found).collect();
        Ok(Self { path: path.to_path_buf(), columns, n_rows })
    }

    /// Whether a column has this name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        !name.is_empty() && self.columns.iter().any(|(column, _)| column == name)
    }

    /// Names and types of the columns that have a name.
    pub(crate) fn list(&self) -> Vec<ArrayInfo> {
        let info = |(name, holds): &(String, Holds)| ArrayInfo {
            name: name.clone(),
            shape: vec![self.n_rows],
            dtype: holds.dtype().into(),
        };
        self.columns.iter().filter(|(name, _)| !name.is_empty()).map(info).collect()
    }

    /// Reads a column; `None` where there is none of that name.
    ///
    /// # Errors
    /// As of [`Table::open`]: the file may have changed since.
    pub(crate) fn read(&self, name: &str) -> Result<Option<NpyArray>> {
        let found = self.columns.iter().position(|(column, _)| column == name && !name.is_empty());
        let Some(column) = found else {
            return Ok(None);
        };
        let holds = self.columns[column].1;
        if holds.is_text() && self.n_rows as u64 > super::MAX_ARRAY_BYTES / BYTES_PER_TEXT {
            let expected = format!("at most {} cells of text", super::MAX_ARRAY_BYTES / BYTES_PER_TEXT);
            let error = DataError::new(format!("column `{name}`"), expected, self.n_rows.to_string());
            return Err(FormatError::data(&self.path, error.hint("number the texts, or prepare the data in parts")));
        }
        let mut rows = Rows::open(&self.path)?;
        rows.header(&self.path)?;
        let (mut numbers, mut flags, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let text = row.cell(column)?;
            match (holds.is_text(), holds.is_flag(), Cell::of(text)) {
                (true, _, _) => texts.push(text.to_string()),
                (_, true, Cell::Flag(flag)) => flags.push(flag),
                (_, false, Cell::Flag(flag)) => numbers.push(f64::from(u8::from(flag))),
                (_, false, Cell::Number(number)) => numbers.push(number),
                (_, false, Cell::Empty) => numbers.push(f64::NAN),
                _ => {
                    let error = DataError::new(format!("column `{name}`"), "the same cells as before", "others");
                    let hint = "the file was changed while it was read; start again";
                    return Err(FormatError::data(&self.path, error.hint(hint)));
                }
            }
        }
        Ok(Some(match (holds.is_text(), holds.is_flag()) {
            (true, _) => NpyArray::of_texts(texts),
            (_, true) => NpyArray::of_flags(flags),
            _ => NpyArray::of_numbers(&numbers),
        }))
    }
}
