//! One decoder a region: what a region's sites alone, trained alone, show of each feature.
//!
//! Two views stand side by side. The published one scores mean decoded videos of conditions against videos decoded from noise, by an
//! unpaired t test. It has a fault of its own: a condition's mean over many trials is smoother than the video of one noise input, so a
//! region that says nothing of the feature can still differ from noise. The other view does not have it: accuracy on single trials
//! against guessing, with a bootstrap over seeds, conditions and trials.

use crate::readout::Readout;
use crate::score::{ScoreKind, Summary};
use crate::stats::{Correction, HierarchicalBootstrap, TTest, independent_t_test, percentile, spearman};
use crate::study::evaluation::{Accuracy, Evaluation};
use crate::study::headline::VIDEO;
use crate::study::{EvaluationOptions, NullScores, NullTarget, PerSample, evaluate, null_scores};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::derive_seed;
use spikereel_data::{DataError, FitDecoder, Fold, Part, Region, Result};

/// What to train and how to test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SingleRegionOptions {
    /// Sets of regions to train on beside each region alone and all together; names that the dataset lacks are an error.
    pub further_sets: Vec<Vec<Region>>,
    /// Decoders of each set and fold, each with a seed of its own; 1 or more.
    pub n_seeds: usize,
    /// Noise inputs of the null, 2 or more.
    pub n_null: usize,
    /// What noise inputs are scored against.
    pub null_target: NullTarget,
    /// Bootstrap replicates.
    pub n_bootstrap: usize,
    /// Correction over the single regions, and apart from these over the further sets.
    pub correction: Correction,
    /// Seed of all decoders, noise inputs and replicates.
    pub seed: u64,
}

/// One score of condition averages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetScore {
    /// The feature.
    pub feature: String,
    /// Name, unit and direction.
    pub kind: ScoreKind,
    /// One value a condition, mean over decoders; none where a condition is not tested.
    pub per_condition: Vec<Option<f64>>,
    /// Over conditions.
    pub summary: Summary,
    /// Of the mean over conditions: bootstrap over conditions, percentiles.
    pub interval_95: Option<[f64; 2]>,
    /// Over noise inputs.
    pub null: Summary,
    /// The null's value that only 5 % of noise inputs are better than.
    pub null_95: Option<f64>,
    /// Mean over conditions minus the mean of this decoder's own noise inputs, by resampling conditions (the error of the noise's mean, over
    /// many inputs, is left out), 95 %.
    pub minus_noise_interval_95: Option<[f64; 2]>,
    /// One-sided p of being better than that mean, by the same bootstrap.
    pub p_minus_noise: Option<f64>,
    /// That, corrected.
    pub p_minus_noise_corrected: Option<f64>,
    /// Conditions against noise inputs, unpaired, equal variance, two-sided, as published.
    pub t_test: Option<TTest>,
    /// Its p, corrected.
    pub p_t_corrected: Option<f64>,
    /// `(1 + noise inputs at least as good as the mean over conditions) / (1 + noise inputs)`.
    pub p_null: Option<f64>,
    /// That, corrected.
    pub p_null_corrected: Option<f64>,
}

impl SetScore {
    /// Mean over conditions minus the mean of this decoder's own noise inputs.
    pub fn minus_noise(&self) -> Option<f64> {
        Some(self.summary.mean? - self.null.mean?)
    }

    /// Whether condition averages are better than noise inputs on average.
    pub fn is_better_than_null(&self) -> bool {
        matches!((self.summary.mean, self.null.mean), (Some(own), Some(null)) if (own - null) * self.kind.sign() > 0.0)
    }
}

/// Accuracy on single trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAccuracy {
    /// The feature, or `video` for naming the condition.
    pub feature: String,
    /// Accuracy of guessing.
    pub chance: f64,
    /// Mean over conditions of the share of trials named right.
    pub accuracy: f64,
    /// Bootstrap over seeds, conditions and trials.
    pub interval_95: [f64; 2],
    /// One-sided p of an accuracy above chance.
    pub p: f64,
    /// That, corrected.
    pub p_corrected: f64,
}

/// A set of regions whose sites a decoder was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetScores {
    /// Its regions joined by `+`, or `all`.
    pub name: String,
    /// Its regions, in the dataset's order.
    pub regions: Vec<Region>,
    /// Number of sites.
    pub n_sites: usize,
    /// Scores of condition averages.
    pub scores: Vec<SetScore>,
    /// Accuracies on single trials.
    pub accuracies: Vec<SetAccuracy>,
}

impl SetScores {
    /// The score of this name.
    pub fn score(&self, kind: &str) -> Option<&SetScore> {
        self.scores.iter().find(|score| score.kind.name == kind)
    }

    /// The accuracy of a feature.
    pub fn accuracy(&self, feature: &str) -> Option<&SetAccuracy> {
        self.accuracies.iter().find(|accuracy| accuracy.feature == feature)
    }
}

/// Whether regions with more sites are read better: one pair of numbers a region, few of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitesAgainstAccuracy {
    /// The feature, or `video` for naming the condition.
    pub feature: String,
    /// Spearman's correlation over single regions between number of sites and accuracy; none where one of them is constant.
    pub rank_correlation: Option<f64>,
    /// Share of all orders of the regions whose correlation is at least as far from 0; none above eight regions.
    pub p: Option<f64>,
    /// Regions.
    pub n_regions: usize,
}

/// All sets: single regions in the dataset's order, then further sets, then all regions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SingleRegions {
    /// The sets.
    pub sets: Vec<SetScores>,
    /// How many of them, from the first, are single regions.
    pub n_single: usize,
    /// Number of sites against accuracy over single regions, one entry a feature.
    pub by_sites: Vec<SitesAgainstAccuracy>,
    /// Conditions with test trials.
    pub n_conditions: usize,
    /// Folds.
    pub n_folds: usize,
    /// What was asked for.
    pub options: SingleRegionOptions,
}

/// Trains a decoder on every set of regions, fold and seed, and scores test trials and noise inputs. `done(fits so far, all)` hears of each.
///
/// # Errors
/// No fold, an unknown region, or what fitting and scoring refuse.
pub fn single_regions(
    folds: &[Fold],
    fit: &dyn FitDecoder,
    readouts: &[Box<dyn Readout>],
    options: &SingleRegionOptions,
    done: &mut dyn FnMut(usize, usize),
) -> Result<SingleRegions> {
    let first = folds.first().ok_or_else(|| DataError::new("folds", "at least one", "none"))?;
    let known = first.dataset().regions();
    let mut sets: Vec<Vec<Region>> = known.iter().map(|region| vec![region.clone()]).collect();
    let n_single = sets.len();
    for set in &options.further_sets {
        if let Some(unknown) = set.iter().find(|region| !known.contains(region)) {
            let names: Vec<&str> = known.iter().map(|region| region.0.as_str()).collect();
            return Err(DataError::new(
                "region to train on",
                format!("one of {}", names.join(", ")),
                unknown.to_string(),
            ));
        }
        sets.push(known.iter().filter(|region| set.contains(region)).cloned().collect());
    }
    sets.retain(|set| !set.is_empty());
    if known.len() > 1 {
        sets.push(known.to_vec());
    }
    let n_fits = sets.len() * folds.len() * options.n_seeds;
    let mut n_done = 0;
    let mut scored = Vec::new();
    for set in &sets {
        let whole = set.len() == known.len();
        let name = if whole && known.len() > 1 {
            "all".into()
        } else {
            set.iter().map(|region| region.0.as_str()).collect::<Vec<_>>().join("+")
        };
        let mut outcomes: Vec<Vec<Outcome>> = Vec::new(); // [seed][fold]
        let mut n_sites = 0;
        for seed_idx in 0..options.n_seeds {
            let mut of_seed = Vec::new();
            for (fold_idx, fold) in folds.iter().enumerate() {
                let sites = sites_of(fold, set);
                n_sites = sites.len();
                let own = fold.with_sites(&sites)?;
                let seed = derive_seed(options.seed, &format!("single_regions/{name}/fold{fold_idx}/seed{seed_idx}"));
                of_seed.push(Outcome::of(&own, fit, readouts, options, seed)?);
                n_done += 1;
                done(n_done, n_fits);
            }
            outcomes.push(of_seed);
        }
        scored.push(summarise(name, set.clone(), n_sites, &outcomes, options));
    }
    let (single, rest) = scored.split_at_mut(n_single);
    correct(single, options.correction);
    correct(rest, options.correction);
    let n_conditions = scored
        .first()
        .and_then(|set| set.scores.first())
        .map_or(0, |score| score.per_condition.iter().flatten().count());
    let by_sites = by_sites(&scored[..n_single]);
    Ok(SingleRegions { sets: scored, n_single, by_sites, n_conditions, n_folds: folds.len(), options: options.clone() })
}

/// Most regions whose orders are all tried: 40 320 orders.
const MOST_ORDERED: usize = 8;

fn by_sites(single: &[SetScores]) -> Vec<SitesAgainstAccuracy> {
    let sites: Vec<f64> = single.iter().map(|set| set.n_sites as f64).collect();
    let of_feature = |(at, accuracy): (usize, &SetAccuracy)| {
        let values: Vec<f64> = single.iter().map(|set| set.accuracies[at].accuracy).collect();
        let own = spearman(&sites, &values);
        let p = own.filter(|_| single.len() <= MOST_ORDERED).map(|own| {
            let (mut n_far, mut n_all) = (0_usize, 0_usize);
            each_order(&mut values.clone(), single.len(), &mut |values| {
                n_all += 1;
                n_far += usize::from(spearman(&sites, values).is_some_and(|r| r.abs() >= own.abs() - 1e-12));
            });
            n_far as f64 / n_all as f64
        });
        SitesAgainstAccuracy { feature: accuracy.feature.clone(), rank_correlation: own, p, n_regions: single.len() }
    };
    single.first().map_or(Vec::new(), |first| first.accuracies.iter().enumerate().map(of_feature).collect())
}

/// Calls `visit` with every order of the first `n` values (Heap 1963, Computer Journal 6:293).
fn each_order(values: &mut [f64], n: usize, visit: &mut dyn FnMut(&[f64])) {
    if n <= 1 {
        return visit(values);
    }
    for at in 0..n {
        each_order(values, n - 1, visit);
        if at + 1 < n {
            values.swap(if n.is_multiple_of(2) { at } else { 0 }, n - 1);
        }
    }
}

fn sites_of(fold: &Fold, set: &[Region]) -> Vec<usize> {
    let sites = fold.dataset().sites.iter().enumerate();
    sites.filter(|(_, site)| set.contains(&site.region)).map(|(site_idx, _)| site_idx).collect()
}

/// One decoder's evaluation and null.
struct Outcome {
    evaluation: Evaluation,
    null: NullScores,
}

impl Outcome {
    fn of(
        fold: &Fold,
        fit: &dyn FitDecoder,
        readouts: &[Box<dyn Readout>],
        options: &SingleRegionOptions,
        seed: u64,
    ) -> Result<Self> {
        let decoder = fit.fit(fold, seed)?;
        let scored = EvaluationOptions { per_sample: PerSample::None, ssim: false, ..EvaluationOptions::default() };
        let evaluation = evaluate(decoder.as_ref(), fold, Part::Test, readouts, &scored)?.evaluation;
        let null_seed = derive_seed(seed, "null");
        let (n_null, target) = (options.n_null, options.null_target);
        let null = null_scores(decoder.as_ref(), fold, Part::Test, readouts, n_null, target, null_seed)?;
        Ok(Self { evaluation, null })
    }
}

fn summarise(
    name: String,
    regions: Vec<Region>,
    n_sites: usize,
    outcomes: &[Vec<Outcome>],
    options: &SingleRegionOptions,
) -> SetScores {
    let all: Vec<&Outcome> = outcomes.iter().flatten().collect();
    let bootstrap = |of: &str| HierarchicalBootstrap {
        n_replicates: options.n_bootstrap,
        seed: options.seed,
        name: format!("single_regions/{name}/{of}"),
    };
    let mut set = SetScores { name: name.clone(), regions, n_sites, scores: Vec::new(), accuracies: Vec::new() };
    let Some(first) = all.first() else { return set };
    for (feature_idx, feature) in first.evaluation.features.iter().enumerate() {
        for (score_idx, score) in feature.scores.iter().enumerate() {
            let own =
                |outcome: &&Outcome| outcome.evaluation.features[feature_idx].scores[score_idx].per_condition.clone();
            let per_condition = mean_of_lists(&all.iter().map(own).collect::<Vec<_>>());
            let null = |outcome: &&Outcome| {
                outcome.null.score(&feature.name, &score.kind.name).map_or(Vec::new(), |null| null.per_input.clone())
            };
            let per_input = mean_of_lists(&all.iter().map(null).collect::<Vec<_>>());
            let test = bootstrap(&format!("{}/{}", feature.name, score.kind.name));
            set.scores.push(set_score(&feature.name, &score.kind, per_condition, &per_input, &test));
        }
        let accuracy = |evaluation: &Evaluation| evaluation.features[feature_idx].accuracy.clone();
        set.accuracies.extend(set_accuracy(&feature.name, outcomes, &accuracy, &bootstrap(&feature.name)));
    }
    let accuracy = |evaluation: &Evaluation| evaluation.condition_accuracy.clone();
    set.accuracies.extend(set_accuracy(VIDEO, outcomes, &accuracy, &bootstrap(VIDEO)));
    set
}

fn set_score(
    feature: &str,
    kind: &ScoreKind,
    per_condition: Vec<Option<f64>>,
    per_input: &[Option<f64>],
    bootstrap: &HierarchicalBootstrap,
) -> SetScore {
    let own: Vec<f64> = per_condition.iter().flatten().copied().collect();
    let null: Vec<f64> = per_input.iter().flatten().copied().collect();
    let summary = Summary::of(&per_condition);
    let p_null = summary.mean.filter(|_| !null.is_empty()).map(|mean| {
        let n_better = null.iter().filter(|&&value| (value - mean) * kind.sign() >= 0.0).count();
        (1 + n_better) as f64 / (1 + null.len()) as f64
    });
    let nested: Vec<Vec<f64>> = own.iter().map(|&value| vec![value]).collect();
    let null_summary = Summary::of(per_input);
    let better = null_summary.mean.and_then(|noise| {
        let gains = own.iter().map(|&value| vec![(value - noise) * kind.sign()]).collect();
        bootstrap.mean(&[gains])
    });
    let ends = better.as_ref().map(|test| test.interval_95);
    SetScore {
        minus_noise_interval_95: ends.map(|[low, high]| if kind.sign() > 0.0 { [low, high] } else { [-high, -low] }),
        p_minus_noise: better.map(|test| test.p_of_many()),
        p_minus_noise_corrected: None,
        feature: feature.into(),
        kind: kind.clone(),
        interval_95: bootstrap.mean(&[nested]).map(|test| test.interval_95),
        summary,
        null: null_summary,
        null_95: percentile(&null, if kind.larger_is_better { 0.95 } else { 0.05 }),
        t_test: independent_t_test(&own, &null),
        p_t_corrected: None,
        p_null,
        p_null_corrected: None,
        per_condition,
    }
}

fn set_accuracy(
    feature: &str,
    outcomes: &[Vec<Outcome>],
    accuracy_of: &dyn Fn(&Evaluation) -> Option<Accuracy>,
    bootstrap: &HierarchicalBootstrap,
) -> Option<SetAccuracy> {
    let mut chance = None;
    let mut differences: Vec<Vec<Vec<f64>>> = Vec::new(); // [seed][condition][trial]
    for of_seed in outcomes {
        let mut by_condition = Vec::new();
        for outcome in of_seed {
            let accuracy = accuracy_of(&outcome.evaluation)?;
            by_condition.resize(outcome.evaluation.conditions.len(), Vec::new());
            chance = Some(accuracy.chance);
            for (&right, &condition) in accuracy.correct.iter().zip(&outcome.evaluation.condition_of_sample) {
                by_condition[condition].push(f64::from(u8::from(right)) - accuracy.chance);
            }
        }
        differences.push(by_condition);
    }
    let (chance, test) = (chance?, bootstrap.mean(&differences)?);
    Some(SetAccuracy {
        feature: feature.into(),
        chance,
        accuracy: test.mean + chance,
        interval_95: test.interval_95.map(|end| end + chance),
        p: test.p,
        p_corrected: test.p,
    })
}

/// Mean over lists, position by position, of the values that are defined.
fn mean_of_lists(lists: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let len = lists.iter().map(Vec::len).max().unwrap_or(0);
    let at = |at: usize| lists.iter().map(|list| list.get(at).copied().flatten()).collect::<Vec<_>>();
    (0..len).map(|position| Summary::of(&at(position)).mean).collect()
}

fn correct(sets: &mut [SetScores], correction: Correction) {
    let Some((n_scores, n_accuracies)) = sets.first().map(|set| (set.scores.len(), set.accuracies.len())) else {
        return;
    };
    let corrected = |p_values: Vec<Option<f64>>| -> Vec<Option<f64>> {
        let defined = correction.correct(&p_values.iter().flatten().copied().collect::<Vec<_>>());
        let mut defined = defined.into_iter();
        p_values.into_iter().map(|p| p.and_then(|_| defined.next())).collect()
    };
    for at in 0..n_scores {
        let p_t = corrected(sets.iter().map(|set| set.scores[at].t_test.map(|test| test.p)).collect());
        let p_null = corrected(sets.iter().map(|set| set.scores[at].p_null).collect());
        let p_noise = corrected(sets.iter().map(|set| set.scores[at].p_minus_noise).collect());
        sets.iter_mut().zip(p_noise).for_each(|(set, p)| set.scores[at].p_minus_noise_corrected = p);
        for ((set, p_t), p_null) in sets.iter_mut().zip(p_t).zip(p_null) {
            (set.scores[at].p_t_corrected, set.scores[at].p_null_corrected) = (p_t, p_null);
        }
    }
    for at in 0..n_accuracies {
        let p = correction.correct(&sets.iter().map(|set| set.accuracies[at].p).collect::<Vec<_>>());
        sets.iter_mut().zip(p).for_each(|(set, p)| set.accuracies[at].p_corrected = p);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_once() {
        let mut seen = std::collections::BTreeSet::new();
        each_order(&mut [1.0, 2.0, 3.0, 4.0], 4, &mut |values| {
            assert!(seen.insert(values.iter().map(|value| *value as u8).collect::<Vec<_>>()));
        });
        assert_eq!(seen.len(), 24);
    }
}
