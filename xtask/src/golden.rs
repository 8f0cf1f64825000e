//! Golden numbers: lists the Python scripts that make them, runs them again, and says which files changed.
//!
//! A script stands beside the files that it writes, in `crates/*/tests/golden/`, is started in that folder without
//! arguments, and prints or stores the versions of the libraries it used. The tests read the files and need no Python.
//! Modules that a script beside them imports make nothing by themselves and are left out; so are `check_*.py`, which hold
//! our output against a peer and take arguments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Contents of a folder's files by name.
type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// Prints the scripts.
///
/// # Errors
/// Where the folders cannot be read.
pub fn list(root: &Path) -> Result<(), String> {
    for script in scripts(root)? {
        println!("{}", display(&script, root));
    }
    Ok(())
}

/// Runs with `python` every script whose path holds `word`, and prints each golden file that is new, changed or gone.
///
/// # Errors
/// Where a folder cannot be read, no script fits, or a script fails.
pub fn run(root: &Path, python: &str, word: &str) -> Result<(), String> {
    let chosen: Vec<PathBuf> = scripts(root)?.into_iter().filter(|path| display(path, root).contains(word)).collect();
    if chosen.is_empty() {
        return Err(format!("no script's path holds {word:?} (hint: cargo xtask golden lists them)"));
    }
    for script in chosen {
        let folder = script.parent().expect("a script stands in a folder");
        let before = contents(folder)?;
        println!("{}", display(&script, root));
        let status = Command::new(python)
            .arg(&script)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("{python}: {error} (hint: --python takes an interpreter)"))?;
        if !status.success() {
            return Err(format!("{} ended with {status}", display(&script, root)));
        }
        let changes = changes(&before, &contents(folder)?);
        changes.iter().for_each(|(name, what)| println!("  {what}: {}", name.display()));
        if changes.is_empty() {
            println!("  no file changed");
        }
    }
    Ok(())
}

fn scripts(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for member in entries(&root.join("crates"))? {
        let folder = member.join("tests/golden");
        if folder.is_dir() {
            found.extend(makers(&entries(&folder)?)?);
        }
    }
    Ok(found)
}

/// Of one folder's files, the scripts that make golden files.
fn makers(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut sources = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "py")) {
        sources.push(std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    let is_imported = |stem: &str| {
        let heads = [format!("from {stem} import"), format!("import {stem}")];
        sources
            .iter()
            .flat_map(|source| source.lines())
            .any(|line| heads.iter().any(|head| line.starts_with(head.as_str())))
    };
    let makes = |path: &&PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        path.extension().is_some_and(|ext| ext == "py") && !stem.starts_with("check_") && !is_imported(stem)
    };
    Ok(paths.iter().filter(makes).cloned().collect())
}

/// Every file below a folder but the scripts and what Python leaves behind.
fn contents(folder: &Path) -> Result<Contents, String> {
    let mut found = Contents::new();
    for path in entries(folder)? {
        if path.is_dir() && !path.ends_with("__pycache__") {
            found.extend(contents(&path)?);
        } else if path.is_file() && path.extension().is_none_or(|ext| ext != "py") {
            let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            found.insert(path, bytes);
        }
    }
    Ok(found)
}

fn changes(before: &Contents, after: &Contents) -> Vec<(PathBuf, &'static str)> {
    let mut names: Vec<&PathBuf> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let what = |name: &PathBuf| match (before.get(name), after.get(name)) {
        (None, _) => Some("new"),
        (_, None) => Some("gone"),
        (old, new) => (old != new).then_some("changed"),
    };
    names.into_iter().filter_map(|name| Some((name.clone(), what(name)?))).collect()
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = || std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = read().map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

fn display(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_name_new_changed_and_missing_files_and_nothing_else() {
        let of = |files: &[(&str, u8)]| files.iter().map(|(name, byte)| (PathBuf::from(name), vec![*byte])).collect();
        let found = changes(&of(&[("same", 1), ("old", 1), ("gone", 1)]), &of(&[("same", 1), ("old", 2), ("new", 1)]));
        let found: Vec<(&str, &str)> = found.iter().map(|(name, what)| (name.to_str().expect("text"), *what)).collect();
        assert_eq!(found, [("gone", "gone"), ("new", "new"), ("old", "changed")]);
    }

    #[test]
    fn scripts_are_found_beside_their_goldens_and_never_counted_as_one() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("crates/x/tests/golden");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("flow.py"), "import numpy\nfrom peer import x\n").expect("a script");
        std::fs::write(folder.join("peer.py"), "x = 1\n").expect("a module");
        std::fs::write(folder.join("check_flow.py"), "import peer\n").expect("a check");
        std::fs::write(folder.join("flow.json"), "{}").expect("a golden file");
        assert_eq!(scripts(root.path()).expect("readable"), [folder.join("flow.py")]);
        let names: Vec<PathBuf> = contents(&folder).expect("readable").into_keys().collect();
        assert_eq!(names, [folder.join("flow.json")]);
        assert!(run(root.path(), "python3", "no such script").is_err());
    }
}
