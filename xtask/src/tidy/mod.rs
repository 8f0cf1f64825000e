//! Tidy: the invariants of ARCHITECTURE.md and CONTRIBUTING.md that a machine can hold.
//!
//! Each rule is a pure function from the repository's files to findings, with tests that show it both pass and fail.
//! Runs as `cargo xtask tidy` and as a test.

mod arrows;
mod cycles;
mod data_list;
mod files;
mod finding;
mod purity;
mod rust_text;
mod traces;
mod tree;
mod unsafety;
mod words;

use finding::{Finding, Rule};
use std::path::Path;
use tree::Tree;

/// All rules.
const CHECKS: &[fn(&Tree) -> Vec<Finding>] = &[
    arrows::check,
    cycles::check,
    unsafety::check,
    files::check,
    words::check,
    purity::check,
    traces::check,
    data_list::check,
];

/// What is wrong, and what is only worth knowing, in the repository at `root`.
pub struct Outcome {
    /// Broken rules, one line each.
    pub errors: Vec<String>,
    /// Notes, one line each.
    pub notes: Vec<String>,
    /// How many files were read.
    pub n_files: usize,
}

/// Checks the repository at `root`.
///
/// # Errors
/// Where its files cannot be listed.
pub fn check(root: &Path) -> std::io::Result<Outcome> {
    let tree = Tree::read(root)?;
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let lines =
        |is_note| findings.iter().filter(|finding| finding.is_note == is_note).map(ToString::to_string).collect();
    Ok(Outcome { errors: lines(false), notes: lines(true), n_files: tree.files.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let outcome = check(&crate::repository_root()).expect("the repository can be read");
        assert!(outcome.n_files > 50, "only {} files were found", outcome.n_files);
        assert!(outcome.errors.is_empty(), "{} broken rules:\n{}", outcome.errors.len(), outcome.errors.join("\n"));
    }
}
