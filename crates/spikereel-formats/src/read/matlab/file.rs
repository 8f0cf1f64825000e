//! A MATLAB file: its variables from their first bytes, and one of them read whole.

use super::array::ArrayStart;
use super::class::MatClass;
use super::element::{COMPRESSED, Elements, Endian, MATRIX, N_TAG_BYTES, damaged};
use super::inflate::{Inflater, reserved};
use super::matrix::MatrixReader;
use super::preamble::{N_PREAMBLE_BYTES, byte_order};
use super::value::MatValue;
use crate::files::regular_len;
use crate::read::MAX_ARRAY_BYTES;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Flags, 64 axes and a name fit here with room to spare.
const N_START_BYTES: u64 = 4096;
/// More variables are a sign of damage.
const MAX_VARIABLES: usize = 100_000;
/// Names that an error about a missing variable lists.
const N_NAMES_LISTED: usize = 20;

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
    /// Bytes of everything in it, unpacked. MATLAB may store numbers in a smaller type than their class.
    pub n_bytes: u64,
    /// Bytes that it takes in the file.
    pub n_stored_bytes: u64,
    at: u64,
    is_packed: bool,
}

/// An open MATLAB file of level 5.
#[derive(Debug)]
pub struct MatFile {
    path: PathBuf,
    file: File,
    endian: Endian,
    limits: MatLimits,
    variables: Vec<MatVariable>,
}

impl MatFile {
    /// Opens a file and lists its variables; of a compressed variable no more than its first 4 KiB are unpacked.
    ///
    /// # Errors
    /// Not a MATLAB file of level 5 (level 4 and 7.3 are named), or a variable whose start cannot be understood.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, MatLimits::default())
    }

    /// Opens a file under other limits.
    ///
    /// # Errors
    /// As of [`MatFile::open`].
    pub fn open_with(path: &Path, limits: MatLimits) -> Result<Self> {
        let n_file_bytes = regular_len(path)?;
        let io = |error| FormatError::io(path, "read it", error);
        let mut file = File::open(path).map_err(|error| FormatError::io(path, "open it", error))?;
        let mut start = Vec::new();
        (&mut file).take(N_PREAMBLE_BYTES as u64).read_to_end(&mut start).map_err(io)?;
        let endian = byte_order(&start).map_err(|error| FormatError::data(path, error))?;
        let mut opened = Self { path: path.to_path_buf(), file, endian, limits, variables: Vec::new() };
        opened.list(n_file_bytes)?;
        Ok(opened)
    }

    /// The variables, in the order of the file. What MATLAB keeps for objects and function handles, without a name, is left out.
    pub fn variables(&self) -> &[MatVariable] {
        &self.variables
    }

    /// Reads a variable, everything nested in it included; arrays are column-major.
    ///
    /// # Errors
    /// No variable of that name or several; damaged content, with the path to it (`trialInfo(2).cue`); beyond the limits.
    pub fn read(&mut self, name: &str) -> Result<MatValue> {
        let variable = self.named(name).map_err(|error| self.fail(error))?.clone();
        if let MatClass::Unsupported(class) = variable.class {
            return Ok(MatValue::Unsupported { class });
        }
        let shown = name.escape_debug().to_string();
        let place = |path: &str, error: DataError| DataError {
            field: format!("variable `{shown}{path}`, {}", error.field),
            ..error
        };
        if variable.n_bytes > self.limits.variable_bytes {
            let expected = format!("at most {} bytes in one variable", self.limits.variable_bytes);
            let error = DataError::new("size", expected, variable.n_bytes.to_string()).hint("save the data in parts");
            return Err(self.fail(place("", error)));
        }
        let bytes = self.bytes(&variable).map_err(|error| self.fail(place("", error)))?;
        let mut reader = MatrixReader::new(self.endian, self.limits.values);
        reader.value(&bytes, 0).map_err(|fault| self.fail(place(&fault.path, fault.error)))
    }

    fn fail(&self, error: DataError) -> FormatError {
        FormatError::data(&self.path, error)
    }

    fn named(&self, name: &str) -> spikereel_data::Result<&MatVariable> {
        let mut found = self.variables.iter().filter(|variable| variable.name == name);
        let shown = name.escape_debug();
        match (found.next(), found.next()) {
            (Some(variable), None) => Ok(variable),
            (Some(_), Some(_)) => Err(DataError::new("variables", format!("`{shown}` once"), "several of that name")
                .hint("load the file in MATLAB and save it again")),
            (None, _) => {
                let names = self.variables.iter().map(|variable| variable.name.escape_debug().to_string());
                let listed: Vec<String> = names.take(N_NAMES_LISTED).collect();
                let more = self.variables.len().saturating_sub(N_NAMES_LISTED);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                Err(DataError::new("variables", format!("one named `{shown}`"), format!("{}{more}", listed.join(", ")))
                    .hint("choose one of these"))
            }
        }
    }

    fn list(&mut self, n_file_bytes: u64) -> Result<()> {
        let mut at = N_PREAMBLE_BYTES as u64;
        while at < n_file_bytes {
            let place =
                |error: DataError| DataError { field: format!("variable at byte {at}, {}", error.field), ..error };
            if self.variables.len() == MAX_VARIABLES {
                let error = DataError::new("variables", format!("at most {MAX_VARIABLES}"), "more");
                return Err(self.fail(error));
            }
            let (variable, end) = self.variable(at, n_file_bytes).map_err(|error| self.fail(place(error)))?;
            at = end;
            self.variables.push(variable);
        }
        self.variables.retain(|variable| !variable.name.is_empty());
        Ok(())
    }

    /// The variable whose tag stands at a byte, and where the next tag stands.
    fn variable(&mut self, at: u64, n_file_bytes: u64) -> spikereel_data::Result<(MatVariable, u64)> {
        let n_left = (n_file_bytes - at).saturating_sub(N_TAG_BYTES as u64);
        let mut tag = [0; N_TAG_BYTES];
        self.seek(at)?;
        self.file.read_exact(&mut tag).map_err(|error| damaged("tag", "8 bytes", error.to_string()))?;
        let (kind, n_stored_bytes) = self.endian.tag(tag);
        let n_stored_bytes = u64::from(n_stored_bytes);
        if n_stored_bytes > n_left {
            let expected = format!("at most the {n_left} bytes that are left in the file");
            return Err(damaged("size", expected, format!("{n_stored_bytes} bytes")));
        }
        let packed = (&mut self.file).take(n_stored_bytes);
        let is_packed = kind == COMPRESSED;
        let (bytes, n_bytes) = match kind {
            COMPRESSED => {
                let inflater = Inflater::new(packed, n_stored_bytes, self.endian)?;
                let n_bytes = inflater.n_bytes;
                (inflater.start(N_START_BYTES)?, n_bytes)
            }
            MATRIX => (exactly(packed, n_stored_bytes.min(N_START_BYTES))?, n_stored_bytes),
            _ => return Err(damaged("type", "a matrix, 14, or a compressed one, 15", kind.to_string())),
        };
        let start = ArrayStart::take(&mut Elements::new(&bytes, self.endian))?;
        let ArrayStart { class, is_complex, name, dims, .. } = start;
        let variable = MatVariable { name, class, dims, is_complex, n_bytes, n_stored_bytes, at, is_packed };
        // A compressed element is not padded. A writer may leave the padding of the last one out.
        let n_padded = if is_packed { n_stored_bytes } else { n_stored_bytes.next_multiple_of(8).min(n_left) };
        Ok((variable, at + N_TAG_BYTES as u64 + n_padded))
    }

    /// What stands behind the variable's matrix tag, unpacked.
    fn bytes(&mut self, variable: &MatVariable) -> spikereel_data::Result<Vec<u8>> {
        self.seek(variable.at + N_TAG_BYTES as u64)?;
        let stored = (&mut self.file).take(variable.n_stored_bytes);
        if variable.is_packed {
            Inflater::new(stored, variable.n_stored_bytes, self.endian)?.whole()
        } else {
            exactly(stored, variable.n_stored_bytes)
        }
    }

    fn seek(&mut self, at: u64) -> spikereel_data::Result<()> {
        let seeked = self.file.seek(SeekFrom::Start(at));
        seeked.map(|_| ()).map_err(|error| DataError::new("file", "one that can be read anywhere", error.to_string()))
    }
}

fn exactly(reader: impl Read, n_bytes: u64) -> spikereel_data::Result<Vec<u8>> {
    let mut bytes = reserved(n_bytes)?;
    let broken = |got: String| damaged("values", format!("{n_bytes} bytes"), got);
    reader.take(n_bytes).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    if bytes.len() as u64 != n_bytes {
        return Err(broken(bytes.len().to_string()));
    }
    Ok(bytes)
}
