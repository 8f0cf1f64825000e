//! The studies of similarity and of embeddings, end to end on a small simulated recording: sections that hold together.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::studies::{Context, Material, Sizes, Store, embedding, similarity};
use spikereel_report::schema::{PanelBody, Section};

const SMALL: &str = r#"
    [data]
    simulate = "easy"
    trials_per_condition = 8
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

fn check(section: &Section) {
    println!("\n# {}\n({})", section.title, section.sizes);
    section.findings.iter().for_each(|finding| println!("- {finding}"));
    assert!(!section.findings.is_empty() && !section.caveats.is_empty(), "{}", section.slug);
    for table in &section.tables {
        assert!(
            !table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()),
            "{}",
            table.slug
        );
    }
    for chart in &section.charts {
        assert!(!chart.panels.is_empty(), "{}", chart.slug);
        for panel in &chart.panels {
            let is_full = match &panel.body {
                PanelBody::Points { points, categories, .. } => {
                    !points.is_empty()
                        && points.iter().all(|point| {
                            point.category < categories.len() && point.x.is_finite() && point.y.is_finite()
                        })
                }
                PanelBody::Distributions { groups, .. } => {
                    groups.iter().all(|group| !group.values.is_empty()) && !groups.is_empty()
                }
                PanelBody::Intervals { rows, .. } => rows.iter().any(|row| row.estimate.is_some()),
                _ => true,
            };
            assert!(is_full, "{}: {}", chart.slug, panel.title);
        }
    }
    assert!(!serde_json::to_string(section).unwrap().contains("NaN"));
}

#[test]
#[ignore = "minutes, t-SNE of several sets of samples: cargo test --release -p spikereel --test likeness_studies -- --ignored"]
fn similarity_and_embeddings_find_the_planted_regions_and_tell_sections_that_hold_together() {
    let folder = tempfile::tempdir().unwrap();
    let main = Material::new(Given::from_toml(SMALL, "test").unwrap(), &Silent).unwrap();
    let sizes = Sizes {
        main_channels: 2,
        main_epochs: 1,
        n_bootstrap: 100,
        n_permutations: 499,
        n_embedded: 128,
        ..Sizes::quick()
    };
    let store = Store::new(folder.path());
    let context = Context::new(&main, &sizes, 5, &store, &Silent);
    let alike = similarity::study(&context).unwrap();
    check(&alike);
    // V4 carries shape and color, MT motion; PFC carries none of the three.
    for region in ["V4", "MT"] {
        assert!(alike.findings.iter().any(|finding| finding.contains(&format!("cross r in {region} "))), "{region}");
    }
    let embedded = embedding::study(&context).unwrap();
    check(&embedded);
    assert!(embedded.charts.iter().any(|chart| chart.slug == "latents"));
}
