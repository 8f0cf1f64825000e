//! Frames in a folder, in the order of the numbers in their names.

use spikereel_data::{DataError, Result};
use std::cmp::Ordering;
use std::path::Path;

/// Files of a folder, at most.
const MAX_FILES: usize = 1 << 20;

/// Names of the PNG and TIFF files of a folder, sorted: `frame_2.png` before `frame_10.png`. Hidden and other files are passed over.
pub(super) fn frames(folder: &Path) -> Result<Vec<String>> {
    let io = |error: std::io::Error| DataError::new("folder", "one that can be read", error.to_string());
    let mut names = Vec::new();
    for (at, entry) in std::fs::read_dir(folder).map_err(io)?.enumerate() {
        if at == MAX_FILES {
            return Err(DataError::new("folder", format!("at most {MAX_FILES} files"), "more"));
        }
        let name = entry.map_err(io)?.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| DataError::new("folder", "names in Unicode", format!("{name:?}")).hint("rename the file"))?;
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        if !name.starts_with('.') && matches!(ending.as_str(), "png" | "tif" | "tiff") {
            names.push(name.to_string());
        }
    }
    if names.is_empty() {
        return Err(DataError::new("frames", "files that end in .png, .tif or .tiff", "none")
            .hint("save each frame as a PNG file, numbered in its name"));
    }
    names.sort_by(|a, b| by_numbers(a, b).then_with(|| a.cmp(b)));
    Ok(names)
}

/// Runs of digits count as numbers, of any length; everything else by its characters.
fn by_numbers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (digits_a, digits_b) = (n_digits(a), n_digits(b));
        if digits_a > 0 && digits_b > 0 {
            let (number_a, number_b) = (a[..digits_a].trim_start_matches('0'), b[..digits_b].trim_start_matches('0'));
            let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[digits_a..], &b[digits_b..]);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (Some(first), Some(second)) if first == second => (a, b) = (rest_a.as_str(), rest_b.as_str()),
            (first, second) => return first.cmp(&second),
        }
    }
}

fn n_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names =
            ["f10.png", "f9.png", "f009.png", "f1b.png", "f1a.png", "f.png", "g0.png", "f99999999999999999999.png"];
        names.sort_by(|a, b| super::by_numbers(a, b).then_with(|| a.cmp(b)));
        assert_eq!(
            names,
            ["f.png", "f1a.png", "f1b.png", "f009.png", "f9.png", "f10.png", "f99999999999999999999.png", "g0.png"]
        );
    }
}
