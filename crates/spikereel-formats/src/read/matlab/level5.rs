//! A file of level 5: its variables one behind the other, compressed or not.

use super::array::ArrayStart;
use super::element::{COMPRESSED, Elements, Endian, MATRIX, N_TAG_BYTES, damaged};
use super::inflate::{Inflater, reserved};
use super::matrix::{Fault, MatrixReader};
use super::preamble::N_PREAMBLE_BYTES;
use super::value::MatValue;
use super::variable::{MatLimits, MatVariable};
use spikereel_data::{DataError, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Flags, 64 axes and a name fit here with room to spare.
const N_START_BYTES: u64 = 4096;
/// More variables are a sign of damage.
const MAX_VARIABLES: usize = 100_000;

/// Where a variable stands.
#[derive(Debug)]
struct Place {
    at: u64,
    n_stored_bytes: u64,
    is_packed: bool,
}

/// An open file of level 5.
#[derive(Debug)]
pub(super) struct Level5 {
    file: File,
    endian: Endian,
    places: Vec<Place>,
}

impl Level5 {
    /// Lists the variables of a file; of a compressed one no more than its first bytes are unpacked.
    pub(super) fn open(file: File, endian: Endian, n_file_bytes: u64) -> Result<(Self, Vec<MatVariable>)> {
        let mut opened = Self { file, endian, places: Vec::new() };
        let (mut at, mut n_all, mut variables) = (N_PREAMBLE_BYTES as u64, 0, Vec::new());
        while at < n_file_bytes {
            let named =
                |error: DataError| DataError { field: format!("variable at byte {at}, {}", error.field), ..error };
            if n_all == MAX_VARIABLES {
                return Err(DataError::new("variables", format!("at most {MAX_VARIABLES}"), "more"));
            }
            let (variable, place, end) = opened.variable(at, n_file_bytes).map_err(named)?;
            at = end;
            n_all += 1;
            // Without a name stands what MATLAB keeps for objects and function handles.
            if !variable.name.is_empty() {
                opened.places.push(place);
                variables.push(variable);
            }
        }
        Ok((opened, variables))
    }

    /// The value of the variable at this position in the list.
    pub(super) fn value(
        &mut self,
        variable_idx: usize,
        n_bytes: u64,
        limits: MatLimits,
    ) -> std::result::Result<MatValue, Fault> {
        if n_bytes > limits.variable_bytes {
            let expected = format!("at most {} bytes in one variable", limits.variable_bytes);
            let error = DataError::new("size", expected, n_bytes.to_string()).hint("save the data in parts");
            return Err(error.into());
        }
        let bytes = self.bytes(variable_idx)?;
        MatrixReader::new(self.endian, limits.values).value(&bytes, 0)
    }

    /// The variable whose tag stands at a byte, and where the next tag stands.
    fn variable(&mut self, at: u64, n_file_bytes: u64) -> Result<(MatVariable, Place, u64)> {
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
        let variable = MatVariable { name, class, dims, is_complex, n_bytes, n_stored_bytes };
        let place = Place { at, n_stored_bytes, is_packed };
        // A compressed element is not padded. A writer may leave the padding of the last one out.
        let n_padded = if is_packed { n_stored_bytes } else { n_stored_bytes.next_multiple_of(8).min(n_left) };
        Ok((variable, place, at + N_TAG_BYTES as u64 + n_padded))
    }

    /// What stands behind the variable's matrix tag, unpacked.
    fn bytes(&mut self, variable_idx: usize) -> Result<Vec<u8>> {
        let Place { at, n_stored_bytes, is_packed } = self.places[variable_idx];
        self.seek(at + N_TAG_BYTES as u64)?;
        let stored = (&mut self.file).take(n_stored_bytes);
        if is_packed {
            Inflater::new(stored, n_stored_bytes, self.endian)?.whole()
        } else {
            exactly(stored, n_stored_bytes)
        }
    }

    fn seek(&mut self, at: u64) -> Result<()> {
        let seeked = self.file.seek(SeekFrom::Start(at));
        seeked.map(|_| ()).map_err(|error| DataError::new("file", "one that can be read anywhere", error.to_string()))
    }
}

fn exactly(reader: impl Read, n_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = reserved(n_bytes)?;
    let broken = |got: String| damaged("values", format!("{n_bytes} bytes"), got);
    reader.take(n_bytes).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    if bytes.len() as u64 != n_bytes {
        return Err(broken(bytes.len().to_string()));
    }
    Ok(bytes)
}
