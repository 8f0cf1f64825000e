//! From given to resolved: defaults are filled in and everything is checked, before any work and before any folder is made.

use super::choices::{PopulationKind, StimulusKind};
use super::defaults as d;
use super::{BinsConfig, BinsGiven, ConfigError, DataConfig, DataGiven, Given, MaskingConfig, NetworkConfig};
use super::{PopulationConfig, PopulationGiven, Resolved, ScoresConfig, SplitConfig, SplitGiven, StandardiseConfig};
use super::{StimulusConfig, StimulusGiven, TrainConfig, TrainGiven};
use crate::builtin::is_builtin;
use spikereel_data::{BinGrid, Phase, Timeline};
use spikereel_formats::{NwbOptions, SiegelOptions};
use std::path::{Path, PathBuf};

type Checked<T> = std::result::Result<T, ConfigError>;

/// What defaults need to know of the source of data.
#[derive(Debug, Clone, Default)]
pub struct SourceFacts {
    /// Names of the condition factors; empty for a simulation.
    pub factors: Vec<String>,
    /// The stimulus that the sidecar names.
    pub stimulus: Option<StimulusKind>,
    /// Frames and height of the clips that came with the recording.
    pub recorded_frames: Option<(Timeline, usize)>,
    /// The bins in which counts were recorded, if they were counts.
    pub recorded_bins: Option<BinGrid>,
    /// The configuration under which a dataset was prepared, if the source is a prepared dataset.
    pub prepared: Option<Box<Resolved>>,
    /// How NWB files were read.
    pub nwb: Option<NwbOptions>,
    /// How MATLAB files of Siegel et al. were read.
    pub siegel: Option<SiegelOptions>,
}

/// Fills in defaults and checks every value.
///
/// # Errors
/// Names the key, what was expected and what was given.
pub fn resolve(given: Given, facts: &SourceFacts) -> Checked<Resolved> {
    let prepared = facts.prepared.as_deref();
    if let Some(prepared) = prepared {
        refuse_changes(&given, prepared)?;
    }
    let kind = given.stimulus.kind.or(facts.stimulus).unwrap_or_else(|| d::stimulus_kind(&facts.factors));
    let bins = match prepared {
        Some(prepared) => prepared.bins,
        None => bins(given.bins, kind, facts.recorded_bins)?,
    };
    let seed = given.seed.unwrap_or(d::SEED);
    if i64::try_from(seed).is_err() {
        return Err(ConfigError::new("seed", "at most 9223372036854775807, TOML's largest", seed.to_string()));
    }
    Ok(Resolved {
        seed,
        n_network_seeds: at_least_one("n_network_seeds", given.n_network_seeds.unwrap_or(d::N_NETWORK_SEEDS))?,
        precision: given.precision.unwrap_or(d::PRECISION),
        data: data(given.data)?,
        nwb: facts.nwb.clone(),
        siegel: facts.siegel.clone(),
        bins,
        standardise: StandardiseConfig { kind: given.standardise.kind.unwrap_or(d::STANDARDISATION) },
        population: match prepared {
            Some(prepared) => prepared.population.clone(),
            None => population(given.population)?,
        },
        split: match prepared {
            Some(prepared) => prepared.split,
            None => split(given.split)?,
        },
        stimulus: match prepared {
            Some(prepared) => prepared.stimulus,
            None => stimulus(given.stimulus, kind, &bins, facts.recorded_frames.as_ref())?,
        },
        network: NetworkConfig {
            base_channels: at_least_one(
                "network.base_channels",
                given.network.base_channels.unwrap_or(d::BASE_CHANNELS),
            )?,
        },
        train: train(given.train)?,
        scores: ScoresConfig {
            n_null: at_least("scores.n_null", given.scores.n_null.unwrap_or(d::N_NULL), 2)?,
            n_null_draws: at_least("scores.n_null_draws", given.scores.n_null_draws.unwrap_or(d::N_NULL_DRAWS), 100)?,
        },
        masking: MaskingConfig {
            n_bootstrap: at_least("masking.n_bootstrap", given.masking.n_bootstrap.unwrap_or(d::N_BOOTSTRAP), 100)?,
            alpha: share("masking.alpha", given.masking.alpha.unwrap_or(d::ALPHA))?,
        },
    })
}

fn data(given: DataGiven) -> Checked<DataConfig> {
    let n_sources =
        [given.recordings.is_some(), given.dataset.is_some(), given.simulate.is_some()].iter().filter(|x| **x).count();
    if n_sources != 1 {
        let got = if n_sources == 0 { "none".to_string() } else { format!("{n_sources} of them") };
        return Err(ConfigError::new("data", "one of `recordings`, `dataset` and `simulate`", got)
            .hint("name a sidecar, a prepared dataset, or a preset: easy, standard, hard"));
    }
    if given.recordings.as_ref().is_some_and(Vec::is_empty) {
        return Err(ConfigError::new("data.recordings", "at least one sidecar", "an empty list"));
    }
    let simulated = given.simulate.is_some();
    let of_simulation = |key: &str, value: Option<usize>, default: usize| match (simulated, value) {
        (true, value) => Ok(Some(value.unwrap_or(default))),
        (false, None) => Ok(None),
        (false, Some(value)) => Err(ConfigError::new(key, "nothing, without `data.simulate`", value.to_string())
            .hint("only simulated data can have any number of trials; leave the key out")),
    };
    let trials = of_simulation("data.trials_per_condition", given.trials_per_condition, d::TRIALS_PER_CONDITION)?;
    Ok(DataConfig {
        recordings: given.recordings.map(|list| list.iter().map(|path| absolute(path)).collect()),
        dataset: given.dataset.map(|path| absolute(&path)),
        simulate: given.simulate,
        trials_per_condition: trials.map(|n| at_least("data.trials_per_condition", n, 3)).transpose()?,
    })
}

fn bins(given: BinsGiven, kind: StimulusKind, recorded: Option<BinGrid>) -> Checked<BinsConfig> {
    let width_secs = positive("bins.width_secs", given.width_secs.unwrap_or(d::BIN_WIDTH_SECS))?;
    let step_secs = positive("bins.step_secs", given.step_secs.unwrap_or(width_secs))?;
    let paper_start = if kind == StimulusKind::Paper { d::PAPER_BIN_START_SECS } else { 0.0 };
    let start_secs = given.start_secs.unwrap_or(recorded.map_or(paper_start, |grid| grid.start_secs));
    if !start_secs.is_finite() {
        return Err(ConfigError::new("bins.start_secs", "a finite number", start_secs.to_string()));
    }
    let n_bins = match (given.n_bins, recorded) {
        (Some(n_bins), _) => n_bins,
        (None, Some(grid)) => {
            let end_secs = grid.left_secs(grid.n_bins - 1) + grid.width_secs;
            // Half a microsecond forgives the rounding of decimal widths.
            (((end_secs - start_secs - width_secs + 5e-7) / step_secs).floor() + 1.0).max(0.0) as usize
        }
        (None, None) if kind == StimulusKind::Paper => d::PAPER_N_BINS,
        (None, None) => {
            return Err(ConfigError::new("bins.n_bins", "a number of bins, as these are spike times", "none")
                .hint("say how long a trial is, such as n_bins = 4"));
        }
    };
    Ok(BinsConfig { start_secs, width_secs, step_secs, n_bins: at_least_one("bins.n_bins", n_bins)? })
}

fn population(given: PopulationGiven) -> Checked<PopulationConfig> {
    let n_sites = given.n_sites.unwrap_or_default();
    let kind = given.kind.unwrap_or(d::POPULATION);
    if kind == PopulationKind::Recorded && !n_sites.is_empty() {
        return Err(ConfigError::new("population.n_sites", "nothing, where kind = \"recorded\"", "a table of regions")
            .hint("set population.kind = \"pseudo\" to draw sites"));
    }
    let trials = given.trials_per_condition.unwrap_or(d::PSEUDO_TRIALS_PER_CONDITION);
    Ok(PopulationConfig {
        kind,
        trials_per_condition: at_least("population.trials_per_condition", trials, 3)?,
        redraw_sites: given.redraw_sites.unwrap_or(d::REDRAW_SITES),
        regions: given.regions.unwrap_or_default(),
        n_sites,
    })
}

fn split(given: SplitGiven) -> Checked<SplitConfig> {
    let train_share = share("split.train_share", given.train_share.unwrap_or(d::TRAIN_SHARE))?;
    let validation_share = share("split.validation_share", given.validation_share.unwrap_or(d::VALIDATION_SHARE))?;
    if train_share + validation_share >= 1.0 {
        let got = format!("{train_share} + {validation_share}");
        return Err(ConfigError::new("split", "train and validation shares that leave some for test", got));
    }
    let n_folds = at_least_one("split.n_folds", given.n_folds.unwrap_or(d::N_FOLDS))?;
    Ok(SplitConfig { unit: given.unit.unwrap_or(d::SPLIT_UNIT), train_share, validation_share, n_folds })
}

fn stimulus(
    mut given: StimulusGiven,
    kind: StimulusKind,
    bins: &BinsConfig,
    recorded: Option<&(Timeline, usize)>,
) -> Checked<StimulusConfig> {
    match (kind, recorded) {
        (StimulusKind::Recorded, None) => {
            return Err(ConfigError::new("stimulus.kind", "paper or two_gabor", "recorded, but no clips came along"));
        }
        (StimulusKind::Recorded, Some((timeline, height))) => {
            let of_phase = |phase| if timeline.phases.is_empty() { 0 } else { timeline.frames_of(phase).len() };
            (given.frame_px, given.frame_rate_hz) = (Some(*height), Some(timeline.frame_rate_hz));
            given.n_frames = Some(timeline.n_frames);
            given.n_fixation_frames = Some(of_phase(Phase::Fixation));
            given.n_cue_frames = Some(of_phase(Phase::Cue));
        }
        _ => {}
    }
    let drawn = kind != StimulusKind::Recorded;
    let frame_px = given.frame_px.unwrap_or(d::FRAME_PX);
    if drawn && (frame_px < 16 || frame_px % 2 == 1) {
        return Err(ConfigError::new("stimulus.frame_px", "an even number from 16", frame_px.to_string()));
    }
    let frame_rate_hz = positive("stimulus.frame_rate_hz", given.frame_rate_hz.unwrap_or(d::FRAME_RATE_HZ))?;
    let span_secs = bins.step_secs * (bins.n_bins - 1) as f64 + bins.width_secs;
    let n_frames = given.n_frames.unwrap_or((span_secs * frame_rate_hz).round().max(1.0) as usize);
    let of_paper = |secs: f64| if kind == StimulusKind::Paper { (secs * frame_rate_hz).round() as usize } else { 0 };
    let n_fixation_frames = given.n_fixation_frames.unwrap_or(of_paper(d::FIXATION_SECS));
    let n_cue_frames = given.n_cue_frames.unwrap_or(of_paper(d::CUE_SECS));
    if drawn && n_fixation_frames + n_cue_frames >= n_frames {
        let expected = format!("more than {n_fixation_frames} of fixation and {n_cue_frames} of the cue");
        return Err(ConfigError::new("stimulus.n_frames", expected, n_frames.to_string()));
    }
    if kind == StimulusKind::TwoGabor && n_fixation_frames + n_cue_frames > 0 {
        let got = format!("{n_fixation_frames} and {n_cue_frames}");
        return Err(ConfigError::new("stimulus.n_fixation_frames, n_cue_frames", "0 with the Gabor pair", got));
    }
    Ok(StimulusConfig {
        kind,
        frame_px,
        frame_rate_hz,
        n_frames,
        n_fixation_frames,
        n_cue_frames,
        clips_train: at_least_one("stimulus.clips_train", given.clips_train.unwrap_or(d::CLIPS_TRAIN))?,
        clips_validation: at_least_one(
            "stimulus.clips_validation",
            given.clips_validation.unwrap_or(d::CLIPS_VALIDATION),
        )?,
        clips_test: at_least_one("stimulus.clips_test", given.clips_test.unwrap_or(d::CLIPS_TEST))?,
        video_pool: given.video_pool.unwrap_or(d::VIDEO_POOL),
        render_own_dots: given.render_own_dots.unwrap_or(d::RENDER_OWN_DOTS),
    })
}

fn train(given: TrainGiven) -> Checked<TrainConfig> {
    let lr_gamma = up_to_one("train.lr_gamma", given.lr_gamma.unwrap_or(d::LR_GAMMA))?;
    Ok(TrainConfig {
        epochs: at_least_one("train.epochs", given.epochs.unwrap_or(d::EPOCHS))?,
        // Batch statistics over one trial are defined, but a network trained on them decodes nothing else.
        batch_size: at_least("train.batch_size", given.batch_size.unwrap_or(d::BATCH_SIZE), 2)?,
        optimiser: given.optimiser.unwrap_or(d::OPTIMISER),
        learning_rate: positive("train.learning_rate", given.learning_rate.unwrap_or(d::LEARNING_RATE))?,
        schedule: given.schedule.unwrap_or(d::SCHEDULE),
        lr_step_epochs: at_least_one("train.lr_step_epochs", given.lr_step_epochs.unwrap_or(d::LR_STEP_EPOCHS))?,
        lr_gamma,
        lr_floor: up_to_one("train.lr_floor", given.lr_floor.unwrap_or(d::LR_FLOOR))?,
        weight_decay: not_negative("train.weight_decay", given.weight_decay.unwrap_or(d::WEIGHT_DECAY))?,
        steps_per_epoch: given.steps_per_epoch.unwrap_or(d::STEPS_PER_EPOCH),
        loss_scale: given.loss_scale.unwrap_or(d::LOSS_SCALE),
        squared_error_weight: not_negative(
            "train.squared_error_weight",
            given.squared_error_weight.unwrap_or(d::SQUARED_ERROR_WEIGHT),
        )?,
        fixation_weight: positive("train.fixation_weight", given.fixation_weight.unwrap_or(d::PHASE_WEIGHTS[0]))?,
        cue_weight: positive("train.cue_weight", given.cue_weight.unwrap_or(d::PHASE_WEIGHTS[1]))?,
        stimulus_weight: positive("train.stimulus_weight", given.stimulus_weight.unwrap_or(d::PHASE_WEIGHTS[2]))?,
        start: given.start.unwrap_or(d::START),
        norm_rate_factor: positive("train.norm_rate_factor", given.norm_rate_factor.unwrap_or(d::NORM_RATE_FACTOR))?,
        redraw: given.redraw.unwrap_or(d::REDRAW),
        redraw_share: up_to_one("train.redraw_share", given.redraw_share.unwrap_or(d::REDRAW_SHARE))?,
        input_noise_sd: not_negative("train.input_noise_sd", given.input_noise_sd.unwrap_or(d::INPUT_NOISE_SD))?,
        patience_epochs: given.patience_epochs.unwrap_or(d::PATIENCE_EPOCHS),
        use_best: given.use_best.unwrap_or(d::USE_BEST),
        checkpoint_secs: not_negative("train.checkpoint_secs", given.checkpoint_secs.unwrap_or(d::CHECKPOINT_SECS))?,
    })
}

/// A prepared dataset has its bins, sites, splits and videos; asking for others must not pass in silence.
fn refuse_changes(given: &Given, prepared: &Resolved) -> Checked<()> {
    let tables = [
        ("bins", toml::Value::try_from(&given.bins), toml::Value::try_from(prepared.bins)),
        ("population", toml::Value::try_from(&given.population), toml::Value::try_from(&prepared.population)),
        ("split", toml::Value::try_from(&given.split), toml::Value::try_from(prepared.split)),
        ("stimulus", toml::Value::try_from(&given.stimulus), toml::Value::try_from(prepared.stimulus)),
    ];
    for (section, wished, prepared) in tables {
        let (Ok(toml::Value::Table(wished)), Ok(toml::Value::Table(prepared))) = (wished, prepared) else { continue };
        for (key, value) in wished {
            if let Some(prepared) = prepared.get(&key).filter(|prepared| **prepared != value) {
                let expected = format!("{prepared}, as the dataset was prepared");
                return Err(ConfigError::new(format!("{section}.{key}"), expected, value.to_string())
                    .hint("leave the key out, or prepare the recording again"));
            }
        }
    }
    Ok(())
}

fn absolute(path: &Path) -> PathBuf {
    if is_builtin(path) { path.to_path_buf() } else { std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()) }
}

fn at_least(key: &str, value: usize, least: usize) -> Checked<usize> {
    if value >= least { Ok(value) } else { Err(ConfigError::new(key, format!("at least {least}"), value.to_string())) }
}

fn at_least_one(key: &str, value: usize) -> Checked<usize> {
    at_least(key, value, 1)
}

fn positive(key: &str, value: f64) -> Checked<f64> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(ConfigError::new(key, "a positive number", value.to_string()))
    }
}

fn not_negative(key: &str, value: f64) -> Checked<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(ConfigError::new(key, "0 or a positive number", value.to_string()))
    }
}

fn up_to_one(key: &str, value: f64) -> Checked<f64> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(ConfigError::new(key, "0 to 1", value.to_string())) }
}

fn share(key: &str, value: f64) -> Checked<f64> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(ConfigError::new(key, "a share between 0 and 1", value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given::from_toml(text, "test").unwrap()
    }

    #[test]
    fn what_is_resolved_reads_back_as_given_and_resolves_to_itself() {
        let first =
            resolve(given("seed = 9\n[data]\nsimulate = \"easy\"\n[train]\nepochs = 3"), &SourceFacts::default());
        let first = first.unwrap();
        assert_eq!((first.seed, first.train.epochs, first.bins.n_bins), (9, 3, 45));
        let again = resolve(given(&first.to_toml().unwrap()), &SourceFacts::default()).unwrap();
        assert_eq!(first, again);
    }

    #[test]
    fn recorded_counts_set_the_bins_and_contrasts_the_stimulus() {
        let facts = SourceFacts {
            factors: vec!["contrast_left".into(), "contrast_right".into()],
            recorded_bins: Some(BinGrid::new(0.0, 0.01, 0.01, 40).unwrap()),
            ..SourceFacts::default()
        };
        let resolved = resolve(given("[data]\nrecordings = [\"a.toml\"]"), &facts).unwrap();
        assert_eq!((resolved.bins.n_bins, resolved.stimulus.n_frames), (4, 4));
        assert_eq!(resolved.stimulus.kind, StimulusKind::TwoGabor);
    }

    #[test]
    fn every_wrong_value_is_named_by_its_key() {
        let cases = [
            ("", "data:"),
            ("[data]\nsimulate = \"easy\"\ndataset = \"d\"", "data:"),
            ("[data]\ndataset = \"d\"\ntrials_per_condition = 4", "data.trials_per_condition"),
            ("[data]\nsimulate = \"easy\"\n[train]\nepochs = 0", "train.epochs"),
            ("[data]\nsimulate = \"easy\"\n[train]\nlearning_rate = -1.0", "train.learning_rate"),
            ("[data]\nsimulate = \"easy\"\n[split]\ntrain_share = 0.95", "split:"),
            ("[data]\nsimulate = \"easy\"\n[bins]\nwidth_secs = nan", "bins.width_secs"),
            ("[data]\nsimulate = \"easy\"\n[stimulus]\nframe_px = 7", "stimulus.frame_px"),
        ];
        for (text, key) in cases {
            let error = resolve(given(text), &SourceFacts::default()).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains("expected") && error.contains("got"), "{text}: {error}");
        }
    }

    #[test]
    fn a_prepared_dataset_keeps_its_bins_and_says_so() {
        let prepared = resolve(given("[data]\nsimulate = \"easy\""), &SourceFacts::default()).unwrap();
        let facts = SourceFacts { prepared: Some(Box::new(prepared)), ..SourceFacts::default() };
        let same = resolve(given("[data]\ndataset = \"d\"\n[bins]\nn_bins = 45"), &facts).unwrap();
        assert_eq!(same.bins.n_bins, 45);
        let error = resolve(given("[data]\ndataset = \"d\"\n[bins]\nn_bins = 9"), &facts).unwrap_err();
        assert_eq!(error.key, "bins.n_bins");
    }
}
