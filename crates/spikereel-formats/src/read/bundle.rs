//! The files that a sidecar names, as one set of arrays. Only files in the sidecar's own folder are opened.

use super::array::NpyArray;
use super::npz::NpzFile;
use super::{ArrayInfo, list_arrays, npy};
use crate::files::InputFile;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::fs;
use std::path::{Component, Path, PathBuf};

enum Source {
    Npz(NpzFile),
    Npy(String),
}

/// The arrays of a recording.
pub(crate) struct Bundle {
    sidecar: PathBuf,
    sources: Vec<(PathBuf, Source)>,
}

impl Bundle {
    /// Opens the named files, or the npz with the sidecar's name.
    pub(crate) fn open(sidecar: &Path, files: Option<&[String]>) -> Result<Self> {
        let beside = sidecar
            .with_extension("npz")
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let names = files.map_or_else(|| vec![beside], <[String]>::to_vec);
        if names.is_empty() {
            return Err(FormatError::data(sidecar, DataError::new("files", "at least one npz or npy file", "none")));
        }
        let mut sources = Vec::new();
        for name in names {
            let path = inside(sidecar, &name)?;
            let source = match path.extension().and_then(|extension| extension.to_str()) {
                Some("npz") => Source::Npz(NpzFile::open(&path)?),
                Some("npy") => {
                    Source::Npy(path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()))
                }
                _ => {
                    let error = DataError::new("files", "names that end in .npz or .npy", format!("`{name}`"));
                    return Err(FormatError::data(sidecar, error));
                }
            };
            sources.push((path, source));
        }
        Ok(Self { sidecar: sidecar.to_path_buf(), sources })
    }

    /// Reads the array that a key of the sidecar names.
    pub(crate) fn read(&mut self, key: &str, name: &str) -> Result<NpyArray> {
        let mut holders = self.sources.iter_mut().filter(|(_, source)| match source {
            Source::Npz(npz) => npz.names().any(|member| member == name),
            Source::Npy(stem) => stem == name,
        });
        let (found, second) = (holders.next(), holders.next());
        match (found, second) {
            (Some((_, Source::Npz(npz))), None) => npz.read(name)?.ok_or_else(|| self.missing(key, name)),
            (Some((path, Source::Npy(_))), None) => npy::read(path),
            (Some(_), Some(_)) => {
                let error =
                    DataError::new(key, "an array in one file", format!("`{name}` in two")).hint("rename one of them");
                Err(FormatError::data(&self.sidecar, error))
            }
            (None, _) => Err(self.missing(key, name)),
        }
    }

    fn missing(&self, key: &str, name: &str) -> FormatError {
        let listed: Vec<ArrayInfo> =
            self.sources.iter().flat_map(|(path, _)| list_arrays(path).unwrap_or_default()).collect();
        let error = DataError::new(key, "the name of an array", format!("`{name}`"))
            .hint(format!("there are {}", join(&listed)));
        FormatError::data(&self.sidecar, error)
    }

    /// Names and checksums of the sidecar and all files.
    pub(crate) fn inputs(&self) -> Result<Vec<InputFile>> {
        std::iter::once(&self.sidecar)
            .chain(self.sources.iter().map(|(path, _)| path))
            .map(|path| InputFile::of(path))
            .collect()
    }
}

/// Arrays with shapes, in words.
pub(crate) fn join(arrays: &[ArrayInfo]) -> String {
    arrays.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A file in the sidecar's folder: neither its name nor a symbolic link leads out of it.
fn inside(sidecar: &Path, name: &str) -> Result<PathBuf> {
    let refuse = |got: String| {
        let error =
            DataError::new("files", "files in the sidecar's own folder", got).hint("put the sidecar beside the data");
        FormatError::data(sidecar, error)
    };
    if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(refuse(format!("`{name}`")));
    }
    let folder = sidecar.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = folder.join(name);
    let real = |path: &Path| fs::canonicalize(path).map_err(|error| FormatError::io(path, "open it", error));
    if !real(&path)?.starts_with(real(folder)?) {
        return Err(refuse(format!("`{name}`, a link that leads elsewhere")));
    }
    Ok(path)
}
