//! What a check says: a number, a sentence that names it, and what to do.

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Results may mean less than they seem to.
    Warning,
    /// Results will be wrong, or not about what they seem to be about.
    Serious,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Serious => "serious",
        })
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditFinding {
    /// Name of the check, such as `rate-drift`.
    pub check: String,
    /// How much it matters.
    pub severity: Severity,
    /// The number; none where a check could not be made.
    pub value: Option<f64>,
    /// What the number counts or measures, such as `sites`, `Hz`, `Cramér's V`.
    pub unit: String,
    /// What was found, the number in it.
    pub sentence: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
}

impl AuditFinding {
    pub(super) fn new(
        check: &str,
        severity: Severity,
        value: impl Into<Option<f64>>,
        unit: &str,
        sentence: String,
    ) -> Self {
        Self { check: check.into(), severity, value: value.into(), unit: unit.into(), sentence, remedy: String::new() }
    }

    pub(super) fn remedy(mut self, remedy: &str) -> Self {
        self.remedy = remedy.into();
        self
    }
}

/// The most serious first, otherwise in the order of the checks.
pub(super) fn sorted(mut findings: Vec<AuditFinding>) -> Vec<AuditFinding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// `1 site`, `2 sites`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `3`, `3 to 5`.
pub(super) fn range(fewest: usize, most: usize) -> String {
    if fewest == most { most.to_string() } else { format!("{fewest} to {most}") }
}

/// A share as a whole percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The first few names, and how many more there are.
pub(super) fn few(names: &[String]) -> String {
    const N_SHOWN: usize = 4;
    let shown = names[..names.len().min(N_SHOWN)].join(", ");
    if names.len() > N_SHOWN { format!("{shown} and {} more", names.len() - N_SHOWN) } else { shown }
}
