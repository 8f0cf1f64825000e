//! Buffers kept between calls, so that a step allocates nothing once it has run.

use std::sync::{Mutex, PoisonError};

/// Buffers at rest.
#[derive(Debug, Default)]
pub(super) struct Scratch(Mutex<Vec<Vec<f32>>>);

impl Scratch {
    /// Lends a buffer of `len` values, which may hold anything.
    pub fn with<T>(&self, len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
        let mut buffer = self.take(len);
        if buffer.len() < len {
            buffer = vec![0.0; len];
        }
        let result = work(&mut buffer[..len]);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        result
    }

    /// The smallest buffer that is large enough, else the largest one, else none.
    fn take(&self, len: usize) -> Vec<f32> {
        let mut at_rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = (0..at_rest.len()).filter(|&at| at_rest[at].len() >= len).min_by_key(|&at| at_rest[at].len());
        let chosen = fitting.or_else(|| (0..at_rest.len()).max_by_key(|&at| at_rest[at].len()));
        chosen.map_or_else(Vec::new, |at| at_rest.swap_remove(at))
    }
}
