//! MATLAB files of version 7.3: MATLAB's own and files written like them, held to what h5py reads; the same variables saved by MATLAB
//! in both versions are the same.

mod common;

use common::tree::tree;
use serde_json::Value;
use spikereel_formats::read::matlab::{MatClass, MatFile, MatValue};
use std::path::{Path, PathBuf};

fn path_of(name: &str) -> PathBuf {
    let ours = name.starts_with("matlab73_");
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(if ours { "golden" } else { "data/matlab" }).join(name)
}

fn open(name: &str) -> MatFile {
    MatFile::open(&path_of(name)).unwrap()
}

#[test]
fn every_value_of_every_file_is_what_h5py_reads() {
    let golden = serde_json::from_str::<Value>(include_str!("golden/matlab73.json")).unwrap()["files"].take();
    let (mut n_files, mut n_variables) = (0, 0);
    for (name, expected) in golden.as_object().unwrap() {
        let mut file = open(name);
        let expected = expected.as_object().unwrap();
        let listed: Vec<_> = file.variables().to_vec();
        assert_eq!(listed.len(), expected.len(), "{name}");
        for variable in &listed {
            let value = file.read(&variable.name).unwrap();
            let expected = &expected[&variable.name];
            assert!(tree(&value) == *expected, "{name}: {}: {}\n{expected}", variable.name, tree(&value));
            assert_eq!(value.class(), variable.class, "{name}: {}", variable.name);
            assert_eq!(value.dims(), variable.dims, "{name}: {}", variable.name);
            assert_eq!(matches!(value, MatValue::Numeric { imag: Some(_), .. }), variable.is_complex, "{name}");
            n_variables += 1;
        }
        n_files += 1;
    }
    println!("{n_files} files, {n_variables} variables equal what h5py reads");
    assert!(n_files == 9 && n_variables > 190);
}

#[test]
fn what_matlab_saved_in_both_versions_is_the_same() {
    let mut n_variables = 0;
    for name in ["sparse_v7", "string_v7", "struct_in_cell_v7", "compare_datetime_with_and_without_time_zone_v7p"] {
        let is_datetime = name.ends_with('p');
        let mut old = open(&format!("{name}{}.mat", if is_datetime { "0" } else { "" }));
        let mut new = open(&format!("{name}3.mat"));
        let mut names: Vec<String> = old.variables().iter().map(|variable| variable.name.clone()).collect();
        names.sort();
        assert_eq!(names, new.variables().iter().map(|variable| variable.name.clone()).collect::<Vec<_>>());
        for variable in names {
            assert_eq!(old.read(&variable).unwrap(), new.read(&variable).unwrap(), "{name}: {variable}");
            n_variables += 1;
        }
    }
    println!("{n_variables} variables are the same in level 5 and version 7.3");
    assert!(n_variables > 20);
}

#[test]
fn axes_are_matlabs_and_fields_stand_in_its_order() {
    let mut file = open("matlab73_plain.mat");
    let cube = file.read("cube").unwrap().to_array().unwrap();
    assert_eq!((cube.shape(), cube[[1, 2, 3]], cube[[0, 1, 2]]), (&[2, 3, 4][..], 23.0, 6.0));
    let names = |value: &MatValue| match value {
        MatValue::Struct { fields, .. } => fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let trial_info = file.read("trialInfo").unwrap();
    assert_eq!(names(&trial_info), ["name", "cue", "inner", "alone"]);
    assert_eq!(names(&file.read("nested").unwrap().cells().unwrap()[2]), ["b", "a"]);
    assert_eq!(trial_info.field("alone").unwrap()[0].cells().unwrap()[0].text(), Some("x"));
    let unit_info = file.read("unitInfo").unwrap();
    assert_eq!((unit_info.dims(), unit_info.field("area").unwrap()[1].text()), (&[2, 2][..], Some("MT")));
    assert_eq!(file.read("times").unwrap().cells().unwrap()[5].dims(), [5, 1]);
    assert!(file.read("extremes_i8").unwrap().to_f64().is_err());
    // A file in HDF5's newest form has groups without symbol tables.
    assert_eq!(names(&open("matlab73_latest.mat").read("trialInfo").unwrap()), ["name", "cue", "inner", "alone"]);
}

#[test]
fn what_cannot_be_read_is_named_in_the_words_of_level_5() {
    for (name, variable, class) in [
        ("string_v73.mat", "my_string", "opaque object `string` (MCOS)"),
        ("string_v7.mat", "my_string", "opaque object `string` (MCOS)"),
        ("compare_datetime_with_and_without_time_zone_v7p3.mat", "date_time_only", "opaque object `datetime` (MCOS)"),
        ("matlab73_plain.mat", "handle", "function handle"),
        ("matlab73_plain.mat", "object", "opaque object `table` (MCOS)"),
    ] {
        let value = open(name).read(variable).unwrap();
        assert_eq!(value.class(), MatClass::Unsupported(class.into()), "{name}");
    }
    assert_eq!(open("string_v73.mat").read("my_char").unwrap().text(), Some("hello char"));
}

#[test]
fn layouts_of_hdf5_before_1_6_3_are_read() {
    let mut file = open("testhdf5_7.4_GLNX86.mat");
    let variable = &file.variables()[0];
    assert_eq!((variable.class.to_string(), &variable.dims[..]), ("double".into(), &[1, 9][..]));
    let by_level_5 = open("testdouble_7.4_GLNX86.mat").read("testdouble").unwrap();
    assert_eq!(file.read("testdouble").unwrap(), by_level_5);
    let (mut old, mut new) = (open("matlab73_old.mat"), open("matlab73_plain.mat"));
    for variable in new.variables().to_vec() {
        let [old, new] = [old.read(&variable.name).unwrap(), new.read(&variable.name).unwrap()];
        assert_eq!(tree(&old), tree(&new), "{}", variable.name);
    }
}
