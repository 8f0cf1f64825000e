//! Slow checks and benchmarks: each runs one example of the workspace in release, whose figures go to `docs/measurements.md`.

use std::path::Path;
use std::process::Command;

/// A command and the example behind it.
struct Slow {
    command: &'static str,
    package: &'static str,
    example: &'static str,
}

const ALL: &[Slow] = &[
    Slow { command: "masking-null", package: "spikereel", example: "masking_null" },
    Slow { command: "recovery", package: "spikereel", example: "recovery" },
    Slow { command: "mutations", package: "spikereel", example: "mutations" },
];

/// Runs the example behind `command` with `arguments`; `None` where there is no such command.
pub fn run(root: &Path, command: &str, arguments: &[&str]) -> Option<Result<(), String>> {
    let Slow { package, example, .. } = ALL.iter().find(|slow| slow.command == command)?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(&cargo)
        .args(["run", "--release", "--package", package, "--example", example, "--"])
        .args(arguments)
        .current_dir(root)
        .status();
    Some(match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command} ended with {status}")),
        Err(error) => Err(format!("{cargo}: {error}")),
    })
}
