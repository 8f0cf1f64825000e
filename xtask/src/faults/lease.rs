//! Two processes, one folder.

use super::document::Row;
use super::scene::{Scene, differing, signal, sleep, wait};
use std::time::Instant;

/// Races of two that start at the same moment, and a late comer in each.
pub fn races(scene: &Scene) -> Result<Row, String> {
    // On a dataset that is there already, so that a hundred are done in minutes: simulating takes longer than this training, and a checkpoint a step
    // as much again.
    scene.done(&["prepare", "--config", "often.toml", "--out", "race-data"])?;
    let short = "seed = 5\n[data]\ndataset = \"race-data\"\n[network]\nbase_channels = 2\n[train]\nepochs = 4\nbatch_size = 8\n";
    scene.write("short-race.toml", short)?;
    scene.done(&["train", "--config", "short-race.toml", "--out", "raced-alone"])?;
    let n = scene.n(100, 5);
    let (mut n_refused, mut slowest, mut wrong) = (0, 0.0_f64, Vec::new());
    for trial in 0..n {
        scene.remove("raced");
        let began = Instant::now();
        let arguments = ["train", "--config", "short-race.toml", "--out", "raced"];
        let first = scene.start(&arguments)?;
        // At the same moment, or while the other one works.
        if trial % 2 == 1 {
            sleep(0.2 + 0.5 * scene.chance());
        }
        let second_began = Instant::now();
        let second = scene.start(&arguments)?;
        let (second, first) = if trial % 2 == 1 {
            (wait(second, second_began)?, wait(first, began)?)
        } else {
            let first = wait(first, began)?;
            (wait(second, second_began)?, first)
        };
        let codes = [first.code, second.code];
        n_refused += codes.iter().filter(|code| **code == Some(77)).count();
        if trial % 2 == 1 {
            slowest = slowest.max(second.secs);
        }
        let refused = if first.code == Some(77) { &first } else { &second };
        let names_holder = refused.said.contains("process") && refused.said.contains(" on ");
        let events = std::fs::read_to_string(scene.path("raced/events.jsonl")).unwrap_or_default();
        let n_began = events.lines().filter(|line| line.contains("\"event\":\"began\"")).count();
        if !(codes.contains(&Some(0)) && codes.contains(&Some(77)) && names_holder && n_began == 1) {
            wrong.push(format!("codes {codes:?}, {n_began} beginnings: {}", refused.said.trim()));
        }
        wrong.extend(differing(&scene.path("raced-alone"), &scene.path("raced"))?);
    }
    // A killed holder's lease stops nobody on its host.
    scene.remove("raced");
    let began = Instant::now();
    let holder = scene.start(&["train", "--config", "short-race.toml", "--out", "raced"])?;
    sleep(1.0);
    signal(holder.id(), "KILL");
    wait(holder, began)?;
    let takeover = scene.run(&["train", "--config", "short-race.toml", "--out", "raced"])?;
    wrong.extend((takeover.code != Some(0)).then(|| format!("after a killed holder: {}", takeover.said)));
    let figure = format!(
        "{n} races, half of them at the same moment: {n_refused} refusals with code 77 that name process and host (job where there is one), the slowest of the late ones in {slowest:.2} s; a killed holder's lease is taken at once; two beginnings, other endings or differing files: {}",
        super::kill::list(&wrong)
    );
    Ok(Row::new(wrong.is_empty() && slowest < 1.0, figure))
}
