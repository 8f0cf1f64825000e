//! The sections of the encoder, of models side by side and of the bottleneck in time, on a small simulated recording: they come out
//! whole, agree with what was planted, and come from the store the second time.

use spikereel::config::Given;
use spikereel::progress::Silent;
use spikereel::studies::{Context, Material, Sizes, Store, baselines, encoder, temporal};
use spikereel_report::schema::{DataTable, Section, TableCell};
use spikereel_synth::cortex::CortexConfig;

/// The published 45 frames, so that the published decoder repeats nine of them, at a quarter of the pixels and a fifth of the bins.
const SMALL: &str = r#"
    [data]
    simulate = "easy"
    trials_per_condition = 10
    [bins]
    start_secs = -1.5
    width_secs = 0.5
    n_bins = 9
    [stimulus]
    frame_px = 16
    clips_train = 12
    clips_validation = 2
    clips_test = 4
    [train]
    epochs = 6
"#;

fn number(table: &DataTable, row: impl Fn(&[TableCell]) -> bool, column: &str) -> f64 {
    let at = table.columns.iter().position(|name| name == column).unwrap();
    let row = table.rows.iter().find(|cells| row(cells)).unwrap();
    match row[at] {
        TableCell::Number(value) => value,
        ref other => panic!("{column}: {other:?}"),
    }
}

fn is(cell: &TableCell, word: &str) -> bool {
    *cell == TableCell::Text(word.into())
}

fn print(section: &Section) {
    println!("{} | {}", section.title, section.sizes);
    section.findings.iter().for_each(|finding| println!("  {finding}"));
}

#[test]
#[ignore = "minutes, trains six networks: cargo test --release -p spikereel --test network_studies -- --ignored"]
fn sections_of_networks_come_out_whole_and_agree_with_what_was_planted() {
    let recipe = include_str!("../../../docs/recipes/cue-and-dots.toml");
    let given = Given::from_toml(SMALL, "test").unwrap().over(Given::from_toml(recipe, "recipe").unwrap());
    let cortex = CortexConfig::preset("easy").unwrap().with_sessions(1, 10);
    let material = Material::simulated(given, &cortex, &Silent).unwrap();
    let sizes = Sizes {
        main_channels: 4,
        main_epochs: 6,
        encoder_epochs: 6,
        small_channels: 4,
        small_epochs: 3,
        n_bootstrap: 200,
        n_permutations: 200,
        n_null: 20,
        ..Sizes::quick()
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let context = Context::new(&material, &sizes, 3, &store, &Silent);

    let section = encoder::study(&context).unwrap();
    print(&section);
    assert_eq!((section.slug.as_str(), section.charts.len()), ("encoder", 3));
    let mean = |region: &str| {
        let row = |cells: &[TableCell]| is(&cells[0], region) && is(&cells[2], "bins and sites");
        number(&section.tables[0], row, "own minus other")
    };
    // V4 carries shape and color; PFC is tuned to neither.
    assert!(mean("V4") > mean("PFC").max(0.02), "{} {}", mean("V4"), mean("PFC"));

    let section = baselines::study(&context).unwrap();
    print(&section);
    assert_eq!(section.findings.len(), 5);
    let of = |model: &str| {
        let row = |cells: &[TableCell]| is(&cells[0], "shape accuracy") && is(&cells[1], model);
        number(&section.tables[0], row, "mean")
    };
    assert!(of("class mean") > of("mean video"), "{} {}", of("class mean"), of("mean video"));

    let section = temporal::study(&context).unwrap();
    print(&section);
    let change = |videos: &str| {
        let row = |cells: &[TableCell]| is(&cells[0], "repeated") && is(&cells[1], videos);
        number(&section.tables[0], row, "mean")
    };
    assert!(change("published decoder") < 1e-3 && change("temporal decoder") > 0.01 && change("true videos") > 1.0);

    // One encoder, three models trained alike, and a small pair of published and temporal decoder.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
    assert_eq!(temporal::study(&context).unwrap(), section);
}
