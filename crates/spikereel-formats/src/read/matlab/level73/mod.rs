//! Version 7.3: variables as datasets and groups of an HDF5 file, with MATLAB's classes in attributes.
//!
//! HDF5 names axes slowest first, so that MATLAB's axes stand reversed and the bytes stand as they are. Cells and arrays of structures
//! are datasets of references to objects that stand elsewhere, in `#refs#`.

mod object;
mod reader;
mod stored;

use self::object::Object;
use self::reader::Reader;
use super::class::MatClass;
use super::matrix::Fault;
use super::value::MatValue;
use super::variable::{MatLimits, MatVariable};
use crate::Result;
use crate::read::hdf::{HdfFile, fault};
use std::path::Path;

/// More variables are a sign of damage.
const MAX_VARIABLES: usize = 100_000;

/// An open file of version 7.3.
#[derive(Debug)]
pub(super) struct Level73 {
    file: HdfFile,
}

impl Level73 {
    /// Lists the variables of a file from their headers.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<MatVariable>)> {
        let file = HdfFile::open(path)?;
        // Under such a name stands what MATLAB keeps for itself.
        let names: Vec<String> = file.children("").into_iter().filter(|name| !name.starts_with('#')).collect();
        if names.len() > MAX_VARIABLES {
            return Err(fault(path, "/", format!("at most {MAX_VARIABLES} variables"), names.len().to_string()));
        }
        let variables = names.into_iter().map(|name| match Object::open(&file, &name) {
            Ok(object) => object.variable(name),
            // Reading it tells why; the others still read.
            Err(_) => unreadable(name),
        });
        let variables = variables.collect();
        Ok((Self { file }, variables))
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str, limits: MatLimits) -> std::result::Result<MatValue, Fault> {
        Reader::new(&self.file, limits).value(name)
    }
}

fn unreadable(name: String) -> MatVariable {
    let class = MatClass::Unsupported("something that cannot be read".into());
    MatVariable { name, class, dims: Vec::new(), is_complex: false, n_bytes: 0, n_stored_bytes: 0 }
}
