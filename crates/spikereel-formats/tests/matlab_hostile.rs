//! MATLAB files that no writer at hand writes, some of them lies; thousands of garbled ones. An error or a value, never a panic.

mod common;

use common::mat::Mat;
use common::mutate::mutate;
use flate2::read::ZlibDecoder;
use spikereel_data::rng::stream;
use spikereel_formats::read::matlab::{MatFile, MatLimits, MatValue, Numbers};
use std::fs;
use std::io::Read;
use std::path::Path;

const LITTLE: Mat = Mat { big: false };
const CELL: u32 = 1;
const STRUCT: u32 = 2;
const CHAR: u32 = 4;
const SPARSE: u32 = 5;
const DOUBLE: u32 = 6;
const LOGICAL: u32 = 0x200;
const COMPLEX: u32 = 0x800;

fn read_with(bytes: &[u8], limits: MatLimits) -> Result<MatValue, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    fs::write(&path, bytes).unwrap();
    let text = |error: spikereel_formats::FormatError| error.to_string().replace(&path.display().to_string(), "a.mat");
    let mut file = MatFile::open_with(&path, limits).map_err(text)?;
    let name = file.variables()[0].name.clone();
    file.read(&name).map_err(text)
}

fn read(bytes: &[u8]) -> Result<MatValue, String> {
    read_with(bytes, MatLimits::default())
}

fn one(matrix: Vec<u8>) -> Result<MatValue, String> {
    read(&LITTLE.file(&[matrix]))
}

fn refused(matrix: Vec<u8>, part: &str) {
    let text = one(matrix).unwrap_err();
    assert!(text.starts_with("a.mat: variable") && text.contains(part), "{text}");
}

#[test]
fn every_way_to_store_text_reads_alike_in_both_byte_orders() {
    for big in [false, true] {
        let mat = Mat { big };
        let units: Vec<u8> = "aé前".encode_utf16().flat_map(|unit| mat.half(unit)).collect();
        let wide: Vec<u8> = "aé前".chars().flat_map(|letter| mat.word(letter.into())).collect();
        for (kind, stored) in [(4, &units[..]), (17, &units), (16, "aé前".as_bytes()), (18, &wide)] {
            let matrix = mat.matrix(CHAR, &[1, 3], "t", &[mat.element(kind, stored)]);
            for element in [matrix.clone(), mat.packed(&matrix)] {
                assert_eq!(read(&mat.file(&[element])).unwrap().text(), Some("aé前"), "type {kind}, big {big}");
            }
        }
        let matrix = mat.matrix(CHAR, &[1, 2], "t", &[mat.element(2, b"a\xe9")]);
        assert_eq!(read(&mat.file(&[matrix])).unwrap().text(), Some("aé"));
        // A small element: size and type in one word.
        let small = [mat.word(3 << 16 | 16), *b"one\0"].concat();
        let matrix = mat.matrix(CHAR, &[1, 3], "t", &[small]);
        assert_eq!(read(&mat.file(&[matrix])).unwrap().text(), Some("one"));
    }
}

#[test]
fn letters_beyond_16_bits_count_as_one_or_two_and_pages_follow_rows() {
    for n in [1, 2] {
        let matrix = LITTLE.matrix(CHAR, &[1, n], "t", &[LITTLE.element(16, "🐭".as_bytes())]);
        assert_eq!(one(matrix).unwrap().text(), Some("🐭"));
    }
    refused(LITTLE.matrix(CHAR, &[1, 3], "t", &[LITTLE.element(16, "🐭".as_bytes())]), "3 characters, as the axes say");
    refused(LITTLE.matrix(CHAR, &[1, 1], "t", &[LITTLE.element(17, &[0x2d, 0xd8])]), "expected UTF-16");
    let pages = LITTLE.matrix(CHAR, &[2, 2, 2], "t", &[LITTLE.element(2, b"acbdegfh")]);
    let MatValue::Char { rows, .. } = one(pages).unwrap() else { panic!() };
    assert_eq!(rows, ["ab", "cd", "ef", "gh"]);
}

#[test]
fn numbers_in_smaller_types_are_widened_and_what_does_not_fit_is_refused() {
    let eights =
        LITTLE.matrix(DOUBLE | COMPLEX, &[1, 2], "x", &[LITTLE.element(1, &[1, 255]), LITTLE.element(2, &[2, 255])]);
    let expected = MatValue::Numeric {
        dims: vec![1, 2],
        real: Numbers::F64(vec![1.0, -1.0]),
        imag: Some(Numbers::F64(vec![2.0, 255.0])),
    };
    assert_eq!(one(eights).unwrap(), expected);
    let flags = LITTLE.matrix(DOUBLE | LOGICAL, &[1, 1], "x", &[LITTLE.element(9, &0.5_f64.to_le_bytes())]);
    assert_eq!(one(flags).unwrap(), MatValue::Logical { dims: vec![1, 1], values: vec![true] });
    let half = LITTLE.matrix(9, &[1, 1], "x", &[LITTLE.element(9, &0.5_f64.to_le_bytes())]);
    refused(half, "variable `x`, real parts: expected numbers that their class can hold, got 0.5 at 0");
    let large = LITTLE.matrix(DOUBLE, &[1, 1], "x", &[LITTLE.element(13, &(u64::MAX).to_le_bytes())]);
    refused(large, "18446744073709551615 at 0");
}

#[test]
fn sizes_that_lie_are_refused_before_anything_is_made() {
    let values = || LITTLE.element(9, &[0; 16]);
    refused(LITTLE.matrix(DOUBLE, &[1, 3], "x", &[values()]), "3 of 8 bytes, as the axes say, got 16 bytes");
    refused(LITTLE.matrix(DOUBLE, &[i32::MAX as u32; 3], "x", &[values()]), "axes [2147483647, ");
    refused(LITTLE.matrix(DOUBLE, &[1, u32::MAX], "x", &[values()]), "lengths from 0, got -1");
    refused(LITTLE.matrix(CELL, &[30_000, 30_000], "x", &[values()]), "at most 3 values in the 24 bytes that are left");
    refused(
        LITTLE.matrix(CHAR, &[1, i32::MAX as u32], "x", &[LITTLE.element(2, b"")]),
        "2147483647 characters, as the axes",
    );
    let names = [LITTLE.words(5, &[3]), LITTLE.element(1, b"a\0\0b\0\0")].concat();
    refused(LITTLE.matrix(STRUCT, &[1 << 20, 1 << 20], "x", &[names]), "values in the 0 bytes that are left");
    let names = [LITTLE.words(5, &[0]), LITTLE.element(1, b"a\0\0")].concat();
    refused(LITTLE.matrix(STRUCT, &[1, 1], "x", &[names]), "names of 0 bytes each");
    let sparse = |rows: &[u32], starts: &[u32]| {
        LITTLE.matrix(SPARSE, &[2, 2], "x", &[LITTLE.words(5, rows), LITTLE.words(5, starts), values()])
    };
    assert!(matches!(one(sparse(&[0, 1], &[0, 1, 2])).unwrap(), MatValue::Sparse(_)));
    refused(sparse(&[0, 2], &[0, 1, 2]), "rows: expected below 2, got 2");
    refused(sparse(&[0, 1], &[0, 2, 1]), "column starts");
    refused(sparse(&[0, 1], &[0, 1, 1 << 30]), "at least 1073741824");
    refused(sparse(&[0, 1], &[0, 2]), "column starts");
    // Structures without a field, and text without a letter, take no bytes: any number is as good as none.
    let none = LITTLE.matrix(STRUCT, &[1 << 20, 1 << 20], "x", &[LITTLE.words(5, &[8]), LITTLE.element(1, b"")]);
    assert_eq!(one(none).unwrap().dims(), [1 << 20, 1 << 20]);
    assert_eq!(one(LITTLE.matrix(CHAR, &[i32::MAX as u32, 0], "x", &[])).unwrap().text(), Some(""));
}

#[test]
fn the_path_to_a_fault_is_told() {
    let bad = LITTLE.matrix(DOUBLE, &[1, 3], "", &[]);
    let good = LITTLE.matrix(DOUBLE, &[0, 0], "", &[]);
    let names = [LITTLE.words(5, &[8]), LITTLE.element(1, b"area\0\0\0\0cue\0\0\0\0\0")].concat();
    let cell = LITTLE.matrix(CELL, &[2, 1], "", &[good.clone(), bad]);
    let structure =
        LITTLE.matrix(STRUCT, &[1, 2], "trialInfo", &[names, [good.clone(), good.clone(), good, cell].concat()]);
    refused(
        structure,
        "variable `trialInfo(2).cue{2}`, real parts: expected an element of at least 8 bytes, got 0 bytes",
    );
}

#[test]
fn nesting_and_numbers_of_values_have_limits() {
    let mut nested = LITTLE.matrix(DOUBLE, &[0, 0], "", &[]);
    for _ in 0..64 {
        nested = LITTLE.matrix(CELL, &[1, 1], "x", &[nested]);
    }
    assert!(one(nested.clone()).is_ok());
    refused(LITTLE.matrix(CELL, &[1, 1], "x", &[nested]), "nesting: expected at most 64 levels, got more");
    let many = LITTLE.file(&[LITTLE.matrix(
        CELL,
        &[1, 100],
        "x",
        &[vec![0; 800].chunks(8).flat_map(|_| LITTLE.element(14, &[])).collect()],
    )]);
    assert_eq!(read(&many).unwrap().cells().unwrap().len(), 100);
    let text = read_with(&many, MatLimits { values: 99, ..MatLimits::default() }).unwrap_err();
    assert!(text.contains("at most 99 cells, fields and rows of text"), "{text}");
    let text = read_with(&many, MatLimits { variable_bytes: 99, ..MatLimits::default() }).unwrap_err();
    assert!(text.contains("at most 99 bytes in one variable"), "{text}");
}

#[test]
fn compressed_elements_that_lie_about_their_size_are_refused() {
    let matrix = LITTLE.matrix(DOUBLE, &[1, 2], "x", &[LITTLE.element(9, &[0; 16])]);
    let with_size = |size: u32| {
        let mut lie = matrix.clone();
        lie[4..8].copy_from_slice(&LITTLE.word(size));
        LITTLE.packed(&lie)
    };
    let n_bytes = matrix.len() as u32 - 8;
    assert!(one(with_size(n_bytes)).is_ok());
    refused(with_size(u32::MAX), "size: expected at most");
    refused(with_size(n_bytes + 8), &format!("{} bytes, as declared, got {n_bytes} bytes", n_bytes + 8));
    refused(with_size(n_bytes - 8), "as declared, got more");
    refused(LITTLE.packed(&LITTLE.element(9, &[0; 16])), "a matrix, type 14");
    // 64 MiB of zeros behind a small matrix are never unpacked.
    let mut bomb = matrix.clone();
    bomb.resize(64 << 20, 0);
    refused(LITTLE.packed(&bomb), "as declared, got more");
}

#[test]
fn a_name_that_occurs_twice_is_ambiguous() {
    let matrix = || LITTLE.matrix(DOUBLE, &[0, 0], "x", &[]);
    let text = read(&LITTLE.file(&[matrix(), matrix()])).unwrap_err();
    assert!(text.contains("variables: expected `x` once, got several of that name"), "{text}");
}

/// The same file with its compressed elements replaced by what they hold, so that damage reaches what lies behind the checksum.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (bytes[..128].to_vec(), 128);
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        ZlibDecoder::new(&bytes[at + 8..at + 8 + size]).read_to_end(&mut out).unwrap();
        at += 8 + size;
    }
    out
}

/// Every variable, with limits that keep a debug build quick.
fn read_all(path: &Path) -> bool {
    let limits = MatLimits { variable_bytes: 1 << 26, values: 100_000 };
    let Ok(mut file) = MatFile::open_with(path, limits) else { return false };
    let names: Vec<String> = file.variables().iter().map(|variable| variable.name.clone()).collect();
    names
        .iter()
        .filter(|name| file.read(name).map(|value| (value.to_array().is_ok(), value.text().is_some())).is_err())
        .count()
        == 0
}

#[test]
fn garbled_files_never_panic() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut seeds = vec![
        ("matlab_packed.mat".to_string(), fs::read(tests.join("golden/matlab_packed.mat")).unwrap()),
        ("matlab_plain.mat".to_string(), fs::read(tests.join("golden/matlab_plain.mat")).unwrap()),
    ];
    for entry in fs::read_dir(tests.join("data/matlab")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        if name.contains("7.") && !name.contains("hdf5") {
            seeds.push((format!("{name}, unpacked"), unpacked(&bytes)));
        }
        if name.ends_with(".mat") {
            seeds.push((name, bytes));
        }
    }
    seeds.sort();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let (mut n_read, mut n_all) = (0, 0);
    for (name, bytes) in &seeds {
        let rng = &mut stream(2026, &format!("mutations/{name}"));
        for _ in 0..if name.starts_with("matlab_") { 500 } else { 80 } {
            fs::write(&path, mutate(bytes, rng)).unwrap();
            n_read += usize::from(read_all(&path));
            n_all += 1;
        }
    }
    println!("{n_all} mutations of {} files, {n_read} still readable", seeds.len());
    assert!(n_read < n_all);
}
