//! `unsafe` stands in one folder; every other crate forbids it in its root.

use super::rust_text::{line_of, mask, words};
use super::tree::Tree;
use super::{Finding, Rule};

/// The one folder that may hold `unsafe`: SIMD kernels, each beside its safe door.
const UNSAFE_FOLDER: &str = "crates/spikereel-kernels/src/arch/";
/// The crate of that folder cannot forbid what it holds; the workspace lint denies it elsewhere in that crate.
const UNSAFE_CRATE: &str = "crates/spikereel-kernels/";

/// Checks every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let code = mask(text);
        if !path.starts_with(UNSAFE_FOLDER)
            && let Some((offset, _)) = words(&code).find(|(_, word)| *word == "unsafe")
        {
            let message = format!("unsafe code outside {UNSAFE_FOLDER}; move it there behind a safe function");
            findings.push(Finding::new(Rule::Unsafe, path, line_of(&code, offset), message));
        }
        if is_crate_root(path) && !path.starts_with(UNSAFE_CRATE) && !code.contains("#![forbid(unsafe_code)]") {
            let message = "crate root without #![forbid(unsafe_code)]; add it below the header".to_owned();
            findings.push(Finding::new(Rule::Unsafe, path, 1, message));
        }
    }
    findings
}

fn is_crate_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") || path.contains("/src/bin/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_findings(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn unsafe_is_refused_everywhere_but_in_the_arch_folder() {
        let code = "fn f() { unsafe { g() } }";
        assert_eq!(n_findings("crates/spikereel-nn/src/a.rs", code), 1);
        assert_eq!(n_findings("crates/spikereel-nn/tests/a.rs", code), 1);
        assert_eq!(n_findings("crates/spikereel-kernels/src/conv.rs", code), 1);
        assert_eq!(n_findings("crates/spikereel-kernels/src/arch/avx2.rs", code), 0);
        assert_eq!(n_findings("crates/spikereel-nn/src/a.rs", "// unsafe\nlet unsafe_code = \"unsafe\";"), 0);
    }

    #[test]
    fn a_crate_root_must_forbid_it_in_code_not_in_a_comment() {
        assert_eq!(n_findings("crates/x/src/lib.rs", "// #![forbid(unsafe_code)]"), 1);
        assert_eq!(n_findings("crates/x/src/bin/tool.rs", "fn main() {}"), 1);
        assert_eq!(n_findings("crates/x/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
        assert_eq!(n_findings("crates/spikereel-kernels/src/lib.rs", ""), 0);
    }
}
