//! No cycles between the top-level modules of a crate.
//!
//! An arrow is a path `crate::module` or `super::module` in code that is not a test. Names that the crate root
//! re-exports (`use crate::{Dataset, Result}`) are the crate's own vocabulary and make no arrow. A rough reading of
//! paths, not name resolution: glob imports and macros that build paths are not followed.

use super::rust_text::{line_of, mask, without_tests, words};
use super::tree::{Tree, crate_folder};
use super::{Finding, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Cycles that stand, each as the folder of its crate, the modules in alphabetical order, and the reason.
const ALLOWED: &[(&str, &[&str], &str)] = &[];

/// Where an arrow was seen first.
type Arrows = BTreeMap<(String, String), (String, usize)>;

/// Checks every crate.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let folders: BTreeSet<&str> = tree.rust().filter_map(|(path, _)| crate_folder(path)).collect();
    folders.into_iter().flat_map(|folder| check_crate(tree, folder)).collect()
}

fn check_crate(tree: &Tree, folder: &str) -> Vec<Finding> {
    let src = format!("{folder}/src/");
    let files: Vec<(&str, &str, String)> =
        tree.rust().filter_map(|(path, text)| Some((path, text, module_of(path.strip_prefix(&src)?)?))).collect();
    let modules: BTreeSet<&str> = files.iter().map(|(_, _, module)| module.as_str()).collect();
    let mut arrows = Arrows::new();
    for (path, text, module) in &files {
        let code = without_tests(&mask(text));
        let depth = path[src.len()..].trim_end_matches("/mod.rs").matches('/').count() + 1;
        for (offset, target) in targets(&code, depth) {
            if target != module && modules.contains(target) {
                let key = (module.clone(), target.to_owned());
                arrows.entry(key).or_insert_with(|| ((*path).to_owned(), line_of(&code, offset)));
            }
        }
    }
    cycles(&modules, &arrows)
        .into_iter()
        .filter(|cycle| {
            let mut sorted = cycle.clone();
            sorted.sort_unstable();
            !ALLOWED.iter().any(|(allowed_in, modules, _)| *allowed_in == folder && *modules == sorted)
        })
        .map(|cycle| finding(&cycle, &arrows))
        .collect()
}

/// The top-level module of a file below `src/`; nothing for crate roots.
fn module_of(path: &str) -> Option<String> {
    let first = path.split('/').next()?.trim_end_matches(".rs");
    (!matches!(first, "lib" | "main" | "bin")).then(|| first.to_owned())
}

/// First segments behind `crate::`, and behind as many `super::` as lead from a module at `depth` to the root.
fn targets(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (offset, word) in words(code) {
        let mut rest = &code[offset + word.len()..];
        match word {
            "crate" => {}
            "super" => {
                let mut n_up = 1;
                while let Some(after) =
                    rest.trim_start().strip_prefix("::").and_then(|r| r.trim_start().strip_prefix("super"))
                {
                    (n_up, rest) = (n_up + 1, after);
                }
                // A shorter chain ends inside the module; its later words are met again and are too short as well.
                if n_up != depth {
                    continue;
                }
            }
            _ => continue,
        }
        let Some(path) = rest.trim_start().strip_prefix("::") else { continue };
        let path = path.trim_start();
        let base = path.as_ptr() as usize - code.as_ptr() as usize;
        match path.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group).map(|(at, head)| (base + 1 + at, head))),
            None => found.extend(words(path).take(1).map(|(at, head)| (base + at, head))),
        }
    }
    found
}

/// The first word of every entry of a `{...}` group whose opening brace was stripped.
fn group_heads(group: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut depth, mut starts) = (1usize, vec![0]);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 1 => starts.push(at + 1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    starts.into_iter().filter_map(move |start| {
        let entry = &group[start..];
        let head = entry.trim_start();
        let (_, word) = words(head).next().filter(|(at, _)| *at == 0)?;
        Some((start + entry.len() - head.len(), word))
    })
}

/// One shortest cycle through each module that lies on one, each cycle once.
fn cycles(modules: &BTreeSet<&str>, arrows: &Arrows) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for &start in modules {
        if found.iter().any(|cycle| cycle.iter().any(|module| module == start)) {
            continue;
        }
        let mut paths = vec![vec![start.to_owned()]];
        let mut seen = BTreeSet::new();
        'search: while !paths.is_empty() {
            let mut longer = Vec::new();
            for path in paths {
                let last = path.last().expect("a path has a start");
                for (_, to) in arrows.keys().filter(|(from, _)| from == last) {
                    if to == start {
                        found.push(path);
                        break 'search;
                    }
                    if seen.insert(to.clone()) {
                        longer.push(path.iter().cloned().chain([to.clone()]).collect());
                    }
                }
            }
            paths = longer;
        }
    }
    found
}

fn finding(cycle: &[String], arrows: &Arrows) -> Finding {
    let steps: Vec<String> = (0..cycle.len())
        .map(|idx| {
            let (from, to) = (&cycle[idx], &cycle[(idx + 1) % cycle.len()]);
            let (path, line) = &arrows[&(from.clone(), to.clone())];
            format!("{from} -> {to} ({path}:{line})")
        })
        .collect();
    let (path, line) = &arrows[&(cycle[0].clone(), cycle[1].clone())];
    let message = format!("modules form a cycle: {}; move what both need into a module below them", steps.join(", "));
    Finding::new(Rule::Cycles, path, *line, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_modules_that_name_each_other_are_a_cycle() {
        let found = messages(&[
            ("crates/x/src/a.rs", "use crate::b::B;"),
            ("crates/x/src/b/c.rs", "\nuse crate::{Root, a::{A, D}, e};"),
            ("crates/x/src/e.rs", ""),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("a -> b (crates/x/src/a.rs:1), b -> a (crates/x/src/b/c.rs:2)"), "{found:?}");
    }

    #[test]
    fn a_longer_cycle_is_found_and_paths_inside_expressions_count() {
        let found = messages(&[
            ("crates/x/src/a.rs", "fn f() { crate::b::g() }"),
            ("crates/x/src/b.rs", "fn g() { super::c::h() }"),
            ("crates/x/src/c/mod.rs", "use super::a::f;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn root_names_tests_comments_and_other_crates_make_no_arrow() {
        let found = messages(&[
            ("crates/x/src/lib.rs", "mod a; mod b; pub use a::A; pub use crate::b::B;"),
            ("crates/x/src/a.rs", "use crate::{B, Result};\n// crate::b\n#[cfg(test)]\nmod tests { use crate::b::B; }"),
            ("crates/x/src/b.rs", "use crate::a::A;"),
            ("crates/y/src/a.rs", "use crate::b::B;"),
            ("crates/y/src/b.rs", ""),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn super_is_read_from_the_depth_of_its_file() {
        let inside = [("crates/x/src/a/b.rs", "use super::c::C;"), ("crates/x/src/c.rs", "use crate::a::b::B;")];
        assert!(messages(&inside).is_empty());
        let outside =
            [("crates/x/src/a/b.rs", "use super::super::c::C;"), ("crates/x/src/c.rs", "use crate::a::b::B;")];
        assert_eq!(messages(&outside).len(), 1);
    }
}
