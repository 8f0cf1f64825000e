//! `faults`: the promises of docs/reliability.md, each tried on the release binary as a person would meet it, and its figure written down.
//!
//! Killed processes, failing disks, wrong clocks, races and careless hands. Every trial ends in a comparison, byte by byte, with a run that
//! nothing happened to.

mod careless;
mod disk;
mod document;
mod io;
mod kill;
mod lease;
mod same;
pub mod scene;
mod signals;
mod suites;

use document::{Document, Row};
use scene::Scene;
use std::path::Path;

type Trial = fn(&Scene) -> Result<Row, String>;

/// A promise and how it is tried; `quick` are few enough for every run of CI.
struct Promise {
    key: &'static str,
    trial: Trial,
    is_quick: bool,
}

const ALL: &[Promise] = &[
    Promise { key: "1", trial: kill::training, is_quick: true },
    Promise { key: "1b", trial: kill::demo, is_quick: false },
    Promise { key: "2", trial: suites::mid_epoch, is_quick: false },
    Promise { key: "3", trial: suites::checkpoints, is_quick: false },
    Promise { key: "3b", trial: disk::garbled_checkpoint, is_quick: true },
    Promise { key: "4", trial: io::faults, is_quick: true },
    Promise { key: "5", trial: disk::full_or_read_only, is_quick: true },
    Promise { key: "6", trial: signals::saved_in_time, is_quick: false },
    Promise { key: "6b", trial: signals::twice, is_quick: true },
    Promise { key: "7", trial: lease::races, is_quick: true },
    Promise { key: "8", trial: same::clocks, is_quick: true },
    Promise { key: "9", trial: suites::mutations, is_quick: false },
    Promise { key: "10", trial: suites::bad_data, is_quick: false },
    Promise { key: "11", trial: suites::shapes, is_quick: false },
    Promise { key: "12", trial: same::divergence, is_quick: true },
    Promise { key: "13", trial: disk::bigger_than_memory, is_quick: false },
    Promise { key: "14", trial: same::bits, is_quick: true },
    Promise { key: "15", trial: same::nothing_lost, is_quick: false },
    Promise { key: "16", trial: suites::hostile_files, is_quick: false },
    Promise { key: "17", trial: suites::hostile_names, is_quick: false },
    Promise { key: "cost", trial: same::cost, is_quick: false },
    Promise { key: "careless", trial: careless::all, is_quick: false },
];

/// Tries the promises of these keys, all of them where none is given; `quick` takes few trials of each that can be had quickly, and leaves
/// the document alone.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let is_quick = arguments.contains(&"--quick");
    let keys: Vec<&str> = arguments.iter().copied().filter(|argument| *argument != "--quick").collect();
    if let Some(unknown) = keys.iter().find(|key| !ALL.iter().any(|promise| promise.key == **key)) {
        let known: Vec<&str> = ALL.iter().map(|promise| promise.key).collect();
        return Err(format!("no promise `{unknown}`; there are {}", known.join(", ")));
    }
    let scene = Scene::new(root, is_quick)?;
    let path = root.join("docs/reliability.md");
    let mut broken = Vec::new();
    let is_wanted = |promise: &&Promise| match keys.is_empty() {
        true => !is_quick || promise.is_quick,
        false => keys.contains(&promise.key),
    };
    for promise in ALL.iter().filter(is_wanted) {
        println!("== {}", promise.key);
        let row = (promise.trial)(&scene).unwrap_or_else(|error| Row::broken(format!("could not be tried: {error}")));
        println!("{}: {}", if row.holds { "holds" } else { "BROKEN" }, row.figure);
        if !row.holds {
            broken.push(promise.key);
        }
        if !is_quick {
            // Read anew each time, so that a later fault loses no figure.
            let mut document = Document::read(&path)?;
            document.put(promise.key, &row);
            document.write(&path)?;
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("not kept: {}", broken.join(", "))) }
}
