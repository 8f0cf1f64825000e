//! Lines on stderr. Where nobody can hear them (a closed terminal, a log on a full disk) the work goes on all the same.

use std::io::Write;

/// Writes one line, or not.
pub fn line(text: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
