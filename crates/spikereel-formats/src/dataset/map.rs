//! A file mapped into memory, read-only. The map is made by mmap-io, whose door is safe; what stays the user's part is not to
//! change or cut the file while it is mapped.

use crate::{FormatError, Result};
use mmap_io::MemoryMappedFile;
use spikereel_data::{DataError, SharedBytes};
use std::path::Path;

struct Mapped {
    file: MemoryMappedFile,
    n_bytes: u64,
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        // A read-only map of this length was made in `map`, so the slice is always there.
        self.file.as_slice_bytes(0, self.n_bytes).unwrap_or(&[])
    }
}

/// Maps a file of exactly `n_bytes`. A link in place of the file is refused, so that a dataset is what its folder holds.
pub(super) fn map(path: &Path, n_bytes: u64) -> Result<SharedBytes> {
    let metadata = path.symlink_metadata().map_err(|error| FormatError::io(path, "open it", error))?;
    if !metadata.is_file() {
        return Err(FormatError::data(path, DataError::new("file", "a regular file", "a link or a folder")));
    }
    let wrong = |got: u64| {
        let error = DataError::new("size", format!("{n_bytes} bytes, as dataset.json says"), got.to_string());
        FormatError::data(path, error.hint("the file is cut off or damaged; prepare the dataset again"))
    };
    if metadata.len() != n_bytes || n_bytes == 0 {
        return Err(wrong(metadata.len()));
    }
    let file = MemoryMappedFile::open_ro(path)
        .map_err(|error| FormatError::io(path, "map it into memory", std::io::Error::other(error.to_string())))?;
    // The map may have been made of another length if the file changed since.
    if file.as_slice_bytes(0, n_bytes).is_err() {
        return Err(wrong(file.len()));
    }
    Ok(SharedBytes::new(Mapped { file, n_bytes }))
}
