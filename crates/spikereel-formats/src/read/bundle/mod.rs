//! The files that a sidecar names, as one set of arrays. Only files in the sidecar's own folder are opened.

mod place;
mod source;

use super::ArrayInfo;
use super::array::NpyArray;
use crate::files::InputFile;
use crate::{FormatError, Result};
use place::Place;
use source::{ENDINGS, Source};
use spikereel_data::DataError;
use std::path::{Path, PathBuf};

/// A file with arrays.
struct Opened {
    /// As the sidecar spells it.
    name: String,
    path: PathBuf,
    source: Source,
}

/// The arrays of a recording.
pub(crate) struct Bundle {
    sidecar: PathBuf,
    place: Place,
    files: Vec<Opened>,
    /// Files of clips, by their names from the sidecar's folder.
    used: Vec<(String, PathBuf)>,
}

impl Bundle {
    /// Opens the named files, or the one with the sidecar's name.
    pub(crate) fn open(sidecar: &Path, files: Option<&[String]>) -> Result<Self> {
        let place = Place::of(sidecar);
        let names = match files {
            Some(names) => names.to_vec(),
            None => vec![beside(sidecar)?],
        };
        if names.is_empty() {
            let expected = format!("at least one file: {}", endings());
            return Err(FormatError::data(sidecar, DataError::new("files", expected, "none")));
        }
        let mut opened = Vec::new();
        for name in names {
            let path = place.inside("files", &name)?;
            let Some(source) = Source::open(&path)? else {
                return Err(FormatError::data(sidecar, other_ending(&name)));
            };
            opened.push(Opened { name, path, source });
        }
        Ok(Self { sidecar: sidecar.to_path_buf(), place, files: opened, used: Vec::new() })
    }

    /// Reads the array that a key of the sidecar names, by its name or by `file:name`.
    pub(crate) fn read(&mut self, key: &str, name: &str) -> Result<NpyArray> {
        let mut holders: Vec<(usize, &str)> = self.holders(|file| file.source.holds(name).then_some(name));
        if holders.is_empty() {
            holders = self.holders(|file| {
                let rest = name.strip_prefix(&file.name)?.strip_prefix(':')?;
                file.source.holds(rest).then_some(rest)
            });
        }
        match holders[..] {
            [(at, name)] => {
                let Opened { path, source, .. } = &mut self.files[at];
                let found = source.read(path, name)?;
                found.ok_or_else(|| self.missing(key, name))
            }
            [] => Err(self.missing(key, name)),
            _ => {
                let spelled: Vec<String> =
                    holders.iter().map(|(at, _)| format!("`{}:{name}`", self.files[*at].name)).collect();
                let error = DataError::new(key, "an array in one file", format!("`{name}` in {}", holders.len()))
                    .hint(format!("write {}", spelled.join(" or ")));
                Err(FormatError::data(&self.sidecar, error))
            }
        }
    }

    fn holders<'a>(&self, name: impl Fn(&Opened) -> Option<&'a str>) -> Vec<(usize, &'a str)> {
        self.files.iter().enumerate().filter_map(|(at, file)| Some((at, name(file)?))).collect()
    }

    fn missing(&mut self, key: &str, name: &str) -> FormatError {
        let list = |file: &mut Opened| file.source.list(&file.path).unwrap_or_default();
        let listed: Vec<ArrayInfo> = self.files.iter_mut().flat_map(list).collect();
        let error = DataError::new(key, "the name of an array", format!("`{name}`"))
            .hint(format!("there are {}", join(&listed)));
        FormatError::data(&self.sidecar, error)
    }

    /// The path of a file or folder that a key names; it counts as used only by [`Bundle::use_file`].
    pub(crate) fn inside(&self, key: &str, name: &str) -> Result<PathBuf> {
        self.place.inside(key, name)
    }

    /// Counts a file as one that the recording was made from.
    pub(crate) fn use_file(&mut self, name: String, path: PathBuf) {
        if !self.used.iter().any(|(other, _)| *other == name) {
            self.used.push((name, path));
        }
    }

    /// Names and checksums of the sidecar and all files.
    pub(crate) fn inputs(&self) -> Result<Vec<InputFile>> {
        let mut listed = vec![InputFile::of(&self.sidecar)?];
        for file in &self.files {
            match &file.source {
                Source::Experanto(folder) => {
                    for (name, path) in folder.used() {
                        let name = format!("{}/{name}", file.name.trim_end_matches('/'));
                        listed.push(InputFile { name, ..InputFile::of(&path)? });
                    }
                }
                _ => listed.push(InputFile::of(&file.path)?),
            }
        }
        for (name, path) in &self.used {
            listed.push(InputFile { name: name.clone(), ..InputFile::of(path)? });
        }
        Ok(listed)
    }
}

/// Arrays with shapes, in words.
pub(crate) fn join(arrays: &[ArrayInfo]) -> String {
    arrays.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Arrays of a file, from headers where it has some.
pub(crate) fn list(path: &Path) -> Result<Vec<ArrayInfo>> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let opened = Source::open(path)?;
    opened.ok_or_else(|| FormatError::data(path, other_ending(&name)))?.list(path)
}

/// Whether the ending is one of a file with arrays.
pub(crate) fn is_source(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
}

fn endings() -> String {
    let (last, others) = ENDINGS.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
    format!(".{} or .{last}", others.join(", ."))
}

fn other_ending(name: &str) -> DataError {
    let error = DataError::new("files", format!("names that end in {}", endings()), format!("`{name}`"));
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "parquet" | "feather" | "pq" => error
            .hint("export it to CSV, in Python by pandas.read_parquet(\"x.parquet\").to_csv(\"x.csv\", index=False); a build with the feature `parquet` reads .parquet itself"),
        "xlsx" | "xls" | "ods" => error.hint("save each sheet as \"CSV UTF-8\""),
        "pkl" | "pickle" => error.hint("pickles can run any code and are never opened; save the arrays by numpy.savez"),
        "h5" | "hdf5" | "nwb" => error.hint("read NWB files by their own path; save other arrays by numpy.savez"),
        _ => error,
    }
}

/// The file with the sidecar's name and another ending.
fn beside(sidecar: &Path) -> Result<String> {
    let names = ENDINGS.iter().map(|ending| sidecar.with_extension(ending)).filter(|path| path.is_file());
    let names: Vec<String> = names.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    match names.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let npz = sidecar.with_extension("npz");
            Ok(npz.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
        }
        several => {
            let error = DataError::new("files", "the files to read", "nothing")
                .hint(format!("several files have the sidecar's name; write files = {several:?}, or one of them"));
            Err(FormatError::data(sidecar, error))
        }
    }
}
