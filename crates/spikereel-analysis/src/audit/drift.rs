//! Rates that rise or fall over the session.

use super::binned::Binned;
use super::finding::{AuditFinding, Severity, percent};
use crate::stats::{Correction, percentile, spearman_test};

/// Fewer trials say nothing about a session.
const MIN_TRIALS: usize = 16;
const MAX_Q: f64 = 0.05;
/// Shares of drifting sites from which on it is some, wide, nearly everywhere.
const SHARES: [f64; 3] = [0.1, 0.3, 0.6];
/// A change of half of the mean rate.
const LARGE_CHANGE: f64 = 0.5;

/// Spearman's correlation of each site's count with the order of trials.
pub(super) fn check(binned: &Binned<'_>) -> Option<AuditFinding> {
    let n_trials = binned.order.len();
    let time: Vec<f64> = (0..n_trials).map(|at| at as f64).collect();
    let in_order = |counts: &Vec<f64>| binned.order.iter().map(|&trial| counts[trial]).collect::<Vec<f64>>();
    let sites: Vec<Vec<f64>> = binned.of_site.iter().map(in_order).collect();
    let tested: Vec<(f64, f64)> =
        sites.iter().filter_map(|counts| Some((spearman_test(&time, counts)?.1, change(counts)?))).collect();
    if n_trials < MIN_TRIALS || tested.is_empty() {
        let sentence = format!("Drift was not tested: {n_trials} trials, {} sites that vary.", tested.len());
        return Some(AuditFinding::new("rate-drift", Severity::Note, None, "share of sites", sentence));
    }
    let q = Correction::BenjaminiHochberg.correct(&tested.iter().map(|test| test.0).collect::<Vec<_>>());
    let drifting: Vec<f64> = q.iter().zip(&tested).filter(|(q, _)| **q < MAX_Q).map(|(_, test)| test.1).collect();
    let share = drifting.len() as f64 / tested.len() as f64;
    let median = |changes: Vec<f64>| percentile(&changes, 0.5).unwrap_or(0.0);
    let all = median(tested.iter().map(|test| test.1).collect());
    let size = if drifting.is_empty() { 0.0 } else { median(drifting.iter().map(|change| change.abs()).collect()) };
    let (words, severity) = match share {
        share if share < SHARES[0] => ("hardly any drift", Severity::Note),
        share if share < SHARES[1] => ("some drift", Severity::Note),
        share if share < SHARES[2] => ("wide drift", Severity::Warning),
        _ if size < LARGE_CHANGE => ("drift nearly everywhere", Severity::Warning),
        _ => ("large drift nearly everywhere", Severity::Serious),
    };
    let sizes =
        if drifting.is_empty() { String::new() } else { format!(", {} in size for those that drift", percent(size)) };
    let sentence = format!(
        "{} of {} sites ({}) drift over the session (Spearman of count and trial order, Benjamini-Hochberg q < {MAX_Q}); from the first \
         to the last quarter of trials the median site changes by {:+.0} % of its mean{sizes}: {words}.",
        drifting.len(),
        tested.len(),
        percent(share),
        100.0 * all
    );
    let finding = AuditFinding::new("rate-drift", severity, share, "share of sites", sentence);
    let remedy = "Split by trials spread over the whole session, and look whether conditions go with trial order: then drift can be read \
                  as a condition.";
    Some(if severity == Severity::Note { finding } else { finding.remedy(remedy) })
}

/// Mean of the last quarter less that of the first, as a share of the mean.
fn change(counts: &[f64]) -> Option<f64> {
    let quarter = (counts.len() / 4).max(1);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let all = mean(counts);
    (all > 0.0).then(|| (mean(&counts[counts.len() - quarter..]) - mean(&counts[..quarter])) / all)
}
