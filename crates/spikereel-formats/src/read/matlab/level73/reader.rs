//! Values by class, nested ones too. Every value is accounted for before it is read, and references that lead back to where they came
//! from are refused.

use super::object::{Object, Stored, axes};
use super::stored::Packed;
use crate::FormatError;
use crate::read::hdf::{Dtype, HdfDataset, HdfFile};
use crate::read::matlab::class::MatClass;
use crate::read::matlab::element::damaged;
use crate::read::matlab::inflate::reserved;
use crate::read::matlab::matrix::{Fault, MAX_DEPTH};
use crate::read::matlab::numbers::Numbers;
use crate::read::matlab::sparse::{Places, first};
use crate::read::matlab::text;
use crate::read::matlab::value::MatValue;
use crate::read::matlab::variable::MatLimits;
use spikereel_data::DataError;
use std::collections::HashSet;

type Result<T> = std::result::Result<T, Fault>;

/// Reads one variable.
pub(super) struct Reader<'a> {
    file: &'a HdfFile,
    limits: MatLimits,
    n_values_left: usize,
    n_bytes_left: u64,
    /// Paths of the values around the one that is read.
    around: Vec<String>,
    /// Paths of all values that hold anything.
    seen: HashSet<String>,
    n_repeats_left: usize,
    n_repeated_bytes_left: u64,
}

/// MATLAB writes an object for every value, so what is referred to again and again is a bomb: a few objects that refer to each other, or to one
/// large one, stand for any number of values, and each takes a look into the file. Empty ones may be shared by all.
const MAX_REPEATS: usize = 1_000;
const MAX_REPEATED_BYTES: u64 = 64 << 20;

impl From<FormatError> for Fault {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Data(error) => error.into(),
            other => DataError::new("file", "one that can be read", other.to_string()).into(),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a HdfFile, limits: MatLimits) -> Self {
        let (n_values_left, n_bytes_left) = (limits.values, limits.variable_bytes);
        Self {
            file,
            limits,
            n_values_left,
            n_bytes_left,
            around: Vec::new(),
            seen: HashSet::new(),
            n_repeats_left: MAX_REPEATS,
            n_repeated_bytes_left: MAX_REPEATED_BYTES,
        }
    }

    /// The value at a path.
    pub(super) fn value(&mut self, path: &str) -> Result<MatValue> {
        if self.around.len() > MAX_DEPTH {
            return Err(damaged("nesting", format!("at most {MAX_DEPTH} levels"), "more").into());
        }
        if self.around.iter().any(|other| other == path) {
            return Err(damaged("references", "ones that do not lead back", format!("`{path}`")).into());
        }
        let object = Object::open(self.file, path)?;
        if !object.is_empty && !self.seen.insert(path.to_string()) {
            self.repeat(path, &object)?;
        }
        self.around.push(path.to_string());
        let value = match object.stored {
            Stored::Fields { names, are_references: false } => self.structure(path, names),
            Stored::Fields { names, are_references: true } => self.structures(path, object.dims, names),
            Stored::Sparse { is_logical } => self.sparse(path, [object.dims[0], object.dims[1]], is_logical),
            Stored::Nothing => Ok(unsupported(object.class)),
            Stored::Dataset(dataset) if object.is_empty => empty(object.class, object.dims, &dataset),
            Stored::Dataset(dataset) => self.array(object.class, object.dims, &dataset),
        }?;
        self.around.pop();
        Ok(value)
    }

    fn array(&mut self, class: MatClass, dims: Vec<usize>, dataset: &HdfDataset<'_>) -> Result<MatValue> {
        if let MatClass::Unsupported(_) = class {
            return Ok(unsupported(class));
        }
        self.spend_bytes(dataset)?;
        match class {
            MatClass::Cell => {
                let values = self.targets(dataset, "cells", |at| format!("{{{at}}}"))?;
                Ok(MatValue::Cell { dims, values })
            }
            MatClass::Char => {
                let (packed, _) = Packed::parts(dataset.dtype(), dataset.raw()?)?;
                let n_values = if dims.contains(&0) { 0 } else { dims.iter().product() };
                self.spend("rows of text", if n_values == 0 { 0 } else { n_values / dims[1] })?;
                let rows = text::rows(&dims, n_values, packed.element(), packed.endian())?;
                Ok(MatValue::Char { dims, rows })
            }
            MatClass::Logical => {
                let values = match dataset.dtype() {
                    Dtype::Bool { .. } => dataset.bools()?,
                    dtype => {
                        let (packed, _) = Packed::parts(dtype, dataset.raw()?)?;
                        packed.numbers::<f64>("values")?.into_iter().map(|value| value != 0.0).collect()
                    }
                };
                Ok(MatValue::Logical { dims, values })
            }
            MatClass::Struct => Err(dataset.fault("structures by field", "a dataset").into()),
            class => {
                let (real, imag) = Packed::parts(dataset.dtype(), dataset.raw()?)?;
                let decoded = |packed: &Packed, what| Numbers::decode(&class, packed.stored(what));
                let imag = imag.map(|imag| decoded(&imag, "imaginary parts")).transpose()?;
                Ok(MatValue::Numeric { dims, real: decoded(&real, "real parts")?, imag })
            }
        }
    }

    fn structure(&mut self, path: &str, names: Vec<String>) -> Result<MatValue> {
        self.spend("fields", names.len())?;
        let mut fields = Vec::new();
        for name in names {
            let value = self.value(&format!("{path}/{name}"));
            let value = value.map_err(|fault| fault.within(&format!(".{}", name.escape_debug())))?;
            fields.push((name, vec![value]));
        }
        Ok(MatValue::Struct { dims: vec![1, 1], fields })
    }

    fn structures(&mut self, path: &str, dims: Vec<usize>, names: Vec<String>) -> Result<MatValue> {
        let mut fields = Vec::new();
        for name in names {
            let dataset = self.file.dataset(&format!("{path}/{name}"))?;
            let shown = name.escape_debug().to_string();
            if axes(dataset.shape()) != dims {
                let got = format!("{:?}", axes(dataset.shape()));
                return Err(
                    damaged(&format!("field `{shown}`, axes"), format!("{dims:?}, as other fields have"), got).into()
                );
            }
            self.spend_bytes(&dataset)?;
            let values = self.targets(&dataset, "structures", |at| format!("({at}).{shown}"))?;
            fields.push((name, values));
        }
        Ok(MatValue::Struct { dims, fields })
    }

    /// The values that a dataset refers to.
    fn targets(
        &mut self,
        dataset: &HdfDataset<'_>,
        what: &str,
        part: impl Fn(usize) -> String,
    ) -> Result<Vec<MatValue>> {
        let n_values = (dataset.n_bytes() / 8) as usize;
        self.spend(what, n_values)?;
        let targets = dataset.targets()?;
        let mut values = reserved(targets.len() as u64)?;
        for (at, target) in targets.into_iter().enumerate() {
            let value = match target {
                Some(target) => self.value(&target),
                None => Err(damaged("reference", "one to an object of this file", "another").into()),
            };
            values.push(value.map_err(|fault| fault.within(&part(at + 1)))?);
        }
        Ok(values)
    }

    fn sparse(&mut self, path: &str, dims: [usize; 2], is_logical: bool) -> Result<MatValue> {
        let starts = self.whole_numbers(&self.file.dataset(&format!("{path}/jc"))?, "column starts")?;
        // Without values, MATLAB stores neither rows nor values.
        let row_idx = match self.file.find(&format!("{path}/ir"))? {
            Some(dataset) => self.whole_numbers(&dataset, "rows")?,
            None => Vec::new(),
        };
        let places = Places::checked(dims, starts, row_idx)?;
        let n_values = places.row_idx.len();
        let (real, imag) = match self.file.find(&format!("{path}/data"))? {
            Some(dataset) => {
                self.spend_bytes(&dataset)?;
                let (real, imag) = Packed::parts(dataset.dtype(), dataset.raw()?)?;
                let imag = imag.map(|imag| first(imag.numbers("imaginary parts")?, n_values, "imaginary parts"));
                (first(real.numbers("values")?, n_values, "values")?, imag.transpose()?)
            }
            None => (first(Vec::new(), n_values, "values")?, None),
        };
        Ok(MatValue::Sparse(places.with(real, imag, is_logical)))
    }

    fn whole_numbers(&mut self, dataset: &HdfDataset<'_>, what: &str) -> Result<Vec<u32>> {
        self.spend_bytes(dataset)?;
        let (packed, _) = Packed::parts(dataset.dtype(), dataset.raw()?)?;
        Ok(packed.numbers(what)?)
    }

    /// Accounts for an object that was read before.
    fn repeat(&mut self, path: &str, object: &Object<'_>) -> Result<()> {
        let n_bytes = if let Stored::Dataset(dataset) = &object.stored { dataset.n_bytes() } else { 0 };
        match (self.n_repeats_left.checked_sub(1), self.n_repeated_bytes_left.checked_sub(n_bytes)) {
            (Some(n_repeats), Some(n_bytes)) => {
                (self.n_repeats_left, self.n_repeated_bytes_left) = (n_repeats, n_bytes);
                Ok(())
            }
            _ => {
                let most =
                    format!("{MAX_REPEATS} of {} MiB to values that were referred to before", MAX_REPEATED_BYTES >> 20);
                Err(damaged("references", format!("at most {most}"), format!("more, the last to `{path}`")).into())
            }
        }
    }

    fn spend_bytes(&mut self, dataset: &HdfDataset<'_>) -> Result<()> {
        match self.n_bytes_left.checked_sub(dataset.n_bytes()) {
            Some(left) => self.n_bytes_left = left,
            None => {
                let expected = format!("at most {} bytes in one variable", self.limits.variable_bytes);
                return Err(DataError::new("size", expected, "more").hint("save the data in parts").into());
            }
        }
        Ok(())
    }

    fn spend(&mut self, what: &str, n_values: usize) -> Result<()> {
        match self.n_values_left.checked_sub(n_values) {
            Some(left) => self.n_values_left = left,
            None => {
                let expected = format!("at most {} cells, fields and rows of text in one variable", self.limits.values);
                let error = DataError::new(what, expected, "more");
                return Err(error.hint("save the data as arrays of numbers, or in several variables").into());
            }
        }
        Ok(())
    }
}

fn unsupported(class: MatClass) -> MatValue {
    match class {
        MatClass::Unsupported(class) => MatValue::Unsupported { class },
        class => MatValue::Unsupported { class: class.to_string() },
    }
}

/// An array without values, of which the file holds axes alone; also structures without fields, of any number.
fn empty(class: MatClass, dims: Vec<usize>, dataset: &HdfDataset<'_>) -> Result<MatValue> {
    if let MatClass::Unsupported(_) = class {
        return Ok(unsupported(class));
    }
    let names =
        if class == MatClass::Struct { dataset.texts_attr("MATLAB_fields").unwrap_or_default() } else { Vec::new() };
    if !dims.contains(&0) && (class != MatClass::Struct || !names.is_empty()) {
        return Err(damaged("axes", "one of length 0, as the array is said to be empty", format!("{dims:?}")).into());
    }
    Ok(match class {
        MatClass::Cell => MatValue::Cell { dims, values: Vec::new() },
        MatClass::Char => MatValue::Char { dims, rows: Vec::new() },
        MatClass::Logical => MatValue::Logical { dims, values: Vec::new() },
        MatClass::Struct => {
            MatValue::Struct { dims, fields: names.into_iter().map(|name| (name, Vec::new())).collect() }
        }
        class => {
            let nothing = Packed::parts(&Dtype::Int { size: 1, signed: false, big_endian: false }, Vec::new())?.0;
            MatValue::Numeric { dims, real: Numbers::decode(&class, nothing.stored("real parts"))?, imag: None }
        }
    })
}
