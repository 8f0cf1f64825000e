//! `events.jsonl`: what happened in a run, one JSON object a line, append only. A line that a killed process left half written is found
//! when the run is opened again and taken out, its text kept in an event of its own.

use crate::{Error, Result, lease};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file in a run's folder.
pub const EVENTS: &str = "events.jsonl";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the clock of the machine it happened on; nothing is ordered by it.
    pub unix_secs: u64,
    /// What.
    pub event: String,
    /// What with.
    #[serde(default)]
    pub detail: serde_json::Value,
    /// The process that wrote it, such as `process 4711 on n1, job 33_4`. Lines of one process stand together: the lease sees to that.
    #[serde(default)]
    pub by: String,
}

impl Event {
    /// True where `event` was told of `detail`.
    pub fn is(&self, event: &str, detail: &str) -> bool {
        self.event == event && self.detail == detail
    }
}

/// Appends one event, with the time.
///
/// # Errors
/// An I/O error; a detail that is no JSON.
pub fn append(run: &Path, event: &str, detail: &impl Serialize) -> Result<()> {
    let path = run.join(EVENTS);
    let detail = serde_json::to_value(detail)
        .map_err(|error| Error::Bug(format!("what happened ({event}) is no JSON: {error}")))?;
    let unix_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let event = Event { unix_secs, event: event.into(), detail, by: lease::this_process() };
    let line = serde_json::to_string(&event).map_err(|error| Error::Bug(format!("an event is no JSON: {error}")))?;
    // One call: lines of several threads or processes never mix.
    let write = || OpenOptions::new().create(true).append(true).open(&path)?.write_all(format!("{line}\n").as_bytes());
    write().map_err(|error| Error::io(&path, "append an event", error))
}

/// All events; lines that are none are passed over. Empty where there is no file.
///
/// # Errors
/// An I/O error.
pub fn read(run: &Path) -> Result<Vec<Event>> {
    Ok(text(run)?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Takes out a last line that is not whole. Returns its text, if there was one.
///
/// # Errors
/// An I/O error.
pub fn repair(run: &Path) -> Result<Option<String>> {
    let text = text(run)?;
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    let torn = &text[whole..];
    if torn.is_empty() {
        return Ok(None);
    }
    let path = run.join(EVENTS);
    let failed = |error| Error::io(&path, "repair its last line", error);
    if serde_json::from_str::<Event>(torn).is_ok() {
        let mut file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        file.write_all(b"\n").map_err(failed)?;
        return Ok(None);
    }
    // Bytes are cut, not characters: what is no UTF-8 was read as replacement characters of another length.
    let bytes = std::fs::read(&path).map_err(failed)?;
    let n_whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
    file.set_len(n_whole as u64).and_then(|()| file.sync_all()).map_err(failed)?;
    append(run, "repaired", &serde_json::json!({ "torn_line": torn }))?;
    Ok(Some(torn.to_string()))
}

fn text(run: &Path) -> Result<String> {
    let path = run.join(EVENTS);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Error::io(&path, "read events", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_taken_out_and_kept_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        append(run, "began", &"train").unwrap();
        append(run, "epoch", &serde_json::json!({ "epoch": 0, "train_loss": 0.25 })).unwrap();
        let whole = std::fs::read(run.join(EVENTS)).unwrap();
        let n_first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        for cut in n_first + 1..whole.len() - 1 {
            std::fs::write(run.join(EVENTS), &whole[..cut]).unwrap();
            let torn = repair(run).unwrap().unwrap();
            assert_eq!(torn.as_bytes(), &whole[n_first..cut]);
            let events = read(run).unwrap();
            assert_eq!((events.len(), events[1].event.as_str()), (2, "repaired"));
            assert_eq!(repair(run).unwrap(), None);
        }
        // Only the line's end is missing: the event itself is whole.
        std::fs::write(run.join(EVENTS), &whole[..whole.len() - 1]).unwrap();
        assert_eq!(repair(run).unwrap(), None);
        assert_eq!(std::fs::read(run.join(EVENTS)).unwrap(), whole);
        // A line of bytes that are no text.
        std::fs::write(run.join(EVENTS), [&whole[..n_first], &[0xff, 0xfe, b'{']].concat()).unwrap();
        assert!(repair(run).unwrap().is_some());
        assert_eq!(read(run).unwrap().len(), 2);
    }

    #[test]
    fn no_file_is_no_events() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((read(folder.path()).unwrap(), repair(folder.path()).unwrap()), (vec![], None));
    }
}
