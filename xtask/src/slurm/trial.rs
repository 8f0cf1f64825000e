//! A grid of 24 runs that much happens to, held against the same grid done in peace.

use super::cluster::Cluster;
use crate::faults::scene::{Scene, differing, end, signal, sleep};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

/// 22 runs of 20 epochs, one that outlasts its first stretch of time, one that diverges.
const GRID: &str = "[settings]\ndata.dataset = \"grid-data\"\n[settings.train]\nepochs = 20\nbatch_size = 8\ncheckpoint_secs = 1.0\n\
    [settings.scores]\nn_null = 10\nn_null_draws = 200\n[settings.masking]\nn_bootstrap = 200\n\
    [axes]\nseed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n\"network.base_channels\" = [1, 2]\n\
    [[runs]]\nseed = 1\nnetwork.base_channels = 2\ntrain.epochs = 160\n\
    [[runs]]\nseed = 1\nnetwork.base_channels = 2\ntrain.learning_rate = 1e30\n";
const N_RUNS: usize = 24;
const N_KILLS: usize = 3;
/// Slurm tells a job 180 s before its end: these tell it after one minute.
const PROFILE: &str = "partition = \"low\"\ncpus = 1\nmemory_mib = 400\nminutes = 4\n";
/// Seconds that all jobs may take.
const PATIENCE: u64 = 1500;

/// Does the grid with the local engine, to compare with.
pub fn here(scene: &Scene) -> Result<(), String> {
    scene.done(&["prepare", "--config", "often.toml", "--out", "grid-data"])?;
    scene.write("grid.toml", GRID)?;
    scene.done(&["plan", "grid.toml", "--out", "grid-here"])?;
    let began = Instant::now();
    scene.run(&["run", "grid-here/plan.json", "--engine", "local:2"])?;
    println!("local:2: {}, {:.0} s", summary(&status(scene, "grid-here")?), began.elapsed().as_secs_f64());
    Ok(())
}

fn status(scene: &Scene, plan: &str) -> Result<Value, String> {
    let output = scene.command(&["status", &format!("{plan}/plan.json"), "--json"]).output();
    let output = output.map_err(|error| format!("status: {error}"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("status: {error}"))
}

fn summary(status: &Value) -> String {
    let of = |key: &str| status[key].as_u64().unwrap_or(0);
    format!(
        "{} planned: {} done, {} running, {} stopped, {} failed, {} missing",
        of("n_planned"),
        of("n_done"),
        of("n_running"),
        of("n_stopped"),
        of("n_failed"),
        of("n_missing")
    )
}

/// What is done to the runs, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Blow {
    Kill,
    Preempt,
    Controller,
    Node,
}

/// Submits, disturbs, submits once more, compares. What was not as promised.
pub fn disturbed(scene: &Scene, cluster: &Cluster, name: &str) -> Result<Vec<String>, String> {
    let plan = format!("grid-{name}");
    scene.write("low.toml", PROFILE)?;
    scene.done(&["plan", "grid.toml", "--out", &plan])?;
    let mut wrong = Vec::new();
    submit(scene, cluster, &plan, 0)?;
    if submit(scene, cluster, &plan, 78).is_err() {
        wrong.push("a second submission of queued runs was not refused".into());
    }
    let began = Instant::now();
    strike(scene, cluster, &plan)?;
    if !cluster.drained(PATIENCE) {
        return Err(format!("jobs are left: {}", cluster.said("squeue", &[])?));
    }
    let first = status(scene, &plan)?;
    println!("after the first submission: {}, {:.0} s", summary(&first), began.elapsed().as_secs_f64());
    if first["n_done"].as_u64() != Some(N_RUNS as u64 - 1) {
        submit(scene, cluster, &plan, 0)?;
        if !cluster.drained(PATIENCE) {
            return Err(format!("jobs are left: {}", cluster.said("squeue", &[])?));
        }
    }
    let last = status(scene, &plan)?;
    println!("at the end: {}, {:.0} s", summary(&last), began.elapsed().as_secs_f64());
    if (last["n_done"].as_u64(), last["n_failed"].as_u64()) != (Some(N_RUNS as u64 - 1), Some(1)) {
        wrong.push(summary(&last));
    }
    if !scene.path(&format!("{plan}/gathered/report/index.html")).is_file() {
        wrong.push("no gathered report".into());
    }
    let mut n_of = BTreeMap::new();
    for run in last["runs"].as_array().into_iter().flatten().filter(|run| run["state"] == "done") {
        let id = run["id"].as_str().unwrap_or_default();
        let folder = scene.path(&format!("{plan}/runs/{id}"));
        wrong.extend(told(&folder, &mut n_of)?.into_iter().map(|what| format!("run {}: {what}", run["index"])));
        let different = differing(&scene.path(&format!("grid-here/runs/{id}")), &folder)?;
        wrong.extend(different.into_iter().map(|file| format!("run {}: {file} differs", run["index"])));
    }
    println!("events of the runs that are done: {n_of:?}");
    Ok(wrong)
}

fn submit(scene: &Scene, cluster: &Cluster, plan: &str, code: i32) -> Result<(), String> {
    let arguments = ["run", &format!("{plan}/plan.json"), "--engine", "slurm:./low.toml"];
    let ended = end(scene.command(&arguments).env("SLURM_CONF", cluster.settings()))?;
    if ended.code == Some(code) {
        Ok(())
    } else {
        Err(format!("submitting ended with {:?}: {}", ended.code, ended.said))
    }
}

/// Does each blow when there is something to hit, some seconds apart.
fn strike(scene: &Scene, cluster: &Cluster, plan: &str) -> Result<(), String> {
    let began = Instant::now();
    let mut blows = vec![Blow::Kill, Blow::Preempt, Blow::Kill, Blow::Controller, Blow::Kill, Blow::Node].into_iter();
    let (mut next, mut hit) = (blows.next(), BTreeSet::new());
    while let Some(blow) = next {
        if began.elapsed().as_secs() > PATIENCE {
            return Err(format!("nothing was left for {blow:?}"));
        }
        sleep(0.5);
        let now = status(scene, plan)?;
        let at_work = training(&now);
        let said = match blow {
            Blow::Kill => {
                let Some((index, process)) = at_work.iter().find(|(index, _)| !hit.contains(index)) else { continue };
                signal(*process, "KILL");
                hit.insert(*index);
                format!("process {process} of run {index} killed")
            }
            Blow::Preempt => {
                if on(cluster, "n1")? == 0 || at_work.len() < 2 {
                    continue;
                }
                let wrap =
                    ["--partition=high", "--nodelist=n1", "--cpus-per-task=2", "--output=/dev/null", "--wrap=sleep 8"];
                cluster.said("sbatch", &wrap)?;
                format!("{} jobs on n1 preempted", on(cluster, "n1")?)
            }
            Blow::Controller => {
                cluster.restart_controller()?;
                "controller restarted".into()
            }
            Blow::Node => {
                let n = on(cluster, "n2")?;
                if n == 0 || at_work.len() < 2 {
                    continue;
                }
                let n_processes = cluster.kill_node("n2")?;
                let cut = format!("n2 with {n} jobs killed ({n_processes} processes)");
                // The controller gives it fifteen seconds.
                sleep(25.0);
                cluster.start_node("n2")?;
                cut
            }
        };
        println!("  {:.0} s, {}: {said}", began.elapsed().as_secs_f64(), summary(&now));
        sleep(4.0);
        next = blows.next();
    }
    if hit.len() == N_KILLS { Ok(()) } else { Err(format!("{} runs were killed", hit.len())) }
}

/// Numbers and processes of the runs that train at this moment.
fn training(status: &Value) -> Vec<(u64, u32)> {
    let runs = status["runs"].as_array().into_iter().flatten().filter(|run| run["state"] == "running");
    let trains = |run: &&Value| run["doing"]["stage"].as_str().is_some_and(|stage| stage.starts_with("training"));
    let process = |run: &Value| run["holder"].as_str()?.split_whitespace().nth(1)?.parse().ok();
    runs.filter(trains).filter_map(|run| Some((run["index"].as_u64()?, process(run)?))).collect()
}

/// Jobs of a node.
fn on(cluster: &Cluster, node: &str) -> Result<usize, String> {
    Ok(cluster.said("squeue", &["-h", "-t", "R", "-w", node])?.lines().count())
}

/// Reads a finished run's events: one beginning, nothing after the end, and the lines of each process in one piece. Counts what happened.
fn told(folder: &Path, n_of: &mut BTreeMap<String, usize>) -> Result<Vec<String>, String> {
    let path = folder.join("events.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut wrong = Vec::new();
    let events: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is = |event: &Value, what: &str, detail: &str| event["event"] == what && event["detail"] == detail;
    let n_began = events.iter().filter(|event| is(event, "began", "train")).count();
    if n_began != 1 {
        wrong.push(format!("{n_began} beginnings"));
    }
    let end = events.iter().position(|event| is(event, "done", "run"));
    if end.map(|at| at + 1) != Some(events.len()) {
        wrong.push(format!("its end is event {end:?} of {}", events.len()));
    }
    let mut holders: Vec<&str> = events.iter().filter_map(|event| event["by"].as_str()).collect();
    holders.dedup();
    let n_different = holders.iter().collect::<BTreeSet<_>>().len();
    if holders.len() != n_different || holders.is_empty() || holders.contains(&"") {
        wrong.push(format!("its processes do not follow one another: {holders:?}"));
    }
    *n_of.entry("processes".into()).or_default() += n_different;
    for event in &events {
        let what = event["event"].as_str().unwrap_or_default();
        if ["began", "gone on with", "stopped", "repaired"].contains(&what) {
            let detail = event["detail"].as_str().map_or_else(String::new, |detail| format!(" {detail}"));
            *n_of.entry(format!("{what}{detail}")).or_default() += 1;
        }
    }
    Ok(wrong)
}
