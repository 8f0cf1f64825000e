//! A `.npz` file: a zip of npy arrays. Names of members are labels and never paths, and what a member claims to hold must be
//! possible for the bytes it has before it is unpacked.

use super::array::NpyArray;
use super::header::{ArrayInfo, Header};
use crate::files::regular_len;
use crate::{FormatError, Result};
use npyz::npz::{NpzArchive, array_name_from_file_name};
use spikereel_data::DataError;
use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Deflate packs at most 1032 to 1; a member that claims more is a lie.
const MAX_RATIO: u64 = 1032;
/// Members of a npz are arrays of one recording; more are a sign of damage.
const MAX_MEMBERS: usize = 100_000;

/// An open npz file.
pub struct NpzFile {
    path: PathBuf,
    n_file_bytes: u64,
    archive: NpzArchive<BufReader<File>>,
    /// Array name and position in the zip.
    members: Vec<(String, usize)>,
}

impl NpzFile {
    /// Opens the file and reads its directory.
    ///
    /// # Errors
    /// Not a zip, or a name twice.
    pub fn open(path: &Path) -> Result<Self> {
        let data = |error| FormatError::data(path, error);
        let n_file_bytes = regular_len(path)?;
        let file = File::open(path).map_err(|error| FormatError::io(path, "open it", error))?;
        let mut archive = NpzArchive::new(BufReader::new(file))
            .map_err(|error| data(DataError::new("file", "a npz file, as numpy.savez writes it", error.to_string())))?;
        let zip = archive.zip_archive();
        if zip.len() > MAX_MEMBERS {
            let expected = format!("at most {MAX_MEMBERS} arrays");
            return Err(data(DataError::new("file", expected, zip.len().to_string())));
        }
        let (mut members, mut seen) = (Vec::new(), HashSet::new());
        for at in 0..zip.len() {
            let member = zip.by_index_raw(at).map_err(|error| data(unreadable(&format!("member {at}"), &error)))?;
            if let Some(name) = array_name_from_file_name(member.name()) {
                if !seen.insert(name.to_string()) {
                    return Err(data(DataError::new("arrays", "each name once", format!("`{name}` twice"))));
                }
                members.push((name.to_string(), at));
            }
        }
        Ok(Self { path: path.to_path_buf(), n_file_bytes, archive, members })
    }

    /// Names of the arrays, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// Shapes and types, from headers alone.
    ///
    /// # Errors
    /// A member whose header cannot be understood.
    pub fn list(&mut self) -> Result<Vec<ArrayInfo>> {
        let members = self.members.clone();
        let info = |(name, at): &(String, usize)| {
            let place = |error: DataError| FormatError::data(&self.path, named(name, error));
            let mut member =
                self.archive.zip_archive().by_index(*at).map_err(|error| place(unreadable("values", &error)))?;
            let header = Header::read(&mut member).map_err(place)?;
            Ok(ArrayInfo { name: name.clone(), shape: header.shape, dtype: header.descr })
        };
        members.iter().map(info).collect()
    }

    /// Reads an array; `None` where the file has none of that name.
    ///
    /// # Errors
    /// Names the file and the array: sizes that cannot be, a dtype that is not read, damage.
    pub fn read(&mut self, name: &str) -> Result<Option<NpyArray>> {
        let Some(&(_, at)) = self.members.iter().find(|(member, _)| member == name) else {
            return Ok(None);
        };
        let place = |error: DataError| FormatError::data(&self.path, named(name, error));
        let mut member =
            self.archive.zip_archive().by_index(at).map_err(|error| place(unreadable("values", &error)))?;
        let (packed, unpacked) = (member.compressed_size(), member.size());
        let possible = if member.compression().to_string() == "Stored" {
            unpacked == packed
        } else {
            unpacked <= packed.saturating_mul(MAX_RATIO).saturating_add(1024)
        };
        if !possible || packed > self.n_file_bytes {
            let expected = format!("a size that {packed} packed bytes can hold");
            return Err(place(DataError::new("size", expected, format!("{unpacked} bytes"))));
        }
        NpyArray::read(&mut member, unpacked).map(Some).map_err(place)
    }
}

/// Puts the array's name before the field.
fn named(name: &str, error: DataError) -> DataError {
    DataError { field: format!("array `{name}`, {}", error.field), ..error }
}

fn unreadable(field: &str, error: &dyn std::fmt::Display) -> DataError {
    DataError::new(field, "a member that can be unpacked", error.to_string())
}
