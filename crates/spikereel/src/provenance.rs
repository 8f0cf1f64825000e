//! Where a run's numbers came from: version, machine facts, seeds, checksums of inputs. Kept apart from `report.json`, which
//! must be equal wherever it is made; nothing here enters a computation.

use crate::config::choices::Precision;
use crate::run_folder::RunFolder;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use spikereel_kernels::Isa;
use std::io::Read;
use std::path::Path;

pub use spikereel_report::{InputFile, Provenance};

/// The facts of this process.
pub fn of_this_process(seed: u64, precision: Precision, inputs: Vec<InputFile>) -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        git_commit: option_env!("SPIKEREEL_GIT_COMMIT").filter(|commit| !commit.is_empty()).map(Into::into),
        target: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        instruction_set: instruction_set(),
        precision: precision.of_engine().name().into(),
        n_threads: rayon::current_num_threads(),
        n_ranks: 1,
        seed,
        inputs,
        step_secs: Vec::new(),
        peak_memory_bytes: peak_memory_bytes(),
    }
}

/// Reads a run's provenance.
///
/// # Errors
/// An I/O error, or a damaged file.
pub fn read(run: &Path) -> Result<Provenance> {
    crate::run_folder::read_json(&run.join("provenance.json"))
}

/// Adds a step's duration and the memory peak so far, and writes the file.
///
/// # Errors
/// An I/O error.
pub fn record_step(run: &RunFolder, step: &str, secs: f64) -> Result<()> {
    let mut provenance = read(run.path())?;
    provenance.step_secs.push((step.into(), (secs * 100.0).round() / 100.0));
    provenance.peak_memory_bytes = provenance.peak_memory_bytes.max(peak_memory_bytes());
    run.write_json("provenance.json", &provenance)
}

/// The instructions the engine runs on, which results depend on in their last bits.
pub fn instruction_set() -> String {
    name_of(Isa::best())
}

/// An instruction set as provenance names it.
pub fn name_of(isa: Isa) -> String {
    format!("{} {}", std::env::consts::ARCH, isa.name())
}

/// Peak resident memory (`VmHWM` of Linux), for the record only.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256_of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file, hexadecimal.
///
/// # Errors
/// An I/O error.
pub fn sha256_of_file(path: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(|error| Error::io(path, "read it", error))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer).map_err(|error| Error::io(path, "read it", error))?;
        if n == 0 {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(&buffer[..n]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one_for_abc() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of_bytes(b"abc"), expected);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        assert_eq!(sha256_of_file(file.path()).unwrap(), expected);
    }
}
