//! `demo`: the whole path twice, on the real recording inside the binary and on a simulated one, ending in one page.
//! All sizes stand in the constants below; a demo is a small run like any other, and `--from` repeats either half.

use super::{evaluate, mask, report, train};
use crate::config::Given;
use crate::progress::Progress;
use crate::run_folder::{RunFolder, read_json};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
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
        base_channels = 4
        [train]
        start = "fitted"
        loss_scale = "paper"
        optimiser = "adam"
        learning_rate = 0.003
        norm_rate_factor = 0.1
        schedule = "cosine"
        batch_size = 4
        epochs = 10
        input_noise_sd = 0.3
        [scores]
        n_null = 100
    "#,
    // From cue onset to 1.7 s after stimulus onset: three fifths of the published timeline.
    simulated: r#"
        [data]
        simulate = "easy"
        trials_per_condition = 12
        [bins]
        start_secs = -1.0
        n_bins = 27
        [stimulus]
        n_fixation_frames = 0
        clips_train = 6
        clips_validation = 4
        clips_test = 6
        [network]
        base_channels = 8
        [train]
        start = "fitted"
        cue_weight = 10
        squared_error_weight = 15
        optimiser = "adam"
        learning_rate = 0.003
        schedule = "cosine"
        batch_size = 8
        epochs = 12
        redraw = "per_site"
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

/// What a demo was asked for, in its folder; the same demo goes on there.
const ASKED: &str = "demo.json";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Asked {
    seed: Option<u64>,
    real: String,
    simulated: String,
}

/// Runs the demo; `out` is a new folder, by default the next of `runs/demo-1`, ... Where it holds the same demo, that one is gone on with.
///
/// # Errors
/// As the steps it walks.
pub fn demo(size: &DemoSize, seed: Option<u64>, out: Option<&Path>, progress: &dyn Progress) -> Result<DemoDone> {
    let asked = Asked { seed, real: size.real.into(), simulated: size.simulated.into() };
    let folder = match out {
        Some(path) if is_same(path, &asked) => RunFolder::hold(path, progress)?,
        Some(path) => RunFolder::create(path)?,
        None => RunFolder::create_numbered(Path::new("runs"), "demo")?,
    };
    folder.write_json(ASKED, &asked)?;
    let mut runs = Vec::new();
    for (name, title, settings) in
        [("real", "the real recording", size.real), ("simulated", "a simulated recording", size.simulated)]
    {
        progress.say(&format!("== {title}"));
        let mut given = Given::from_toml(settings, "the demo's own settings")
            .map_err(|error| Error::Bug(format!("the demo's settings are wrong: {error}")))?;
        given.seed = seed.or(given.seed);
        let run = folder.join(name);
        train::train(given, Some(&run), false, None, progress)?;
        if !run.join(evaluate::SCORES).is_file() {
            evaluate::evaluate(&run, progress)?;
        }
        if !run.join(mask::MASKING).is_file() {
            mask::mask(&run, progress)?;
        }
        runs.push(run);
    }
    let reported = report::report_of(&runs, "spikereel demo", &folder, progress)?;
    Ok(DemoDone { folder: folder.path().to_path_buf(), page: reported.page, findings: reported.findings })
}

fn is_same(path: &Path, asked: &Asked) -> bool {
    let stored = path.join(ASKED);
    stored.is_file() && read_json::<Asked>(&stored).is_ok_and(|stored| stored == *asked)
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

    #[test]
    fn the_recipes_of_the_documents_are_valid_too() {
        for recipe in [
            include_str!("../../../../docs/recipes/cue-and-dots.toml"),
            include_str!("../../../../docs/recipes/contrast.toml"),
        ] {
            Given::from_toml(recipe, "recipe").unwrap();
        }
    }
}
