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

    /// `n_values` numbers of a class, from an element that may hold them in another type.
    pub(super) fn decode(class: &MatClass, element: Element<'_>, n_values: usize, endian: Endian) -> Result<Self> {
        let args = (element, n_values, endian);
        Ok(match class {
            MatClass::Double => Self::F64(values(args)?),
            MatClass::Single => Self::F32(values(args)?),
            MatClass::Int8 => Self::I8(values(args)?),
            MatClass::Uint8 => Self::U8(values(args)?),
            MatClass::Int16 => Self::I16(values(args)?),
            MatClass::Uint16 => Self::U16(values(args)?),
            MatClass::Int32 => Self::I32(values(args)?),
            MatClass::Uint32 => Self::U32(values(args)?),
            MatClass::Int64 => Self::I64(values(args)?),
            MatClass::Uint64 => Self::U64(values(args)?),
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

/// `n_values` numbers from an element of plain numbers.
pub(super) fn values<T: Number>((element, n_values, endian): (Element<'_>, usize, Endian)) -> Result<Vec<T>> {
    let Element { kind, bytes } = element;
    let n_bytes_each = match kind {
        1 | 2 => 1,
        3 | 4 => 2,
        5..=7 => 4,
        9 | 12 | 13 => 8,
        _ => return Err(damaged("values", "an element of numbers", format!("type {kind}"))),
    };
    if n_values.checked_mul(n_bytes_each) != Some(bytes.len()) {
        let expected = format!("{n_values} of {n_bytes_each} bytes, as the axes say");
        return Err(damaged("values", expected, format!("{} bytes", bytes.len())));
    }
    match kind {
        1 => convert::<T, i8, 1>(bytes, endian),
        2 => convert::<T, u8, 1>(bytes, endian),
        3 => convert::<T, i16, 2>(bytes, endian),
        4 => convert::<T, u16, 2>(bytes, endian),
        5 => convert::<T, i32, 4>(bytes, endian),
        6 => convert::<T, u32, 4>(bytes, endian),
        7 => convert::<T, f32, 4>(bytes, endian),
        9 => convert::<T, f64, 8>(bytes, endian),
        12 => convert::<T, i64, 8>(bytes, endian),
        _ => convert::<T, u64, 8>(bytes, endian),
    }
}

fn convert<T: Number, S: Number, const W: usize>(bytes: &[u8], endian: Endian) -> Result<Vec<T>> {
    let words = endian.words::<W>(bytes);
    let mut values = reserved(words.len() as u64)?;
    if T::KIND == S::KIND {
        values.extend(words.map(T::of_bits));
        return Ok(values);
    }
    for (at, word) in words.enumerate() {
        let scalar = S::of_bits(word).scalar();
        let Some(value) = T::exact(scalar) else {
            return Err(damaged("values", "numbers that their class can hold", format!("{scalar:?} at {at}")));
        };
        values.push(value);
    }
    Ok(values)
}
