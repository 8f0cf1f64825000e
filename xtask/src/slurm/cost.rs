//! What a run of a plan costs beside its work, and what looking at a large plan costs.

use crate::faults::scene::Scene;
use std::time::Instant;

const N_TURNS: usize = 7;

/// Prints both figures; what was slower than promised.
pub fn all(scene: &Scene) -> Result<Vec<String>, String> {
    scene.done(&["prepare", "--config", "often.toml", "--out", "cost-data"])?;
    // One step: all else is overhead.
    let one = "seed = 5\n[data]\ndataset = \"cost-data\"\n[network]\nbase_channels = 1\n[train]\nepochs = 1\nsteps_per_epoch = 1\nbatch_size = 2\n";
    scene.write("one-step.toml", one)?;
    let mut secs = Vec::new();
    for _ in 0..N_TURNS {
        scene.remove("one-step");
        secs.push(scene.done(&["train", "--config", "one-step.toml", "--out", "one-step"])?.secs);
    }
    secs.sort_by(f64::total_cmp);
    let overhead = secs[N_TURNS / 2];
    println!("a training of two folds of one step each, from start to end: median of {N_TURNS} {overhead:.2} s");
    let seeds: Vec<String> = (0..1000).map(|seed| seed.to_string()).collect();
    scene.write(
        "thousand.toml",
        &format!(
            "[settings]\ndata.dataset = \"cost-data\"\nnetwork.base_channels = 1\n[axes]\nseed = [{}]\n",
            seeds.join(", ")
        ),
    )?;
    let began = Instant::now();
    scene.done(&["plan", "thousand.toml", "--out", "thousand"])?;
    let planning = began.elapsed().as_secs_f64();
    let looking = scene.done(&["status", "thousand/plan.json"])?.secs;
    println!("a plan of 1,000 runs: {planning:.1} s; its status: {:.0} ms", looking * 1e3);
    let slow = [
        ("overhead of a run", overhead, 1.0),
        ("status of 1,000 runs", looking, 1.0),
        ("plan of 1,000 runs", planning, 30.0),
    ];
    let is_slow = |(what, secs, limit): &(&str, f64, f64)| (secs >= limit).then(|| format!("{what}: {secs:.2} s"));
    Ok(slow.iter().filter_map(is_slow).collect())
}
