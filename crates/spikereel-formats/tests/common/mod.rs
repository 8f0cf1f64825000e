//! Small npz files and sidecars for tests.
#![allow(dead_code)] // each test binary uses its own part

pub mod bundles;
pub mod mat;
pub mod mutate;
pub mod tree;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A npy file in memory.
pub fn npy(descr: &str, fortran_order: bool, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|len| format!("{len},")).collect();
    let order = if fortran_order { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({axes}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values);
    bytes
}

pub fn u8s(shape: &[usize], values: &[u8]) -> Vec<u8> {
    npy("|u1", false, shape, values)
}

pub fn f64s(shape: &[usize], values: &[f64]) -> Vec<u8> {
    npy("<f8", false, shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

pub fn texts(values: &[&str]) -> Vec<u8> {
    let width = values.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let pad = |text: &&str| text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width).collect::<Vec<_>>();
    let bytes: Vec<u8> = values.iter().flat_map(pad).flat_map(u32::to_le_bytes).collect();
    npy(&format!("<U{width}"), false, &[values.len()], &bytes)
}

/// A deflated npz in memory.
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = npyz::npz::NpzWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let zip = writer.zip_writer();
        zip.start_file(format!("{name}.npy"), Default::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    writer.zip_writer().finish().unwrap().into_inner()
}

pub const N_TRIALS: usize = 6;
pub const N_BINS: usize = 4;
pub const N_SITES: usize = 3;

/// A good recording: 6 trials, 4 bins, 3 sites, two contrasts.
pub fn good() -> Vec<(&'static str, Vec<u8>)> {
    let counts: Vec<u8> = (0..N_TRIALS * N_BINS * N_SITES).map(|at| (at % 7) as u8).collect();
    vec![
        ("counts", u8s(&[N_TRIALS, N_BINS, N_SITES], &counts)),
        ("region", texts(&["V4", "V4", "MT"])),
        ("contrast", f64s(&[N_TRIALS], &[0.0, 0.5, 1.0, 0.0, 0.5, 1.0])),
    ]
}

/// The good recording with an array replaced or added.
pub fn with(name: &'static str, bytes: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    let mut arrays = good();
    arrays.retain(|(other, _)| *other != name);
    arrays.push((name, bytes));
    arrays
}

pub const SIDECAR: &str = r#"format = 1
session = "day 1"
[spikes]
counts = "counts"
axes = ["trial", "bin", "site"]
bins = { start_secs = 0.0, width_secs = 0.1 }
[sites]
region = "region"
[trials]
factors = ["contrast"]
"#;

/// Writes `a.npz` and `a.toml` and returns the sidecar's path.
pub fn put(folder: &Path, arrays: &[(&str, Vec<u8>)], sidecar: &str) -> PathBuf {
    fs::write(folder.join("a.npz"), npz(arrays)).unwrap();
    fs::write(folder.join("a.toml"), sidecar).unwrap();
    folder.join("a.toml")
}

/// The error of reading such a recording, with the folder's name taken out.
pub fn error(arrays: &[(&str, Vec<u8>)], sidecar: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), arrays, sidecar);
    let error = spikereel_formats::read_recording(&path).map(|_| ()).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

/// A black PNG file in memory.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![0; (width * height * 3) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}
