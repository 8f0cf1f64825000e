//! Audits: what a person should know of a recording, and of a dataset with its splits, before a decoder is trained on it.
//!
//! Each check is a question with a number for an answer. Findings are sorted, the most serious first; a recording without fault still
//! gives notes, since a reader wants to know what was looked at.
//!
//! | file | idea |
//! |---|---|
//! | `finding` | what a check says |
//! | `binned` | counts around the aligning events, whatever the recording holds |
//! | `sites` | silent sites, sites twice |
//! | `clock` | units of time, order of trials, gaps |
//! | `drift` | rates that change over the session |
//! | `conditions` | balance |
//! | `covariation` | factors, covariates and trial order that go together |
//! | `response` | the mean response around the event |
//! | `splits` | leaks and gaps between the parts of a split |
//! | `shared_clips` | the same video on both sides, found by content |

mod binned;
mod clock;
mod conditions;
mod covariation;
mod drift;
mod finding;
mod response;
mod shared_clips;
mod sites;
mod splits;

pub use finding::{AuditFinding, Severity};
pub use response::{AlignmentResponse, alignment_response};
pub use splits::{audit_dataset, audit_dataset_at};

use spikereel_data::Recording;

/// Everything that is worth saying about a recording, the most serious first.
///
/// | check | asks |
/// |---|---|
/// | `silent-sites` | sites without a spike |
/// | `identical-sites`, `correlated-sites` | pairs with the same spikes, or counts that correlate above .95 |
/// | `high-rates`, `whole-times`, `session-span` | whether times are seconds |
/// | `trial-order`, `trial-spacing` | aligning events out of order or on top of each other |
/// | `trials-without-spikes` | gaps in the recording |
/// | `rate-drift` | rates over the session |
/// | `condition-balance`, `factor-levels` | trials of each condition and level |
/// | `fixed-covariates`, `covariation`, `covariation-tests` | factors, covariates and trial order that go together |
///
/// An audit is no part of a run: its permutations are always the same, so that a recording is always told the same.
pub fn audit_recording(recording: &Recording) -> Vec<AuditFinding> {
    let binned = binned::Binned::new(recording);
    let mut findings = clock::check(recording);
    findings.extend(conditions::check(recording));
    if let Some(binned) = &binned {
        findings.extend(sites::check(recording, binned));
        findings.extend(clock::check_gaps(binned));
        findings.extend(drift::check(binned));
        findings.extend(covariation::check(recording, &binned.order));
    }
    finding::sorted(findings)
}
