//! Sparse matrices in compressed columns, as MATLAB and scipy's `csc_matrix` keep them.

use super::array::ArrayStart;
use super::element::{Element, Elements, UINT8, damaged};
use super::numbers::{Number, Stored, n_bytes_each, values};
use spikereel_data::Result;

/// A sparse matrix by columns.
///
/// Column `c` holds the values `starts[c]..starts[c + 1]` of `real` (and `imag`), in the rows that `row_idx` has there. All other
/// entries are 0. Rows within a column rise where MATLAB wrote the file; other writers may list them in any order.
#[derive(Debug, Clone, PartialEq)]
pub struct MatSparse {
    /// Rows and columns.
    pub dims: [usize; 2],
    /// Where each column starts, and behind them the number of values.
    pub starts: Vec<u32>,
    /// The row of each value, from 0.
    pub row_idx: Vec<u32>,
    /// The values; of a logical matrix 1 (true) or 0.
    pub real: Vec<f64>,
    /// Imaginary parts of the values, where there are any.
    pub imag: Option<Vec<f64>>,
    /// Whether MATLAB has it as `logical`.
    pub is_logical: bool,
}

impl MatSparse {
    /// Takes rows, column starts and values.
    pub(super) fn take(start: &ArrayStart, elements: &mut Elements<'_>) -> Result<Self> {
        let &[n_rows, n_columns] = start.dims.as_slice() else {
            return Err(damaged("axes", "2 of a sparse matrix", start.dims.len().to_string()));
        };
        let row_idx: Vec<u32> = all(elements, "rows")?;
        let starts: Vec<u32> = all(elements, "column starts")?;
        let places = Places::checked([n_rows, n_columns], starts, row_idx)?;
        let n_values = places.row_idx.len();
        let mut stored = elements.next("values")?;
        if start.is_logical && stored.bytes.len() == n_values {
            // MATLAB may write logical values of one byte each and call them doubles.
            stored.kind = UINT8;
        }
        let real = first(numbers(stored, elements, "values")?, n_values, "values")?;
        let imag = match start.is_complex {
            true => Some(first(all(elements, "imaginary parts")?, n_values, "imaginary parts")?),
            false => None,
        };
        Ok(places.with(real, imag, start.is_logical))
    }
}

/// Where the values of a sparse matrix stand.
pub(super) struct Places {
    dims: [usize; 2],
    starts: Vec<u32>,
    /// As many as there are values.
    pub row_idx: Vec<u32>,
}

impl Places {
    /// Checks column starts and rows against the axes and each other.
    pub(super) fn checked([n_rows, n_columns]: [usize; 2], starts: Vec<u32>, row_idx: Vec<u32>) -> Result<Self> {
        let ends = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        if starts.len() != n_columns + 1 || starts[0] != 0 || !ends {
            let expected = format!("{} that rise from 0", n_columns + 1);
            return Err(damaged("column starts", expected, format!("{} of them, or others", starts.len())));
        }
        let row_idx = first(row_idx, starts[n_columns] as usize, "rows")?;
        if let Some(row) = row_idx.iter().find(|row| **row as usize >= n_rows) {
            return Err(damaged("rows", format!("below {n_rows}"), row.to_string()));
        }
        Ok(Self { dims: [n_rows, n_columns], starts, row_idx })
    }

    /// The matrix with these values, as many as there are places.
    pub(super) fn with(self, real: Vec<f64>, imag: Option<Vec<f64>>, is_logical: bool) -> MatSparse {
        MatSparse { dims: self.dims, starts: self.starts, row_idx: self.row_idx, real, imag, is_logical }
    }
}

/// All numbers of the next element.
fn all<T: Number>(elements: &mut Elements<'_>, what: &str) -> Result<Vec<T>> {
    numbers(elements.next(what)?, elements, what)
}

fn numbers<T: Number>(element: Element<'_>, elements: &Elements<'_>, what: &str) -> Result<Vec<T>> {
    let n_values = element.bytes.len() / n_bytes_each(element.kind).unwrap_or(1);
    values(Stored { what, element, n_values, endian: elements.endian })
}

/// The first `n_values`: room that MATLAB had set aside may follow.
pub(super) fn first<T>(mut values: Vec<T>, n_values: usize, what: &str) -> Result<Vec<T>> {
    if values.len() < n_values {
        return Err(damaged(what, format!("at least {n_values}, as the columns say"), values.len().to_string()));
    }
    values.truncate(n_values);
    Ok(values)
}
