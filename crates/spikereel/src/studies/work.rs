//! How much the studies ask of networks, counted in samples, so that a programme's time can be told before it begins.

use super::operators::LEAST_PROBED;
use super::{Material, Sizes, StudyKind};
use spikereel_data::Part;
use std::ops::{Add, AddAssign};

/// Samples that pass through networks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Through training steps of networks of the main width on the main recording.
    pub main_trained: f64,
    /// Decoded by them.
    pub main_decoded: f64,
    /// Through training steps of small networks on the recording for retraining.
    pub small_trained: f64,
    /// Decoded by them.
    pub small_decoded: f64,
}

impl Add for Work {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            main_trained: self.main_trained + other.main_trained,
            main_decoded: self.main_decoded + other.main_decoded,
            small_trained: self.small_trained + other.small_trained,
            small_decoded: self.small_decoded + other.small_decoded,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Noise inputs of the main scores and null draws are decoded beside the test trials.
const N_NULL_OF_SCORES: f64 = 100.0;
/// A sample of a study's own simulation: 9 frames of 16 x 16 pixels.
const COMPACT_PIXELS: f64 = 9.0 * 16.0 * 16.0;
/// Training trials of all.
const TRAIN_SHARE: f64 = 0.7;
/// A gradient with respect to the input costs about as much as three decodings.
const GRADIENT: f64 = 3.0;
/// Up to so many regions all coalitions are decoded.
const MOST_EXACT: usize = 12;

/// The numbers that the counts rest on.
struct Facts {
    /// Of an epoch.
    n_train: f64,
    n_validation: f64,
    n_test: f64,
    n_probed: f64,
    n_regions: f64,
    n_sites: f64,
    n_conditions: f64,
    n_windows: f64,
    n_features: f64,
    n_coalitions: f64,
    n_networks: f64,
    /// Pixels of all frames of a sample of the recording for retraining.
    pixels: f64,
    /// The same of one frame.
    frame_pixels: f64,
}

impl Facts {
    fn new(main: &Material, retraining: &Material, sizes: &Sizes) -> Self {
        let count = |part| main.folds.first().map_or(0, |fold| fold.trials(part).len()) as f64;
        let (dataset, bins) = (&main.dataset, main.dataset.bins);
        let n_conditions = dataset.conditions.len() as f64;
        let n_regions = dataset.regions().len();
        let n_coalitions = if n_regions <= MOST_EXACT {
            (1_usize << n_regions) as f64
        } else {
            (sizes.n_orderings * n_regions) as f64
        };
        let [n_frames, height, width, _] = retraining.dataset.video_shape();
        Self {
            n_train: match main.config.train.steps_per_epoch {
                0 => count(Part::Train),
                n_steps => (n_steps * main.config.train.batch_size) as f64,
            },
            n_validation: count(Part::Validation),
            n_test: count(Part::Test),
            n_probed: count(Part::Test).min(sizes.n_probed_trials as f64 * n_conditions),
            n_regions: n_regions as f64,
            n_sites: dataset.n_sites() as f64,
            n_conditions,
            n_windows: bins
                .n_bins
                .div_ceil(((sizes.window_secs / bins.step_secs).round() as usize).clamp(1, bins.n_bins))
                as f64,
            n_features: main.readouts.len() as f64,
            n_coalitions,
            n_networks: sizes.n_networks.max(1) as f64,
            pixels: (n_frames * height * width) as f64,
            frame_pixels: (height * width) as f64,
        }
    }
}

fn main_decoded(n: f64) -> Work {
    Work { main_decoded: n, ..Work::default() }
}

/// Small networks of `relative` the cost of one on the recording for retraining, each trained, validated every epoch and scored.
fn small(facts: &Facts, sizes: &Sizes, n_networks: f64, relative: f64) -> Work {
    let epochs = sizes.small_epochs as f64;
    let n = n_networks * relative;
    Work {
        small_trained: n * facts.n_train * epochs,
        small_decoded: n * (facts.n_validation * epochs + facts.n_test),
        ..Work::default()
    }
}

/// Small networks on simulations of a study's own.
fn compact(facts: &Facts, sizes: &Sizes, n_networks: f64, trials_per_condition: usize) -> Work {
    let n_trials = trials_per_condition as f64 * 64.0;
    let relative = COMPACT_PIXELS / facts.pixels * n_networks * n_trials;
    Work {
        small_trained: relative * TRAIN_SHARE * sizes.small_epochs as f64,
        small_decoded: relative * (1.0 - TRAIN_SHARE) * sizes.small_epochs as f64,
        ..Work::default()
    }
}

fn main_trained(facts: &Facts, n_networks: f64, epochs: usize) -> Work {
    let n = n_networks * epochs as f64;
    Work { main_trained: n * facts.n_train, main_decoded: n * facts.n_validation, ..Work::default() }
}

fn of_study(name: &str, facts: &Facts, sizes: &Sizes, main_epochs: usize, n_folds: f64) -> Work {
    let (regions, networks, draws) = (facts.n_regions, facts.n_networks, sizes.n_draws as f64);
    let seeds = sizes.n_small_seeds.max(1) as f64;
    let probed = facts.n_probed * networks;
    match name {
        "paper_numbers" => main_decoded(facts.n_test),
        // The comparison networks are cheaper than the decoder: a tenth of it for the MLP, three tenths for the shallow CNN.
        "baselines" => main_trained(facts, 0.4 * networks, main_epochs) + main_decoded(facts.n_test * networks),
        "cross_validation" => small(facts, sizes, sizes.n_folds as f64, 1.0),
        "frame_rates" => small(facts, sizes, 1.0, (22.0 + 45.0 + 90.0) * facts.frame_pixels / facts.pixels),
        "temporal" => small(facts, sizes, 2.0, 45.0 * facts.frame_pixels / facts.pixels),
        "encoder" => main_trained(facts, 1.0, sizes.encoder_epochs) + main_decoded(facts.n_test + sizes.n_null as f64),
        "single_regions" => small(facts, sizes, (regions + 3.0) * seeds * n_folds, 1.0),
        "masking" => main_decoded(facts.n_test * networks * (1.0 + regions)),
        "operators" => {
            let probed = networks * facts.n_test.min(LEAST_PROBED as f64 * facts.n_conditions).max(facts.n_probed);
            main_decoded(probed * (3.0 + regions + 2.0 * draws * regions))
                + small(facts, sizes, (1.0 + regions) * seeds, 1.0)
        }
        "shapley" => main_decoded(probed * facts.n_coalitions),
        "time_resolved" => main_decoded(probed * (1.0 + regions * facts.n_windows)),
        "sites" => {
            let gradients = GRADIENT * sizes.n_gradient_steps as f64 * facts.n_features;
            main_decoded(probed * (1.0 + facts.n_sites + gradients))
        }
        "size_matched" => main_decoded(probed * (2.0 + regions * (1.0 + draws))),
        "embedding" => main_decoded((sizes.n_embedded as f64).min(facts.n_test)),
        "ceilings" => main_decoded(facts.n_test * (n_folds + 1.0)),
        "scale" => small(facts, sizes, 3.0 * seeds, 1.0),
        "leakage" => compact(facts, sizes, 4.0 * seeds, 4 * sizes.trials_per_condition),
        "confounds" => compact(facts, sizes, 4.0 * seeds, 2 * sizes.trials_per_condition),
        "power" => compact(facts, sizes, sizes.n_power_repeats as f64, sizes.trials_per_condition),
        // Similarity decodes nothing.
        _ => Work::default(),
    }
}

/// What a whole programme asks: the main decoders, their scores and masking, and the studies.
pub fn work(studies: &[StudyKind], main: &Material, retraining: &Material, sizes: &Sizes) -> Work {
    let facts = Facts::new(main, retraining, sizes);
    let epochs = main.config.train.epochs;
    let n_folds = main.folds.len() as f64;
    let mut all = main_trained(&facts, facts.n_networks * n_folds, epochs);
    let scored = facts.n_test * (2.0 + facts.n_regions) + N_NULL_OF_SCORES + facts.n_conditions;
    all += main_decoded(facts.n_networks * n_folds * scored);
    for study in studies {
        all += of_study(study.name, &facts, sizes, epochs, n_folds);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::choices::StudyPreset;
    use crate::progress::Silent;
    use crate::studies::ALL;

    #[test]
    fn every_study_but_similarity_asks_something_and_the_sum_grows_with_epochs() {
        let sizes = Sizes::of(StudyPreset::Tiny);
        let main = Material::new(sizes.settings(StudyPreset::Tiny).unwrap(), &Silent).unwrap();
        let facts = Facts::new(&main, &main, &sizes);
        for study in ALL {
            let own = of_study(study.name, &facts, &sizes, 2, 1.0);
            assert_eq!(own == Work::default(), study.name == "similarity", "{}", study.name);
        }
        // Six trials a condition: four train, one validates, one tests.
        let training = work(&[], &main, &main, &sizes);
        assert_eq!(training.main_trained, 2.0 * main.folds[0].trials(Part::Train).len() as f64);
        let longer = Sizes { small_epochs: 2, ..sizes.clone() };
        assert!(work(ALL, &main, &main, &longer).small_trained > work(ALL, &main, &main, &sizes).small_trained);
    }
}
