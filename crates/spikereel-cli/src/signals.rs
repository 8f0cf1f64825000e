//! Signals that ask the process to stop: what is under way is saved, and the process ends with code 75, which schedulers take as "run again".

use crate::said;
use std::process::exit;

/// Waits for SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 on a thread of its own. The first one ends the process after everything is saved; those
/// that come meanwhile change nothing.
#[cfg(unix)]
pub fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGUSR1, SIGUSR2])?;
    let name = |signal| match signal {
        SIGTERM => "SIGTERM",
        SIGINT => "SIGINT",
        SIGUSR1 => "SIGUSR1",
        _ => "SIGUSR2",
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().next().into_iter().for_each(|signal| stop(name(signal))))?;
    Ok(())
}

/// Elsewhere the process ends as the system does it: files are whole all the same, and at most the time since the last checkpoint is lost.
#[cfg(not(unix))]
pub fn listen() -> std::io::Result<()> {
    Ok(())
}

#[cfg_attr(not(unix), expect(dead_code))]
fn stop(signal: &str) {
    let spikereel::stop::Stopped { errors, folder } = spikereel::stop::stop();
    for error in &errors {
        said::line(&format!("error: {error}"));
    }
    let saved = if errors.is_empty() { "what was done is saved" } else { "not all could be saved" };
    let again = match folder {
        Some(folder) => format!(
            "{}: stopped by {signal}; {saved} (hint: the same command goes on where it stopped; if it names no folder, add --out {0})",
            folder.display()
        ),
        None => format!("stopped by {signal}; {saved} (hint: give the same command again)"),
    };
    said::line(&format!("error: {again}"));
    exit(i32::from(spikereel::STOPPED));
}
