//! Parquet files, where the feature `parquet` is built in: every flat column is an array.
//!
//! Missing values are NaN, or an empty text. Lists, dates and decimals are refused when they are asked for.

use super::array::NpyArray;
use super::header::ArrayInfo;
use crate::files::regular_len;
use crate::{FormatError, Result};
use parquet::basic::{LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use spikereel_data::DataError;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Values that are read at a time.
const N_AT_ONCE: usize = 1 << 16;
/// Values of a column, at most: each takes some 32 bytes on its way.
const MAX_VALUES: usize = (super::MAX_ARRAY_BYTES / 32) as usize;
/// Whole numbers above this are not all representable in f64.
const F64_EXACT: u64 = 1 << 53;

/// An open file.
pub(crate) struct ParquetTable {
    path: PathBuf,
    reader: SerializedFileReader<File>,
}

/// Values of a column, missing ones left out of none.
enum Values {
    Flags(Vec<Option<bool>>),
    Whole(Vec<Option<i128>>),
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

impl ParquetTable {
    /// Opens the file and reads its schema.
    ///
    /// # Errors
    /// Not a Parquet file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        regular_len(path)?;
        let file = File::open(path).map_err(|error| FormatError::io(path, "open it", error))?;
        let reader = SerializedFileReader::new(file)
            .map_err(|error| FormatError::data(path, DataError::new("file", "a Parquet file", error.to_string())))?;
        Ok(Self { path: path.to_path_buf(), reader })
    }

    fn columns(&self) -> impl Iterator<Item = &ColumnDescriptor> {
        self.reader.metadata().file_metadata().schema_descr().columns().iter().map(|column| &**column)
    }

    /// Whether a column has this name; parts of nested names stand behind dots.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.columns().any(|column| column.path().string() == name)
    }

    /// Names and types of the columns.
    pub(crate) fn list(&self) -> Vec<ArrayInfo> {
        let n_rows = usize::try_from(self.reader.metadata().file_metadata().num_rows()).unwrap_or_default();
        let info = |column: &ColumnDescriptor| ArrayInfo {
            name: column.path().string(),
            shape: vec![n_rows],
            dtype: column.physical_type().to_string(),
        };
        self.columns().map(info).collect()
    }

    /// Reads a column; `None` where there is none of that name.
    ///
    /// # Errors
    /// A type that is no number, truth value or text; damage.
    pub(crate) fn read(&self, name: &str) -> Result<Option<NpyArray>> {
        let Some((at, column)) = self.columns().enumerate().find(|(_, column)| column.path().string() == name) else {
            return Ok(None);
        };
        let place = |error: DataError| {
            FormatError::data(&self.path, DataError { field: format!("column `{name}`, {}", error.field), ..error })
        };
        self.values(at, column).and_then(to_array).map(Some).map_err(place)
    }

    fn values(&self, at: usize, column: &ColumnDescriptor) -> spikereel_data::Result<Values> {
        let logical = column.logical_type_ref();
        let is_plain = matches!(logical, None | Some(LogicalType::Integer { .. }));
        let mut values = match column.physical_type() {
            _ if column.max_rep_level() > 0 => return Err(refused("a list")),
            Type::BOOLEAN => Values::Flags(Vec::new()),
            Type::INT32 | Type::INT64 if is_plain => Values::Whole(Vec::new()),
            Type::FLOAT | Type::DOUBLE if is_plain => Values::Numbers(Vec::new()),
            Type::BYTE_ARRAY if matches!(logical, None | Some(LogicalType::String | LogicalType::Enum)) => {
                Values::Texts(Vec::new())
            }
            other => return Err(refused(&logical.map_or(other.to_string(), |logical| format!("{logical:?}")))),
        };
        let is_unsigned = matches!(logical, Some(LogicalType::Integer(kind)) if !kind.is_signed);
        for group in 0..self.reader.metadata().num_row_groups() {
            let group = self.reader.get_row_group(group).map_err(damaged)?;
            let reader = group.get_column_reader(at).map_err(damaged)?;
            let whole = |value: i64, unsigned: i128| if is_unsigned { unsigned } else { i128::from(value) };
            match (reader, &mut values) {
                (ColumnReader::BoolColumnReader(reader), Values::Flags(out)) => all(reader, column, out, Ok)?,
                (ColumnReader::Int32ColumnReader(reader), Values::Whole(out)) => {
                    all(reader, column, out, |value| Ok(whole(value.into(), value.cast_unsigned().into())))?;
                }
                (ColumnReader::Int64ColumnReader(reader), Values::Whole(out)) => {
                    all(reader, column, out, |value| Ok(whole(value, value.cast_unsigned().into())))?;
                }
                (ColumnReader::FloatColumnReader(reader), Values::Numbers(out)) => {
                    all(reader, column, out, |value| Ok(f64::from(value)))?;
                }
                (ColumnReader::DoubleColumnReader(reader), Values::Numbers(out)) => all(reader, column, out, Ok)?,
                (ColumnReader::ByteArrayColumnReader(reader), Values::Texts(out)) => {
                    all(reader, column, out, |bytes| {
                        String::from_utf8(bytes.data().to_vec()).map_err(|_| refused("bytes that are not UTF-8"))
                    })?;
                }
                _ => return Err(damaged("another type than the schema has")),
            }
        }
        Ok(values)
    }
}

/// All values of a row group.
fn all<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    column: &ColumnDescriptor,
    out: &mut Vec<Option<V>>,
    value: impl Fn(T::T) -> spikereel_data::Result<V>,
) -> spikereel_data::Result<()> {
    let full = column.max_def_level();
    loop {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let (n_read, _, _) = reader.read_records(N_AT_ONCE, Some(&mut levels), None, &mut values).map_err(damaged)?;
        if n_read == 0 {
            return Ok(());
        }
        if out.len() + n_read > MAX_VALUES {
            return Err(DataError::new("size", format!("at most {MAX_VALUES} values"), "more"));
        }
        let mut values = values.into_iter();
        for at in 0..n_read {
            let is_there = full == 0 || levels.get(at) == Some(&full);
            let next =
                if is_there { Some(values.next().ok_or_else(|| damaged("fewer values than rows"))?) } else { None };
            out.push(next.map(&value).transpose()?);
        }
    }
}

fn to_array(values: Values) -> spikereel_data::Result<NpyArray> {
    Ok(match values {
        Values::Flags(flags) if flags.iter().all(Option::is_some) => {
            NpyArray::of_flags(flags.into_iter().flatten().collect())
        }
        Values::Flags(flags) => {
            let number = |flag: Option<bool>| flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag)));
            NpyArray::of_numbers(&flags.into_iter().map(number).collect::<Vec<_>>())
        }
        Values::Numbers(numbers) => {
            NpyArray::of_numbers(&numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect::<Vec<_>>())
        }
        // Long identifiers keep their digits, as text.
        Values::Whole(whole) if whole.iter().flatten().any(|value| value.unsigned_abs() > F64_EXACT.into()) => {
            NpyArray::of_texts(
                whole.into_iter().map(|value| value.map_or_else(String::new, |value| value.to_string())).collect(),
            )
        }
        Values::Whole(whole) => NpyArray::of_numbers(
            &whole.into_iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect::<Vec<_>>(),
        ),
        Values::Texts(texts) => NpyArray::of_texts(texts.into_iter().map(Option::unwrap_or_default).collect()),
    })
}

fn refused(got: &str) -> DataError {
    DataError::new("type", "numbers, truth values or text", got)
        .hint("convert the column before saving, such as times to seconds as floats")
}

fn damaged(error: impl std::fmt::Display) -> DataError {
    DataError::new("values", "a column that can be read", error.to_string())
        .hint("the file is cut off or damaged; save it again")
}
