//! MATLAB's classes, as they are numbered in a file and named in MATLAB.

use std::fmt;

/// What a variable or a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatClass {
    /// `double`.
    Double,
    /// `single`.
    Single,
    /// `int8`.
    Int8,
    /// `uint8`.
    Uint8,
    /// `int16`.
    Int16,
    /// `uint16`.
    Uint16,
    /// `int32`.
    Int32,
    /// `uint32`.
    Uint32,
    /// `int64`.
    Int64,
    /// `uint64`.
    Uint64,
    /// `logical`, full.
    Logical,
    /// `char`.
    Char,
    /// `cell`.
    Cell,
    /// `struct`.
    Struct,
    /// Sparse `double` or `logical`.
    Sparse,
    /// Something without a public layout, by its name: stepped over.
    Unsupported(String),
}

/// Numbers of classes in a file whose values are not read.
pub(super) const OBJECT: u8 = 3;
pub(super) const FUNCTION: u8 = 16;
pub(super) const OPAQUE: u8 = 17;

impl MatClass {
    /// The class with this number; a number that nobody has published is unsupported by that number.
    pub(super) fn numbered(number: u8, is_logical: bool) -> Self {
        match number {
            1 => Self::Cell,
            2 => Self::Struct,
            OBJECT => Self::Unsupported("object".into()),
            4 => Self::Char,
            5 => Self::Sparse,
            6..=15 if is_logical => Self::Logical,
            6 => Self::Double,
            7 => Self::Single,
            8 => Self::Int8,
            9 => Self::Uint8,
            10 => Self::Int16,
            11 => Self::Uint16,
            12 => Self::Int32,
            13 => Self::Uint32,
            14 => Self::Int64,
            15 => Self::Uint64,
            FUNCTION => Self::Unsupported("function handle".into()),
            OPAQUE => Self::Unsupported("opaque object".into()),
            _ => Self::Unsupported(format!("class number {number}")),
        }
    }

    /// The class of this name in a file of version 7.3.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "double" | "canonical empty" => Self::Double,
            "single" => Self::Single,
            "int8" => Self::Int8,
            "uint8" => Self::Uint8,
            "int16" => Self::Int16,
            "uint16" => Self::Uint16,
            "int32" => Self::Int32,
            "uint32" => Self::Uint32,
            "int64" => Self::Int64,
            "uint64" => Self::Uint64,
            "logical" => Self::Logical,
            "char" => Self::Char,
            "cell" => Self::Cell,
            "struct" => Self::Struct,
            "function_handle" => Self::Unsupported("function handle".into()),
            other => {
                Self::Unsupported(format!("object `{}`", other.chars().take(100).collect::<String>().escape_debug()))
            }
        }
    }
}

impl fmt::Display for MatClass {
    /// MATLAB's name, or `unsupported: <class>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Double => "double",
            Self::Single => "single",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Uint32 => "uint32",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
            Self::Logical => "logical",
            Self::Char => "char",
            Self::Cell => "cell",
            Self::Struct => "struct",
            Self::Sparse => "sparse",
            Self::Unsupported(class) => return write!(f, "unsupported: {class}"),
        })
    }
}
