//! `gather`: one report over all runs of a plan: scores by run, mean and spread over seeds and folds, and every run that is not there.

use super::plan::GridPlan;
use super::status::{RunState, Status, status};
use crate::config::Given;
use crate::progress::Progress;
use crate::provenance::{self, Provenance};
use crate::run_folder::RunFolder;
use crate::steps::evaluate::{self, StoredScores};
use crate::{Error, Result};
use serde::Serialize;
use spikereel_analysis::study::Over;
use spikereel_report::schema::{
    AxisSpec, Chart, ChartPanel, DataTable, IntervalRow, PanelBody, SCHEMA_VERSION, Section, Study, StudyCounts,
    TableCell,
};
use spikereel_report::write_report;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder of the report beside a plan.
pub const GATHERED: &str = "gathered";

/// What `gather` wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gathered {
    /// The page.
    pub page: PathBuf,
    /// What it says first.
    pub findings: Vec<String>,
    /// Where every run stood.
    pub status: Status,
}

/// How long another one who gathers is waited for: the scheduler's job behind the runs begins at the moment when a person sees them done.
const PATIENCE: Duration = Duration::from_secs(60);

fn hold(folder: &Path, progress: &dyn Progress) -> Result<RunFolder> {
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "make a folder for the report", error))?;
    let (began, mut is_told) = (Instant::now(), false);
    loop {
        match RunFolder::hold(folder, progress) {
            Err(Error::FolderInUse { holder, .. }) if began.elapsed() < PATIENCE => {
                if !is_told {
                    progress.say(&format!("waiting for {holder}, which gathers this plan"));
                    is_told = true;
                }
                std::thread::sleep(Duration::from_secs(2));
            }
            held => return held,
        }
    }
}

/// A score of a run: feature and measure, over what, whether more is better, and the decoder's value.
type Scores = BTreeMap<(String, String), f64>;

/// Makes one report over all runs of a plan, in `gathered/` beside it. Runs that are not done are listed and enter no mean.
///
/// # Errors
/// A plan or scores that cannot be read, an I/O error.
pub fn gather(plan: &Path, progress: &dyn Progress) -> Result<Gathered> {
    let read = GridPlan::read(plan)?;
    let held = hold(&plan.parent().unwrap_or(Path::new("")).join(GATHERED), progress)?;
    let status = status(plan)?;
    let task = progress.begin("gathering", read.runs.len() as u64, "run");
    let mut groups: BTreeMap<String, Vec<(usize, Scores)>> = BTreeMap::new();
    let (mut together, mut order) = (None::<Provenance>, Vec::new());
    for (run, known) in read.runs.iter().zip(&status.runs) {
        task.advance(1);
        if known.state != RunState::Done {
            continue;
        }
        let folder = GridPlan::folder(plan, run);
        let group = group_of(&run.label, &Given::from_toml(&run.config, "plan")?);
        if !groups.contains_key(&group) {
            order.push(group.clone());
        }
        groups.entry(group).or_default().push((known.index, scores(&evaluate::stored(&folder)?)));
        let own = provenance::read(&folder)?;
        match &mut together {
            None => together = Some(Provenance { step_secs: Vec::new(), ..own }),
            Some(all) => all.peak_memory_bytes = all.peak_memory_bytes.max(own.peak_memory_bytes),
        }
    }
    drop(task);
    let findings = findings(&status);
    let mut sections = vec![runs_section(&status, &findings)];
    sections.extend(scores_section(&groups, &order));
    let study = Study {
        schema_version: SCHEMA_VERSION,
        title: "All runs of a plan".into(),
        summary: "Every run of a plan, with mean and spread over runs that differ in their seed alone; runs that are not there are named.".into(),
        studies: Some(StudyCounts {
            n_planned: status.n_planned,
            n_done: status.n_done,
            n_failed: status.n_failed,
            n_missing: status.n_planned - status.n_done - status.n_failed,
        }),
        reports: Vec::new(),
        sections,
    };
    let provenance = together.unwrap_or_else(|| provenance::of_this_process(0, Default::default(), Vec::new()));
    held.write_json("provenance.json", &provenance)?;
    let written = write_report(held.path(), &study, &provenance)?;
    Ok(Gathered { page: written.page, findings, status })
}

/// What runs share that differ in their seed alone.
fn group_of(label: &str, given: &Given) -> String {
    let seed = given.seed.map_or_else(String::new, |seed| seed.to_string());
    let parts: Vec<&str> = label.split(", ").filter(|part| *part != format!("seed = {seed}")).collect();
    if parts.is_empty() { "all seeds".into() } else { parts.join(", ") }
}

fn scores(stored: &StoredScores) -> Scores {
    let over = |over: Over| match over {
        Over::Conditions => "condition averages",
        Over::Samples => "single trials",
        Over::Pooled => "pooled",
    };
    let row = |row: &spikereel_analysis::study::ScoreRow| {
        let value = row.cells.first().copied().flatten()?.mean?;
        Some(((over(row.over).to_string(), format!("{} {}", row.feature, row.kind.name)), value))
    };
    stored.table.rows.iter().filter_map(row).collect()
}

fn findings(status: &Status) -> Vec<String> {
    let Status { n_planned, n_done, n_running, n_stopped, n_failed, n_missing, .. } = status;
    let mut findings = vec![format!("{n_done} of {n_planned} planned runs are done and part of these numbers.")];
    if n_done < n_planned {
        findings.push(format!(
            "Not part of them: {n_running} running, {n_stopped} stopped, {n_failed} failed, {n_missing} not begun. They are listed below and averaged nowhere."
        ));
    }
    findings
}

fn runs_section(status: &Status, findings: &[String]) -> Section {
    let row = |run: &super::status::RunStatus| -> Vec<TableCell> {
        let (state, why) = match &run.state {
            RunState::Done => ("done", String::new()),
            RunState::Running { holder, .. } => ("running", holder.clone()),
            RunState::Stopped => ("stopped", "begun; run it again and it goes on".into()),
            RunState::Failed { code, error } => ("failed", format!("code {code}: {error}")),
            RunState::Missing => ("missing", "not begun".into()),
        };
        vec![
            (run.index as f64).into(),
            run.label.as_str().into(),
            run.id.as_str().into(),
            state.into(),
            why.as_str().into(),
        ]
    };
    Section {
        slug: "runs".into(),
        title: "Runs".into(),
        question: "Which runs are there?".into(),
        sizes: format!("{} planned runs", status.n_planned),
        findings: findings.to_vec(),
        caveats: Vec::new(),
        charts: Vec::new(),
        tables: vec![DataTable {
            slug: "runs".into(),
            title: "Every run".into(),
            columns: ["run", "settings", "id", "state", "why"].map(String::from).to_vec(),
            rows: status.runs.iter().map(row).collect(),
        }],
    }
}

/// Mean and sample standard deviation; none of one value.
fn spread(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

fn scores_section(groups: &BTreeMap<String, Vec<(usize, Scores)>>, order: &[String]) -> Option<Section> {
    let mut names: Vec<&(String, String)> = groups.values().flatten().flat_map(|(_, scores)| scores.keys()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return None;
    }
    let (mut rows, mut panels) = (Vec::new(), Vec::new());
    for name in names {
        let mut marks = Vec::new();
        for group in order {
            let values: Vec<f64> = groups[group].iter().filter_map(|(_, scores)| scores.get(name).copied()).collect();
            if values.is_empty() {
                continue;
            }
            let (mean, sd) = spread(&values);
            let cell = |value: Option<f64>| value.map_or_else(|| TableCell::from(""), TableCell::from);
            rows.push(vec![
                name.0.as_str().into(),
                name.1.as_str().into(),
                group.as_str().into(),
                (values.len() as f64).into(),
                mean.into(),
                cell(sd),
            ]);
            marks.push(IntervalRow {
                label: group.clone(),
                estimate: Some(mean),
                low: sd.map(|sd| mean - sd),
                high: sd.map(|sd| mean + sd),
                filled: true,
                ..IntervalRow::default()
            });
        }
        let axis = AxisSpec { label: name.1.clone(), ..AxisSpec::default() };
        panels.push(ChartPanel {
            title: format!("{}, {}", name.1, name.0),
            body: PanelBody::Intervals { axis, rows: marks },
        });
    }
    Some(Section {
        slug: "scores".into(),
        title: "Scores".into(),
        question: "How do scores differ between settings, and how much between seeds?".into(),
        sizes: format!("{} settings, {} runs", order.len(), groups.values().map(Vec::len).sum::<usize>()),
        findings: vec!["Every mean is over runs that differ in their seed alone; bars are one standard deviation between them.".into()],
        caveats: vec!["A spread over few seeds is itself uncertain; runs on one recording share its trials, so it is no interval of what another recording would give.".into()],
        charts: vec![Chart {
            slug: "scores".into(),
            title: "Scores by settings".into(),
            reading: "Mean over seeds, bars one standard deviation.".into(),
            panels,
        }],
        tables: vec![DataTable {
            slug: "scores".into(),
            title: "Mean and spread".into(),
            columns: ["over", "score", "settings", "runs", "mean", "standard deviation"].map(String::from).to_vec(),
            rows,
        }],
    })
}
