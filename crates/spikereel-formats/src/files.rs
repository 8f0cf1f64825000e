//! Files as wholes: checksums, and writing under a temporary name.

use crate::{FormatError, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file that something was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// File name without its folder.
    pub name: String,
    /// Bytes.
    pub n_bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

impl InputFile {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let n_bytes = regular_len(path)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self { name, n_bytes, sha256: sha256_file(path)? })
    }
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// Where it cannot be read.
pub fn sha256_file(path: &Path) -> Result<String> {
    let fail = |error| FormatError::io(path, "read it", error);
    let mut file = File::open(path).map_err(fail)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Length of a regular file; pipes, folders and devices are refused, so that no read waits forever.
pub(crate) fn regular_len(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(|error| FormatError::io(path, "read it", error))?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "a folder" } else { "something else" };
        return Err(FormatError::data(path, spikereel_data::DataError::new("file", "a regular file", kind)));
    }
    Ok(metadata.len())
}

/// A whole text file, no longer than `max_bytes`.
pub(crate) fn read_text(path: &Path, max_bytes: u64) -> Result<String> {
    let n_bytes = regular_len(path)?;
    if n_bytes > max_bytes {
        let error = spikereel_data::DataError::new("file", format!("at most {max_bytes} bytes"), n_bytes.to_string());
        return Err(FormatError::data(path, error));
    }
    let bytes = fs::read(path).map_err(|error| FormatError::io(path, "read it", error))?;
    String::from_utf8(bytes).map_err(|error| {
        let got = format!("another byte at {}", error.utf8_error().valid_up_to());
        FormatError::data(path, spikereel_data::DataError::new("file", "UTF-8 text", got))
    })
}

/// A name in the same folder under which something is written before it is renamed to `path`.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.partial-{}", std::process::id()))
}

/// Makes a rename in the folder of `path` durable. Not every system can sync a folder, so a refusal is no error.
pub(crate) fn sync_parent(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(parent) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(super::sha256_bytes(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
