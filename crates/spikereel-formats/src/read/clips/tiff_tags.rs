//! Tags of a TIFF file, looked through before a decoder believes them.
//!
//! The crate `tiff` (0.11) reads the first page before limits can be set, and makes room for what a tag declares before it reads it:
//! one flipped bit of a count asks for 256 MiB. Layout: TIFF 6.0, section 2, and BigTIFF.

use super::damaged;
use spikereel_data::{DataError, Result};
use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

/// A tag takes so many bytes at least.
const N_TAG_BYTES: u64 = 12;

/// Where numbers stand, and how wide they are.
struct Tags<'a, R> {
    file: &'a mut R,
    is_little: bool,
    is_big_tiff: bool,
    /// Tags that the file has room for. Directories that overlap, as no program writes them, would be any number of tags.
    n_left: u64,
}

impl<R: Read + Seek> Tags<'_, R> {
    /// The next number of `N` bytes; `None` at the end of the file.
    fn number<const N: usize>(&mut self) -> Option<u64> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).ok()?;
        let fold = |all: u64, byte: &u8| all << 8 | u64::from(*byte);
        Some(if self.is_little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    }

    fn offset(&mut self) -> Option<u64> {
        if self.is_big_tiff { self.number::<8>() } else { self.number::<4>() }
    }

    /// The largest number of bytes that a tag of the directory at `offset` declares, with the tag; and where the next directory is.
    fn directory(&mut self, offset: u64) -> Option<((u64, u64), Option<u64>)> {
        self.file.seek(SeekFrom::Start(offset)).ok()?;
        let n_tags = if self.is_big_tiff { self.number::<8>() } else { self.number::<2>() }?;
        let mut largest = (0, 0);
        for _ in 0..n_tags {
            let next = self.number::<2>().zip(self.number::<2>()).zip(self.offset());
            let (Some(((tag, kind), count)), Some(left)) = (next, self.n_left.checked_sub(1)) else {
                return Some((largest, None));
            };
            self.n_left = left;
            largest = largest.max((count.saturating_mul(bytes_of(kind)), tag));
            self.offset();
        }
        Some((largest, self.offset().filter(|&next| next > 0)))
    }
}

/// Bytes of a value; 0 for kinds that no decoder reads.
fn bytes_of(kind: u64) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 0,
    }
}

/// Refuses a file of `len` bytes where a tag of any page declares more than that, and goes back to the start. What is no TIFF file,
/// or cut off among its tags, passes: the decoder says so.
pub(super) fn check(file: &mut (impl Read + Seek), len: u64) -> Result<()> {
    let found = largest(file, len);
    file.rewind().map_err(|error| damaged("TIFF file", error))?;
    match found {
        Some((n_bytes, tag)) if n_bytes > len => {
            Err(DataError::new("tags", format!("at most the file's {len} bytes"), format!("{n_bytes} in tag {tag}"))
                .hint("the file is cut off or damaged; save it again"))
        }
        _ => Ok(()),
    }
}

/// The most bytes that a tag declares, with the tag.
fn largest(file: &mut (impl Read + Seek), len: u64) -> Option<(u64, u64)> {
    let mut order = [0; 2];
    file.read_exact(&mut order).ok()?;
    let is_little = &order == b"II";
    let n_left = len / N_TAG_BYTES;
    let mut tags = Tags { file, is_little, is_big_tiff: false, n_left };
    let version = tags.number::<2>()?;
    if !(is_little || &order == b"MM") || ![42, 43].contains(&version) {
        return None;
    }
    tags.is_big_tiff = version == 43;
    if tags.is_big_tiff {
        // Width of an offset and a zero, always the same.
        tags.number::<4>()?;
    }
    let (mut largest, mut seen) = ((0, 0), HashSet::new());
    let mut next = tags.offset();
    while let Some(offset) = next.filter(|&offset| seen.insert(offset)) {
        let Some((own, after)) = tags.directory(offset) else {
            break;
        };
        largest = largest.max(own);
        next = after;
    }
    Some(largest)
}

#[cfg(test)]
mod tests {
    use super::check;
    use std::io::{Cursor, Read, Seek, SeekFrom};

    /// One directory of one tag, `count` values of a kind, in a file of `len` bytes.
    fn file(is_little: bool, is_big_tiff: bool, kind: u16, count: u32, len: usize) -> Vec<u8> {
        let mut bytes = if is_little { b"II".to_vec() } else { b"MM".to_vec() };
        let mut put = |value: u64, n: usize| {
            let all = value.to_le_bytes();
            let own: Vec<u8> = if is_little { all[..n].to_vec() } else { all[..n].iter().rev().copied().collect() };
            bytes.extend(own);
        };
        let wide = if is_big_tiff { 8 } else { 4 };
        put(if is_big_tiff { 43 } else { 42 }, 2);
        if is_big_tiff {
            put(8, 2);
            put(0, 2);
        }
        put(if is_big_tiff { 16 } else { 8 }, wide);
        put(1, if is_big_tiff { 8 } else { 2 });
        put(270, 2);
        put(u64::from(kind), 2);
        put(u64::from(count), wide);
        put(0, wide);
        put(0, wide);
        bytes.resize(len, 0);
        bytes
    }

    #[test]
    fn a_tag_larger_than_the_file_is_refused() {
        for (is_little, is_big_tiff) in [(true, false), (false, false), (true, true), (false, true)] {
            let fits = file(is_little, is_big_tiff, 3, 50, 100);
            check(&mut Cursor::new(&fits), 100).expect("100 bytes of values in 100");
            let lies = file(is_little, is_big_tiff, 3, 51, 100);
            let text = check(&mut Cursor::new(&lies), 100).expect_err("more than the file").to_string();
            assert!(text.contains("102 in tag 270"), "{text}");
            // A page after it that lies nowhere does not hide it.
            let mut lost = lies.clone();
            let n = if is_big_tiff { 52 } else { 26 };
            lost[n - 1 - usize::from(is_little)] = 9;
            check(&mut Cursor::new(&lost), 100).expect_err("more than the file");
        }
    }

    #[test]
    fn pages_that_overlap_take_no_time() {
        // Wherever one looks: 65,535 tags of no kind, and then another page four bytes on.
        let mut file = vec![0xff; 4_000_000];
        file[..8].copy_from_slice(b"II*\0\x08\0\0\0");
        let half = file.len() / 2;
        for at in (half..file.len() - 4).step_by(4) {
            let next = (at - half + 12) as u32;
            file[at..at + 4].copy_from_slice(&next.to_le_bytes());
        }
        let mut reads = Reads { file: Cursor::new(&file), n: 0 };
        check(&mut reads, file.len() as u64).expect("the decoder says what is wrong");
        assert!(reads.n < file.len(), "{} reads", reads.n);
    }

    /// Counts what is read.
    struct Reads<R> {
        file: R,
        n: usize,
    }

    impl<R: Read> Read for Reads<R> {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            self.n += 1;
            self.file.read(bytes)
        }
    }

    impl<R: Seek> Seek for Reads<R> {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.file.seek(to)
        }
    }

    #[test]
    fn a_ring_of_pages_and_what_is_no_tiff_end() {
        let mut ring = file(true, false, 3, 1, 100);
        ring[22] = 8;
        check(&mut Cursor::new(&ring), 100).expect("the decoder finds the ring");
        check(&mut Cursor::new(b"GIF89a"), 6).expect("the decoder says what it is");
        check(&mut Cursor::new(b"\xff\xd8\xff\xe0\0\x10JFIF\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 20)
            .expect("a JPEG");
        check(&mut Cursor::new(b""), 0).expect("the decoder says that it is empty");
    }
}
