//! Datasets whose data layout message is of version 1 or 2, as HDF5 wrote before its release 1.6.3 and MATLAB until about 2010: HDF5 file
//! format specification, IV.A.2.i. The library beneath reads later versions only; it still decodes the other messages and the filters.

use super::dtype::Dtype;
use super::file::HdfFile;
use super::headers::{ATTRIBUTE, Headers, Message, number};
use super::heap;
use super::old_chunks::Chunks;
use rust_hdf5::DatatypeMessage;
use rust_hdf5::FilterPipeline;
use rust_hdf5::format::messages::attribute::AttributeMessage;
use rust_hdf5::format::messages::dataspace::DataspaceMessage;
use rust_hdf5::format::messages::fill_value::FillValueMessage;
use std::ops::Range;

const DATASPACE: u8 = 0x01;
const DATATYPE: u8 = 0x03;
const FILL_VALUE: u8 = 0x05;
const EXTERNAL_FILES: u8 = 0x07;
const LAYOUT: u8 = 0x08;
const FILTERS: u8 = 0x0b;
/// Bytes of a layout message in front of the address: version, number of axes, class and five without meaning.
const N_HEAD: usize = 8;
/// The address of what was never written.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A dataset of an old form, none of its values read.
pub(super) struct OldDataset {
    pub shape: Vec<usize>,
    pub datatype: DatatypeMessage,
    pub element: usize,
    attributes: Vec<AttributeMessage>,
    storage: Storage,
    fill: Vec<u8>,
}

enum Storage {
    /// In the header.
    Compact(Vec<u8>),
    /// In one piece, at an address.
    Contiguous(u64),
    Chunked(Chunks),
}

impl OldDataset {
    /// Reads the header of the dataset at a path without links. None where it has no layout of versions 1 and 2; words where it has, and
    /// is not read.
    pub(super) fn open(file: &HdfFile, at: &str) -> Result<Option<Self>, String> {
        let read = |headers: &mut Headers| Some((headers.messages_at(at)?, headers.context()));
        let Some((messages, context)) = file.with_headers(read) else { return Ok(None) };
        let Some(layout) = find(&messages, LAYOUT).filter(|layout| matches!(layout.first(), Some(1 | 2))) else {
            return Ok(None);
        };
        if find(&messages, EXTERNAL_FILES).is_some() {
            return Err("values in another file".into());
        }
        let space = find(&messages, DATASPACE).and_then(|space| DataspaceMessage::decode(space, &context).ok());
        let space = space.ok_or("no axes that can be read")?.0;
        let datatype = find(&messages, DATATYPE).and_then(|kind| DatatypeMessage::decode(kind, &context).ok());
        let datatype = datatype.ok_or("no type that can be read")?.0;
        let shape: Result<Vec<usize>, _> = space.dims.iter().map(|&len| usize::try_from(len)).collect();
        let shape = if space.is_null() { vec![0] } else { shape.map_err(|error| error.to_string())? };
        let element = datatype.element_size() as usize;
        let filters = match find(&messages, FILTERS) {
            Some(filters) => FilterPipeline::decode(filters).map_err(|error| error.to_string())?.0,
            None => FilterPipeline::none(),
        };
        let storage = storage(layout, element, shape.len(), filters).ok_or("a layout that cannot be read")?;
        let fill = find(&messages, FILL_VALUE).and_then(|fill| FillValueMessage::decode(fill).ok()?.0.fill_value);
        let attributes = messages.iter().filter(|(kind, _)| *kind == ATTRIBUTE);
        let attributes =
            attributes.filter_map(|(_, content)| Some(AttributeMessage::decode(content, &context).ok()?.0));
        let attributes = attributes.collect();
        Ok(Some(Self { shape, datatype, element, attributes, storage, fill: fill.unwrap_or_default() }))
    }

    /// Lengths of the axes of a chunk, where there are chunks.
    pub(super) fn chunk_dims(&self) -> Option<&[usize]> {
        match &self.storage {
            Storage::Chunked(chunks) => Some(&chunks.dims),
            _ => None,
        }
    }

    /// `n_bytes` of elements as they are stored, row-major: those of some rows, whose number and size the caller has checked.
    pub(super) fn bytes(&self, file: &HdfFile, rows: Range<usize>, n_bytes: usize) -> Result<Vec<u8>, String> {
        // Rows are of one size.
        let skipped = n_bytes.checked_div(rows.len()).and_then(|row| row.checked_mul(rows.start));
        let skipped = skipped.ok_or("no values")?;
        let short = || "values that end early".to_string();
        match &self.storage {
            Storage::Compact(stored) => {
                let end = skipped.checked_add(n_bytes).ok_or_else(short)?;
                stored.get(skipped..end).map(<[u8]>::to_vec).ok_or_else(short)
            }
            Storage::Contiguous(NOWHERE) => Ok(self.filled(n_bytes)),
            Storage::Contiguous(address) => {
                let read = |headers: &mut Headers| headers.bytes(address.checked_add(skipped as u64)?, n_bytes as u64);
                file.with_headers(read).filter(|bytes| bytes.len() == n_bytes).ok_or_else(short)
            }
            Storage::Chunked(chunks) => {
                let mut values = self.filled(n_bytes);
                let read = |headers: &mut Headers| {
                    Some(chunks.read(headers, file.n_bytes(), &self.shape, rows, self.element, &mut values))
                };
                file.with_headers(read).unwrap_or_else(|| Err(short()))?;
                Ok(values)
            }
        }
    }

    /// Values that were never written.
    fn filled(&self, n_bytes: usize) -> Vec<u8> {
        let is_zero = self.fill.iter().all(|&byte| byte == 0);
        if is_zero || self.fill.len() != self.element {
            return vec![0; n_bytes];
        }
        self.fill.repeat(n_bytes / self.element)
    }

    /// A path to each object that is referred to; none for an empty reference or an object that has no name.
    pub(super) fn targets(file: &HdfFile, references: &[u8]) -> Vec<Option<String>> {
        let path = |address: &[u8; 8]| file.with_headers(|headers| headers.path_of(number(address)));
        references.as_chunks().0.iter().map(path).collect()
    }

    /// An attribute.
    pub(super) fn attr(&self, name: &str) -> Option<&AttributeMessage> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// A text attribute.
    pub(super) fn text_attr(&self, file: &HdfFile, object: &str, name: &str) -> Option<String> {
        let attr = self.attr(name)?;
        match Dtype::of(&attr.datatype) {
            Dtype::Text => {
                heap::texts(file, object, &attr.data, attr.datatype.element_size() as usize).ok()?.into_iter().next()
            }
            Dtype::FixedText { size } => {
                let bytes = attr.data.get(..size)?.split(|&byte| byte == 0).next()?;
                Some(String::from_utf8_lossy(bytes).trim_end_matches(' ').to_string())
            }
            _ => None,
        }
    }
}

fn find(messages: &[Message], kind: u8) -> Option<&[u8]> {
    messages.iter().find(|(other, _)| *other == kind).map(|(_, content)| content.as_slice())
}

/// Where values stand: version (1), number of lengths (1), class (1), without meaning (5), address (8, not of compact ones), lengths (4
/// each), and of compact ones the number of bytes (4) and the bytes. Chunks have the length of an element as their last one.
fn storage(layout: &[u8], element: usize, n_axes: usize, filters: FilterPipeline) -> Option<Storage> {
    let n_lengths = usize::from(*layout.get(1)?);
    let rest = layout.get(N_HEAD..)?;
    match layout.get(2)? {
        0 => {
            let (n_bytes, values) = rest.get(4 * n_lengths..)?.split_at_checked(4)?;
            Some(Storage::Compact(values.get(..number(n_bytes) as usize)?.to_vec()))
        }
        1 => Some(Storage::Contiguous(number(rest.get(..8)?))),
        2 => {
            let lengths = rest.get(8..8 + 4 * n_lengths)?.as_chunks::<4>().0;
            let lengths: Vec<usize> = lengths.iter().map(|length| u32::from_le_bytes(*length) as usize).collect();
            let (&last, dims) = lengths.split_last()?;
            let fits = last == element && element > 0 && dims.len() == n_axes && n_axes > 0 && !dims.contains(&0);
            fits.then(|| Storage::Chunked(Chunks { tree: number(&rest[..8]), dims: dims.to_vec(), filters }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_that_lie_about_their_length_are_refused() {
        let head = |n_lengths, class| vec![2, n_lengths, class, 0, 0, 0, 0, 0];
        let read = |bytes: &[u8]| storage(bytes, 8, 1, FilterPipeline::none());
        let compact = [head(1, 0), vec![2, 0, 0, 0, 3, 0, 0, 0, 7, 8, 9]].concat();
        assert!(matches!(read(&compact), Some(Storage::Compact(values)) if values == [7, 8, 9]));
        assert!((0..compact.len()).all(|end| read(&compact[..end]).is_none()));
        let chunked = [head(2, 2), vec![1; 8], vec![5, 0, 0, 0, 8, 0, 0, 0]].concat();
        assert!(matches!(read(&chunked), Some(Storage::Chunked(chunks)) if chunks.dims == [5]));
        assert!((0..chunked.len()).all(|end| read(&chunked[..end]).is_none()));
        assert!(storage(&chunked, 4, 1, FilterPipeline::none()).is_none());
        assert!(storage(&chunked, 8, 2, FilterPipeline::none()).is_none());
        assert!(read(&[head(1, 3), vec![0; 40]].concat()).is_none());
    }
}
