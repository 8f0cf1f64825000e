//! The spikereel command: flags in, steps run, exit code out. Data go to stdout, all else to stderr.

#![forbid(unsafe_code)]

mod args;
mod bars;
mod commands;
mod import;
mod look;
mod said;
mod signals;
mod text;
mod watch;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let what = panic.payload_as_str().map_or_else(String::new, |text| format!(": {}", text.replace('\n', " ")));
        said::line(&format!(
            "error: a fault of spikereel itself{place}{what} (hint: nothing you typed should cause this; please report it with the command you ran)"
        ));
    }));
    let cli = args::Cli::parse();
    if let Err(error) = signals::listen() {
        said::line(&format!(
            "warning: signals are not heard ({error}): stopped, this process loses what came after the last checkpoint"
        ));
    }
    // The hook has said what is to be said; what is left is the code. Any thread's panic ends up here through rayon's join.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&cli))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            if let spikereel::Error::Differs { output, .. } = &error {
                let _ = print(output);
            }
            said::line(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
        Err(_) => ExitCode::from(70),
    }
}

fn run(cli: &args::Cli) -> spikereel::Result<()> {
    let bars = bars::Bars::new(cli.common.quiet);
    let threads = cli.common.threads.map(usize::from);
    let output = spikereel::threads::with_threads(threads, || commands::run(cli, &bars))?;
    print(&output)
}

/// Writes to stdout. A reader that has gone away (`spikereel ... | head`) has seen what it wanted: that is no failure.
fn print(text: &str) -> spikereel::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(spikereel::Error::io(std::path::Path::new("stdout"), "write the result", error))
        }
        _ => Ok(()),
    }
}
