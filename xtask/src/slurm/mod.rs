//! `slurm`: grids on a real Slurm of two nodes on this machine: tasks killed, a node that dies, time that runs out, preemption, a controller
//! restarted; every command of docs/cluster.md; what a run costs beside its work. Needs root, Debian's slurm-wlm and munge.

mod cluster;
mod commands;
mod cost;
mod mpi;
mod trial;

use crate::faults::scene::Scene;
use std::path::Path;

/// Tries all of it, or the parts named after the folder of `up-loopback.sh`, `down.sh` and `slurm.conf.in`.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let parts = ["cluster", "job", "commands", "cost", "mpi"];
    let (wanted, folders): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| parts.contains(word));
    let [scripts] = folders.as_slice() else { return Err("which folder holds up-loopback.sh?".into()) };
    let scripts = Path::new(scripts);
    let is_wanted = |part: &str| wanted.is_empty() || wanted.contains(&part);
    let scene = Scene::new(root, false)?;
    let mut broken = Vec::new();
    let mut tell = |part: &str, outcome: Result<Vec<String>, String>| match outcome {
        Ok(wrong) if wrong.is_empty() => println!("{part}: holds"),
        Ok(wrong) => {
            wrong.iter().for_each(|line| println!("{part}: WRONG: {line}"));
            broken.push(part.to_string());
        }
        Err(error) => {
            println!("{part}: could not be tried: {error}");
            broken.push(part.to_string());
        }
    };
    if is_wanted("cost") {
        tell("cost", cost::all(&scene));
    }
    if is_wanted("cluster") || is_wanted("job") {
        trial::here(&scene)?;
    }
    for (part, requeues) in [("cluster", true), ("job", false)] {
        if is_wanted(part) {
            println!("== {part}: RequeueExit {}", if requeues { "75" } else { "not set" });
            tell(
                part,
                cluster::Cluster::up(&scene, scripts, requeues).and_then(|up| trial::disturbed(&scene, &up, part)),
            );
        }
    }
    if is_wanted("commands") {
        println!("== commands of docs/cluster.md");
        tell("commands", cluster::Cluster::up(&scene, scripts, true).and_then(|up| commands::all(&scene, &up)));
    }
    if is_wanted("mpi") {
        println!("== one training by several processes");
        tell("mpi", cluster::Cluster::up(&scene, scripts, true).and_then(|up| mpi::all(&scene, &up)));
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("not as promised: {}", broken.join(", "))) }
}
