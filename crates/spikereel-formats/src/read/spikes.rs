//! The spikes of a recording: counts whose axes stand in any order, or times of single spikes.

use super::NpyArray;
use super::axes::{CountAxes, TrialAxes};
use super::bundle::Bundle;
use super::dealt::deal;
use super::sidecar::{SiteKey, SpikesTable};
use super::sites::Sites;
use crate::files::regular_len;
use crate::{FormatError, Result};
use ndarray::Array3;
use spikereel_data::{BinGrid, DataError, SharedBytes, SpikeEncoding, SpikeTensor, SpikeTimes, Spikes};
use std::path::Path;

/// Reads what `[spikes]` names, kept sites only. Returns the spikes and the axes of trials.
pub(crate) fn read(
    sidecar: &Path,
    bundle: &mut Bundle,
    table: &SpikesTable,
    sites: &Sites,
) -> Result<(Spikes, TrialAxes)> {
    let data = |error| FormatError::data(sidecar, error);
    match (&table.counts, &table.times) {
        (Some(_), Some(_)) => {
            Err(data(DataError::new("spikes", "`counts` or `times`", "both").hint("remove one of them")))
        }
        (None, None) => Err(data(DataError::new("spikes", "`counts` or `times`", "neither"))),
        (Some(name), None) => counts(sidecar, bundle, table, name, sites),
        (None, Some(name)) => times(sidecar, bundle, table, name, sites),
    }
}

fn counts(
    sidecar: &Path,
    bundle: &mut Bundle,
    table: &SpikesTable,
    name: &str,
    sites: &Sites,
) -> Result<(Spikes, TrialAxes)> {
    let data = |error| FormatError::data(sidecar, error);
    let field = format!("spikes.counts `{name}`");
    if table.site_of_spike.is_some() || table.align.is_some() || table.site_of_spike_by != SiteKey::Position {
        let got = "`site_of_spike` or `align`, which belong to `times`";
        return Err(data(DataError::new("spikes", "`axes` and `bins` beside `counts`", got)));
    }
    let Some(axes) = &table.axes else {
        let error = DataError::new(
            "spikes.axes",
            "the array's axes in order, such as [\"trial\", \"bin\", \"site\"]",
            "nothing",
        );
        return Err(data(error));
    };
    let places = CountAxes::of(axes).map_err(data)?;
    let Some(bins) = table.bins else {
        return Err(data(DataError::new("spikes.bins", "start_secs and width_secs", "nothing")));
    };
    let array = bundle.read("spikes.counts", name)?.with_axes(axes.len());
    if array.shape().len() != axes.len() {
        let n_axes =
            ["two", "three"].get(places.n_axes() - 2).map_or_else(|| axes.len().to_string(), ToString::to_string);
        let error = DataError::new(field, format!("{n_axes} axes, {axes:?}"), format!("shape {:?}", array.shape()));
        return Err(data(error));
    }
    let n_sites = array.shape()[places.site];
    if n_sites != sites.n_in_file {
        let fits: Vec<usize> = (0..axes.len()).filter(|&axis| array.shape()[axis] == sites.n_in_file).collect();
        let hint = match fits[..] {
            [axis] => format!("the shape is {:?}: `site` fits axis {axis}; correct `axes`", array.shape()),
            _ => format!("the shape is {:?}; check `axes` and the labels", array.shape()),
        };
        let expected = format!("{} ({})", sites.n_in_file, sites.source);
        return Err(data(DataError::new(format!("{field}, site axis"), expected, n_sites.to_string()).hint(hint)));
    }
    let named = |error: DataError| data(DataError { field: format!("{field}, {}", error.field), ..error });
    let (shape, trials) = places.shape(array.shape()).map_err(named)?;
    let counts = array.to_spikes(&places.order(), shape).map_err(named)?;
    drop(array);
    let n_bins = shape[1];
    let grid = BinGrid::new(bins.start_secs, bins.width_secs, bins.step_secs.unwrap_or(bins.width_secs), n_bins)
        .map_err(|error| data(DataError { field: format!("spikes.bins, {}", error.field), ..error }))?;
    let kept: Vec<usize> = sites.kept.iter().map(|(site_idx, _)| *site_idx).collect();
    Ok((Spikes::Counts(keep_sites(&counts, &kept).map_err(named)?, grid), trials))
}

/// The counts of some sites alone.
fn keep_sites(counts: &SpikeTensor, kept: &[usize]) -> spikereel_data::Result<SpikeTensor> {
    let [n_trials, n_bins, n_sites] = counts.shape();
    if kept.len() == n_sites || kept.is_empty() {
        return Ok(counts.clone());
    }
    let width = if counts.encoding() == SpikeEncoding::U8 { 1 } else { 4 };
    let mut bytes = Vec::with_capacity(n_trials * n_bins * kept.len() * width);
    for row in counts.bytes().chunks_exact(n_sites * width) {
        kept.iter().for_each(|&site_idx| bytes.extend_from_slice(&row[site_idx * width..(site_idx + 1) * width]));
    }
    SpikeTensor::from_bytes([n_trials, n_bins, kept.len()], counts.encoding(), SharedBytes::new(bytes))
}

fn times(
    sidecar: &Path,
    bundle: &mut Bundle,
    table: &SpikesTable,
    name: &str,
    sites: &Sites,
) -> Result<(Spikes, TrialAxes)> {
    let data = |error| FormatError::data(sidecar, error);
    if table.axes.is_some() || table.bins.is_some() {
        let got = "`axes` or `bins`, which belong to `counts`";
        return Err(data(DataError::new("spikes", "`site_of_spike` and `align` beside `times`", got)));
    }
    let mut read = |key: &str, name: &Option<String>| -> Result<NpyArray> {
        let Some(name) = name else {
            return Err(data(DataError::new(key, "the name of an array", "nothing")));
        };
        let array = bundle.read(key, name)?.with_axes(1);
        let named = |error: DataError| data(DataError { field: format!("{key} `{name}`, {}", error.field), ..error });
        if array.shape().len() != 1 {
            return Err(named(DataError::new("axes", "one", format!("shape {:?}", array.shape()))));
        }
        Ok(array)
    };
    let numbers = |key: &str, name: &str, array: NpyArray| {
        let named = |error: DataError| data(DataError { field: format!("{key} `{name}`, {}", error.field), ..error });
        array.to_f64().map_err(named)
    };
    let times = numbers("spikes.times", name, read("spikes.times", &Some(name.to_string()))?)?;
    let site_of_spike = read("spikes.site_of_spike", &table.site_of_spike)?;
    let align = table.align.as_deref().unwrap_or_default();
    let align_secs = numbers("spikes.align", align, read("spikes.align", &table.align)?)?;
    if site_of_spike.shape() != [times.len()] {
        let expected = format!("{} values, one a spike", times.len());
        return Err(data(DataError::new("spikes.site_of_spike", expected, site_of_spike.shape()[0].to_string())));
    }
    if align_secs.is_empty() {
        return Err(data(DataError::new("spikes.align, trial axis", "at least 1", "0")));
    }
    let mut lists = deal(&times, &site_of_spike, table.site_of_spike_by, sites).map_err(data)?;
    let times_secs = sites.kept.iter().map(|(site_idx, _)| std::mem::take(&mut lists[*site_idx])).collect();
    let trials = TrialAxes::one(align_secs.len());
    Ok((Spikes::Times(SpikeTimes { times_secs, align_secs }), trials))
}

/// For each of our axes, its position in the array.
pub(crate) fn axis_order(key: &str, ours: &[&str], given: &[String]) -> spikereel_data::Result<Vec<usize>> {
    let order: Option<Vec<usize>> = ours.iter().map(|axis| given.iter().position(|name| name == axis)).collect();
    order.filter(|_| given.len() == ours.len()).ok_or_else(|| {
        DataError::new(key, format!("{}, each once, in the array's order", ours.join(", ")), format!("{given:?}"))
    })
}

/// Reads spikes `[trial, bin, site]` to be decoded: a npy file, or an array of a npz file (its only one with three axes where no name is given).
///
/// # Errors
/// Names the file: no such array, other axes, values that are not finite.
pub fn read_spikes(path: &Path, array: Option<&str>) -> Result<Array3<f32>> {
    let data = |error| FormatError::data(path, error);
    regular_len(path)?;
    let found: NpyArray = if path.extension().is_some_and(|extension| extension == "npy") {
        super::npy::read(path)?
    } else {
        let mut npz = super::npz::NpzFile::open(path)?;
        let list = npz.list()?;
        let name = match array {
            Some(name) => name.to_string(),
            None => {
                let three: Vec<_> = list.iter().filter(|array| array.shape.len() == 3).collect();
                let [only] = three[..] else {
                    let got = format!("{} of them", three.len());
                    let error = DataError::new("arrays", "one array with three axes, [trial, bin, site]", got);
                    return Err(data(error.hint(format!("name one of {}", super::bundle::join(&list)))));
                };
                only.name.clone()
            }
        };
        npz.read(&name)?.ok_or_else(|| {
            let error = DataError::new("array", "the name of an array", format!("`{name}`"));
            data(error.hint(format!("there are {}", super::bundle::join(&list))))
        })?
    };
    if found.shape().len() != 3 {
        let error = DataError::new("spikes", "three axes, [trial, bin, site]", format!("shape {:?}", found.shape()));
        return Err(data(error));
    }
    let shape = [found.shape()[0], found.shape()[1], found.shape()[2]];
    Ok(found.to_spikes(&[0, 1, 2], shape).map_err(data)?.to_array())
}
