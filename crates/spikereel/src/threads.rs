//! Worker threads. Every reduction in the workspace has a fixed shape, so their number changes time and nothing else.

use crate::{Error, Result};

/// Runs `work` on `n_threads` workers; `None` takes one per core, as the system counts them.
///
/// # Errors
/// Where workers cannot be started, or what `work` returns.
pub fn with_threads<T: Send>(n_threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::Bug(format!("worker threads could not be started: {error}")))?;
    pool.install(work)
}
