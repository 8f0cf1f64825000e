//! Promises that tests of the workspace try already: they are run here, and what they say is counted.

use super::document::Row;
use super::scene::{Scene, end};
use std::process::Command;

/// Tests that match words, in a package; what was run and how it ended.
fn tests(scene: &Scene, package: &str, arguments: &[&str]) -> Result<(usize, bool, String), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--release", "--quiet", "--package", package]).args(arguments).current_dir(&scene.root);
    let ended = end(&mut command)?;
    let mut n = 0;
    for line in ended.said.lines().filter_map(|line| line.strip_prefix("test result:")) {
        let passed =
            line.split_whitespace().zip(line.split_whitespace().skip(1)).find(|(_, word)| word.starts_with("passed"));
        n += passed.and_then(|(count, _)| count.parse::<usize>().ok()).unwrap_or(0);
    }
    let shown = format!("cargo test --release -p {package} {}", arguments.join(" "));
    Ok((n, ended.code == Some(0), shown.trim_end().to_string()))
}

fn together(scene: &Scene, suites: &[(&str, &[&str])], what: &str) -> Result<Row, String> {
    let (mut n_all, mut holds, mut commands) = (0, true, Vec::new());
    for (package, arguments) in suites {
        let (n, passed, command) = tests(scene, package, arguments)?;
        n_all += n;
        holds &= passed && n > 0;
        commands.push(format!("`{command}`"));
    }
    Ok(Row::new(holds, format!("{what}: {n_all} tests passed ({})", commands.join(", "))))
}

pub fn mid_epoch(scene: &Scene) -> Result<Row, String> {
    together(
        scene,
        &[("spikereel-nn", &["--test", "checkpoints", "stopped_at_any_step"])],
        "stopped after each of 56 steps of an epoch: batch ids, losses and every bit as if it had not stopped",
    )
}

pub fn checkpoints(scene: &Scene) -> Result<Row, String> {
    together(
        scene,
        &[
            ("spikereel-nn", &["--test", "checkpoints", "believed"]),
            ("spikereel-nn", &["--test", "checkpoints", "newest_whole"]),
        ],
        "300 cuts and 300 flipped bits of a checkpoint: none is believed; the one before is used, the damaged one set aside",
    )
}

pub fn mutations(scene: &Scene) -> Result<Row, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let n = "100000";
    let arguments = ["run", "--release", "--quiet", "--package", "spikereel", "--example", "mutations", "--", n];
    let ended = end(Command::new(cargo).args(arguments).current_dir(&scene.root))?;
    let holds = ended.code == Some(0);
    Ok(Row::new(holds, format!("`cargo xtask mutations`, {n} of each format: {}", told(&ended.said))))
}

/// The table of mutations as one line: by format its panics, slowest read and memory, then what went wrong.
fn told(said: &str) -> String {
    let mut formats = Vec::new();
    let mut wrong = Vec::new();
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", name, _, n, _, _, panics, slowest, _, grown, ..] if n.parse::<u64>().is_ok() => {
                formats.push(format!("{name} {panics}, {slowest} ms, {grown} KiB"));
            }
            ["", ..] => {}
            _ => wrong.push(line.trim()),
        }
    }
    let wrong = if wrong.is_empty() { "none".to_string() } else { wrong.join("; ") };
    format!("panics, slowest read and growth of memory: {}; broken promises: {wrong}", formats.join("; "))
}

pub fn bad_data(scene: &Scene) -> Result<Row, String> {
    let suites: [(&str, &[&str]); 3] = [
        ("spikereel-formats", &["--test", "bad_inputs"]),
        ("spikereel-formats", &["--test", "nwb_wrong"]),
        ("spikereel-formats", &["--test", "tables_wrong"]),
    ];
    together(scene, &suites, "one fixture and one exact message each")
}

pub fn shapes(scene: &Scene) -> Result<Row, String> {
    let suites: [(&str, &[&str]); 3] = [
        ("spikereel-nn", &["--test", "axes"]),
        ("spikereel-data", &["--lib", "axis"]),
        ("spikereel-analysis", &["--test", "evaluate", "refused"]),
    ];
    together(
        scene,
        &suites,
        "doors that take arrays refuse other axes by name, those of networks for any axes that chance proposes",
    )
}

pub fn hostile_files(scene: &Scene) -> Result<Row, String> {
    let suites: [(&str, &[&str]); 6] = [
        ("spikereel-formats", &["--test", "matlab73_hostile"]),
        ("spikereel-formats", &["--test", "matlab_hostile"]),
        ("spikereel-formats", &["--test", "clips", "links_that_lead_out"]),
        ("spikereel-formats", &["--test", "sidecars", "files_outside"]),
        ("spikereel-formats", &["--test", "arrays", "pickles"]),
        ("spikereel-formats", &["--test", "garbled_clips"]),
    ];
    together(scene, &suites, "links out of the file, bombs, names that are paths, pickles")
}

pub fn hostile_names(scene: &Scene) -> Result<Row, String> {
    together(
        scene,
        &[("spikereel-report", &["hostile"])],
        "markup and formulas in names come out as text; the page's policy lets nothing in",
    )
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_table_of_mutations_becomes_a_line_and_faults_are_kept() {
        let table = "| format | files | mutations | refused | opened | panics | slowest, ms | largest, KiB | memory grew, KiB | all, s |\n\
                     |---|---|---|---|---|---|---|---|---|---|\n| npz | 3 | 100 | 86 | 14 | 0 | 34.4 | 7 | 332 | 73 |\nerror: mat: hangs\n";
        assert_eq!(
            told(table),
            "panics, slowest read and growth of memory: npz 0, 34.4 ms, 332 KiB; broken promises: error: mat: hangs"
        );
    }
}
