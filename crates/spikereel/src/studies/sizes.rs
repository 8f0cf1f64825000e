//! How large each study is, by preset. No other file holds such a number; every caption states those that matter to it.

use crate::config::choices::StudyPreset;
use crate::config::{Given, NetworkGiven, TrainGiven};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Numbers of repeats, draws and networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// Name of the preset.
    pub preset: String,
    /// Base channels of the decoder and the encoder that are looked at closely.
    pub main_channels: usize,
    /// Epochs of their training.
    pub main_epochs: usize,
    /// Epochs of the main encoder's training.
    pub encoder_epochs: usize,
    /// Networks (seeds) of the main decoder.
    pub n_networks: usize,
    /// Base channels of the many networks that studies train anew.
    pub small_channels: usize,
    /// Epochs of each of those.
    pub small_epochs: usize,
    /// Seeds of each retraining.
    pub n_small_seeds: usize,
    /// Whether these train on half the frames and bins and half the pixels a side, where the recording can be prepared so.
    pub is_retraining_coarse: bool,
    /// Test trials of each condition, at most, in studies that put many inputs through one network.
    pub n_probed_trials: usize,
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
    /// Trials a condition of the simulation with planted choice, for ridge regression.
    pub n_choice_trials: usize,
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

/// What the presets train with, whatever their size; `docs/training.md` has the reasons.
const RECIPE: &str = r#"
    [train]
    start = "fitted"
    cue_weight = 10
    squared_error_weight = 60
    optimiser = "adam"
    learning_rate = 0.003
    schedule = "cosine"
    batch_size = 8
    redraw = "per_site"
"#;

impl Sizes {
    /// The sizes of a preset.
    pub fn of(preset: StudyPreset) -> Self {
        match preset {
            StudyPreset::Tiny => Self::tiny(),
            StudyPreset::Quick => Self::quick(),
            StudyPreset::Standard => Self::standard(),
            StudyPreset::Overnight => Self::overnight(),
            StudyPreset::Paper => Self::paper(),
        }
    }

    /// Seconds a study.
    pub fn tiny() -> Self {
        Self {
            preset: "tiny".into(),
            main_channels: 2,
            main_epochs: 2,
            encoder_epochs: 2,
            n_networks: 1,
            small_channels: 2,
            small_epochs: 1,
            n_bootstrap: 100,
            n_permutations: 200,
            n_null: 10,
            n_draws: 2,
            n_power_repeats: 1,
            trials_per_condition: 6,
            n_choice_trials: 24,
            n_embedded: 64,
            n_gradient_steps: 2,
            n_folds: 2,
            ..Self::quick()
        }
    }

    /// Minutes on two cores.
    pub fn quick() -> Self {
        Self {
            preset: "quick".into(),
            main_channels: 8,
            main_epochs: 8,
            encoder_epochs: 8,
            n_networks: 1,
            small_channels: 8,
            small_epochs: 5,
            n_small_seeds: 1,
            is_retraining_coarse: false,
            n_probed_trials: 8,
            n_bootstrap: 1000,
            n_permutations: 1000,
            n_null: 100,
            n_draws: 3,
            n_power_repeats: 4,
            trials_per_condition: 12,
            n_choice_trials: 60,
            n_embedded: 320,
            n_gradient_steps: 8,
            n_folds: 3,
            n_orderings: 30,
            window_secs: 0.5,
        }
    }

    /// At most two hours on two cores.
    pub fn standard() -> Self {
        Self {
            preset: "standard".into(),
            main_channels: 32,
            main_epochs: 6,
            encoder_epochs: 2,
            n_networks: 1,
            small_channels: 8,
            small_epochs: 3,
            is_retraining_coarse: true,
            n_probed_trials: 2,
            n_bootstrap: 2000,
            n_permutations: 2000,
            n_power_repeats: 8,
            trials_per_condition: 24,
            n_choice_trials: 120,
            n_embedded: 512,
            n_gradient_steps: 8,
            n_folds: 5,
            ..Self::quick()
        }
    }

    /// Twelve hours on two cores.
    pub fn overnight() -> Self {
        Self {
            preset: "overnight".into(),
            main_epochs: 24,
            encoder_epochs: 8,
            n_networks: 2,
            small_channels: 32,
            small_epochs: 4,
            is_retraining_coarse: false,
            n_probed_trials: 8,
            n_power_repeats: 20,
            trials_per_condition: 48,
            ..Self::standard()
        }
    }

    /// As published: 512 pseudo-trials a condition, 40 epochs, the published width throughout. Days to weeks on two cores.
    pub fn paper() -> Self {
        Self {
            preset: "paper".into(),
            main_epochs: 40,
            encoder_epochs: 40,
            small_epochs: 40,
            n_networks: 1,
            n_probed_trials: 1_000_000,
            n_embedded: 512,
            ..Self::overnight()
        }
    }

    /// Settings of the run that a preset looks at, to lie below what a person gives.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn settings(&self, preset: StudyPreset) -> Result<Given> {
        let data = match preset {
            StudyPreset::Tiny => {
                r#"
                [data]
                simulate = "easy"
                trials_per_condition = 6
                [bins]
                width_secs = 0.5
                n_bins = 9
                [stimulus]
                frame_px = 16
                frame_rate_hz = 2
                clips_train = 2
                clips_validation = 2
                clips_test = 2
                [scores]
                n_null = 10
                n_null_draws = 200
                [masking]
                n_bootstrap = 200
                "#
            }
            // The published configuration at 5 frames a second, of half the pixels: half the work of 10 a second.
            StudyPreset::Quick => {
                r#"
                [data]
                simulate = "easy"
                trials_per_condition = 20
                [bins]
                start_secs = -1.4
                width_secs = 0.2
                n_bins = 22
                [stimulus]
                frame_px = 16
                frame_rate_hz = 5
                n_frames = 22
                n_fixation_frames = 2
                n_cue_frames = 5
                clips_train = 12
                clips_validation = 4
                clips_test = 6
                [scores]
                n_null_draws = 500
                "#
            }
            StudyPreset::Standard | StudyPreset::Overnight => {
                r#"
                [data]
                simulate = "standard"
                trials_per_condition = 70
                "#
            }
            StudyPreset::Paper => {
                r#"
                [data]
                simulate = "standard"
                trials_per_condition = 560
                [population]
                kind = "pseudo"
                trials_per_condition = 512
                redraw_sites = true
                "#
            }
        };
        let recipe = if preset == StudyPreset::Paper { "" } else { RECIPE };
        let parse = |text: &str| {
            Given::from_toml(text, "the preset's own settings")
                .map_err(|error| Error::Bug(format!("a preset's settings are wrong: {error}")))
        };
        let sizes = Given {
            n_network_seeds: Some(self.n_networks),
            network: NetworkGiven { base_channels: Some(self.main_channels) },
            train: TrainGiven { epochs: Some(self.main_epochs), ..TrainGiven::default() },
            ..Given::default()
        };
        Ok(sizes.over(parse(data)?).over(parse(recipe)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SourceFacts, resolve};

    #[test]
    fn every_presets_settings_resolve_and_carry_its_sizes() {
        for preset in StudyPreset::ALL {
            let sizes = Sizes::of(preset);
            assert_eq!(sizes.preset, preset.to_string());
            let config = resolve(sizes.settings(preset).unwrap(), &SourceFacts::default()).unwrap();
            assert_eq!(config.network.base_channels, sizes.main_channels);
            assert_eq!((config.train.epochs, config.n_network_seeds), (sizes.main_epochs, sizes.n_networks));
        }
    }
}
