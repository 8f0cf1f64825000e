//! Units: their spikes, ids and regions.

use super::NwbFile;
use super::options::UnitOptions;
use super::region;
use super::table::Table;
use crate::read::sites::check_name;
use crate::{FormatError, Result};
use ndarray::{Array3, Axis};
use spikereel_data::prepare::bin_spike_times;
use spikereel_data::{BinGrid, Region, SharedBytes, Site, SpikeEncoding, SpikeTensor, SpikeTimes};
use std::ops::Range;

/// Spikes that are read at a time.
const BLOCK: usize = 1 << 20;

/// Sites and their spikes.
#[derive(Debug, Clone)]
pub struct Units {
    /// The sites that are kept, in the order of the table.
    pub sites: Vec<Site>,
    /// Per site, ascending, seconds on the session's clock.
    pub times_secs: Vec<Vec<f64>>,
    /// Earliest and latest spike of the kept sites, those outside the windows too; none without spikes.
    pub range_secs: Option<[f64; 2]>,
    /// Units in the file.
    pub n_in_file: usize,
    /// What a reader of results should know.
    pub remarks: Vec<String>,
}

impl NwbFile {
    /// Reads units. With `windows` (seconds, sorted, apart from each other), only spikes inside of them are kept.
    ///
    /// # Errors
    /// No table `units` or no spikes in it; a unit without a region; times that are not finite or not ascending.
    pub fn read_units(&self, options: &UnitOptions, session: &str, windows: Option<&[[f64; 2]]>) -> Result<Units> {
        let chosen = self.choose_units(options, session)?;
        let mut times_secs = Vec::with_capacity(chosen.rows.len());
        let range_secs = self.each_site(&chosen, options.clock.secs(), |times| {
            times_secs.push(match windows {
                Some(windows) => inside(&times, windows),
                None => times,
            });
            Ok(())
        })?;
        Ok(chosen.units(times_secs, range_secs))
    }

    /// Reads units and counts their spikes in the bins of `grid` around each of `align_secs`, one site after the other: memory is
    /// needed for the counts and the spikes of a single unit. The times in the result are empty lists.
    ///
    /// # Shapes
    /// - returns: the sites, and counts `[trial, bin, site]`
    ///
    /// # Errors
    /// As [`NwbFile::read_units`], and no trials.
    pub fn read_binned_units(
        &self,
        options: &UnitOptions,
        session: &str,
        align_secs: &[f64],
        grid: &BinGrid,
    ) -> Result<(Units, SpikeTensor)> {
        let data = |error| FormatError::data(self.hdf.path(), error);
        let chosen = self.choose_units(options, session)?;
        let n_sites = chosen.rows.len();
        let mut columns: Vec<SpikeTensor> = Vec::with_capacity(n_sites);
        let mut times = SpikeTimes { times_secs: Vec::new(), align_secs: align_secs.to_vec() };
        let range_secs = self.each_site(&chosen, options.clock.secs(), |list| {
            times.times_secs = vec![list];
            columns.push(bin_spike_times(&times, grid).map_err(data)?);
            Ok(())
        })?;
        let counts = side_by_side(&columns, [align_secs.len(), grid.n_bins, n_sites]).map_err(data)?;
        Ok((chosen.units(vec![Vec::new(); n_sites], range_secs), counts))
    }

    fn choose_units(&self, options: &UnitOptions, session: &str) -> Result<Chosen<'_>> {
        let table = self.units_table()?;
        let regions = region::read(&table, &options.region)?;
        let ids = self.unit_ids(&table)?;
        let mut remarks = Vec::new();
        if regions.n_split > 0 {
            remarks.push(format!(
                "{} of {} units have electrodes in more than one region; each counts to the most frequent",
                regions.n_split, table.n_rows
            ));
        }
        self.check_region_keys(options, &regions.names)?;
        let selected = table.select(&options.only)?;
        let (mut rows, mut sites, mut n_unknown) = (Vec::new(), Vec::new(), 0);
        for row in selected {
            let name = &regions.names[row];
            if region::is_unknown(name) && options.drop_unknown {
                n_unknown += 1;
                continue;
            }
            if region::is_unknown(name) {
                let got = format!("nothing for unit {} (row {row})", ids[row]);
                let hint = format!(
                    "choose another source by `region` (--region: electrodes, group, a column of units: {}), or leave such units out by \
                     `drop_unknown = true` (--drop-unknown)",
                    table.described()
                );
                return Err(self.fault_hint("units, region", "a name for every unit", got, hint));
            }
            let Some(renamed) = options.region_of(name) else { continue };
            check_name("region", renamed, || format!("unit {}", ids[row]))
                .map_err(|error| FormatError::data(self.hdf.path(), error))?;
            rows.push(row);
            sites.push(Site { id: ids[row].clone(), region: Region(renamed.into()), session: session.to_string() });
        }
        if n_unknown > 0 {
            remarks.push(format!("{n_unknown} units without a region were left out"));
        }
        if rows.is_empty() {
            let got = format!("none of {}", table.n_rows);
            return Err(self.fault_hint(
                "units",
                "at least one that is kept",
                got,
                "loosen `only` (--units) or `drop_regions` (--drop-region)",
            ));
        }
        Ok(Chosen { table, ids, rows, sites, remarks })
    }

    pub(super) fn units_table(&self) -> Result<Table<'_>> {
        let Some(table) = Table::find(self, "units")? else {
            let hint =
                "the file holds no sorted spikes; it may be one of several files of its session, or raw voltages only";
            return Err(self.fault_hint("units", "a table of units", "nothing", hint));
        };
        if table.n_rows == 0 {
            return Err(self.fault("units", "at least one unit", "an empty table"));
        }
        Ok(table)
    }

    pub(super) fn unit_ids(&self, table: &Table<'_>) -> Result<Vec<String>> {
        let Some(ids) = self.hdf.find("units/id")? else {
            return Ok((0..table.n_rows).map(|row| row.to_string()).collect());
        };
        let ids = ids.i64()?;
        if ids.len() != table.n_rows {
            return Err(self.fault("units/id", format!("{} ids", table.n_rows), ids.len().to_string()));
        }
        Ok(ids.iter().map(ToString::to_string).collect())
    }

    fn check_region_keys(&self, options: &UnitOptions, names: &[String]) -> Result<()> {
        let dropped = options.drop_regions.iter().map(|name| ("units.drop_regions", name));
        for (key, name) in dropped.chain(options.rename_regions.keys().map(|name| ("units.rename_regions", name))) {
            if !names.contains(name) {
                let mut known: Vec<String> = names.to_vec();
                known.sort_unstable();
                known.dedup();
                let expected = format!("a region of this file: {}", crate::read::hdf::list(&known));
                return Err(self.fault(key, expected, format!("`{name}`")));
            }
        }
        Ok(())
    }

    /// Ends of each unit's spikes in the flat list.
    pub(super) fn spike_ends(&self, table: &Table<'_>) -> Result<Vec<usize>> {
        let Some(flat) = self.hdf.find("units/spike_times")? else {
            let hint = "units without spike times cannot be decoded from";
            let got = format!("columns {}", table.described());
            return Err(self.fault_hint("units/spike_times", "the times of spikes", got, hint));
        };
        if flat.shape().len() != 1 {
            return Err(flat.fault("one axis", format!("shape {:?}", flat.shape())));
        }
        if self.hdf.node("units/spike_times_index").is_none() {
            let hint = "without `spike_times_index` it is not known which unit a spike belongs to";
            return Err(self.fault_hint("units/spike_times_index", "the ends of each unit's spikes", "nothing", hint));
        }
        table.ends("spike_times", flat.n_rows())
    }

    /// Hands out the ascending times of each chosen site, in seconds; returns the earliest and the latest of all.
    pub(super) fn each_site(
        &self,
        chosen: &Chosen<'_>,
        secs: f64,
        mut take: impl FnMut(Vec<f64>) -> Result<()>,
    ) -> Result<Option<[f64; 2]>> {
        let ends = self.spike_ends(&chosen.table)?;
        let flat = self.hdf.dataset("units/spike_times")?;
        let span = |row: usize| ends.get(row.wrapping_sub(1)).copied().unwrap_or(0)..ends[row];
        let mut range: Option<[f64; 2]> = None;
        let mut block: (Range<usize>, Vec<f64>) = (0..0, Vec::new());
        for (at, &row) in chosen.rows.iter().enumerate() {
            let wanted = span(row);
            if !(block.0.start <= wanted.start && wanted.end <= block.0.end) {
                // Neighbors come along, so that many small units do not unpack one chunk again and again.
                let end = chosen.rows[at..].iter().map(|&row| span(row).end);
                let end = end.take_while(|end| end - wanted.start <= BLOCK).last();
                let range = wanted.start..end.unwrap_or(wanted.end).max(wanted.end);
                block = (range.clone(), Vec::new());
                block.1 = flat.f64_rows(range)?;
            }
            let mut times = block.1[wanted.start - block.0.start..wanted.end - block.0.start].to_vec();
            if secs != 1.0 {
                times.iter_mut().for_each(|time| *time *= secs);
            }
            self.check_times(&times, &chosen.ids[row])?;
            if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
                range = Some(range.map_or([first, last], |[from, to]| [from.min(first), to.max(last)]));
            }
            take(times)?;
        }
        Ok(range)
    }

    fn check_times(&self, times: &[f64], id: &str) -> Result<()> {
        if let Some(at) = times.iter().position(|time| !time.is_finite()) {
            let got = format!("{} at spike {at} of unit {id}", times[at]);
            let hint = "leave the unit out by `only` (--units), or mend its times";
            return Err(self.fault_hint("units/spike_times", "finite times", got, hint));
        }
        if let Some(at) = times.windows(2).position(|pair| pair[0] > pair[1]) {
            let got = format!("{} after {} at spike {} of unit {id}", times[at + 1], times[at], at + 1);
            let hint = "sort the times; where the unit's list holds several units, `spike_times_index` is wrong";
            return Err(self.fault_hint("units/spike_times", "ascending times for each unit", got, hint));
        }
        Ok(())
    }
}

/// The units that become sites.
pub(super) struct Chosen<'a> {
    table: Table<'a>,
    /// Of every row of the table.
    ids: Vec<String>,
    rows: Vec<usize>,
    sites: Vec<Site>,
    remarks: Vec<String>,
}

impl<'a> Chosen<'a> {
    /// All units, without regions.
    pub(super) fn all(ids: Vec<String>, table: Table<'a>) -> Self {
        Self { rows: (0..table.n_rows).collect(), table, ids, sites: Vec::new(), remarks: Vec::new() }
    }

    /// Id of the unit that becomes a site.
    pub(super) fn id(&self, site_idx: usize) -> String {
        self.rows.get(site_idx).map_or_else(String::new, |&row| self.ids[row].clone())
    }

    fn units(self, times_secs: Vec<Vec<f64>>, range_secs: Option<[f64; 2]>) -> Units {
        Units { sites: self.sites, times_secs, range_secs, n_in_file: self.table.n_rows, remarks: self.remarks }
    }
}

/// Counts of single sites as one tensor `[trial, bin, site]`.
fn side_by_side(columns: &[SpikeTensor], shape: [usize; 3]) -> spikereel_data::Result<SpikeTensor> {
    let n_sites = shape[2];
    if columns.iter().all(|column| column.encoding() == SpikeEncoding::U8) {
        let mut bytes = vec![0; shape.iter().product()];
        for (site_idx, column) in columns.iter().enumerate() {
            column.bytes().iter().enumerate().for_each(|(at, &count)| bytes[at * n_sites + site_idx] = count);
        }
        return SpikeTensor::from_bytes(shape, SpikeEncoding::U8, SharedBytes::new(bytes));
    }
    let mut counts = Array3::<f32>::zeros(shape);
    for (site_idx, column) in columns.iter().enumerate() {
        counts.index_axis_mut(Axis(2), site_idx).assign(&column.to_array().index_axis(Axis(2), 0));
    }
    SpikeTensor::from_array(counts.view())
}

/// Times inside of windows `[from, to)`.
fn inside(times: &[f64], windows: &[[f64; 2]]) -> Vec<f64> {
    let mut kept = Vec::new();
    for &[from, to] in windows {
        let (start, end) = (times.partition_point(|&time| time < from), times.partition_point(|&time| time < to));
        kept.extend_from_slice(&times[start..end]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn a_window_holds_its_start_and_not_its_end() {
        assert_eq!(inside(&[0.0, 1.0, 1.5, 2.0, 5.0], &[[1.0, 2.0], [5.0, 6.0]]), [1.0, 1.5, 5.0]);
    }
}
