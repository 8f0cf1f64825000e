//! What a process computes with: its threads and its instruction set. Results do not depend on the number of threads.

use crate::{ConfigError, Error, Result};
use spikereel_kernels::Isa;

/// Runs `work` on so many worker threads, by default one per core.
///
/// # Errors
/// `SPIKEREEL_ISA` names instructions that are unknown or that this processor lacks; what `work` says.
pub fn with_threads<T: Send>(n_threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if let Err(got) = Isa::overruled() {
        let known: Vec<&str> = Isa::ALL.into_iter().filter(|isa| isa.is_available()).map(Isa::name).collect();
        return Err(ConfigError::new("SPIKEREEL_ISA", format!("one of {} on this processor", known.join(", ")), got)
            .hint("leave the variable out to use the best")
            .into());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::Bug(format!("worker threads cannot be started: {error}")))?;
    pool.install(work)
}
