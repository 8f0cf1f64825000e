//! What a run survives, a sample: `cargo xtask faults` tries each promise at full counts.

#![cfg(unix)]

mod common;

use common::{code, done_in, run_in, stderr, stdout, temporary};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A checkpoint after every step.
const CONFIG: &str = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 6\n[bins]\nwidth_secs = 0.5\nn_bins = 9\n[stimulus]\n\
    frame_px = 16\nframe_rate_hz = 2\nclips_train = 1\nclips_validation = 1\nclips_test = 1\n[network]\nbase_channels = 1\n[train]\n\
    epochs = 4\nbatch_size = 8\ncheckpoint_secs = 0\n[scores]\nn_null = 10\nn_null_draws = 200\n[masking]\nn_bootstrap = 200\n";

const TRAIN: [&str; 4] = ["train", "--config", "c.toml", "--out"];

fn scene() -> tempfile::TempDir {
    let folder = temporary();
    fs::write(folder.path().join("c.toml"), CONFIG).unwrap();
    folder
}

fn train(folder: &Path, out: &str) -> std::process::Output {
    run_in(folder, &[&TRAIN[..], &[out]].concat())
}

/// Starts a training and waits until it has saved `n` checkpoints at once.
fn begun(folder: &Path, out: &str, n: usize) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("spikereel"));
    command.args(TRAIN).arg(out).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let began = Instant::now();
    while checkpoints(&folder.join(out)).len() < n {
        assert!(began.elapsed() < Duration::from_secs(120), "no checkpoint came");
        sleep(Duration::from_millis(2));
    }
    child
}

fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "ckpt")).collect();
    paths.sort();
    paths
}

/// Files of a run that may not depend on how it came about.
fn kept(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let names =
        ["weights.safetensors", "curve.json", "metrics.csv", "split.json", "standardiser.json", "dataset/spikes.bin"];
    let mut kept: BTreeMap<String, Vec<u8>> =
        names.iter().map(|name| (name.to_string(), fs::read(run.join(name)).unwrap())).collect();
    for path in checkpoints(run) {
        kept.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap());
    }
    kept
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn killed_signalled_and_garbled_a_training_ends_as_one_that_nothing_happened_to() {
    let folder = scene();
    let folder = folder.path();
    assert_eq!(code(&train(folder, "whole")), 0);
    let whole = kept(&folder.join("whole"));

    let mut child = begun(folder, "run", 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let newest = checkpoints(&folder.join("run")).pop().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&newest, bytes).unwrap();
    fs::write(newest.with_extension("ckpt.tmp1"), "half a save").unwrap();
    let mut events = fs::read(folder.join("run/events.jsonl")).unwrap();
    events.extend_from_slice(b"{\"unix_secs\":1");
    fs::write(folder.join("run/events.jsonl"), events).unwrap();

    let before = checkpoints(&folder.join("run"));
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("spikereel"));
    command.args(TRAIN).arg("run").current_dir(folder).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let began = Instant::now();
    let is_new = |path: &PathBuf| !before.contains(path);
    while !checkpoints(&folder.join("run")).iter().any(is_new) && began.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(2));
    }
    signal(&child, "USR2");
    signal(&child, "INT");
    let stopped = child.wait_with_output().unwrap();
    // On a fast machine it may have been done before the signal came.
    assert!([75, 0].contains(&code(&stopped)), "{}", stderr(&stopped));
    let said = stderr(&stopped);
    assert!(said.contains("a damaged checkpoint") && said.contains("going on"), "{said}");
    if code(&stopped) == 75 {
        assert!(said.contains("run: stopped by SIG") && said.contains("--out run"), "{said}");
    }

    let last = train(folder, "run");
    assert_eq!(code(&last), 0, "{}", stderr(&last));
    let run = kept(&folder.join("run"));
    let differing: Vec<&String> = whole.keys().filter(|name| whole.get(*name) != run.get(*name)).collect();
    assert!(differing.is_empty() && run.len() == whole.len(), "{differing:?}");
    let events = fs::read_to_string(folder.join("run/events.jsonl")).unwrap();
    assert!(events.contains("\"repaired\"") && events.contains("gone on with"), "{events}");
    assert!(!folder.join("run/lease.json").exists());

    // Without its events a finished run loses nothing: losses stand in its last checkpoint too.
    fs::remove_file(folder.join("run/events.jsonl")).unwrap();
    assert_eq!(code(&train(folder, "run")), 0);
    assert_eq!(kept(&folder.join("run")), run);
}

#[test]
fn a_run_at_work_other_settings_and_a_finished_run_are_each_answered() {
    let folder = scene();
    let folder = folder.path();
    let mut child = begun(folder, "run", 1);
    let began = Instant::now();
    let second = train(folder, "run");
    assert_eq!(code(&second), 77, "{}", stderr(&second));
    assert!(stderr(&second).contains(&format!("process {}", child.id())), "{}", stderr(&second));
    assert!(began.elapsed() < Duration::from_secs(10), "it did not wait for the other one");
    child.kill().unwrap();
    child.wait().unwrap();

    let other = run_in(folder, &[&TRAIN[..], &["run", "--set", "train.epochs=5", "--seed", "6"]].concat());
    assert_eq!(code(&other), 78);
    for words in ["seed = 5", "seed = 6", "train.epochs = 4", "train.epochs = 5", "--fresh"] {
        assert!(stderr(&other).contains(words), "{words}: {}", stderr(&other));
    }
    // How often it saves changes no result, so it may change.
    done_in(folder, &[&TRAIN[..], &["run", "--set", "train.checkpoint_secs=60"]].concat());
    let again = train(folder, "run");
    assert!(code(&again) == 0 && stderr(&again).contains("done already"), "{}", stderr(&again));
    let fresh = run_in(folder, &[&TRAIN[..], &["run", "--fresh", "--set", "train.epochs=1"]].concat());
    assert!(code(&fresh) == 0 && stderr(&fresh).contains("run.old-1"), "{}", stderr(&fresh));
    assert_eq!(fs::read_to_string(folder.join("run.old-1/metrics.csv")).unwrap().lines().count(), 5);
    assert_eq!(fs::read_to_string(folder.join("run/metrics.csv")).unwrap().lines().count(), 2);
}

#[test]
fn a_loss_that_is_no_number_keeps_the_last_good_state_and_names_the_batch() {
    let folder = scene();
    let folder = folder.path();
    let diverged = run_in(folder, &[&TRAIN[..], &["run", "--set", "train.learning_rate=1e30"]].concat());
    assert_eq!(code(&diverged), 76, "{}", stderr(&diverged));
    let said = stderr(&diverged);
    assert!(
        said.contains("epoch 1, step") && said.contains("on trials ") && said.contains("checkpoints/epoch"),
        "{said}"
    );
    assert!(!checkpoints(&folder.join("run")).is_empty() && !folder.join("run/weights.safetensors").exists());
}

#[test]
fn verify_says_same_or_where_not() {
    let folder = scene();
    let folder = folder.path();
    done_in(folder, &[&TRAIN[..], &["run"]].concat());
    for step in ["evaluate", "mask", "report"] {
        done_in(folder, &[step, "run"]);
    }
    let same = run_in(folder, &["verify", "run", "--json"]);
    assert_eq!(code(&same), 0, "{}", stderr(&same));
    assert_eq!(stdout(&same).matches("\"is_same\": true").count(), 7, "{}", stdout(&same));
    let path = folder.join("run/scores.json");
    let text = fs::read_to_string(&path).unwrap();
    let (before, after) = text.split_once("\"mean\": 0.").unwrap();
    fs::write(&path, format!("{before}\"mean\": 0.1{after}")).unwrap();
    let differs = run_in(folder, &["verify", "run"]);
    assert_eq!(code(&differs), 65);
    assert!(stdout(&differs).contains("made again") && stdout(&differs).contains("differs"), "{}", stdout(&differs));
}
