//! What the fuzz targets share: a folder of their own, in which the bytes become the file that a reader wants.

#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Where the golden files stand.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("crates").join("spikereel-formats/tests/golden")
}

/// Writes `bytes` to a file of this name, beside copies of the golden files `beside`, and hands its path to `read`.
pub fn with_file(name: &str, bytes: &[u8], beside: &[&str], read: impl FnOnce(&Path)) {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for other in beside {
                std::fs::copy(golden().join(other), folder.path().join(other)).expect("a golden file");
            }
            folder
        });
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        read(&path);
    });
}
