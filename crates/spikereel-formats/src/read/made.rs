//! Arrays that were not read from a npy file: columns of a table and values of a MATLAB file.

use super::array::NpyArray;
use super::header::{Dtype, Kind};
use super::matlab::{MatSparse, MatValue, Numbers};
use spikereel_data::{DataError, Result};

/// A sparse matrix is written out up to this size, in bytes.
const MAX_FULL_BYTES: usize = 1 << 30;

impl NpyArray {
    /// Numbers along one axis.
    pub(crate) fn of_numbers(values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::made(Kind::Float, 8, vec![values.len()], bytes)
    }

    /// Truth values along one axis.
    pub(crate) fn of_flags(values: Vec<bool>) -> Self {
        Self::made(Kind::Bool, 1, vec![values.len()], values.into_iter().map(u8::from).collect())
    }

    /// Text along one axis.
    pub(crate) fn of_texts(texts: Vec<String>) -> Self {
        let n_wide = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
        let mut array = Self::made(Kind::Text, n_wide.saturating_mul(4), vec![texts.len()], Vec::new());
        array.texts = Some(texts);
        array
    }

    /// A value of a MATLAB file, with MATLAB's axes. A matrix of characters is one text a row, without the spaces that pad it; a cell
    /// array holds texts, or single numbers.
    ///
    /// # Errors
    /// Complex numbers, a sparse matrix too large to write out, structures, cells that hold something else.
    pub(crate) fn of_matlab(value: &MatValue) -> Result<Self> {
        let array = match value {
            MatValue::Numeric { imag: Some(_), .. } => {
                return Err(DataError::new("values", "real numbers", "complex numbers")
                    .hint("save real and imaginary parts as two variables"));
            }
            MatValue::Numeric { dims, real, imag: None } => of_matlab_numbers(dims, real),
            MatValue::Logical { dims, values } => Self::of_flags(values.clone()).with_matlab_dims(dims.clone()),
            MatValue::Char { dims, rows } => of_rows(dims, rows),
            MatValue::Cell { dims, values } => {
                let values: Vec<&MatValue> = values.iter().collect();
                Self::of_matlab_values(dims.clone(), &values)?
            }
            MatValue::Sparse(sparse) => full(sparse)?,
            MatValue::Struct { fields, .. } => {
                let names: Vec<String> = fields.iter().map(|(name, _)| format!("`{}`", name.escape_debug())).collect();
                return Err(DataError::new("class", "an array", "a struct")
                    .hint(format!("name one of its fields behind a dot: {}", names.join(", "))));
            }
            MatValue::Unsupported { class } => {
                return Err(DataError::new(
                    "class",
                    "numbers, logical, char, cell or struct",
                    class.escape_debug().to_string(),
                )
                .hint("convert it in MATLAB before saving, such as by cellstr or table2struct"));
            }
        };
        Ok(array)
    }

    /// One value a place: texts, or single numbers; an empty value is an empty text or NaN.
    ///
    /// # Errors
    /// Names the first place that holds something else than the others, counted from 1 as MATLAB does.
    pub(crate) fn of_matlab_values(dims: Vec<usize>, values: &[&MatValue]) -> Result<Self> {
        let is_empty = |value: &MatValue| value.dims().contains(&0);
        let refuse = |at: usize, value: &MatValue, expected: &str| {
            let got = format!("{} {:?} at place {}", value.class(), value.dims(), at + 1);
            Err(DataError::new("values", expected, got).hint("store one value a place"))
        };
        let first = values.iter().find(|value| !is_empty(value));
        if first.is_none_or(|value| matches!(value, MatValue::Char { .. })) {
            let mut texts = Vec::with_capacity(values.len());
            for (at, value) in values.iter().enumerate() {
                match value.text() {
                    Some(text) => texts.push(text.to_string()),
                    None if is_empty(value) => texts.push(String::new()),
                    None => return refuse(at, value, "one text a place"),
                }
            }
            return Ok(Self::of_texts(texts).with_matlab_dims(dims));
        }
        let mut numbers = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            let single = matches!(value, MatValue::Numeric { .. } | MatValue::Logical { .. }).then(|| value.to_f64());
            match single.transpose()?.as_deref() {
                Some([number]) => numbers.push(*number),
                Some([]) => numbers.push(f64::NAN),
                _ => return refuse(at, value, "one number a place, or one text a place"),
            }
        }
        Ok(Self::of_numbers(&numbers).with_matlab_dims(dims))
    }

    /// The array with `n_axes` axes where MATLAB alone is why it has others: one axis of a row or a column, further ones of length 1
    /// behind the last.
    pub(crate) fn with_axes(mut self, n_axes: usize) -> Self {
        if self.loose_axes {
            let is_vector = self.shape.iter().filter(|&&len| len != 1).count() <= 1 || self.shape == [0, 0];
            if n_axes == 1 && is_vector {
                self.shape = vec![self.n_values()];
            }
            self.shape.extend(std::iter::repeat_n(1, n_axes.saturating_sub(self.shape.len())));
        }
        self
    }

    /// Values as little-endian bytes in C order.
    pub(crate) fn made(kind: Kind, size: usize, shape: Vec<usize>, bytes: Vec<u8>) -> Self {
        let descr = match kind {
            Kind::Bool => "|b1".into(),
            Kind::Text => format!("<U{}", size / 4),
            Kind::Bytes => format!("|S{size}"),
            Kind::Int => format!("<i{size}"),
            Kind::Uint => format!("<u{size}"),
            Kind::Float => format!("<f{size}"),
        };
        let dtype = Dtype { kind, size, big_endian: false };
        Self { dtype, descr, shape, fortran_order: false, bytes, texts: None, loose_axes: false }
    }

    /// The same values with the axes of a MATLAB array, the first fastest.
    fn with_matlab_dims(mut self, dims: Vec<usize>) -> Self {
        (self.shape, self.fortran_order, self.loose_axes) = (dims, true, true);
        self
    }
}

fn of_matlab_numbers(dims: &[usize], numbers: &Numbers) -> NpyArray {
    macro_rules! bytes {
        ($values:expr) => {
            $values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
    }
    let (kind, size, bytes) = match numbers {
        Numbers::F64(values) => (Kind::Float, 8, bytes!(values)),
        Numbers::F32(values) => (Kind::Float, 4, bytes!(values)),
        Numbers::I8(values) => (Kind::Int, 1, bytes!(values)),
        Numbers::U8(values) => (Kind::Uint, 1, values.clone()),
        Numbers::I16(values) => (Kind::Int, 2, bytes!(values)),
        Numbers::U16(values) => (Kind::Uint, 2, bytes!(values)),
        Numbers::I32(values) => (Kind::Int, 4, bytes!(values)),
        Numbers::U32(values) => (Kind::Uint, 4, bytes!(values)),
        Numbers::I64(values) => (Kind::Int, 8, bytes!(values)),
        Numbers::U64(values) => (Kind::Uint, 8, bytes!(values)),
    };
    NpyArray::made(kind, size, Vec::new(), bytes).with_matlab_dims(dims.to_vec())
}

/// The rows of a matrix of characters; their axis of characters is gone.
fn of_rows(dims: &[usize], rows: &[String]) -> NpyArray {
    let mut dims: Vec<usize> = dims.iter().enumerate().filter(|(axis, _)| *axis != 1).map(|(_, len)| *len).collect();
    let mut texts: Vec<String> = rows.iter().map(|row| row.trim_end_matches(' ').to_string()).collect();
    // Rows of no characters are not listed.
    let n_rows = dims.iter().try_fold(1_usize, |n, &len| n.checked_mul(len)).unwrap_or(0);
    if texts.len() != n_rows {
        texts.clear();
        dims = vec![0];
    }
    dims.resize(dims.len().max(2), 1);
    NpyArray::of_texts(texts).with_matlab_dims(dims)
}

fn full(sparse: &MatSparse) -> Result<NpyArray> {
    let [n_rows, n_columns] = sparse.dims;
    if sparse.imag.is_some() {
        return Err(DataError::new("values", "real numbers", "complex numbers")
            .hint("save real and imaginary parts as two variables"));
    }
    let n_values = n_rows.checked_mul(n_columns).filter(|n| *n <= MAX_FULL_BYTES / 8);
    let Some(n_values) = n_values else {
        let expected = format!("a sparse matrix of at most {MAX_FULL_BYTES} bytes when written out");
        return Err(DataError::new("size", expected, format!("{n_rows} x {n_columns}"))
            .hint("save it in parts, or spike times instead of counts"));
    };
    let mut values = vec![0.0; n_values];
    for column in 0..n_columns {
        for at in sparse.starts[column] as usize..sparse.starts[column + 1] as usize {
            values[column * n_rows + sparse.row_idx[at] as usize] += sparse.real[at];
        }
    }
    Ok(NpyArray::of_numbers(&values).with_matlab_dims(vec![n_rows, n_columns]))
}
