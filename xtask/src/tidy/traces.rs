//! Traces of one machine: absolute paths, package mirrors. What is committed builds and runs anywhere.

use super::tree::Tree;
use super::{Finding, Rule};

/// Starts of paths that exist on one machine only. Written in halves, so that this list does not find itself.
const PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/tmp/bash", "_jobs"),
    concat!("/opt/", "ref"),
    concat!("../sha", "red"),
];

/// Hosts of package registries and settings that choose one; which registry serves a package is the builder's choice.
const REGISTRIES: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("files.python", "hosted.org"),
    concat!("pypi", ".org/simple"),
    concat!("registry.npm", "js.org"),
    concat!("proxy.golang", ".org"),
    concat!("deb.debian", ".org"),
    concat!("--index", "-url"),
    concat!("--extra-index", "-url"),
    concat!("replace", "-with"),
    concat!("[source", "."),
    concat!("[registr", "ies"),
];

/// The one source that a lock file names.
const LOCKED_SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Checks every text file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.texts().flat_map(|(path, text)| check_file(path, text)).collect()
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(trace) = PATHS.iter().find(|trace| starts_a_path(content, trace)) {
            let message = format!("{trace:?} is a path of one machine; take it as an argument or make it relative");
            findings.push(Finding::new(Rule::MachinePath, path, line, message));
        }
        if let Some(host) = REGISTRIES.iter().find(|host| content.contains(*host)) {
            let message = format!("{host:?} chooses a package registry; leave that to the machine's own settings");
            findings.push(Finding::new(Rule::Registry, path, line, message));
        }
        if path.ends_with(".lock") && content.starts_with("source = ") && content != LOCKED_SOURCE {
            let message = "a locked package from another source; lock it from crates.io".to_owned();
            findings.push(Finding::new(Rule::Registry, path, line, message));
        }
    }
    findings
}

/// Whether `trace` occurs where a path begins, not inside a longer path or an address.
fn starts_a_path(content: &str, trace: &str) -> bool {
    content.match_indices(trace).any(|(at, _)| {
        !content[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<Rule> {
        check_file(path, text).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn paths_of_one_machine_are_found_in_any_text_file() {
        for trace in PATHS {
            assert_eq!(rules("docs/a.md", &format!("see `{trace}x`")), [Rule::MachinePath], "{trace}");
        }
    }

    #[test]
    fn parts_of_longer_paths_and_addresses_are_let_through() {
        let text = format!("https://example.org{0}a $HOME{0}b ./c{0}d", PATHS[0]);
        assert!(rules("docs/a.md", &text).is_empty());
        assert!(rules("docs/a.md", "share, root, work/x").is_empty());
    }

    #[test]
    fn registries_are_refused_and_the_lock_file_may_name_the_usual_one() {
        for host in REGISTRIES {
            assert_eq!(rules("a.toml", &format!("x = {host}")), [Rule::Registry], "{host}");
        }
        assert!(rules("Cargo.lock", LOCKED_SOURCE).is_empty());
        assert_eq!(rules("Cargo.lock", "source = \"sparse+https://mirror.example/\""), [Rule::Registry]);
    }
}
