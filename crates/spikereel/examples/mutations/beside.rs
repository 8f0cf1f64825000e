//! Formats that a recording is gathered from by a sidecar: tables and picture files.

use crate::formats::{Format, bytes_of, golden_folder};
use spikereel_formats::{VideoSource, list_arrays, read_recording};
use std::error::Error;
use std::fs;
use std::path::Path;

/// Names, as on the command line.
pub const NAMES: [&str; 4] = ["csv", "png", "gif", "tif"];

const SIDECAR: &str = r#"format = 1
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

/// One of [`NAMES`], in `folder`.
pub fn new(name: &str, folder: &Path) -> Result<Format, Box<dyn Error>> {
    let rows: String = (0..6).map(|at| format!("{at}.5,{},\"x, {}\",{},0\n", at % 2, at % 3, at * 7)).collect();
    let table = format!("onset,site,shape,x,clip\n{rows}");
    fs::write(folder.join("trials.csv"), &table)?;
    let sidecar = folder.join("a.toml");
    if name == "csv" {
        fs::write(&sidecar, SIDECAR)?;
        let golden = golden_folder().join("bundles");
        let others = ["numbers.csv", "sites.csv", "trials.tsv"].map(|name| fs::read(golden.join(name)));
        let seeds = [Ok(table.into_bytes())].into_iter().chain(others).collect::<std::io::Result<_>>()?;
        return Ok(Format::made(seeds, folder.join("trials.csv"), move |path| read_table(path, &sidecar)));
    }
    let video = format!(
        "[video]\nclips = [\"clip.{name}\"]\nclip_of_trial = \"clip\"\n[timeline]\nframe_rate_hz = 10\nstart_secs = 0\n"
    );
    fs::write(&sidecar, format!("{SIDECAR}{video}"))?;
    let clips = golden_folder().join("bundles/clips");
    let names: &[&str] = match name {
        "png" => &["rgb/frame_8.png", "palette/frame_8.png", "deep/frame_8.png", "rgba/frame_8.png"],
        "gif" => &["merged.gif", "moving.gif"],
        _ => &["pages.tif", "deep.tiff", "white.tiff", "tif/frame_8.tif"],
    };
    let seeds = names.iter().map(|name| fs::read(clips.join(name))).collect::<std::io::Result<_>>()?;
    Ok(Format::made(seeds, folder.join(format!("clip.{name}")), move |_| read_clips(&sidecar)))
}

fn read_table(path: &Path, sidecar: &Path) -> Option<u64> {
    let listed = list_arrays(path).is_ok();
    let recording = read_recording(sidecar).ok().map(|(recording, _)| bytes_of(&recording));
    [recording, listed.then_some(0)].into_iter().flatten().max()
}

fn read_clips(sidecar: &Path) -> Option<u64> {
    let (recording, extras) = read_recording(sidecar).ok()?;
    let clips = match &extras.video {
        VideoSource::Clips { pool, .. } => pool.shape().iter().product::<usize>() as u64,
        _ => 0,
    };
    Some(bytes_of(&recording) + clips)
}
