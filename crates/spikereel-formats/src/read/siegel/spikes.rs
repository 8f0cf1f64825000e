//! Times of each trial and unit to counts `[trial, bin, site]`.

use crate::read::MAX_ARRAY_BYTES;
use crate::read::matlab::MatValue;
use ndarray::{Array3, Axis};
use spikereel_data::prepare::bin_spike_times;
use spikereel_data::{BinGrid, DataError, Result, SpikeTensor, SpikeTimes};

/// Bins may reach beyond the epoch by rounding alone.
const SLACK_SECS: f64 = 1e-9;

/// The cell array of spike times.
pub(super) struct Times<'a> {
    pub n_rows: usize,
    pub n_columns: usize,
    cells: &'a [MatValue],
}

/// Counts, and how many of all spikes lie outside of the epoch.
pub(super) struct Counted {
    pub counts: SpikeTensor,
    pub n_outside: usize,
}

impl<'a> Times<'a> {
    pub(super) fn of(name: &str, value: &'a MatValue) -> Result<Self> {
        match value {
            MatValue::Cell { dims, values } if dims.len() == 2 && !values.is_empty() => {
                Ok(Self { n_rows: dims[0], n_columns: dims[1], cells: values })
            }
            other => {
                let got = format!("{} with axes {:?}", other.class(), other.dims());
                Err(DataError::new(format!("`{name}`"), "a cell array of trials by units", got))
            }
        }
    }

    /// Counts the spikes of some rows; the columns of each site are taken together.
    pub(super) fn count(
        &self,
        name: &str,
        rows: &[usize],
        columns: &[Vec<usize>],
        grid: &BinGrid,
        epoch_secs: [f64; 2],
    ) -> Result<Counted> {
        let n_bytes = [rows.len(), grid.n_bins, columns.len(), 4];
        let n_bytes = n_bytes.iter().try_fold(1_u64, |n, &len| n.checked_mul(len as u64));
        if n_bytes.is_none_or(|n_bytes| n_bytes > MAX_ARRAY_BYTES) {
            let expected = format!("counts of at most {} GiB", MAX_ARRAY_BYTES >> 30);
            return Err(DataError::new("bins", expected, format!("{} bins", grid.n_bins)));
        }
        let mut counts = Array3::<f32>::zeros((rows.len(), grid.n_bins, columns.len()));
        let (mut n_spikes, mut n_outside) = (0, 0);
        for (mut trial, &row) in counts.axis_iter_mut(Axis(0)).zip(rows) {
            let site = |columns: &Vec<usize>| {
                let mut times = Vec::new();
                for &column in columns {
                    times.extend(self.times(name, row, column)?);
                }
                n_spikes += times.len();
                n_outside += times.iter().filter(|time| **time < epoch_secs[0] || **time > epoch_secs[1]).count();
                // Which spike is counted where does not depend on their order.
                times.sort_by(f64::total_cmp);
                Ok(times)
            };
            let times_secs = columns.iter().map(site).collect::<Result<Vec<_>>>()?;
            let binned = bin_spike_times(&SpikeTimes { times_secs, align_secs: vec![0.0] }, grid)?;
            trial.assign(&binned.to_array().index_axis(Axis(0), 0));
        }
        if n_outside * 2 > n_spikes {
            let expected = format!("seconds from stimulus onset, between {} and {}", epoch_secs[0], epoch_secs[1]);
            let error =
                DataError::new(format!("`{name}`"), expected, format!("{n_outside} of {n_spikes} spikes outside"));
            return Err(
                error.hint("times in milliseconds must be divided by 1000; another epoch is set by `epoch_secs`")
            );
        }
        Ok(Counted { counts: SpikeTensor::from_array(counts.view())?, n_outside })
    }

    fn times(&self, name: &str, row: usize, column: usize) -> Result<Vec<f64>> {
        let wrong = |error: DataError| {
            let field = format!("`{name}{{{},{}}}`, {}", row + 1, column + 1, error.field);
            DataError { field, ..error }
        };
        let value = &self.cells[row + self.n_rows * column];
        let times = value.to_f64().map_err(wrong)?;
        if value.dims().iter().filter(|len| **len != 1).count() > 1 && !times.is_empty() {
            return Err(wrong(DataError::new("axes", "a list of times", format!("{:?}", value.dims()))));
        }
        match times.iter().find(|time| !time.is_finite()) {
            Some(time) => Err(wrong(DataError::new("times", "finite numbers", time.to_string()))),
            None => Ok(times),
        }
    }
}

/// Bins must lie where spikes were stored: silence beyond would be taken for data.
pub(super) fn check_grid(grid: &BinGrid, epoch_secs: [f64; 2]) -> Result<()> {
    BinGrid::new(grid.start_secs, grid.width_secs, grid.step_secs, grid.n_bins)?;
    let end = grid.left_secs(grid.n_bins - 1) + grid.width_secs;
    if !(grid.start_secs >= epoch_secs[0] - SLACK_SECS && end <= epoch_secs[1] + SLACK_SECS) {
        let expected = format!(
            "bins between {} and {} s from stimulus onset, where spikes were stored",
            epoch_secs[0], epoch_secs[1]
        );
        return Err(DataError::new("bins", expected, format!("{} to {end} s", grid.start_secs)));
    }
    Ok(())
}
