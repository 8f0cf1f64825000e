//! The decoders of a run: one for each fold and network seed, each with its own folder of weights, split and what was fitted.

use crate::Result;
use crate::run_folder::{read_json, write_json};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::derive_seed;
use spikereel_data::{Dataset, Fold, Split, Standardiser};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which decoder of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhichDecoder {
    /// The fold, from 0.
    pub fold_idx: usize,
    /// The network of that fold, from 0.
    pub network_idx: usize,
}

/// How many decoders a run has, and where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fits {
    /// Folds; 1 is a single split.
    pub n_folds: usize,
    /// Networks of each fold.
    pub n_networks: usize,
}

impl Fits {
    /// Folds in order, networks within.
    pub fn all(self) -> impl Iterator<Item = WhichDecoder> {
        (0..self.n_folds).flat_map(move |fold_idx| {
            (0..self.n_networks).map(move |network_idx| WhichDecoder { fold_idx, network_idx })
        })
    }

    /// The folder of one fold: the run itself where there is but one fold and one network.
    pub fn fold_folder(self, run: &Path, fold_idx: usize) -> PathBuf {
        if self.n_folds * self.n_networks == 1 { run.to_path_buf() } else { run.join(format!("fold{fold_idx}")) }
    }

    /// The folder of one decoder's weights.
    pub fn folder(self, run: &Path, which: WhichDecoder) -> PathBuf {
        let fold = self.fold_folder(run, which.fold_idx);
        if self.n_networks == 1 { fold } else { fold.join(format!("seed{}", which.network_idx)) }
    }

    /// The seed under which one decoder starts and draws.
    pub fn seed(self, run_seed: u64, which: WhichDecoder) -> u64 {
        derive_seed(run_seed, &format!("network/fold{}/seed{}", which.fold_idx, which.network_idx))
    }

    /// Stores a fold's split and standardiser.
    ///
    /// # Errors
    /// An I/O error.
    pub fn save_fold(self, run: &Path, fold_idx: usize, fold: &Fold) -> Result<()> {
        let folder = self.fold_folder(run, fold_idx);
        write_json(&folder.join("split.json"), fold.split())?;
        write_json(&folder.join("standardiser.json"), fold.standardiser())
    }

    /// Puts a stored fold back together with its dataset.
    ///
    /// # Errors
    /// A missing or damaged file, or a dataset of other axes.
    pub fn load_fold(self, run: &Path, fold_idx: usize, dataset: Arc<Dataset>) -> Result<Fold> {
        let folder = self.fold_folder(run, fold_idx);
        let split: Split = read_json(&folder.join("split.json"))?;
        let standardiser: Standardiser = read_json(&folder.join("standardiser.json"))?;
        Ok(Fold::with_standardiser(dataset, split, standardiser)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_no_deeper_than_the_number_of_decoders_needs() {
        let run = Path::new("run");
        let which = |fold_idx, network_idx| WhichDecoder { fold_idx, network_idx };
        let folder = |n_folds, n_networks, which| Fits { n_folds, n_networks }.folder(run, which);
        assert_eq!(folder(1, 1, which(0, 0)), Path::new("run"));
        assert_eq!(folder(5, 1, which(3, 0)), Path::new("run/fold3"));
        assert_eq!(folder(1, 2, which(0, 1)), Path::new("run/fold0/seed1"));
    }

    #[test]
    fn no_two_decoders_share_a_seed() {
        let fits = Fits { n_folds: 5, n_networks: 3 };
        let seeds: std::collections::BTreeSet<u64> = fits.all().map(|which| fits.seed(7, which)).collect();
        assert_eq!(seeds.len(), 15);
    }
}
