//! The variables of a MATLAB file as arrays, fields of structures by dotted names: `unitInfo.area`.

use super::array::NpyArray;
use super::header::ArrayInfo;
use super::matlab::{MatClass, MatFile, MatValue};
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// Structures up to this size, unpacked, are read to list their fields.
const MAX_LISTED_BYTES: u64 = 64 << 20;

/// An open MATLAB file.
pub(crate) struct MatArrays {
    path: PathBuf,
    file: MatFile,
    /// The structure that was read last; its other fields are often asked for next.
    last: Option<(String, MatValue)>,
}

impl MatArrays {
    /// Opens a file and lists its variables.
    ///
    /// # Errors
    /// As of [`MatFile::open`].
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_path_buf(), file: MatFile::open(path)?, last: None })
    }

    /// Whether there is such a variable, or a structure of the name before the first dot.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.split(name).is_some()
    }

    /// Reads a variable or a field.
    ///
    /// # Errors
    /// No such field; values that are no array; damage.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<NpyArray>> {
        let Some((variable, fields)) = self.split(name) else {
            return Ok(None);
        };
        let place = |path: &Path, error: DataError| {
            let field = format!("`{}`, {}", name.escape_debug(), error.field);
            FormatError::data(path, DataError { field, ..error })
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != variable) {
            self.last = Some((variable.clone(), self.file.read(&variable)?));
        }
        let Some((_, value)) = &self.last else {
            return Ok(None);
        };
        let array = field(value, &fields).map_err(|error| place(&self.path, error))?;
        if !matches!(value, MatValue::Struct { .. }) {
            self.last = None;
        }
        Ok(Some(array))
    }

    /// Variables, and fields of structures.
    ///
    /// # Errors
    /// Damage.
    pub(crate) fn list(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut listed = Vec::new();
        for variable in self.file.variables().to_vec() {
            let (name, dtype) = (variable.name.escape_debug().to_string(), variable.class.to_string());
            if variable.class == MatClass::Struct && variable.n_bytes <= MAX_LISTED_BYTES {
                let value = self.file.read(&variable.name)?;
                list_fields(&name, &value, &mut listed);
            } else {
                listed.push(ArrayInfo { name, shape: variable.dims, dtype });
            }
        }
        Ok(listed)
    }

    /// Name of the variable, and of the fields inside it.
    fn split(&self, name: &str) -> Option<(String, Vec<String>)> {
        let mut variables = self.file.variables().iter();
        if variables.any(|variable| variable.name == name) {
            return Some((name.to_string(), Vec::new()));
        }
        let (head, rest) = name.split_once('.')?;
        let mut variables = self.file.variables().iter();
        variables
            .any(|variable| variable.name == head && variable.class == MatClass::Struct)
            .then(|| (head.to_string(), rest.split('.').map(str::to_string).collect()))
    }
}

/// The array behind a chain of field names. Of an array of structures each holds one value.
fn field(value: &MatValue, names: &[String]) -> spikereel_data::Result<NpyArray> {
    let (mut values, mut dims) = (vec![value], Vec::new());
    for name in names {
        let mut inner = Vec::new();
        for outer in &values {
            let (MatValue::Struct { dims: own, .. }, Some(found)) = (outer, outer.field(name)) else {
                let listed = match outer {
                    MatValue::Struct { fields, .. } => {
                        let names: Vec<String> =
                            fields.iter().map(|(name, _)| format!("`{}`", name.escape_debug())).collect();
                        names.join(", ")
                    }
                    other => format!("none, but {}", other.class()),
                };
                return Err(DataError::new("fields", format!("one named `{}`", name.escape_debug()), listed)
                    .hint("choose one of these"));
            };
            if values.len() > 1 && found.len() != 1 {
                let got = format!("{own:?} inside another");
                return Err(DataError::new("fields", "at most one array of structs along the name", got)
                    .hint("save this field as a variable of its own"));
            }
            if values.len() == 1 {
                dims.clone_from(own);
            }
            inner.extend(found);
        }
        values = inner;
    }
    match values[..] {
        [single] => NpyArray::of_matlab(single),
        _ => NpyArray::of_matlab_values(dims, &values),
    }
}

fn list_fields(path: &str, value: &MatValue, listed: &mut Vec<ArrayInfo>) {
    match value {
        MatValue::Struct { dims, fields } => {
            for (name, values) in fields {
                let path = format!("{path}.{}", name.escape_debug());
                match values.as_slice() {
                    [single] => list_fields(&path, single, listed),
                    [first, ..] if !matches!(first, MatValue::Struct { .. }) => {
                        listed.push(ArrayInfo { name: path, shape: dims.clone(), dtype: first.class().to_string() });
                    }
                    [first, ..] => list_fields(&path, first, listed),
                    [] => {}
                }
            }
        }
        other => {
            let (shape, dtype) = (other.dims().to_vec(), other.class().to_string());
            listed.push(ArrayInfo { name: path.to_string(), shape, dtype });
        }
    }
}
