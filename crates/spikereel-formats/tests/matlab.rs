//! MATLAB files as scipy and MATLAB write them, held to what scipy reads; what is refused, and in which words.

mod common;

use common::tree::tree;
use serde_json::Value;
use spikereel_formats::read::matlab::{MatClass, MatFile};
use std::path::{Path, PathBuf};

/// Files that scipy reads and this reader refuses, and the other way round, each for a reason.
const READ_OTHERWISE: &[&str] = &[
    "broken_utf8.mat",           // scipy puts a replacement character
    "bad_miutf8_array_name.mat", // scipy refuses a name that is not ASCII
    "bad_miuint32.mat",          // refused by both
    "corrupted_zlib_checksum.mat",
    "corrupted_zlib_data.mat",
    "malformed1.mat",
    "testdouble_4.2c_SOL2.mat", // level 4
    "testvec_4_GLNX86.mat",
    "string_v7.mat", // scipy gives an object no name
    "compare_datetime_with_and_without_time_zone_v7p0.mat",
    "testhdf5_7.4_GLNX86.mat", // 7.3, which scipy does not read
    "sparse_v73.mat",
    "string_v73.mat",
    "struct_in_cell_v73.mat",
    "compare_datetime_with_and_without_time_zone_v7p3.mat",
];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn path_of(name: &str) -> PathBuf {
    let ours = name.starts_with("matlab_");
    tests().join(if ours { "golden" } else { "data/matlab" }).join(name)
}

fn golden() -> Value {
    serde_json::from_str::<Value>(include_str!("golden/matlab.json")).unwrap()["files"].take()
}

fn error(name: &str) -> String {
    let fail = |path: &Path| -> spikereel_formats::Result<()> {
        let mut file = MatFile::open(path)?;
        let names: Vec<String> = file.variables().iter().map(|variable| variable.name.clone()).collect();
        names.iter().try_for_each(|name| file.read(name).map(|_| ()))
    };
    let path = path_of(name);
    let text = fail(&path).unwrap_err().to_string();
    text.replace(&path.display().to_string(), name)
}

#[test]
fn every_value_of_every_file_is_what_scipy_reads() {
    let golden = golden();
    let (mut n_files, mut n_variables) = (0, 0);
    for (name, expected) in golden.as_object().unwrap() {
        if READ_OTHERWISE.contains(&name.as_str()) {
            continue;
        }
        let mut file = MatFile::open(&path_of(name)).unwrap();
        let expected = expected.as_object().unwrap();
        let listed: Vec<_> = file.variables().to_vec();
        assert_eq!(listed.len(), expected.len(), "{name}");
        for variable in &listed {
            let value = file.read(&variable.name).unwrap();
            let expected = &expected[&variable.name];
            assert!(tree(&value) == *expected, "{name}: {}: {value:?}", variable.name);
            assert_eq!(value.class(), variable.class, "{name}: {}", variable.name);
            if !value.dims().is_empty() {
                assert_eq!(value.dims(), variable.dims, "{name}: {}", variable.name);
            }
            n_variables += 1;
        }
        n_files += 1;
    }
    println!("{n_files} files, {n_variables} variables equal what scipy reads");
    assert!(n_files > 30 && n_variables > 90);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_still_reads() {
    let mut file = MatFile::open(&path_of("some_functions.mat")).unwrap();
    let listed: Vec<(String, String)> =
        file.variables().iter().map(|variable| (variable.name.clone(), variable.class.to_string())).collect();
    println!("{listed:?}");
    assert_eq!(file.read("b").unwrap().to_f64().unwrap(), [52.0]);
    let function = file.read("sqr").unwrap();
    assert_eq!(function.class(), MatClass::Unsupported("function handle".into()));
    assert_eq!(function.class().to_string(), "unsupported: function handle");
    for name in ["testobject_6.1_SOL2.mat", "testobject_7.4_GLNX86.mat"] {
        let file = MatFile::open(&path_of(name)).unwrap();
        assert_eq!(file.variables()[0].class.to_string(), "unsupported: object `inline`");
    }
}

#[test]
fn values_are_column_major_and_arrays_have_the_axes_of_the_file() {
    let mut file = MatFile::open(&path_of("matlab_packed.mat")).unwrap();
    let cube = file.read("cube").unwrap();
    assert_eq!(cube.to_f64().unwrap()[..3], [0.0, 12.0, 4.0]); // numpy has 0..24 in C order
    let array = cube.to_array().unwrap();
    assert_eq!((array.shape(), array[[1, 2, 3]], array[[0, 1, 2]]), (&[2, 3, 4][..], 23.0, 6.0));
    let trial_info = file.read("trialInfo").unwrap();
    assert_eq!(trial_info.field("cue").unwrap()[0].to_f64().unwrap(), [1.0, 2.0, 2.0]);
    assert_eq!(trial_info.field("inner").unwrap()[0].field("area").unwrap()[0].text(), Some("MT"));
    assert_eq!(file.read("no_text").unwrap().text(), Some(""));
    assert_eq!(file.read("times").unwrap().cells().unwrap()[5].dims(), [1, 5]);
    assert!(file.read("extremes_i8").unwrap().to_f64().is_err());
    assert!(file.read("complex").unwrap().to_f64().is_err() && file.read("text").unwrap().to_f64().is_err());
}

#[test]
fn other_levels_are_told_apart_with_what_to_do() {
    for (name, got, hint) in [
        ("testdouble_4.2c_SOL2.mat", "a MATLAB file of level 4", "scipy.io.savemat"),
        ("testvec_4_GLNX86.mat", "a MATLAB file of level 4", "save(name, '-v7')"),
    ] {
        let text = error(name);
        assert!(text.starts_with(&format!("{name}: file: expected a MATLAB file of level 5")), "{text}");
        assert!(text.contains(got) && text.contains(hint), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (bytes, got) in [
        (&b""[..], "only 0 bytes"),
        (&b"\x89HDF\r\n\x1a\n and more"[..], "an HDF5 file without the 512 bytes that MATLAB puts before it"),
        (&[b'x'; 200][..], "no MATLAB byte order mark at byte 126"),
    ] {
        let path = folder.path().join("a.mat");
        std::fs::write(&path, bytes).unwrap();
        let text = MatFile::open(&path).unwrap_err().to_string();
        assert!(text.contains(got), "{text}");
    }
}

#[test]
fn damaged_files_are_refused_with_variable_expected_and_got() {
    for (name, parts) in [
        (
            "corrupted_zlib_checksum.mat",
            &["variable at byte 128, compressed element: expected data that can be unpacked"][..],
        ),
        ("corrupted_zlib_data.mat", &["variable `datagrid`, size: expected 26832 bytes, as declared, got more"][..]),
        ("broken_utf8.mat", &["variable `bad_string`, text: expected UTF-8, got another byte at 0"][..]),
        ("malformed1.mat", &["expected", "got"][..]),
        ("bad_miuint32.mat", &["axes: expected lengths from 0, got -"][..]),
    ] {
        let text = error(name);
        println!("{text}");
        assert!(text.starts_with(name) && parts.iter().all(|part| text.contains(part)), "{text}");
    }
    // A name beyond ASCII is a name.
    assert_eq!(MatFile::open(&path_of("bad_miutf8_array_name.mat")).unwrap().variables().len(), 1);
}

#[test]
fn a_missing_variable_is_answered_with_those_that_are_there() {
    let mut file = MatFile::open(&path_of("testmulti_7.4_GLNX86.mat")).unwrap();
    let text = file.read("spikes").unwrap_err().to_string();
    assert!(
        text.contains("variables: expected one named `spikes`, got a, theta (hint: choose one of these)"),
        "{text}"
    );
}
