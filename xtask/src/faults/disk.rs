//! Disks that are full or cannot be written, memory that is small, checkpoints that were garbled.

use super::document::Row;
use super::scene::{Scene, differing, end};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own; unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(path: &Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let option = format!("size={size}");
        mount(&["-t", "tmpfs", "-o", &option, "tmpfs"], path)?;
        Ok(Self(path.to_owned()))
    }

    fn read_only(&self) -> Result<(), String> {
        mount(&["-o", "remount,ro"], &self.0)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> Result<(), String> {
    let ended = end(Command::new("mount").args(arguments).arg(path))?;
    if ended.code == Some(0) { Ok(()) } else { Err(format!("mount (needs root): {}", ended.said)) }
}

/// A disk that ends at several sizes, and one that cannot be written.
pub fn full_or_read_only(scene: &Scene) -> Result<Row, String> {
    let mut told = Vec::new();
    let mut holds = true;
    let mut check = |what: &str, ended: &super::scene::Ended, words: &[&str]| {
        let is_early = !ended.said.contains("epoch");
        let is_right = ended.code == Some(74) && is_early && words.iter().all(|word| ended.said.contains(word));
        holds &= is_right;
        let line = ended.said.lines().find(|line| line.starts_with("error")).unwrap_or("no error").to_string();
        told.push(format!("{what}: code {:?} in {:.1} s, \"{line}\"", ended.code.unwrap_or(-1), ended.secs));
    };
    {
        let disk = Mounted::tmpfs(&scene.path("disk"), "64k")?;
        check("disk of 64 KiB", &scene.run(&["train", "--config", "often.toml", "--out", "disk/run"])?, &["disk/run"]);
        drop(disk);
        // Room for the dataset, not for the checkpoints of a network of 32 channels.
        let _disk = Mounted::tmpfs(&scene.path("disk"), "24m")?;
        let wide = ["train", "--config", "often.toml", "--set", "network.base_channels=32", "--out", "disk/run"];
        check(
            "disk of 24 MiB, 32 channels",
            &scene.run(&wide)?,
            &["disk/run", "are needed for checkpoints and weights"],
        );
    }
    {
        let disk = Mounted::tmpfs(&scene.path("disk"), "64m")?;
        scene.done(&["train", "--config", "often.toml", "--out", "disk/done"])?;
        disk.read_only()?;
        check(
            "read-only mount",
            &scene.run(&["train", "--config", "often.toml", "--out", "disk/run"])?,
            &["Read-only"],
        );
        check("a step on a run that is read-only", &scene.run(&["evaluate", "disk/done"])?, &["Read-only"]);
        let verified = scene.run(&["verify", "disk/done"])?;
        holds &= verified.code == Some(0);
        told.push(format!("`verify` there: code {:?}", verified.code.unwrap_or(-1)));
    }
    Ok(Row { holds, figure: told_of(&told), table: Vec::new() })
}

fn told_of(told: &[String]) -> String {
    told.join("; ")
}

/// A training stopped with two checkpoints, the newest garbled or cut: it goes on from the one before, and says so.
pub fn garbled_checkpoint(scene: &Scene) -> Result<Row, String> {
    scene.done(&["train", "--config", "often.toml", "--out", "trained-alone"])?;
    scene.stopped("stopped")?;
    let (n, mut n_said, mut wrong) = (scene.n(20, 3), 0, Vec::new());
    for trial in 0..n {
        scene.remove("garbled");
        let copied = Command::new("cp").arg("-r").args([scene.path("stopped"), scene.path("garbled")]).status();
        copied.map_err(|error| format!("cp: {error}"))?;
        let [newest, ..] =
            newest(&scene.path("garbled/fold0/checkpoints")).try_into().unwrap_or([PathBuf::new(), PathBuf::new()]);
        let mut bytes = std::fs::read(&newest).map_err(|error| format!("{}: {error}", newest.display()))?;
        let at = (scene.chance() * bytes.len() as f64) as usize;
        if trial % 2 == 0 {
            bytes[at] ^= 1 << (trial / 2 % 8)
        } else {
            bytes.truncate(at)
        }
        std::fs::write(&newest, bytes).map_err(|error| format!("{}: {error}", newest.display()))?;
        let ended = scene.done(&["train", "--config", "often.toml", "--out", "garbled"])?;
        n_said += usize::from(
            ended.said.contains("a damaged checkpoint") && ended.said.contains("the one before it is used"),
        );
        let different = differing(&scene.path("trained-alone"), &scene.path("garbled"))?;
        wrong.extend(different.into_iter().filter(|name| !name.ends_with(".damaged")));
    }
    let figure = format!(
        "{n} times the newest of two was cut or a bit of it flipped: {n_said} times it said so and used the one before; files that differ at the end: {}",
        super::kill::list(&wrong)
    );
    Ok(Row::new(wrong.is_empty() && n_said == n, figure))
}

fn newest(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "ckpt")).collect();
    paths.sort();
    paths.reverse();
    paths
}

/// A dataset of ten times the data memory that the process may have, trained on with and without that limit.
pub fn bigger_than_memory(scene: &Scene) -> Result<Row, String> {
    const ALLOWED_MIB: u64 = 112;
    // 8,192 clips of 60 frames of 32 x 32 pixels are 1.5 GB.
    let data = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 130\n[stimulus]\nclips_train = 100\nclips_validation = 10\nclips_test = 18\n";
    scene.write("large-data.toml", data)?;
    scene.done(&["prepare", "--config", "large-data.toml", "--out", "large-data"])?;
    let n_bytes: u64 = ["spikes.bin", "video.bin"]
        .iter()
        .map(|name| std::fs::metadata(scene.path("large-data").join(name)).map_or(0, |file| file.len()))
        .sum();
    let config = "seed = 5\n[data]\ndataset = \"large-data\"\n[network]\nbase_channels = 1\n[train]\nepochs = 2\nbatch_size = 4\n\
        steps_per_epoch = 100\n";
    scene.write("large.toml", config)?;
    scene.done(&["train", "--config", "large.toml", "--out", "large-free"])?;
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--data={}", ALLOWED_MIB << 20)).arg(&scene.binary).current_dir(&scene.folder);
    let ended = end(limited.args(["train", "--config", "large.toml", "--out", "large-limited"]))?;
    let mut differences = vec![format!("ended with {:?}: {}", ended.code, ended.said.trim())];
    if ended.code == Some(0) {
        differences = differing(&scene.path("large-free"), &scene.path("large-limited"))?;
    }
    let share = n_bytes as f64 / (ALLOWED_MIB << 20) as f64;
    let figure = format!(
        "a dataset of {:.2} GB trained on with {ALLOWED_MIB} MiB of data memory allowed ({share:.1} times as much; `prlimit --data`): files that differ from the run without limit: {}",
        n_bytes as f64 / 1e9,
        super::kill::list(&differences)
    );
    scene.remove("large-data");
    Ok(Row::new(differences.is_empty() && share >= 10.0, figure))
}
