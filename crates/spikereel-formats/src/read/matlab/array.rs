//! What stands before the values of an array: flags, lengths of the axes, and its name.

use super::class::{self, MatClass};
use super::element::{Elements, INT8, INT32, UINT8, UINT32, UTF8, damaged, label};
use spikereel_data::Result;

/// More axes than numpy's limit are a sign of damage.
const MAX_AXES: usize = 64;

/// The start of an array.
#[derive(Debug)]
pub(super) struct ArrayStart {
    pub class: MatClass,
    pub is_logical: bool,
    pub is_complex: bool,
    pub name: String,
    /// Empty for an opaque object, which has none.
    pub dims: Vec<usize>,
}

impl ArrayStart {
    /// Takes flags, axes and name; of an object also the name of its class.
    pub(super) fn take(elements: &mut Elements<'_>) -> Result<Self> {
        let flags = elements.next("array flags")?.of_kind("array flags", &[UINT32, INT32])?;
        let Some(word) = elements.endian.words::<4>(flags.bytes).next().filter(|_| flags.bytes.len() == 8) else {
            return Err(damaged("array flags", "8 bytes", format!("{} bytes", flags.bytes.len())));
        };
        let (is_complex, is_logical, number) = (word & 0x800 != 0, word & 0x200 != 0, word as u8);
        let mut start = Self {
            class: MatClass::numbered(number, is_logical),
            is_logical,
            is_complex,
            name: String::new(),
            dims: Vec::new(),
        };
        if number == class::OPAQUE {
            start.name = text(elements, "name")?;
            let system = text(elements, "kind of object")?;
            let class = text(elements, "class of the object")?;
            start.class = MatClass::Unsupported(format!("opaque object `{class}` ({system})"));
            return Ok(start);
        }
        start.dims = dims(elements)?;
        start.name = text(elements, "name")?;
        if number == class::OBJECT {
            start.class = MatClass::Unsupported(format!("object `{}`", text(elements, "class of the object")?));
        }
        Ok(start)
    }

    /// Number of values.
    pub(super) fn n_values(&self) -> Result<usize> {
        if self.dims.contains(&0) {
            return Ok(0);
        }
        let product = self.dims.iter().try_fold(1_usize, |product, len| product.checked_mul(*len));
        product
            .ok_or_else(|| damaged("size", "a number of values that can be counted", format!("axes {:?}", self.dims)))
    }
}

fn dims(elements: &mut Elements<'_>) -> Result<Vec<usize>> {
    let stored = elements.next("axes")?.of_kind("axes", &[INT32, UINT32])?;
    let n_axes = stored.bytes.len() / 4;
    if !(2..=MAX_AXES).contains(&n_axes) {
        return Err(damaged("axes", format!("2 to {MAX_AXES} of them"), n_axes.to_string()));
    }
    let lengths = elements.endian.words::<4>(stored.bytes).map(|word| word as u32);
    lengths
        .map(|len| {
            let len = len.cast_signed();
            usize::try_from(len).map_err(|_| damaged("axes", "lengths from 0", len.to_string()))
        })
        .collect()
}

fn text(elements: &mut Elements<'_>, what: &str) -> Result<String> {
    Ok(label(elements.next(what)?.of_kind(what, &[INT8, UTF8, UINT8])?.bytes))
}
