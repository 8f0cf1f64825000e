//! Units: their spikes, ids and regions.

use super::NwbFile;
use super::options::UnitOptions;
use super::region;
use super::table::Table;
use crate::read::sites::check_name;
use crate::{FormatError, Result};
use spikereel_data::{Region, Site};
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
        let mut rows = Vec::new();
        let mut sites = Vec::new();
        for row in selected {
            let name = &regions.names[row];
            if region::is_unknown(name) {
                let got = format!("nothing for unit {} (row {row})", ids[row]);
                let hint = format!(
                    "choose another source by `region` (electrodes, group, a column of units: {}), or leave the unit out by `only`",
                    table.described()
                );
                return Err(self.fault_hint("units, region", "a name for every unit", got, hint));
            }
            if options.drop_regions.contains(name) {
                continue;
            }
            let renamed = options.rename_regions.get(name).unwrap_or(name);
            check_name("region", renamed, || format!("unit {}", ids[row]))
                .map_err(|error| FormatError::data(self.hdf.path(), error))?;
            rows.push(row);
            sites.push(Site { id: ids[row].clone(), region: Region(renamed.clone()), session: session.to_string() });
        }
        if rows.is_empty() {
            let got = format!("none of {}", table.n_rows);
            return Err(self.fault_hint("units", "at least one that is kept", got, "loosen `only` or `drop_regions`"));
        }
        let (times_secs, range_secs) = self.spikes(&table, &rows, &ids, options.clock.secs(), windows)?;
        Ok(Units { sites, times_secs, range_secs, n_in_file: table.n_rows, remarks })
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

    fn unit_ids(&self, table: &Table<'_>) -> Result<Vec<String>> {
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

    fn spikes(
        &self,
        table: &Table<'_>,
        rows: &[usize],
        ids: &[String],
        secs: f64,
        windows: Option<&[[f64; 2]]>,
    ) -> Result<(Vec<Vec<f64>>, Option<[f64; 2]>)> {
        let ends = self.spike_ends(table)?;
        let flat = self.hdf.dataset("units/spike_times")?;
        let span = |row: usize| ends.get(row.wrapping_sub(1)).copied().unwrap_or(0)..ends[row];
        let (mut lists, mut range): (Vec<Vec<f64>>, Option<[f64; 2]>) = (Vec::with_capacity(rows.len()), None);
        let mut block: (Range<usize>, Vec<f64>) = (0..0, Vec::new());
        for (at, &row) in rows.iter().enumerate() {
            let wanted = span(row);
            if !(block.0.start <= wanted.start && wanted.end <= block.0.end) {
                // Neighbors come along, so that many small units do not unpack one chunk again and again.
                let end =
                    rows[at..].iter().map(|&row| span(row).end).take_while(|end| end - wanted.start <= BLOCK).last();
                let range = wanted.start..end.unwrap_or(wanted.end).max(wanted.end);
                block = (range.clone(), flat.f64_rows(range)?);
            }
            let mut times = block.1[wanted.start - block.0.start..wanted.end - block.0.start].to_vec();
            if secs != 1.0 {
                times.iter_mut().for_each(|time| *time *= secs);
            }
            self.check_times(&times, &ids[row])?;
            if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
                range = Some(range.map_or([first, last], |[from, to]| [from.min(first), to.max(last)]));
            }
            lists.push(match windows {
                Some(windows) => inside(&times, windows),
                None => times,
            });
        }
        Ok((lists, range))
    }

    fn check_times(&self, times: &[f64], id: &str) -> Result<()> {
        if let Some(at) = times.iter().position(|time| !time.is_finite()) {
            let got = format!("{} at spike {at} of unit {id}", times[at]);
            let hint = "leave the unit out by `only`, or mend its times";
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
