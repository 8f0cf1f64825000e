//! Files that are either whole or not there: written under a temporary name, synced, renamed.

use crate::{Error, Result};
use std::fs::{self, File};
use std::path::Path;

/// Lets `write` fill a file, so that a reader of `path` finds the old file or the new one, never a part.
///
/// # Errors
/// What the operating system refuses; the temporary file is removed.
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".tmp{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let attempt = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all() // the rename itself must outlive a power cut
    };
    attempt().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Error::io(path)(error)
    })
}

/// Reads a whole file.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io(path))
}
