//! Recordings drawn from a configuration, with covariates and the planted truth.

use super::config::{CortexConfig, SpikeForm};
use super::noise::STANDARD_LOG_GAINS;
use super::observer::truth;
use super::session::{N_CONDITIONS, Session, sessions};
use super::task::{CHOICE_CORRECT, draw_choice, reaction_time_secs, response, rule};
use crate::stimulus::condition_table;
use rand::RngExt;
use rayon::prelude::*;
use spikereel_data::{
    BinGrid, DataError, Recording, RecordingParts, Region, Result, SharedBytes, Site, SpikeEncoding, SpikeTensor,
    SpikeTimes, Spikes, rng::stream,
};

/// Time from one trial's start to the next on the session's clock, beyond the trial's own length.
const BETWEEN_TRIALS_SECS: f64 = 1.5;

/// Draws all sessions of a configuration: one recording each, conditions in the paper's order
/// (`stimulus::condition_table`), trials in random order, covariates `rule`, `response` and `reaction_time_secs`
/// (`RULE_MOTION` and its siblings), with errors also `choice` (coded as `response`) and `correct`, and the truth, which is that of trials in which all sites of all sessions are seen
/// at once. Equal arguments give equal recordings, whatever the number of threads.
///
/// # Errors
/// As [`CortexConfig::check`]; a recording too large to be addressed.
pub fn generate(config: &CortexConfig, seed: u64) -> Result<Vec<Recording>> {
    let sessions = sessions(config, seed)?;
    let truth = if config.n_observer_trials == 0 { None } else { Some(truth(config, seed)?) };
    let conditions = condition_table();
    let recordings = sessions.iter().map(|session| {
        let session_idx = session.config_idx;
        let name = format!("session{}", session_idx + 1);
        let condition_of_trial = trial_order(config.sessions[session_idx].n_trials_per_condition, seed, &name)?;
        let choices = draw_choices(config, &condition_of_trial, seed, &name);
        let (spikes, gain_idx) = draw_trials(config, session, &condition_of_trial, &choices, seed, &name)?;
        Recording::new(RecordingParts {
            sites: sites(config, session, &name),
            conditions: conditions.clone(),
            covariates: covariates(config, &condition_of_trial, &choices, &gain_idx, seed, &name),
            condition_of_trial,
            spikes,
            truth: truth.clone(),
            session: name,
        })
    });
    recordings.collect()
}

fn trial_order(n_trials_per_condition: usize, seed: u64, name: &str) -> Result<Vec<usize>> {
    let n_trials = n_trials_per_condition.checked_mul(N_CONDITIONS).filter(|&n| n < 100_000_000).ok_or_else(|| {
        DataError::new("n_trials_per_condition", "fewer than 100 million trials", n_trials_per_condition.to_string())
    })?;
    let mut order: Vec<usize> = (0..n_trials).map(|trial_idx| trial_idx % N_CONDITIONS).collect();
    let mut rng = stream(seed, &format!("cortex/{name}/order"));
    for last in (1..order.len()).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    Ok(order)
}

fn sites(config: &CortexConfig, session: &Session, name: &str) -> Vec<Site> {
    let of_region = config.regions.iter().zip(&session.regions);
    of_region
        .flat_map(|(region, part)| {
            part.site_ids.iter().map(|site| Site {
                id: format!("{}-{}", region.name, site + 1),
                region: Region(region.name.clone()),
                session: name.to_string(),
            })
        })
        .collect()
}

/// The choice of each trial, from a stream of its own: errors move no other draw.
fn draw_choices(config: &CortexConfig, condition_of_trial: &[usize], seed: u64, name: &str) -> Vec<usize> {
    let mut rng = stream(seed, &format!("cortex/{name}/choices"));
    condition_of_trial.iter().map(|&condition| draw_choice(condition, config.error_share, &mut rng)).collect()
}

/// Spikes of all trials, and each trial's gains, `[trial][region]`.
fn draw_trials(
    config: &CortexConfig,
    session: &Session,
    condition_of_trial: &[usize],
    choices: &[usize],
    seed: u64,
    name: &str,
) -> Result<(Spikes, Vec<Vec<usize>>)> {
    let grid = config.bin_grid()?;
    let (n_trials, trial_len) = (condition_of_trial.len(), session.n_bins * session.n_sites);
    let n_counts = n_trials.checked_mul(trial_len).filter(|&n| n <= isize::MAX as usize).ok_or_else(|| {
        DataError::new("trials", "no more than memory can hold", format!("{n_trials} of {trial_len} counts"))
    })?;
    let mut counts = vec![0u8; n_counts];
    let gain_idx = counts
        .par_chunks_mut(trial_len)
        .zip(condition_of_trial.par_iter().zip(choices))
        .enumerate()
        .map(|(trial_idx, (counts, (&condition_idx, &choice)))| {
            let mut rng = stream(seed, &format!("cortex/{name}/trial{trial_idx}"));
            session.draw(condition_idx, choice, &mut rng, counts)
        })
        .collect();
    let spikes = match config.spikes {
        SpikeForm::Counts => {
            let shape = [n_trials, session.n_bins, session.n_sites];
            Spikes::Counts(SpikeTensor::from_bytes(shape, SpikeEncoding::U8, SharedBytes::new(counts))?, grid)
        }
        SpikeForm::Times => Spikes::Times(times_from_counts(&counts, session, grid, seed, name)),
    };
    Ok((spikes, gain_idx))
}

/// Places every spike uniformly within its bin; trials follow each other on the session's clock.
fn times_from_counts(counts: &[u8], session: &Session, grid: BinGrid, seed: u64, name: &str) -> SpikeTimes {
    let trial_secs = grid.n_bins as f64 * grid.width_secs + BETWEEN_TRIALS_SECS;
    let trials: Vec<&[u8]> = counts.chunks(session.n_bins * session.n_sites).collect();
    let align_secs: Vec<f64> = (0..trials.len()).map(|idx| idx as f64 * trial_secs - grid.start_secs + 1.0).collect();
    let times_of_site = |site_idx: usize| {
        let mut rng = stream(seed, &format!("cortex/{name}/times{site_idx}"));
        let mut times = Vec::new();
        for (trial, align_secs) in trials.iter().zip(&align_secs) {
            for bin_idx in 0..session.n_bins {
                let first = times.len();
                for _ in 0..trial[bin_idx * session.n_sites + site_idx] {
                    // A thousandth of the bin is kept free at its edges, so that rounding cannot carry a spike over.
                    let within = 0.001 + 0.998 * rng.random::<f64>();
                    times.push(align_secs + grid.left_secs(bin_idx) + within * grid.width_secs);
                }
                times[first..].sort_by(f64::total_cmp);
            }
        }
        times
    };
    let times_secs = (0..session.n_sites).into_par_iter().map(times_of_site).collect();
    SpikeTimes { times_secs, align_secs }
}

fn covariates(
    config: &CortexConfig,
    condition_of_trial: &[usize],
    choices: &[usize],
    gain_idx: &[Vec<usize>],
    seed: u64,
    name: &str,
) -> Vec<(String, Vec<f64>)> {
    let mut rng = stream(seed, &format!("cortex/{name}/reaction_times"));
    let mut reaction_time = |gains: &Vec<usize>| {
        let coupled = config.regions.iter().zip(gains);
        let gains: Vec<(f64, f64)> =
            coupled.map(|(region, &gain)| (region.reaction_time_coupling, STANDARD_LOG_GAINS[gain])).collect();
        reaction_time_secs(&gains, &mut rng)
    };
    let of_condition = |value: fn(usize) -> usize| condition_of_trial.iter().map(|&idx| value(idx) as f64).collect();
    let mut columns = vec![
        ("rule".into(), of_condition(rule)),
        ("response".into(), of_condition(response)),
        ("reaction_time_secs".into(), gain_idx.iter().map(&mut reaction_time).collect()),
    ];
    if config.error_share > 0.0 {
        let is_correct = |(&choice, &condition): (&usize, &usize)| {
            if choice == response(condition) { CHOICE_CORRECT } else { 0.0 }
        };
        columns.push(("choice".into(), choices.iter().map(|&choice| choice as f64).collect()));
        columns.push(("correct".into(), choices.iter().zip(condition_of_trial).map(is_correct).collect()));
    }
    columns
}
