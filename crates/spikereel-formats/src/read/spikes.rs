//! The spikes of a recording: counts whose axes stand in any order, or times of single spikes.

use super::NpyArray;
use super::bundle::Bundle;
use super::sidecar::SpikesTable;
use super::sites::Sites;
use crate::files::regular_len;
use crate::{FormatError, Result};
use ndarray::Array3;
use spikereel_data::{BinGrid, DataError, SharedBytes, SpikeEncoding, SpikeTensor, SpikeTimes, Spikes};
use std::path::Path;

const AXES: [&str; 3] = ["trial", "bin", "site"];

/// Reads what `[spikes]` names, kept sites only. Returns the spikes and the number of trials.
pub(crate) fn read(sidecar: &Path, bundle: &mut Bundle, table: &SpikesTable, sites: &Sites) -> Result<(Spikes, usize)> {
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
) -> Result<(Spikes, usize)> {
    let data = |error| FormatError::data(sidecar, error);
    let field = format!("spikes.counts `{name}`");
    if table.site_of_spike.is_some() || table.align.is_some() {
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
    let order = axis_order("spikes.axes", &AXES, axes).map_err(data)?;
    let Some(bins) = table.bins else {
        return Err(data(DataError::new("spikes.bins", "start_secs and width_secs", "nothing")));
    };
    let array = bundle.read("spikes.counts", name)?;
    if array.shape().len() != 3 {
        let error = DataError::new(field, format!("three axes, {axes:?}"), format!("shape {:?}", array.shape()));
        return Err(data(error));
    }
    let n_sites = array.shape()[order[2]];
    if n_sites != sites.n_in_file {
        let fits: Vec<usize> = (0..3).filter(|&axis| array.shape()[axis] == sites.n_in_file).collect();
        let hint = match fits[..] {
            [axis] => format!("the shape is {:?}: `site` fits axis {axis}; correct `axes`", array.shape()),
            _ => format!("the shape is {:?}; check `axes` and the labels", array.shape()),
        };
        let expected = format!("{} ({})", sites.n_in_file, sites.source);
        return Err(data(DataError::new(format!("{field}, site axis"), expected, n_sites.to_string()).hint(hint)));
    }
    let named = |error: DataError| data(DataError { field: format!("{field}, {}", error.field), ..error });
    let counts = array.to_spikes([order[0], order[1], order[2]]).map_err(named)?;
    drop(array);
    let [n_trials, n_bins, _] = counts.shape();
    let grid = BinGrid::new(bins.start_secs, bins.width_secs, bins.step_secs.unwrap_or(bins.width_secs), n_bins)
        .map_err(|error| data(DataError { field: format!("spikes.bins, {}", error.field), ..error }))?;
    let kept: Vec<usize> = sites.kept.iter().map(|(site_idx, _)| *site_idx).collect();
    Ok((Spikes::Counts(keep_sites(&counts, &kept).map_err(named)?, grid), n_trials))
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
) -> Result<(Spikes, usize)> {
    let data = |error| FormatError::data(sidecar, error);
    if table.axes.is_some() || table.bins.is_some() {
        let got = "`axes` or `bins`, which belong to `counts`";
        return Err(data(DataError::new("spikes", "`site_of_spike` and `align` beside `times`", got)));
    }
    let mut column = |key: &str, name: &Option<String>| -> Result<Vec<f64>> {
        let Some(name) = name else {
            return Err(data(DataError::new(key, "the name of an array", "nothing")));
        };
        let array = bundle.read(key, name)?;
        let named = |error: DataError| data(DataError { field: format!("{key} `{name}`, {}", error.field), ..error });
        if array.shape().len() != 1 {
            return Err(named(DataError::new("axes", "one", format!("shape {:?}", array.shape()))));
        }
        array.to_f64().map_err(named)
    };
    let times = column("spikes.times", &Some(name.to_string()))?;
    let site_of_spike = column("spikes.site_of_spike", &table.site_of_spike)?;
    let align_secs = column("spikes.align", &table.align)?;
    if site_of_spike.len() != times.len() {
        let expected = format!("{} values, one a spike", times.len());
        return Err(data(DataError::new("spikes.site_of_spike", expected, site_of_spike.len().to_string())));
    }
    if align_secs.is_empty() {
        return Err(data(DataError::new("spikes.align, trial axis", "at least 1", "0")));
    }
    let mut lists = vec![Vec::new(); sites.n_in_file];
    for (at, (&site, &time)) in site_of_spike.iter().zip(&times).enumerate() {
        let list = (site >= 0.0 && site.fract() == 0.0).then(|| lists.get_mut(site as usize)).flatten();
        let Some(list) = list else {
            let expected = format!("whole numbers from 0 below {} ({})", sites.n_in_file, sites.source);
            return Err(data(DataError::new("spikes.site_of_spike", expected, format!("{site} at spike {at}"))));
        };
        list.push(time);
    }
    let times_secs = sites.kept.iter().map(|(site_idx, _)| std::mem::take(&mut lists[*site_idx])).collect();
    let n_trials = align_secs.len();
    Ok((Spikes::Times(SpikeTimes { times_secs, align_secs }), n_trials))
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
    Ok(found.to_spikes([0, 1, 2]).map_err(data)?.to_array())
}
