//! The audit of a run's dataset and splits as a section of its report.

use spikereel_analysis::audit::{AuditFinding, Severity, audit_dataset};
use spikereel_data::{Dataset, Fold, Split};
use spikereel_report::schema::{DataTable, Section, TableCell};

/// What every report says of the data that its decoders were trained and tested on. `of` ends the slug where a page holds several runs.
pub fn audit(dataset: &Dataset, folds: &[Fold], of: Option<&str>) -> Section {
    let splits: Vec<Split> = folds.iter().map(|fold| fold.split().clone()).collect();
    let found = audit_dataset(dataset, &splits);
    let name = &dataset.name;
    Section {
        slug: of.map_or_else(|| "audit".into(), |of| format!("audit-{of}")),
        title: of.map_or_else(|| "Audit of the data".into(), |_| format!("Audit of the data: {name}")),
        question: "Could the data or their split make scores look better than they are?".into(),
        sizes: format!(
            "{name}: {} trials, {} sites, {} conditions, {}",
            dataset.trials.len(),
            dataset.n_sites(),
            dataset.conditions.len(),
            if splits.len() == 1 { "one split".into() } else { format!("{} folds", splits.len()) }
        ),
        findings: sentences(&found),
        caveats: vec![
            "An audit finds what it looks for: shared trials, overlapping windows, neighbors in time, videos shown on both sides, sites of several sessions, \
             missing conditions. A covariate that nobody recorded is not among them."
                .into(),
        ],
        charts: Vec::new(),
        tables: vec![table(&found)],
    }
}

fn sentences(found: &[AuditFinding]) -> Vec<String> {
    let above_notes: Vec<String> = found
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| {
            let words = [finding.sentence.as_str(), finding.remedy.as_str()];
            let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
            let severity = if finding.severity == Severity::Serious { "Serious" } else { "Warning" };
            format!("{severity}: {}", words.join(" "))
        })
        .collect();
    if above_notes.is_empty() {
        vec![format!(
            "Nothing serious and nothing to be warned of in {} checks that had something to say.",
            found.len()
        )]
    } else {
        above_notes
    }
}

fn table(found: &[AuditFinding]) -> DataTable {
    let row = |finding: &AuditFinding| -> Vec<TableCell> {
        vec![
            finding.severity.to_string().as_str().into(),
            finding.check.as_str().into(),
            finding.value.into(),
            finding.unit.as_str().into(),
            finding.sentence.as_str().into(),
        ]
    };
    DataTable {
        slug: "audit".into(),
        title: "What was looked at".into(),
        columns: ["severity", "check", "value", "unit", "finding"].map(String::from).to_vec(),
        rows: found.iter().map(row).collect(),
    }
}
