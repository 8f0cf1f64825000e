//! What is handed out: a value with everything nested in it.

use super::class::MatClass;
use super::numbers::Numbers;
use super::sparse::MatSparse;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use spikereel_data::{DataError, Result};

/// A value of a MATLAB file.
///
/// `dims` are the lengths of the axes, at least two. Values stand column-major: the first axis varies fastest, so that the value
/// at row `r` and column `c` of `dims` `[n_rows, n_columns]` is at `r + n_rows * c`.
#[derive(Debug, Clone, PartialEq)]
pub enum MatValue {
    /// An array of numbers, of the class that [`Numbers::class`] says.
    Numeric {
        /// Lengths of the axes.
        dims: Vec<usize>,
        /// Real parts, column-major.
        real: Numbers,
        /// Imaginary parts, column-major; `None` of a real array.
        imag: Option<Numbers>,
    },
    /// An array of truth values.
    Logical {
        /// Lengths of the axes.
        dims: Vec<usize>,
        /// The values, column-major.
        values: Vec<bool>,
    },
    /// An array of characters.
    Char {
        /// Lengths of the axes, in characters as MATLAB counts them (UTF-16) or scipy (Unicode).
        dims: Vec<usize>,
        /// What stands along the second axis, for each place of the others, the first fastest: the rows of a matrix, with the spaces
        /// that pad them. Empty where there are no characters.
        rows: Vec<String>,
    },
    /// A cell array.
    Cell {
        /// Lengths of the axes.
        dims: Vec<usize>,
        /// What the cells hold, column-major.
        values: Vec<MatValue>,
    },
    /// A structure (`dims` `[1, 1]`) or an array of them.
    Struct {
        /// Lengths of the axes.
        dims: Vec<usize>,
        /// Name of each field and its value in every structure, column-major. MATLAB 6 and before cut long names, so that a name may
        /// occur twice.
        fields: Vec<(String, Vec<MatValue>)>,
    },
    /// A sparse matrix.
    Sparse(MatSparse),
    /// Something that was stepped over.
    Unsupported {
        /// What it is, such as `function handle`.
        class: String,
    },
}

impl MatValue {
    /// The class.
    pub fn class(&self) -> MatClass {
        match self {
            Self::Numeric { real, .. } => real.class(),
            Self::Logical { .. } => MatClass::Logical,
            Self::Char { .. } => MatClass::Char,
            Self::Cell { .. } => MatClass::Cell,
            Self::Struct { .. } => MatClass::Struct,
            Self::Sparse(_) => MatClass::Sparse,
            Self::Unsupported { class } => MatClass::Unsupported(class.clone()),
        }
    }

    /// Lengths of the axes; none of what was stepped over.
    pub fn dims(&self) -> &[usize] {
        match self {
            Self::Numeric { dims, .. }
            | Self::Logical { dims, .. }
            | Self::Char { dims, .. }
            | Self::Cell { dims, .. }
            | Self::Struct { dims, .. } => dims,
            Self::Sparse(sparse) => &sparse.dims,
            Self::Unsupported { .. } => &[],
        }
    }

    /// The text of a character array of one row, or of none (empty).
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Char { rows, .. } if rows.len() <= 1 => Some(rows.first().map_or("", String::as_str)),
            _ => None,
        }
    }

    /// A field of a structure: its value in every structure, column-major. The first of that name.
    pub fn field(&self, name: &str) -> Option<&[MatValue]> {
        match self {
            Self::Struct { fields, .. } => {
                fields.iter().find(|(other, _)| other == name).map(|(_, values)| values.as_slice())
            }
            _ => None,
        }
    }

    /// The values of a cell array, column-major.
    pub fn cells(&self) -> Option<&[MatValue]> {
        match self {
            Self::Cell { values, .. } => Some(values),
            _ => None,
        }
    }

    /// Real numbers or truth values as f64, column-major.
    ///
    /// # Errors
    /// Another class, complex numbers, or a whole number that f64 cannot hold exactly.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        match self {
            Self::Numeric { real, imag: None, .. } => real.to_f64(),
            Self::Logical { values, .. } => Ok(values.iter().map(|value| f64::from(u8::from(*value))).collect()),
            Self::Numeric { .. } => Err(DataError::new("values", "real numbers", "complex numbers")),
            other => Err(DataError::new("class", "numbers or logical", other.class().to_string())),
        }
    }

    /// The same as an array with the axes of the file, so that `array[[r, c]]` is MATLAB's `(r + 1, c + 1)`.
    ///
    /// # Errors
    /// As of [`MatValue::to_f64`].
    pub fn to_array(&self) -> Result<ArrayD<f64>> {
        let values = self.to_f64()?;
        ArrayD::from_shape_vec(IxDyn(self.dims()).f(), values)
            .map_err(|error| DataError::new("axes", "lengths that fit the values", error.to_string()))
    }
}
