//! The first 128 bytes, the same in level 5 and version 7.3: which kind of MATLAB file this is, and in which byte order.

use super::element::Endian;
use spikereel_data::{DataError, Result};

/// Length of text, subsystem offset, version and byte order mark.
pub(super) const N_PREAMBLE_BYTES: usize = 128;

const HDF5_SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What kind of file this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Level 5, in a byte order.
    Five(Endian),
    /// Version 7.3: HDF5 behind 512 bytes of MATLAB's own.
    SevenThree,
}

/// The level of a file.
///
/// `start` holds the first bytes of the file, 128 of them where there are so many.
pub(super) fn level(start: &[u8]) -> Result<Level> {
    let field = || "file";
    let level_5 = "a MATLAB file of level 5 (`save -v6`, `save -v7` or scipy's `savemat`) or version 7.3";
    if start.starts_with(HDF5_SIGNATURE) {
        return Err(DataError::new(field(), level_5, "an HDF5 file without the 512 bytes that MATLAB puts before it")
            .hint("read an NWB file as one; save anything else again from MATLAB, or with scipy.io.savemat"));
    }
    if is_level_4(start) {
        return Err(DataError::new(field(), level_5, "a MATLAB file of level 4, as MATLAB 4 and `save -v4` write it")
            .hint("load it in MATLAB, or with scipy.io.loadmat, and save it again with `save(name, '-v7')` or scipy.io.savemat"));
    }
    let Some(end) = start.get(124..N_PREAMBLE_BYTES) else {
        return Err(DataError::new(field(), level_5, format!("only {} bytes", start.len()))
            .hint("the file is cut off, or is something else"));
    };
    let (endian, major) = match &end[2..] {
        b"IM" => (Endian::Little, end[1]),
        b"MI" => (Endian::Big, end[0]),
        _ => {
            return Err(DataError::new(field(), level_5, "no MATLAB byte order mark at byte 126")
                .hint("the file is something else, whatever its name ends in"));
        }
    };
    match major {
        1 => Ok(Level::Five(endian)),
        2 => Ok(Level::SevenThree),
        _ => Err(DataError::new(field(), level_5, format!("version {}.{}", end[1], end[0]))
            .hint("the file is damaged, or newer than this reader")),
    }
}

/// Level 4 begins with a type number of four digits: byte order, 0, precision (0 to 5), kind (0 to 2).
fn is_level_4(start: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = start.first_chunk::<4>() else { return false };
    let is_type = |number: u32| {
        let digits = [number / 1000, number / 100 % 10, number / 10 % 10, number % 10];
        digits[0] <= 4 && digits[1] == 0 && digits[2] <= 5 && digits[3] <= 2
    };
    start.len() >= 20 && (is_type(u32::from_le_bytes([a, b, c, d])) || is_type(u32::from_be_bytes([a, b, c, d])))
}
