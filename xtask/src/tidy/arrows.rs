//! Which crate may know which: the table of arrows, held against every `Cargo.toml`.
//!
//! Cargo refuses cycles between crates by itself; this refuses arrows that would be a fault of design, such as a study
//! that knows how a network is built.

use super::rust_text::{mask, words};
use super::tree::{Tree, crate_folder};
use super::{Finding, Rule};
use toml::Table;

/// What one crate may depend on inside the workspace.
struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    /// Allowed in its tests as well.
    to_in_tests: &'static [&'static str],
}

/// The picture of these arrows stands in ARCHITECTURE.md; change both together.
const TABLE: &[Arrows] = &[
    Arrows { from: "spikereel-kernels", to: &[], to_in_tests: &[] },
    Arrows { from: "spikereel-data", to: &[], to_in_tests: &[] },
    Arrows { from: "spikereel-formats", to: &["spikereel-data"], to_in_tests: &[] },
    Arrows { from: "spikereel-synth", to: &["spikereel-data"], to_in_tests: &[] },
    Arrows { from: "spikereel-analysis", to: &["spikereel-data"], to_in_tests: &["spikereel-synth"] },
    Arrows { from: "spikereel-nn", to: &["spikereel-data", "spikereel-kernels"], to_in_tests: &[] },
    Arrows { from: "spikereel-report", to: &["spikereel-data"], to_in_tests: &[] },
    Arrows {
        from: "spikereel",
        to: &[
            "spikereel-data",
            "spikereel-kernels",
            "spikereel-formats",
            "spikereel-synth",
            "spikereel-nn",
            "spikereel-analysis",
            "spikereel-report",
        ],
        to_in_tests: &[],
    },
    Arrows { from: "spikereel-cli", to: &["spikereel"], to_in_tests: &[] },
    Arrows { from: "xtask", to: &[], to_in_tests: &[] },
    Arrows { from: "spikereel-fuzz", to: &["spikereel-data", "spikereel-formats", "spikereel-nn"], to_in_tests: &[] },
];

/// Checks every manifest of the workspace.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.texts().filter(|(path, _)| path.ends_with("/Cargo.toml"));
    manifests.flat_map(|(path, text)| check_manifest(tree, path, text)).collect()
}

fn check_manifest(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(Rule::Arrows, path, 1, format!("is not TOML: {}", error.message()))],
    };
    let name = manifest.get("package").and_then(|package| package.get("name")?.as_str()).unwrap_or_default();
    let Some(allowed) = TABLE.iter().find(|arrows| arrows.from == name) else {
        let message = format!("crate {name:?} has no row in the table of arrows; add it there and to ARCHITECTURE.md");
        return vec![Finding::new(Rule::Arrows, path, 1, message)];
    };
    let mut findings = Vec::new();
    for (section, dependency) in dependencies(&manifest) {
        let line = text.lines().position(|line| line.trim_start().starts_with(&dependency)).map_or(1, |idx| idx + 1);
        let in_tests = section == "dev-dependencies";
        let fits =
            allowed.to.contains(&dependency.as_str()) || in_tests && allowed.to_in_tests.contains(&dependency.as_str());
        if dependency.starts_with("spikereel") && !fits {
            let message = format!(
                "{name} must not depend on {dependency} in [{section}]; move what it needs below both crates, or hand \
                 it in as a trait or a closure"
            );
            findings.push(Finding::new(Rule::Arrows, path, line, message));
        } else if !is_named(tree, path, &dependency) {
            let message = format!("{dependency} stands in [{section}] and no code names it; remove it");
            findings.push(Finding::new(Rule::UnusedDependency, path, line, message));
        }
    }
    findings
}

/// Section and package name of every dependency, tables for single targets included.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let for_targets = manifest.get("target").and_then(|targets| targets.as_table());
    let tables = std::iter::once(manifest)
        .chain(for_targets.into_iter().flat_map(|targets| targets.values().filter_map(|target| target.as_table())));
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (key, value) in table.get(section).and_then(|entries| entries.as_table()).into_iter().flatten() {
                let package = value.get("package").and_then(|package| package.as_str()).unwrap_or(key);
                found.push((section, package.to_owned()));
            }
        }
    }
    found
}

fn is_named(tree: &Tree, manifest_path: &str, dependency: &str) -> bool {
    let folder = crate_folder(manifest_path);
    let identifier = dependency.replace('-', "_");
    tree.rust()
        .filter(|(path, _)| crate_folder(path) == folder)
        .any(|(_, text)| text.contains(&identifier) && words(&mask(text)).any(|(_, word)| word == identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(manifest: &str, code: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/x/Cargo.toml", manifest), ("crates/x/src/lib.rs", code)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    const ANALYSIS: &str = "[package]\nname = \"spikereel-analysis\"\n";

    #[test]
    fn analysis_must_not_know_networks_and_the_message_says_where() {
        let manifest = format!("{ANALYSIS}[dependencies]\nspikereel-nn.workspace = true\n");
        let found = messages(&manifest, "use spikereel_nn::Network;");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("crates/x/Cargo.toml:4: arrows: spikereel-analysis must not depend on"));
    }

    #[test]
    fn the_simulator_is_for_tests_of_analysis_only() {
        let code = "use spikereel_synth::x;";
        let dev = format!("{ANALYSIS}[dev-dependencies]\nspikereel-synth = {{ path = \"../s\" }}\n");
        assert!(messages(&dev, code).is_empty());
        let normal = format!("{ANALYSIS}[dependencies.spikereel-synth]\npath = \"../s\"\n");
        assert_eq!(messages(&normal, code).len(), 1);
    }

    #[test]
    fn renaming_a_crate_or_naming_a_target_hides_no_arrow() {
        let renamed = format!("{ANALYSIS}[dependencies]\nnets = {{ package = \"spikereel-nn\", path = \"../nn\" }}\n");
        assert_eq!(messages(&renamed, "use nets::x;").len(), 1);
        let target = format!("{ANALYSIS}[target.'cfg(unix)'.dependencies]\nspikereel-nn = {{ path = \"../nn\" }}\n");
        assert_eq!(messages(&target, "use spikereel_nn::x;").len(), 1);
    }

    #[test]
    fn an_unknown_crate_and_an_unused_dependency_are_refused() {
        assert!(messages("[package]\nname = \"spikereel-new\"\n", "")[0].contains("no row in the table"));
        let manifest = format!("{ANALYSIS}[dependencies]\nrayon = \"1\"\n");
        assert!(messages(&manifest, "// rayon\n")[0].contains("no code names it"));
        assert!(messages(&manifest, "use rayon::prelude::*;").is_empty());
    }
}
