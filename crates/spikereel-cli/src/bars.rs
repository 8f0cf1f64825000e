//! Progress bars on stderr: rate and time left, for anything that takes longer than a second; none where nobody watches.

use crate::said;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use spikereel::progress::{Progress, Task};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A stage shorter than this never draws a bar.
const SHOW_AFTER: Duration = Duration::from_secs(1);

/// Draws bars where stderr is a terminal; elsewhere prints one line a stage that took longer than [`SHOW_AFTER`].
pub struct Bars {
    quiet: bool,
    drawn: Option<MultiProgress>,
}

impl Bars {
    /// `quiet` says nothing at all.
    pub fn new(quiet: bool) -> Self {
        let drawn = !quiet && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self { quiet, drawn: drawn.then(MultiProgress::new) }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, total: u64, unit: &'static str) -> Box<dyn Task> {
        let bar =
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden()).with_message(stage.to_string());
        Box::new(Bar {
            stage: stage.into(),
            unit,
            began: Instant::now(),
            quiet: self.quiet,
            bar,
            drawn: self.drawn.clone(),
            shown: Mutex::new(false),
        })
    }

    fn say(&self, remark: &str) {
        match &self.drawn {
            _ if self.quiet => {}
            Some(drawn) => drawn.suspend(|| said::line(remark)),
            None => said::line(remark),
        }
    }
}

struct Bar {
    stage: String,
    unit: &'static str,
    began: Instant,
    quiet: bool,
    bar: ProgressBar,
    drawn: Option<MultiProgress>,
    shown: Mutex<bool>,
}

impl Bar {
    fn show_when_long(&self) {
        let Some(drawn) = &self.drawn else { return };
        if self.began.elapsed() < SHOW_AFTER {
            return;
        }
        let Ok(mut shown) = self.shown.lock() else { return };
        if !*shown {
            *shown = true;
            drawn.add(self.bar.clone());
            self.bar.set_style(style(self.unit));
        }
    }
}

impl Task for Bar {
    fn advance(&self, n: u64) {
        self.bar.inc(n);
        self.show_when_long();
    }

    fn note(&self, figure: &str) {
        self.bar.set_prefix(figure.to_string());
        self.show_when_long();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        let took = self.began.elapsed();
        if self.quiet || took < SHOW_AFTER {
            return;
        }
        let figure = self.bar.prefix();
        let figure = if figure.is_empty() { String::new() } else { format!(", {figure}") };
        let line = format!("{}: {:.1} s{figure}", self.stage, took.as_secs_f64());
        match &self.drawn {
            Some(drawn) => drawn.suspend(|| said::line(&line)),
            None => said::line(&line),
        }
    }
}

fn style(unit: &'static str) -> ProgressStyle {
    ProgressStyle::with_template("{msg} {bar:24} {pos}/{len} {rate}, {eta} left  {prefix}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", move |state: &ProgressState, out: &mut dyn Write| {
            let per_sec = state.per_sec();
            // A slow stage reads better as seconds a step.
            let _ = if per_sec >= 1.0 || per_sec == 0.0 {
                write!(out, "{per_sec:.1} {unit}s/s")
            } else {
                write!(out, "{:.1} s/{unit}", 1.0 / per_sec)
            };
        })
}
