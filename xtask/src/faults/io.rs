//! System calls that fail: the n-th write, fsync or rename, for every n, made to fail by strace.

use super::document::Row;
use super::scene::{Scene, differing, end};
use std::collections::BTreeMap;
use std::process::Command;

const CALLS: [&str; 3] = ["write", "fsync", "rename"];
const ERRORS: [&str; 3] = ["ENOSPC", "EIO", "EDQUOT"];
const WORDS: [&str; 3] = ["No space left", "Input/output error", "quota exceeded"];

/// One epoch of a network of one channel on a dataset that is there already, a checkpoint after every step.
const SHORT: &str = "seed = 5\n[data]\ndataset = \"short-data\"\n[network]\nbase_channels = 1\n[train]\nepochs = 1\nbatch_size = 64\n\
    checkpoint_secs = 0\n";
const DATA: &str = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 4\n[bins]\nwidth_secs = 0.5\nn_bins = 9\n[stimulus]\n\
    frame_px = 16\nframe_rate_hz = 2\nclips_train = 1\nclips_validation = 1\nclips_test = 1\n";

pub fn faults(scene: &Scene) -> Result<Row, String> {
    if Command::new("strace").arg("-V").output().is_err() {
        return Err("strace is not installed".into());
    }
    scene.write("short-data.toml", DATA)?;
    scene.write("short.toml", SHORT)?;
    scene.done(&["prepare", "--config", "short-data.toml", "--out", "short-data"])?;
    let mut tally = Tally::default();
    let train = ["train", "--config", "short.toml", "--out", "faulty", "-q"];
    let prepare = ["prepare", "--config", "short-data.toml", "--out", "faulty-data", "-q"];
    every(scene, &train, "faulty", "faultless", &mut tally)?;
    every(scene, &prepare, "faulty-data", "short-data", &mut tally)?;
    let Tally { n_faults, n_refused, n_mute, n_harmless, wrong } = tally;
    let figure = format!(
        "{n_faults} faults, each alone (write, fsync, rename; {}; every n that any thread of `train` and of `prepare` reaches): {n_refused} ended with code 74 and \
         named path and reason, {n_mute} with code 74 whose line on stderr was made to fail as well, {n_harmless} were made up for (the lease's count, lines on stdout and stderr); wrong endings, or a second \
         start that did not lead to the same bytes: {}",
        ERRORS.join(", "),
        super::kill::list(&wrong)
    );
    Ok(Row::new(wrong.is_empty(), figure))
}

#[derive(Default)]
struct Tally {
    n_faults: usize,
    n_refused: usize,
    n_mute: usize,
    n_harmless: usize,
    wrong: Vec<String>,
}

fn every(scene: &Scene, arguments: &[&str], out: &str, faultless: &str, tally: &mut Tally) -> Result<(), String> {
    if !scene.path(faultless).exists() {
        let mut same = arguments.to_vec();
        if let Some(name) = same.iter_mut().find(|argument| **argument == out) {
            *name = faultless;
        }
        scene.done(&same)?;
    }
    let counts = count(scene, arguments, out)?;
    for call in CALLS {
        let n = counts.get(call).copied().unwrap_or(0);
        let step = if scene.is_quick { n.div_ceil(3).max(1) } else { 1 };
        for at in (1..=n).step_by(step) {
            for (error, words) in ERRORS.iter().zip(WORDS).take(scene.n(ERRORS.len(), 1)) {
                scene.remove(out);
                let inject = format!("inject={call}:error={error}:when={at}");
                let mut strace = Command::new("strace");
                strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
                let ended = end(strace.arg(&scene.binary).args(arguments).current_dir(&scene.folder))?;
                tally.n_faults += 1;
                let what = format!("{call} {at} {error}");
                match ended.code {
                    Some(74) if ended.said.contains(words) && ended.said.contains(out) => tally.n_refused += 1,
                    // strace counts in each thread by itself: the line that tells of the fault may be the n-th write of its own thread.
                    Some(74) if ended.said.is_empty() && call == "write" => tally.n_mute += 1,
                    Some(0) => tally.n_harmless += 1,
                    code => tally.wrong.push(format!("{what}: code {code:?}, {}", ended.said.trim())),
                }
                // The same command again, now that the disk is well. What `prepare` has finished it does not make twice.
                let again = scene.run(arguments)?;
                let is_there = arguments[0] == "prepare" && again.code == Some(78) && ended.code != Some(0);
                if again.code != Some(0) && ended.code != Some(0) && !is_there {
                    tally.wrong.push(format!("{what}, then: code {:?}, {}", again.code, again.said.trim()));
                    continue;
                }
                let differing = differing(&scene.path(faultless), &scene.path(out))?;
                if !differing.is_empty() {
                    tally.wrong.push(format!("{what}, then differs: {}", differing.join(" ")));
                }
            }
        }
    }
    Ok(())
}

/// How often each call is made when nothing fails.
fn count(scene: &Scene, arguments: &[&str], out: &str) -> Result<BTreeMap<&'static str, usize>, String> {
    scene.remove(out);
    let log = scene.path("calls.txt");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=write,fsync,rename", "-o"]).arg(&log);
    let ended = end(strace.arg(&scene.binary).args(arguments).current_dir(&scene.folder))?;
    if ended.code != Some(0) {
        return Err(format!("under strace: {}", ended.said));
    }
    let text = std::fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    // The most in any one thread: strace counts in each by itself.
    let of = |call: &str| {
        let mut by_thread: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines().filter(|line| line.contains(&format!(" {call}("))) {
            *by_thread.entry(line.split_whitespace().next().unwrap_or_default()).or_default() += 1;
        }
        by_thread.into_values().max().unwrap_or(0)
    };
    Ok(CALLS.into_iter().map(|call| (call, of(call))).collect())
}
