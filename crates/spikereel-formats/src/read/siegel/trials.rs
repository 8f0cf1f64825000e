//! Which trials are kept, their conditions and covariates.

use super::options::{KeepTrials, SiegelCovariate, SiegelFactor, SiegelTrials};
use super::table::Table;
use crate::read::sites::check_name;
use spikereel_data::{ConditionTable, DataError, Level, Result};

/// Column that names the task of a trial.
const TASK: &str = "task";

/// The trials that are kept.
pub(super) struct Trials {
    /// Row of the spike times of each.
    pub spike_rows: Vec<usize>,
    pub conditions: ConditionTable,
    pub condition_of_trial: Vec<usize>,
    pub covariates: Vec<(String, Vec<f64>)>,
    pub remarks: Vec<String>,
}

/// Reads trials; `n_spike_rows` is the length of the spike times' first axis.
pub(super) fn read(whole: &Table<'_>, options: &SiegelTrials, n_spike_rows: usize) -> Result<Trials> {
    let Some(first) = options.factors.first() else {
        return Err(DataError::new("trials.factors", "at least one column", "none"));
    };
    let own = options.task.as_ref().and_then(|task| whole.inner(task));
    let table = own.as_ref().unwrap_or(whole);
    let n_rows = table.levels(&first.field)?.len();
    let spike_rows = match (&options.spike_row, &options.task) {
        (Some(column), _) => told_rows(table, column, n_rows, n_spike_rows)?,
        (None, Some(task)) if own.is_some() && n_rows != n_spike_rows && whole.has(TASK) => {
            rows_of_task(whole, task, n_rows, n_spike_rows)?
        }
        (None, _) if n_rows == n_spike_rows => (0..n_rows).collect(),
        (None, _) => return Err(unlike(n_rows, n_spike_rows)),
    };
    let mut remarks = Vec::new();
    let mut kept = kept(table, own.is_some(), options, n_rows, &mut remarks)?;
    let mut columns = Vec::new();
    for factor in &options.factors {
        check_name("trials.factors", &factor.name, || "a factor".into())?;
        let levels = table.rows(&factor.field, n_rows)?;
        if !factor.only.is_empty() {
            let other = leave_out(&mut kept, |row| factor.only.contains(&levels[row]));
            remarks.extend(told(other, n_rows, &format!("have another `{}` than those asked for", factor.name)));
        }
        columns.push((factor, levels));
    }
    if kept.is_empty() {
        let error =
            DataError::new("trials", "at least one that is kept", format!("none of {n_rows}: {}", remarks.join("; ")));
        return Err(error.hint("loosen `keep` or `only` of the factors"));
    }
    let factors =
        columns.into_iter().map(|(factor, levels)| Ok((factor.name.clone(), renamed(table, factor, &levels, &kept)?)));
    let factors = factors.collect::<Result<Vec<_>>>()?;
    let (conditions, condition_of_trial) = ConditionTable::from_columns(&factors, kept.len())?;
    let mut covariates = Vec::new();
    for wanted in &options.covariates {
        check_name("trials.covariates", &wanted.name, || "a covariate".into())?;
        if wanted.optional && !table.has(&wanted.field) {
            remarks.push(format!("there is no column `{}`, so that `{}` was left out", wanted.field, wanted.name));
            continue;
        }
        let levels = table.rows(&wanted.field, n_rows)?;
        let values = kept.iter().map(|&row| covariate(table, wanted, row, &levels[row])).collect::<Result<Vec<_>>>()?;
        covariates.push((wanted.name.clone(), values));
    }
    let spike_rows = kept.iter().map(|&row| spike_rows[row]).collect();
    Ok(Trials { spike_rows, conditions, condition_of_trial, covariates, remarks })
}

/// Rows of the task that are good and correct, as far as is asked for.
fn kept(
    table: &Table<'_>,
    is_of_task: bool,
    options: &SiegelTrials,
    n_rows: usize,
    remarks: &mut Vec<String>,
) -> Result<Vec<usize>> {
    let mut kept: Vec<usize> = (0..n_rows).collect();
    match &options.task {
        Some(task) if !is_of_task && table.has(TASK) => {
            let tasks = table.rows(TASK, n_rows)?;
            let other = leave_out(&mut kept, |row| tasks[row].to_string() == *task);
            remarks.extend(told(other, n_rows, "are of another task"));
        }
        Some(task) if !is_of_task => {
            remarks.push(format!("the file does not name tasks; all trials were taken for those of `{task}`"));
        }
        _ => {}
    }
    if options.keep != KeepTrials::All {
        let bad = table.flags(&options.bad, n_rows).map_err(choose_keep)?;
        remarks.extend(told(leave_out(&mut kept, |row| !bad[row]), n_rows, "are marked as bad"));
    }
    if options.keep == KeepTrials::Correct {
        let correct = correct(table, options, n_rows).map_err(choose_keep)?;
        let other = leave_out(&mut kept, |row| correct[row]);
        remarks.extend(told(other, n_rows, "have another response than the correct one"));
    }
    Ok(kept)
}

/// The levels of a factor in the trials that are kept, renamed.
fn renamed(table: &Table<'_>, factor: &SiegelFactor, levels: &[Level], kept: &[usize]) -> Result<Vec<Level>> {
    let renamed = |&row: &usize| {
        let level = &levels[row];
        let usable = match level {
            Level::Number(value) => value.is_finite(),
            Level::Text(text) => !text.trim().is_empty() && !text.chars().any(char::is_control),
        };
        if !usable {
            let error = table.wrong(&factor.field, row, "a value in every trial", level);
            return Err(error.hint("leave such trials out by `only`"));
        }
        Ok(factor.levels.get(&level.to_string()).unwrap_or(level).clone())
    };
    kept.iter().map(renamed).collect()
}

/// The trials of a task stand in its own table in the order in which they stand among those of all tasks.
fn rows_of_task(whole: &Table<'_>, task: &str, n_rows: usize, n_spike_rows: usize) -> Result<Vec<usize>> {
    let tasks = whole.rows(TASK, n_spike_rows)?;
    let rows: Vec<usize> = (0..n_spike_rows).filter(|&row| tasks[row].to_string() == task).collect();
    if rows.len() != n_rows { Err(unlike(n_rows, rows.len())) } else { Ok(rows) }
}

fn unlike(n_rows: usize, n_spike_rows: usize) -> DataError {
    let expected = format!("as many trials as there are rows of spike times for them, {n_spike_rows}");
    let hint = "name the column with the row of the spike times in `spike_row`, or the table of all tasks in `table`";
    DataError::new("trials", expected, n_rows.to_string()).hint(hint)
}

/// For each row of the table, the row of the spike times that a column tells.
fn told_rows(table: &Table<'_>, column: &str, n_rows: usize, n_spike_rows: usize) -> Result<Vec<usize>> {
    let mut seen = vec![false; n_spike_rows];
    let row_of = |(row, level): (usize, &Level)| match level {
        Level::Number(value) if value.fract() == 0.0 && *value >= 1.0 && *value <= n_spike_rows as f64 => {
            let spike_row = *value as usize - 1;
            if std::mem::replace(&mut seen[spike_row], true) {
                return Err(table.wrong(column, row, "each row of the spike times once", level));
            }
            Ok(spike_row)
        }
        other => Err(table.wrong(column, row, &format!("a row of the spike times, 1 to {n_spike_rows}"), other)),
    };
    table.rows(column, n_rows)?.iter().enumerate().map(row_of).collect()
}

fn correct(table: &Table<'_>, options: &SiegelTrials, n_rows: usize) -> Result<Vec<bool>> {
    if let Some(column) = &options.correct {
        return table.flags(column, n_rows);
    }
    let given = table.rows(&options.response, n_rows)?;
    let asked_for = table.rows(&options.expected_response, n_rows)?;
    Ok(given.iter().zip(&asked_for).map(|(given, asked_for)| given == asked_for).collect())
}

fn choose_keep(error: DataError) -> DataError {
    error.hint("name the columns `bad`, and `correct` or `response` and `expected_response`, or say `keep = \"good\"` or `\"all\"`")
}

fn covariate(table: &Table<'_>, wanted: &SiegelCovariate, row: usize, level: &Level) -> Result<f64> {
    match (wanted.levels.get(&level.to_string()), level) {
        (Some(value), _) => Ok(*value),
        (None, Level::Number(value)) => Ok(*value),
        (None, Level::Text(text)) if text.is_empty() => Ok(f64::NAN),
        (None, Level::Text(_)) => {
            Err(table.wrong(&wanted.field, row, "a number, or a text with a number in `levels`", level))
        }
    }
}

/// Takes rows out; how many.
fn leave_out(kept: &mut Vec<usize>, stays: impl Fn(usize) -> bool) -> usize {
    let n_before = kept.len();
    kept.retain(|&row| stays(row));
    n_before - kept.len()
}

fn told(n_left_out: usize, n_rows: usize, why: &str) -> Option<String> {
    (n_left_out > 0).then(|| format!("{n_left_out} of {n_rows} trials were left out: they {why}"))
}
