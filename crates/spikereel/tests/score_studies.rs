//! The studies of scores, end to end on a small simulated recording: each tells a section that holds together.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::studies::{
    Context, Material, Sizes, Store, ceilings, cross_validation, frame_rates, scale, single_regions,
};
use spikereel_report::schema::{PanelBody, Section};
use spikereel_synth::cortex::CortexConfig;
use std::collections::HashSet;

const SMALL: &str = r#"
    [data]
    simulate = "easy"
    trials_per_condition = 6
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
    clips_train = 4
    clips_validation = 2
    clips_test = 2
"#;

fn sizes() -> Sizes {
    Sizes {
        main_channels: 2,
        main_epochs: 1,
        small_channels: 2,
        small_epochs: 1,
        n_bootstrap: 100,
        n_null: 4,
        n_draws: 1,
        n_folds: 2,
        ..Sizes::quick()
    }
}

fn held_together(section: &Section) {
    println!("\n# {}\n{}\n({})", section.title, section.question, section.sizes);
    section.findings.iter().for_each(|finding| println!("- {finding}"));
    assert!(
        !section.findings.is_empty() && !section.caveats.is_empty() && !section.charts.is_empty(),
        "{}",
        section.slug
    );
    let slugs: Vec<&str> = section.charts.iter().map(|chart| chart.slug.as_str()).collect();
    assert_eq!(slugs.iter().collect::<HashSet<_>>().len(), slugs.len(), "{slugs:?}");
    for table in &section.tables {
        assert!(!table.rows.is_empty(), "{}/{}", section.slug, table.slug);
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}/{}", section.slug, table.slug);
    }
    for panel in section.charts.iter().flat_map(|chart| &chart.panels) {
        match &panel.body {
            PanelBody::Intervals { rows, .. } => {
                assert!(rows.iter().any(|row| row.estimate.is_some()), "{}", panel.title)
            }
            PanelBody::Lines { series, .. } => {
                for own in series {
                    assert!(own.y.len() == own.x.len() && own.x.is_sorted(), "{}", panel.title);
                }
            }
            PanelBody::Pictures { rows, columns } => {
                for row in rows {
                    assert!(row.pictures.len() == columns.len());
                    assert!(row.pictures.iter().all(|picture| picture.starts_with("data:image/png;base64,iVBOR")));
                }
            }
            _ => {}
        }
    }
    // Without pictures, whose base64 may spell anything.
    let mut words = section.clone();
    for chart in &mut words.charts {
        chart.panels.retain(|panel| !matches!(panel.body, PanelBody::Pictures { .. }));
    }
    assert!(!serde_json::to_string(&words).unwrap().contains("NaN"));
}

#[test]
#[ignore = "minutes, trains and scores at three frame rates: cargo test --release -p spikereel --test score_studies -- --ignored"]
fn every_study_of_scores_tells_a_section_that_holds_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, 6);
    cortex.n_observer_trials = 256;
    let main = Material::simulated(Given::from_toml(SMALL, "test").unwrap(), &cortex, &Silent).unwrap();
    let (sizes, store) = (sizes(), Store::new(folder.path()));
    let context = Context::new(&main, &sizes, 5, &store, &Silent);
    for study in [single_regions::study, cross_validation::study, ceilings::study, scale::study, frame_rates::study] {
        held_together(&study(&context).unwrap());
    }
}
