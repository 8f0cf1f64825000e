//! The types of elements that are read.

use rust_hdf5::format::messages::datatype::ReferenceKind;
use rust_hdf5::{ByteOrder, DatatypeMessage};

/// What the elements of a dataset are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dtype {
    /// Whole numbers of 1, 2, 4 or 8 bytes.
    Int { size: usize, signed: bool, big_endian: bool },
    /// IEEE numbers of 2, 4 or 8 bytes.
    Float { size: usize, big_endian: bool },
    /// An enumeration of `FALSE` and `TRUE` over one byte: the value of `TRUE`.
    Bool { yes: u8 },
    /// Texts of their own length each.
    Text,
    /// Texts of a fixed number of bytes.
    FixedText { size: usize },
    /// References to objects of the same file.
    Reference,
    /// Complex numbers, each a real part of this type and an imaginary one.
    Complex { part: Box<Dtype> },
    /// Anything else, in words.
    Other(String),
}

impl Dtype {
    pub(crate) fn of(message: &DatatypeMessage) -> Self {
        let big = |order: &ByteOrder| *order == ByteOrder::BigEndian;
        match message {
            DatatypeMessage::FixedPoint {
                size: size @ (1 | 2 | 4 | 8),
                byte_order,
                signed,
                bit_offset: 0,
                bit_precision,
            } if u32::from(*bit_precision) == size * 8 => {
                Self::Int { size: *size as usize, signed: *signed, big_endian: big(byte_order) }
            }
            // The width is checked first: the library's own check multiplies it, which may overflow.
            DatatypeMessage::FloatingPoint { size: size @ (2 | 4 | 8), byte_order, .. }
                if message.ieee_format().is_some() =>
            {
                Self::Float { size: *size as usize, big_endian: big(byte_order) }
            }
            DatatypeMessage::VarLenString { .. } => Self::Text,
            DatatypeMessage::FixedString { size, .. } => Self::FixedText { size: *size as usize },
            // Other kinds lead to parts of datasets, to attributes or into other files.
            DatatypeMessage::Reference { size: 8, kind: ReferenceKind::Object1 } => Self::Reference,
            DatatypeMessage::Reference { .. } => {
                Self::Other("references to other things than objects of this file".into())
            }
            DatatypeMessage::Enum { base, members } if base.element_size() == 1 => {
                let value = |name: &str| {
                    let member = members.iter().find(|member| member.name.eq_ignore_ascii_case(name))?;
                    member.value.first().copied()
                };
                match (value("FALSE"), value("TRUE")) {
                    (Some(_), Some(yes)) if members.len() == 2 => Self::Bool { yes },
                    _ => Self::Other("an enumeration other than FALSE and TRUE".into()),
                }
            }
            DatatypeMessage::Enum { .. } => Self::Other("an enumeration".into()),
            DatatypeMessage::Compound { size, members } => match members.as_slice() {
                [real, imag] if real.name == "real" && imag.name == "imag" && real.datatype == imag.datatype => {
                    let (part, width) = (Self::of(&real.datatype), real.datatype.element_size());
                    let packed = real.offset == 0 && imag.offset == width && width.checked_mul(2) == Some(*size);
                    if part.is_number() && packed {
                        Self::Complex { part: Box::new(part) }
                    } else {
                        Self::Other("a compound".into())
                    }
                }
                _ => Self::Other("a compound".into()),
            },
            DatatypeMessage::VarLenSequence { .. } => Self::Other("lists of different lengths".into()),
            DatatypeMessage::Array { .. } => Self::Other("arrays".into()),
            DatatypeMessage::Opaque { .. } => Self::Other("opaque bytes".into()),
            _ => Self::Other("numbers of an unusual form".into()),
        }
    }

    /// Whether the elements are whole or IEEE numbers.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int { .. } | Self::Float { .. })
    }

    /// Whether the elements are texts.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::FixedText { .. })
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int { size, signed, .. } => write!(f, "{}int{}", if *signed { "" } else { "u" }, size * 8),
            Self::Float { size, .. } => write!(f, "float{}", size * 8),
            Self::Bool { .. } => f.write_str("bool"),
            Self::Text | Self::FixedText { .. } => f.write_str("text"),
            Self::Reference => f.write_str("references"),
            Self::Complex { part } => write!(f, "complex numbers of two {part}"),
            Self::Other(words) => f.write_str(words),
        }
    }
}
