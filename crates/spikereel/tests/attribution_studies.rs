//! The studies of regions, each told from one tiny simulated recording: they run, say what they found, and agree on what they are about.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::studies::recovery::{RecoveryOptions, recovery, section};
use spikereel::studies::{
    Context, Material, Sizes, Store, masking, operators, shapley, sites, size_matched, time_resolved,
};
use spikereel_analysis::perturb::MaskOperator;
use spikereel_report::schema::{PanelBody, Section};
use spikereel_synth::cortex::CortexConfig;

const TINY: &str = r#"
    [data]
    simulate = "easy"
    trials_per_condition = 5
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
    clips_train = 3
    clips_validation = 1
    clips_test = 1
"#;

#[test]
fn every_study_of_regions_is_told_in_a_section_that_holds_together() {
    let recipe = include_str!("../../../docs/recipes/cue-and-dots.toml");
    let given = Given::from_toml(TINY, "test").unwrap().over(Given::from_toml(recipe, "recipe").unwrap());
    let mut cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, 5);
    cortex.n_observer_trials = 128;
    let material = Material::simulated(given, &cortex, &Silent).unwrap();
    let sizes = Sizes {
        main_channels: 2,
        main_epochs: 2,
        n_networks: 1,
        small_channels: 2,
        small_epochs: 1,
        n_bootstrap: 100,
        n_permutations: 100,
        n_draws: 2,
        n_gradient_steps: 4,
        ..Sizes::quick()
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("networks"));
    let context = Context::new(&material, &sizes, 3, &store, &Silent);
    let studies: [fn(&Context<'_>) -> spikereel::Result<Section>; 6] =
        [masking::study, operators::study, shapley::study, time_resolved::study, sites::study, size_matched::study];
    for study in studies {
        let section = study(&context).unwrap();
        println!("{}: {}\n  {}", section.slug, section.sizes, section.findings.join("\n  "));
        check(&section);
        let has_planted = section.charts.iter().flat_map(|chart| &chart.panels).any(|panel| {
            matches!(&panel.body, PanelBody::Intervals { rows, .. } if rows.iter().any(|row| row.expected.is_some()))
        });
        assert_eq!(
            has_planted,
            ["masking", "operators", "shapley"].contains(&section.slug.as_str()),
            "{}",
            section.slug
        );
        let text = serde_json::to_string(&section).unwrap();
        assert!(serde_json::from_str::<Section>(&text).unwrap() == section);
    }
}

fn check(section: &Section) {
    assert!(!section.findings.is_empty() && !section.sizes.is_empty() && !section.charts.is_empty());
    for chart in &section.charts {
        assert!(!chart.panels.is_empty(), "{} {}", section.slug, chart.slug);
    }
    for table in &section.tables {
        assert!(
            !table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()),
            "{}",
            table.slug
        );
    }
}

/// One recording and its network: half a minute. More seeds come from `recovery` itself.
#[test]
#[ignore = "trains a network for a minute: cargo test --release -p spikereel --test attribution_studies -- --ignored"]
fn one_recording_recovers_what_was_planted() {
    let options = RecoveryOptions { n_seeds: 1, n_bootstrap: 300, ..RecoveryOptions::default() };
    let table = recovery(&options, &Silent).unwrap();
    println!("{table:#?}");
    check(&section(&table));
    for row in table.rows.iter().filter(|row| !row.method.contains("control")) {
        assert_eq!(row.ranked_first.n_yes, 1, "{row:?}");
    }
    assert!(options.operators.contains(&MaskOperator::ConditionNoise));
}
