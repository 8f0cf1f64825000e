//! All studies, in the order in which a report tells them.

use super::{Context, paper_numbers};
use crate::{ConfigError, Result};
use serde::Serialize;
use spikereel_report::schema::Section;

/// A study that can be asked for by name.
#[derive(Clone, Copy)]
pub struct StudyKind {
    /// Its name on the command line and in files.
    pub name: &'static str,
    /// What it asks, in a few words.
    pub asks: &'static str,
    /// Answers it.
    pub run: fn(&Context<'_>) -> Result<Section>,
}

impl std::fmt::Debug for StudyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every study.
pub const ALL: &[StudyKind] =
    &[StudyKind { name: "paper_numbers", asks: "the paper's printed numbers beside ours", run: paper_numbers::study }];

/// What `study list` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyList {
    /// Name and question of each study.
    pub studies: Vec<(String, String)>,
}

impl Default for StudyList {
    fn default() -> Self {
        Self { studies: ALL.iter().map(|study| (study.name.into(), study.asks.into())).collect() }
    }
}

/// The studies of these names; all of them for `all` or for no name.
///
/// # Errors
/// Lists the names where one is unknown.
pub fn by_names(names: &[String]) -> Result<Vec<StudyKind>> {
    if names.is_empty() || names.iter().any(|name| name == "all") {
        return Ok(ALL.to_vec());
    }
    let find = |name: &String| {
        ALL.iter().find(|study| study.name == name).copied().ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|study| study.name).collect();
            ConfigError::new("study", format!("all, or some of {}", known.join(", ")), format!("`{name}`")).into()
        })
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_for_files_and_an_unknown_one_lists_them_all() {
        for (idx, study) in ALL.iter().enumerate() {
            assert!(study.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{study:?}");
            assert!(ALL[..idx].iter().all(|other| other.name != study.name), "{study:?} stands twice");
        }
        let error = by_names(&["no such".into()]).unwrap_err().to_string();
        assert!(ALL.iter().all(|study| error.contains(study.name)), "{error}");
        assert_eq!(by_names(&[]).unwrap().len(), ALL.len());
    }
}
