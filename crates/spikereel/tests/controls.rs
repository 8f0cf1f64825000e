//! The recovery card and the studies of leakage and confounds, from a context to sections that hold together.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::steps::demo;
use spikereel::studies::{Context, Material, Sizes, Store, confounds, leakage, power};
use spikereel_report::schema::{PanelBody, Section};

fn sizes() -> Sizes {
    Sizes {
        small_channels: 2,
        small_epochs: 2,
        n_bootstrap: 200,
        n_power_repeats: 2,
        trials_per_condition: 6,
        ..Sizes::quick()
    }
}

fn with_context(check: impl Fn(&Context<'_>) -> Section) -> Section {
    let folder = tempfile::tempdir().unwrap();
    let given = Given::from_toml(demo::TINY.simulated, "test").unwrap();
    let main = Material::new(given, &Silent).unwrap();
    let store = Store::new(folder.path());
    let sizes = sizes();
    check(&Context::new(&main, &sizes, 3, &store, &Silent))
}

fn holds_together(section: &Section) {
    for line in &section.findings {
        println!("{line}");
    }
    assert!(!section.findings.is_empty() && !section.sizes.is_empty());
    for table in &section.tables {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.slug);
    }
    let mut slugs: Vec<&str> = section.charts.iter().map(|chart| chart.slug.as_str()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), section.charts.len());
    for panel in section.charts.iter().flat_map(|chart| &chart.panels) {
        match &panel.body {
            PanelBody::Intervals { rows, .. } => assert!(!rows.is_empty(), "{}", panel.title),
            PanelBody::Matrix { rows, values, .. } => assert_eq!(rows.len(), values.len()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_recovery_card_speaks_of_the_main_recordings_regions() {
    let section = with_context(|context| power::study(context).unwrap());
    holds_together(&section);
    assert!(section.sizes.contains("140 sites in 6 regions, 6 trials"), "{}", section.sizes);
    assert_eq!(section.tables[0].rows.len(), 18);
}

#[test]
fn leakage_counts_shared_trials_on_one_side_only() {
    let section = with_context(|context| leakage::study(context).unwrap());
    holds_together(&section);
    assert!(section.findings[0].contains(": 0 of "), "{}", section.findings[0]);
    assert!(!section.findings[1].contains(": 0 of "), "{}", section.findings[1]);
    assert_eq!(section.charts[0].panels.len(), 4, "as simulated and shuffled, ridge and networks");
}

#[test]
#[ignore = "minutes, ridge regression on all folds of the real recording: cargo test --release -p spikereel --test controls -- --ignored"]
fn confounds_are_looked_at_in_a_simulation_and_in_the_real_recording() {
    let section = with_context(|context| confounds::study(context).unwrap());
    holds_together(&section);
    for words in ["Simulation, ridge: LIP", "feedback controlled", "required turn controlled", "Main recording"] {
        assert!(section.findings.iter().any(|line| line.contains(words)), "{words}");
    }
}
