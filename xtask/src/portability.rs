//! That one binary runs elsewhere: linked statically, alone in an empty root folder, and on a processor without AVX.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// A processor of 2008: x86-64-v2, no AVX.
const OLD_PROCESSOR: &str = "Nehalem";
/// A training that an emulator ends within a minute.
const SMALL: [&str; 9] = [
    "data.trials_per_condition=3",
    "bins.width_secs=0.5",
    "bins.n_bins=9",
    "stimulus.frame_px=16",
    "stimulus.frame_rate_hz=2",
    "stimulus.clips_train=1",
    "stimulus.clips_test=1",
    "network.base_channels=2",
    "train.epochs=1",
];

fn run(command: &mut Command) -> Result<(), String> {
    println!("> {command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Builds the static binary, and says where it stands.
fn build(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let folder = root.join("target/static");
    run(Command::new(cargo)
        .args(["build", "--release", "--package", "spikereel-cli", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .current_dir(root))?;
    Ok(folder.join(TARGET).join("release/spikereel"))
}

/// Builds, then walks the small demo in a root folder that holds the binary and nothing else, and, where qemu's user emulation is installed,
/// trains a little on a processor without AVX.
pub fn check(root: &Path) -> Result<(), String> {
    let binary = build(root)?;
    let cage = std::env::temp_dir().join(format!("spikereel-cage-{}", std::process::id()));
    let put = |error: std::io::Error| format!("{}: {error}", cage.display());
    std::fs::create_dir(&cage).map_err(put)?;
    std::fs::copy(&binary, cage.join("spikereel")).map_err(put)?;
    let alone = run(Command::new("chroot").arg(&cage).args(["/spikereel", "demo", "--tiny", "--out", "/demo"]))
        .and_then(|()| run(Command::new("ls").arg("-R").arg(cage.join("demo/report"))));
    let emulator = Command::new("qemu-x86_64").arg("--version").output();
    let old = match emulator {
        Err(_) => {
            println!("no qemu-x86_64 here (Debian's qemu-user): the old processor was left out");
            Ok(())
        }
        Ok(_) => run(Command::new("qemu-x86_64")
            .args(["-cpu", OLD_PROCESSOR])
            .arg(&binary)
            .args(["train", "simulate:easy", "--quiet"])
            .args(SMALL.iter().flat_map(|setting| ["--set", setting]))
            .arg("--out")
            .arg(cage.join("old"))),
    };
    std::fs::remove_dir_all(&cage).map_err(put)?;
    alone.and(old)
}
