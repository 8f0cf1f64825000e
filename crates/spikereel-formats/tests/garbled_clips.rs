//! Garbled tables, pictures and animations: an error or a result, never a panic, and never more memory than the file deserves.

mod common;

use common::bundles::*;
use common::mutate::mutate;
use spikereel_data::rng::stream;
use spikereel_formats::{list_arrays, read_recording};
use std::fs;

const N_MUTATIONS: usize = 400;

const HEAD: &str = r#"format = 1
files = ["trials.csv"]
[spikes]
times = "onset"
site_of_spike = "site"
align = "onset"
[sites]
region = ["a", "b"]
[trials]
factors = ["shape"]
covariates = ["x"]
"#;

fn trials(folder: &Folder) -> String {
    let rows: String = (0..6).map(|at| format!("{at}.5,{},\"x, {}\",{},0\n", at % 2, at % 3, at * 7)).collect();
    let table = format!("onset,site,shape,x,clip\n{rows}");
    folder.put("trials.csv", &table);
    table
}

fn garble(what: &str, bytes: &[u8], mut read: impl FnMut(&[u8]) -> bool) {
    let rng = &mut stream(2026, &format!("mutations/{what}"));
    let n_read = (0..N_MUTATIONS).filter(|_| read(&mutate(bytes, rng))).count();
    println!("{what}: {N_MUTATIONS} mutations, {n_read} still readable");
    assert!(n_read < N_MUTATIONS, "no mutation of {what} was noticed");
}

#[test]
fn garbled_tables_never_panic() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let table = trials(&folder);
    folder.read(HEAD).unwrap();
    let (path, sidecar) = (folder.path("trials.csv"), folder.path("a.toml"));
    garble("csv", table.as_bytes(), |bytes| {
        fs::write(&path, bytes).unwrap();
        let _ = list_arrays(&path);
        read_recording(&sidecar).is_ok()
    });
}

#[test]
fn garbled_pictures_never_panic() {
    let folder = Folder::new();
    trials(&folder);
    for name in [
        "clips/rgb/frame_8.png",
        "clips/palette/frame_8.png",
        "clips/deep/frame_8.png",
        "clips/merged.gif",
        "clips/moving.gif",
        "clips/pages.tif",
        "clips/deep.tiff",
        "clips/tif/frame_8.tif",
    ] {
        let bytes = fs::read(folder.path(name)).unwrap();
        let video = format!(
            "[video]\nclips = [\"{name}\"]\nclip_of_trial = \"clip\"\n[timeline]\nframe_rate_hz = 10\nstart_secs = 0\n"
        );
        folder.read(&format!("{HEAD}{video}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (path, sidecar) = (folder.path(name), folder.path("a.toml"));
        garble(name, &bytes, |bytes| {
            fs::write(&path, bytes).unwrap();
            read_recording(&sidecar).is_ok()
        });
        fs::write(&path, bytes).unwrap();
    }
}
