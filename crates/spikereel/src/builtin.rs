//! The real recording that ships inside the binary, so that `demo` works from any folder and without a network.

use crate::run_folder::write_whole;
use crate::{ConfigError, Error, Result};
use std::path::{Path, PathBuf};

/// Name under which a configuration asks for it: `recordings = ["builtin:steinmetz_s10"]`.
pub const STEINMETZ_S10: &str = "builtin:steinmetz_s10";

/// Arrays of the recording (CC-BY-4.0: Steinmetz et al. 2019, Nature 576:266; DANDI:000017; course extract, UC Davis STA 141A).
const STEINMETZ_S10_NPZ: &[u8] = include_bytes!("../../../data/steinmetz_s10.npz");
/// The sidecar that says which array is what.
const STEINMETZ_S10_TOML: &[u8] = include_bytes!("../../../data/steinmetz_s10.toml");

/// True for names such as [`STEINMETZ_S10`].
pub fn is_builtin(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with("builtin:"))
}

/// Writes a builtin recording into `folder` and returns its sidecar's path. Files that are there with the same content stay.
///
/// # Errors
/// A name that is not built in, or an I/O error.
pub fn unpack(name: &Path, folder: &Path) -> Result<PathBuf> {
    if name.to_str() != Some(STEINMETZ_S10) {
        return Err(
            ConfigError::new("data.recordings", format!("`{STEINMETZ_S10}`"), name.display().to_string()).into()
        );
    }
    let sidecar = folder.join("steinmetz_s10.toml");
    for (path, bytes) in [(&folder.join("steinmetz_s10.npz"), STEINMETZ_S10_NPZ), (&sidecar, STEINMETZ_S10_TOML)] {
        match std::fs::read(path) {
            Ok(present) if present == bytes => {}
            Ok(_) => return Err(Error::FolderExists(path.clone())),
            Err(_) => write_whole(path, bytes)?,
        }
    }
    Ok(sidecar)
}
