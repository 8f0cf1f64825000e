//! A Slurm of two nodes on this machine, its parts stopped and started.

use crate::faults::scene::{Scene, end, signal, sleep};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// It runs until dropped.
pub struct Cluster {
    scripts: PathBuf,
    state: PathBuf,
}

impl Cluster {
    /// Starts it; `requeues` leaves `RequeueExit=75` in its settings.
    pub fn up(scene: &Scene, scripts: &Path, requeues: bool) -> Result<Self, String> {
        let (own, state) = (scene.path("slurm-scripts"), scene.path("cluster"));
        scene.remove("slurm-scripts");
        scene.remove("cluster");
        let failed = |error: std::io::Error| format!("{}: {error}", scripts.display());
        std::fs::create_dir_all(&own).map_err(failed)?;
        for name in ["up-loopback.sh", "down.sh", "slurm.conf.in"] {
            let text = std::fs::read_to_string(scripts.join(name)).map_err(failed)?;
            let is_kept = |line: &&str| requeues || !line.starts_with("RequeueExit");
            let text: String = text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
            std::fs::write(own.join(name), text).map_err(failed)?;
        }
        let cluster = Self { scripts: own, state };
        // Its daemons would hold a pipe open.
        let log = std::fs::File::create(scene.path("up.log")).map_err(failed)?;
        let mut up = Command::new("bash");
        up.arg(cluster.scripts.join("up-loopback.sh")).env("SB", &cluster.state).env("NODES", "2").stdin(Stdio::null());
        let status = up.stderr(log.try_clone().map_err(failed)?).stdout(log).status().map_err(failed)?;
        let said = std::fs::read_to_string(scene.path("up.log")).unwrap_or_default();
        if !status.success() || said.matches("idle").count() < 2 {
            return Err(format!("the cluster does not start: {said}"));
        }
        Ok(cluster)
    }

    /// Where commands find it.
    pub fn settings(&self) -> PathBuf {
        self.state.join("slurm.conf")
    }

    /// What a command of Slurm says.
    pub fn said(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let ended = end(Command::new(program).args(arguments).env("SLURM_CONF", self.settings()))?;
        if ended.code == Some(0) { Ok(ended.said) } else { Err(format!("{program}: {}", ended.said.trim())) }
    }

    /// Waits until no job is left; false where that takes longer than `secs`.
    pub fn drained(&self, secs: u64) -> bool {
        let began = Instant::now();
        while began.elapsed().as_secs() < secs {
            if self.said("squeue", &["-h"]).is_ok_and(|jobs| jobs.trim().is_empty()) {
                return true;
            }
            sleep(1.0);
        }
        false
    }

    /// Stops the controller and starts it again after some seconds.
    pub fn restart_controller(&self) -> Result<(), String> {
        signal(self.process("ctl")?, "TERM");
        sleep(4.0);
        self.start("slurmctld", &["-D"], "ctl")
    }

    /// Kills a node: its daemon and all that runs on it. How many processes that were.
    pub fn kill_node(&self, node: &str) -> Result<usize, String> {
        let mut doomed = vec![self.process(node)?];
        let mark = format!("SLURMD_NODENAME={node}");
        let has_mark = |environment: &[u8]| environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
        for entry in std::fs::read_dir("/proc").map_err(|error| format!("/proc: {error}"))?.flatten() {
            let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            if std::fs::read(entry.path().join("environ")).is_ok_and(|environment| has_mark(&environment)) {
                doomed.push(process);
                // What watches over a job's script is its parent and carries no mark.
                doomed.extend(parent(process).filter(|parent| is_watcher(*parent)));
            }
        }
        doomed.sort_unstable();
        doomed.dedup();
        doomed.iter().for_each(|process| signal(*process, "KILL"));
        Ok(doomed.len())
    }

    /// Starts a node that was killed.
    pub fn start_node(&self, node: &str) -> Result<(), String> {
        self.start("slurmd", &["-D", "-N", node], node)
    }

    fn start(&self, program: &str, arguments: &[&str], name: &str) -> Result<(), String> {
        let mut command = Command::new(format!("/usr/sbin/{program}"));
        command.args(arguments).env("SLURM_CONF", self.settings());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{program}: {error}"))?;
        std::fs::write(self.state.join(format!("{name}.shpid")), child.id().to_string())
            .map_err(|error| format!("{name}: {error}"))
    }

    fn process(&self, name: &str) -> Result<u32, String> {
        let path = self.state.join(format!("{name}.shpid"));
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        text.trim().parse().map_err(|_| format!("{}: no process number", path.display()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut down = Command::new("bash");
        down.arg(self.scripts.join("down.sh")).arg("--wipe").env("SB", &self.state);
        let _ = down.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn parent(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn is_watcher(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim() == "slurmstepd")
}
