//! `provenance.json`: where the numbers came from. Kept apart from `report.json`, which must be equal wherever it is made.
//!
//! Only what the page shows; who fills it in is the front crate.

use serde::{Deserialize, Serialize};

/// What may differ between two runs that give the same report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of spikereel.
    pub version: String,
    /// Commit of the source tree, where the build knew it.
    pub git_commit: Option<String>,
    /// Operating system and architecture.
    pub target: String,
    /// Instruction set of the engine.
    pub instruction_set: String,
    /// Precision of the engine.
    pub precision: String,
    /// Worker threads. Results do not depend on them.
    pub n_threads: usize,
    /// Processes that trained together. Each normalises its own share of a batch, so results depend on their number.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub n_ranks: usize,
    /// The run's seed.
    pub seed: u64,
    /// Inputs.
    pub inputs: Vec<InputFile>,
    /// Seconds of each step, in order.
    pub step_secs: Vec<(String, f64)>,
    /// Largest resident memory, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

fn one() -> usize {
    1
}

fn is_one(n: &usize) -> bool {
    *n == 1
}

/// An input file and its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// The file as the person named it, or a builtin name.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}
