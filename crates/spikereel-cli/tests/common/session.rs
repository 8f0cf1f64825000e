//! A small NWB session that can be made wrong in one way at a time.

#![allow(dead_code, missing_docs)]

use rust_hdf5::{H5File, H5Group};
use std::path::Path;

/// Twelve trials of 1 s, three sites, a movie of 4 frames a second.
#[derive(Clone)]
pub struct Session {
    pub identifier: &'static str,
    pub version: &'static str,
    pub spikes: Vec<Vec<f64>>,
    /// Electrode of each unit; none for no such column.
    pub electrodes: Option<Vec<i64>>,
    pub places: [&'static str; 2],
    /// Name of the table of trials; none for no table.
    pub table: Option<&'static str>,
    pub start: Vec<f64>,
    pub stop: Vec<f64>,
    /// Column `stim_on`.
    pub stim_on: Vec<f64>,
    pub cue: Vec<i32>,
    pub side: Vec<i32>,
    /// Frames and axes of one; none for no movie.
    pub movie: Option<Movie>,
}

#[derive(Clone)]
pub struct Movie {
    pub shape: Vec<usize>,
    pub values: MovieValues,
    pub rate_hz: f64,
    pub external: Option<&'static str>,
}

#[derive(Clone)]
pub enum MovieValues {
    Bytes,
    Floats(f64),
}

pub const N_TRIALS: usize = 12;

impl Default for Session {
    fn default() -> Self {
        let start: Vec<f64> = (0..N_TRIALS).map(|trial| 2.0 * trial as f64).collect();
        let spikes =
            (0..3).map(|site| (0..40).map(|n| 0.13 * f64::from(site + 1) + 0.59 * f64::from(n)).collect()).collect();
        Self {
            identifier: "day 1",
            version: "2.8.0",
            spikes,
            electrodes: Some(vec![0, 1, 1]),
            places: ["V1", "MT"],
            table: Some("trials"),
            stop: start.iter().map(|time| time + 1.0).collect(),
            stim_on: start.iter().map(|time| time + 0.2).collect(),
            cue: (0..N_TRIALS as i32).map(|trial| trial % 2).collect(),
            side: (0..N_TRIALS as i32).map(|trial| trial / 2 % 2).collect(),
            start,
            movie: Some(Movie {
                shape: vec![100, 32, 32, 3],
                values: MovieValues::Bytes,
                rate_hz: 4.0,
                external: None,
            }),
        }
    }
}

fn floats(group: &H5Group, name: &str, values: &[f64]) {
    group.new_dataset::<f64>().shape([values.len()]).create(name).unwrap().write_raw(values).unwrap();
}

fn whole(group: &H5Group, name: &str, values: &[i64]) {
    group.new_dataset::<i64>().shape([values.len()]).create(name).unwrap().write_raw(values).unwrap();
}

impl Session {
    pub fn write(&self, path: &Path) {
        let file = H5File::create(path).unwrap();
        file.set_attr_string("nwb_version", self.version).unwrap();
        file.write_vlen_strings("identifier", &[self.identifier]).unwrap();
        let units = file.create_group("units").unwrap();
        floats(&units, "spike_times", &self.spikes.concat());
        let ends = self.spikes.iter().scan(0, |end, list| {
            *end += list.len() as i64;
            Some(*end)
        });
        whole(&units, "spike_times_index", &ends.collect::<Vec<i64>>());
        whole(&units, "id", &(0..self.spikes.len() as i64).collect::<Vec<i64>>());
        if let Some(electrodes) = &self.electrodes {
            whole(&units, "electrodes", electrodes);
        }
        let general = file.create_group("general").unwrap().create_group("extracellular_ephys").unwrap();
        let electrodes = general.create_group("electrodes").unwrap();
        whole(&electrodes, "id", &[0, 1]);
        electrodes.write_vlen_strings("location", &self.places).unwrap();
        if let Some(table) = self.table {
            let trials = file.create_group("intervals").unwrap().create_group(table).unwrap();
            floats(&trials, "start_time", &self.start);
            floats(&trials, "stop_time", &self.stop);
            floats(&trials, "stim_on", &self.stim_on);
            for (name, values) in [("cue", &self.cue), ("side", &self.side)] {
                trials.new_dataset::<i32>().shape([values.len()]).create(name).unwrap().write_raw(values).unwrap();
            }
        }
        if let Some(movie) = &self.movie {
            movie.write(&file.create_group("stimulus").unwrap().create_group("presentation").unwrap());
        }
        file.close().unwrap();
    }
}

impl Movie {
    fn write(&self, presentation: &H5Group) {
        let group = presentation.create_group("movie").unwrap();
        group.set_attr_string("neurodata_type", "ImageSeries").unwrap();
        let n: usize = self.shape.iter().product();
        match self.values {
            MovieValues::Bytes => {
                let values: Vec<u8> = (0..n).map(|at| (at % 251) as u8).collect();
                group.new_dataset::<u8>().shape(&self.shape).create("data").unwrap().write_raw(&values).unwrap();
            }
            MovieValues::Floats(scale) => {
                let values: Vec<f64> = (0..n).map(|at| (at % 251) as f64 / 250.0 * scale).collect();
                group.new_dataset::<f64>().shape(&self.shape).create("data").unwrap().write_raw(&values).unwrap();
            }
        }
        let start = group.new_dataset::<f64>().shape([1]).create("starting_time").unwrap();
        start.write_raw(&[0.0]).unwrap();
        start.new_attr::<f64>().shape(()).create("rate").unwrap().write_numeric(&self.rate_hz).unwrap();
        if let Some(file) = self.external {
            group.write_vlen_strings("external_file", &[file]).unwrap();
            group.write_vlen_strings("format", &["external"]).unwrap();
        }
    }
}
