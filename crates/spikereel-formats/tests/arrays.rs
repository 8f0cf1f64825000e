//! Arrays as numpy writes them; what is refused; sizes that lie.

mod common;

use common::{npy, npz, u8s};
use spikereel_formats::read::npz::NpzFile;
use spikereel_formats::read::{NpyArray, npy as npy_file};
use spikereel_formats::{VideoValues, list_arrays, read_spikes, write_video};
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn array(name: &str) -> NpyArray {
    NpzFile::open(&golden("arrays.npz")).unwrap().read(name).unwrap().unwrap()
}

#[test]
fn every_element_type_and_byte_order_of_numpy_reads_as_the_same_numbers() {
    let listed = list_arrays(&golden("arrays.npz")).unwrap();
    let whole: Vec<&str> =
        listed.iter().map(|array| array.name.as_str()).filter(|name| name.starts_with("whole")).collect();
    assert_eq!(whole.len(), 16);
    for name in whole.into_iter().chain(["fortran"]) {
        assert_eq!(array(name).to_f64().unwrap(), [0.0, 1.0, 2.0, 3.0, 100.0, 127.0], "{name}");
    }
    assert_eq!(array("negative").to_f64().unwrap(), [-1.0, -128.0, 5.0]);
    assert_eq!(array("negative_be").to_f64().unwrap(), [-1.0, -30000.0, 5.0]);
    assert_eq!(array("flags").to_f64().unwrap(), [1.0, 0.0, 1.0]);
    assert_eq!(array("scalar").to_f64().unwrap(), [7.5]);
    assert_eq!((array("empty").to_f64().unwrap(), array("empty").shape().to_vec()), (vec![], vec![0, 4]));
    let expected: serde_json::Value = serde_json::from_str(include_str!("golden/arrays.json")).unwrap();
    let halves: Vec<f64> = expected["halves"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(array("halves").to_f64().unwrap(), halves);
}

#[test]
fn fortran_order_and_c_order_read_alike() {
    let expected: Vec<f64> = (0..24).map(f64::from).collect();
    assert_eq!(array("cube").to_f64().unwrap(), expected);
    assert_eq!(array("cube_fortran").to_f64().unwrap(), expected);
    assert!(
        read_spikes(&golden("arrays.npz"), Some("cube")).unwrap()
            == read_spikes(&golden("arrays.npz"), Some("cube_fortran")).unwrap()
    );
}

#[test]
fn text_reads_as_text_in_both_byte_orders() {
    assert_eq!(array("labels").to_text().unwrap(), ["V4", "área 17", "前頭", ""]);
    assert_eq!(array("labels_be").to_text().unwrap(), ["V4", "área 17", "前頭", ""]);
    assert_eq!(array("bytes").to_text().unwrap(), ["MT", "LIP"]);
    assert_eq!(array("fortran").to_text().unwrap(), ["0", "1", "2", "3", "100", "127"]);
    assert!(array("labels").to_f64().is_err() && array("halves").to_text().is_err());
}

#[test]
fn a_whole_number_that_f64_cannot_hold_is_refused() {
    assert_eq!(
        array("large").to_f64().unwrap_err().to_string(),
        "values: expected whole numbers up to 2^53, got a larger one at 0"
    );
}

#[test]
fn pickles_and_other_types_are_refused_by_name() {
    let path = golden("refused.npz");
    let error = |name: &str| {
        let error = NpzFile::open(&path).unwrap().read(name).unwrap_err().to_string();
        error.replace(&format!("{}: ", path.display()), "")
    };
    assert_eq!(
        error("objects"),
        "array `objects`, dtype: expected numbers, booleans or text, got `|O` (Python objects, which are stored as a pickle and never executed \
         here) (hint: save the array with another dtype, such as float64, int64, bool or str)"
    );
    assert!(error("fields").contains("got a structured array"));
    assert!(error("complex").contains("got `<c16`") && error("dates").contains("got `<M8[s]`"));
}

#[test]
fn sizes_that_lie_are_refused_before_anything_is_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let error = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        npy_file::read(&path).unwrap_err().to_string().replace(&format!("{}: ", path.display()), "")
    };
    assert_eq!(
        error(&npy("<f8", false, &[1 << 40, 1 << 10], &[0; 16])),
        "size: expected 9007199254740992 bytes for shape [1099511627776, 1024], got 16 bytes (hint: the file is cut off or damaged; save it \
         again)"
    );
    assert!(error(&npy("<f8", false, &[usize::MAX, 3], &[0; 16])).contains("more bytes than can be counted"));
    assert!(error(&npy("<f8", false, &[3], &[0; 16])).contains("expected 24 bytes for shape [3], got 16 bytes"));
    assert!(error(&npy("<f8", false, &[1], &[0; 16])).contains("expected 8 bytes for shape [1], got 16 bytes"));
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    assert_eq!(error(&long), "npy header: expected at most 65536 bytes, got 4294967295");
    assert!(error(&npy("<f8", false, &[1; 65], &[0; 8])).contains("another shape"));
    assert!(error(b"PK").contains("an array as numpy.save writes it"));
}

#[test]
fn a_member_that_claims_more_than_its_bytes_can_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let mut bytes = npz(&[("counts", u8s(&[4], &[1, 2, 3, 4]))]);
    // The central directory says how large the member is; make it say 3 GB.
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[directory + 24..directory + 28].copy_from_slice(&3_000_000_000_u32.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = NpzFile::open(&path).unwrap().read("counts").unwrap_err().to_string();
    assert!(
        error.contains("array `counts`, size: expected a size that") && error.contains("got 3000000000 bytes"),
        "{error}"
    );
}

#[test]
fn a_damaged_member_fails_its_checksum_and_a_name_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let values: Vec<u8> = (0..200_u32).map(|at| (at * 37 % 251) as u8).collect();
    let mut bytes = npz(&[("counts", u8s(&[200], &values))]);
    bytes[150] ^= 4;
    fs::write(&path, &bytes).unwrap();
    let error = NpzFile::open(&path).unwrap().read("counts").unwrap_err().to_string();
    assert!(error.contains("array `counts`, values"), "{error}");
    // Both are called `a` as numpy reads names, up to the NUL.
    fs::write(&path, npz(&[("a", u8s(&[1], &[1])), ("a.npy\0b", u8s(&[1], &[2]))])).unwrap();
    let error = NpzFile::open(&path).err().unwrap().to_string();
    assert!(error.ends_with("arrays: expected each name once, got `a` twice"), "{error}");
}

#[test]
fn a_written_video_is_byte_for_byte_what_numpy_saves() {
    let folder = tempfile::tempdir().unwrap();
    let video = ndarray::Array5::from_shape_fn((2, 3, 2, 2, 3), |(t, f, y, x, c)| {
        ((((t * 3 + f) * 2 + y) * 2 + x) * 3 + c) as f32 / 255.0
    });
    for (name, values) in [("video_f4.npy", VideoValues::F32), ("video_u1.npy", VideoValues::U8)] {
        let path = folder.path().join(name);
        write_video(&path, video.view(), values).unwrap();
        // Headers may be padded differently; values and meaning are the same.
        let (ours, theirs) = (npy_file::read(&path).unwrap(), npy_file::read(&golden(name)).unwrap());
        assert_eq!(
            (ours.shape(), ours.descr(), ours.to_f64().unwrap()),
            (theirs.shape(), theirs.descr(), theirs.to_f64().unwrap())
        );
        assert_eq!(fs::read(&path).unwrap(), fs::read(golden(name)).unwrap());
        assert!(write_video(&path, video.view(), values).unwrap_err().to_string().contains("already exists"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2); // nothing partial stays behind
}

#[test]
fn spikes_to_decode_are_found_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let cube = u8s(&[1, 2, 2], &[1, 2, 3, 4]);
    fs::write(&path, npz(&[("a", cube.clone()), ("b", u8s(&[2], &[1, 2]))])).unwrap();
    assert_eq!(read_spikes(&path, None).unwrap().as_slice().unwrap(), [1.0, 2.0, 3.0, 4.0]);
    let error = read_spikes(&path, Some("b")).unwrap_err().to_string();
    assert!(error.ends_with("spikes: expected three axes, [trial, bin, site], got shape [2]"), "{error}");
    fs::write(&path, npz(&[("a", cube.clone()), ("b", cube)])).unwrap();
    let error = read_spikes(&path, None).unwrap_err().to_string();
    assert!(error.contains("got 2 of them (hint: name one of `a` [1, 2, 2] |u1, `b` [1, 2, 2] |u1)"), "{error}");
}
