//! MATLAB files built byte by byte, to hold what no writer at hand writes.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// Writes elements in one byte order.
#[derive(Clone, Copy)]
pub struct Mat {
    pub big: bool,
}

impl Mat {
    pub fn word(self, word: u32) -> [u8; 4] {
        if self.big { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    pub fn half(self, word: u16) -> [u8; 2] {
        if self.big { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    /// A long element, padded.
    pub fn element(self, kind: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = [self.word(kind), self.word(bytes.len() as u32)].concat();
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    pub fn words(self, kind: u32, words: &[u32]) -> Vec<u8> {
        self.element(kind, &words.iter().flat_map(|word| self.word(*word)).collect::<Vec<u8>>())
    }

    /// A matrix: flags and class, axes, name, and what follows.
    pub fn matrix(self, flags: u32, dims: &[u32], name: &str, rest: &[Vec<u8>]) -> Vec<u8> {
        let start = [self.words(6, &[flags, 0]), self.words(5, dims), self.element(1, name.as_bytes())].concat();
        self.element(14, &[start, rest.concat()].concat())
    }

    /// A compressed element that holds `bytes`.
    pub fn packed(self, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        [&self.word(15)[..], &self.word(packed.len() as u32), &packed].concat()
    }

    /// A file of these top elements.
    pub fn file(self, elements: &[Vec<u8>]) -> Vec<u8> {
        let mut out = b"MATLAB 5.0 MAT-file".to_vec();
        out.resize(124, b' ');
        out.extend(if self.big { *b"\x01\x00MI" } else { *b"\x00\x01IM" });
        out.extend(elements.concat());
        out
    }
}
