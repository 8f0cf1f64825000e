//! The same result whatever the clock, the threads or the way there; what happens where training diverges; what checkpoints cost.

use super::document::Row;
use super::kill::list;
use super::scene::{Scene, differing, end, signal, sleep, wait};
use std::process::Command;
use std::time::Instant;

/// Clocks that are two days back and a year ahead between restarts (libfaketime; clocks that only count stay true).
pub fn clocks(scene: &Scene) -> Result<Row, String> {
    if Command::new("faketime").arg("--version").output().is_err() {
        return Err("faketime is not installed".into());
    }
    scene.whole("often.toml", "undisturbed")?;
    let shifts = ["-2 days", "+1 year", "-1 year", "+2 days"];
    let (n, mut n_restarts, mut wrong) = (scene.n(10, 2), 0, Vec::new());
    for _ in 0..n {
        scene.remove("shifted");
        for shift in shifts.iter().cycle() {
            let began = Instant::now();
            let mut command = Command::new("faketime");
            command.args(["-f", &offset(shift)]).arg(&scene.binary).args([
                "train",
                "--config",
                "often.toml",
                "--out",
                "shifted",
            ]);
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1").current_dir(&scene.folder);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            let child = command.spawn().map_err(|error| format!("faketime: {error}"))?;
            sleep(0.5 + 2.5 * scene.chance());
            signal(child.id(), "TERM");
            let ended = wait(child, began)?;
            n_restarts += 1;
            match ended.code {
                Some(0) => break,
                Some(75) | None => {}
                code => return Err(format!("{shift}: code {code:?}, {}", ended.said)),
            }
        }
        scene.whole("often.toml", "shifted")?;
        wrong.extend(differing(&scene.path("undisturbed"), &scene.path("shifted"))?);
    }
    let figure = format!(
        "{n} trainings stopped and restarted {n_restarts} times with the clock in turn 2 days back, 1 year ahead, 1 year back, 2 days ahead: files that differ: {}",
        list(&wrong)
    );
    Ok(Row::new(wrong.is_empty(), figure))
}

/// As faketime takes it.
fn offset(words: &str) -> String {
    let (count, unit) = words.split_once(' ').unwrap_or((words, "days"));
    format!("{count}{}", if unit.starts_with("year") { 'y' } else { 'd' })
}

/// A learning rate that no network survives.
pub fn divergence(scene: &Scene) -> Result<Row, String> {
    scene.remove("diverged");
    let arguments = ["train", "--config", "often.toml", "--set", "train.learning_rate=1e30", "--out", "diverged"];
    let ended = scene.run(&arguments)?;
    let again = scene.run(&arguments)?;
    let kept = std::fs::read_dir(scene.path("diverged/fold0/checkpoints")).map_or(0, Iterator::count);
    let line = ended.said.lines().find(|line| line.starts_with("error")).unwrap_or_default().to_string();
    let names_batch = line.contains("epoch") && line.contains("step") && line.contains("on trials");
    let is_untrained = !scene.path("diverged/fold0/weights.safetensors").exists();
    let holds = ended.code == Some(76) && again.code == Some(76) && kept > 0 && names_batch && is_untrained;
    let figure = format!(
        "code {:?}, \"{line}\"; {kept} checkpoints kept, no weights written; started again it ends the same way ({:?}). That NaN is never the best epoch is a unit test of `spikereel-nn`",
        ended.code.unwrap_or(-1),
        again.code.unwrap_or(-1)
    );
    Ok(Row::new(holds, figure))
}

/// Twice with one seed, with one thread and with two, stopped and gone on with.
pub fn bits(scene: &Scene) -> Result<Row, String> {
    scene.whole("often.toml", "undisturbed")?;
    let mut wrong = Vec::new();
    let mut against = |name: &str| -> Result<(), String> {
        for step in ["evaluate", "mask", "report"] {
            scene.done(&[step, name, "--threads", "1"])?;
        }
        let different = differing(&scene.path("undisturbed"), &scene.path(name))?;
        wrong.extend(different.into_iter().map(|file| format!("{name}/{file}")));
        Ok(())
    };
    for threads in ["1", "2", "3"] {
        let name = format!("threads{threads}");
        scene.done(&["train", "--config", "often.toml", "--out", &name, "--threads", threads])?;
        against(&name)?;
    }
    let began = Instant::now();
    let child = scene.start(&["train", "--config", "often.toml", "--out", "resumed"])?;
    sleep(1.5);
    signal(child.id(), "TERM");
    wait(child, began)?;
    scene.done(&["train", "--config", "often.toml", "--out", "resumed", "--threads", "1"])?;
    against("resumed")?;
    let mut isas = Vec::new();
    for isa in ["portable", "avx2", "avx512", "avx512bf16", "amx"] {
        let names = ["a", "b"].map(|twin| format!("{isa}-{twin}"));
        let mut is_there = true;
        for (name, threads) in names.iter().zip(["1", "2"]) {
            let arguments = ["train", "--config", "often.toml", "--out", name, "--threads", threads];
            is_there &= end(scene.command(&arguments).env("SPIKEREEL_ISA", isa))?.code == Some(0);
        }
        if is_there {
            isas.push(isa);
            wrong.extend(differing(&scene.path(&names[0]), &scene.path(&names[1]))?);
        }
    }
    let figure = format!(
        "weights, metrics, scores and report of the same seed: with 1, 2 and 3 threads, stopped and gone on with by another number of threads; and the weights with 1 and 2 threads on {}: files that differ: {}",
        isas.join(", "),
        list(&wrong)
    );
    Ok(Row::new(wrong.is_empty(), figure))
}

/// Reports of runs with studies and fits that are not there.
pub fn nothing_lost(scene: &Scene) -> Result<Row, String> {
    scene.whole("often.toml", "lost")?;
    let mut told = Vec::new();
    let mut holds = true;
    scene.done(&["study", "similarity", "ceilings", "leakage", "--run", "lost", "--preset", "tiny"])?;
    let studies = scene.path("lost/studies");
    let gone = std::fs::read_dir(&studies).map_err(|error| error.to_string())?.flatten().map(|entry| entry.path());
    let gone =
        gone.into_iter().find(|path| path.to_string_lossy().contains("similarity")).ok_or("no folder of the study")?;
    std::fs::remove_dir_all(gone).map_err(|error| error.to_string())?;
    std::fs::remove_file(scene.path("lost/fold1/curve.json")).map_err(|error| error.to_string())?;
    scene.done(&["report", "lost"])?;
    let read = |name: &str| std::fs::read_to_string(scene.path(name)).map_err(|error| format!("{name}: {error}"));
    let (json, page) = (read("lost/report.json")?, read("lost/report/index.html")?);
    let squeezed: String = json.split_whitespace().collect();
    for (what, text, words) in [
        (
            "studies in report.json",
            &squeezed,
            "\"studies\":{\"n_planned\":3,\"n_done\":2,\"n_failed\":0,\"n_missing\":1}",
        ),
        ("fits in report.json", &squeezed, "\"n_planned\":2,\"n_done\":1,\"n_failed\":0,\"n_missing\":1"),
        ("studies on the page", &page, "Of 3 planned studies 2 are done, 0 failed and 1 have not run."),
        ("the missing one by name", &page, "study similarity has not run"),
        ("fits on the page", &page, "1 of 2 planned fits are part of these numbers"),
    ] {
        let is_there = text.contains(words);
        holds &= is_there;
        told.push(format!("{what}: {}", if is_there { "yes" } else { "NO" }));
    }
    Ok(Row::new(
        holds,
        format!(
            "one study of three and one fit of two taken away, the report made again; {}. That the sums agree is checked whenever a report is written or read",
            told.join(", ")
        ),
    ))
}

/// What a checkpoint costs at published width: the same training with one after every step, and with none.
pub fn cost(scene: &Scene) -> Result<Row, String> {
    let data = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 6\n[stimulus]\nclips_train = 2\nclips_validation = 1\nclips_test = 1\n";
    scene.write("cost-data.toml", data)?;
    scene.done(&["prepare", "--config", "cost-data.toml", "--out", "cost-data"])?;
    scene.write(
        "cost.toml",
        "seed = 5\n[data]\ndataset = \"cost-data\"\n[train]\nepochs = 1\nbatch_size = 8\nsteps_per_epoch = 40\n",
    )?;
    let mut secs = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for (at, every) in ["0", "1000000"].iter().enumerate() {
            scene.remove("cost");
            let interval = format!("train.checkpoint_secs={every}");
            let ended = scene.done(&["train", "--config", "cost.toml", "--out", "cost", "--set", &interval])?;
            secs[at].push(ended.secs);
        }
    }
    scene.remove("cost-data");
    let median = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (with, without) = (median(&secs[0]), median(&secs[1]));
    let each = ((with - without) / 40.0).max(0.0);
    let share = each / 60.0 * 100.0;
    let figure = format!(
        "published width, 40 steps of batch 8, three turns: {with:.1} s with a checkpoint after every step, {without:.1} s without: {:.0} ms each, {share:.2} % of the 60 s between two (and never more than 1 %: a slow disk makes the interval longer)",
        each * 1e3
    );
    Ok(Row::new(share < 2.0, figure))
}
