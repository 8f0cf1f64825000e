//! Parquet files as pandas and pyarrow write them, where the feature is built.
#![cfg(feature = "parquet")]

mod common;

use common::bundles::*;
use common::mutate::mutate;
use spikereel_data::Spikes;
use spikereel_data::rng::stream;
use spikereel_formats::{list_arrays, read_recording};
use std::fs;

const SIDECAR: &str = r#"format = 1
files = ["sites.parquet", "spikes.parquet", "trials.csv"]
[spikes]
times = "time"
site_of_spike = "spikes.parquet:unit"
site_of_spike_by = "id"
align = "onset"
[sites]
region = "region"
ids = "sites.parquet:unit"
[trials]
factors = ["shape"]
"#;

#[test]
fn parquet_is_read_as_the_tables_it_was_made_from() {
    let folder = Folder::new();
    let (recording, _) = folder.read(SIDECAR).unwrap();
    let Spikes::Times(times) = &recording.spikes else { panic!("times") };
    for (site_idx, id) in ["951058482", "7", "12"].iter().enumerate() {
        assert_eq!(recording.sites[site_idx].id, *id);
        assert_eq!(times.times_secs[site_idx], numbers(&format!("times_{id}")));
    }
    assert_eq!(recording.sites[0].region.0, "V4, \"upper\"");
    // Sites as trials: numbers with gaps, truth values, and long identifiers, which stay text.
    let columns = SIDECAR
        .replace("align = \"onset\"", "align = \"depth_um\"")
        .replace("\"shape\"]", "\"long_id\", \"good\"]\ncovariates = [\"count\"]");
    let columns =
        columns.replace("align = \"depth_um\"", "align = \"three.csv:x\"").replace("\"trials.csv\"", "\"three.csv\"");
    folder.put("three.csv", "x\n1\n2\n3\n");
    let (recording, _) = folder.read(&columns).unwrap();
    let labels: Vec<String> = (0..3).map(|condition| recording.conditions.label(condition)).collect();
    assert!(labels.contains(&"long_id=1152921504606846977 good=1".to_string()), "{labels:?}");
    let count = &recording.covariates[0].1;
    assert!(count[0] == 1.0 && count[1].is_nan() && count[2] == 3.0);
    let text = folder.error(&columns.replace("\"count\"]", "\"when\"]"));
    assert!(
        text.starts_with("sites.parquet: column `when`, type: expected numbers, truth values or text, got Timestamp"),
        "{text}"
    );
}

#[test]
fn garbled_parquet_never_panics() {
    let folder = Folder::new();
    folder.read(SIDECAR).unwrap();
    let rng = &mut stream(2026, "mutations/parquet");
    for name in ["sites.parquet", "spikes.parquet"] {
        let bytes = fs::read(folder.path(name)).unwrap();
        for _ in 0..400 {
            fs::write(folder.path(name), mutate(&bytes, rng)).unwrap();
            let _ = list_arrays(&folder.path(name));
            let _ = read_recording(&folder.path("a.toml"));
        }
        fs::write(folder.path(name), bytes).unwrap();
    }
}
