//! Signals: the state is saved, quickly, and the process ends with code 75.

use super::document::Row;
use super::scene::{Scene, differing, end, signal, sleep, wait};
use std::time::{Duration, Instant};

const SIGNALS: [&str; 4] = ["TERM", "INT", "USR1", "USR2"];
const ISAS: [&str; 5] = ["portable", "avx2", "avx512", "avx512bf16", "amx"];
/// A process that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// Published width in batches of 64, on every instruction set of this machine and by every signal, at a moment inside a step.
pub fn saved_in_time(scene: &Scene) -> Result<Row, String> {
    let data = "seed = 5\n[data]\nsimulate = \"easy\"\ntrials_per_condition = 6\n[stimulus]\nclips_train = 2\nclips_validation = 1\nclips_test = 1\n";
    scene.write("wide-data.toml", data)?;
    scene.done(&["prepare", "--config", "wide-data.toml", "--out", "wide-data"])?;
    scene.write("wide.toml", "seed = 5\n[data]\ndataset = \"wide-data\"\n[train]\nepochs = 2\nbatch_size = 64\n")?;
    let (mut n, mut longest, mut wrong, mut isas) = (0, 0.0_f64, Vec::new(), Vec::new());
    for isa in ISAS {
        let known = end(scene.command(&["study", "list"]).env("SPIKEREEL_ISA", isa))?;
        let probe = end(scene.command(&["train", "nothing.toml"]).env("SPIKEREEL_ISA", isa))?;
        if known.code == Some(78) || probe.said.contains("SPIKEREEL_ISA") {
            continue;
        }
        isas.push(isa);
        for name in SIGNALS {
            scene.remove("wide");
            let mut command = scene.command(&["train", "--config", "wide.toml", "--out", "wide"]);
            let child = command.env("SPIKEREEL_ISA", isa).stderr(std::process::Stdio::piped()).spawn();
            let child = child.map_err(|error| format!("the binary: {error}"))?;
            let began = Instant::now();
            while !scene.path("wide/checkpoints").is_dir() && began.elapsed() < PATIENCE {
                sleep(0.05);
            }
            sleep(2.0 + 3.0 * scene.chance());
            let sent = Instant::now();
            signal(child.id(), name);
            let ended = wait(child, sent)?;
            n += 1;
            longest = longest.max(ended.secs);
            let n_saved = std::fs::read_dir(scene.path("wide/checkpoints")).map_or(0, Iterator::count);
            if ended.code != Some(75) || n_saved == 0 || ended.secs >= 10.0 {
                wrong.push(format!("{isa} {name}: code {:?}, {n_saved} checkpoints, {:.1} s", ended.code, ended.secs));
            }
        }
    }
    scene.remove("wide-data");
    let figure = format!(
        "published width, batches of 64, {} by {}: {n} signals inside a step, longest {longest:.2} s to the end with code 75 and a checkpoint; otherwise: {}",
        isas.join(", "),
        SIGNALS.join(", "),
        super::kill::list(&wrong)
    );
    Ok(Row::new(wrong.is_empty() && n > 0, figure))
}

/// A second and a third signal while the first one's save is under way; then to the end, and compared.
pub fn twice(scene: &Scene) -> Result<Row, String> {
    scene.done(&["train", "--config", "often.toml", "--out", "trained-alone"])?;
    let (n, mut n_75, mut wrong) = (scene.n(40, 4), 0, Vec::new());
    for trial in 0..n {
        scene.remove("twice");
        let began = Instant::now();
        let child = scene.start(&["train", "--config", "often.toml", "--out", "twice"])?;
        sleep(0.3 + 3.0 * scene.chance());
        for again in 0..3 {
            signal(child.id(), SIGNALS[(trial + again) % SIGNALS.len()]);
            sleep(0.002 * scene.chance());
        }
        let ended = wait(child, began)?;
        match ended.code {
            Some(75) => n_75 += 1,
            Some(0) => {}
            code => wrong.push(format!("code {code:?}: {}", ended.said.trim())),
        }
        scene.done(&["train", "--config", "often.toml", "--out", "twice"])?;
        wrong.extend(differing(&scene.path("trained-alone"), &scene.path("twice"))?);
    }
    let figure = format!(
        "{n} trainings sent three signals within 6 ms at a random moment: {n_75} ended with 75, the others were done before; gone on with, files that differ: {}",
        super::kill::list(&wrong)
    );
    Ok(Row::new(wrong.is_empty() && n_75 > 0, figure))
}
