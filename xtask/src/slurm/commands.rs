//! The commands of docs/cluster.md, taken from the page as they stand and run in their order.

use super::cluster::Cluster;
use crate::faults::scene::{Scene, end};
use std::process::Command;

/// What a page has its reader do.
#[derive(Debug, Clone, PartialEq)]
enum Act {
    /// A file of this name with this text.
    File(String, String),
    /// Lines of shell.
    Shell(String),
}

/// Does all of it; what did not end well.
pub fn all(scene: &Scene, cluster: &Cluster) -> Result<Vec<String>, String> {
    let page = scene.root.join("docs/cluster.md");
    let text = std::fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    // The page's commands need the build with MPI.
    let binary = super::mpi::binary(scene)?;
    let binaries = binary.parent().unwrap_or(&scene.folder);
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
    std::fs::create_dir_all(scene.path(".config/spikereel")).map_err(|error| error.to_string())?;
    let mut wrong = Vec::new();
    for act in acts(&text) {
        match act {
            Act::File(name, text) => {
                println!("  file {name}");
                scene.write(&name, &text)?;
                // A profile stands where its name is looked up.
                scene.write(&format!(".config/spikereel/{name}"), &text)?;
            }
            Act::Shell(line) => {
                // A terminal, as a reader has one.
                let mut command = Command::new("script");
                command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(&scene.folder);
                command.env("PATH", &path).env("HOME", &scene.folder).env("SLURM_CONF", cluster.settings());
                let ended = end(command
                    .env("PBS_ARRAY_INDEX", "1")
                    .env("LSB_JOBINDEX", "2")
                    .env("SGE_TASK_ID", "6")
                    .env("SHELL", "/bin/bash"))?;
                println!("  {:.0} s, code {:?}: {line}", ended.secs, ended.code);
                if ended.code != Some(0) {
                    wrong.push(format!("{line}: {:?}, {}", ended.code, ended.said.trim()));
                }
            }
        }
    }
    Ok(wrong)
}

/// Blocks of TOML under the file name last spoken of, lines of shell, and commands of ours inside a sentence.
fn acts(page: &str) -> Vec<Act> {
    let (mut acts, mut named, mut block): (Vec<Act>, String, Option<(String, String)>) =
        (Vec::new(), String::new(), None);
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_string(), String::new())),
            (Some((kind, text)), Some(_)) => {
                match kind.as_str() {
                    "toml" => acts.push(Act::File(named.clone(), text.clone())),
                    "sh" => acts
                        .extend(text.lines().filter(|line| !line.starts_with('#')).map(|line| Act::Shell(line.into()))),
                    _ => {}
                }
                block = None;
            }
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {
                for code in line.split('`').skip(1).step_by(2) {
                    if code.starts_with("spikereel ") && code.contains('/') {
                        acts.push(Act::Shell(code.into()));
                    }
                    let file = code.rsplit('/').next().unwrap_or_default();
                    if file.ends_with(".toml") {
                        named = file.into();
                    }
                }
            }
        }
    }
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_commands_are_found_in_order() {
        let page = "Write `grid.toml`:\n```toml\na = 1\n```\n```sh\n# a comment\nspikereel plan grid.toml # why\n```\n`spikereel run p/plan.json` does `spikereel`.\n";
        let expected = vec![
            Act::File("grid.toml".into(), "a = 1\n".into()),
            Act::Shell("spikereel plan grid.toml # why".into()),
            Act::Shell("spikereel run p/plan.json".into()),
        ];
        assert_eq!(acts(page), expected);
    }
}
