//! How large each study is, by preset. No other file holds such a number; every caption states those that matter to it.

use serde::{Deserialize, Serialize};

/// Numbers of repeats, draws and networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// `quick`, `standard`, `overnight`, `paper` or `custom`.
    pub preset: String,
    /// Base channels of the decoder and the encoder that are looked at closely.
    pub main_channels: usize,
    /// Epochs of their training.
    pub main_epochs: usize,
    /// Networks (seeds) of the main decoder.
    pub n_networks: usize,
    /// Base channels of the many networks that studies train anew.
    pub small_channels: usize,
    /// Epochs of each of those.
    pub small_epochs: usize,
    /// Seeds of each retraining.
    pub n_small_seeds: usize,
    /// Bootstrap replicates.
    pub n_bootstrap: usize,
    /// Permutations of a permutation test.
    pub n_permutations: usize,
    /// Noise inputs of a null.
    pub n_null: usize,
    /// Repeats of a masking operator that draws at random, of a random subset of sites, and the like.
    pub n_draws: usize,
    /// Repeats of the recovery card, each with a fresh recording and network.
    pub n_power_repeats: usize,
    /// Trials a condition of the recordings that a study simulates for itself.
    pub trials_per_condition: usize,
    /// Samples at most in an embedding.
    pub n_embedded: usize,
    /// Steps of integrated gradients.
    pub n_gradient_steps: usize,
    /// Folds of cross-validation.
    pub n_folds: usize,
    /// Orderings of regions that stand for all in Shapley values of more than twelve regions.
    pub n_orderings: usize,
    /// Width of the windows of masking in time, in seconds.
    pub window_secs: f64,
}

impl Sizes {
    /// Minutes on two cores.
    pub fn quick() -> Self {
        Self {
            preset: "quick".into(),
            main_channels: 8,
            main_epochs: 10,
            n_networks: 2,
            small_channels: 4,
            small_epochs: 6,
            n_small_seeds: 1,
            n_bootstrap: 1000,
            n_permutations: 1000,
            n_null: 100,
            n_draws: 5,
            n_power_repeats: 4,
            trials_per_condition: 12,
            n_embedded: 320,
            n_gradient_steps: 16,
            n_folds: 3,
            n_orderings: 30,
            window_secs: 0.5,
        }
    }
}
