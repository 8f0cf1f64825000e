//! An open dataset: shape and type, and reading whole or by rows of its first axis.

use super::dtype::Dtype;
use super::fault::{fault, fault_hint, words};
use super::file::HdfFile;
use super::old_layout::OldDataset;
use super::{heap, numbers};
use crate::Result;
use crate::read::MAX_ARRAY_BYTES;
use rust_hdf5::{DatatypeMessage, H5Dataset, Reference, StorageLayout};
use std::ops::Range;

/// Compressed bytes stand for at most this many: the limit of deflate, with room.
const MAX_RATIO: u64 = 1_100;
/// More axes are refused.
const MAX_AXES: usize = 8;

/// A dataset whose declared size was checked.
pub(crate) struct HdfDataset<'a> {
    file: &'a HdfFile,
    object: String,
    inner: Inner,
    shape: Vec<usize>,
    dtype: Dtype,
    element: usize,
}

/// What reads the values.
enum Inner {
    Library(H5Dataset),
    /// A form that the library does not read.
    Old(Box<OldDataset>),
}

impl<'a> HdfDataset<'a> {
    /// Opens `at`, a path without links, which the caller knows as `object`.
    pub(super) fn open(file: &'a HdfFile, object: &str, at: &str) -> Result<Self> {
        let refused = |error| fault(file.path(), object, "a dataset that can be read", words(&error));
        let inner = match file.inner().dataset(at) {
            Ok(inner) => inner,
            Err(error) => {
                let old = OldDataset::open(file, at);
                let old = old.map_err(|got| fault(file.path(), object, "a dataset that can be read", got))?;
                let hint = "a damaged file, or an unusual one; copy it again, or rewrite it with h5repack";
                let other = || fault_hint(file.path(), object, "a dataset that can be read", words(&error), hint);
                return Self::of_old(file, object, old.ok_or_else(other)?);
            }
        };
        if !inner.external_files().map_err(refused)?.is_empty() {
            let hint = "copy the values into the file";
            return Err(fault_hint(file.path(), object, "values in this file", "values in another file", hint));
        }
        let layout = inner.storage_layout().map_err(refused)?;
        if layout == StorageLayout::Virtual {
            let hint = "copy the values into one dataset (h5repack)";
            return Err(fault_hint(file.path(), object, "values in this file", "a virtual dataset", hint));
        }
        let dtype = Dtype::of(&inner.datatype().map_err(refused)?);
        let shape = if inner.is_null() { vec![0] } else { inner.shape() };
        let (element, chunk) = (inner.element_size(), inner.chunk_dims());
        let dataset = Self { file, object: object.to_string(), element, inner: Inner::Library(inner), shape, dtype };
        dataset.check_size(layout == StorageLayout::Chunked, chunk.as_deref())?;
        Ok(dataset)
    }

    fn of_old(file: &'a HdfFile, object: &str, old: OldDataset) -> Result<Self> {
        let (dtype, shape, element) = (Dtype::of(&old.datatype), old.shape.clone(), old.element);
        let chunk = old.chunk_dims().map(<[usize]>::to_vec);
        let dataset =
            Self { file, object: object.to_string(), inner: Inner::Old(Box::new(old)), shape, dtype, element };
        dataset.check_size(chunk.is_some(), chunk.as_deref())?;
        Ok(dataset)
    }

    /// The declared size must be one that the file can hold.
    fn check_size(&self, chunked: bool, chunk: Option<&[usize]>) -> Result<()> {
        if self.shape.len() > MAX_AXES {
            return Err(self.fault(format!("at most {MAX_AXES} axes"), self.shape.len().to_string()));
        }
        let n_bytes = size(&self.shape, self.element);
        let ratio = if chunked { MAX_RATIO } else { 1 };
        let most = self.file.n_bytes().saturating_mul(ratio);
        if n_bytes.is_none_or(|n_bytes| n_bytes > most) {
            let got = format!("shape {:?} of {}", self.shape, self.dtype);
            let expected = format!("no more than a file of {} bytes can hold", self.file.n_bytes());
            return Err(self.fault_hint(expected, got, "the file is damaged or was cut short; copy it again"));
        }
        if let Some(chunk) = chunk
            && size(chunk, self.element).is_none_or(|n_bytes| n_bytes > most.min(MAX_ARRAY_BYTES))
        {
            return Err(self.fault("chunks that fit into the file", format!("chunks of {chunk:?}")));
        }
        Ok(())
    }

    /// An error about this dataset.
    pub(crate) fn fault(&self, expected: impl Into<String>, got: impl Into<String>) -> crate::FormatError {
        fault(self.file.path(), &self.object, expected, got)
    }

    /// As [`HdfDataset::fault`], with what to do next.
    pub(crate) fn fault_hint(
        &self,
        expected: impl Into<String>,
        got: impl Into<String>,
        hint: impl Into<String>,
    ) -> crate::FormatError {
        fault_hint(self.file.path(), &self.object, expected, got, hint)
    }

    /// Lengths of the axes; empty for a single value.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Type of the elements.
    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Bytes of all elements, unpacked.
    pub(crate) fn n_bytes(&self) -> u64 {
        size(&self.shape, self.element).unwrap_or(u64::MAX)
    }

    /// All elements as they are stored, row-major.
    pub(crate) fn raw(&self) -> Result<Vec<u8>> {
        self.bytes(self.whole())
    }

    /// Length of the first axis; 1 for a single value.
    pub(crate) fn n_rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    fn whole(&self) -> Range<usize> {
        0..self.n_rows()
    }

    /// Raw elements of some rows.
    fn bytes(&self, rows: Range<usize>) -> Result<Vec<u8>> {
        if rows.start > rows.end || rows.end > self.n_rows() {
            return Err(self.fault(format!("rows below {}", self.n_rows()), format!("{rows:?}")));
        }
        let mut counts = self.shape.clone();
        if let Some(first) = counts.first_mut() {
            *first = rows.len();
        }
        let n_bytes = size(&counts, self.element);
        if n_bytes.is_none_or(|n_bytes| n_bytes > MAX_ARRAY_BYTES) {
            let expected = format!("at most {} GiB at a time", MAX_ARRAY_BYTES >> 30);
            return Err(self.fault(expected, format!("shape {counts:?} of {}", self.dtype)));
        }
        if n_bytes == Some(0) {
            return Ok(Vec::new());
        }
        let read = match &self.inner {
            Inner::Library(inner) if rows == self.whole() => inner.read_raw_bytes().map_err(|error| words(&error)),
            Inner::Library(inner) => {
                let mut starts = vec![0; counts.len()];
                starts[0] = rows.start;
                self.slice(inner, &starts, &counts).map_err(|error| words(&error))
            }
            Inner::Old(old) => old.bytes(self.file, rows, n_bytes.unwrap_or_default() as usize),
        };
        let bytes = read.map_err(|got| {
            self.fault_hint("values that can be read", got, "a damaged or unknown compression; copy the file again")
        })?;
        if n_bytes != Some(bytes.len() as u64) {
            return Err(self.fault(format!("{n_bytes:?} bytes"), bytes.len().to_string()));
        }
        Ok(bytes)
    }

    fn slice(&self, inner: &H5Dataset, starts: &[usize], counts: &[usize]) -> rust_hdf5::Result<Vec<u8>> {
        let little = |size: usize, bytes: Vec<u8>| match self.dtype {
            // The reader gives slices in the host's order and whole datasets in the file's.
            Dtype::Int { big_endian: true, .. } | Dtype::Float { big_endian: true, .. } => {
                bytes.chunks_exact(size).flat_map(|element| element.iter().rev().copied()).collect()
            }
            _ => bytes,
        };
        let bytes = match self.element {
            1 => inner.read_slice::<u8>(starts, counts)?,
            2 => inner.read_slice::<u16>(starts, counts)?.iter().flat_map(|v| v.to_le_bytes()).collect(),
            4 => inner.read_slice::<u32>(starts, counts)?.iter().flat_map(|v| v.to_le_bytes()).collect(),
            8 => inner.read_slice::<u64>(starts, counts)?.iter().flat_map(|v| v.to_le_bytes()).collect(),
            _ => return Err(rust_hdf5::Hdf5Error::Unsupported("rows of elements of this width".into())),
        };
        Ok(little(self.element, bytes))
    }

    /// Numbers (booleans as 0 and 1) of some rows, row-major.
    pub(crate) fn f64_rows(&self, rows: Range<usize>) -> Result<Vec<f64>> {
        let bytes = self.bytes(rows)?;
        numbers::to_f64(&bytes, &self.dtype).ok_or_else(|| match self.dtype {
            Dtype::Int { .. } => self.fault("whole numbers that a float64 holds", "one beyond 2^53"),
            _ => self.fault("numbers", self.dtype.to_string()),
        })
    }

    /// All numbers, row-major.
    pub(crate) fn f64(&self) -> Result<Vec<f64>> {
        self.f64_rows(self.whole())
    }

    /// All whole numbers, row-major.
    pub(crate) fn i64(&self) -> Result<Vec<i64>> {
        numbers::to_i64(&self.bytes(self.whole())?, &self.dtype)
            .ok_or_else(|| self.fault("whole numbers below 2^63", self.dtype.to_string()))
    }

    /// All whole numbers of 0 or more, such as counts and positions.
    pub(crate) fn usize(&self) -> Result<Vec<usize>> {
        let position = |value: i64| {
            usize::try_from(value).map_err(|_| self.fault("whole numbers of 0 or more", value.to_string()))
        };
        self.i64()?.into_iter().map(position).collect()
    }

    /// Bytes of some rows of a dataset of u8.
    pub(crate) fn u8_rows(&self, rows: Range<usize>) -> Result<Vec<u8>> {
        match self.dtype {
            Dtype::Int { size: 1, signed: false, .. } => self.bytes(rows),
            _ => Err(self.fault("uint8", self.dtype.to_string())),
        }
    }

    /// All booleans.
    pub(crate) fn bools(&self) -> Result<Vec<bool>> {
        match self.dtype {
            Dtype::Bool { yes } => Ok(self.bytes(self.whole())?.into_iter().map(|value| value == yes).collect()),
            _ => Err(self.fault("booleans", self.dtype.to_string())),
        }
    }

    /// All texts.
    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        let raw = self.bytes(self.whole())?;
        match self.dtype {
            Dtype::Text => heap::texts(self.file, &self.object, &raw, self.element),
            Dtype::FixedText { size } if size > 0 => Ok(raw
                .chunks_exact(size)
                .map(|bytes| {
                    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(size);
                    String::from_utf8_lossy(&bytes[..end]).trim_end_matches(' ').to_string()
                })
                .collect()),
            _ => Err(self.fault("texts", self.dtype.to_string())),
        }
    }

    /// The one text of a dataset with a single value.
    pub(crate) fn text(&self) -> Result<String> {
        self.texts()?.into_iter().next().ok_or_else(|| self.fault("a text", "nothing"))
    }

    /// Paths of the objects that are referred to; none for an empty reference or an object that has no name.
    pub(crate) fn targets(&self) -> Result<Vec<Option<String>>> {
        if self.dtype != Dtype::Reference {
            return Err(self.fault("references", self.dtype.to_string()));
        }
        if self.shape.contains(&0) {
            return Ok(Vec::new());
        }
        let target = |reference: Reference| match reference {
            Reference::Object { path, file: None, .. } => path,
            _ => None,
        };
        match &self.inner {
            Inner::Library(inner) => {
                let references = inner.read_references().map_err(|error| self.fault("references", words(&error)))?;
                Ok(references.into_iter().map(target).collect())
            }
            Inner::Old(_) => Ok(OldDataset::targets(self.file, &self.raw()?)),
        }
    }

    /// A text attribute.
    pub(crate) fn text_attr(&self, name: &str) -> Option<String> {
        match &self.inner {
            Inner::Library(inner) => inner.attr(name).ok()?.read_string().ok(),
            Inner::Old(old) => old.text_attr(self.file, &self.object, name),
        }
    }

    /// The texts, each a list of letters, in an attribute; none where there is none or it cannot be read.
    pub(crate) fn texts_attr(&self, name: &str) -> Option<Vec<String>> {
        let (datatype, raw) = self.attr(name)?;
        heap::letters(self.file, &self.object, &datatype, &raw)
    }

    /// A numeric attribute.
    pub(crate) fn f64_attr(&self, name: &str) -> Option<f64> {
        let (datatype, raw) = self.attr(name)?;
        numbers::to_f64(&raw, &Dtype::of(&datatype))?.first().copied()
    }

    /// An attribute's type and bytes.
    fn attr(&self, name: &str) -> Option<(DatatypeMessage, Vec<u8>)> {
        match &self.inner {
            Inner::Library(inner) => {
                let attr = inner.attr(name).ok()?;
                Some((attr.datatype().ok()?, attr.read_raw().ok()?))
            }
            Inner::Old(old) => old.attr(name).map(|attr| (attr.datatype.clone(), attr.data.clone())),
        }
    }
}

fn size(shape: &[usize], element: usize) -> Option<u64> {
    shape.iter().try_fold(element as u64, |n, &len| n.checked_mul(len as u64))
}
