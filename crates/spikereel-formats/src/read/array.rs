//! An array read into memory as it stands in its file, and its conversion to numbers and text. Nothing is rounded silently.

use super::header::{Dtype, Header, Kind};
use spikereel_data::{DataError, Result};
use std::io::Read;

/// Whole numbers above this are not all representable in f64.
const F64_EXACT: i128 = 1 << 53;

/// An array with its bytes as stored.
#[derive(Debug, Clone)]
pub struct NpyArray {
    pub(super) dtype: Dtype,
    pub(super) descr: String,
    pub(super) shape: Vec<usize>,
    pub(super) fortran_order: bool,
    pub(super) bytes: Vec<u8>,
    /// Text of a file that does not pad it; `bytes` is empty then.
    pub(super) texts: Option<Vec<String>>,
    /// Axes of length 1 may be left out or added, as MATLAB does by itself.
    pub(super) loose_axes: bool,
}

impl NpyArray {
    /// Reads an array of `n_total_bytes`, header included. The shape must account for exactly these bytes before any are allocated.
    pub(crate) fn read(reader: &mut impl Read, n_total_bytes: u64) -> Result<Self> {
        let header = Header::read(reader)?;
        let dtype = header.dtype()?;
        let n_bytes = header.n_values().and_then(|n| n.checked_mul(dtype.size)).map(|n| n as u64);
        let n_there = n_total_bytes.saturating_sub(header.n_header_bytes);
        if n_bytes != Some(n_there) {
            let size = n_bytes.map_or("more bytes than can be counted".to_string(), |n| format!("{n} bytes"));
            return Err(DataError::new(
                "size",
                format!("{size} for shape {:?}", header.shape),
                format!("{n_there} bytes"),
            )
            .hint("the file is cut off or damaged; save it again"));
        }
        if n_there > super::MAX_ARRAY_BYTES {
            let expected = format!("at most {} bytes in one array", super::MAX_ARRAY_BYTES);
            return Err(DataError::new("size", expected, n_there.to_string()).hint("prepare the data in parts"));
        }
        let mut bytes = Vec::new();
        let no_room = |_| DataError::new("size", "an array that fits into memory", format!("{n_there} bytes"));
        bytes.try_reserve_exact(n_there as usize).map_err(no_room)?;
        let broken = |got: String| {
            DataError::new("values", format!("{n_there} bytes"), got)
                .hint("the file is cut off or damaged; save it again")
        };
        reader.by_ref().take(n_there).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
        if bytes.len() as u64 != n_there {
            return Err(broken(bytes.len().to_string()));
        }
        // One more byte: a zip member checks its checksum at its end, and a longer one is a lie about its size.
        match reader.read(&mut [0]).map_err(|error| broken(error.to_string()))? {
            0 => {}
            _ => return Err(broken("more".into())),
        }
        let Header { descr, shape, fortran_order, .. } = header;
        Ok(Self { dtype, descr, shape, fortran_order, bytes, texts: None, loose_axes: false })
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Element type as numpy writes it.
    pub fn descr(&self) -> &str {
        &self.descr
    }

    /// Whether elements are text.
    pub fn is_text(&self) -> bool {
        matches!(self.dtype.kind, Kind::Text | Kind::Bytes)
    }

    /// Distance, in elements, between neighbors along each axis.
    pub(crate) fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1_usize; self.shape.len()];
        let axes: Vec<usize> =
            if self.fortran_order { (0..self.shape.len()).collect() } else { (0..self.shape.len()).rev().collect() };
        for pair in axes.windows(2) {
            // Saturating: with an axis of length 0 the product of the others may overflow, and is not used.
            strides[pair[1]] = strides[pair[0]].saturating_mul(self.shape[pair[0]]);
        }
        strides
    }

    /// The stored bytes, where an element is one byte and means a whole number from 0 to 255.
    pub(crate) fn as_u8(&self) -> Option<&[u8]> {
        let one_byte = matches!((self.dtype.kind, self.dtype.size), (Kind::Uint, 1) | (Kind::Bool, _));
        one_byte.then_some(self.bytes.as_slice())
    }

    /// Number of elements.
    pub(crate) fn n_values(&self) -> usize {
        self.texts.as_ref().map_or(self.bytes.len() / self.dtype.size, Vec::len)
    }

    /// The element at a place in storage order, as a number; `None` for text and for whole numbers beyond 2^53.
    pub(crate) fn number(&self, at: usize) -> Option<f64> {
        let size = self.dtype.size;
        if self.is_text() {
            return None;
        }
        let mut raw = [0_u8; 8];
        let stored = &self.bytes[at * size..(at + 1) * size];
        raw[..size].copy_from_slice(stored);
        if self.dtype.big_endian {
            raw[..size].reverse();
        }
        let bits = u64::from_le_bytes(raw);
        let exact = |value: i128| (value.abs() <= F64_EXACT).then_some(value as f64);
        match (self.dtype.kind, size) {
            (Kind::Bool, _) => Some(if bits == 0 { 0.0 } else { 1.0 }),
            (Kind::Uint, _) => exact(i128::from(bits)),
            (Kind::Int, _) => {
                let shift = 64 - 8 * size as u32;
                exact(i128::from((bits << shift).cast_signed() >> shift))
            }
            (Kind::Float, 8) => Some(f64::from_bits(bits)),
            (Kind::Float, 4) => Some(f64::from(f32::from_bits(bits as u32))),
            (Kind::Float, _) => Some(half(bits as u16)),
            (Kind::Text | Kind::Bytes, _) => None,
        }
    }

    /// All values as numbers, in C order.
    ///
    /// # Errors
    /// Text, or a whole number that f64 cannot hold exactly.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        if self.is_text() {
            return Err(DataError::new("dtype", "numbers", format!("text, `{}`", self.descr)));
        }
        let order: Vec<usize> = (0..self.shape.len()).collect();
        let mut values = Vec::with_capacity(self.n_values());
        let mut lost = None;
        self.for_each_in_order(&order, |at, place| match self.number(place) {
            Some(value) => values.push(value),
            None => lost = lost.or(Some(at)),
        });
        match lost {
            None => Ok(values),
            Some(at) => Err(DataError::new("values", "whole numbers up to 2^53", format!("a larger one at {at}"))),
        }
    }

    /// All values as text, in C order; whole numbers are written out.
    ///
    /// # Errors
    /// Text that is not Unicode, or numbers that are not whole.
    pub fn to_text(&self) -> Result<Vec<String>> {
        if !self.is_text() {
            let numbers = self.to_f64()?;
            return match numbers.iter().find(|number| number.fract() != 0.0 || !number.is_finite()) {
                Some(number) => Err(DataError::new("values", "text or whole numbers", number.to_string())),
                None => Ok(numbers.iter().map(|number| format!("{number:.0}")).collect()),
            };
        }
        let order: Vec<usize> = (0..self.shape.len()).collect();
        let mut texts = Vec::with_capacity(self.n_values());
        self.for_each_in_order(&order, |_, place| texts.push(self.text(place)));
        let bad = |at| DataError::new("values", "Unicode text", format!("something else at {at}"));
        texts.into_iter().enumerate().map(|(at, text)| text.ok_or_else(|| bad(at))).collect()
    }

    fn text(&self, at: usize) -> Option<String> {
        if let Some(texts) = &self.texts {
            return texts.get(at).cloned();
        }
        let stored = &self.bytes[at * self.dtype.size..(at + 1) * self.dtype.size];
        let text = if self.dtype.kind == Kind::Bytes {
            std::str::from_utf8(stored).ok()?.to_string()
        } else {
            let code = |four: &[u8]| {
                let four = [four[0], four[1], four[2], four[3]];
                if self.dtype.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
            };
            stored.chunks_exact(4).map(|four| char::from_u32(code(four))).collect::<Option<String>>()?
        };
        // numpy pads text with NUL.
        Some(text.trim_end_matches('\0').to_string())
    }
}

/// IEEE half precision.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}
