//! Time series: where they are, their clocks, and reading their values.

use super::NwbFile;
use crate::Result;
use crate::read::hdf::{HdfDataset, Node};
use serde::Serialize;

/// Groups that hold series.
const PLACES: [&str; 4] = ["stimulus/presentation", "stimulus/templates", "acquisition", "processing"];
/// Groups below those that are searched: a module, an interface, a series.
const MAX_DEPTH: usize = 4;
/// Objects that are looked at, so that links in circles end.
const MAX_OBJECTS: usize = 10_000;

/// When the samples of a series were taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesClock {
    /// Evenly: sample `i` at `start_secs + i / rate_hz`.
    Rate {
        /// Time of sample 0.
        start_secs: f64,
        /// Samples a second.
        rate_hz: f64,
    },
    /// Each at its own time.
    Timestamps {
        /// How many.
        n: usize,
    },
    /// Not said.
    Unsaid,
}

/// A series as it stands in the file; its values are not read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesInfo {
    /// Path in the file, without a leading slash.
    pub path: String,
    /// The schema's name for it, such as `ImageSeries`.
    pub kind: String,
    /// Shape of `data`, the time axis first; empty where there is none.
    pub shape: Vec<usize>,
    /// Type of `data` in words.
    pub dtype: String,
    /// Unit of `data`.
    pub unit: Option<String>,
    /// When samples were taken.
    pub clock: SeriesClock,
    /// Movie files outside of this one. Where there are any, `data` is a placeholder.
    pub external: Vec<String>,
}

impl SeriesInfo {
    /// Whether it can be a covariate: numbers in the file, one or few a sample, on a clock.
    pub fn is_covariate(&self) -> bool {
        let few = matches!(self.shape.as_slice(), [_] | [_, 1]);
        few && self.clock != SeriesClock::Unsaid && (self.dtype.contains("int") || self.dtype.contains("float"))
    }
}

impl NwbFile {
    /// All series of the stimulus, of acquisition and of processing modules.
    ///
    /// # Errors
    /// A series whose parts cannot be understood.
    pub fn series(&self) -> Result<Vec<SeriesInfo>> {
        let mut found = Vec::new();
        let mut n_left = MAX_OBJECTS;
        for place in PLACES {
            self.walk(place, MAX_DEPTH, &mut n_left, &mut found)?;
        }
        Ok(found)
    }

    fn walk(&self, path: &str, depth: usize, n_left: &mut usize, found: &mut Vec<SeriesInfo>) -> Result<()> {
        for name in self.hdf.children(path) {
            if *n_left == 0 {
                return Ok(());
            }
            *n_left -= 1;
            let child = format!("{path}/{name}");
            if self.hdf.node(&child) != Some(Node::Group) {
                continue;
            }
            if self.is_series(&child) {
                found.push(self.series_info(&child)?);
            } else if depth > 1 {
                self.walk(&child, depth - 1, n_left, found)?;
            }
        }
        Ok(())
    }

    fn is_series(&self, path: &str) -> bool {
        let has = |name: &str| self.hdf.node(&format!("{path}/{name}")) == Some(Node::Dataset);
        has("timestamps") || has("starting_time") || (has("data") && self.kind(path).contains("Series"))
    }

    /// What one series is.
    ///
    /// # Errors
    /// Nothing at this path, or parts that cannot be understood.
    pub fn series_info(&self, path: &str) -> Result<SeriesInfo> {
        let path = path.trim_matches('/');
        if self.hdf.node(path) != Some(Node::Group) {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let beside = crate::read::hdf::list(&self.hdf.children(parent));
            let hint = if beside.is_empty() {
                "give its path, such as `stimulus/presentation/movie`".into()
            } else {
                format!("`{parent}` holds {beside}")
            };
            return Err(self.fault_hint(path, "a series", "nothing", hint));
        }
        let data = self.hdf.find(&format!("{path}/data"))?;
        let (shape, dtype, unit) = data.as_ref().map_or((Vec::new(), String::new(), None), |data| {
            (data.shape().to_vec(), data.dtype().to_string(), data.text_attr("unit"))
        });
        let external = match self.hdf.find(&format!("{path}/external_file"))? {
            Some(files) if self.text(&format!("{path}/format")).is_none_or(|format| format == "external") => {
                files.texts()?
            }
            _ => Vec::new(),
        };
        Ok(SeriesInfo {
            kind: self.kind(path),
            clock: self.clock(path)?,
            path: path.into(),
            shape,
            dtype,
            unit,
            external,
        })
    }

    fn clock(&self, path: &str) -> Result<SeriesClock> {
        if let Some(times) = self.hdf.find(&format!("{path}/timestamps"))? {
            return Ok(SeriesClock::Timestamps { n: times.n_rows() });
        }
        let Some(start) = self.hdf.find(&format!("{path}/starting_time"))? else { return Ok(SeriesClock::Unsaid) };
        let (start_secs, rate_hz) = (start.f64()?.first().copied(), start.f64_attr("rate"));
        match (start_secs, rate_hz) {
            (Some(start_secs), Some(rate_hz)) if start_secs.is_finite() && rate_hz.is_finite() && rate_hz > 0.0 => {
                Ok(SeriesClock::Rate { start_secs, rate_hz })
            }
            _ => {
                Err(start
                    .fault("a finite time and an attribute `rate` above 0", format!("{start_secs:?} and {rate_hz:?}")))
            }
        }
    }

    /// Times of the first `n` samples, ascending.
    pub(super) fn sample_times(&self, info: &SeriesInfo, n: usize) -> Result<Vec<f64>> {
        match info.clock {
            SeriesClock::Rate { start_secs, rate_hz } => {
                Ok((0..n).map(|at| start_secs + at as f64 / rate_hz).collect())
            }
            SeriesClock::Timestamps { n: n_times } => {
                let stamps = self.hdf.dataset(&format!("{}/timestamps", info.path))?;
                if n_times != n {
                    return Err(stamps.fault(format!("{n} times, one a sample"), n_times.to_string()));
                }
                let times = stamps.f64()?;
                if let Some(at) = times.iter().position(|time| !time.is_finite()) {
                    return Err(stamps.fault("finite times", format!("{} at sample {at}", times[at])));
                }
                if let Some(at) = times.windows(2).position(|pair| pair[0] > pair[1]) {
                    return Err(stamps.fault("ascending times", format!("a step back at sample {}", at + 1)));
                }
                Ok(times)
            }
            SeriesClock::Unsaid => {
                let hint = "a series without `timestamps` or `starting_time` cannot be aligned";
                Err(self.fault_hint(&info.path, "times of its samples", "neither timestamps nor a rate", hint))
            }
        }
    }

    /// Mean of a series in each window `[from, to)`, in the series' unit (`data * conversion + offset`).
    pub(super) fn series_means(&self, path: &str, windows: &[[f64; 2]]) -> Result<Vec<f64>> {
        let info = self.series_info(path)?;
        let data = self.hdf.dataset(&format!("{}/data", info.path))?;
        if !matches!(data.shape(), [_] | [_, 1]) {
            return Err(data.fault("one number a sample", format!("shape {:?}", data.shape())));
        }
        let times = self.sample_times(&info, data.n_rows())?;
        let factor = data.f64_attr("conversion").filter(|value| value.is_finite()).unwrap_or(1.0);
        let offset = data.f64_attr("offset").filter(|value| value.is_finite()).unwrap_or(0.0);
        let mean = |(trial_idx, &[from, to]): (usize, &[f64; 2])| {
            let rows = times.partition_point(|&time| time < from)..times.partition_point(|&time| time < to);
            if rows.is_empty() {
                return Err(self.no_sample(&data, trial_idx, [from, to], &times));
            }
            let n = rows.len() as f64;
            Ok(data.f64_rows(rows)?.iter().sum::<f64>() / n * factor + offset)
        };
        windows.iter().enumerate().map(mean).collect()
    }

    fn no_sample(
        &self,
        data: &HdfDataset<'_>,
        trial_idx: usize,
        window: [f64; 2],
        times: &[f64],
    ) -> crate::FormatError {
        let got = format!(
            "none from {} to {} s (trial {trial_idx}); samples go from {:?} to {:?} s",
            window[0],
            window[1],
            times.first().copied().unwrap_or(f64::NAN),
            times.last().copied().unwrap_or(f64::NAN)
        );
        data.fault_hint("samples in the window of every trial", got, "take a longer window, or leave the series out")
    }
}
