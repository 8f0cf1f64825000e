//! One training by one process and by two on two nodes, started by `srun --mpi=pmix`: the same bits again and again, also when stopped in
//! between; and what a second process is worth.

use super::cluster::Cluster;
use crate::faults::scene::{Ended, Scene, differing, end, sleep, wait};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

const N_TURNS: usize = 3;
/// Steps of the timed trainings; the difference is what is timed.
const STEPS: [usize; 2] = [2, 10];

/// Builds the binary with MPI and copies it into a folder of the scene, under its own name.
pub fn binary(scene: &Scene) -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--quiet", "--package", "spikereel-cli", "--features", "mpi"]);
    let built = end(build.current_dir(&scene.root))?;
    if built.code != Some(0) {
        return Err(format!("no build with MPI (libopenmpi-dev and libclang-dev are needed): {}", built.said.trim()));
    }
    let folder = scene.path("with-mpi");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let binary = folder.join("spikereel");
    std::fs::copy(scene.root.join("target/release/spikereel"), &binary)
        .map_err(|error| format!("the binary: {error}"))?;
    Ok(binary)
}

struct Ranks<'a> {
    scene: &'a Scene,
    cluster: &'a Cluster,
    binary: PathBuf,
}

impl Ranks<'_> {
    /// A training by so many processes, each on a node of its own.
    fn command(&self, n_ranks: usize, arguments: &[&str]) -> Command {
        let mut command = Command::new("srun");
        command.args(["--mpi=pmix", "--ntasks-per-node=1", "--wait=30"]);
        command.arg(format!("--nodes={n_ranks}")).arg(&self.binary).arg("train").args(arguments);
        command.args(["--mpi", "--quiet"]).current_dir(&self.scene.folder).stdin(Stdio::null());
        command.env("SLURM_CONF", self.cluster.settings());
        command
    }

    fn done(&self, n_ranks: usize, arguments: &[&str]) -> Result<Ended, String> {
        let ended = end(&mut self.command(n_ranks, arguments))?;
        if ended.code == Some(0) {
            Ok(ended)
        } else {
            Err(format!("{n_ranks} processes, {arguments:?}: code {:?}, {}", ended.code, ended.said.trim()))
        }
    }
}

/// All of it; what is not as it should be.
pub fn all(scene: &Scene, cluster: &Cluster) -> Result<Vec<String>, String> {
    let ranks = Ranks { scene, cluster, binary: binary(scene)? };
    let mut wrong = Vec::new();
    scene.done(&["train", "--config", "often.toml", "--out", "no-mpi"])?;
    for (n_ranks, out) in [(1, "one"), (2, "two"), (2, "two-again")] {
        let ended = ranks.done(n_ranks, &["--config", "often.toml", "--out", out])?;
        println!("  {n_ranks} processes: {:.1} s", ended.secs);
    }
    for (a, b, should) in [("no-mpi", "one", true), ("two", "two-again", true), ("one", "two", false)] {
        let differ = differing(&scene.path(a), &scene.path(b))?;
        println!("  {a} and {b}: {} files differ", differ.len());
        if differ.is_empty() != should {
            wrong.push(format!("{a} and {b}: {differ:?}"));
        }
    }
    wrong.extend(stopped(&ranks)?);
    let other = end(&mut ranks.command(2, &["--config", "often.toml", "--set", "train.epochs=7", "--out", "two"]))?;
    println!("  other settings in a folder of two: code {:?}", other.code);
    if other.code != Some(78) {
        wrong.push(format!("other settings: {other:?}"));
    }
    timed(&ranks)?;
    Ok(wrong)
}

/// Two processes, a signal to both in the middle, and the same command again.
fn stopped(ranks: &Ranks<'_>) -> Result<Vec<String>, String> {
    let scene = ranks.scene;
    let arguments = ["--config", "often.toml", "--out", "stopped"];
    let mut command = ranks.command(2, &arguments);
    let began = Instant::now();
    let child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| format!("srun: {error}"))?;
    while !scene.path("stopped/fold0/checkpoints").is_dir() {
        if began.elapsed().as_secs() > 120 {
            return Err("no training began".into());
        }
        sleep(0.05);
    }
    sleep(0.3);
    let job = ranks.cluster.said("squeue", &["-h", "-o", "%i"])?;
    ranks.cluster.said("scancel", &["--signal=USR2", job.trim()])?;
    let ended = wait(child, began)?;
    let n_left = std::fs::read_dir(scene.path("stopped/fold0/checkpoints")).map_or(0, Iterator::count);
    println!("  two processes, USR2 to both: srun's code {:?}, {n_left} checkpoints", ended.code);
    // With another number of processes it is not this training.
    let alone = end(&mut ranks.command(1, &arguments))?;
    ranks.done(2, &arguments)?;
    let differ = differing(&scene.path("stopped"), &scene.path("two"))?;
    println!("  gone on with by one: code {:?}; by two: {} files differ", alone.code, differ.len());
    let is_right = ended.code == Some(75) && alone.code == Some(78) && differ.is_empty();
    Ok(if is_right { vec![] } else { vec![format!("stopped: {ended:?}; alone: {alone:?}; differ: {differ:?}")] })
}

/// Seconds of a step at published width with batches of 16, by threads and processes.
fn timed(ranks: &Ranks<'_>) -> Result<(), String> {
    let scene = ranks.scene;
    scene.write(
        "wide.toml",
        "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 4\n[train]\nbatch_size = 16\nepochs = 1\n",
    )?;
    scene.done(&["prepare", "--config", "wide.toml", "--out", "wide-data"])?;
    println!("  | threads | processes | s a step of 16 samples, median of {N_TURNS} |");
    for (n_threads, n_ranks) in [("1", 0), ("2", 0), ("1", 1), ("1", 2)] {
        let mut secs = Vec::new();
        for _ in 0..N_TURNS {
            let mut both = [0.0; 2];
            for (steps, secs) in STEPS.into_iter().zip(&mut both) {
                scene.remove("wide");
                let steps = format!("train.steps_per_epoch={steps}");
                let arguments =
                    ["wide-data", "--set", "train.batch_size=16", "--set", "train.epochs=1", "--set", &steps];
                let rest = ["--seed", "5", "--threads", n_threads, "--out", "wide"];
                let arguments = [&arguments[..], &rest[..]].concat();
                *secs = match n_ranks {
                    0 => scene.done(&[&["train"], &arguments[..]].concat())?.secs,
                    n_ranks => ranks.done(n_ranks, &arguments)?.secs,
                };
            }
            secs.push((both[1] - both[0]) / (STEPS[1] - STEPS[0]) as f64);
        }
        secs.sort_by(f64::total_cmp);
        let shown = if n_ranks == 0 { "no MPI".to_string() } else { n_ranks.to_string() };
        println!("  | {n_threads} | {shown} | {:.3} |", secs[N_TURNS / 2]);
    }
    Ok(())
}
