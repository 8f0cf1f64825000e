//! Compressed elements: zlib streams that hold one matrix. Its own tag says how many bytes it has, and no more are unpacked.

use super::element::{Endian, MATRIX, N_TAG_BYTES, damaged};
use flate2::read::ZlibDecoder;
use spikereel_data::{DataError, Result};
use std::io::Read;

/// Deflate packs at most 1032 to 1; an element that claims more is a lie.
const MAX_RATIO: u64 = 1032;

/// A compressed element, its tag read and believed possible.
pub(super) struct Inflater<R> {
    decoder: ZlibDecoder<R>,
    /// Bytes of the matrix behind its tag.
    pub n_bytes: u64,
}

impl<R: Read> Inflater<R> {
    /// Reads the tag of what `packed`, of `n_packed` bytes, holds.
    pub(super) fn new(packed: R, n_packed: u64, endian: Endian) -> Result<Self> {
        let mut decoder = ZlibDecoder::new(packed);
        let mut tag = [0; N_TAG_BYTES];
        decoder.read_exact(&mut tag).map_err(|error| unreadable(&error))?;
        let (kind, n_bytes) = endian.tag(tag);
        if kind != MATRIX {
            return Err(damaged("compressed element", "a matrix, type 14", format!("type {kind}")));
        }
        let n_possible = n_packed.saturating_mul(MAX_RATIO).saturating_add(1024);
        if u64::from(n_bytes) > n_possible {
            let expected = format!("at most {n_possible} bytes, unpacked from {n_packed}");
            return Err(damaged("size", expected, format!("{n_bytes} bytes")));
        }
        Ok(Self { decoder, n_bytes: n_bytes.into() })
    }

    /// The first bytes of the matrix, at most `n_max`.
    pub(super) fn start(self, n_max: u64) -> Result<Vec<u8>> {
        let n_bytes = self.n_bytes.min(n_max);
        self.read(n_bytes).map(|(bytes, _)| bytes)
    }

    /// The whole matrix; the stream must end behind it, with the right checksum.
    pub(super) fn whole(self) -> Result<Vec<u8>> {
        let n_bytes = self.n_bytes;
        let (bytes, mut decoder) = self.read(n_bytes)?;
        match decoder.read(&mut [0]).map_err(|error| unreadable(&error))? {
            0 => Ok(bytes),
            _ => Err(damaged("size", format!("{n_bytes} bytes, as declared"), "more")),
        }
    }

    fn read(self, n_bytes: u64) -> Result<(Vec<u8>, ZlibDecoder<R>)> {
        let mut bytes = reserved(n_bytes)?;
        let mut taken = self.decoder.take(n_bytes);
        taken.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 != n_bytes {
            return Err(damaged("size", format!("{n_bytes} bytes, as declared"), format!("{} bytes", bytes.len())));
        }
        Ok((bytes, taken.into_inner()))
    }
}

/// Room for so many bytes.
pub(super) fn reserved<T>(n_values: u64) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let n_usize = usize::try_from(n_values).unwrap_or(usize::MAX);
    values
        .try_reserve_exact(n_usize)
        .map_err(|_| DataError::new("size", "values that fit into memory", format!("{n_values} of them")))?;
    Ok(values)
}

fn unreadable(error: &std::io::Error) -> DataError {
    damaged("compressed element", "data that can be unpacked", error.to_string())
}
