//! Sites without spikes, and sites that stand in a recording twice.

use super::binned::Binned;
use super::finding::{AuditFinding, Severity, counted, few};
use rayon::prelude::*;
use spikereel_data::{Recording, Spikes};
use std::collections::HashMap;

/// Two sites with fewer spikes may agree by chance.
const MIN_SPIKES: f64 = 20.0;
/// Counts that correlate more are one site seen twice.
const MAX_CORRELATION: f64 = 0.95;
/// Bins of all trials that correlations are computed from, spread evenly over the session.
const MAX_SAMPLES: usize = 8192;
/// Fewer say too little about a correlation.
const MIN_SAMPLES: usize = 30;

pub(super) fn check(recording: &Recording, binned: &Binned<'_>) -> Vec<AuditFinding> {
    let n_spikes: Vec<f64> = match &recording.spikes {
        Spikes::Times(times) => times.times_secs.iter().map(|list| list.len() as f64).collect(),
        Spikes::Counts(..) => binned.of_site.iter().map(|counts| counts.iter().sum()).collect(),
    };
    let name = |site: usize| format!("{} ({})", recording.sites[site].id, recording.sites[site].region);
    let mut findings = Vec::new();
    let silent: Vec<String> = (0..n_spikes.len()).filter(|&site| n_spikes[site] == 0.0).map(name).collect();
    if !silent.is_empty() {
        let sentence =
            format!("{} of {} without a spike: {}.", silent.len(), counted(n_spikes.len(), "site"), few(&silent));
        let finding = AuditFinding::new("silent-sites", Severity::Warning, silent.len() as f64, "sites", sentence);
        findings
            .push(finding.remedy("Leave them out; if they should fire, look at how spikes were assigned to sites."));
    }
    let identical = identical(recording, binned, &n_spikes);
    let pair = |&(a, b): &(usize, usize)| format!("{} and {}", name(a), name(b));
    if !identical.is_empty() {
        let names: Vec<String> = identical.iter().map(pair).collect();
        let sentence = format!("{} of sites with the very same spikes: {}.", counted(names.len(), "pair"), few(&names));
        let finding = AuditFinding::new("identical-sites", Severity::Serious, names.len() as f64, "pairs", sentence);
        findings.push(
            finding.remedy("Keep one of each; a site that stands in two regions tells one what the other carries."),
        );
    }
    let correlated = correlated(binned, &n_spikes);
    let near: Vec<String> =
        correlated.iter().filter(|found| !identical.contains(&found.0)).map(|found| pair(&found.0)).collect();
    if !near.is_empty() {
        let strongest =
            correlated.iter().filter(|found| !identical.contains(&found.0)).map(|found| found.1).fold(0.0, f64::max);
        let sentence = format!(
            "{} of sites whose counts correlate above {MAX_CORRELATION} (at most {strongest:.3}): {}.",
            counted(near.len(), "pair"),
            few(&near)
        );
        let finding = AuditFinding::new("correlated-sites", Severity::Warning, near.len() as f64, "pairs", sentence);
        findings.push(finding.remedy("Probably one unit on two electrodes, or an artifact on both: keep one of each."));
    }
    findings
}

/// Pairs `(a, b)`, `a < b`, with the same spikes.
fn identical(recording: &Recording, binned: &Binned<'_>, n_spikes: &[f64]) -> Vec<(usize, usize)> {
    let mut of_content: HashMap<u64, Vec<usize>> = HashMap::new();
    for (site, hash) in hashes(recording, binned).into_iter().enumerate() {
        if n_spikes[site] >= MIN_SPIKES {
            of_content.entry(hash).or_default().push(site);
        }
    }
    let pairs_of = |sites: &Vec<usize>| {
        let pairs = sites.iter().enumerate().flat_map(|(at, &b)| sites[..at].iter().map(move |&a| (a, b)));
        pairs.collect::<Vec<_>>()
    };
    let mut pairs: Vec<(usize, usize)> = of_content.values().flat_map(pairs_of).collect();
    pairs.sort_unstable();
    pairs
}

/// A hash of each site's spikes.
fn hashes(recording: &Recording, binned: &Binned<'_>) -> Vec<u64> {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    match &recording.spikes {
        Spikes::Times(times) => times
            .times_secs
            .iter()
            .map(|list| list.iter().fold(START, |hash, time| mix(hash, time.to_bits())))
            .collect(),
        Spikes::Counts(..) => {
            let [n_trials, n_bins, n_sites] = binned.counts.shape();
            let (mut hashes, mut trial) = (vec![START; n_sites], vec![0.0_f32; n_bins * n_sites]);
            for trial_idx in 0..n_trials {
                binned.counts.copy_trial(trial_idx, &mut trial);
                for (at, count) in trial.iter().enumerate() {
                    hashes[at % n_sites] = mix(hashes[at % n_sites], u64::from(count.to_bits()));
                }
            }
            hashes
        }
    }
}

/// Pairs whose binned counts correlate above the bar, with the correlation.
fn correlated(binned: &Binned<'_>, n_spikes: &[f64]) -> Vec<((usize, usize), f64)> {
    let standardised = standardised(binned);
    let fits = |site: usize| n_spikes[site] >= MIN_SPIKES && !standardised[site].is_empty();
    let sites: Vec<usize> = (0..n_spikes.len()).filter(|&site| fits(site)).collect();
    let of_site = |at: usize| {
        let b = sites[at];
        let with = |&a: &usize| {
            let r = dot(&standardised[a], &standardised[b]);
            (r > MAX_CORRELATION).then_some(((a, b), r.min(1.0)))
        };
        sites[..at].iter().filter_map(with).collect::<Vec<_>>()
    };
    (0..sites.len()).into_par_iter().flat_map_iter(of_site).collect()
}

/// `[site]` of samples with mean 0 and sum of squares 1; empty where a site does not vary or there are too few samples.
fn standardised(binned: &Binned<'_>) -> Vec<Vec<f32>> {
    let [n_trials, n_bins, n_sites] = binned.counts.shape();
    let step = (n_trials * n_bins).div_ceil(MAX_SAMPLES).max(1);
    let mut samples = vec![Vec::new(); n_sites];
    let mut trial = vec![0.0_f32; n_bins * n_sites];
    for trial_idx in (0..n_trials).step_by(step) {
        binned.counts.copy_trial(trial_idx, &mut trial);
        for (at, &count) in trial.iter().enumerate() {
            samples[at % n_sites].push(count);
        }
    }
    samples.par_iter_mut().for_each(|own| {
        let mean = own.iter().map(|&value| f64::from(value)).sum::<f64>() / own.len() as f64;
        let norm = own.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>().sqrt();
        if norm > 0.0 && own.len() >= MIN_SAMPLES {
            own.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) / norm) as f32);
        } else {
            own.clear();
        }
    });
    samples
}

/// In eight partial sums, so that it can be done eight at a time.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let (chunks_a, rest_a) = a.as_chunks::<8>();
    let (chunks_b, rest_b) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() + f64::from(rest)
}
