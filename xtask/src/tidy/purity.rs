//! What pure crates do not do, and where randomness comes from.
//!
//! data, synth and analysis do no input or output, print nothing and read no clock, so that a study runs wherever its
//! inputs are. Every random number of the project comes from a named stream of a run's seed.

use super::rust_text::{line_of, mask, without_tests, words};
use super::tree::Tree;
use super::{Finding, Rule};

/// Crates without side effects.
const PURE: &[&str] = &["crates/spikereel-data/src/", "crates/spikereel-synth/src/", "crates/spikereel-analysis/src/"];
/// Parts of std that reach outside the process.
const OUTSIDE: &[&str] = &["fs", "net", "env", "process", "io", "time"];
/// Macros that print.
const PRINTING: &[&str] = &["print!", "println!", "eprint!", "eprintln!"];
/// The file that makes generators from a seed and a name.
const STREAMS: &str = "crates/spikereel-data/src/rng.rs";
/// Generators, and ways to make one, that bypass named streams.
const UNNAMED: &[&str] =
    &["StdRng", "SmallRng", "ThreadRng", "thread_rng", "from_os_rng", "from_entropy", "seed_from_u64", "from_seed"];

/// Checks every Rust file of the crates.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| path.starts_with("crates/")) {
        let code = without_tests(&mask(text));
        for (offset, word) in words(&code) {
            let rest = &code[offset..];
            if PURE.iter().any(|folder| path.starts_with(folder)) {
                let reaches_out = OUTSIDE.contains(&word) && code[..offset].trim_end().ends_with("std::");
                if reaches_out || PRINTING.iter().any(|mark| rest.starts_with(mark)) {
                    let message = format!("`{word}` in a crate without side effects; take the value as an argument");
                    findings.push(Finding::new(Rule::Purity, path, line_of(&code, offset), message));
                }
            }
            if path != STREAMS && (UNNAMED.contains(&word) || rest.starts_with("rand::rng()")) {
                let message =
                    format!("`{word}` makes random numbers without a name; use rng::stream(seed, \"purpose\")");
                findings.push(Finding::new(Rule::NamedStreams, path, line_of(&code, offset), message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<Rule> {
        check(&Tree::of(&[(path, text)])).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn pure_crates_neither_read_files_nor_print_outside_their_tests() {
        let path = "crates/spikereel-analysis/src/a.rs";
        assert_eq!(rules(path, "use std::fs::File;"), [Rule::Purity]);
        assert_eq!(rules(path, "fn f() { println!(\"x\") }"), [Rule::Purity]);
        assert_eq!(rules(path, "let t = std::time::Instant::now();"), [Rule::Purity]);
        assert!(rules(path, "#[cfg(test)]\nmod tests { use std::fs; }").is_empty());
        assert!(rules(path, "let fs = rate_hz; // std::fs").is_empty());
        assert!(rules("crates/spikereel-formats/src/a.rs", "use std::fs::File;").is_empty());
        assert!(rules("crates/spikereel-analysis/tests/a.rs", "use std::fs::File;").is_empty());
    }

    #[test]
    fn generators_come_from_named_streams_only() {
        let path = "crates/spikereel-nn/src/a.rs";
        assert_eq!(rules(path, "let r = ChaCha8Rng::seed_from_u64(1);"), [Rule::NamedStreams]);
        assert_eq!(rules(path, "let r = rand::rng();"), [Rule::NamedStreams]);
        assert!(rules(path, "let r = rng::stream(seed, \"a\");").is_empty());
        assert!(rules(STREAMS, "ChaCha8Rng::seed_from_u64(seed)").is_empty());
    }
}
