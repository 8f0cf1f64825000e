//! What a file tells of a variable before its values are read, and how much is read at most.

use super::class::MatClass;
use crate::read::MAX_ARRAY_BYTES;

/// How much is read at most, whatever a file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatLimits {
    /// Bytes of one variable, unpacked.
    pub variable_bytes: u64,
    /// Cells, fields and rows of text in one variable. Each takes about 100 bytes of memory, 8 in the file, fewer if compressed.
    pub values: usize,
}

impl Default for MatLimits {
    /// 16 GiB and 4 million.
    fn default() -> Self {
        Self { variable_bytes: MAX_ARRAY_BYTES, values: 4_000_000 }
    }
}

/// A variable as its first bytes tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatVariable {
    /// Its name.
    pub name: String,
    /// Its class; `unsupported: <class>` in text where it cannot be read.
    pub class: MatClass,
    /// Lengths of the axes, the fastest first; empty for an opaque object.
    pub dims: Vec<usize>,
    /// Whether there are imaginary parts.
    pub is_complex: bool,
    /// Bytes of everything in it, unpacked. MATLAB may store numbers in a smaller type than their class. In a file of version 7.3
    /// what stands in cells and fields is not counted: the variable holds references to it.
    pub n_bytes: u64,
    /// Bytes that it takes in the file; the same as `n_bytes` in a file of version 7.3, which does not tell.
    pub n_stored_bytes: u64,
}
