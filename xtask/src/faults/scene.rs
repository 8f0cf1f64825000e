//! What trials share: the release binary, small runs, folders to work in, comparisons, chance.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Two folds, six epochs of seven steps, a checkpoint after every step.
pub const TRAINED_OFTEN: &str = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 6\n[bins]\nwidth_secs = 0.5\nn_bins = 9\n\
    [stimulus]\nframe_px = 16\nframe_rate_hz = 2\nclips_train = 2\nclips_validation = 2\nclips_test = 2\n[network]\nbase_channels = 2\n\
    [split]\nn_folds = 2\n[train]\nepochs = 6\nbatch_size = 8\ncheckpoint_secs = 0\n[scores]\nn_null = 10\nn_null_draws = 200\n\
    [masking]\nn_bootstrap = 200\n";

/// The place where trials happen. Removed when dropped.
pub struct Scene {
    pub root: PathBuf,
    pub folder: PathBuf,
    pub binary: PathBuf,
    pub is_quick: bool,
    chance: Cell<u64>,
}

/// How a process ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub said: String,
    pub secs: f64,
}

impl Scene {
    /// Builds the binary and makes a folder.
    pub fn new(root: &Path, is_quick: bool) -> Result<Self, String> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--release", "--quiet", "--package", "spikereel-cli"])
            .current_dir(root)
            .status()
            .map_err(|error| format!("cargo: {error}"))?;
        if !built.success() {
            return Err("the binary could not be built".into());
        }
        let folder = std::env::temp_dir().join(format!("spikereel-faults-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        // A copy, so that a build meanwhile changes nothing.
        let binary = folder.join("spikereel");
        std::fs::copy(root.join("target/release/spikereel"), &binary)
            .map_err(|error| format!("the binary: {error}"))?;
        let scene = Self { root: root.to_owned(), folder, binary, is_quick, chance: Cell::new(0x9E37_79B9_7F4A_7C15) };
        scene.write("often.toml", TRAINED_OFTEN)?;
        Ok(scene)
    }

    /// `full`, or `few` where all is to be quick.
    pub fn n(&self, full: usize, few: usize) -> usize {
        if self.is_quick { few } else { full }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.path(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Removes a file or folder of the scene, if it is there.
    pub fn remove(&self, name: &str) {
        let path = self.path(name);
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }

    /// The next of a fixed sequence of numbers from 0 to 1 (SplitMix64).
    pub fn chance(&self) -> f64 {
        let state = self.chance.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.chance.set(state);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The binary, in the scene's folder.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Ended, String> {
        end(&mut self.command(arguments))
    }

    /// Runs the binary, which must be done.
    pub fn done<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Ended, String> {
        let ended = self.run(arguments)?;
        if ended.code == Some(0) { Ok(ended) } else { Err(format!("ended with {:?}: {}", ended.code, ended.said)) }
    }

    /// Starts the binary.
    pub fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Child, String> {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| format!("the binary: {error}"))
    }

    /// A training of `often.toml` that has begun its first fold.
    pub fn training(&self, out: &str) -> Result<Child, String> {
        let began = Instant::now();
        let child = self.start(&["train", "--config", "often.toml", "--out", out])?;
        while !self.path(out).join("fold0/checkpoints").is_dir() && began.elapsed().as_secs() < 60 {
            sleep(0.01);
        }
        Ok(child)
    }

    /// A training of `often.toml` killed in its first fold, when two checkpoints are there.
    pub fn stopped(&self, out: &str) -> Result<(), String> {
        let checkpoints = self.path(out).join("fold0/checkpoints");
        for _ in 0..20 {
            self.remove(out);
            let began = Instant::now();
            let child = self.start(&["train", "--config", "often.toml", "--out", out])?;
            let count = || {
                let entries = std::fs::read_dir(&checkpoints).into_iter().flatten().flatten();
                entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "ckpt")).count()
            };
            while count() < 2 && began.elapsed().as_secs() < 60 {
                sleep(0.005);
            }
            sleep(0.5 * self.chance());
            signal(child.id(), "KILL");
            wait(child, began)?;
            if count() >= 2 && !self.path(out).join("fold0/curve.json").exists() {
                return Ok(());
            }
        }
        Err("no training could be stopped half way".into())
    }

    /// Trains, scores, masks and reports into a folder, which may hold a part of it.
    pub fn whole(&self, config: &str, out: &str) -> Result<(), String> {
        self.done(&["train", "--config", config, "--out", out])?;
        for step in ["evaluate", "mask", "report"] {
            self.done(&[step, out])?;
        }
        Ok(())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs a command to its end.
pub fn end(command: &mut Command) -> Result<Ended, String> {
    let began = Instant::now();
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    Ok(ended(&output, began))
}

/// Waits for a process and reads what it said.
pub fn wait(child: Child, began: Instant) -> Result<Ended, String> {
    let output = child.wait_with_output().map_err(|error| format!("waiting: {error}"))?;
    Ok(ended(&output, began))
}

fn ended(output: &Output, began: Instant) -> Ended {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    Ended { code: output.status.code(), said, secs: began.elapsed().as_secs_f64() }
}

/// Sends a signal by name, through the system's own `kill`.
pub fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").args(["-s", name, &process.to_string()]).stderr(Stdio::null()).status();
}

/// Sleeps.
pub fn sleep(secs: f64) {
    std::thread::sleep(Duration::from_secs_f64(secs));
}

/// All files of a folder, by their path inside it; without those that tell of time or of who works there.
pub fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let failed = |error| format!("{}: {error}", next.display());
        for entry in std::fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.strip_prefix(folder).map_err(|error| error.to_string())?.display().to_string();
            let base = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["events.jsonl", "provenance.json", "lock", "lease.json", "timing.json", "index.html"]
                .contains(&base.as_str())
            {
                found.insert(name, std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
            }
        }
    }
    Ok(found)
}

/// The names of files that differ between two folders, or that only one has.
pub fn differing(a: &Path, b: &Path) -> Result<Vec<String>, String> {
    let (a, b) = (files(a)?, files(b)?);
    let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
    Ok(names.filter(|name| a.get(*name) != b.get(*name)).cloned().collect())
}
