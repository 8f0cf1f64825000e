//! Guards and slow checks of the repository: `cargo xtask COMMAND`.

#![forbid(unsafe_code)]

mod emulated;
mod faults;
mod golden;
mod portability;
mod screenshots;
mod slow;
mod slurm;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy                             check the repository's invariants (also a test)
  golden                           list the scripts that make golden numbers
  golden --python PYTHON [WORD]    run those whose path holds WORD; say which golden files changed
  portability                      build one static binary; run it alone in an empty root folder (as root), and by
                                   qemu-user, where installed, on a processor without AVX
  emulated KERNEL [--bochs BOCHS] [--amx] [WORD ...]   the kernels' tests, or those whose names hold a word, under KERNEL (a Linux vmlinuz)
                                   on a processor with AVX-512 and its bf16 that Bochs 3.0 emulates; --amx: with AMX too, under a kernel
                                   built for it (xtask/src/emulated.rs)
  screenshots REPORT_DIR OUT_DIR   open REPORT_DIR/index.html in headless Chromium at 1280 and 400 px, save pictures,
                                   fail on console errors, outside requests and sideways scrolling
  faults [--quick] [ROW ...]       try the promises of docs/reliability.md on the release binary and write the figures there (as root,
                                   with strace and faketime; an hour); --quick: a sample of each in minutes, nothing written
  slurm FOLDER [PART ...]          a grid of 24 on a real Slurm of two nodes started by FOLDER/up-loopback.sh, with tasks killed, a dead
                                   node, preemption and more; parts: cluster, job, commands, cost, mpi (as root; half an hour)
  masking-null                     false alarms of masking where nothing was planted, an hour
  recovery [N] [all|shapley|retrain] [FIRST]   planted functions found, and false alarms, over N recordings (20) from number FIRST (0)
                                   on: an hour and more; retraining takes eight minutes of one core a recording
  mutations [N] [FORMAT ...]       N (100,000) damaged files of each format that is read: no panic, no 2 s, no more memory than
                                   files deserve
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["tidy"] => run_tidy(),
        ["golden"] => golden::list(&repository_root()),
        ["golden", "--python", python] => golden::run(&repository_root(), python, ""),
        ["golden", "--python", python, word] => golden::run(&repository_root(), python, word),
        ["screenshots", report, out] => screenshots::run(report.as_ref(), out.as_ref()),
        ["faults", rest @ ..] => faults::run(&repository_root(), rest),
        ["slurm", rest @ ..] => slurm::run(&repository_root(), rest),
        ["emulated", rest @ ..] => emulated::run(&repository_root(), rest),
        ["portability"] => portability::check(&repository_root()),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        [command, rest @ ..] if let Some(outcome) = slow::run(&repository_root(), command, rest) => outcome,
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_tidy() -> Result<(), String> {
    let outcome = tidy::check(&repository_root()).map_err(|error| format!("the repository cannot be read: {error}"))?;
    outcome.notes.iter().for_each(|note| println!("note: {note}"));
    outcome.errors.iter().for_each(|error| println!("{error}"));
    match outcome.errors.len() {
        0 => {
            println!("tidy: {} files, {} notes, no broken rule", outcome.n_files, outcome.notes.len());
            Ok(())
        }
        n_errors => Err(format!("{n_errors} broken rules in {} files", outcome.n_files)),
    }
}

/// The folder above this package.
fn repository_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands inside the repository").to_owned()
}
