//! Simulations that a study makes for itself: 9 bins of half a second, 9 frames of 16 pixels, so that many can be drawn and decoded.

use super::{Context, Material, SmallFit};
use crate::config::Given;
use crate::config::choices::{PopulationKind, SplitUnit};
use crate::progress::Silent;
use crate::steps::{network, prepare};
use crate::{Error, Result};
use spikereel_data::Recording;
use spikereel_nn::TrainConfig;
use spikereel_synth::cortex::CortexConfig;

/// What such simulations are decoded with; the cortex itself is the study's.
const SETTINGS: &str = r#"
    [data]
    simulate = "easy"
    [bins]
    start_secs = -1.5
    width_secs = 0.5
    n_bins = 9
    [stimulus]
    frame_px = 16
    frame_rate_hz = 2.0
    n_frames = 9
    n_fixation_frames = 1
    n_cue_frames = 2
    clips_train = 6
    clips_validation = 2
    clips_test = 4
"#;
/// How networks are trained on cue and dots.
const RECIPE: &str = include_str!("../../../../docs/recipes/cue-and-dots.toml");

/// What every caption on such a simulation says.
pub(super) const SIZE: &str = "9 bins of 0.5 s, videos of 9 frames of 16 x 16 pixels";

fn given(seed: u64) -> Result<Given> {
    let wrong = |error| Error::Bug(format!("the settings of a study's simulation are wrong: {error}"));
    let own = Given::from_toml(SETTINGS, "a study's simulation").map_err(wrong)?;
    let mut given = own.over(Given::from_toml(RECIPE, "its recipe").map_err(wrong)?);
    // TOML has no larger numbers.
    given.seed = Some(seed >> 1);
    Ok(given)
}

/// A cortex of one session, its trials as recorded and split by real trial.
///
/// # Errors
/// What the generator refuses.
pub(super) fn recorded(cortex: &CortexConfig, seed: u64) -> Result<Material> {
    Material::simulated(given(seed)?, cortex, &Silent)
}

/// Pseudo-trials of recordings, split by `unit`.
///
/// # Errors
/// What resampling refuses.
pub(super) fn pseudo(
    recordings: Vec<Recording>,
    unit: SplitUnit,
    trials_per_condition: usize,
    seed: u64,
) -> Result<Material> {
    let mut given = given(seed)?;
    given.population.kind = Some(PopulationKind::Pseudo);
    given.population.trials_per_condition = Some(trials_per_condition);
    given.split.unit = Some(unit);
    let mut config = crate::config::resolve(given, &crate::config::SourceFacts::default())?;
    config.precision = config.precision.settled();
    let assembled = prepare::assemble_recordings(&config, recordings, Vec::new(), &Silent)?;
    Material::of_dataset(config, assembled.dataset, assembled.splits)
}

/// Small networks for such a simulation.
pub(super) fn small_networks<'a>(context: &'a Context<'_>, material: &Material, stage: &str) -> SmallFit<'a> {
    let mut fit = context.small_fit(stage);
    fit.config = TrainConfig {
        base_channels: context.sizes.small_channels,
        epochs: context.sizes.small_epochs,
        ..network::train_config(&material.config)
    };
    fit
}
