//! The sidecar's folder: neither a name nor a symbolic link leads out of it.

use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The folder that a sidecar stands in.
pub(super) struct Place {
    sidecar: PathBuf,
    folder: PathBuf,
}

impl Place {
    pub(super) fn of(sidecar: &Path) -> Self {
        let folder = sidecar.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { sidecar: sidecar.to_path_buf(), folder: folder.to_path_buf() }
    }

    /// The path of a name, if it stands in this folder or one below.
    pub(super) fn inside(&self, key: &str, name: &str) -> Result<PathBuf> {
        let refuse = |got: String| {
            let error =
                DataError::new(key, "files in the sidecar's own folder", got).hint("put the sidecar beside the data");
            FormatError::data(&self.sidecar, error)
        };
        let mut parts = Path::new(name).components().peekable();
        if parts.peek().is_none() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(refuse(format!("`{name}`")));
        }
        let path = self.folder.join(name);
        let real = |path: &Path| fs::canonicalize(path).map_err(|error| FormatError::io(path, "open it", error));
        if !real(&path)?.starts_with(real(&self.folder)?) {
            return Err(refuse(format!("`{name}`, a link that leads elsewhere")));
        }
        Ok(path)
    }
}
