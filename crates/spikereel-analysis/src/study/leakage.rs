//! Leakage: what scores gain where the real trials behind test trials also stand behind training trials.
//!
//! Two folds of the same recordings and sizes: in one, real trials are split before pseudo-trials are drawn; in the other, pseudo-trials
//! are drawn first and then split at random, as in the paper. The same decoder is fitted to both. Where conditions were shuffled among
//! real trials beforehand there is nothing to decode, and what the second still decodes is memory of shared trials.

use crate::readout::Readout;
use crate::score::ScoreKind;
use crate::stats::{BootstrapTest, HierarchicalBootstrap};
use crate::study::evaluate::evaluate;
use crate::study::evaluation::Evaluation;
use crate::study::scorer::{EvaluationOptions, PerSample};
use serde::{Deserialize, Serialize};
use spikereel_data::prepare::LeakAudit;
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, FitDecoder, Fold, Part, RealTrial, Result};
use std::collections::HashSet;

/// What the test trials of a fold share with its training trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedTrials {
    /// Test trials, pseudo or real.
    pub n_test: usize,
    /// Test trials all of whose real trials stand behind training trials.
    pub n_test_all_shared: usize,
    /// Distinct real trials behind test trials.
    pub n_real: usize,
    /// Of these, behind training trials too.
    pub n_real_shared: usize,
    /// Distinct pairs of site and real trial behind test trials.
    pub n_site_trials: usize,
    /// Of these, behind training trials too.
    pub n_site_trials_shared: usize,
    /// The audit of the split.
    pub audit: LeakAudit,
}

impl SharedTrials {
    /// Counts for a fold. A site counts a real trial where it is of the site's session.
    pub fn of(fold: &Fold) -> Self {
        let dataset = fold.dataset();
        let real = |part| -> HashSet<RealTrial> {
            fold.trials(part).iter().flat_map(|&trial| dataset.trials[trial].origins.iter().copied()).collect()
        };
        let (train, test) = (real(Part::Train), real(Part::Test));
        let sites_of_session: Vec<usize> = dataset
            .sessions
            .iter()
            .map(|session| dataset.sites.iter().filter(|site| site.session == *session).count())
            .collect();
        let site_trials = |trials: &mut dyn Iterator<Item = &RealTrial>| -> usize {
            trials.map(|trial| sites_of_session.get(trial.session_idx as usize).copied().unwrap_or(0)).sum()
        };
        let is_known = |trial: &usize| dataset.trials[*trial].origins.iter().all(|origin| train.contains(origin));
        Self {
            n_test: fold.trials(Part::Test).len(),
            n_test_all_shared: fold.trials(Part::Test).iter().copied().filter(is_known).count(),
            n_real: test.len(),
            n_real_shared: test.intersection(&train).count(),
            n_site_trials: site_trials(&mut test.iter()),
            n_site_trials_shared: site_trials(&mut test.intersection(&train)),
            audit: LeakAudit::new(dataset, fold.split()),
        }
    }
}

/// One score under both splits. Means over seeds and conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakedScore {
    /// Name, such as `color accuracy`; unit and direction.
    pub kind: ScoreKind,
    /// Level of guessing; none where a score has none.
    pub chance: Option<f64>,
    /// Split by real trial.
    pub clean: BootstrapTest,
    /// Split after pseudo-trials were drawn.
    pub leaky: BootstrapTest,
    /// Leaky minus clean, turned round for errors: above 0 where leakage makes scores look better. Conditions are drawn for both at once.
    pub gain: BootstrapTest,
    /// Leaky minus chance, for scores with a chance level: its one-sided test of being above.
    pub leaky_above_chance: Option<BootstrapTest>,
    /// Clean minus chance.
    pub clean_above_chance: Option<BootstrapTest>,
}

/// A study of leakage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageStudy {
    /// The decoder.
    pub decoder: String,
    /// Fits on each side.
    pub n_seeds: usize,
    /// What the clean fold's parts share.
    pub clean: SharedTrials,
    /// What the leaky fold's parts share.
    pub leaky: SharedTrials,
    /// Accuracy of every feature with levels, of the condition, error and similarity of videos.
    pub scores: Vec<LeakedScore>,
}

impl LeakageStudy {
    /// A score by name.
    pub fn score(&self, name: &str) -> Option<&LeakedScore> {
        self.scores.iter().find(|score| score.kind.name == name)
    }
}

/// Fits `n_seeds` decoders to both folds and compares test scores, with intervals from resampling conditions (pseudo-trials of one
/// condition share real trials, so they are not resampled by themselves) and seeds.
///
/// # Errors
/// Folds whose conditions differ, no seed, fewer than 100 replicates, or what fitting refuses.
pub fn leakage_study(
    clean: &Fold,
    leaky: &Fold,
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    n_seeds: usize,
    n_replicates: usize,
    seed: u64,
) -> Result<LeakageStudy> {
    if clean.dataset().conditions != leaky.dataset().conditions {
        return Err(DataError::new("folds of a study of leakage", "the same conditions", "others"));
    }
    if n_seeds == 0 || n_replicates < 100 {
        let got = format!("{n_seeds} and {n_replicates}");
        return Err(DataError::new("leakage seeds and replicates", "at least 1 and 100", got));
    }
    let options = EvaluationOptions { per_sample: PerSample::None, ..EvaluationOptions::default() };
    let evaluations = |fold: &Fold| -> Result<Vec<Evaluation>> {
        let of_seed = |seed_idx: usize| {
            let decoder = fit.fit(fold, derive_seed(seed, &format!("leakage/seed{seed_idx}")))?;
            Ok(evaluate(decoder.as_ref(), fold, Part::Test, readouts, &options)?.evaluation)
        };
        (0..n_seeds).map(of_seed).collect()
    };
    let sides = [evaluations(clean)?, evaluations(leaky)?];
    let n_conditions = clean.dataset().conditions.len();
    let mut scores = Vec::new();
    for column in columns(&sides[0][0]) {
        let values = sides.each_ref().map(|own| own.iter().map(|own| (column.of)(own)).collect::<Vec<_>>());
        let statistic =
            |side: usize, seed: usize, units: &[usize]| mean(units.iter().filter_map(|&c| values[side][seed][c]));
        let bootstrap = HierarchicalBootstrap { n_replicates, seed, name: format!("leakage/{}", column.kind.name) };
        let of = |statistic: &(dyn Fn(usize, &[usize]) -> Option<f64> + Sync)| {
            bootstrap.pooled(n_seeds, n_conditions, statistic)
        };
        let sign = column.kind.sign();
        let (Some(clean), Some(leaky), Some(gain)) = (
            of(&|seed, units| statistic(0, seed, units)),
            of(&|seed, units| statistic(1, seed, units)),
            of(&|seed, units| Some(sign * (statistic(1, seed, units)? - statistic(0, seed, units)?))),
        ) else {
            continue;
        };
        let above = |side: usize| {
            let chance = column.chance?;
            of(&|seed, units| Some(statistic(side, seed, units)? - chance))
        };
        scores.push(LeakedScore {
            clean_above_chance: above(0),
            leaky_above_chance: above(1),
            kind: column.kind,
            chance: column.chance,
            clean,
            leaky,
            gain,
        });
    }
    Ok(LeakageStudy {
        decoder: fit.name().into(),
        n_seeds,
        clean: SharedTrials::of(clean),
        leaky: SharedTrials::of(leaky),
        scores,
    })
}

/// A score's values by condition.
type ByCondition = Box<dyn Fn(&Evaluation) -> Vec<Option<f64>>>;

struct Column {
    kind: ScoreKind,
    chance: Option<f64>,
    of: ByCondition,
}

fn columns(evaluation: &Evaluation) -> Vec<Column> {
    let mut columns = Vec::new();
    for (at, feature) in evaluation.features.iter().enumerate() {
        let Some(accuracy) = &feature.accuracy else { continue };
        columns.push(Column {
            kind: ScoreKind::similarity(&format!("{} accuracy", feature.name)),
            chance: Some(accuracy.chance),
            of: Box::new(move |own| {
                own.features[at].accuracy.as_ref().map_or(Vec::new(), |accuracy| accuracy.per_condition.clone())
            }),
        });
    }
    if let Some(accuracy) = &evaluation.condition_accuracy {
        columns.push(Column {
            kind: ScoreKind::similarity("condition accuracy"),
            chance: Some(accuracy.chance),
            of: Box::new(|own| own.condition_accuracy.as_ref().map_or(Vec::new(), |own| own.per_condition.clone())),
        });
    }
    columns.push(Column {
        kind: ScoreKind::error("single-trial MSE", ""),
        chance: None,
        of: Box::new(|own| by_condition(own, &own.mse.per_sample, &own.mse.per_condition)),
    });
    if evaluation.ssim.is_some() {
        columns.push(Column {
            kind: ScoreKind::similarity("SSIM of condition averages"),
            chance: None,
            of: Box::new(|own| own.ssim.as_ref().map_or(Vec::new(), |ssim| ssim.per_condition.clone())),
        });
    }
    columns
}

/// Means of single trials by condition; the condition averages' values where single trials were not scored.
fn by_condition(evaluation: &Evaluation, per_sample: &[Option<f64>], otherwise: &[Option<f64>]) -> Vec<Option<f64>> {
    if per_sample.len() != evaluation.condition_of_sample.len() {
        return otherwise.to_vec();
    }
    let of = |condition: usize| {
        let own = evaluation.condition_of_sample.iter().zip(per_sample).filter(move |(own, _)| **own == condition);
        mean(own.filter_map(|(_, value)| *value))
    };
    (0..evaluation.conditions.len()).map(of).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}
