//! How long a programme will take here: what its studies ask of networks, at the rate that this machine is measured to have.

use crate::config::choices::StudyPreset;
use crate::progress::Progress;
use crate::studies::{Material, Sizes, StudyKind, Work, coarse, work};
use crate::{ConfigError, Error, Result};
use spikereel_data::{Decoder, Fold, Part, Split};
use spikereel_nn::{FitNetwork, StepReport, TrainConfig};
use std::time::Instant;

/// Steps of a measured training; the first are slower, as buffers are made.
const N_STEPS: usize = 8;
const N_WARM: usize = 3;
/// Samples of a measured decoding.
const N_DECODED: usize = 16;
/// What preparing data, ridge regressions, bootstraps and drawing add to networks' time; from whole runs of `quick` and `standard`.
pub(super) const BESIDE_NETWORKS: f64 = 1.15;

/// Seconds that a preset may take on two cores; none where it has no promise to keep.
pub fn budget_secs(preset: StudyPreset) -> Option<f64> {
    match preset {
        StudyPreset::Quick => Some(20.0 * 60.0),
        StudyPreset::Standard => Some(2.0 * 3600.0),
        StudyPreset::Overnight => Some(12.0 * 3600.0),
        StudyPreset::Tiny | StudyPreset::Paper => None,
    }
}

/// Speed is measured for some seconds, in which the machine may have been busy with something else: only a programme of more than so many
/// times what its preset promises is refused.
const REFUSED_BEYOND: f64 = 2.0;

/// What a programme will take here.
pub(super) struct Estimate {
    pub secs: f64,
    of_main: Rate,
    of_small: Rate,
}

/// Measures for some seconds and adds up what studies ask of networks, those of the run among them.
///
/// # Errors
/// What is wrong with the data.
pub(super) fn estimate(
    main: &Material,
    sizes: &Sizes,
    studies: &[StudyKind],
    progress: &dyn Progress,
) -> Result<Estimate> {
    let copy = if sizes.is_retraining_coarse { coarse(&main.config, progress)? } else { None };
    let retraining = copy.as_ref().unwrap_or(main);
    let sizes = Sizes { n_networks: main.config.n_network_seeds, ..sizes.clone() };
    let work = work(studies, main, retraining, &sizes);
    let own = crate::steps::network::train_config(&main.config);
    let of_main = rate(main, &own)?;
    let small = TrainConfig { base_channels: sizes.small_channels, ..own };
    let of_small = rate(retraining, &small)?;
    let secs = BESIDE_NETWORKS * total(&work, of_main, of_small);
    Ok(Estimate { secs, of_main, of_small })
}

/// Tells how long a programme will take, and refuses one that will take twice as long as its preset promises, unless that is allowed.
///
/// # Errors
/// A programme over its time; what is wrong with the data.
pub fn check(
    main: &Material,
    sizes: &Sizes,
    studies: &[StudyKind],
    preset: StudyPreset,
    allow_longer: bool,
    progress: &dyn Progress,
) -> Result<()> {
    let Some(budget) = budget_secs(preset) else { return Ok(()) };
    let Estimate { secs, of_main, of_small } = estimate(main, sizes, studies, progress)?;
    progress.say(&format!(
        "== about {} here: {:.0} training samples a second in networks of width {}, {:.0} in small ones",
        duration(secs),
        1.0 / of_main.trained,
        main.config.network.base_channels,
        1.0 / of_small.trained
    ));
    if secs <= budget || allow_longer {
        return Ok(());
    }
    if secs <= REFUSED_BEYOND * budget {
        progress.say(&format!("== longer than the {} that `{preset}` promises; going on", duration(budget)));
        return Ok(());
    }
    Err(ConfigError::new("preset", format!("`{preset}` done in {}", duration(budget)), format!("about {}", duration(secs)))
        .hint("give --allow-longer, a smaller preset, or fewer trials (--set data.trials_per_condition=...); more --threads help where there are more")
        .into())
}

/// Seconds a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub trained: f64,
    pub decoded: f64,
}

fn total(work: &Work, main: Rate, small: Rate) -> f64 {
    work.main_trained * main.trained
        + work.main_decoded * main.decoded
        + work.small_trained * small.trained
        + work.small_decoded * small.decoded
}

/// Trains a few steps and decodes a few samples.
pub(super) fn rate(material: &Material, config: &TrainConfig) -> Result<Rate> {
    let fold = material.folds.first().ok_or_else(|| Error::Bug("a material without folds".into()))?;
    let few = |part| fold.trials(part).iter().copied().take(N_DECODED).collect::<Vec<usize>>();
    let n_trained = (N_STEPS * config.batch_size).min(fold.trials(Part::Train).len());
    let train = fold.trials(Part::Train)[..n_trained].to_vec();
    let n_trials = material.dataset.n_trials();
    let split = Split::new(train, few(Part::Validation), few(Part::Test), n_trials)?;
    let few_trials = Fold::with_standardiser(material.dataset.clone(), split, fold.standardiser().clone())?;
    let config = TrainConfig { epochs: 1, steps_per_epoch: Some(N_STEPS), ..config.clone() };
    let mut clock = Clock::default();
    let fit = FitNetwork { config: config.clone(), precision: material.config.precision.of_engine() };
    let (decoder, _) = fit.fit_network(&few_trials, material.config.seed, &mut clock)?;
    let trials = few(Part::Test);
    let spikes = few_trials.spikes(&trials);
    // Once for the buffers, once for the clock.
    decoder.predict(spikes.view())?;
    let began = Instant::now();
    decoder.predict(spikes.view())?;
    let decoded = began.elapsed().as_secs_f64() / trials.len().max(1) as f64;
    Ok(Rate { trained: clock.median_secs() / config.batch_size as f64, decoded })
}

/// When steps end.
#[derive(Default)]
struct Clock(Vec<Instant>);

impl spikereel_nn::Progress for Clock {
    fn on_step(&mut self, _report: &StepReport) -> spikereel_nn::Result<()> {
        self.0.push(Instant::now());
        Ok(())
    }
}

impl Clock {
    /// Seconds of a step, the median of those after the first.
    fn median_secs(&self) -> f64 {
        let mut secs: Vec<f64> =
            self.0.windows(2).skip(N_WARM - 1).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        secs.sort_by(f64::total_cmp);
        secs.get(secs.len() / 2).copied().unwrap_or(0.0)
    }
}

fn duration(secs: f64) -> String {
    let minutes = (secs / 60.0).round().max(1.0) as u64;
    match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::studies::ALL;

    #[test]
    fn a_programme_over_its_time_is_refused_and_allowed_when_asked() {
        // Twelve hours are enough for seconds of work on a machine that is busy with other tests.
        let sizes = Sizes::of(StudyPreset::Tiny);
        let main = Material::new(sizes.settings(StudyPreset::Tiny).unwrap(), &Silent).unwrap();
        let check = |sizes: &Sizes, allow| check(&main, sizes, ALL, StudyPreset::Overnight, allow, &Silent);
        check(&sizes, false).unwrap();
        let endless = Sizes { small_epochs: 1_000_000_000, ..sizes };
        let error = check(&endless, false).unwrap_err().to_string();
        assert!(error.contains("12 h") && error.contains("--allow-longer"), "{error}");
        check(&endless, true).unwrap();
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!([duration(20.0), duration(1500.0), duration(7260.0)], ["1 min", "25 min", "2 h 01 min"]);
    }
}
