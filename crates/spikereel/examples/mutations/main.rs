//! Damaged files: `mutations [N] [FORMAT ...]` (100,000 of each of npz, npy, nwb, mat, toml, safetensors, csv, png, gif, tif).
//!
//! Each damaged file is an error or a result: never a panic, never more than 2 s, never much more memory than it deserves. A format
//! runs in a child process of its own, so that its peak memory is its own and an abort is seen. Memory may grow by at most twice
//! the largest size that was declared and found true, and 16 MiB for the readers themselves. The seed of a mutation is its number, so a
//! fault can be had again: `mutations only FORMAT NUMBER FILE` writes the damaged file. `mutations read FORMAT FILE ...` reads files from
//! elsewhere (a fuzzer's) in the same way and says how long each took.

mod beside;
mod damage;
mod formats;

use damage::damaged;
use formats::{Format, NAMES};
use serde::{Deserialize, Serialize};
use spikereel_data::rng::stream;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const N_MUTATIONS: usize = 100_000;
const SEED: u64 = 2026;
const MAX_SECS: f64 = 2.0;
/// A read this slow is timed again, so many times.
const SUSPECT_SECS: f64 = 0.1;
const N_AGAIN: usize = 4;
/// Buffers, tables of decompressors, the allocator's own.
const SLACK_BYTES: u64 = 16 << 20;

/// What a child found.
#[derive(Serialize, Deserialize)]
struct Found {
    n_files: usize,
    n_opened: usize,
    n_refused: usize,
    /// The first few, with the mutation's number and the place of the panic.
    panics: Vec<String>,
    n_panics: usize,
    slowest_secs: f64,
    slowest: usize,
    /// Largest file, or largest result that was handed out.
    largest_bytes: u64,
    /// Growth of the peak over what whole files took.
    growth_bytes: u64,
    secs: f64,
}

fn mutation(format: &Format, name: &str, number: usize) -> Vec<u8> {
    let rng = &mut stream(SEED, &format!("mutations/{name}/{number}"));
    damaged(&format.seeds[number % format.seeds.len()], &format.seeds, rng)
}

/// Peak resident memory of this process; 0 where the system does not say.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).map_or(0, |kib: u64| kib << 10)
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// One read: what it gave, or where it panicked; and the seconds of it.
fn timed(format: &Format) -> (Result<Option<u64>, String>, f64) {
    let begin = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| format.read()));
    let secs = begin.elapsed().as_secs_f64();
    (outcome.map_err(|_| LAST_PANIC.lock().map(|text| text.clone()).unwrap_or_default()), secs)
}

fn child(name: &str, n: usize, folder: &Path) -> Result<Found, Box<dyn Error>> {
    std::panic::set_hook(Box::new(|info| {
        if let Ok(mut text) = LAST_PANIC.lock() {
            *text = info.to_string().replace('\n', " ");
        }
    }));
    let format = Format::new(name, folder)?;
    let mut found = Found {
        n_files: format.seeds.len(),
        n_opened: 0,
        n_refused: 0,
        panics: Vec::new(),
        n_panics: 0,
        slowest_secs: 0.0,
        slowest: 0,
        largest_bytes: 0,
        growth_bytes: 0,
        secs: 0.0,
    };
    for seed in &format.seeds {
        std::fs::write(&format.path, seed)?;
        if let Ok(Some(bytes)) = timed(&format).0 {
            found.largest_bytes = found.largest_bytes.max(bytes);
        }
    }
    let (before, begin) = (peak_bytes(), Instant::now());
    for number in 0..n {
        let bytes = mutation(&format, name, number);
        std::fs::write(&format.path, &bytes)?;
        std::fs::write(folder.join("number"), number.to_string())?;
        let (outcome, mut secs) = timed(&format);
        // Others run on this machine: a read that takes long is timed again and counts as the quickest.
        for _ in 0..if secs > SUSPECT_SECS { N_AGAIN } else { 0 } {
            secs = secs.min(timed(&format).1);
        }
        if secs > found.slowest_secs {
            (found.slowest_secs, found.slowest) = (secs, number);
        }
        found.largest_bytes = found.largest_bytes.max(bytes.len() as u64);
        match outcome {
            Ok(Some(bytes)) => {
                found.n_opened += 1;
                found.largest_bytes = found.largest_bytes.max(bytes);
            }
            Ok(None) => found.n_refused += 1,
            Err(text) => {
                found.n_panics += 1;
                if found.panics.len() < 8 {
                    found.panics.push(format!("mutation {number}: {text}"));
                }
            }
        }
    }
    found.growth_bytes = peak_bytes().saturating_sub(before);
    found.secs = begin.elapsed().as_secs_f64();
    Ok(found)
}

/// Runs a format in a child process; an abort or a hang is told with the mutation at which it stood.
fn in_child(name: &str, n: usize) -> Result<Found, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", name, &n.to_string()])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()?;
    // A mutation's number, so that it can be had again.
    let number = || std::fs::read_to_string(folder.path().join("number")).unwrap_or_else(|_| "none".into());
    let (mut last, mut since) = (number(), Instant::now());
    while child.try_wait()?.is_none() {
        std::thread::sleep(Duration::from_millis(50));
        let now = number();
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > Duration::from_secs(120) {
            child.kill()?;
            return Err(format!("{name}: hangs at mutation {last}").into());
        }
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{name}: {} at mutation {}", output.status, number()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Which promises `found` breaks.
fn broken(name: &str, found: &Found) -> Vec<String> {
    let mut broken: Vec<String> = found.panics.iter().map(|panic| format!("{name}: {panic}")).collect();
    if found.slowest_secs > MAX_SECS {
        broken.push(format!("{name}: {:.1} s at mutation {}, at most {MAX_SECS} s", found.slowest_secs, found.slowest));
    }
    let allowed = 2 * found.largest_bytes + SLACK_BYTES;
    if found.growth_bytes > allowed {
        broken.push(format!("{name}: memory grew by {} bytes, at most {allowed}", found.growth_bytes));
    }
    broken
}

fn all(n: usize, names: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut faults = Vec::new();
    println!(
        "| format | files | mutations | refused | opened | panics | slowest, ms | largest, KiB | memory grew, KiB | all, s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for name in names {
        match in_child(name, n) {
            Ok(found) => {
                println!(
                    "| {name} | {} | {n} | {} | {} | {} | {:.1} | {} | {} | {:.0} |",
                    found.n_files,
                    found.n_refused,
                    found.n_opened,
                    found.n_panics,
                    found.slowest_secs * 1e3,
                    found.largest_bytes.div_ceil(1024),
                    found.growth_bytes.div_ceil(1024),
                    found.secs
                );
                faults.extend(broken(name, &found));
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["child", name, n, folder] => {
            println!("{}", serde_json::to_string(&child(name, n.parse()?, folder.as_ref())?)?);
            Ok(())
        }
        ["only", name, number, file] => {
            let folder = tempfile::tempdir()?;
            Ok(std::fs::write(file, mutation(&Format::new(name, folder.path())?, name, number.parse()?))?)
        }
        ["read", name, files @ ..] => {
            let folder = tempfile::tempdir()?;
            let format = Format::new(name, folder.path())?;
            for file in files {
                std::fs::copy(file, &format.path)?;
                let (outcome, secs) = timed(&format);
                println!("{file}: {:.1} ms, {outcome:?}", secs * 1e3);
            }
            Ok(())
        }
        [] => all(N_MUTATIONS, &NAMES),
        [n] => all(n.parse()?, &NAMES),
        [n, names @ ..] => all(n.parse()?, names),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
