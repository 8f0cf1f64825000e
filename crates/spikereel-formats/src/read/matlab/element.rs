//! Tagged elements: a type, a size and bytes, padded to 8; up to 4 bytes may stand inside the tag itself.

use spikereel_data::{DataError, Result};

/// Types of elements that hold more than plain values, or text.
pub(super) const INT8: u32 = 1;
pub(super) const UINT8: u32 = 2;
pub(super) const UINT16: u32 = 4;
pub(super) const INT32: u32 = 5;
pub(super) const UINT32: u32 = 6;
pub(super) const MATRIX: u32 = 14;
pub(super) const COMPRESSED: u32 = 15;
pub(super) const UTF8: u32 = 16;
pub(super) const UTF16: u32 = 17;
pub(super) const UTF32: u32 = 18;

/// Length of a tag.
pub(super) const N_TAG_BYTES: usize = 8;

/// Byte order of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The whole numbers of `W` bytes each, widened with zeros; bytes behind the last are left out.
    pub(super) fn words<const W: usize>(self, bytes: &[u8]) -> impl ExactSizeIterator<Item = u64> {
        bytes.as_chunks::<W>().0.iter().map(move |chunk| {
            let mut word = [0_u8; 8];
            word[..W].copy_from_slice(chunk);
            if self == Self::Big {
                word[..W].reverse();
            }
            u64::from_le_bytes(word)
        })
    }

    /// Type and size of a long tag.
    pub(super) fn tag(self, tag: [u8; N_TAG_BYTES]) -> (u32, u32) {
        let mut words = self.words::<4>(&tag).map(|word| word as u32);
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub kind: u32,
    pub bytes: &'a [u8],
}

impl<'a> Element<'a> {
    /// The element, if its type is one of `kinds`.
    pub(super) fn of_kind(self, what: &str, kinds: &[u32]) -> Result<Self> {
        if kinds.contains(&self.kind) {
            return Ok(self);
        }
        let named: Vec<String> = kinds.iter().map(u32::to_string).collect();
        Err(damaged(what, format!("an element of type {}", named.join(" or ")), format!("type {}", self.kind)))
    }
}

/// The elements in a run of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
    pub endian: Endian,
}

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8], endian: Endian) -> Self {
        Self { rest: bytes, endian }
    }

    /// Bytes not yet taken.
    pub(super) fn n_left(&self) -> usize {
        self.rest.len()
    }

    /// The next element, called `what` where it is missing or claims more than is there.
    pub(super) fn next(&mut self, what: &str) -> Result<Element<'a>> {
        let Some((tag, rest)) = self.rest.split_first_chunk::<N_TAG_BYTES>() else {
            return Err(damaged(what, "an element of at least 8 bytes", format!("{} bytes", self.rest.len())));
        };
        let (kind, size) = self.endian.tag(*tag);
        if kind >> 16 != 0 {
            // A small element: size and type share the first word, and the values stand in the second.
            let (kind, size) = (kind & 0xffff, (kind >> 16) as usize);
            if size > 4 {
                return Err(damaged(what, "at most 4 bytes in a small element", format!("{size} bytes")));
            }
            let bytes = &self.rest[4..4 + size];
            self.rest = rest;
            return Ok(Element { kind, bytes });
        }
        let size = size as usize;
        if size > rest.len() {
            return Err(damaged(
                what,
                format!("at most the {} bytes that are left", rest.len()),
                format!("{size} bytes"),
            ));
        }
        // The padding behind the last element may be missing.
        self.rest = &rest[size.next_multiple_of(8).min(rest.len())..];
        Ok(Element { kind, bytes: &rest[..size] })
    }
}

/// An error that only damage explains.
pub(super) fn damaged(what: &str, expected: impl Into<String>, got: impl Into<String>) -> DataError {
    DataError::new(what, expected, got).hint("the file is cut off or damaged; save it again")
}

/// A name: UTF-8, or one byte a letter as old files have it. What follows a NUL is padding.
pub(super) fn label(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}
