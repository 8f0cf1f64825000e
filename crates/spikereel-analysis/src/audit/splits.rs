//! A dataset with its splits: what stands on both sides, what is missing on one.

use super::finding::{AuditFinding, Severity, few, percent, range, sorted};
use super::shared_clips::{ClipContents, SharedClips};
use spikereel_data::prepare::LeakAudit;
use spikereel_data::{Dataset, Part, RealTrial, Split};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Fewer test trials of a condition say little about it.
const MIN_TEST_TRIALS: usize = 5;
/// Columns that hold the time of the aligning event on the session's clock.
const TIME_COLUMNS: [&str; 2] = ["align_secs", "onset_secs"];

/// Everything that is worth saying about a dataset and its splits, the most serious first. Of several splits, the worst is told. Where a
/// covariate `align_secs` or `onset_secs` gives the time of the event in trials that are no pseudo-trials, windows are checked for overlap.
///
/// | check | asks |
/// |---|---|
/// | `real-trials-in-two-parts` | the leak that makes a test no test |
/// | `overlapping-windows` | trials whose windows share spikes, on both sides |
/// | `neighbors-in-two-parts` | trials recorded right after each other, on both sides |
/// | `clips-in-two-parts`, `shifted-clips` | the same video on both sides, or one that is a frame later |
/// | `sites-of-several-sessions` | what a pseudo-population cannot have |
/// | `missing-conditions`, `test-trials` | conditions that a part lacks, or tests with few trials |
pub fn audit_dataset(dataset: &Dataset, splits: &[Split]) -> Vec<AuditFinding> {
    let column = dataset.covariates.iter().find(|(name, _)| TIME_COLUMNS.contains(&name.as_str()));
    let times = column.map_or_else(HashMap::new, |(_, values)| {
        let own =
            dataset.trials.iter().zip(values).filter(|(trial, time)| trial.origins.len() == 1 && time.is_finite());
        own.map(|(trial, &time)| (trial.origins[0], time)).collect()
    });
    audit_dataset_at(dataset, splits, &times)
}

/// [`audit_dataset`] with the time of the aligning event, seconds on the session's clock, of real trials; trials without one are not checked
/// for overlap.
pub fn audit_dataset_at(dataset: &Dataset, splits: &[Split], times: &HashMap<RealTrial, f64>) -> Vec<AuditFinding> {
    let contents = ClipContents::new(dataset);
    let mut findings: Vec<AuditFinding> = pseudo_population(dataset).into_iter().collect();
    // The worst split of each check; of equals, the first.
    let mut worst: Vec<(AuditFinding, f64, usize)> = Vec::new();
    for (split_idx, split) in splits.iter().enumerate() {
        for (finding, badness) in of_split(dataset, split, &contents, times) {
            match worst.iter_mut().find(|(known, ..)| known.check == finding.check) {
                Some(known) if (finding.severity, badness) > (known.0.severity, known.1) => {
                    *known = (finding, badness, split_idx)
                }
                Some(_) => {}
                None => worst.push((finding, badness, split_idx)),
            }
        }
    }
    findings.extend(worst.into_iter().map(|(mut finding, _, split_idx)| {
        if splits.len() > 1 {
            finding.sentence = format!("{} (Fold {split_idx}, the worst of {}.)", finding.sentence, splits.len());
        }
        finding
    }));
    sorted(findings)
}

/// The findings of one split, each with a number that grows as it gets worse.
fn of_split(
    dataset: &Dataset,
    split: &Split,
    contents: &ClipContents,
    times: &HashMap<RealTrial, f64>,
) -> Vec<(AuditFinding, f64)> {
    let audit = LeakAudit::new(dataset, split);
    let mut findings = vec![shared_trials(&audit)];
    findings.extend(overlaps(dataset, split, times));
    findings.extend(neighbors(dataset, split));
    findings.extend(clips(&contents.shared(dataset, split)));
    findings.extend(conditions(dataset, &audit));
    findings
}

fn shared_trials(audit: &LeakAudit) -> (AuditFinding, f64) {
    let [test, validation, both] = [
        audit.n_real_trials_in_train_and_test,
        audit.n_real_trials_in_train_and_validation,
        audit.n_real_trials_in_validation_and_test,
    ];
    let n = test + validation + both;
    let severity = match (test + both, validation) {
        (0, 0) => Severity::Note,
        (0, _) => Severity::Warning,
        _ => Severity::Serious,
    };
    let sentence = format!(
        "{n} real trials in two parts: {test} in training and test, {validation} in training and validation, {both} in validation and test."
    );
    let finding = AuditFinding::new("real-trials-in-two-parts", severity, n as f64, "trials", sentence);
    let remedy = if n > 0 {
        "Split real trials first and resample within each part; scores of this test are not about new trials."
    } else {
        ""
    };
    (finding.remedy(remedy), n as f64)
}

/// The parts of each real trial.
fn parts_of(dataset: &Dataset, split: &Split) -> HashMap<RealTrial, BTreeSet<u8>> {
    let mut parts: HashMap<RealTrial, BTreeSet<u8>> = HashMap::new();
    for (code, part) in [Part::Train, Part::Validation, Part::Test].into_iter().enumerate() {
        for trial in split.trials(part).iter().filter_map(|&trial| dataset.trials.get(trial)) {
            trial.origins.iter().for_each(|&origin| {
                parts.entry(origin).or_default().insert(code as u8);
            });
        }
    }
    parts
}

const TEST: u8 = 2;

fn overlaps(dataset: &Dataset, split: &Split, times: &HashMap<RealTrial, f64>) -> Option<(AuditFinding, f64)> {
    let (bins, video) = (&dataset.bins, &dataset.timeline);
    let from = bins.start_secs.min(video.start_secs);
    let to = (bins.left_secs(bins.n_bins - 1) + bins.width_secs)
        .max(video.start_secs + video.n_frames as f64 / video.frame_rate_hz);
    let mut events: Vec<(u32, f64, RealTrial, BTreeSet<u8>)> = parts_of(dataset, split)
        .into_iter()
        .filter_map(|(trial, parts)| Some((trial.session_idx, *times.get(&trial)?, trial, parts)))
        .collect();
    if events.is_empty() {
        return None;
    }
    events.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut shared: HashSet<RealTrial> = HashSet::new();
    for (at, (session, time, trial, parts)) in events.iter().enumerate() {
        let near = events[at + 1..].iter().take_while(|other| other.0 == *session && other.1 - time < to - from - 1e-9);
        for (_, _, other, other_parts) in near {
            if parts.contains(&TEST) && other_parts.iter().any(|&part| part != TEST) {
                shared.insert(*trial);
            }
            if other_parts.contains(&TEST) && parts.iter().any(|&part| part != TEST) {
                shared.insert(*other);
            }
        }
    }
    let n_test = events.iter().filter(|event| event.3.contains(&TEST)).count();
    let (n, secs) = (shared.len(), to - from);
    let severity = if n > 0 { Severity::Serious } else { Severity::Note };
    let sentence = format!(
        "{n} of {n_test} real test trials share time with a trial of another part: windows of {secs:.2} s around their events overlap."
    );
    let finding = AuditFinding::new("overlapping-windows", severity, n as f64, "trials", sentence);
    let remedy = if n > 0 {
        "Split by blocks of trials and leave out those at the borders, or use a shorter window."
    } else {
        ""
    };
    Some((finding.remedy(remedy), n as f64))
}

fn neighbors(dataset: &Dataset, split: &Split) -> Option<(AuditFinding, f64)> {
    let parts = parts_of(dataset, split);
    let is_fitted = |session_idx: u32, trial_idx: Option<u32>| {
        let neighbor = trial_idx.and_then(|trial_idx| parts.get(&RealTrial { session_idx, trial_idx }));
        neighbor.is_some_and(|parts| parts.iter().any(|&part| part != TEST))
    };
    let tested: Vec<RealTrial> =
        parts.iter().filter(|(_, parts)| parts.contains(&TEST)).map(|(&trial, _)| trial).collect();
    let beside = |trial: &&RealTrial| {
        is_fitted(trial.session_idx, trial.trial_idx.checked_sub(1))
            || is_fitted(trial.session_idx, trial.trial_idx.checked_add(1))
    };
    if tested.is_empty() {
        return None;
    }
    let share = tested.iter().filter(beside).count() as f64 / tested.len() as f64;
    let sentence = format!(
        "{} of real test trials stand next to a trial of another part in their session: slow changes of rate are seen on both sides.",
        percent(share)
    );
    let finding = AuditFinding::new("neighbors-in-two-parts", Severity::Note, share, "share of test trials", sentence);
    Some((finding, share))
}

fn clips(shared: &SharedClips) -> Vec<(AuditFinding, f64)> {
    let n_free = shared.n_same - shared.n_same_fixed;
    let severity = if n_free > 0 { Severity::Warning } else { Severity::Note };
    let sentence = format!(
        "{} of {} test clips are also shown in training or validation, {} of them as the very same clip of the pool; {} are of conditions \
         with one video.",
        shared.n_same, shared.n_test, shared.n_same_number, shared.n_same_fixed
    );
    let finding = AuditFinding::new("clips-in-two-parts", severity, shared.n_same as f64, "clips", sentence);
    let remedy = match (n_free, shared.n_same) {
        (0, 0) => "",
        (0, _) => "A decoder that only knows the condition draws these; read scores beside that baseline.",
        _ => "Give each part clips of its own: a decoder may have learned these by heart.",
    };
    let mut findings = vec![(finding.remedy(remedy), n_free as f64)];
    if shared.n_shifted > 0 {
        let n = shared.n_shifted as f64;
        let sentence = format!(
            "{} of {} test clips are a clip of another part, one frame later or earlier.",
            shared.n_shifted, shared.n_test
        );
        let finding = AuditFinding::new("shifted-clips", Severity::Serious, n, "clips", sentence);
        findings.push((finding.remedy("Clips are windows of one movie: split by stretches of it, not by clip."), n));
    }
    findings
}

fn pseudo_population(dataset: &Dataset) -> Option<AuditFinding> {
    let sessions: BTreeSet<&str> = dataset.sites.iter().map(|site| site.session.as_str()).collect();
    let n = sessions.len();
    let sentence = format!("{} sites come from {n} sessions: within a trial they share no noise.", dataset.sites.len());
    let finding = AuditFinding::new("sites-of-several-sessions", Severity::Note, n as f64, "sessions", sentence);
    let remedy = "Say so beside results: correlations of noise between sites of different sessions are lost, and with them what they do to a code.";
    (n > 1).then(|| finding.remedy(remedy))
}

fn conditions(dataset: &Dataset, audit: &LeakAudit) -> Vec<(AuditFinding, f64)> {
    let n_of = |part: usize| &audit.parts[part].n_trials_of_condition;
    let shown: Vec<usize> =
        (0..dataset.conditions.len()).filter(|&idx| (0..3).any(|part| n_of(part)[idx] > 0)).collect();
    let missing = |part: usize| -> Vec<String> {
        let absent = shown.iter().filter(|&&idx| n_of(part)[idx] == 0);
        absent.map(|&idx| format!("`{}`", dataset.conditions.label(idx))).collect()
    };
    let (train, test) = (missing(0), missing(2));
    let validation = if audit.parts[1].n_trials > 0 { missing(1) } else { Vec::new() };
    let mut findings = Vec::new();
    let n = train.len() + validation.len() + test.len();
    if n > 0 {
        let severity = match (train.len(), test.len()) {
            (0, 0) => Severity::Note,
            (0, _) => Severity::Warning,
            _ => Severity::Serious,
        };
        let all: Vec<String> =
            [&train, &validation, &test].into_iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let sentence = format!(
            "Of {} conditions, {} are missing in training, {} in validation, {} in test: {}.",
            shown.len(),
            train.len(),
            validation.len(),
            test.len(),
            few(&all)
        );
        let finding = AuditFinding::new("missing-conditions", severity, n as f64, "conditions", sentence);
        findings.push((finding.remedy("Split within each condition, or leave these conditions out."), n as f64));
    }
    let tested: Vec<usize> = shown.iter().map(|&idx| n_of(2)[idx]).filter(|&n| n > 0).collect();
    let (fewest, most) = (tested.iter().min().copied().unwrap_or(0), tested.iter().max().copied().unwrap_or(0));
    let severity = if fewest < MIN_TEST_TRIALS { Severity::Warning } else { Severity::Note };
    let sentence = format!(
        "{} test trials a condition, {} in all from {} real trials.",
        range(fewest, most),
        audit.parts[2].n_trials,
        audit.parts[2].n_real_trials
    );
    let finding = AuditFinding::new("test-trials", severity, fewest as f64, "trials", sentence);
    let remedy = if fewest < MIN_TEST_TRIALS {
        "Read results over conditions together, with their intervals, or use folds so that every trial is tested once."
    } else {
        ""
    };
    findings.push((finding.remedy(remedy), -(fewest as f64)));
    findings
}
