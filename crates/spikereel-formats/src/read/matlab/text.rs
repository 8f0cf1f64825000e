//! Characters: one byte each, UTF-16 units, or Unicode text, laid out column-major as a matrix of characters.

use super::element::{Element, Endian, INT8, UINT8, UINT16, UTF8, UTF16, UTF32, damaged};
use spikereel_data::Result;

/// Some files hold characters without bytes for them; scipy takes them for blanks. More than these are refused.
const MAX_BLANKS: usize = 4096;

/// Characters in the order of the file.
enum Characters {
    /// As MATLAB has them in memory. One byte a character means the first 256 of Unicode.
    Units(Vec<u16>),
    Text(String),
}

/// Rows of `n_values` characters: what stands along the second axis, for each place of the others, the first fastest.
/// None where there are no characters.
pub(super) fn rows(dims: &[usize], n_values: usize, element: Element<'_>, endian: Endian) -> Result<Vec<String>> {
    let characters = match element.bytes {
        [] if n_values <= MAX_BLANKS => Characters::Text(" ".repeat(n_values)),
        _ => characters(element, endian)?,
    };
    let n_got = match &characters {
        Characters::Units(units) => units.len(),
        Characters::Text(text) => {
            // MATLAB counts UTF-16 units, scipy characters. They differ beyond the first 65,536.
            let n_chars = text.chars().count();
            if n_chars == n_values { n_chars } else { text.encode_utf16().count() }
        }
    };
    if n_got != n_values {
        return Err(damaged("text", format!("{n_values} characters, as the axes say"), n_got.to_string()));
    }
    if n_values == 0 {
        return Ok(Vec::new());
    }
    let n_rows = n_values / dims[1];
    match characters {
        Characters::Text(text) if n_rows == 1 => Ok(vec![text]),
        Characters::Text(text) => {
            let letters: Vec<char> = text.chars().collect();
            if letters.len() == n_values {
                return Ok((0..n_rows).map(|row| along(dims, row, &letters).collect()).collect());
            }
            from_units(dims, n_rows, &text.encode_utf16().collect::<Vec<u16>>())
        }
        Characters::Units(units) => from_units(dims, n_rows, &units),
    }
}

fn from_units(dims: &[usize], n_rows: usize, units: &[u16]) -> Result<Vec<String>> {
    let row = |row| {
        let decoded: std::result::Result<String, _> = char::decode_utf16(along(dims, row, units)).collect();
        decoded.map_err(|error| damaged("text", "UTF-16", error.to_string()))
    };
    (0..n_rows).map(row).collect()
}

/// What stands in a row, column by column.
fn along<T: Copy>(dims: &[usize], row: usize, letters: &[T]) -> impl Iterator<Item = T> {
    let (n_first, n_columns) = (dims[0], dims[1]);
    let start = row % n_first + row / n_first * n_first * n_columns;
    letters[start..].iter().step_by(n_first).take(n_columns).copied()
}

fn characters(element: Element<'_>, endian: Endian) -> Result<Characters> {
    let Element { kind, bytes } = element.of_kind("text", &[UINT16, UINT8, INT8, UTF8, UTF16, UTF32])?;
    let whole = |n_bytes_each: usize| {
        let expected = format!("characters of {n_bytes_each} bytes");
        let odd = bytes.len() % n_bytes_each != 0;
        if odd { Err(damaged("text", expected, format!("{} bytes", bytes.len()))) } else { Ok(()) }
    };
    Ok(match kind {
        UINT8 | INT8 => Characters::Units(bytes.iter().map(|byte| u16::from(*byte)).collect()),
        UINT16 | UTF16 => {
            whole(2)?;
            Characters::Units(endian.words::<2>(bytes).map(|word| word as u16).collect())
        }
        UTF8 => {
            let at = |error: std::str::Utf8Error| format!("another byte at {}", error.valid_up_to());
            let text = std::str::from_utf8(bytes).map_err(|error| damaged("text", "UTF-8", at(error)))?;
            Characters::Text(text.to_owned())
        }
        _ => {
            whole(4)?;
            let letter = |word: u64| char::from_u32(word as u32).ok_or(word);
            let text: std::result::Result<String, u64> = endian.words::<4>(bytes).map(letter).collect();
            Characters::Text(text.map_err(|word| damaged("text", "UTF-32", format!("{word:#x}")))?)
        }
    })
}
