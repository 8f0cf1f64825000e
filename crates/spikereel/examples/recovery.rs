//! Recovery and false alarms over fresh recordings: `recovery [recordings] [all|shapley|retrain] [first]`.
//!
//! Each recording (preset `easy`, small) trains a network of its own; one region that is planted as no feature's top is dealt out anew among
//! trials and carries nothing. Printed as JSON: by method and feature, in how many recordings the planted top region is ranked first; by method, how
//! often the region of nothing is found; and the networks' accuracy, without which neither means anything. `all`, or no word, takes all methods but
//! retraining; `shapley` takes Shapley values alone, `retrain` masking by networks trained without each region alone.

use spikereel::progress::{Progress, Silent, Task};
use spikereel::studies::recovery::{RecoveryOptions, recovery, section};
use spikereel_analysis::perturb::MaskOperator;
use std::error::Error;

/// Remarks on stderr: one a recording, so that a run that is stopped has told something.
struct Remarks;

impl Progress for Remarks {
    fn begin(&self, _stage: &str, _total: u64, _unit: &'static str) -> Box<dyn Task> {
        Box::new(Silent)
    }
    fn say(&self, remark: &str) {
        eprintln!("{remark}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let n_seeds = arguments.first().and_then(|text| text.parse().ok()).filter(|&n| n > 0).unwrap_or(20);
    let mut options = RecoveryOptions { n_seeds, ..RecoveryOptions::default() };
    match arguments.get(1).map(String::as_str) {
        None | Some("all") => {}
        Some("shapley") => options.operators.clear(),
        Some("retrain") => {
            options.operators = vec![MaskOperator::RetrainWithout];
            options.coalition_operators.clear();
        }
        Some(other) => return Err(format!("expected all, shapley or retrain, got `{other}`").into()),
    }
    if let Some(first) = arguments.get(2) {
        options.first_recording = first.parse()?;
    }
    let table = recovery(&options, &Remarks)?;
    for finding in section(&table).findings {
        eprintln!("{finding}");
    }
    println!("{}", serde_json::to_string_pretty(&table)?);
    Ok(())
}
