//! `demo`: the whole path twice, on the real recording inside the binary and on a simulated one, ending in one page.
//! All sizes stand in the constants below; a demo is a small run like any other, and `--from` repeats either half.

use super::{evaluate, mask, report, train};
use crate::config::Given;
use crate::progress::Progress;
use crate::run_folder::RunFolder;
use crate::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How large a demo is: the settings of its two runs.
#[derive(Debug, Clone, Copy)]
pub struct DemoSize {
    /// Settings of the run on the real recording.
    pub real: &'static str,
    /// Settings of the run on the simulated recording.
    pub simulated: &'static str,
}

/// Minutes on two cores.
pub const FULL: DemoSize = DemoSize {
    real: r#"
        [data]
        recordings = ["builtin:steinmetz_s10"]
        [split]
        n_folds = 5
        [network]
        base_channels = 8
        [train]
        epochs = 24
        batch_size = 32
        learning_rate = 0.005
        [scores]
        n_null = 100
    "#,
    simulated: r#"
        [data]
        simulate = "easy"
        trials_per_condition = 10
        [stimulus]
        clips_train = 12
        clips_validation = 4
        clips_test = 6
        [network]
        base_channels = 8
        [train]
        epochs = 16
        batch_size = 16
        learning_rate = 0.005
        redraw = "per_region"
    "#,
};

/// Seconds on two cores; scores mean little. For tests and for a first look at the page.
pub const TINY: DemoSize = DemoSize {
    real: r#"
        [data]
        recordings = ["builtin:steinmetz_s10"]
        [population]
        regions = ["VISp", "VISl"]
        [stimulus]
        frame_px = 16
        [split]
        n_folds = 2
        [network]
        base_channels = 2
        [train]
        epochs = 2
        [scores]
        n_null = 10
        n_null_draws = 200
        [masking]
        n_bootstrap = 200
    "#,
    simulated: r#"
        [data]
        simulate = "easy"
        trials_per_condition = 6
        [bins]
        width_secs = 0.5
        n_bins = 9
        [stimulus]
        frame_px = 16
        frame_rate_hz = 2
        clips_train = 2
        clips_validation = 2
        clips_test = 2
        [network]
        base_channels = 2
        [train]
        epochs = 2
        batch_size = 8
        [scores]
        n_null = 10
        n_null_draws = 200
        [masking]
        n_bootstrap = 200
    "#,
};

/// What `demo` made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DemoDone {
    /// The folder of both runs and the page.
    pub folder: PathBuf,
    /// The page.
    pub page: PathBuf,
    /// The main findings.
    pub findings: Vec<String>,
}

/// Runs the demo; `out` is a new folder, by default the next of `runs/demo-1`, ...
///
/// # Errors
/// As the steps it walks.
pub fn demo(size: &DemoSize, seed: Option<u64>, out: Option<&Path>, progress: &dyn Progress) -> Result<DemoDone> {
    let folder = match out {
        Some(path) => RunFolder::create(path)?,
        None => RunFolder::create_numbered(Path::new("runs"), "demo")?,
    };
    let mut runs = Vec::new();
    for (name, title, settings) in
        [("real", "the real recording", size.real), ("simulated", "a simulated recording", size.simulated)]
    {
        progress.say(&format!("== {title}"));
        let mut given = Given::from_toml(settings, "the demo's own settings")
            .map_err(|error| Error::Bug(format!("the demo's settings are wrong: {error}")))?;
        given.seed = seed.or(given.seed);
        let run = folder.join(name);
        train::train(given, Some(&run), progress)?;
        evaluate::evaluate(&run, progress)?;
        mask::mask(&run, progress)?;
        runs.push(run);
    }
    let reported = report::report_of(&runs, "spikereel demo", &folder, progress)?;
    Ok(DemoDone { folder: folder.path().to_path_buf(), page: reported.page, findings: reported.findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_both_sizes_are_valid_toml_without_unknown_keys() {
        for size in [FULL, TINY] {
            for settings in [size.real, size.simulated] {
                Given::from_toml(settings, "demo").unwrap();
            }
        }
    }
}
