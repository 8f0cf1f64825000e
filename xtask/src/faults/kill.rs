//! Processes that are killed at random moments.

use super::document::Row;
use super::scene::{Scene, differing, signal, sleep, wait};
use std::path::Path;
use std::time::Instant;

/// A training killed again and again until it ends, as often as it takes to have 100 kills; then scored and reported, and compared with one
/// that nothing happened to.
pub fn training(scene: &Scene) -> Result<Row, String> {
    scene.whole("often.toml", "undisturbed")?;
    let began = Instant::now();
    scene.done(&["train", "--config", "often.toml", "--out", "clocked"])?;
    let whole_secs = began.elapsed().as_secs_f64();
    let n_wanted = scene.n(100, 6);
    let (mut n_kills, mut n_inside, mut n_runs, mut differences) = (0, 0, 0, Vec::new());
    while n_kills < n_wanted {
        n_runs += 1;
        scene.remove("killed");
        loop {
            let began = Instant::now();
            let child = scene.start(&["train", "--config", "often.toml", "--out", "killed"])?;
            // At most as long as a whole training, so that some trainings end; mostly less, so that most are killed.
            sleep(whole_secs * 0.9 * scene.chance());
            signal(child.id(), "KILL");
            let ended = wait(child, began)?;
            match ended.code {
                Some(0) => break,
                Some(code) => return Err(format!("a resumed training ended with {code}: {}", ended.said)),
                None => {
                    n_kills += 1;
                    n_inside += usize::from(has_unfinished(&scene.path("killed")));
                }
            }
        }
        scene.whole("often.toml", "killed")?;
        differences.extend(differing(&scene.path("undisturbed"), &scene.path("killed"))?);
    }
    let figure = format!(
        "{n_kills} kills in {n_runs} trainings ({n_inside} of them inside a save); files that differ from the undisturbed run (weights, \
         optimiser, buffers, metrics.csv, scores, masking, report.json, figures): {}",
        list(&differences)
    );
    Ok(Row::new(differences.is_empty(), figure))
}

/// The whole demo, killed at random moments.
pub fn demo(scene: &Scene) -> Result<Row, String> {
    let began = Instant::now();
    scene.done(&["demo", "--tiny", "--out", "demo"])?;
    let whole_secs = began.elapsed().as_secs_f64();
    let n_wanted = scene.n(30, 3);
    let (mut n_kills, mut n_runs, mut differences) = (0, 0, Vec::new());
    while n_kills < n_wanted {
        n_runs += 1;
        scene.remove("demo-killed");
        loop {
            let began = Instant::now();
            let child = scene.start(&["demo", "--tiny", "--out", "demo-killed"])?;
            sleep(whole_secs * 0.6 * scene.chance());
            signal(child.id(), "KILL");
            let ended = wait(child, began)?;
            match ended.code {
                Some(0) => break,
                Some(code) => return Err(format!("a resumed demo ended with {code}: {}", ended.said)),
                None => n_kills += 1,
            }
            if n_kills >= 4 * n_wanted {
                return Err("the demo makes no progress between kills".into());
            }
            if n_kills >= n_wanted {
                scene.done(&["demo", "--tiny", "--out", "demo-killed"])?;
                break;
            }
        }
        differences.extend(differing(&scene.path("demo"), &scene.path("demo-killed"))?);
    }
    let figure = format!("`demo --tiny`: {n_kills} kills in {n_runs} demos; files that differ: {}", list(&differences));
    Ok(Row::new(differences.is_empty(), figure))
}

/// True where a save was cut off.
fn has_unfinished(run: &Path) -> bool {
    let entries = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let folds = entries(run).filter(|path| path.is_dir());
    folds
        .chain([run.to_owned()])
        .any(|fold| entries(&fold.join("checkpoints")).any(|path| path.to_string_lossy().contains(".ckpt.tmp")))
}

/// For a figure.
pub fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
