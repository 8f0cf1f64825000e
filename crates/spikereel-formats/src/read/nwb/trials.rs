//! Trials: rows of a table in `/intervals`, with the time of their event, their conditions and covariates.

use super::NwbFile;
use super::options::TrialOptions;
use super::table::{ColumnKind, Table};
use crate::read::hdf::{Node, list};
use crate::read::sites::check_name;
use crate::{FormatError, Result};
use spikereel_data::{ConditionTable, DataError, Level};

/// Trials that touch by less than this do not overlap.
const SLACK_SECS: f64 = 1e-6;

/// Trials of a session.
#[derive(Debug, Clone)]
pub struct Trials {
    /// Rows of the table that became trials.
    pub rows: Vec<usize>,
    /// Per trial, the time of the aligning event on the session's clock.
    pub align_secs: Vec<f64>,
    /// The distinct conditions.
    pub conditions: ConditionTable,
    /// The condition of each trial.
    pub condition_of_trial: Vec<usize>,
    /// Numeric columns and means of series.
    pub covariates: Vec<(String, Vec<f64>)>,
    /// What a reader of results should know.
    pub remarks: Vec<String>,
}

impl Trials {
    /// Windows around the events, on the session's clock, in the order of trials.
    pub(super) fn windows(&self, [from, to]: [f64; 2]) -> Vec<[f64; 2]> {
        self.align_secs.iter().map(|align| [align + from, align + to]).collect()
    }
}

impl NwbFile {
    /// Names of the tables in `/intervals`.
    pub fn interval_tables(&self) -> Vec<String> {
        let names = self.hdf.children("intervals").into_iter();
        names.filter(|name| self.hdf.node(&format!("intervals/{name}")) == Some(Node::Group)).collect()
    }

    pub(super) fn interval_table(&self, name: &str) -> Result<Table<'_>> {
        let path = format!("intervals/{name}");
        let found = if name.is_empty() || name.contains('/') { None } else { Table::find(self, &path)? };
        found.ok_or_else(|| {
            let tables = self.interval_tables();
            let hint = if tables.is_empty() {
                "the file has no table of intervals at all; add one with the times of events (pynwb: add_trial), or give trials beside it".into()
            } else {
                format!("set `table` (--table) to one of {}", list(&tables))
            };
            self.fault_hint(&path, "a table of trials", "nothing", hint)
        })
    }

    /// Reads trials.
    ///
    /// # Errors
    /// No such table or column; times that are no numbers, not finite, or count from their trial; trials that overlap; columns with
    /// several values a row; no factor.
    pub fn read_trials(&self, options: &TrialOptions) -> Result<Trials> {
        let data = |error| FormatError::data(self.hdf.path(), error);
        let table = self.interval_table(&options.table)?;
        let secs = options.clock.secs();
        let start = self.times(&table, "start_time", secs)?;
        let stop = self.times(&table, "stop_time", secs)?;
        let mut align = match self.times(&table, &options.align, secs)? {
            Some(times) => times,
            None => return Err(table.missing(&options.align)),
        };
        if options.relative {
            let Some(start) = &start else { return Err(table.missing("start_time")) };
            align.iter_mut().zip(start).for_each(|(time, start)| *time += start);
        }
        let mut rows = table.select(&options.only)?;
        let mut remarks = Vec::new();
        self.drop_unaligned(&table, options, &align, &mut rows, &mut remarks)?;
        if rows.is_empty() {
            let got = format!("none of {} rows", table.n_rows);
            return Err(self.fault_hint(
                &table.path,
                "at least one trial",
                got,
                "loosen `only` (--only), or choose another column by `align` (--align)",
            ));
        }
        if let (Some(start), Some(stop)) = (&start, &stop) {
            self.check_spans(&table, options, &rows, start, stop, &align, &mut remarks)?;
        }
        let (conditions, condition_of_trial) = self.conditions(&table, options, &rows)?;
        let align_secs: Vec<f64> = rows.iter().map(|&row| align[row]).collect();
        let mut covariates = Vec::new();
        for column in &options.covariates {
            check_name("trials.covariates", column, || "a covariate".into()).map_err(data)?;
            let values = table.numbers(column)?;
            covariates.push((column.clone(), rows.iter().map(|&row| values[row]).collect()));
        }
        let mut trials = Trials { rows, align_secs, conditions, condition_of_trial, covariates, remarks };
        for (name, path) in &options.series {
            check_name("trials.series", name, || "a covariate".into()).map_err(data)?;
            let Some(window) = options.window else {
                let error = DataError::new("trials.window", "a window, over which series are averaged", "nothing");
                return Err(data(error));
            };
            let means = self.series_means(path, &trials.windows(window))?;
            trials.covariates.push((name.clone(), means));
        }
        Ok(trials)
    }

    /// Seconds from the aligning event that 19 of 20 trials last; none where the table has no `stop_time`, or nothing finite.
    ///
    /// # Errors
    /// As [`NwbFile::read_trials`], of the columns it reads.
    pub fn usual_trial_secs(&self, options: &TrialOptions) -> Result<Option<f64>> {
        let table = self.interval_table(&options.table)?;
        let secs = options.clock.secs();
        let Some(stop) = self.times(&table, "stop_time", secs)? else { return Ok(None) };
        let Some(align) = self.times(&table, &options.align, secs)? else { return Err(table.missing(&options.align)) };
        let start = if options.relative { self.times(&table, "start_time", secs)? } else { None };
        let zero = |row: usize| start.as_ref().map_or(0.0, |start| start[row]);
        let lasts = table.select(&options.only)?.into_iter().map(|row| stop[row] - align[row] - zero(row));
        let mut lasts: Vec<f64> = lasts.filter(|secs| secs.is_finite()).collect();
        lasts.sort_by(f64::total_cmp);
        Ok(lasts.get(lasts.len() / 20).copied())
    }

    /// A column of times in seconds; none where there is no such column.
    fn times(&self, table: &Table<'_>, column: &str, secs: f64) -> Result<Option<Vec<f64>>> {
        match table.columns.get(column) {
            None => Ok(None),
            Some(ColumnKind::Number) => Ok(Some(table.numbers(column)?.into_iter().map(|time| time * secs).collect())),
            Some(kind) => {
                let hint = format!("columns of numbers are {}", list(&table.named(&ColumnKind::Number)));
                Err(self.fault_hint(&table.object(column), "one time in seconds a row", kind.to_string(), hint))
            }
        }
    }

    fn drop_unaligned(
        &self,
        table: &Table<'_>,
        options: &TrialOptions,
        align: &[f64],
        rows: &mut Vec<usize>,
        remarks: &mut Vec<String>,
    ) -> Result<()> {
        let unaligned: Vec<usize> = rows.iter().copied().filter(|&row| !align[row].is_finite()).collect();
        let Some(&first) = unaligned.first() else { return Ok(()) };
        if !options.drop_unaligned {
            let got = format!("{} in row {first}, and in {} of {} rows", align[first], unaligned.len(), rows.len());
            let hint = "set `drop_unaligned` (--drop-unaligned) to leave these trials out, or align to another column (--align)";
            return Err(self.fault_hint(&table.object(&options.align), "a time for every trial", got, hint));
        }
        rows.retain(|&row| align[row].is_finite());
        remarks.push(format!("{} trials without a time in `{}` were left out", unaligned.len(), options.align));
        Ok(())
    }

    /// Starts and ends of trials against each other and against their events.
    fn check_spans(
        &self,
        table: &Table<'_>,
        options: &TrialOptions,
        rows: &[usize],
        start: &[f64],
        stop: &[f64],
        align: &[f64],
        remarks: &mut Vec<String>,
    ) -> Result<()> {
        let known: Vec<usize> =
            rows.iter().copied().filter(|&row| start[row].is_finite() && stop[row].is_finite()).collect();
        if known.len() < rows.len() {
            remarks.push(format!("{} trials have no finite start or end", rows.len() - known.len()));
        }
        if let Some(&row) = known.iter().find(|&&row| stop[row] < start[row]) {
            let got = format!("{} after a start at {} in row {row}", stop[row], start[row]);
            let hint = "leave such trials out by `only` (--only), or mend the table";
            return Err(self.fault_hint(&table.object("stop_time"), "ends after starts", got, hint));
        }
        let outside =
            known.iter().filter(|&&row| align[row] < start[row] - 1.0 || align[row] > stop[row] + 1.0).count();
        if options.align != "start_time" && !options.relative && outside * 2 > known.len() {
            let row = known[0];
            let got = format!(
                "times outside of their trials in {outside} of {} rows, such as {} in a trial from {} to {} s",
                known.len(),
                align[row],
                start[row],
                stop[row]
            );
            let hint =
                "set `relative` (--relative) if they count from the trial's start; check for milliseconds otherwise";
            return Err(self.fault_hint(&table.object(&options.align), "times on the session's clock", got, hint));
        }
        if !known.iter().map(|&row| start[row]).is_sorted() {
            remarks.push(format!("rows of `{}` do not stand in the order of time", options.table));
        }
        let mut sorted = known;
        sorted.sort_by(|&a, &b| start[a].total_cmp(&start[b]));
        let overlapping = sorted.windows(2).filter(|pair| start[pair[1]] < stop[pair[0]] - SLACK_SECS).count();
        if overlapping > 0 && !options.allow_overlap {
            let first = sorted.windows(2).find(|pair| start[pair[1]] < stop[pair[0]] - SLACK_SECS).unwrap_or(&[0, 0]);
            let got = format!(
                "{overlapping} that start before the one before has ended, such as row {} at {} s while row {} lasts to {} s",
                first[1], start[first[1]], first[0], stop[first[0]]
            );
            let hint = "the same spikes would stand in two trials: select one kind by `only` (--only), or set `allow_overlap` (--allow-overlap)";
            return Err(self.fault_hint(&table.path, "trials one after the other", got, hint));
        }
        if overlapping > 0 {
            remarks.push(format!("{overlapping} trials overlap in time and share spikes"));
        }
        Ok(())
    }

    fn conditions(
        &self,
        table: &Table<'_>,
        options: &TrialOptions,
        rows: &[usize],
    ) -> Result<(ConditionTable, Vec<usize>)> {
        let data = |error| FormatError::data(self.hdf.path(), error);
        if options.factors.is_empty() {
            let error = DataError::new("trials.factors", "at least one column", "none");
            return Err(data(error.hint(format!(
                "name some by --factor; columns of `{}` are {}",
                table.path,
                table.described()
            ))));
        }
        let mut columns = Vec::new();
        for column in &options.factors {
            check_name("trials.factors", column, || "a factor".into()).map_err(data)?;
            let levels = table.values(column)?.levels();
            let levels: Vec<Level> = rows.iter().map(|&row| levels[row].clone()).collect();
            let at_fault = levels.iter().position(|level| match level {
                Level::Number(value) => !value.is_finite(),
                Level::Text(text) => text.trim().is_empty() || text.chars().any(char::is_control),
            });
            if let Some(at) = at_fault {
                let got = format!("{:?} in row {}", levels[at].to_string(), rows[at]);
                let hint = "leave such trials out by `only` (--only), or choose another column (--factor)";
                return Err(self.fault_hint(&table.object(column), "a value in every trial", got, hint));
            }
            columns.push((column.clone(), levels));
        }
        ConditionTable::from_columns(&columns, rows.len()).map_err(data)
    }
}
