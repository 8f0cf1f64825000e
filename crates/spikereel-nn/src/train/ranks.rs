//! One training by several processes, each with its share of every batch.
//!
//! Between two steps all of them hold the same state, bit for bit: gradients, running statistics and losses are averaged with the
//! shares as weights, and every sum is taken once, in the order of ranks. Batch normalisation takes the statistics of a process's own share, as
//! PyTorch's `DistributedDataParallel` does, so that another number of processes is another training.

use crate::{Real, Result};
use spikereel_data::DataError;
use std::fmt::{self, Debug, Formatter};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes between processes that run the same code. Every call is made by all of them, in the same order.
pub trait Exchange: Send {
    /// Which one this is, from 0.
    fn rank(&self) -> usize;
    /// How many there are.
    fn n_ranks(&self) -> usize;
    /// Takes one part for every rank, equally long; returns the parts that came, by rank.
    ///
    /// # Errors
    /// Another process has gone.
    fn all_to_all(&mut self, parts: Vec<u8>) -> Result<Vec<u8>>;
    /// Every rank's bytes, equally many, by rank.
    ///
    /// # Errors
    /// Another process has gone.
    fn all_gather(&mut self, own: Vec<u8>) -> Result<Vec<u8>>;
    /// Rank 0's bytes; what others give is not looked at.
    ///
    /// # Errors
    /// Another process has gone.
    fn broadcast(&mut self, own: Vec<u8>) -> Result<Vec<u8>>;
}

/// This process among those that train together.
#[derive(Clone)]
pub struct Ranks {
    exchange: Arc<Mutex<dyn Exchange>>,
    rank: usize,
    n_ranks: usize,
}

impl Debug for Ranks {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "rank {} of {}", self.rank, self.n_ranks)
    }
}

impl Ranks {
    /// By way of an exchange.
    pub fn new(exchange: impl Exchange + 'static) -> Self {
        Self { rank: exchange.rank(), n_ranks: exchange.n_ranks().max(1), exchange: Arc::new(Mutex::new(exchange)) }
    }

    /// Which one this is, from 0; rank 0 leads.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many there are.
    pub fn n_ranks(&self) -> usize {
        self.n_ranks
    }

    fn exchange(&self) -> MutexGuard<'_, dyn Exchange + 'static> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rank 0's bytes on every rank.
    ///
    /// # Errors
    /// Another process has gone.
    pub fn broadcast(&self, own: Vec<u8>) -> Result<Vec<u8>> {
        self.exchange().broadcast(own)
    }

    /// Every rank's bytes, equally many, one after another.
    ///
    /// # Errors
    /// Another process has gone, or the lengths differ.
    pub fn gather(&self, own: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        let len = own.len();
        let all = self.exchange().all_gather(own)?;
        if all.len() != len * self.n_ranks {
            return Err(odd("bytes of every rank", len * self.n_ranks, all.len()));
        }
        Ok(all.chunks(len.max(1)).map(<[u8]>::to_vec).collect())
    }

    /// This rank's part of `n` samples in a row: the first ranks take one more where `n` cannot be shared equally.
    pub(super) fn share(&self, n: usize) -> Range<usize> {
        let first = |rank: usize| n / self.n_ranks * rank + rank.min(n % self.n_ranks);
        first(self.rank)..first(self.rank + 1)
    }

    /// True where this rank does the `at`-th of several pieces of work.
    pub(super) fn does(&self, at: usize) -> bool {
        at % self.n_ranks == self.rank
    }

    /// The sum of all ranks' numbers, in the order of ranks.
    pub(super) fn sum(&self, own: f64) -> Result<f64> {
        Ok(self.all(&[own])?.iter().sum())
    }

    /// The numbers of all ranks, by rank.
    pub(super) fn all(&self, own: &[f64]) -> Result<Vec<f64>> {
        let bytes = self.gather(own.iter().flat_map(|value| value.to_le_bytes()).collect())?;
        Ok(bytes.iter().flat_map(|own| own.as_chunks().0).map(|&value| f64::from_le_bytes(value)).collect())
    }

    /// Replaces values by their mean over ranks, weighted by `weight`; the weights of all ranks sum to 1. Each rank sums one part for all,
    /// in the order of ranks, so every rank ends with the same bits.
    pub(super) fn mean<R: Real>(&self, weight: f64, values: &mut [&mut [R]]) -> Result<()> {
        let n: usize = values.iter().map(|values| values.len()).sum();
        let n_each = n.div_ceil(self.n_ranks);
        let weight = R::from_f64(weight);
        let mut bytes = Vec::with_capacity(n_each * self.n_ranks * size_of::<R>());
        values.iter().flat_map(|values| values.iter()).for_each(|&value| (weight * value).put(&mut bytes));
        bytes.resize(n_each * self.n_ranks * size_of::<R>(), 0);
        let mut exchange = self.exchange();
        let parts = exchange.all_to_all(bytes)?;
        let mut sums = vec![R::ZERO; n_each];
        for (rank, part) in parts.chunks(n_each * size_of::<R>()).enumerate() {
            for (sum, value) in sums.iter_mut().zip(part.chunks(size_of::<R>()).map(R::take)) {
                *sum = if rank == 0 { value } else { *sum + value };
            }
        }
        let mut bytes = Vec::with_capacity(n_each * size_of::<R>());
        sums.iter().for_each(|sum| sum.put(&mut bytes));
        let whole = exchange.all_gather(bytes)?;
        if whole.len() != n_each * self.n_ranks * size_of::<R>() {
            return Err(odd("values of every rank", n, whole.len() / size_of::<R>()));
        }
        let mut whole = whole.chunks(size_of::<R>()).map(R::take);
        let places = values.iter_mut().flat_map(|values| values.iter_mut());
        places.zip(&mut whole).for_each(|(place, value)| *place = value);
        Ok(())
    }
}

fn odd(what: &str, expected: usize, got: usize) -> crate::Error {
    DataError::new(what, expected.to_string(), got.to_string())
        .hint("all processes must run the same build with the same settings")
        .into()
}
