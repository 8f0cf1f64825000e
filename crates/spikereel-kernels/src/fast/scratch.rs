//! Buffers kept between calls, so that a step makes no large one once it has run; lists of places, a few thousand numbers, are made anew.

use std::sync::{Mutex, PoisonError};

/// Buffers at rest.
#[derive(Debug)]
pub(super) struct Scratch<T>(Mutex<Vec<Vec<T>>>);

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Copy + Default> Scratch<T> {
    /// Lends a buffer of `len` values, which may hold anything.
    pub fn with<R>(&self, len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
        let mut buffer = self.take(len);
        if buffer.len() < len {
            // Dropped first: the old and the new one need not stand side by side.
            buffer = Vec::new();
            buffer.resize(len, T::default());
        }
        let result = work(&mut buffer[..len]);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        result
    }

    /// The smallest buffer that is large enough, else the largest one, else none.
    fn take(&self, len: usize) -> Vec<T> {
        let mut at_rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = (0..at_rest.len()).filter(|&at| at_rest[at].len() >= len).min_by_key(|&at| at_rest[at].len());
        let chosen = fitting.or_else(|| (0..at_rest.len()).max_by_key(|&at| at_rest[at].len()));
        chosen.map_or_else(Vec::new, |at| at_rest.swap_remove(at))
    }
}
