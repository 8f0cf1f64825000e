//! Results as text for a person: short tables and sentences. `--json` prints the same results whole.

use comfy_table::{Table, presets};
use spikereel::AuditFinding;
use spikereel::bench::Benched;
use spikereel::programme::grid::{Doing, Gathered, PlannedGrid, RanHere, RanOne, RunState, Status, Submitted};
use spikereel::programme::{Reproduced, Studied, StudyLine, Verified};
use spikereel::steps::convert::Converted;
use spikereel::steps::decode::Decoded;
use spikereel::steps::demo::DemoDone;
use spikereel::steps::evaluate::Evaluated;
use spikereel::steps::import::Imported;
use spikereel::steps::inspect::{Inspected, Inspection};
use spikereel::steps::mask::Masked;
use spikereel::steps::prepare::Prepared;
use spikereel::steps::report::Reported;
use spikereel::steps::simulate::Simulated;
use spikereel::steps::train::Trained;
use spikereel::studies::StudyList;
use std::fmt::Write;

/// A result that can be read aloud.
pub trait Text {
    /// Lines, each ending with a newline.
    fn text(&self) -> String;
}

pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec()).add_rows(rows);
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n") + "\n"
}

fn number(value: f64) -> String {
    if value.is_nan() { "-".into() } else { format!("{value:.3}") }
}

impl Text for Benched {
    fn text(&self) -> String {
        let mut out = format!(
            "{}, {} threads, batch {}, {} base channels, medians of {} turns\n",
            self.instruction_set, self.n_threads, self.batch, self.base_channels, self.n_runs
        );
        for (precision, peak) in &self.peak_gflops {
            let _ = writeln!(out, "measured peak of one thread in {precision}: {peak:.0} GFLOP/s");
        }
        if !self.layers.is_empty() {
            let rows = self.layers.iter().map(|time| {
                let rate = |gflop: f64| format!("{:.0}", gflop / time.secs);
                vec![
                    time.layer.clone(),
                    time.direction.to_string(),
                    time.precision.to_string(),
                    format!("{:.2}", time.secs * 1e3),
                    rate(time.gflop),
                    rate(time.folded_gflop),
                    time.over.to_string(),
                    rate(time.done_gflop),
                    format!("{:.0} %", time.share_of_peak * 100.0),
                ]
            });
            out += &table(
                &["layer", "direction", "precision", "ms", "GFLOP/s", "folded", "over", "made", "of peak"],
                rows,
            );
        }
        let rows = self.modes.iter().map(|mode| {
            vec![
                mode.engine.clone(),
                mode.mode.clone(),
                format!("{:.1}", mode.infer_samples_per_s),
                format!("{:.2}", mode.train_samples_per_s),
                format!("{:.0}", mode.peak_bytes as f64 / f64::from(1 << 20)),
                format!("{:.5}", mode.losses.last().copied().unwrap_or(f64::NAN)),
            ]
        });
        out += &table(&["engine", "mode", "inference /s", "training /s", "peak MiB", "loss 2"], rows);
        if !self.comparisons.is_empty() {
            let rows = self.comparisons.iter().map(|it| {
                let ratio = |value: f64| format!("{value:.2}");
                let names = [it.mode.to_string(), it.peer_mode.to_string()];
                let ratios = [it.infer_ratio, it.train_ratio, it.memory_ratio].map(ratio);
                names.into_iter().chain(ratios).collect()
            });
            out += "spikereel against pytorch, medians of ratios\n";
            out += &table(&["spikereel", "pytorch", "inference", "training", "memory"], rows);
        }
        out
    }
}

impl Text for Simulated {
    fn text(&self) -> String {
        let mut out = format!(
            "{}\n{} trials of {} conditions, {} sites; an ideal observer names the condition of {:.0} % of single trials\n",
            self.recording.display(),
            self.n_trials,
            self.n_conditions,
            self.n_sites,
            self.ideal_observer_accuracy * 100.0
        );
        for (feature, region) in &self.planted {
            let _ = writeln!(out, "planted: {feature} is carried most by {region}");
        }
        out
    }
}

impl Text for Converted {
    fn text(&self) -> String {
        let mut out = format!("{}\n", self.file.display());
        if let Some(sidecar) = &self.sidecar {
            let _ = writeln!(out, "{}", sidecar.display());
        }
        let shape = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
        out += &table(&["array", "shape"], self.arrays.iter().map(|(name, dims)| vec![name.clone(), shape(dims)]));
        out
    }
}

impl Text for Imported {
    fn text(&self) -> String {
        let rows = self.sessions.iter().map(|line| {
            let regions: Vec<String> = line.regions.iter().map(|(region, n)| format!("{region} {n}")).collect();
            let numbers = [line.n_trials, line.n_conditions, line.n_sites, line.n_dropped_sites];
            let numbers = numbers.iter().map(ToString::to_string);
            std::iter::once(line.session.clone()).chain(numbers).chain([regions.join(", ")]).collect()
        });
        let mut out = table(&["session", "trials", "conditions", "sites", "left out", "sites by region"], rows);
        self.choices.iter().for_each(|choice| {
            let _ = writeln!(out, "chosen: {choice}");
        });
        for (session, finding) in &self.audit {
            let place = if session.is_empty() { String::new() } else { format!("{session}: ") };
            out += &audit_line(&place, finding);
        }
        out += &self.prepared.text();
        let _ = writeln!(out, "repeat it: spikereel import {} --out NEW_FOLDER", self.repeat.display());
        let _ = writeln!(out, "next: spikereel train {}", self.prepared.dataset.display());
        out
    }
}

impl Text for Prepared {
    fn text(&self) -> String {
        let mut out = format!(
            "{}\n{} trials, {} bins, {} sites; {} clips of {} frames\n",
            self.dataset.display(),
            self.n_trials,
            self.n_bins,
            self.n_sites,
            self.n_clips,
            self.n_frames
        );
        for (fold_idx, parts) in self.splits.iter().enumerate() {
            let [train, validation, test] = parts;
            let _ = writeln!(out, "fold {fold_idx}: {train} training, {validation} validation, {test} test trials");
        }
        self.remarks.iter().for_each(|remark| {
            let _ = writeln!(out, "note: {remark}");
        });
        out
    }
}

impl Text for Inspected {
    fn text(&self) -> String {
        match self {
            Self::File(look) => look.text(),
            Self::Ready(inspection) => inspection.text(),
        }
    }
}

impl Text for Inspection {
    fn text(&self) -> String {
        let (fewest, most) = self.trials_per_condition;
        let mut out = format!(
            "{} {}\n{} trials of {} conditions ({fewest} to {most} each), {} sites\nspikes: {}\n",
            self.kind, self.name, self.n_trials, self.n_conditions, self.n_sites, self.spikes
        );
        if let Some(videos) = &self.videos {
            let _ = writeln!(out, "videos: {videos}");
        }
        out.push('\n');
        out += &table(
            &["region", "sites", "mean rate (Hz)", "silent sites"],
            self.regions.iter().map(|facts| {
                let rate = facts.mean_rate_hz.map_or("-".into(), |rate| format!("{rate:.1}"));
                vec![facts.region.clone(), facts.n_sites.to_string(), rate, facts.n_silent_sites.to_string()]
            }),
        );
        out.push('\n');
        for factor in &self.factors {
            let levels: Vec<String> = factor.levels.iter().map(|(level, n)| format!("{level} ({n})")).collect();
            let _ = writeln!(out, "{}: {}", factor.factor, levels.join(", "));
        }
        if !self.covariates.is_empty() {
            let _ = writeln!(out, "covariates: {}", self.covariates.join(", "));
        }
        for (feature, region) in &self.planted {
            let _ = writeln!(out, "planted: {feature} is carried most by {region}");
        }
        self.remarks.iter().for_each(|remark| {
            let _ = writeln!(out, "note: {remark}");
        });
        self.warnings.iter().for_each(|warning| {
            let _ = writeln!(out, "warning: {warning}");
        });
        self.audit.iter().for_each(|finding| out += &audit_line("", finding));
        out
    }
}

fn audit_line(place: &str, finding: &AuditFinding) -> String {
    let remedy = if finding.remedy.is_empty() { String::new() } else { format!(" ({})", finding.remedy) };
    format!("audit, {}: {place}{}{remedy}\n", finding.severity, finding.sentence)
}

impl Text for Trained {
    fn text(&self) -> String {
        let mut out = format!("{}\n", self.run.display());
        out += &table(
            &["fold", "network", "epochs", "best epoch", "training loss", "validation loss"],
            self.fits.iter().map(|fit| {
                vec![
                    fit.fold_idx.to_string(),
                    fit.network_idx.to_string(),
                    fit.n_epochs.to_string(),
                    fit.best_epoch.map_or("-".into(), |epoch| epoch.to_string()),
                    number(fit.train_loss),
                    fit.validation_loss.map_or("-".into(), number),
                ]
            }),
        );
        out
    }
}

impl Text for Decoded {
    fn text(&self) -> String {
        format!("{}\nvideo [trial, frame, height, width, rgb] = {:?}, 0..=1\n", self.video.display(), self.shape)
    }
}

impl Text for Evaluated {
    fn text(&self) -> String {
        let names: Vec<String> =
            self.rows.first().map_or_else(Vec::new, |row| row.models.iter().map(|(name, _)| name.clone()).collect());
        let mut header = vec!["score", "over"];
        header.extend(names.iter().map(String::as_str));
        header.push("null 95 %");
        let rows = self.rows.iter().map(|row| {
            let mut cells = vec![row.score.clone(), row.over.clone()];
            cells.extend(row.models.iter().map(|(_, value)| value.map_or("-".into(), number)));
            cells.push(row.null_95.map_or("-".into(), number));
            cells
        });
        format!("{}\n{}", self.run.display(), table(&header, rows))
    }
}

impl Text for Masked {
    fn text(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            vec![
                row.region.clone(),
                row.score.clone(),
                number(row.harm),
                format!("{:.4}", row.p_corrected),
                if row.is_found { "yes".into() } else { "no".into() },
            ]
        });
        let mut out = format!("{}\n", self.run.display());
        out += &table(&["masked region", "score", "harm", "corrected p", "found"], rows);
        self.planted.iter().for_each(|line| {
            let _ = writeln!(out, "{line}");
        });
        out
    }
}

impl Text for PlannedGrid {
    fn text(&self) -> String {
        let mut out = format!("{}\n{} runs, all on {}\n", self.plan.display(), self.n_runs, self.instruction_set);
        if let Some(estimates) = self.estimates {
            let gib = |bytes: u64| bytes as f64 / 1_073_741_824.0;
            let _ = writeln!(
                out,
                "each about {} on {} threads, {:.1} GiB of memory, {:.2} GiB on disk, measured on the first",
                duration(estimates.secs as u64),
                estimates.n_threads,
                gib(estimates.memory_bytes),
                gib(estimates.disk_bytes)
            );
        }
        out
    }
}

impl Text for RanOne {
    fn text(&self) -> String {
        let done = if self.was_done { "was done before" } else { "done" };
        format!("{}\nrun {} ({}): {done}\n", self.folder.display(), self.index, self.label)
    }
}

impl Text for RanHere {
    fn text(&self) -> String {
        self.status.text()
    }
}

impl Text for Submitted {
    fn text(&self) -> String {
        if self.n_runs == 0 {
            return "nothing to submit: every run is done or at work\n".into();
        }
        if !self.jobs.is_empty() {
            return format!("{} runs in jobs {}\n", self.n_runs, self.jobs.join(", "));
        }
        let calls = self.calls.iter().map(|call| format!("sbatch {}\n", call.join(" ")));
        format!("{}\n{}", self.script, calls.collect::<String>())
    }
}

impl Text for Gathered {
    fn text(&self) -> String {
        let lines = self.findings.iter().map(|finding| format!("- {finding}\n"));
        format!("{}\n{}", self.page.display(), lines.collect::<String>())
    }
}

impl Text for Status {
    fn text(&self) -> String {
        let rows = self.runs.iter().map(|run| {
            let (state, detail) = match &run.state {
                RunState::Done => ("done", String::new()),
                RunState::Running { holder, doing, .. } => ("running", format!("{holder}{}", at(doing.as_ref()))),
                RunState::Stopped => ("stopped", String::new()),
                RunState::Failed { code, error } => ("failed", format!("code {code}: {error}")),
                RunState::Missing => ("missing", String::new()),
            };
            vec![run.index.to_string(), run.label.clone(), state.into(), detail]
        });
        let table = table(&["run", "settings", "state", ""], rows);
        let Self { n_planned, n_done, n_running, n_stopped, n_failed, n_missing, .. } = self;
        format!(
            "{table}{n_planned} planned: {n_done} done, {n_running} running, {n_stopped} stopped, {n_failed} failed, {n_missing} missing\n"
        )
    }
}

fn at(doing: Option<&Doing>) -> String {
    doing.map_or_else(String::new, |doing| {
        let left = doing.secs_left.map_or_else(String::new, |secs| format!(", {} left", duration(secs)));
        format!("; {}, step {} of {}, {}{left}", doing.stage, doing.n_done, doing.n_total, doing.figure)
    })
}

fn duration(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs.div_ceil(60)),
        _ => format!("{} h {:02} min", secs / 3600, secs % 3600 / 60),
    }
}

impl Text for Verified {
    fn text(&self) -> String {
        let state = |is_same| if is_same { "same" } else { "differs" };
        let rows =
            self.checks.iter().map(|check| vec![check.what.clone(), state(check.is_same).into(), check.detail.clone()]);
        format!("{}\n{}", self.run.display(), table(&["checked", "is", "where"], rows))
    }
}

impl Text for StudyList {
    fn text(&self) -> String {
        table(&["study", "asks"], self.studies.iter().map(|(name, asks)| vec![name.clone(), asks.clone()]))
    }
}

fn study_lines(studies: &[StudyLine]) -> String {
    let mut out = String::new();
    for study in studies {
        let secs = study.secs.map_or_else(String::new, |secs| format!(", {secs:.0} s"));
        let _ = writeln!(out, "{} ({}{secs})", study.name, study.state);
        study.findings.iter().for_each(|finding| {
            let _ = writeln!(out, "  - {finding}");
        });
    }
    out
}

impl Text for Studied {
    fn text(&self) -> String {
        let next = format!("spikereel report {}", self.run.display());
        format!("{}{}\nfor the page: {next}\n", study_lines(&self.studies), self.run.display())
    }
}

impl Text for Reproduced {
    fn text(&self) -> String {
        let findings: Vec<String> = self.findings.iter().map(|finding| format!("- {finding}\n")).collect();
        format!("{}{}\n{}", study_lines(&self.studies), self.page.display(), findings.concat())
    }
}

impl Text for Reported {
    fn text(&self) -> String {
        let mut out = format!("{}\n", self.page.display());
        self.findings.iter().for_each(|finding| {
            let _ = writeln!(out, "- {finding}");
        });
        out
    }
}

impl Text for DemoDone {
    fn text(&self) -> String {
        let mut out = String::from("Main findings:\n");
        for (at, finding) in self.findings.iter().enumerate() {
            let _ = writeln!(out, "{}. {finding}", at + 1);
        }
        let _ = writeln!(out, "\nThe report: {}", self.page.display());
        out
    }
}
