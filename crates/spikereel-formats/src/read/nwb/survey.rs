//! A first look at the spikes of a file: how many each unit has, which units are the same, and what follows the events of a table.

use super::NwbFile;
use super::options::RegionSource;
use super::region;
use super::table::ColumnKind;
use super::units::Chosen;
use crate::Result;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Events whose responses are drawn, at most.
const MAX_COLUMNS: usize = 4;
/// Columns with fewer distinct times are levels of a factor and no times.
const MIN_DISTINCT: usize = 3;
/// Time around an event.
const AROUND_SECS: [f64; 2] = [-0.5, 1.0];
/// Width of its bins.
const BIN_SECS: f64 = 0.05;
const N_BINS: usize = 30;

/// A unit and its spikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteSurvey {
    /// Its id.
    pub id: String,
    /// Its region; empty where the file names none.
    pub region: String,
    /// Its spikes.
    pub n_spikes: usize,
}

/// Mean rate of all units around the events in a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventResponse {
    /// The column.
    pub column: String,
    /// Events.
    pub n_events: usize,
    /// Left edges of the bins, seconds from the event.
    pub left_secs: Vec<f64>,
    /// Mean over events and units, spikes per second.
    pub rate_hz: Vec<f64>,
}

impl EventResponse {
    /// Largest change after the event, in standard errors of the bins before it (over bins; a rule of thumb, no test).
    pub fn change(&self) -> f64 {
        let (before, after): (Vec<_>, Vec<_>) =
            self.left_secs.iter().zip(&self.rate_hz).partition(|(left, _)| **left < -1e-9);
        let n = before.len() as f64;
        let mean = before.iter().map(|(_, rate)| **rate).sum::<f64>() / n;
        let var = before.iter().map(|(_, rate)| (**rate - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let largest = after.iter().map(|(_, rate)| (**rate - mean).abs()).fold(0.0, f64::max);
        if var > 0.0 { largest / var.sqrt() } else { 0.0 }
    }
}

/// What a first look at all spikes tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpikeSurvey {
    /// Every unit of the file.
    pub sites: Vec<SiteSurvey>,
    /// First and last spike; none without spikes.
    pub range_secs: Option<[f64; 2]>,
    /// Pairs of units with the same spikes.
    pub duplicates: Vec<(String, String)>,
    /// Responses to the events of the table, that of the aligning columns first.
    pub responses: Vec<EventResponse>,
}

impl NwbFile {
    /// Looks at all spikes once, one unit after the other. `table` names the intervals whose events are looked at; without it, or where
    /// there is no such table, there are no responses.
    ///
    /// # Errors
    /// No units, or spikes that cannot be understood.
    pub fn survey(&self, source: &RegionSource, table: Option<&str>) -> Result<SpikeSurvey> {
        let units = self.units_table()?;
        let names = region::read(&units, source).map_or_else(|_| vec![String::new(); units.n_rows], |read| read.names);
        let events = table.map(|table| self.events(table)).transpose().unwrap_or_default().unwrap_or_default();
        let chosen = Chosen::all(self.unit_ids(&units)?, units);
        let (mut sites, mut duplicates) = (Vec::new(), Vec::new());
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut sums = vec![[0_u64; N_BINS]; events.len()];
        let range_secs = self.each_site(&chosen, 1.0, |times| {
            let at = sites.len();
            let id = chosen.id(at);
            if !times.is_empty() {
                let mut hasher = DefaultHasher::new();
                times.iter().for_each(|time| time.to_bits().hash(&mut hasher));
                if let Some(&first) = known.get(&hasher.finish()) {
                    duplicates.push((chosen.id(first), id.clone()));
                } else {
                    known.insert(hasher.finish(), at);
                }
            }
            for ((_, events), sums) in events.iter().zip(&mut sums) {
                count_around(&times, events, sums);
            }
            sites.push(SiteSurvey { id, region: names.get(at).cloned().unwrap_or_default(), n_spikes: times.len() });
            Ok(())
        })?;
        let response = |((column, events), sums): (&(String, Vec<f64>), &[u64; N_BINS])| EventResponse {
            column: column.clone(),
            n_events: events.len(),
            left_secs: (0..N_BINS).map(|bin_idx| AROUND_SECS[0] + bin_idx as f64 * BIN_SECS).collect(),
            rate_hz: sums.iter().map(|&n| n as f64 / (events.len() * sites.len()) as f64 / BIN_SECS).collect(),
        };
        let responses = events.iter().zip(&sums).map(response).collect();
        Ok(SpikeSurvey { sites, range_secs, duplicates, responses })
    }

    /// Columns that hold times on the session's clock: numbers that ascend from row to row.
    fn events(&self, table: &str) -> Result<Vec<(String, Vec<f64>)>> {
        let table = self.interval_table(table)?;
        let mut found = Vec::new();
        for column in table.named(&ColumnKind::Number) {
            if column == "stop_time" {
                continue;
            }
            let times: Vec<f64> = table.numbers(&column)?.into_iter().filter(|time| time.is_finite()).collect();
            let n_distinct = times.windows(2).filter(|pair| pair[0] != pair[1]).count();
            if times.is_sorted() && n_distinct >= MIN_DISTINCT && n_distinct * 10 >= times.len() * 9 {
                found.push((column, times));
            }
        }
        found.sort_by_key(|(column, _)| column != "start_time");
        found.truncate(MAX_COLUMNS);
        Ok(found)
    }
}

/// Adds the spikes around each event to the bins.
fn count_around(times: &[f64], events: &[f64], sums: &mut [u64; N_BINS]) {
    let mut first = 0;
    for &event in events {
        let (from, to) = (event + AROUND_SECS[0], event + AROUND_SECS[1]);
        first += times[first..].partition_point(|&time| time < from);
        for &time in times[first..].iter().take_while(|&&time| time < to) {
            // Rounding may put a spike on the last edge one bin too far.
            sums[(((time - from) / BIN_SECS) as usize).min(N_BINS - 1)] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_counted_around_every_event_windows_that_overlap_too() {
        let mut sums = [0; N_BINS];
        count_around(&[0.51, 1.02, 1.99, 5.0], &[1.0, 1.5], &mut sums);
        // Around 1.0: .51 in bin 0, 1.02 in bin 10, 1.99 in bin 29; around 1.5: 1.02 in bin 0, 1.99 in bin 19.
        let at: Vec<usize> = (0..N_BINS).filter(|&bin| sums[bin] > 0).collect();
        assert_eq!(at, [0, 10, 19, 29]);
        assert_eq!((sums[0], sums.iter().sum::<u64>()), (2, 5));
    }
}
