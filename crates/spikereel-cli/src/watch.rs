//! `status --watch`: the table of runs, drawn again every two seconds until nothing runs. On no terminal it is printed once a change.

use crate::text::Text;
use spikereel::programme::grid::{self, RunState};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

/// Draws until no run is at work, or the plan is done.
pub fn watch(plan: &Path) -> spikereel::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    let mut before = String::new();
    loop {
        let status = grid::status(plan)?;
        let text = status.text();
        if text != before {
            let clear = if is_terminal { "\u{1b}[2J\u{1b}[H" } else { "" };
            let written = std::io::stdout().lock().write_all(format!("{clear}{text}").as_bytes());
            if written.is_err() {
                return Ok(()); // nobody reads any more
            }
            before = text;
        }
        if !status.runs.iter().any(|run| matches!(run.state, RunState::Running { .. })) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(2));
    }
}
