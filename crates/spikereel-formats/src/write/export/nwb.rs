//! NWB 2.x: the trials of a dataset, their binned spikes, and true and decoded videos, as PyNWB reads them.

use super::whole;
use crate::{FormatError, Result};
use rust_hdf5::format::messages::datatype::DatatypeMessage;
use rust_hdf5::types::VarLenUnicode;
use rust_hdf5::{H5Dataset, H5File, H5Group};
use sha2::{Digest, Sha256};
use spikereel_data::{Dataset, Level};
use std::cell::Cell;
use std::path::Path;

/// Version of the schema that is followed.
const VERSION: &str = "2.7.0";
/// Silence between the end of a trial and the start of the next, on the clock of the file.
const PAUSE_SECS: f64 = 1.0;
/// A dataset has no date; NWB demands one.
const NO_DATE: &str = "1970-01-01T00:00:00+00:00";

/// A movie with a clip for each of some trials.
#[derive(Debug, Clone, PartialEq)]
pub struct NwbMovie<'a> {
    /// Name of the series.
    pub name: &'a str,
    /// What it shows.
    pub description: &'a str,
    /// Whether it was shown (`stimulus/presentation`), or was computed (`processing/spikereel`).
    pub is_stimulus: bool,
    /// The trial of each clip.
    pub trials: &'a [usize],
    /// `[clip, frame, height, width, rgb]`, 0 to 255.
    pub shape: [usize; 5],
    /// The values.
    pub bytes: &'a [u8],
}

/// What is written.
pub struct NwbOut<'a> {
    /// Trials, sites and spikes.
    pub dataset: &'a Dataset,
    /// Movies.
    pub movies: &'a [NwbMovie<'a>],
    /// Numbers by name, such as scores.
    pub results: &'a [(String, f64)],
}

/// Writes a dataset into a new NWB file. Trials stand one after the other on a clock of the file's own, as pseudo-trials have no other;
/// the aligning event of each is in the column `align_time`.
///
/// # Errors
/// A file that exists, an I/O error.
pub fn write_nwb(path: &Path, out: &NwbOut<'_>) -> Result<()> {
    whole(path, |partial| {
        let wrong =
            |error: rust_hdf5::Hdf5Error| FormatError::io(path, "write it", std::io::Error::other(error.to_string()));
        Writer { seed: out.dataset.name.clone(), n: Cell::new(0) }.write(partial, out).map_err(wrong)
    })
}

type Written<T> = rust_hdf5::Result<T>;

struct Writer {
    seed: String,
    n: Cell<u32>,
}

impl Writer {
    /// Every object of NWB has an id of its own; these follow from the dataset's name, so that equal work gives equal bytes.
    fn object_id(&self) -> String {
        self.n.set(self.n.get() + 1);
        let hash = Sha256::digest(format!("{} {}", self.seed, self.n.get()));
        let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }

    fn typed(&self, group: &H5Group, kind: &str) -> Written<()> {
        let namespace =
            if ["DynamicTable", "VectorData", "ElementIdentifiers"].contains(&kind) { "hdmf-common" } else { "core" };
        group.set_attr_string("namespace", namespace)?;
        group.set_attr_string("neurodata_type", kind)?;
        group.set_attr_string("object_id", &self.object_id())
    }

    fn typed_dataset(&self, dataset: &H5Dataset, kind: &str, description: Option<&str>) -> Written<()> {
        text_attr(dataset, "namespace", "hdmf-common")?;
        text_attr(dataset, "neurodata_type", kind)?;
        text_attr(dataset, "object_id", &self.object_id())?;
        description.map_or(Ok(()), |text| text_attr(dataset, "description", text))
    }

    fn write(&self, path: &Path, out: &NwbOut<'_>) -> Written<()> {
        let file = H5File::create(path)?;
        let root = file.root_group();
        self.typed(&root, "NWBFile")?;
        root.set_attr_string("nwb_version", VERSION)?;
        text(&root, "identifier", &out.dataset.name)?;
        let remarks = out.dataset.remarks.join(" ");
        text(&root, "session_description", if remarks.is_empty() { "a dataset of spikereel" } else { &remarks })?;
        text(&root, "session_start_time", NO_DATE)?;
        text(&root, "timestamps_reference_time", NO_DATE)?;
        root.write_vlen_strings("file_create_date", &[NO_DATE])?;
        for name in ["acquisition", "analysis", "general"] {
            root.create_group(name)?;
        }
        self.trials(&root.create_group("intervals")?.create_group("trials")?, out.dataset)?;
        let module = root.create_group("processing")?.create_group("spikereel")?;
        self.typed(&module, "ProcessingModule")?;
        module.set_attr_string("description", "what spikereel made")?;
        self.spikes(&module.create_group("binned_spikes")?, out.dataset)?;
        self.sites(&module.create_group("sites")?, out.dataset)?;
        let stimulus = root.create_group("stimulus")?;
        stimulus.create_group("templates")?;
        let presentation = stimulus.create_group("presentation")?;
        for movie in out.movies {
            self.movie(if movie.is_stimulus { &presentation } else { &module }, movie, out.dataset)?;
        }
        if !out.results.is_empty() {
            self.results(&module.create_group("results")?, out.results)?;
        }
        file.close()
    }

    fn table(&self, table: &H5Group, kind: &str, description: &str, columns: &[&str], n_rows: usize) -> Written<()> {
        self.typed(table, kind)?;
        table.set_attr_string("description", description)?;
        table.set_attr_string_array("colnames", columns)?;
        let ids: Vec<i64> = (0..n_rows as i64).collect();
        let id = numbers(table, "id", &ids)?;
        self.typed_dataset(&id, "ElementIdentifiers", None)
    }

    fn trials(&self, table: &H5Group, dataset: &Dataset) -> Written<()> {
        let factors = dataset.conditions.factors();
        let known = ["start_time", "stop_time", "align_time"];
        let mut columns: Vec<&str> = known.to_vec();
        columns.extend(factors.iter().map(|factor| factor.name.as_str()));
        let beside = dataset.covariates.iter().map(|(name, values)| (name.as_str(), values));
        let covariates: Vec<(&str, &Vec<f64>)> = beside.filter(|(name, _)| !columns.contains(name)).collect();
        columns.extend(covariates.iter().map(|(name, _)| name));
        self.table(table, "TimeIntervals", "trials of the dataset", &columns, dataset.n_trials())?;
        let starts: Vec<f64> = (0..dataset.n_trials()).map(|trial| start_secs(dataset, trial)).collect();
        let stops: Vec<f64> = starts.iter().map(|start| start + trial_secs(dataset)).collect();
        let aligns: Vec<f64> = starts.iter().map(|start| start - dataset.bins.start_secs).collect();
        for (name, values, words) in [
            ("start_time", &starts, "left edge of the first bin"),
            ("stop_time", &stops, "right edge of the last bin"),
            ("align_time", &aligns, "the event that bins and frames are relative to"),
        ] {
            self.typed_dataset(&numbers(table, name, values)?, "VectorData", Some(words))?;
        }
        for (factor_idx, factor) in factors.iter().enumerate() {
            let level = |trial: &spikereel_data::Trial| {
                &factor.levels[dataset.conditions.level_idx(trial.condition_idx, factor_idx)]
            };
            let column = if factor.levels.iter().all(|level| matches!(level, Level::Number(_))) {
                let value = |level: &Level| if let Level::Number(value) = level { *value } else { f64::NAN };
                numbers(
                    table,
                    &factor.name,
                    &dataset.trials.iter().map(|trial| value(level(trial))).collect::<Vec<_>>(),
                )?
            } else {
                let texts: Vec<String> = dataset.trials.iter().map(|trial| level(trial).to_string()).collect();
                table.write_vlen_strings(&factor.name, &texts.iter().map(String::as_str).collect::<Vec<_>>())?
            };
            self.typed_dataset(&column, "VectorData", Some("a factor of the condition"))?;
        }
        for (name, values) in covariates {
            self.typed_dataset(&numbers(table, name, values)?, "VectorData", Some("a covariate"))?;
        }
        Ok(())
    }

    /// Counts of all trials one after the other, `[trial x bin, site]`, each at the left edge of its bin.
    fn spikes(&self, series: &H5Group, dataset: &Dataset) -> Written<()> {
        let [n_trials, n_bins, n_sites] = dataset.spikes.shape();
        self.typed(series, "TimeSeries")?;
        series.set_attr_string(
            "description",
            "spikes of each site in each bin; not standardised; sites as in the table `sites`",
        )?;
        series.set_attr_string("comments", &format!("bins of {} s", dataset.bins.width_secs))?;
        let values: Vec<f32> = dataset.spikes.to_array().into_iter().collect();
        let data = series.new_dataset::<f32>().shape([n_trials * n_bins, n_sites]).create("data")?;
        data.write_raw(&values)?;
        series_attrs(&data, "spikes")?;
        let left = |at: usize| {
            start_secs(dataset, at / n_bins) + dataset.bins.left_secs(at % n_bins) - dataset.bins.start_secs
        };
        timestamps(series, &(0..n_trials * n_bins).map(left).collect::<Vec<_>>())
    }

    fn sites(&self, table: &H5Group, dataset: &Dataset) -> Written<()> {
        let columns = ["region", "site", "session"];
        self.table(table, "DynamicTable", "sites, in the order of binned_spikes", &columns, dataset.n_sites())?;
        let of = |pick: fn(&spikereel_data::Site) -> &str| dataset.sites.iter().map(pick).collect::<Vec<&str>>();
        for (name, values) in [
            ("region", of(|site| &site.region.0)),
            ("site", of(|site| &site.id)),
            ("session", of(|site| &site.session)),
        ] {
            self.typed_dataset(&table.write_vlen_strings(name, &values)?, "VectorData", Some(name))?;
        }
        Ok(())
    }

    fn movie(&self, parent: &H5Group, movie: &NwbMovie<'_>, dataset: &Dataset) -> Written<()> {
        let [n_clips, n_frames, height, width, colors] = movie.shape;
        let series = parent.create_group(movie.name)?;
        self.typed(&series, "ImageSeries")?;
        series.set_attr_string("description", movie.description)?;
        series.set_attr_string("comments", "frame, height, width, rgb")?;
        let data = series.new_dataset::<u8>().shape([n_clips * n_frames, height, width, colors]).create("data")?;
        data.write_raw(movie.bytes)?;
        series_attrs(&data, "unknown")?;
        text(&series, "format", "raw")?;
        let time = |at: usize| {
            let trial = movie.trials[at / n_frames];
            let frame = (at % n_frames) as f64 / dataset.timeline.frame_rate_hz;
            start_secs(dataset, trial) - dataset.bins.start_secs + dataset.timeline.start_secs + frame
        };
        timestamps(&series, &(0..n_clips * n_frames).map(time).collect::<Vec<_>>())
    }

    fn results(&self, table: &H5Group, results: &[(String, f64)]) -> Written<()> {
        self.table(table, "DynamicTable", "scores", &["score", "value"], results.len())?;
        let names: Vec<&str> = results.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<f64> = results.iter().map(|(_, value)| *value).collect();
        self.typed_dataset(&table.write_vlen_strings("score", &names)?, "VectorData", Some("what was scored"))?;
        self.typed_dataset(&numbers(table, "value", &values)?, "VectorData", Some("the score"))
    }
}

fn trial_secs(dataset: &Dataset) -> f64 {
    dataset.bins.left_secs(dataset.bins.n_bins - 1) + dataset.bins.width_secs - dataset.bins.start_secs
}

/// Left edge of a trial's first bin on the clock of the file.
fn start_secs(dataset: &Dataset, trial_idx: usize) -> f64 {
    trial_idx as f64 * (trial_secs(dataset) + PAUSE_SECS)
}

fn text(group: &H5Group, name: &str, value: &str) -> Written<()> {
    let value = if value.is_empty() { "none" } else { value };
    let size =
        u32::try_from(value.len() + 1).map_err(|_| rust_hdf5::Hdf5Error::InvalidState("a text of 4 GiB".into()))?;
    let dataset = group.new_dataset::<u8>().datatype(DatatypeMessage::fixed_string_utf8(size)).scalar().create(name)?;
    let mut bytes = value.as_bytes().to_vec();
    bytes.push(0);
    dataset.write_raw_bytes(&bytes)
}

fn text_attr(dataset: &H5Dataset, name: &str, value: &str) -> Written<()> {
    dataset.new_attr::<VarLenUnicode>().shape(()).create(name)?.write_string(value)
}

fn numbers<T: rust_hdf5::types::H5Type>(group: &H5Group, name: &str, values: &[T]) -> Written<H5Dataset> {
    let dataset = group.new_dataset::<T>().shape([values.len()]).create(name)?;
    dataset.write_raw(values)?;
    Ok(dataset)
}

fn series_attrs(data: &H5Dataset, unit: &str) -> Written<()> {
    text_attr(data, "unit", unit)?;
    for (name, value) in [("conversion", 1.0_f64), ("resolution", -1.0), ("offset", 0.0)] {
        data.new_attr::<f64>().shape(()).create(name)?.write_numeric(&value)?;
    }
    Ok(())
}

fn timestamps(series: &H5Group, secs: &[f64]) -> Written<()> {
    let times = numbers(series, "timestamps", secs)?;
    text_attr(&times, "unit", "seconds")?;
    times.new_attr::<i32>().shape(()).create("interval")?.write_numeric(&1)
}
