//! What careless hands do to runs, by script.

mod actions;

use super::document::Row;
use super::scene::{Ended, Scene, differing, end};
use actions::ALL;
use std::fs;
use std::path::Path;
use std::process::Command;

const TRAIN: [&str; 4] = ["train", "--config", "often.toml", "--out"];

/// One action: what is done, the code it should end with, words that the message should hold.
struct Action {
    name: &'static str,
    code: i32,
    words: &'static [&'static str],
    act: fn(&Scene) -> Result<Done, String>,
}

/// How the command ended, and what survived; the second is an error where something was lost.
type Done = (Ended, Result<String, String>);

pub fn all(scene: &Scene) -> Result<Row, String> {
    scene.whole("often.toml", "undisturbed")?;
    let (mut table, mut wrong) = (Vec::new(), Vec::new());
    for action in ALL {
        scene.remove("run");
        let (message, code, survived) = match (action.act)(scene) {
            Ok((ended, survived)) => {
                let is_right =
                    ended.code == Some(action.code) && action.words.iter().all(|word| ended.said.contains(word));
                if !is_right || survived.is_err() {
                    wrong.push(format!("{} ({:?}: {})", action.name, ended.code, ended.said.trim()));
                }
                let telling =
                    |line: &&str| line.starts_with("error") || action.words.iter().any(|word| line.contains(word));
                let line = ended.said.lines().find(telling).unwrap_or("(nothing)").to_string();
                let line = line.replace(&scene.folder.display().to_string(), "...");
                (
                    line,
                    ended.code.unwrap_or(-1).to_string(),
                    survived.unwrap_or_else(|lost| format!("**LOST**: {lost}")),
                )
            }
            Err(error) => {
                wrong.push(format!("{}: {error}", action.name));
                (error, "-".into(), "-".into())
            }
        };
        table.push([action.name.into(), message, code, survived]);
    }
    let figure = format!(
        "{} actions, in the table below; otherwise than they should be: {}",
        ALL.len(),
        super::kill::list(&wrong)
    );
    Ok(Row { holds: wrong.is_empty(), figure, table })
}

fn train(scene: &Scene, out: &str) -> Result<Ended, String> {
    scene.run(&[&TRAIN[..], &[out]].concat())
}

fn stopped(scene: &Scene) -> Result<(), String> {
    scene.stopped("run")
}

fn finished(scene: &Scene) -> Result<(), String> {
    copy(&scene.path("undisturbed"), &scene.path("run"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let ended = end(Command::new("cp").arg("-r").args([from, to]))?;
    if ended.code == Some(0) { Ok(()) } else { Err(ended.said) }
}

fn put(scene: &Scene, name: &str, bytes: &[u8]) -> Result<(), String> {
    fs::write(scene.path(name), bytes).map_err(|error| format!("{name}: {error}"))
}

fn edit(scene: &Scene, name: &str, from: &str, to: &str) -> Result<(), String> {
    let text = fs::read_to_string(scene.path(name)).map_err(|error| format!("{name}: {error}"))?;
    if !text.contains(from) {
        return Err(format!("{name} has no `{from}`"));
    }
    put(scene, name, text.replacen(from, to, 1).as_bytes())
}

/// Goes on with `out` as it should be and compares with the undisturbed run.
fn same_after(scene: &Scene, out: &str) -> Result<String, String> {
    scene.whole("often.toml", out)?;
    same(scene, out)
}

fn same(scene: &Scene, out: &str) -> Result<String, String> {
    let differing = differing(&scene.path("undisturbed"), &scene.path(out))?;
    let differing: Vec<String> = differing.into_iter().filter(|name| !name.ends_with(".damaged")).collect();
    if differing.is_empty() {
        Ok("ends as the undisturbed run, byte for byte".into())
    } else {
        Err(differing.join(", "))
    }
}

fn unchanged(scene: &Scene, name: &str, bytes: &[u8]) -> Result<String, String> {
    match fs::read(scene.path(name)) {
        Ok(now) if now == bytes => Ok(format!("{name}, unchanged")),
        Ok(_) => Err(format!("{name} changed")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
