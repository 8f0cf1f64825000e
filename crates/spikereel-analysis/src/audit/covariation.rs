//! Which factors of the conditions go with each other, with a covariate, or with the order of trials.
//!
//! Factors and covariates of few values: Cramér's V. Other covariates and trial order: eta squared, the correlation ratio. Each with the p of
//! a permutation test, Holm's correction over all pairs.

use super::finding::{AuditFinding, Severity, few};
use crate::stats::{Correction, permuted_cramers_v, permuted_eta_squared};
use crate::study::confounds::Covariate;
use spikereel_data::Recording;

const SEED: u64 = 0;
const ALPHA: f64 = 0.05;
const N_PERMUTATIONS: [usize; 2] = [499, 9999];
/// Trials times permutations times pairs, at most.
const MAX_WORK: usize = 300_000_000;
/// A clear and an all but complete association, Cohen's marks for the first: V .3 is medium, eta squared .14 large.
const MARKS_V: [f64; 2] = [0.3, 0.8];
const MARKS_ETA: [f64; 2] = [0.14, 0.64];

/// What a factor is held against.
enum Other {
    Classes(Vec<usize>),
    Quantity(Vec<f64>),
}

/// A pair to be tested, over the trials in which both are defined.
struct Pair {
    what: String,
    classes: Vec<usize>,
    other: Other,
}

/// Tests all pairs.
pub(super) fn check(recording: &Recording, order: &[usize]) -> Vec<AuditFinding> {
    let (mut findings, free) = fixed(recording);
    let pairs = pairs(recording, order, &free);
    // With Holm over all pairs, the smallest p there is must be able to be significant.
    let budget = MAX_WORK / (pairs.len() * recording.n_trials()).max(1);
    let n_permutations = (100 * pairs.len()).clamp(1999, N_PERMUTATIONS[1]).min(budget).max(N_PERMUTATIONS[0]);
    let tested: Vec<(&Pair, f64, f64)> = pairs
        .iter()
        .filter_map(|pair| {
            let name = format!("audit/covariation/{}", pair.what);
            let (value, p) = match &pair.other {
                Other::Classes(classes) => permuted_cramers_v(&pair.classes, classes, n_permutations, SEED, &name)?,
                Other::Quantity(values) => permuted_eta_squared(&pair.classes, values, n_permutations, SEED, &name)?,
            };
            Some((pair, value, p))
        })
        .collect();
    let corrected = Correction::Holm.correct(&tested.iter().map(|test| test.2).collect::<Vec<_>>());
    let mut n_found = 0;
    for ((pair, value, _), p) in tested.iter().zip(corrected).filter(|(_, p)| *p < ALPHA) {
        n_found += 1;
        let (unit, marks) = match pair.other {
            Other::Classes(_) => ("Cramér's V", MARKS_V),
            Other::Quantity(_) => ("eta squared", MARKS_ETA),
        };
        let (severity, words) = match *value {
            value if value >= marks[1] => (Severity::Serious, "can hardly be told apart"),
            value if value >= marks[0] => (Severity::Warning, "go together clearly"),
            _ => (Severity::Note, "go together a little"),
        };
        let sentence = format!(
            "{} {words}: {unit} {value:.2}, p {p:.3} (permutation, Holm over {} pairs), {} trials.",
            pair.what,
            tested.len(),
            pair.classes.len()
        );
        let finding = AuditFinding::new("covariation", severity, *value, unit, sentence);
        findings.push(finding.remedy(
            "What reads one may read the other: balance the trials, regress it out, or name both in every statement.",
        ));
    }
    if !tested.is_empty() {
        let sentence =
            format!("{n_found} of {} pairs of factors, covariates and trial order go together.", tested.len());
        findings.push(AuditFinding::new("covariation-tests", Severity::Note, n_found as f64, "pairs", sentence));
    }
    findings
}

/// Covariates that the condition alone gives, as a note; and the others, which are tested.
fn fixed(recording: &Recording) -> (Vec<AuditFinding>, Vec<Covariate>) {
    let (mut fixed, mut free) = (Vec::new(), Vec::new());
    for (name, values) in &recording.covariates {
        let mut of_condition: Vec<Vec<f64>> = vec![Vec::new(); recording.conditions.len()];
        for (&condition, &value) in recording.condition_of_trial.iter().zip(values) {
            if value.is_finite() {
                of_condition[condition].push(value);
            }
        }
        let repeats = of_condition.iter().any(|own| own.len() > 1);
        let varies = of_condition.iter().any(|own| own.iter().any(|value| *value != own[0]));
        match varies || !repeats {
            true => free.push(Covariate { name: name.clone(), values: values.clone() }),
            false => fixed.push(format!("`{name}`")),
        }
    }
    let sentence = format!("Given by the condition alone, in all trials: {}.", few(&fixed));
    let finding = AuditFinding::new("fixed-covariates", Severity::Note, fixed.len() as f64, "covariates", sentence);
    let finding = (!fixed.is_empty()).then(|| finding.remedy("They cannot be told apart from the conditions here."));
    (finding.into_iter().collect(), free)
}

fn pairs(recording: &Recording, order: &[usize], covariates: &[Covariate]) -> Vec<Pair> {
    let table = &recording.conditions;
    let n_trials = recording.n_trials();
    let levels = |factor_idx: usize, trials: &[usize]| -> Vec<usize> {
        trials.iter().map(|&trial| table.level_idx(recording.condition_of_trial[trial], factor_idx)).collect()
    };
    let all: Vec<usize> = (0..n_trials).collect();
    let mut place = vec![0.0; n_trials];
    order.iter().enumerate().for_each(|(at, &trial)| place[trial] = at as f64);
    let name = |factor_idx: usize| format!("`{}`", table.factors()[factor_idx].name);
    let mut pairs = Vec::new();
    for own in 0..table.factors().len() {
        for other in 0..own {
            let other_levels = Other::Classes(levels(other, &all));
            let what = format!("{} and {}", name(other), name(own));
            pairs.push(Pair { what, classes: levels(own, &all), other: other_levels });
        }
        for covariate in covariates {
            let trials: Vec<usize> = all.iter().copied().filter(|&trial| covariate.is_defined(trial)).collect();
            let Some(classes) = covariate.classes(&trials) else { continue };
            let other = if covariate.is_quantity() {
                Other::Quantity(trials.iter().map(|&trial| covariate.values[trial]).collect())
            } else {
                Other::Classes(classes)
            };
            let what = format!("{} and `{}`", name(own), covariate.name);
            pairs.push(Pair { what, classes: levels(own, &trials), other });
        }
        let what = format!("{} and the order of trials", name(own));
        pairs.push(Pair { what, classes: levels(own, &all), other: Other::Quantity(place.clone()) });
    }
    pairs
}
