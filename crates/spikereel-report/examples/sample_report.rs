//! Writes a report of invented numbers into a folder, to look at the page and its figures; with a second argument, draws
//! that `report.json` instead:
//! `cargo run --release -p spikereel-report --example sample_report -- FOLDER [REPORT.JSON]`.
//!
//! Nothing in the sample was measured; the page says so.

#[path = "sample/study.rs"]
mod study;

use spikereel_report::{Provenance, read_report, write_report};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write into")?);
    let steps = [("simulate", 3.1), ("prepare", 1.2), ("train", 141.7), ("evaluate", 12.5), ("mask", 38.9)];
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        git_commit: None,
        target: "linux x86_64".into(),
        instruction_set: "x86_64 avx2+fma".into(),
        precision: "f32".into(),
        n_threads: 2,
        n_ranks: 1,
        seed: 7,
        inputs: vec![spikereel_report::InputFile {
            name: "builtin:sample".into(),
            sha256: "0123456789abcdef".repeat(4),
        }],
        step_secs: steps.into_iter().map(|(step, secs)| (step.to_string(), secs)).collect(),
        peak_memory_bytes: Some(1_210_000_000),
    };
    let study = match std::env::args().nth(2) {
        Some(file) => read_report(Path::new(&file))?,
        None => study::study()?,
    };
    let written = write_report(&folder, &study, &provenance)?;
    println!("{}", written.page.display());
    Ok(())
}
