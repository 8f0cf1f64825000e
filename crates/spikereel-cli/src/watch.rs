//! `status --watch`: the table of runs, drawn again every two seconds until every run is done or failed. On no terminal it is printed once a
//! change, until nothing runs.

use crate::text::Text;
use spikereel::programme::grid::{self, RunState};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

/// Draws until there is nothing to wait for. No folder tells whether missing runs wait in a scheduler's queue, so at a terminal it goes on.
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
        let is_over = status.runs.iter().all(|run| matches!(run.state, RunState::Done | RunState::Failed { .. }));
        let is_idle = !status.runs.iter().any(|run| matches!(run.state, RunState::Running { .. }));
        if is_over || (is_idle && !is_terminal) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(2));
    }
}
