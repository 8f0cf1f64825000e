//! One broken rule at one place.

use std::fmt;

/// The rules, by the name that messages show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Dependencies between crates follow the table.
    Arrows,
    /// A declared dependency is used.
    UnusedDependency,
    /// Modules of a crate form no cycle.
    Cycles,
    /// `unsafe` stands in one folder.
    Unsafe,
    /// A Rust file starts with `//!`.
    Header,
    /// Files and functions are short.
    Size,
    /// Identifiers use the vocabulary.
    Vocabulary,
    /// No unfinished code.
    Unfinished,
    /// An ignored test says why.
    Ignored,
    /// Pure crates have no side effects.
    Purity,
    /// Random numbers come from named streams.
    NamedStreams,
    /// No path of one machine.
    MachinePath,
    /// No package registry is chosen.
    Registry,
    /// Data files are listed.
    DataList,
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Self::Arrows => "arrows",
            Self::UnusedDependency => "unused-dependency",
            Self::Cycles => "module-cycles",
            Self::Unsafe => "unsafe",
            Self::Header => "header",
            Self::Size => "size",
            Self::Vocabulary => "vocabulary",
            Self::Unfinished => "unfinished",
            Self::Ignored => "ignored-test",
            Self::Purity => "purity",
            Self::NamedStreams => "named-streams",
            Self::MachinePath => "machine-path",
            Self::Registry => "registry",
            Self::DataList => "data-list",
        }
    }
}

/// A broken rule, or a note, at one place.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Path from the repository root.
    pub path: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
    /// Worth knowing, not refused.
    pub is_note: bool,
}

impl Finding {
    /// A broken rule.
    pub fn new(rule: Rule, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line, message: message.into(), is_note: false }
    }

    /// A note.
    pub fn note(rule: Rule, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { is_note: true, ..Self::new(rule, path, line, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule.name(), self.message)
    }
}
