//! Confounds: is a region needed for a feature because it carries the feature, or because it carries something that goes with it?
//!
//! Choice, feedback, movement and reaction time may go with the conditions. A decoder that is to draw the stimulus then reads them as
//! well, and masking names the regions that carry them. Two controls: training trials in which covariate and condition are
//! independent ([`balance()`]), beside a control with as few trials; and activity from which the covariate was regressed
//! ([`regress_out`]). Decoders are fitted anew under each; what is attributed to regions is compared on the same test trials.

mod attributed;
mod balance;
mod covariate;
mod regress;

pub use attributed::{Attributed, Attribution, ControlledScore, Reduction};
pub use balance::{Against, Balanced, balance};
pub use covariate::{Association, AssociationMeasure, Covariate, associations, confounded};
pub use regress::{Regressed, Terms, regress_out};

use crate::readout::Readout;
use crate::stats::Correction;
use crate::study::scorer::{EvaluationOptions, PerSample, Scorer};
use attributed::Readings;
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::keep_in_split;
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, FitDecoder, Fold, Part, Region, Result};
use std::sync::Arc;

/// What was done before fitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Nothing.
    Plain,
    /// As few training trials as balancing leaves, the covariate left as it is.
    Matched,
    /// Training trials in which the covariate is independent of the conditions.
    Balanced,
    /// The covariate regressed out of the activity.
    Regressed,
}

impl std::fmt::Display for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "as recorded",
            Self::Matched => "as few trials",
            Self::Balanced => "balanced",
            Self::Regressed => "regressed out",
        })
    }
}

/// How a study of confounds is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfoundOptions {
    /// The controls, in order; those that cannot be had are listed in [`ConfoundStudy::not_possible`].
    pub controls: Vec<Control>,
    /// What balancing makes the covariate independent of.
    pub against: Against,
    /// Whether test trials are balanced as well. Otherwise harms are compared on the very same test trials.
    pub balance_test: bool,
    /// The condition's part in the regression.
    pub terms: Terms,
    /// Fits under each control; each also draws its own balanced trials.
    pub n_seeds: usize,
    /// Bootstrap replicates, 100 or more.
    pub n_replicates: usize,
    /// Correction over regions, within a feature and control.
    pub correction: Correction,
    /// Level below which a corrected p counts as found.
    pub alpha: f64,
    /// Seed of fits, draws and bootstrap.
    pub seed: u64,
}

impl Default for ConfoundOptions {
    fn default() -> Self {
        Self {
            controls: vec![Control::Plain, Control::Matched, Control::Balanced, Control::Regressed],
            against: Against::Condition,
            balance_test: false,
            terms: Terms::Condition,
            n_seeds: 1,
            n_replicates: 1000,
            correction: Correction::Holm,
            alpha: 0.05,
            seed: 0,
        }
    }
}

/// A study of one covariate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfoundStudy {
    /// The covariate.
    pub covariate: String,
    /// The decoder that was fitted.
    pub decoder: String,
    /// Regions, in the order of the site axis.
    pub regions: Vec<Region>,
    /// Features.
    pub features: Vec<String>,
    /// Associations in training trials of the first fold as recorded.
    pub before: Vec<Association>,
    /// The same after balancing (first seed); empty where it was not possible.
    pub after: Vec<Association>,
    /// Training trials of the first fold under each control that was possible.
    pub n_train: Vec<(Control, usize)>,
    /// Distinct test trials.
    pub n_test: usize,
    /// Share of the covariate's variance that the condition leaves free (first fold); none where regression was not possible.
    pub free_share: Option<f64>,
    /// Scores with nothing masked.
    pub scores: Vec<ControlledScore>,
    /// What is attributed, by control, feature, sense and region.
    pub attributed: Vec<Attributed>,
    /// Controls that could not be had, and why.
    pub not_possible: Vec<(Control, String)>,
}

impl ConfoundStudy {
    /// An attribution by names.
    pub fn attributed(
        &self,
        control: Control,
        attribution: Attribution,
        feature: &str,
        region: &str,
    ) -> Option<&Attributed> {
        self.attributed.iter().find(|own| {
            (own.control, own.attribution) == (control, attribution) && own.feature == feature && own.region.0 == region
        })
    }

    /// A score by names.
    pub fn score(&self, control: Control, feature: &str) -> Option<&ControlledScore> {
        self.scores.iter().find(|own| own.control == control && own.feature == feature)
    }
}

/// Fits and masks under every control. Folds are of one dataset, with disjoint test trials; trials without a value of the covariate are
/// left out everywhere. `progress(done, total)` is called after each fit.
///
/// # Errors
/// No fold, folds of different datasets, a covariate of another length or that does not vary, options out of range, or what fitting
/// refuses. A control that cannot be had is no error.
pub fn confound_study(
    folds: &[Fold],
    covariate: &Covariate,
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    options: &ConfoundOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ConfoundStudy> {
    check(folds, covariate, options)?;
    let dataset = folds[0].dataset();
    let regions = dataset.regions().to_vec();
    let defined = |fold: &Fold| {
        let split = keep_in_split(fold.split(), dataset.n_trials(), &|_, trial| covariate.is_defined(trial))?;
        Fold::new(Arc::clone(dataset), split, fold.standardiser().kind())
    };
    let folds = folds.iter().map(defined).collect::<Result<Vec<Fold>>>()?;
    let mut test: Vec<usize> = folds.iter().flat_map(|fold| fold.trials(Part::Test).iter().copied()).collect();
    test.sort_unstable();
    test.dedup();
    let mut study = ConfoundStudy {
        covariate: covariate.name.clone(),
        decoder: fit.name().into(),
        regions: regions.clone(),
        features: readouts.iter().map(|readout| readout.name().to_string()).collect(),
        before: associations(dataset, folds[0].trials(Part::Train), covariate),
        after: Vec::new(),
        n_train: Vec::new(),
        n_test: test.len(),
        free_share: None,
        scores: Vec::new(),
        attributed: Vec::new(),
        not_possible: Vec::new(),
    };
    let mut readings: Vec<(Control, Vec<Readings>)> = Vec::new();
    let total = options.controls.len() * options.n_seeds * folds.len();
    let mut n_done = 0;
    'controls: for &control in &options.controls {
        let mut of_seeds = Vec::new();
        for seed_idx in 0..options.n_seeds {
            let mut own = Readings::new(readouts.len(), regions.len(), test.len());
            for (fold_idx, fold) in folds.iter().enumerate() {
                let name = format!("confounds/{}/fold{fold_idx}/seed{seed_idx}", covariate.name);
                let controlled = match controlled(fold, covariate, control, options, &name) {
                    Ok(controlled) => controlled,
                    Err(error) => {
                        study.not_possible.push((control, error.to_string()));
                        study.n_train.retain(|(own, _)| *own != control);
                        if control == Control::Balanced {
                            study.after.clear();
                        }
                        continue 'controls;
                    }
                };
                if fold_idx == 0 && seed_idx == 0 {
                    let train = controlled.fold.trials(Part::Train);
                    study.n_train.push((control, train.len()));
                    study.free_share = study.free_share.or(controlled.free_share);
                    if control == Control::Balanced {
                        study.after = associations(dataset, train, covariate);
                    }
                }
                // One seed for all controls: what differs between them is the data.
                let decoder = fit.fit(&controlled.fold, derive_seed(options.seed, &name))?;
                own.add(decoder.as_ref(), &scorer(&controlled.fold, readouts)?, &regions, &test)?;
                n_done += 1;
                progress(n_done, total);
            }
            of_seeds.push(own);
        }
        readings.push((control, of_seeds));
    }
    (study.scores, study.attributed) = attributed::compare(&readings, readouts, &regions, test.len(), options);
    Ok(study)
}

fn scorer<'a>(fold: &'a Fold, readouts: &'a [Box<dyn Readout>]) -> Result<Scorer<'a>> {
    let scored = EvaluationOptions {
        per_sample: PerSample::None,
        ssim: false,
        condition_accuracy: false,
        ..EvaluationOptions::default()
    };
    Scorer::new(fold, Part::Test, readouts, scored)
}

struct Controlled {
    fold: Fold,
    free_share: Option<f64>,
}

fn controlled(
    fold: &Fold,
    covariate: &Covariate,
    control: Control,
    options: &ConfoundOptions,
    name: &str,
) -> Result<Controlled> {
    let (dataset, kind) = (fold.dataset(), fold.standardiser().kind());
    let balanced = || {
        let seed = derive_seed(options.seed, &format!("{name}/balance"));
        balance(dataset, fold.split(), covariate, &options.against, options.balance_test, seed)
    };
    let of_split = |split| Fold::new(Arc::clone(dataset), split, kind);
    let (fold, free_share) = match control {
        Control::Plain => (fold.clone(), None),
        Control::Matched => (of_split(balanced()?.matched)?, None),
        Control::Balanced => (of_split(balanced()?.split)?, None),
        Control::Regressed => {
            let regressed = regress_out(dataset, fold.trials(Part::Train), covariate, options.terms)?;
            let fold = Fold::new(Arc::new(regressed.dataset), fold.split().clone(), kind)?;
            (fold, Some(regressed.free_share))
        }
    };
    Ok(Controlled { fold, free_share })
}

fn check(folds: &[Fold], covariate: &Covariate, options: &ConfoundOptions) -> Result<()> {
    let Some(first) = folds.first() else {
        return Err(DataError::new("folds of a study of confounds", "at least one", "none"));
    };
    if folds.iter().any(|fold| !Arc::ptr_eq(fold.dataset(), first.dataset())) {
        return Err(DataError::new("folds of a study of confounds", "folds of one dataset", "several datasets"));
    }
    let n_trials = first.dataset().n_trials();
    if covariate.values.len() != n_trials {
        let field = format!("covariate `{}`", covariate.name);
        return Err(DataError::new(field, format!("{n_trials} values"), covariate.values.len().to_string()));
    }
    if options.n_replicates < 100 {
        return Err(DataError::new("confounds n_replicates", "100 or more", options.n_replicates.to_string()));
    }
    if options.n_seeds == 0 || options.controls.is_empty() {
        return Err(DataError::new("confounds n_seeds and controls", "at least one of each", "none"));
    }
    Ok(())
}
