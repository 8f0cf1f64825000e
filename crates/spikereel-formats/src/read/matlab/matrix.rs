//! A matrix element as a value, nested ones too. An error carries the path to where it lies: `trialInfo(2).cue{3}`.

use super::array::ArrayStart;
use super::class::MatClass;
use super::element::{
    Element, Elements, Endian, INT8, INT32, MATRIX, N_TAG_BYTES, UINT8, UINT32, UTF8, damaged, label,
};
use super::inflate::reserved;
use super::numbers::{Numbers, Stored, values};
use super::sparse::MatSparse;
use super::text;
use super::value::MatValue;
use spikereel_data::DataError;

/// Cells in cells, structures in structures: no deeper than this.
pub(super) const MAX_DEPTH: usize = 64;

/// An error and the path to it, below the variable.
#[derive(Debug)]
pub(super) struct Fault {
    pub path: String,
    pub error: DataError,
}

impl From<DataError> for Fault {
    fn from(error: DataError) -> Self {
        Self { path: String::new(), error }
    }
}

impl Fault {
    /// The same below a part: `{3}`, `(2).cue`.
    pub(super) fn within(mut self, part: &str) -> Self {
        self.path.insert_str(0, part);
        self
    }
}

type Result<T> = std::result::Result<T, Fault>;

/// Reads one variable.
pub(super) struct MatrixReader {
    endian: Endian,
    /// Cells, fields and rows of text that may still be made: each costs more memory than its 8 bytes in the file.
    n_values_left: usize,
    n_values_max: usize,
}

impl MatrixReader {
    pub(super) fn new(endian: Endian, n_values_max: usize) -> Self {
        Self { endian, n_values_left: n_values_max, n_values_max }
    }

    /// The value in the bytes behind a matrix tag, `depth` levels below the variable.
    pub(super) fn value(&mut self, bytes: &[u8], depth: usize) -> Result<MatValue> {
        if depth > MAX_DEPTH {
            return Err(damaged("nesting", format!("at most {MAX_DEPTH} levels"), "more").into());
        }
        if bytes.is_empty() {
            // How MATLAB stores `[]` in a cell or field.
            return Ok(MatValue::Numeric { dims: vec![0, 0], real: Numbers::F64(Vec::new()), imag: None });
        }
        let mut elements = Elements::new(bytes, self.endian);
        let start = ArrayStart::take(&mut elements)?;
        match start.class {
            MatClass::Cell => self.cell(start, elements, depth),
            MatClass::Struct => self.structure(start, elements, depth),
            MatClass::Char => self.characters(start, elements),
            MatClass::Sparse => Ok(MatValue::Sparse(MatSparse::take(&start, &mut elements)?)),
            MatClass::Unsupported(class) => Ok(MatValue::Unsupported { class }),
            _ => numeric(start, elements),
        }
    }

    fn cell(&mut self, start: ArrayStart, mut elements: Elements<'_>, depth: usize) -> Result<MatValue> {
        let n_values = start.n_values()?;
        self.account("cells", n_values, 1, &elements)?;
        let mut values = reserved(n_values as u64)?;
        for at in 1..=n_values {
            values.push(self.nested(&mut elements, depth).map_err(|fault| fault.within(&format!("{{{at}}}")))?);
        }
        Ok(MatValue::Cell { dims: start.dims, values })
    }

    fn structure(&mut self, start: ArrayStart, mut elements: Elements<'_>, depth: usize) -> Result<MatValue> {
        let n_values = start.n_values()?;
        let names = field_names(&mut elements)?;
        self.account("structures", n_values, names.len(), &elements)?;
        let mut fields: Vec<(String, Vec<MatValue>)> = Vec::new();
        for name in names {
            fields.push((label(name), reserved(n_values as u64)?));
        }
        // Structures without fields take no bytes, so that any number may be declared: there is nothing to walk over.
        for at in 1..=if fields.is_empty() { 0 } else { n_values } {
            for (name, values) in &mut fields {
                let part = || {
                    let name = name.escape_debug();
                    if n_values == 1 { format!(".{name}") } else { format!("({at}).{name}") }
                };
                values.push(self.nested(&mut elements, depth).map_err(|fault| fault.within(&part()))?);
            }
        }
        Ok(MatValue::Struct { dims: start.dims, fields })
    }

    fn characters(&mut self, start: ArrayStart, mut elements: Elements<'_>) -> Result<MatValue> {
        let n_values = start.n_values()?;
        self.spend("rows of text", if n_values == 0 { 0 } else { n_values / start.dims[1] })?;
        let element = values_of(&mut elements, "text", n_values)?;
        let rows = text::rows(&start.dims, n_values, element, self.endian)?;
        Ok(MatValue::Char { dims: start.dims, rows })
    }

    fn nested(&mut self, elements: &mut Elements<'_>, depth: usize) -> Result<MatValue> {
        let element = elements.next("value")?.of_kind("value", &[MATRIX])?;
        self.value(element.bytes, depth + 1)
    }

    /// Checks that so many nested values can be there, before room is made for them.
    fn account(&mut self, what: &str, n_values: usize, n_fields: usize, elements: &Elements<'_>) -> Result<()> {
        let n_possible = elements.n_left() / N_TAG_BYTES;
        match n_values.checked_mul(n_fields) {
            Some(n_nested) if n_nested <= n_possible => self.spend(what, n_nested.max(n_fields)),
            _ => {
                let expected = format!("at most {n_possible} values in the {} bytes that are left", elements.n_left());
                Err(damaged(what, expected, format!("{n_values} of {n_fields}")).into())
            }
        }
    }

    fn spend(&mut self, what: &str, n_values: usize) -> Result<()> {
        match self.n_values_left.checked_sub(n_values) {
            Some(left) => self.n_values_left = left,
            None => {
                let expected = format!("at most {} cells, fields and rows of text in one variable", self.n_values_max);
                let error = DataError::new(what, expected, "more");
                return Err(error.hint("save the data as arrays of numbers, or in several variables").into());
            }
        }
        Ok(())
    }
}

fn numeric(start: ArrayStart, mut elements: Elements<'_>) -> Result<MatValue> {
    let n_values = start.n_values()?;
    let endian = elements.endian;
    let mut part = |what| -> Result<Stored<'_>> {
        Ok(Stored { what, element: values_of(&mut elements, what, n_values)?, n_values, endian })
    };
    if start.class == MatClass::Logical {
        let stored = part("values")?;
        // One byte each as a rule; MATLAB 5 wrote doubles.
        let values = if stored.element.kind == UINT8 {
            values::<u8>(stored)?.into_iter().map(|value| value != 0).collect()
        } else {
            values::<f64>(stored)?.into_iter().map(|value| value != 0.0).collect()
        };
        return Ok(MatValue::Logical { dims: start.dims, values });
    }
    let real = Numbers::decode(&start.class, part("real parts")?)?;
    let imag = if start.is_complex { Some(Numbers::decode(&start.class, part("imaginary parts")?)?) } else { None };
    Ok(MatValue::Numeric { dims: start.dims, real, imag })
}

/// The element of values; an array without values may end before it.
fn values_of<'a>(elements: &mut Elements<'a>, what: &str, n_values: usize) -> Result<Element<'a>> {
    if n_values == 0 && elements.n_left() == 0 {
        return Ok(Element { kind: UINT8, bytes: &[] });
    }
    Ok(elements.next(what)?)
}

/// The names as they stand, padded; none where no bytes are given to them.
fn field_names<'a>(elements: &mut Elements<'a>) -> Result<std::slice::ChunksExact<'a, u8>> {
    let what = "field names";
    let width = elements.next(what)?.of_kind(what, &[INT32, UINT32])?;
    let n_bytes_each = elements.endian.words::<4>(width.bytes).next().unwrap_or_default() as usize;
    let names = elements.next(what)?.of_kind(what, &[INT8, UINT8, UTF8])?.bytes;
    if !names.is_empty() && (n_bytes_each == 0 || names.len() % n_bytes_each != 0) {
        let expected = format!("names of {n_bytes_each} bytes each");
        return Err(damaged(what, expected, format!("{} bytes", names.len())).into());
    }
    Ok(names.chunks_exact(n_bytes_each.max(1)))
}
