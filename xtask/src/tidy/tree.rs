//! The files of the repository, as a value: guards read this and touch no disk, so their tests are small lists of texts.

use std::path::Path;
use std::process::Command;

/// One file: its path from the root with `/` between folders, and its text where it is text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path from the root.
    pub path: String,
    /// Contents; nothing for a file that is not UTF-8.
    pub text: Option<String>,
}

/// The files of a repository, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// All files.
    pub files: Vec<SourceFile>,
}

impl Tree {
    /// Reads the files that git tracks or would track; in an unpacked archive, every file outside build folders.
    pub fn read(root: &Path) -> std::io::Result<Self> {
        let mut paths = match tracked(root) {
            Some(paths) => paths,
            None => walk(root)?,
        };
        paths.sort();
        paths.dedup();
        let files = paths
            .into_iter()
            .filter_map(|path| Some((std::fs::read(root.join(&path)).ok()?, path))) // deleted but still tracked: skipped
            .map(|(bytes, path)| SourceFile { path, text: String::from_utf8(bytes).ok() })
            .collect();
        Ok(Self { files })
    }

    /// Files of text with their paths.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    /// Rust files with their paths.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts().find(|(other, _)| *other == path).map(|(_, text)| text)
    }

    /// A tree of the given paths and texts, for tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: Some((*text).into()) };
        Self { files: files.iter().map(file).collect() }
    }
}

/// The folder of the package or crate a path belongs to: `crates/NAME` or `xtask`.
pub fn crate_folder(path: &str) -> Option<&str> {
    if path.starts_with("xtask/") {
        return Some("xtask");
    }
    let name_len = path.strip_prefix("crates/")?.find('/')?;
    Some(&path[.."crates/".len() + name_len])
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let paths: Vec<String> = String::from_utf8(output.stdout).ok()?.split_terminator('\0').map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walk(root: &Path) -> std::io::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if !matches!(name.to_str(), Some(".git" | "target" | "runs" | "__pycache__")) {
                    folders.push(entry.path());
                }
            } else if let Some(path) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) {
                paths.push(path.replace('\\', "/"));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_git_is_walked_and_build_folders_are_left_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in ["a.rs", "crates/x/src/lib.rs", "target/release/b.rs"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "//! x\n").expect("a file");
        }
        let mut paths = walk(folder.path()).expect("a walk");
        paths.sort();
        assert_eq!(paths, ["a.rs", "crates/x/src/lib.rs"]);
    }

    #[test]
    fn a_path_names_its_crate() {
        assert_eq!(crate_folder("crates/spikereel-nn/src/lib.rs"), Some("crates/spikereel-nn"));
        assert_eq!(crate_folder("xtask/src/main.rs"), Some("xtask"));
        assert_eq!(crate_folder("docs/formats.md"), None);
    }
}
