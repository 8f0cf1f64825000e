//! A recording from an NWB file.

use super::NwbFile;
use super::options::{Clock, NwbOptions};
use super::trials::Trials;
use super::units::Units;
use crate::files::InputFile;
use crate::read::sites::check_name;
use crate::read::{RecordingExtras, VideoSource};
use crate::{FormatError, Result};
use spikereel_data::{BinGrid, DataError, Recording, RecordingParts, SpikeTimes, Spikes};
use std::path::Path;

/// No session lasts longer; times that do are in milliseconds.
const LONGEST_SECS: f64 = 200_000.0;
/// Ranges that differ by this factor are on clocks of their own.
const FAR: f64 = 100.0;
/// A session may begin or end with this much silence.
const SILENCE_SECS: f64 = 10.0;

/// Reads a recording: units as sites, rows of an intervals table as trials, spikes around the aligning event of each.
///
/// # Errors
/// Names the file, the object in it, what was expected, what was found and what to do.
pub fn read_nwb(path: &Path, options: &NwbOptions) -> Result<(Recording, RecordingExtras)> {
    read(path, options, None)
}

/// As [`read_nwb`], with spikes counted in the bins of `grid` as they are read: the file's spikes may need more memory than there is.
/// The window of the trials is that of the bins where none is given.
///
/// # Errors
/// As [`read_nwb`].
pub fn read_binned_nwb(path: &Path, options: &NwbOptions, grid: &BinGrid) -> Result<(Recording, RecordingExtras)> {
    let mut options = options.clone();
    let end = grid.left_secs(grid.n_bins - 1) + grid.width_secs;
    options.trials.window.get_or_insert([grid.start_secs, end]);
    read(path, &options, Some(grid))
}

fn read(path: &Path, options: &NwbOptions, grid: Option<&BinGrid>) -> Result<(Recording, RecordingExtras)> {
    let data = |error| FormatError::data(path, error);
    let nwb = NwbFile::open(path)?;
    let session = options.session.clone().unwrap_or_else(|| nwb.identifier());
    check_name("session", &session, || "`identifier`".into()).map_err(data)?;
    let trials = nwb.read_trials(&options.trials)?;
    let mut remarks = trials.remarks.clone();
    let windows = windows(&nwb, options, &trials, &mut remarks)?;
    let (mut units, counts) = match grid {
        None => (nwb.read_units(&options.units, &session, windows.as_deref())?, None),
        Some(grid) => {
            let (units, counts) = nwb.read_binned_units(&options.units, &session, &trials.align_secs, grid)?;
            (units, Some(Spikes::Counts(counts, *grid)))
        }
    };
    remarks.extend(units.remarks.iter().cloned());
    check_clocks(&nwb, options, &units, &trials, &mut remarks)?;
    let video = match &options.video {
        None => VideoSource::Unsaid,
        Some(video) => nwb.clips(video, &trials.align_secs, grid)?,
    };
    let mut inputs = vec![InputFile::of(path)?];
    if let Some(video) = &options.video {
        inputs.extend(nwb.external_inputs(&video.series)?);
    }
    let n_trials = trials.align_secs.len();
    // A movie of one's own for each trial can be decoded within one condition; nothing else can.
    if trials.conditions.len() == 1 && !matches!(video, VideoSource::Clips { .. }) {
        let got = format!("one, `{}`, in all {n_trials} trials", trials.conditions.label(0));
        let error = DataError::new("trials.factors", "at least two conditions", got);
        return Err(data(
            error.hint("name the factors in which trials differ (--factor); one condition leaves nothing to decode"),
        ));
    }
    if trials.conditions.len() == n_trials && n_trials > 2 {
        remarks.push(format!(
            "every one of {n_trials} trials has a condition of its own; a factor may be a continuous quantity"
        ));
    }
    let n_dropped_sites = units.n_in_file - units.sites.len();
    let parts = RecordingParts {
        session,
        sites: std::mem::take(&mut units.sites),
        conditions: trials.conditions,
        condition_of_trial: trials.condition_of_trial,
        spikes: counts.unwrap_or_else(|| {
            let times_secs = std::mem::take(&mut units.times_secs);
            Spikes::Times(SpikeTimes { times_secs, align_secs: trials.align_secs })
        }),
        covariates: trials.covariates,
        truth: None,
    };
    let recording = Recording::new(parts).map_err(data)?;
    let citations = nwb.texts("general/related_publications");
    let extras = RecordingExtras { video, license: None, citations, remarks, n_dropped_sites, inputs };
    Ok((recording, extras))
}

/// The windows of all trials, joined where they overlap; none where no window is asked for.
fn windows(
    nwb: &NwbFile,
    options: &NwbOptions,
    trials: &Trials,
    remarks: &mut Vec<String>,
) -> Result<Option<Vec<[f64; 2]>>> {
    let Some(window) = options.trials.window else { return Ok(None) };
    if !(window[0].is_finite() && window[1].is_finite() && window[0] < window[1]) {
        let error =
            DataError::new("trials.window", "two finite times, the first below the second", format!("{window:?}"));
        return Err(FormatError::data(nwb.hdf.path(), error));
    }
    let mut windows = trials.windows(window);
    windows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let n_overlapping = windows.windows(2).filter(|pair| pair[1][0] < pair[0][1]).count();
    if n_overlapping > 0 {
        remarks.push(format!("{n_overlapping} windows overlap the one before; their trials share spikes"));
    }
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for next in windows {
        match joined.last_mut() {
            Some(last) if next[0] <= last[1] => last[1] = last[1].max(next[1]),
            _ => joined.push(next),
        }
    }
    Ok(Some(joined))
}

/// Spikes and events must be on one clock, in seconds.
fn check_clocks(
    nwb: &NwbFile,
    options: &NwbOptions,
    units: &Units,
    trials: &Trials,
    remarks: &mut Vec<String>,
) -> Result<()> {
    let fold = |[from, to]: [f64; 2], time: &f64| [from.min(*time), to.max(*time)];
    let events = trials.align_secs.iter().fold([f64::INFINITY, f64::NEG_INFINITY], fold);
    let Some(spikes) = units.range_secs else {
        remarks.push("no site has a spike".into());
        return Ok(());
    };
    let seconds = |range: [f64; 2]| format!("{} to {} s", range[0], range[1]);
    let long = |range: [f64; 2]| range[1] - range[0] > LONGEST_SECS;
    let reach = |range: [f64; 2]| range[0].abs().max(range[1].abs());
    let both = format!("spikes from {}, events from {}", seconds(spikes), seconds(events));
    let likely = |object: &str, key: &str, flag: &str| {
        let hint = format!("set `{key} = \"milliseconds\"` ({flag}) if so");
        Err(nwb.fault_hint(object, "seconds", format!("what looks like milliseconds: {both}"), hint))
    };
    let in_secs = |clock: Clock| clock == Clock::Seconds;
    let events_object = format!("intervals/{}/{}", options.trials.table, options.trials.align);
    let apart = events[0] > spikes[1] || events[1] < spikes[0];
    if in_secs(options.units.clock) && (long(spikes) || (apart && reach(spikes) > FAR * reach(events))) {
        return likely("units/spike_times", "units.clock", "--spikes-in-ms");
    }
    if in_secs(options.trials.clock) && (long(events) || (reach(events) > FAR * reach(spikes))) {
        return likely(&events_object, "trials.clock", "--trials-in-ms");
    }
    if apart {
        let hint =
            "the table and the units are on clocks of their own; align them before, or choose another column (--align)";
        return Err(nwb.fault_hint(&events_object, "events while spikes were recorded", both, hint));
    }
    let n_outside = trials
        .align_secs
        .iter()
        .filter(|&&time| time < spikes[0] - SILENCE_SECS || time > spikes[1] + SILENCE_SECS)
        .count();
    if n_outside > 0 {
        remarks.push(format!(
            "{n_outside} trials lie more than {SILENCE_SECS} s before the first or after the last spike of the session"
        ));
    }
    Ok(())
}
