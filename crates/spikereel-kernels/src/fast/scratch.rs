//! Buffers kept between calls, so that a step makes no large one once it has run; lists of places, a few thousand numbers, are made anew.

use std::sync::{Mutex, PoisonError};

/// Where a buffer begins, in bytes: a cache line, which is also a row of a tile and a register. A large allocation begins 16 bytes behind
/// one, so that every aligned read would touch two lines: with tiles such a load was measured at 18 to 23 ns against 4 to 9.
const ALIGNMENT: usize = 64;

/// Buffers at rest.
#[derive(Debug)]
pub(super) struct Scratch<T>(Mutex<Vec<Vec<T>>>);

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Copy + Default> Scratch<T> {
    /// Lends a buffer of `len` values, which may hold anything and begins a cache line.
    pub fn with<R>(&self, len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
        let room = ALIGNMENT / size_of::<T>();
        let mut buffer = self.take(len + room);
        if buffer.len() < len + room {
            // Dropped first: the old and the new one need not stand side by side.
            buffer = Vec::new();
            buffer.resize(len + room, T::default());
        }
        let first = buffer.as_ptr().align_offset(ALIGNMENT).min(room);
        let result = work(&mut buffer[first..first + len]);
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
