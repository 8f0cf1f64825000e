//! How many trials each condition and each level of a factor has.

use super::finding::{AuditFinding, Severity, few, range};
use spikereel_data::Recording;

/// Fewer trials of a condition cannot be split into parts that mean something.
const MIN_TRIALS: usize = 5;
/// The fullest condition or level may have this many times the trials of the emptiest.
const MAX_RATIO: f64 = 5.0;

/// Balance of conditions and levels.
pub(super) fn check(recording: &Recording) -> Vec<AuditFinding> {
    let table = &recording.conditions;
    let mut n_of = vec![0_usize; table.len()];
    recording.condition_of_trial.iter().for_each(|&condition| n_of[condition] += 1);
    let (fewest, most) = ends(&n_of);
    let empty: Vec<String> = (0..table.len()).filter(|&idx| n_of[idx] == 0).map(|idx| table.label(idx)).collect();
    let at_fewest = n_of.iter().position(|&n| n == fewest && n < most);
    let at_fewest = at_fewest.map_or_else(String::new, |idx| format!("; the fewest has `{}`", table.label(idx)));
    let is_uneven = fewest < MIN_TRIALS || ratio(fewest, most) > MAX_RATIO;
    let without = if empty.is_empty() { String::new() } else { format!(" Without a trial: {}.", few(&empty)) };
    let sentence = format!("{} conditions with {} trials each{at_fewest}.{without}", table.len(), range(fewest, most));
    let severity = if is_uneven { Severity::Warning } else { Severity::Note };
    let mut balance = AuditFinding::new("condition-balance", severity, fewest as f64, "trials", sentence);
    if is_uneven {
        balance = balance.remedy(
            "Drop or pool conditions with few trials, and compare with chance for these shares: a decoder that names the most frequent \
             condition is right more often than one in the number of conditions.",
        );
    }
    let mut findings = vec![balance];
    for (factor_idx, factor) in table.factors().iter().enumerate() {
        let mut n_of_level = vec![0_usize; factor.levels.len()];
        n_of.iter().enumerate().for_each(|(condition, n)| n_of_level[table.level_idx(condition, factor_idx)] += n);
        let (fewest, most) = ends(&n_of_level);
        let n_shown = n_of_level.iter().filter(|&&n| n > 0).count();
        let levels: Vec<String> =
            factor.levels.iter().zip(&n_of_level).map(|(level, n)| format!("{level} ({n})")).collect();
        let (severity, remedy) = match n_shown {
            0 | 1 => (Severity::Warning, "A factor that does not vary cannot be decoded; leave it out."),
            _ if ratio(fewest, most) > MAX_RATIO => (
                Severity::Warning,
                "Compare with the share of the most frequent level, not with one in the number of levels.",
            ),
            _ => (Severity::Note, ""),
        };
        let sentence =
            format!("Factor `{}`: {n_shown} levels in {} trials: {}.", factor.name, range(fewest, most), few(&levels));
        findings.push(AuditFinding::new("factor-levels", severity, fewest as f64, "trials", sentence).remedy(remedy));
    }
    findings
}

fn ends(counts: &[usize]) -> (usize, usize) {
    (counts.iter().copied().min().unwrap_or(0), counts.iter().copied().max().unwrap_or(0))
}

fn ratio(fewest: usize, most: usize) -> f64 {
    most as f64 / (fewest as f64).max(0.5)
}
