//! Whether times are seconds, whether trials stand in order and apart, and where the recording has gaps.

use super::binned::Binned;
use super::finding::{AuditFinding, Severity, counted};
use spikereel_data::{Recording, SpikeTimes, Spikes};

/// No site keeps this mean rate.
const MAX_RATE_HZ: f64 = 200.0;
/// Spikes of a site that are looked at for times that are whole numbers.
const N_TIMES: usize = 2000;
/// Fewer times may be whole by chance.
const MIN_TIMES: usize = 50;
/// A session is not longer than a day.
const MAX_SPAN_SECS: f64 = 86_400.0;
/// Events this close are one event twice, or two that no window tells apart.
const MIN_GAP_SECS: f64 = 0.1;
/// With so many spikes a trial on average, a trial without one is no chance.
const MIN_MEAN_SPIKES: f64 = 20.0;

const SECONDS: &str = "Times must be seconds on one clock: divide milliseconds by 1000, samples by the sampling rate.";

/// Checks of clock and order.
pub(super) fn check(recording: &Recording) -> Vec<AuditFinding> {
    let mut findings: Vec<AuditFinding> = rates(recording).into_iter().collect();
    if let Spikes::Times(times) = &recording.spikes {
        findings.extend(units(times));
        findings.extend(order(times));
    }
    findings
}

fn rates(recording: &Recording) -> Option<AuditFinding> {
    let rates: Vec<f64> = match &recording.spikes {
        Spikes::Times(times) => {
            let [first, last] = span(times)?;
            times.times_secs.iter().map(|list| list.len() as f64 / (last - first)).collect()
        }
        Spikes::Counts(counts, grid) => {
            let [n_trials, n_bins, n_sites] = counts.shape();
            let (mut sums, mut trial) = (vec![0.0; n_sites], vec![0.0_f32; n_bins * n_sites]);
            for trial_idx in 0..n_trials {
                counts.copy_trial(trial_idx, &mut trial);
                trial.iter().enumerate().for_each(|(at, &count)| sums[at % n_sites] += f64::from(count));
            }
            sums.iter().map(|sum| sum / ((n_trials * n_bins) as f64 * grid.width_secs)).collect()
        }
    };
    let n_high = rates.iter().filter(|&&rate| rate > MAX_RATE_HZ).count();
    let largest = rates.iter().copied().fold(0.0, f64::max);
    let sentence = format!(
        "{} of {} with a mean rate above {MAX_RATE_HZ:.0} Hz; the largest is {largest:.0} Hz.",
        n_high,
        counted(rates.len(), "site")
    );
    let remedy =
        "Look at the width of the bins or the unit of the times; activity that is no count of spikes may be fine.";
    (n_high > 0).then(|| AuditFinding::new("high-rates", Severity::Warning, largest, "Hz", sentence).remedy(remedy))
}

/// First and last of all times; none where there is no time between them.
fn span(times: &SpikeTimes) -> Option<[f64; 2]> {
    let ends = times.times_secs.iter().filter_map(|list| Some([*list.first()?, *list.last()?]));
    let events = times.align_secs.iter().map(|&time| [time, time]);
    let span = ends.chain(events).fold([f64::MAX, f64::MIN], |span, [a, b]| [span[0].min(a), span[1].max(b)]);
    (span[1] > span[0]).then_some(span)
}

fn units(times: &SpikeTimes) -> Vec<AuditFinding> {
    let mut findings = Vec::new();
    let looked_at = || times.times_secs.iter().flat_map(|list| list.iter().take(N_TIMES));
    let n_times = looked_at().count();
    let n_whole = looked_at().filter(|time| time.fract() == 0.0).count();
    if n_times >= MIN_TIMES && n_whole == n_times {
        let sentence =
            format!("All of {n_times} spike times are whole numbers: they look like milliseconds or samples.");
        let finding = AuditFinding::new("whole-times", Severity::Serious, n_times as f64, "spikes", sentence);
        findings.push(finding.remedy(SECONDS));
    }
    if let Some(hours) = span(times).map(|[first, last]| (last - first) / 3600.0).filter(|h| h * 3600.0 > MAX_SPAN_SECS)
    {
        let sentence = format!("The session lasts {hours:.0} hours, if its times are seconds.");
        findings.push(AuditFinding::new("session-span", Severity::Warning, hours, "hours", sentence).remedy(SECONDS));
    }
    findings
}

fn order(times: &SpikeTimes) -> Vec<AuditFinding> {
    let mut findings = Vec::new();
    let events = &times.align_secs;
    let n_back = events.windows(2).filter(|pair| pair[1] < pair[0]).count();
    if n_back > 0 {
        let sentence = format!("{} before the trial in front of it.", is_aligned(n_back));
        let finding = AuditFinding::new("trial-order", Severity::Warning, n_back as f64, "trials", sentence);
        findings.push(finding.remedy(
            "Sort the trials by time, all columns with them; if they are sorted by condition on purpose, splits by blocks of trials \
             are not splits by time.",
        ));
    }
    let mut sorted = events.clone();
    sorted.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let Some(smallest) = gaps.iter().copied().reduce(f64::min) else { return findings };
    let n_close = gaps.iter().filter(|&&gap| gap < MIN_GAP_SECS).count();
    let finding = if n_close > 0 {
        let severity = if gaps.contains(&0.0) { Severity::Serious } else { Severity::Warning };
        let sentence = format!(
            "{} less than {MIN_GAP_SECS} s after another; the smallest distance is {smallest:.3} s.",
            is_aligned(n_close)
        );
        AuditFinding::new("trial-spacing", severity, smallest, "s", sentence)
            .remedy("Look for trials that stand in the list twice: the same spikes would be in training and in test.")
    } else {
        let sentence = format!("Aligning events are at least {smallest:.2} s apart: longer windows overlap.");
        AuditFinding::new("trial-spacing", Severity::Note, smallest, "s", sentence)
    };
    findings.push(finding);
    findings
}

fn is_aligned(n: usize) -> String {
    if n == 1 { "1 trial is aligned".into() } else { format!("{n} trials are aligned") }
}

/// Trials in which no site fires.
pub(super) fn check_gaps(binned: &Binned<'_>) -> Option<AuditFinding> {
    let total = |trial: usize| binned.of_site.iter().map(|counts| counts[trial]).sum::<f64>();
    let totals: Vec<f64> = binned.order.iter().map(|&trial| total(trial)).collect();
    let n_empty = totals.iter().filter(|&&total| total == 0.0).count();
    if n_empty == 0 {
        return None;
    }
    let mean = totals.iter().sum::<f64>() / totals.len() as f64;
    let runs = totals.chunk_by(|a, b| (*a == 0.0) == (*b == 0.0));
    let longest = runs.filter(|run| run[0] == 0.0).map(<[f64]>::len).max().unwrap_or(0);
    let severity = match (mean >= MIN_MEAN_SPIKES, longest) {
        (true, 3..) => Severity::Serious,
        (true, _) => Severity::Warning,
        _ => Severity::Note,
    };
    let sentence = format!(
        "{n_empty} of {} trials without a spike of any site, {longest} of them in a row; a trial has {mean:.1} spikes on average.",
        totals.len()
    );
    let finding = AuditFinding::new("trials-without-spikes", severity, n_empty as f64, "trials", sentence);
    Some(finding.remedy("If the recording was off, drop these trials: a decoder would learn the gap."))
}
