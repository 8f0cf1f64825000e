//! Runs the binary and reads what it said.

#![allow(dead_code, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary in the current folder.
pub fn run(args: &[&str]) -> Output {
    run_in(Path::new("."), args)
}

/// Runs the binary in a folder.
pub fn run_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("spikereel")).current_dir(folder).args(args).output().unwrap()
}

/// Runs the binary in a folder and expects it to be done.
pub fn done_in(folder: &Path, args: &[&str]) -> String {
    let output = run_in(folder, args);
    assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
    stdout(&output)
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
