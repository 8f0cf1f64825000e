//! Shape of Rust files: a header, a bounded length, bounded functions.

use super::rust_text::{end_of_braces, line_of, mask, words};
use super::tree::Tree;
use super::{Finding, Rule};

/// No Rust file is longer; one file holds one idea.
const MAX_LINES: usize = 500;
/// Longer files are listed as notes.
const USUAL_LINES: usize = 250;
/// Longer functions are listed as notes.
const USUAL_FUNCTION_LINES: usize = 80;

/// Checks every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(|(path, text)| check_file(path, text)).collect()
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        let message = "the first line is not `//! `; say what the file is, where it is from, what it is not";
        findings.push(Finding::new(Rule::Header, path, 1, message));
    }
    let n_lines = text.lines().count();
    if n_lines > MAX_LINES {
        let message = format!("{n_lines} lines, at most {MAX_LINES}; split it by idea");
        findings.push(Finding::new(Rule::Size, path, MAX_LINES + 1, message));
    } else if n_lines > USUAL_LINES {
        let message = format!("{n_lines} lines, usually at most {USUAL_LINES}");
        findings.push(Finding::note(Rule::Size, path, 1, message));
    }
    let code = mask(text);
    for (offset, _) in words(&code).filter(|(_, word)| *word == "fn") {
        // A function pointer type or a trait's method without a body ends before any brace opens.
        let Some(open) = code[offset..].find(['{', ';']).map(|at| offset + at) else { continue };
        let n_lines = code[offset..end_of_braces(&code, open)].matches('\n').count() + 1;
        if n_lines > USUAL_FUNCTION_LINES {
            let message = format!("a function of {n_lines} lines, usually at most {USUAL_FUNCTION_LINES}");
            findings.push(Finding::note(Rule::Size, path, line_of(&code, offset), message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_header_is_refused() {
        assert!(check_file("a.rs", "//! What it is.\n").is_empty());
        assert_eq!(check_file("a.rs", "// What it is.\n")[0].rule, Rule::Header);
        assert_eq!(check_file("a.rs", "")[0].rule, Rule::Header);
    }

    #[test]
    fn long_files_are_refused_and_longish_ones_noted() {
        let file = |n_lines: usize| format!("//! x\n{}", "\n".repeat(n_lines - 1));
        assert!(check_file("a.rs", &file(250)).is_empty());
        assert!(check_file("a.rs", &file(251))[0].is_note);
        assert!(check_file("a.rs", &file(500))[0].is_note);
        assert!(!check_file("a.rs", &file(501))[0].is_note);
    }

    #[test]
    fn long_functions_are_noted_with_their_line() {
        let file = |n_lines: usize| format!("//! x\ntrait T {{ fn a(); }}\nfn b() {{{}}}\n", "\n".repeat(n_lines - 1));
        assert!(check_file("a.rs", &file(80)).is_empty());
        let found = check_file("a.rs", &file(81));
        assert_eq!((found.len(), found[0].line, found[0].is_note), (1, 3, true));
    }
}
