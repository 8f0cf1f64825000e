//! A small network, trained on a simulated recording, reads what was planted and nothing else; by the same steps that a person runs.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::steps::{evaluate, mask, train};

/// Sixteen pixels, nine frames, eight base channels: a minute on two cores.
const SMALL: &str = r#"
    [data]
    simulate = "easy"
    trials_per_condition = 24
    [bins]
    start_secs = -1.5
    width_secs = 0.5
    n_bins = 9
    [stimulus]
    frame_px = 16
    frame_rate_hz = 2.0
    n_frames = 9
    n_fixation_frames = 1
    n_cue_frames = 2
    clips_train = 12
    clips_validation = 2
    clips_test = 4
    [train]
    epochs = 8
    [masking]
    n_bootstrap = 1000
"#;

#[test]
fn a_small_network_reads_shape_and_motion_and_masking_names_the_regions_that_were_planted() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = include_str!("../../../docs/recipes/cue-and-dots.toml");
    let given = Given::from_toml(SMALL, "test").unwrap().over(Given::from_toml(recipe, "recipe").unwrap());
    let run = folder.path().join("run");
    train::train(given, Some(&run), false, None, &Silent).unwrap();

    let scores = evaluate::evaluate(&run, &Silent).unwrap();
    let score = |name: &str| {
        let row = scores.rows.iter().find(|row| row.score == name && row.over == "trials").unwrap();
        row.models[0].1.unwrap()
    };
    // Chance is 1/4. Two of the four colors differ little and may stay together: docs/training.md.
    for (name, bar) in [("shape accuracy", 0.8), ("color accuracy", 0.55), ("motion accuracy", 0.85)] {
        println!("{name} {:.3}", score(name));
        assert!(score(name) > bar, "{name} is {}, at least {bar} was expected", score(name));
    }

    let masked = mask::mask(&run, &Silent).unwrap();
    assert_eq!(masked.planted.len(), 3);
    for line in &masked.planted {
        let (planted, found) = line.split_once(", found ").unwrap();
        let region = planted.rsplit(' ').next().unwrap();
        assert!(found.starts_with(region), "{line}");
    }
    for row in &masked.rows {
        println!("{} {} {:.3} {:.4}", row.score, row.region, row.harm, row.p_corrected);
    }
    let found = masked.rows.iter().filter(|row| row.is_found).map(|row| (row.score.as_str(), row.region.as_str()));
    let tops = [("shape accuracy", "V4"), ("color accuracy", "V4"), ("motion accuracy", "MT")];
    assert_eq!(found.collect::<Vec<_>>(), tops, "other regions carry little or nothing");
}
