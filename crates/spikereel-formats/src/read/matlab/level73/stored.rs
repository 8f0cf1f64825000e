//! Elements of a dataset in the form that level 5 has for them, so that both are decoded alike.

use crate::read::hdf::Dtype;
use crate::read::matlab::element::{Element, Endian, damaged};
use crate::read::matlab::numbers::{Number, Stored, values};
use spikereel_data::Result;

/// Bytes of numbers of one type.
pub(super) struct Packed {
    kind: u32,
    endian: Endian,
    bytes: Vec<u8>,
    n_values: usize,
}

impl Packed {
    /// Real parts, and imaginary ones of complex numbers.
    pub(super) fn parts(dtype: &Dtype, bytes: Vec<u8>) -> Result<(Self, Option<Self>)> {
        let Dtype::Complex { part } = dtype else { return Ok((Self::of(dtype, bytes)?, None)) };
        let width = width(part);
        let half = |skipped: usize| {
            let pairs = bytes.chunks_exact(2 * width);
            pairs.flat_map(|pair| pair[skipped..skipped + width].iter().copied()).collect()
        };
        Ok((Self::of(part, half(0))?, Some(Self::of(part, half(width))?)))
    }

    fn of(dtype: &Dtype, bytes: Vec<u8>) -> Result<Self> {
        let (kind, is_big) = match *dtype {
            Dtype::Int { size, signed, big_endian } => {
                let kind = match (size, signed) {
                    (1, true) => 1,
                    (1, false) => 2,
                    (2, true) => 3,
                    (2, false) => 4,
                    (4, true) => 5,
                    (4, false) => 6,
                    (_, true) => 12,
                    (_, false) => 13,
                };
                (kind, big_endian)
            }
            Dtype::Float { size: 4, big_endian } => (7, big_endian),
            Dtype::Float { size: 8, big_endian } => (9, big_endian),
            _ => return Err(damaged("values", "numbers that MATLAB has", dtype.to_string())),
        };
        let n_values = bytes.len() / width(dtype);
        Ok(Self { kind, endian: if is_big { Endian::Big } else { Endian::Little }, bytes, n_values })
    }

    pub(super) fn endian(&self) -> Endian {
        self.endian
    }

    pub(super) fn element(&self) -> Element<'_> {
        Element { kind: self.kind, bytes: &self.bytes }
    }

    /// The same for a decoder of level 5.
    pub(super) fn stored<'a>(&'a self, what: &'a str) -> Stored<'a> {
        Stored { what, element: self.element(), n_values: self.n_values, endian: self.endian }
    }

    /// The numbers, exactly.
    pub(super) fn numbers<T: Number>(&self, what: &str) -> Result<Vec<T>> {
        values(self.stored(what))
    }
}

fn width(dtype: &Dtype) -> usize {
    match dtype {
        Dtype::Int { size, .. } | Dtype::Float { size, .. } => *size,
        _ => 1,
    }
}
