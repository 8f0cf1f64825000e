//! A file with arrays, of any kind that a sidecar may name.

use crate::Result;
use crate::read::array::NpyArray;
use crate::read::experanto::Experanto;
use crate::read::header::ArrayInfo;
use crate::read::mat_arrays::MatArrays;
use crate::read::npy;
use crate::read::npz::NpzFile;
use crate::read::table::Table;
use std::path::Path;

/// Endings of file names, in lower case.
#[cfg(not(feature = "parquet"))]
pub(super) const ENDINGS: [&str; 5] = ["npz", "npy", "mat", "csv", "tsv"];
/// Endings of file names, in lower case.
#[cfg(feature = "parquet")]
pub(super) const ENDINGS: [&str; 6] = ["npz", "npy", "mat", "csv", "tsv", "parquet"];

/// An open file.
pub(super) enum Source {
    Npz(NpzFile),
    /// One array, named as the file without ending.
    Npy(String),
    Mat(Box<MatArrays>),
    Table(Table),
    /// A folder.
    Experanto(Experanto),
    #[cfg(feature = "parquet")]
    Parquet(crate::read::parquet_table::ParquetTable),
}

impl Source {
    /// Opens a file by its ending; `None` where it is another.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        if Experanto::is_one(path) {
            return Ok(Some(Self::Experanto(Experanto::open(path)?)));
        }
        Ok(Some(match path.extension().and_then(|ending| ending.to_str()) {
            Some("npz") => Self::Npz(NpzFile::open(path)?),
            Some("npy") => {
                Self::Npy(path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()))
            }
            Some("mat") => Self::Mat(Box::new(MatArrays::open(path)?)),
            Some("csv" | "tsv") => Self::Table(Table::open(path)?),
            #[cfg(feature = "parquet")]
            Some("parquet") => Self::Parquet(crate::read::parquet_table::ParquetTable::open(path)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        match self {
            Self::Npz(npz) => npz.names().any(|member| member == name),
            Self::Npy(stem) => stem == name,
            Self::Mat(mat) => mat.holds(name),
            Self::Table(table) => table.holds(name),
            Self::Experanto(folder) => folder.names().iter().any(|other| other == name),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.holds(name),
        }
    }

    pub(super) fn read(&mut self, path: &Path, name: &str) -> Result<Option<NpyArray>> {
        match self {
            Self::Npz(npz) => npz.read(name),
            Self::Npy(_) => npy::read(path).map(Some),
            Self::Mat(mat) => mat.read(name),
            Self::Table(table) => table.read(name),
            Self::Experanto(folder) => folder.read(name),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.read(name),
        }
    }

    pub(super) fn list(&mut self, path: &Path) -> Result<Vec<ArrayInfo>> {
        match self {
            Self::Npz(npz) => npz.list(),
            Self::Npy(_) => Ok(vec![npy::info(path)?]),
            Self::Mat(mat) => mat.list(),
            Self::Table(table) => Ok(table.list()),
            Self::Experanto(folder) => Ok(folder.list()),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => Ok(table.list()),
        }
    }
}
