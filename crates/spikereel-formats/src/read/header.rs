//! The header of a npy array: element type, order and shape (numpy's NEP 1, versions 1 to 3).
//!
//! Parsed here and not by a general parser of Python literals, because nesting and shape are limited before anything is built from them.

use spikereel_data::{DataError, Result};
use std::io::Read;

/// numpy itself refuses headers above 10,000 characters unless told otherwise.
const MAX_HEADER_BYTES: usize = 65_536;
/// numpy's own limit.
const MAX_AXES: usize = 64;

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// Signed integer.
    Int,
    /// Unsigned integer.
    Uint,
    /// IEEE float of 2, 4 or 8 bytes.
    Float,
    /// Text, four bytes a character (`<U`).
    Text,
    /// Text, one byte a character (`|S`).
    Bytes,
}

/// The type of an array's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dtype {
    /// What an element is.
    pub kind: Kind,
    /// Bytes of an element.
    pub size: usize,
    /// Whether the most significant byte stands first.
    pub big_endian: bool,
}

/// An array in a file, without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Name in the file, or the file's stem.
    pub name: String,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Element type as numpy writes it, such as `<f4`, or MATLAB's class.
    pub dtype: String,
}

impl std::fmt::Display for ArrayInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {:?} {}", self.name, self.shape, self.dtype)
    }
}

/// A parsed header.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) descr: String,
    pub(crate) fortran_order: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes before the values.
    pub(crate) n_header_bytes: u64,
}

impl Header {
    /// Reads the header and leaves `reader` at the first value.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self> {
        let mut fixed = [0; 8];
        reader.read_exact(&mut fixed).map_err(|_| not_npy("fewer than 8 bytes"))?;
        if &fixed[..6] != b"\x93NUMPY" {
            return Err(not_npy("other first bytes"));
        }
        let n_len_bytes = match fixed[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(not_npy(&format!("version {version}"))),
        };
        let mut len = [0; 4];
        reader.read_exact(&mut len[..n_len_bytes]).map_err(|_| not_npy("a header that is cut off"))?;
        let len = u32::from_le_bytes(len) as usize;
        if len > MAX_HEADER_BYTES {
            let expected = format!("at most {MAX_HEADER_BYTES} bytes");
            return Err(DataError::new("npy header", expected, len.to_string()));
        }
        let mut text = vec![0; len];
        reader.read_exact(&mut text).map_err(|_| not_npy("a header that is cut off"))?;
        // Version 1 and 2 are Latin-1, of which only ASCII can stand in a header without field names.
        let text = std::str::from_utf8(&text).map_err(|_| not_npy("a header that is not text"))?;
        let (descr, fortran_order, shape) = parse(text)?;
        Ok(Self { descr, fortran_order, shape, n_header_bytes: (8 + n_len_bytes + len) as u64 })
    }

    /// Number of elements, if it fits.
    pub(crate) fn n_values(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |n, &len| n.checked_mul(len))
    }

    /// The element type, if it is one that is read.
    pub(crate) fn dtype(&self) -> Result<Dtype> {
        let refuse = |why: &str| {
            DataError::new("dtype", "numbers, booleans or text", format!("`{}`{why}", self.descr))
                .hint("save the array with another dtype, such as float64, int64, bool or str")
        };
        let mut rest = self.descr.chars();
        let (order, code) = (rest.next(), rest.next());
        let size: Option<usize> = rest.as_str().parse().ok();
        if code == Some('O') {
            return Err(refuse(" (Python objects, which are stored as a pickle and never executed here)"));
        }
        let (Some(order), Some(code), Some(size)) = (order, code, size) else {
            return Err(refuse(""));
        };
        let big_endian = match order {
            '<' | '|' | '=' => false,
            '>' => true,
            _ => return Err(refuse("")),
        };
        let (kind, size) = match (code, size) {
            ('b', 1) => (Kind::Bool, 1),
            ('i', 1 | 2 | 4 | 8) => (Kind::Int, size),
            ('u', 1 | 2 | 4 | 8) => (Kind::Uint, size),
            ('f', 2 | 4 | 8) => (Kind::Float, size),
            ('U', 1..=65_536) => (Kind::Text, size * 4),
            ('S', 1..=65_536) => (Kind::Bytes, size),
            _ => return Err(refuse("")),
        };
        Ok(Dtype { kind, size, big_endian })
    }
}

fn not_npy(got: &str) -> DataError {
    DataError::new("npy header", "an array as numpy.save writes it", got)
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, keys in any order.
fn parse(text: &str) -> Result<(String, bool, Vec<usize>)> {
    let bad = |what: &str| DataError::new("npy header", "descr, fortran_order and shape", what);
    let body = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let mut rest = body.ok_or_else(|| bad("no dictionary"))?.trim_start();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest).ok_or_else(|| bad("a key without quotes"))?;
        rest = after.trim_start().strip_prefix(':').ok_or_else(|| bad("a key without value"))?.trim_start();
        rest = match key {
            "descr" if rest.starts_with('[') => {
                return Err(DataError::new("dtype", "numbers, booleans or text", "a structured array")
                    .hint("save each field as an array of its own"));
            }
            "descr" => {
                let (value, after) = quoted(rest).ok_or_else(|| bad("a descr that is no string"))?;
                descr = Some(value.to_string());
                after
            }
            "fortran_order" => {
                let value = rest.starts_with("True");
                fortran_order = Some(value);
                rest.strip_prefix(if value { "True" } else { "False" }).ok_or_else(|| bad("another fortran_order"))?
            }
            "shape" => {
                let (inside, after) =
                    rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(|| bad("another shape"))?;
                let lengths = inside.split(',').map(str::trim).filter(|len| !len.is_empty());
                let lengths: Option<Vec<usize>> = lengths.map(|len| len.trim_end_matches('L').parse().ok()).collect();
                shape = Some(lengths.filter(|shape| shape.len() <= MAX_AXES).ok_or_else(|| bad("another shape"))?);
                after
            }
            _ => return Err(bad("another key")),
        };
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    match (descr, fortran_order, shape) {
        (Some(descr), Some(fortran_order), Some(shape)) => Ok((descr, fortran_order, shape)),
        _ => Err(bad("fewer keys")),
    }
}

/// The text between the quotes at the start of `rest`, and what follows.
fn quoted(rest: &str) -> Option<(&str, &str)> {
    let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    rest[1..].split_once(quote)
}
