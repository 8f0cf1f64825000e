//! What a person gave: a TOML file, `--set key=value`, flags. Everything is optional, and unknown keys are refused.
//! Not yet checked; see [`super::resolve`].

use super::choices::{
    Course, LossScale, Optimiser, PopulationKind, Precision, Preset, Redraw, SplitUnit, Start, StimulusKind,
};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use spikereel_data::Standardisation;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Declares a section whose fields are all optional, and how one layer lies over another.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$kind>,)*
        }

        impl $name {
            /// Takes each key from `self`, else from `below`.
            #[must_use]
            pub fn over(self, below: Self) -> Self {
                Self { $($field: self.$field.or(below.$field),)* }
            }
        }
    };
}

section! {
    /// `[data]`: what is decoded. Exactly one of the three sources.
    DataGiven {
        /// Sidecars (`.toml`) of recordings.
        recordings: Vec<PathBuf>,
        /// A prepared dataset's folder.
        dataset: PathBuf,
        /// A preset to simulate.
        simulate: Preset,
        /// Simulated trials per condition.
        trials_per_condition: usize,
    }
}

section! {
    /// `[bins]`: spikes in time, relative to the aligning event.
    BinsGiven {
        /// Left edge of bin 0.
        start_secs: f64,
        /// Width of a bin.
        width_secs: f64,
        /// Distance between left edges; below the width, bins overlap.
        step_secs: f64,
        /// Number of bins.
        n_bins: usize,
    }
}

section! {
    /// `[standardise]`.
    StandardiseGiven {
        /// The axes of mean and standard deviation.
        kind: Standardisation,
    }
}

section! {
    /// `[population]`.
    PopulationGiven {
        /// As recorded, or resampled.
        kind: PopulationKind,
        /// Sites to draw in each region; regions left out keep all their sites.
        n_sites: BTreeMap<String, usize>,
        /// Regions to use; all where left out.
        regions: Vec<String>,
        /// Pseudo-trials per condition.
        trials_per_condition: usize,
        /// Whether each pseudo-trial draws its sites anew.
        redraw_sites: bool,
    }
}

section! {
    /// `[split]`.
    SplitGiven {
        /// What is kept whole.
        unit: SplitUnit,
        /// Share of training trials (single split).
        train_share: f64,
        /// Share of validation trials; with folds, of what is not tested.
        validation_share: f64,
        /// Folds; 1 is a single split.
        n_folds: usize,
    }
}

section! {
    /// `[stimulus]`: the target videos.
    StimulusGiven {
        /// Which video belongs to a trial.
        kind: StimulusKind,
        /// Height and width of a frame.
        frame_px: usize,
        /// Frames per second.
        frame_rate_hz: f64,
        /// Frames of a clip, all phases together.
        n_frames: usize,
        /// Frames of fixation in the paper's task.
        n_fixation_frames: usize,
        /// Frames of the cue in the paper's task.
        n_cue_frames: usize,
        /// Clips per condition in training trials.
        clips_train: usize,
        /// Clips per condition in validation trials.
        clips_validation: usize,
        /// Clips per condition in test trials.
        clips_test: usize,
        /// One pool of so many clips per condition for all parts, as in the paper; 0 keeps separate streams.
        video_pool: usize,
        /// Whether a simulated trial's target shows the dots that drove it.
        render_own_dots: bool,
    }
}

section! {
    /// `[network]`.
    NetworkGiven {
        /// Width: channels of the first convolution.
        base_channels: usize,
    }
}

section! {
    /// `[train]`.
    TrainGiven {
        /// Passes over the training trials.
        epochs: usize,
        /// Trials in a batch.
        batch_size: usize,
        /// The optimiser.
        optimiser: Optimiser,
        /// Learning rate at the start.
        learning_rate: f64,
        /// The learning rate's course.
        schedule: Course,
        /// Epochs between cuts (`schedule = "step"`).
        lr_step_epochs: usize,
        /// What a cut leaves (`schedule = "step"`).
        lr_gamma: f64,
        /// Share of the learning rate in the last epoch (`schedule = "cosine"`).
        lr_floor: f64,
        /// Decoupled weight decay.
        weight_decay: f64,
        /// Batches in an epoch; 0 takes each training trial once.
        steps_per_epoch: usize,
        /// How the loss is scaled.
        loss_scale: LossScale,
        /// Factor on the squared error in the loss.
        squared_error_weight: f64,
        /// Weight of fixation frames in the loss.
        fixation_weight: f64,
        /// Weight of cue frames in the loss.
        cue_weight: f64,
        /// Weight of stimulus frames in the loss.
        stimulus_weight: f64,
        /// Where weights start.
        start: Start,
        /// Factor on the learning rate of batch normalisations.
        norm_rate_factor: f64,
        /// Re-drawing of training trials each epoch.
        redraw: Redraw,
        /// Share of samples that are re-drawn.
        redraw_share: f64,
        /// Standard deviation of noise added to standardised training spikes.
        input_noise_sd: f64,
        /// Epochs without a better validation loss before training stops; 0 never.
        patience_epochs: usize,
        /// Use the best weights by validation loss, not the last.
        use_best: bool,
        /// Seconds between two checkpoints; 0 saves after every step. Results do not depend on it.
        checkpoint_secs: f64,
    }
}

section! {
    /// `[scores]`.
    ScoresGiven {
        /// Gaussian-noise inputs behind the null.
        n_null: usize,
        /// Draws of the null behind quantities that are read from every trial.
        n_null_draws: usize,
    }
}

section! {
    /// `[masking]`.
    MaskingGiven {
        /// Bootstrap draws.
        n_bootstrap: usize,
        /// Level below which a corrected p counts as found.
        alpha: f64,
    }
}

impl DataGiven {
    /// Takes relative paths from `folder`.
    pub fn relative_to(&mut self, folder: &Path) {
        for listed in self.recordings.iter_mut().flatten().chain(self.dataset.iter_mut()) {
            // `builtin:` names a recording inside the binary, not a file.
            if listed.is_relative() && !crate::builtin::is_builtin(listed) {
                *listed = folder.join(&*listed);
            }
        }
    }
}

/// A whole configuration as given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// Seed of every draw.
    pub seed: Option<u64>,
    /// Networks per fold.
    pub n_network_seeds: Option<usize>,
    /// What the engine multiplies.
    pub precision: Option<Precision>,
    /// What is decoded.
    pub data: DataGiven,
    /// How NWB files become recordings ([`spikereel_formats::NwbOptions`]); keys of tables are merged one by one.
    pub nwb: toml::Table,
    /// MATLAB files without a sidecar hold sessions of Siegel et al. ([`spikereel_formats::SiegelOptions`]).
    pub siegel: Option<toml::Table>,
    /// Spikes in time.
    pub bins: BinsGiven,
    /// Standardisation.
    pub standardise: StandardiseGiven,
    /// Sites and trials.
    pub population: PopulationGiven,
    /// Train, validation, test.
    pub split: SplitGiven,
    /// Target videos.
    pub stimulus: StimulusGiven,
    /// The network.
    pub network: NetworkGiven,
    /// Training.
    pub train: TrainGiven,
    /// Scores.
    pub scores: ScoresGiven,
    /// Masking.
    pub masking: MaskingGiven,
}

impl Given {
    /// Takes each key from `self`, else from `below`. A data source in `self` replaces the one below as a whole.
    #[must_use]
    pub fn over(self, mut below: Self) -> Self {
        let named = |data: &DataGiven| data.recordings.is_some() || data.dataset.is_some() || data.simulate.is_some();
        if named(&self.data) {
            (below.data.recordings, below.data.dataset, below.data.simulate) = (None, None, None);
        }
        Self {
            seed: self.seed.or(below.seed),
            n_network_seeds: self.n_network_seeds.or(below.n_network_seeds),
            precision: self.precision.or(below.precision),
            data: self.data.over(below.data),
            nwb: merged(self.nwb, below.nwb),
            siegel: match (self.siegel, below.siegel) {
                (Some(upper), Some(below)) => Some(merged(upper, below)),
                (upper, below) => upper.or(below),
            },
            bins: self.bins.over(below.bins),
            standardise: self.standardise.over(below.standardise),
            population: self.population.over(below.population),
            split: self.split.over(below.split),
            stimulus: self.stimulus.over(below.stimulus),
            network: self.network.over(below.network),
            train: self.train.over(below.train),
            scores: self.scores.over(below.scores),
            masking: self.masking.over(below.masking),
        }
    }

    /// Reads TOML text; `place` names it in errors.
    ///
    /// # Errors
    /// [`Error::Toml`] with line, column and the line underlined.
    pub fn from_toml(text: &str, place: &str) -> Result<Self> {
        toml::from_str(text)
            .map_err(|error| Error::Toml { place: place.into(), message: error.to_string().trim_end().into() })
    }

    /// Reads a TOML file. Relative paths under `[data]` are taken from the file's own folder.
    ///
    /// # Errors
    /// Where the file cannot be read, or as [`Given::from_toml`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read the configuration", error))?;
        let mut given = Self::from_toml(&text, &path.display().to_string())?;
        given.data.relative_to(path.parent().unwrap_or(Path::new("")));
        Ok(given)
    }

    /// Reads `key=value` pairs such as `train.epochs=3`, as given to `--set`. A value that is no TOML counts as text.
    ///
    /// # Errors
    /// A pair without `=`, an unknown key or a value of another type.
    pub fn from_pairs(pairs: &[String]) -> Result<Self> {
        let mut all = Self::default();
        for pair in pairs {
            let place = format!("--set {pair}");
            let Some((key, value)) = pair.split_once('=') else {
                let error = super::ConfigError::new("--set", "key=value, such as train.epochs=3", format!("`{pair}`"));
                return Err(error.into());
            };
            let plain = format!("{} = {}", key.trim(), value.trim());
            let text = if toml::from_str::<toml::Table>(&plain).is_ok() {
                plain
            } else {
                format!("{} = {}", key.trim(), toml::Value::String(value.trim().into()))
            };
            all = Self::from_toml(&text, &place)?.over(all);
        }
        Ok(all)
    }
}

/// Takes each key from `upper`, else from `below`, tables within tables too.
fn merged(upper: toml::Table, mut below: toml::Table) -> toml::Table {
    for (key, value) in upper {
        let value = match (value, below.remove(&key)) {
            (toml::Value::Table(upper), Some(toml::Value::Table(below))) => toml::Value::Table(merged(upper, below)),
            (value, _) => value,
        };
        below.insert(key, value);
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_lies_over_a_file_and_an_unknown_key_is_shown_with_its_line() {
        let file = Given::from_toml("seed = 3\n[train]\nepochs = 7\nbatch_size = 4\n", "a.toml").unwrap();
        let flags = Given::from_pairs(&["train.epochs=9".into(), "train.optimiser=adam".into()]).unwrap();
        let both = flags.over(file);
        assert_eq!((both.seed, both.train.epochs, both.train.batch_size), (Some(3), Some(9), Some(4)));
        assert_eq!(both.train.optimiser, Some(Optimiser::Adam));
        let error = Given::from_toml("[train]\nepoch = 7\n", "a.toml").unwrap_err().to_string();
        assert!(error.contains("a.toml") && error.contains("line 2") && error.contains("`epoch`"), "{error}");
    }

    #[test]
    fn options_of_files_are_merged_key_by_key() {
        let file = Given::from_toml("nwb.trials = { align = \"go\", factors = [\"cue\"] }", "a.toml").unwrap();
        let both = Given::from_pairs(&["nwb.trials.align=\"start_time\"".into()]).unwrap().over(file);
        assert_eq!(both.nwb.to_string(), "[trials]\nalign = \"start_time\"\nfactors = [\"cue\"]\n");
    }

    #[test]
    fn a_data_source_replaces_the_one_below_it() {
        let file = Given::from_toml("[data]\nsimulate = \"easy\"\ntrials_per_condition = 5", "a.toml").unwrap();
        let flags = Given { data: DataGiven { dataset: Some("d".into()), ..Default::default() }, ..Default::default() };
        let both = flags.over(file);
        assert_eq!((both.data.simulate, both.data.trials_per_condition), (None, Some(5)));
    }
}
