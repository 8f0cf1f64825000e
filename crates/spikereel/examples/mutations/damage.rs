//! Random damage to the bytes of a file: flips, cuts, splices from other files, and numbers that lie about lengths.

use rand::{Rng, RngExt};

/// A damaged copy of `bytes`; `others` are files of the same format to take pieces from.
pub fn damaged(bytes: &[u8], others: &[Vec<u8>], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..5) {
        if bytes.is_empty() {
            break;
        }
        let at = place(&bytes, rng);
        match rng.random_range(0..10) {
            0 | 1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes[at] = rng.random_range(0..=255),
            3 if rng.random_range(0..3) == 0 => bytes.truncate(at),
            4 => splice(&mut bytes, at, others, rng),
            5 => {
                let end = (at + rng.random_range(1..64)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => digits(&mut bytes, at, rng),
            _ => length_field(&mut bytes, at, rng),
        }
    }
    bytes
}

/// A place, as often as not the next byte that is not 0: headers stand between long runs of zeros.
fn place(bytes: &[u8], rng: &mut impl Rng) -> usize {
    let at = rng.random_range(0..bytes.len());
    let ahead = if rng.random() { bytes[at..].iter().position(|&byte| byte != 0).unwrap_or(0) } else { 0 };
    at + ahead
}

/// Inserts or writes over a piece of a file of the same format.
fn splice(bytes: &mut Vec<u8>, at: usize, others: &[Vec<u8>], rng: &mut impl Rng) {
    let other = &others[rng.random_range(0..others.len())];
    if other.is_empty() {
        return;
    }
    let from = rng.random_range(0..other.len());
    let piece = &other[from..(from + rng.random_range(1..256)).min(other.len())];
    let end = if rng.random() { at } else { (at + piece.len()).min(bytes.len()) };
    bytes.splice(at..end, piece.iter().copied());
}

/// A number written in digits becomes another: text formats and npy headers keep their lengths so.
fn digits(bytes: &mut Vec<u8>, at: usize, rng: &mut impl Rng) {
    let Some(ahead) = bytes[at..].iter().position(u8::is_ascii_digit) else { return };
    let at = at + ahead;
    let n = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let numbers = [
        "0",
        "1",
        "-1",
        "255",
        "65536",
        "2147483647",
        "4294967296",
        "9223372036854775807",
        "99999999999999999999",
        "1e308",
        "nan",
    ];
    let number = numbers[rng.random_range(0..numbers.len())];
    bytes.splice(at..at + n, number.bytes());
}

/// A binary integer of 1, 2, 4 or 8 bytes, aligned as often as not, becomes an extreme or near value.
fn length_field(bytes: &mut [u8], at: usize, rng: &mut impl Rng) {
    let width = 1_usize << rng.random_range(0..4);
    let at = if rng.random() { at / width * width } else { at };
    let len = bytes.len() as u64;
    let Some(field) = bytes.get_mut(at..at + width) else { return };
    let big = rng.random_range(0..4) == 0;
    let mut whole = [0; 8];
    whole[..width].copy_from_slice(field);
    if big {
        whole[..width].reverse();
    }
    let old = u64::from_le_bytes(whole);
    let new = match rng.random_range(0..9) {
        0 => 0,
        1 => u64::MAX,
        2 => u64::MAX >> 1,
        3 => 1 << rng.random_range(0..64),
        4 => old.wrapping_add(1),
        5 => old.wrapping_sub(1),
        6 => old.wrapping_mul(rng.random_range(2..1024)),
        7 => len.wrapping_add(rng.random_range(0..3)).wrapping_sub(1),
        _ => rng.random_range(0..1 << 20),
    };
    let mut whole = new.to_le_bytes();
    if big {
        whole[..width].reverse();
    }
    field.copy_from_slice(&whole[..width]);
}
