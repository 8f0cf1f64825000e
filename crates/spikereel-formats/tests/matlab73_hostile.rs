//! MATLAB files of version 7.3 that lie, and thousands of garbled ones. An error or a value, never a panic, and always an end.

mod common;

use common::mutate::mutate;
use spikereel_data::rng::stream;
use spikereel_formats::read::matlab::{MatFile, MatLimits, MatValue};
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read_with(variable: &str, limits: MatLimits) -> Result<MatValue, String> {
    let path = golden("matlab73_hostile.mat");
    let read = MatFile::open_with(&path, limits).and_then(|mut file| file.read(variable));
    read.map_err(|error| error.to_string().replace(&path.display().to_string(), "a.mat"))
}

fn read(variable: &str) -> Result<MatValue, String> {
    read_with(variable, MatLimits::default())
}

fn refused(variable: &str, part: &str) {
    let text = read(variable).unwrap_err();
    assert!(text.starts_with(&format!("a.mat: variable `{variable}")) && text.contains(part), "{text}");
}

#[test]
fn references_in_circles_end() {
    refused("circle", "`circle{1}{1}`, references: expected ones that do not lead back, got `/circle`");
    refused("circle_one", "`circle_one{1}{1}{1}`, references: expected ones that do not lead back");
    refused("circle_struct", "again{1}.again{1}`, references: expected ones that do not lead back");
    refused("nowhere", "`nowhere{1}`, reference: expected one to an object of this file, got another");
}

#[test]
fn numbers_and_bytes_of_what_is_referred_to_have_limits() {
    // Forty small datasets stand for 2^39 values.
    let few = MatLimits { values: 500, ..MatLimits::default() };
    let text = read_with("wide_39", few).unwrap_err();
    assert!(text.contains("at most 500 cells, fields and rows of text in one variable"), "{text}");
    assert!(read("wide_3").is_ok());
    // It ends without such a limit too.
    refused("wide_39", "references: expected at most 1000 of 64 MiB to values that were referred to before, got more");
    // 32 MB that are referred to 50 times.
    let small = MatLimits { variable_bytes: 50 << 20, ..MatLimits::default() };
    let text = read_with("large_often", small).unwrap_err();
    assert!(text.contains("`large_often{2}`, size: expected at most 52428800 bytes in one variable"), "{text}");
    refused("large_often", "{4}`, references: expected at most 1000 of 64 MiB to values that were referred to before");
    assert_eq!(read_with("large", small).unwrap().dims(), [2_000, 2_000]);
}

#[test]
fn attributes_and_axes_that_contradict_the_values_are_refused() {
    refused("full_but_empty", "axes: expected one of length 0, as the array is said to be empty, got [2, 3]");
    refused("empty_of_pi", "expected whole numbers");
    refused("half", "real parts: expected numbers that their class can hold, got 0.5 at 0");
    refused("surrogate", "text: expected UTF-16");
    refused("no_text", "text: expected an element of type");
    refused("no_cells", "expected references, got float64");
    refused("no_fields", "expected structures by field, got a dataset");
    refused("no_numbers", "expected a dataset of class double, got a group");
    refused("sparse_rows", "rows: expected below 3, got 3");
    refused("sparse_starts", "column starts: expected 3 that rise from 0");
    refused("sparse_many", "rows: expected at least 1073741824");
    refused("uneven", "field `b`, axes: expected [1, 2], as other fields have, got [1, 3]");
    refused("outside", "a link to another file");
    // Names that are no fields are left out of account.
    let MatValue::Struct { fields, .. } = read("wrong_fields").unwrap() else { panic!() };
    assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn what_is_no_file_of_hdf5_behind_its_first_bytes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let mut bytes = fs::read(golden("matlab73_plain.mat")).unwrap();
    bytes[512..520].fill(0);
    for bytes in [&bytes[..], &bytes[..128], &bytes[..600]] {
        fs::write(&path, bytes).unwrap();
        let text = MatFile::open(&path).unwrap_err().to_string();
        assert!(text.contains("expected an HDF5 file"), "{text}");
    }
}

#[test]
fn old_layouts_that_lead_out_of_the_file_are_refused() {
    let genuine = fs::read(golden("../data/matlab/testhdf5_7.4_GLNX86.mat")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    // In the lengths of the axes, in the layout (version, class), and in the address of the values.
    for (at, byte, words) in [
        (0x628, 9, "values that end early"),
        (0x62a, 9, "no more than a file of 4168 bytes can hold"),
        (0x638, 9, "a dataset that can be read"),
        (0x63a, 3, "a layout that cannot be read"),
        (0x63a, 2, "a tree of chunks that cannot be read"),
        (0x641, 0x0f, "values that end early"),
        (0x646, 1, "values that end early"),
    ] {
        let mut bytes = genuine.clone();
        bytes[at] = byte;
        fs::write(&path, bytes).unwrap();
        let text = MatFile::open(&path).unwrap().read("testdouble").unwrap_err().to_string();
        assert!(text.contains("variable `testdouble`, `testdouble`") && text.contains(words), "{at:#x}: {text}");
    }
}

/// Every variable, with limits that keep a debug build quick.
fn read_all(path: &Path) -> bool {
    let limits = MatLimits { variable_bytes: 1 << 24, values: 20_000 };
    let Ok(mut file) = MatFile::open_with(path, limits) else { return false };
    let names: Vec<String> = file.variables().iter().map(|variable| variable.name.clone()).collect();
    let failed = names.iter().filter(|name| file.read(name).map(|value| value.to_array().is_ok()).is_err());
    failed.count() == 0
}

#[test]
fn garbled_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let (mut n_read, mut n_all) = (0, 0);
    let ours = ["matlab73_plain.mat", "matlab73_packed.mat", "matlab73_latest.mat", "matlab73_old.mat"];
    let genuine = ["sparse_v73.mat", "string_v73.mat", "struct_in_cell_v73.mat", "testhdf5_7.4_GLNX86.mat"];
    for name in ours.into_iter().chain(genuine) {
        let is_ours = ours.contains(&name);
        let at = if is_ours { golden(name) } else { golden("../data/matlab").join(name) };
        let bytes = fs::read(at).unwrap();
        let rng = &mut stream(2026, &format!("mutations/{name}"));
        let n = match name {
            "testhdf5_7.4_GLNX86.mat" => 2_000,
            _ if is_ours => 100,
            _ => 60,
        };
        for _ in 0..n {
            // The first bytes are checked above; damage behind them goes deeper.
            let mut garbled = bytes[..520].to_vec();
            garbled.extend(mutate(&bytes[520..], rng));
            fs::write(&path, garbled).unwrap();
            n_read += usize::from(read_all(&path));
            n_all += 1;
        }
    }
    println!("{n_all} mutations, {n_read} still readable");
    assert!(n_read < n_all);
}
