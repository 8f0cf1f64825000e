//! One thing, one word: identifiers that the vocabulary refuses, unfinished code, tests ignored without a reason.
//!
//! Only identifiers are read, never comments or strings: a file format may name its arrays as it likes, and a sentence
//! may say that a site is close to what others call a unit. `unit` itself is let through: statistics resample units.

use super::rust_text::{line_of, mask, words};
use super::tree::Tree;
use super::{Finding, Rule};

/// Runs of words inside an identifier (`n_cells_used` holds `n`, `cells`) and what to say in their place.
const REFUSED: &[(&[&str], &str)] = &[
    (&["neuron"], "site"),
    (&["neurons"], "sites"),
    (&["brain", "area"], "region"),
    (&["brain", "areas"], "regions"),
    (&["n", "areas"], "n_regions"),
    (&["area", "idx"], "region_idx"),
    (&["n", "cells"], "n_sites"),
    (&["cell", "idx"], "site_idx"),
    (&["n", "electrodes"], "n_sites"),
    (&["num", "sites"], "n_sites"),
    (&["num", "trials"], "n_trials"),
    (&["num", "bins"], "n_bins"),
    (&["num", "frames"], "n_frames"),
    (&["num", "regions"], "n_regions"),
    (&["num", "conditions"], "n_conditions"),
    (&["pseudotrial"], "pseudo_trial"),
    (&["unmasked", "region"], "masked_region, negated where it is used"),
    (&["colour"], "color"),
    (&["colours"], "colors"),
    (&["coloured"], "colored"),
];

/// Macros that mark unfinished code.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// Checks every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(|(path, text)| check_file(path, text)).collect()
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let code = mask(text);
    let mut findings = Vec::new();
    for (offset, identifier) in words(&code) {
        let line = || line_of(&code, offset);
        if let Some(better) = refused(identifier) {
            let message = format!("`{identifier}`: the vocabulary's word is {better}; rename it");
            findings.push(Finding::new(Rule::Vocabulary, path, line(), message));
        }
        if UNFINISHED.iter().any(|mark| code[offset..].starts_with(mark)) {
            let message = format!("`{identifier}!` marks unfinished code; finish it or take it out");
            findings.push(Finding::new(Rule::Unfinished, path, line(), message));
        }
    }
    for (offset, attribute) in code.match_indices("#[ignore") {
        let rest = &text[offset + attribute.len()..];
        let has_reason =
            rest.trim_start().strip_prefix('=').is_some_and(|reason| !reason.trim_start().starts_with("\"\""));
        if !has_reason {
            let message = "an ignored test without a reason; write #[ignore = \"why, and the command that runs it\"]";
            findings.push(Finding::new(Rule::Ignored, path, line_of(&code, offset), message));
        }
    }
    findings
}

fn refused(identifier: &str) -> Option<&'static str> {
    let parts = parts_of(identifier);
    REFUSED
        .iter()
        .find(|(refused, _)| parts.windows(refused.len()).any(|window| window == *refused))
        .map(|(_, better)| *better)
}

/// Words of an identifier in snake or camel case, in lower case.
fn parts_of(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && after_lower) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("starts with one part").extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Rule> {
        check_file("a.rs", text).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn refused_words_are_found_in_any_case_and_place() {
        for identifier in ["neuron", "NeuronId", "n_cells", "N_CELLS_MAX", "brainArea", "num_sites", "dot_colour"] {
            assert_eq!(rules(&format!("let {identifier} = 1;")), [Rule::Vocabulary], "{identifier}");
        }
    }

    #[test]
    fn near_words_strings_and_comments_are_let_through() {
        for identifier in ["n_channels", "cell", "Cell", "OnceCell", "area_px", "num_threads", "n_units", "color"] {
            assert!(rules(&format!("let {identifier} = 1;")).is_empty(), "{identifier}");
        }
        assert!(rules("// neuron\nlet a = \"n_cells\";").is_empty());
    }

    #[test]
    fn unfinished_code_is_refused_and_a_word_like_it_is_not() {
        assert_eq!(rules("fn f() { todo!() }"), [Rule::Unfinished]);
        assert_eq!(rules("fn f() { std::dbg!(x); unimplemented!(\"y\") }"), [Rule::Unfinished; 2]);
        assert!(rules("fn todo() -> bool { dbg != 1 } // todo!()").is_empty());
    }

    #[test]
    fn an_ignored_test_needs_a_reason() {
        assert_eq!(rules("#[ignore]"), [Rule::Ignored]);
        assert_eq!(rules("#[ignore = \"\"]"), [Rule::Ignored]);
        assert!(rules("#[ignore = \"takes an hour: cargo test -- --ignored recovery\"]").is_empty());
    }
}
