//! The files that `tests/golden/bundles.py` wrote, in a folder of their own with a sidecar, and what they hold.

use spikereel_data::Recording;
use spikereel_formats::read::NpyArray;
use spikereel_formats::read::npz::NpzFile;
use spikereel_formats::{RecordingExtras, Result, read_recording};
use std::fs;
use std::path::{Path, PathBuf};

pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bundles")
}

/// An array that the script says the files hold.
pub fn held(name: &str) -> NpyArray {
    NpzFile::open(&golden().join("held.npz")).unwrap().read(name).unwrap().unwrap()
}

pub fn numbers(name: &str) -> Vec<f64> {
    held(name).to_f64().unwrap()
}

pub fn bytes(name: &str) -> Vec<u8> {
    numbers(name).into_iter().map(|value| value as u8).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}

/// A copy of all files, and the sidecar `a.toml` among them.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&golden(), folder.path());
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    pub fn read(&self, sidecar: &str) -> Result<(Recording, RecordingExtras)> {
        self.put("a.toml", sidecar);
        read_recording(&self.path("a.toml"))
    }

    /// The error, without the folder's name.
    pub fn error(&self, sidecar: &str) -> String {
        let error = self.read(sidecar).map(|_| ()).unwrap_err().to_string();
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}
