//! Texts of their own length each, which stand in global heaps: HDF5 file format specification, section III.E.
//!
//! Read here and not by the library beneath, which copies a whole heap object for every reference to it: many references to one large
//! object would ask for far more memory than the file has bytes.

use super::fault::fault;
use super::file::HdfFile;
use crate::{FormatError, Result};
use rust_hdf5::DatatypeMessage;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Bytes of a reference: length (4), address of the heap (8), index in it (4).
const REFERENCE: usize = 16;
/// Bytes of a heap's and of an object's header.
const HEADER: usize = 16;
/// All texts of one dataset together, at most.
const MAX_TEXT: usize = 1 << 28;

struct Heap {
    bytes: Vec<u8>,
    /// Start and length of each object.
    objects: HashMap<u32, (usize, usize)>,
}

/// The texts that `raw` refers to.
pub(super) fn texts(file: &HdfFile, object: &str, raw: &[u8], element: usize) -> Result<Vec<String>> {
    let wrong = |expected: &str, got: String| fault(file.path(), object, expected, got);
    if element != REFERENCE {
        return Err(wrong("texts with addresses of 8 bytes", format!("elements of {element} bytes")));
    }
    let mut source = File::open(file.path()).map_err(|error| FormatError::io(file.path(), "read it", error))?;
    let (mut heaps, mut n_heap_bytes, mut n_text_bytes) = (HashMap::<u64, Heap>::new(), 0_u64, 0_usize);
    let mut texts = Vec::with_capacity(raw.len() / REFERENCE);
    for reference in raw.as_chunks::<REFERENCE>().0 {
        let length = number(&reference[..4]) as usize;
        let (address, index) = (number(&reference[4..12]), number(&reference[12..]) as u32);
        if length == 0 || address == 0 || address == u64::MAX {
            texts.push(String::new());
            continue;
        }
        let heap = match heaps.entry(address) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let at = address.saturating_add(file.inner().userblock_size());
                let heap = Heap::read(&mut source, at, file.n_bytes(), &mut n_heap_bytes)
                    .map_err(|got| wrong("texts in heaps of this file", got))?;
                entry.insert(heap)
            }
        };
        let Some(bytes) = heap.object(index, length) else {
            return Err(wrong("texts in heaps of this file", format!("text {} outside of its heap", texts.len())));
        };
        n_text_bytes += bytes.len();
        if n_text_bytes > MAX_TEXT {
            return Err(wrong("at most 256 MiB of text", "more".into()));
        }
        texts.push(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_string());
    }
    Ok(texts)
}

/// As [`texts`], of lists of letters of one byte each, the form in which MATLAB stores names in an attribute.
pub(super) fn letters(file: &HdfFile, object: &str, kind: &DatatypeMessage, raw: &[u8]) -> Option<Vec<String>> {
    match kind {
        DatatypeMessage::VarLenSequence { base } if base.element_size() == 1 => {
            texts(file, object, raw, REFERENCE).ok()
        }
        DatatypeMessage::VarLenString { .. } => texts(file, object, raw, REFERENCE).ok(),
        _ => None,
    }
}

impl Heap {
    fn read(
        source: &mut File,
        at: u64,
        n_file_bytes: u64,
        n_heap_bytes: &mut u64,
    ) -> std::result::Result<Self, String> {
        let mut header = [0; HEADER];
        let io = |error: std::io::Error| error.to_string();
        source.seek(SeekFrom::Start(at)).map_err(io)?;
        source.read_exact(&mut header).map_err(io)?;
        let n_bytes = number(&header[8..]);
        if &header[..4] != b"GCOL" || n_bytes < HEADER as u64 || at.saturating_add(n_bytes) > n_file_bytes {
            return Err(format!("something else at byte {at}"));
        }
        *n_heap_bytes += n_bytes;
        if *n_heap_bytes > n_file_bytes {
            return Err("heaps that overlap".into());
        }
        let mut bytes = vec![0; n_bytes as usize];
        source.seek(SeekFrom::Start(at)).map_err(io)?;
        source.read_exact(&mut bytes).map_err(io)?;
        let (mut objects, mut offset) = (HashMap::new(), HEADER);
        while let Some(head) = bytes.get(offset..offset + HEADER) {
            let (index, length) = (number(&head[..2]) as u32, number(&head[8..]) as usize);
            let start = offset + HEADER;
            // Object 0 is the free space behind the last one.
            let Some(end) = start.checked_add(length).filter(|&end| index != 0 && end <= bytes.len()) else { break };
            objects.insert(index, (start, length));
            offset = end.next_multiple_of(8);
        }
        Ok(Self { bytes, objects })
    }

    fn object(&self, index: u32, length: usize) -> Option<&[u8]> {
        let &(start, stored) = self.objects.get(&index)?;
        self.bytes.get(start..start + length.min(stored))
    }
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}
