//! `bench`: the engine timed on this machine, layer by layer and as whole steps, beside PyTorch where a Python is given.
//!
//! Each engine, precision and memory layout runs in a process of its own, from the same weights and inputs. Their losses are compared
//! before anything is timed; then they take turns, so that what disturbs the machine disturbs all, and ratios are medians over turns.

mod layers;
mod problem;
mod process;
mod worker;

use crate::progress::Progress;
use crate::steps::source::temporary_root;
use crate::{ConfigError, Error, Result};
pub use layers::LayerTime;
pub use problem::Problem;
use process::Worker;
use serde::Serialize;
use spikereel_kernels::Isa;
pub use spikereel_kernels::fast::Precision;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
pub use worker::work;

/// The other engine's side.
const PEER: &str = include_str!("pytorch_peer.py");
/// Its precisions and memory layouts (`cl`: channels last).
pub const PEER_MODES: [&str; 4] = ["f32", "f32-cl", "bf16", "bf16-cl"];
/// Steps that are not timed, after what a worker has done to be ready.
const N_WARM: usize = 1;
/// Before each step.
const PAUSE: Duration = Duration::from_millis(100);

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchConfig {
    /// Sizes.
    pub problem: Problem,
    /// Timed turns.
    pub n_runs: usize,
    /// This engine's precisions.
    pub precisions: Vec<Precision>,
    /// A Python with torch.
    pub peer: Option<PathBuf>,
    /// Which of [`PEER_MODES`] it runs.
    pub peer_modes: Vec<&'static str>,
    /// Whether single layers are timed.
    pub layers: bool,
}

/// One engine in one mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModeTime {
    /// `spikereel` or `pytorch`, with version.
    pub engine: String,
    /// Precision, and layout where there is a choice.
    pub mode: String,
    /// Samples per second of inference, median.
    pub infer_samples_per_s: f64,
    /// Samples per second of a training step, median.
    pub train_samples_per_s: f64,
    /// Largest resident memory of its process, over both, bytes.
    pub peak_bytes: u64,
    /// Losses of the first two training steps.
    pub losses: Vec<f64>,
}

/// This engine against one mode of the peer: medians of the ratios of turns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// This engine's precision.
    pub mode: &'static str,
    /// The peer's mode.
    pub peer_mode: &'static str,
    /// How many times as fast inference is.
    pub infer_ratio: f64,
    /// How many times as fast a training step is.
    pub train_ratio: f64,
    /// This engine's peak memory as a share of the peer's.
    pub memory_ratio: f64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benched {
    /// Instruction set.
    pub instruction_set: &'static str,
    /// Worker threads of each engine.
    pub n_threads: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Channels of the first convolution.
    pub base_channels: usize,
    /// Timed turns.
    pub n_runs: usize,
    /// Measured peak of one thread by precision, 1e9 operations a second.
    pub peak_gflops: Vec<(&'static str, f64)>,
    /// Single layers.
    pub layers: Vec<LayerTime>,
    /// Whole steps.
    pub modes: Vec<ModeTime>,
    /// Against the peer.
    pub comparisons: Vec<Comparison>,
}

/// Measures.
///
/// # Errors
/// A peer that cannot be started or that disagrees about the losses, an I/O error.
pub fn bench(config: &BenchConfig, progress: &dyn Progress) -> Result<Benched> {
    let n_threads = rayon::current_num_threads();
    let folder = Folder::new()?;
    config.problem.write(folder.path())?;
    let mut result = Benched {
        instruction_set: Isa::best().name(),
        n_threads,
        batch: config.problem.batch,
        base_channels: config.problem.base_channels,
        n_runs: config.n_runs,
        peak_gflops: Vec::new(),
        layers: Vec::new(),
        modes: Vec::new(),
        comparisons: Vec::new(),
    };
    if config.layers {
        let task = progress.begin("layers", config.precisions.len() as u64, "precision");
        for &precision in &config.precisions {
            let (times, peak) = layers::time_layers(&config.problem, precision, config.n_runs)?;
            result.layers.extend(times);
            result.peak_gflops.push((precision.name(), peak));
            task.advance(1);
        }
    }
    let peers: Vec<Option<&'static str>> =
        if config.peer.is_some() { config.peer_modes.iter().copied().map(Some).collect() } else { vec![None] };
    let mut task = progress.begin("steps", (peers.len() * 2 * config.n_runs) as u64, "turn");
    for peer_mode in peers {
        let mut side_by_side = Vec::new();
        for &precision in &config.precisions {
            side_by_side.push(start_own(config, folder.path(), precision, n_threads)?);
        }
        if let (Some(python), Some(mode)) = (&config.peer, peer_mode) {
            side_by_side.push(start_peer(config, folder.path(), python, mode, n_threads)?);
        }
        check_losses(&side_by_side)?;
        let measured = take_turns(side_by_side, config, task.as_mut())?;
        add(&mut result, config, peer_mode, measured);
    }
    Ok(result)
}

/// A folder that goes when the measurement ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = temporary_root().join(format!("spikereel-bench-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| Error::io(&path, "make a folder", error))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start_own(config: &BenchConfig, folder: &Path, precision: Precision, n_threads: usize) -> Result<Worker> {
    let own = std::env::current_exe().map_err(|error| Error::io(Path::new("/proc/self/exe"), "find it", error))?;
    let mut command = Command::new(own);
    command.arg("bench-worker").arg(folder).args(["--batch", &config.problem.batch.to_string()]);
    command.args(["--base-channels", &config.problem.base_channels.to_string()]);
    command.args(["--precision", precision.name(), "--threads", &n_threads.to_string()]);
    Worker::start(precision.name(), &mut command)
}

fn start_peer(config: &BenchConfig, folder: &Path, python: &Path, mode: &str, n_threads: usize) -> Result<Worker> {
    let script = folder.join("pytorch_peer.py");
    std::fs::write(&script, PEER).map_err(|error| Error::io(&script, "write it", error))?;
    let mut command = Command::new(python);
    command.arg(&script).arg(folder).arg(config.problem.batch.to_string());
    command.arg(n_threads.to_string()).arg(mode);
    Worker::start(mode, &mut command)
}

/// The same step is timed only where the same numbers come out: 1e-3 between f32 engines, 3e-2 where one of two rounds to bf16.
fn check_losses(workers: &[Worker]) -> Result<()> {
    let Some(first) = workers.first() else { return Ok(()) };
    for worker in workers {
        let tolerance = if worker.is_bf16() || first.is_bf16() { 3e-2 } else { 1e-3 };
        for (expected, got) in first.losses.iter().zip(&worker.losses) {
            let agrees = (expected - got).abs() <= tolerance * expected.abs();
            if !agrees {
                let expected = format!("within {tolerance} of {expected}, the loss of {}", first.name());
                return Err(ConfigError::new(format!("bench, loss of {}", worker.name()), expected, got.to_string())
                    .hint("the two would not do the same work; nothing was timed")
                    .into());
            }
        }
    }
    Ok(())
}

/// One worker's turns.
struct Measured {
    name: String,
    version: String,
    losses: Vec<f64>,
    infer_secs: Vec<f64>,
    train_secs: Vec<f64>,
    peak_bytes: u64,
}

fn take_turns(
    mut workers: Vec<Worker>,
    config: &BenchConfig,
    task: &mut dyn crate::progress::Task,
) -> Result<Vec<Measured>> {
    let mut secs = [vec![Vec::new(); workers.len()], vec![Vec::new(); workers.len()]];
    for (what, secs) in ["infer", "train"].into_iter().zip(&mut secs) {
        for worker in &mut workers {
            (0..N_WARM).try_for_each(|_| worker.step(what).map(drop))?;
        }
        for _ in 0..config.n_runs {
            for (worker, secs) in workers.iter_mut().zip(secs.iter_mut()) {
                // Threads of the one before may still spin for a while.
                std::thread::sleep(PAUSE);
                secs.push(worker.step(what)?);
            }
            task.advance(1);
        }
    }
    let [infer, train] = secs;
    let all = workers.into_iter().zip(infer.into_iter().zip(train));
    all.map(|(worker, (infer_secs, train_secs))| {
        let (name, version, losses) = (worker.name().to_string(), worker.version.clone(), worker.losses.clone());
        Ok(Measured { name, version, losses, infer_secs, train_secs, peak_bytes: worker.end()? })
    })
    .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 { f64::NAN } else { 0.5 * (values[(n - 1) / 2] + values[n / 2]) }
}

fn add(result: &mut Benched, config: &BenchConfig, peer_mode: Option<&'static str>, measured: Vec<Measured>) {
    let n_own = config.precisions.len();
    let rate = |secs: &[f64]| config.problem.batch as f64 / median(secs.to_vec());
    for (at, one) in measured.iter().enumerate() {
        let engine = if at < n_own { "spikereel" } else { "pytorch" };
        // Own modes run beside each of the peer's: their rows are those of the first.
        if at < n_own && result.modes.iter().any(|row| row.mode == one.name && row.engine.starts_with(engine)) {
            continue;
        }
        result.modes.push(ModeTime {
            engine: format!("{engine} {}", one.version),
            mode: one.name.clone(),
            infer_samples_per_s: rate(&one.infer_secs),
            train_samples_per_s: rate(&one.train_secs),
            peak_bytes: one.peak_bytes,
            losses: one.losses.clone(),
        });
    }
    let (Some(peer_mode), Some(peer)) = (peer_mode, measured.get(n_own)) else { return };
    let ratio = |peer: &[f64], own: &[f64]| median(peer.iter().zip(own).map(|(peer, own)| peer / own).collect());
    for (own, precision) in measured.iter().zip(&config.precisions) {
        result.comparisons.push(Comparison {
            mode: precision.name(),
            peer_mode,
            infer_ratio: ratio(&peer.infer_secs, &own.infer_secs),
            train_ratio: ratio(&peer.train_secs, &own.train_secs),
            memory_ratio: own.peak_bytes as f64 / peer.peak_bytes.max(1) as f64,
        });
    }
}
