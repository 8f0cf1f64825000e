//! Numbers of one class. MATLAB stores them in the smallest type that holds them; they are widened to their class, exactly.

use super::class::MatClass;
use super::element::{Element, Endian, damaged};
use super::inflate::reserved;
use spikereel_data::{DataError, Result};

/// Numbers of one class, column-major: the first axis varies fastest.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// `double`.
    F64(Vec<f64>),
    /// `single`.
    F32(Vec<f32>),
    /// `int8`.
    I8(Vec<i8>),
    /// `uint8`.
    U8(Vec<u8>),
    /// `int16`.
    I16(Vec<i16>),
    /// `uint16`.
    U16(Vec<u16>),
    /// `int32`.
    I32(Vec<i32>),
    /// `uint32`.
    U32(Vec<u32>),
    /// `int64`.
    I64(Vec<i64>),
    /// `uint64`.
    U64(Vec<u64>),
}

/// The same for every type of number.
macro_rules! each {
    ($numbers:expr, $values:ident => $body:expr) => {
        match $numbers {
            Numbers::F64($values) => $body,
            Numbers::F32($values) => $body,
            Numbers::I8($values) => $body,
            Numbers::U8($values) => $body,
            Numbers::I16($values) => $body,
            Numbers::U16($values) => $body,
            Numbers::I32($values) => $body,
            Numbers::U32($values) => $body,
            Numbers::I64($values) => $body,
            Numbers::U64($values) => $body,
        }
    };
}

impl Numbers {
    /// How many.
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// MATLAB's class of these.
    pub fn class(&self) -> MatClass {
        match self {
            Self::F64(_) => MatClass::Double,
            Self::F32(_) => MatClass::Single,
            Self::I8(_) => MatClass::Int8,
            Self::U8(_) => MatClass::Uint8,
            Self::I16(_) => MatClass::Int16,
            Self::U16(_) => MatClass::Uint16,
            Self::I32(_) => MatClass::Int32,
            Self::U32(_) => MatClass::Uint32,
            Self::I64(_) => MatClass::Int64,
            Self::U64(_) => MatClass::Uint64,
        }
    }

    /// All values as f64, column-major as they stand.
    ///
    /// # Errors
    /// A whole number that f64 cannot hold exactly.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let exact = |at: usize, scalar: Scalar| {
            let got = || format!("{scalar:?} at {at}");
            f64::exact(scalar).ok_or_else(|| DataError::new("values", "numbers that f64 holds exactly", got()))
        };
        each!(self, values => values.iter().enumerate().map(|(at, value)| exact(at, value.scalar())).collect())
    }

    /// Numbers of a class, from an element that may hold them in another type.
    pub(super) fn decode(class: &MatClass, stored: Stored<'_>) -> Result<Self> {
        Ok(match class {
            MatClass::Double => Self::F64(values(stored)?),
            MatClass::Single => Self::F32(values(stored)?),
            MatClass::Int8 => Self::I8(values(stored)?),
            MatClass::Uint8 => Self::U8(values(stored)?),
            MatClass::Int16 => Self::I16(values(stored)?),
            MatClass::Uint16 => Self::U16(values(stored)?),
            MatClass::Int32 => Self::I32(values(stored)?),
            MatClass::Uint32 => Self::U32(values(stored)?),
            MatClass::Int64 => Self::I64(values(stored)?),
            MatClass::Uint64 => Self::U64(values(stored)?),
            other => return Err(DataError::new("class", "a class of numbers", other.to_string())),
        })
    }
}

/// A number of any type.
#[derive(Clone, Copy)]
pub(super) enum Scalar {
    Whole(i128),
    Real(f64),
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
        }
    }
}

/// A type of number in memory.
pub(super) trait Number: Copy {
    /// The element type that stores it as it is.
    const KIND: u32;
    /// The number of these bits, widened with zeros.
    fn of_bits(bits: u64) -> Self;
    /// The same number in this type, if it has it.
    fn exact(scalar: Scalar) -> Option<Self>;
    /// The number by itself.
    fn scalar(self) -> Scalar;
}

macro_rules! whole {
    ($type:ty, $kind:expr) => {
        impl Number for $type {
            const KIND: u32 = $kind;
            fn of_bits(bits: u64) -> Self {
                bits as $type
            }
            fn exact(scalar: Scalar) -> Option<Self> {
                match scalar {
                    Scalar::Whole(value) => Self::try_from(value).ok(),
                    Scalar::Real(value) if value.fract() == 0.0 => Self::try_from(value as i128).ok(),
                    Scalar::Real(_) => None,
                }
            }
            fn scalar(self) -> Scalar {
                Scalar::Whole(self.into())
            }
        }
    };
}

whole!(i8, 1);
whole!(u8, 2);
whole!(i16, 3);
whole!(u16, 4);
whole!(i32, 5);
whole!(u32, 6);
whole!(i64, 12);
whole!(u64, 13);

impl Number for f32 {
    const KIND: u32 = 7;
    fn of_bits(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
    fn exact(scalar: Scalar) -> Option<Self> {
        let (value, same) = match scalar {
            Scalar::Whole(value) => (value as f32, value as f32 as i128 == value),
            Scalar::Real(value) => (value as f32, f64::from(value as f32) == value || value.is_nan()),
        };
        same.then_some(value)
    }
    fn scalar(self) -> Scalar {
        Scalar::Real(self.into())
    }
}

impl Number for f64 {
    const KIND: u32 = 9;
    fn of_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
    fn exact(scalar: Scalar) -> Option<Self> {
        match scalar {
            Scalar::Whole(value) => (value as Self as i128 == value).then_some(value as Self),
            Scalar::Real(value) => Some(value),
        }
    }
    fn scalar(self) -> Scalar {
        Scalar::Real(self)
    }
}

/// Numbers as they stand in a file.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    /// What an error calls them.
    pub what: &'a str,
    pub element: Element<'a>,
    pub n_values: usize,
    pub endian: Endian,
}

/// Bytes that a number takes in an element of this type; `None` where it does not hold numbers.
pub(super) fn n_bytes_each(kind: u32) -> Option<usize> {
    match kind {
        1 | 2 => Some(1),
        3 | 4 => Some(2),
        5..=7 => Some(4),
        9 | 12 | 13 => Some(8),
        _ => None,
    }
}

/// The numbers of an element, which must be exactly as many as are asked for.
pub(super) fn values<T: Number>(stored: Stored<'_>) -> Result<Vec<T>> {
    let Stored { what, element: Element { kind, bytes }, n_values, .. } = stored;
    let Some(n_bytes_each) = n_bytes_each(kind) else {
        return Err(damaged(what, "an element of numbers", format!("type {kind}")));
    };
    if n_values.checked_mul(n_bytes_each) != Some(bytes.len()) {
        let expected = format!("{n_values} of {n_bytes_each} bytes, as the axes say");
        return Err(damaged(what, expected, format!("{} bytes", bytes.len())));
    }
    match kind {
        1 => convert::<T, i8, 1>(stored),
        2 => convert::<T, u8, 1>(stored),
        3 => convert::<T, i16, 2>(stored),
        4 => convert::<T, u16, 2>(stored),
        5 => convert::<T, i32, 4>(stored),
        6 => convert::<T, u32, 4>(stored),
        7 => convert::<T, f32, 4>(stored),
        9 => convert::<T, f64, 8>(stored),
        12 => convert::<T, i64, 8>(stored),
        _ => convert::<T, u64, 8>(stored),
    }
}

fn convert<T: Number, S: Number, const W: usize>(stored: Stored<'_>) -> Result<Vec<T>> {
    let words = stored.endian.words::<W>(stored.element.bytes);
    let mut values = reserved(words.len() as u64)?;
    if T::KIND == S::KIND {
        values.extend(words.map(T::of_bits));
        return Ok(values);
    }
    for (at, word) in words.enumerate() {
        let scalar = S::of_bits(word).scalar();
        let Some(value) = T::exact(scalar) else {
            return Err(damaged(stored.what, "numbers that their class can hold", format!("{scalar:?} at {at}")));
        };
        values.push(value);
    }
    Ok(values)
}
