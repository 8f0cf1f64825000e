//! MATLAB files and tables through a sidecar, held to what scipy and pandas wrote: values equal to the bit.

mod common;

use common::bundles::*;
use proptest::prelude::*;
use spikereel_data::{Level, Spikes};
use spikereel_formats::{list_arrays, read_recording, sha256_file};
use std::path::Path;

const MATLAB: &str = r#"format = 1
files = ["day.mat"]
[spikes]
counts = "counts"
axes = ["site", "trial", "bin"]
bins = { start_secs = 0.0, width_secs = 0.1 }
[sites]
region = "regs"
[trials]
factors = ["session.contrast"]
covariates = ["row", "column", "coded", { name = "mean", array = "onset_of_trial" }]
"#;

#[test]
fn a_matlab_file_is_a_recording() {
    let folder = Folder::new();
    let sidecar = MATLAB.replace("onset_of_trial", "single");
    let (recording, extras) = folder.read(&sidecar).unwrap();
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
    assert_eq!(counts.shape(), [6, 5, 4]);
    let expected = numbers("counts"); // [site, trial, bin]
    for (trial, bin, site) in (0..6).flat_map(|t| (0..5).flat_map(move |b| (0..4).map(move |s| (t, b, s)))) {
        assert_eq!(f64::from(counts.value(trial, bin, site)), expected[(site * 6 + trial) * 5 + bin]);
    }
    let regions: Vec<&str> = recording.sites.iter().map(|site| site.region.0.as_str()).collect();
    assert_eq!(regions, ["V4", "V4", "MT", "LIP"]);
    assert_eq!(recording.conditions.factors()[0].levels, [0.0, 0.5, 1.0].map(Level::Number));
    for (at, name) in ["row", "column", "coded", "single"].iter().enumerate() {
        let (ours, theirs) = (&recording.covariates[at].1, numbers(name));
        assert!(
            ours.iter().zip(&theirs).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())),
            "{name}"
        );
    }
    assert_eq!(extras.inputs.len(), 2);
    assert_eq!(extras.inputs[1].sha256, sha256_file(&golden().join("day.mat")).unwrap());
    // Named by itself, the file finds its sidecar, which need not name it.
    folder.put("day.toml", sidecar.replace("files = [\"day.mat\"]\n", ""));
    assert_eq!(read_recording(&folder.path("day.mat")).unwrap().0.n_trials(), 6);
}

#[test]
fn fields_of_structs_characters_and_logical_values_are_columns() {
    let folder = Folder::new();
    let labels = |key: &str| {
        let sidecar = MATLAB
            .replace("\"regs\"", &format!("\"{key}\""))
            .replace(", { name = \"mean\", array = \"onset_of_trial\" }", "");
        let (recording, _) = folder.read(&sidecar).unwrap();
        recording.sites.iter().map(|site| site.region.0.clone()).collect::<Vec<_>>()
    };
    assert_eq!(labels("names"), ["V4", "MT", "LIPd", "x"]); // without the spaces that pad them
    assert_eq!(
        folder.error(&MATLAB.replace("\"regs\"", "\"unitInfo.area\"")),
        "a.toml: sites.region: expected a name for every site, got an empty name at site 3 (hint: label the site; sites without a region can be \
         labeled and then dropped by `drop_regions`)"
    );
    let sidecar = MATLAB.replace("\"regs\"", "[\"a\", \"b\", \"c\", \"d\"]\nids = \"unitInfo.area\"");
    let text = folder.error(&sidecar);
    assert!(text.contains("sites.ids") && text.contains("site 3"), "{text}");
    let sidecar = MATLAB.replace("\"session.contrast\"", "\"session.info.flag\"").replace("onset_of_trial", "row");
    let (recording, _) = folder.read(&sidecar).unwrap();
    assert_eq!(recording.condition_of_trial, [1, 0, 1, 0, 1, 0]);
    // One value a struct; a matrix of trials; a sparse matrix written out.
    let sites_as_trials = r#"format = 1
files = ["day.mat"]
[spikes]
counts = "thin"
axes = ["trial", "site"]
bins = { start_secs = 0.0, width_secs = 0.1 }
[sites]
region = ["a", "b", "c", "d", "e"]
[trials]
factors = ["session.contrast"]
"#;
    let (recording, _) = folder.read(sites_as_trials).unwrap();
    let Spikes::Counts(counts, grid) = &recording.spikes else { panic!("counts") };
    assert_eq!((counts.shape(), grid.n_bins), ([6, 1, 5], 1));
    let thin: Vec<f32> = numbers("thin").iter().map(|value| *value as f32).collect();
    assert_eq!(counts.to_array().into_raw_vec_and_offset().0, thin);
    let by_depth = sites_as_trials
        .replace("\"thin\"", "\"counts\"")
        .replace("[\"trial\", \"site\"]", "[\"trial\", \"site\", \"bin\"]")
        .replace("e\"]", "e\", \"f\"]")
        .replace("session.contrast", "unitInfo.depth");
    let (recording, _) = folder.read(&by_depth).unwrap();
    let levels: Vec<Level> = numbers("depth").into_iter().map(Level::Number).collect();
    assert_eq!(recording.conditions.factors()[0].levels, levels);
}

#[test]
fn several_axes_of_trials_are_combined_and_name_their_columns() {
    let folder = Folder::new();
    let sidecar = r#"format = 1
files = ["day.mat"]
[spikes]
counts = "counts"
axes = ["site", "trial:repeat", "trial:second"]
bins = { start_secs = 0.0, width_secs = 1.0 }
[sites]
region = "regs"
[trials]
factors = ["second"]
covariates = ["repeat"]
"#;
    let (recording, _) = folder.read(sidecar).unwrap();
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
    assert_eq!((counts.shape(), recording.conditions.len()), ([30, 1, 4], 5));
    assert_eq!(f64::from(counts.value(7, 0, 3)), numbers("counts")[(3 * 6 + 1) * 5 + 2]);
    assert_eq!((recording.condition_of_trial[7], recording.covariates[0].1[7]), (2, 1.0));
    let text = folder.error(&sidecar.replace("\"repeat\"]", "\"onset\"]"));
    assert_eq!(text, "a.toml: trials.covariates `onset`, values: expected 30, one a trial, got shape [2, 3]");
}

const TABLES: &str = r#"format = 1
files = ["sites.csv", "spikes.csv", "trials.csv"]
[spikes]
times = "time"
site_of_spike = "spikes.csv:unit"
site_of_spike_by = "id"
align = "onset"
[sites]
region = "region"
ids = "sites.csv:unit"
[trials]
factors = ["shape", "correct"]
covariates = ["reward"]
"#;

#[test]
fn tables_are_a_recording() {
    for trials in ["trials.csv", "trials.tsv"] {
        let folder = Folder::new();
        let (recording, extras) = folder.read(&TABLES.replace("trials.csv", trials)).unwrap();
        let Spikes::Times(times) = &recording.spikes else { panic!("times") };
        assert_eq!(times.align_secs, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        for (site, id) in recording.sites.iter().zip(["951058482", "7", "12"]) {
            assert_eq!(site.id, id);
        }
        for (site_idx, id) in ["951058482", "7", "12"].iter().enumerate() {
            assert_eq!(times.times_secs[site_idx], numbers(&format!("times_{id}")));
        }
        assert_eq!(recording.sites[0].region.0, "V4, \"upper\"");
        assert_eq!(recording.conditions.label(0), "shape=circle correct=0");
        let reward = numbers("reward");
        let same = recording.covariates[0].1.iter().zip(&reward).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(same && reward[1].is_nan());
        assert_eq!(
            extras.inputs.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            ["a.toml", "sites.csv", "spikes.csv", trials]
        );
        let listed: Vec<String> = list_arrays(&folder.path(trials)).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(listed[..4], ["`onset` [6] <f8", "`shape` [6] text", "`reward` [6] <f8", "`correct` [6] |b1"]);
    }
}

#[test]
fn text_is_kept_as_it_is_written() {
    let said = std::fs::read_to_string(golden().join("said.json")).unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let folder = Folder::new();
    // Control characters are refused where they would break a table, so the notes are the ids of sites in none.
    let texts: Vec<&str> = said["note"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    for (site_idx, text) in texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty() && !text.contains('\n'))
    {
        let table = format!("id,region,count,shape\n\"{}\",V4,1,a\nother,MT,2,b\n", text.replace('"', "\"\""));
        let sidecar = "format = 1\nfiles = [\"t.csv\"]\n[spikes]\ntimes = \"count\"\nsite_of_spike = \"id\"\nsite_of_spike_by = \"id\"\nalign = \
                       \"count\"\n[sites]\nregion = \"region\"\nids = \"id\"\n[trials]\nfactors = [\"shape\"]\n";
        let (recording, _) = folder.put("t.csv", table).read(sidecar).unwrap();
        assert_eq!(recording.sites[0].id, *text, "{site_idx}");
    }
}

/// Values of a column, through a covariate.
fn column(folder: &Folder, table: &str, n: usize) -> Vec<f64> {
    let rows: String = (0..n).map(|at| format!("{at},{}\n", at % 2)).collect();
    folder.put("t.csv", table).put("u.csv", format!("spike,shape\n{rows}"));
    let sidecar = "format = 1\nfiles = [\"t.csv\", \"u.csv\"]\n[spikes]\ntimes = \"spike\"\nsite_of_spike = \"shape\"\nalign = \"spike\"\n[sites]\n\
                   region = [\"a\", \"b\"]\n[trials]\nfactors = [\"shape\"]\ncovariates = [\"x\"]\n";
    folder.read(sidecar).unwrap().0.covariates[0].1.clone()
}

#[test]
fn numbers_are_read_as_python_reads_them() {
    let table = std::fs::read_to_string(golden().join("numbers.csv")).unwrap();
    let expected = numbers("numbers");
    let ours = column(&Folder::new(), &table, expected.len());
    assert!(expected.len() > 390);
    assert!(ours.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn any_number_comes_back_from_a_table(values in prop::collection::vec(any::<f64>(), 2..40), pad in "[ ]{0,2}", quoted: bool) {
        let quote = if quoted { "\"" } else { "" };
        let rows: String = values.iter().map(|value| format!("{quote}{pad}{value:e}{pad}{quote},k\n")).collect();
        let ours = column(&Folder(tempfile::tempdir().unwrap()), &format!("x,y\n{rows}"), values.len());
        prop_assert!(ours.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
    }
}

#[test]
fn a_real_recording_in_a_matlab_file_needs_a_sidecar_alone() {
    let name = "prep_data_791319847.mat";
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = folders.find_map(|folder| Some(folder.join("shared/data").join(name)).filter(|path| path.is_file()));
    let Some(path) = found else {
        println!("{name} is not at hand: nothing checked");
        return;
    };
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/tables.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let sidecar =
        docs.split("```toml\n").filter_map(|rest| rest.split("```").next()).find(|text| text.contains(name)).unwrap();
    let folder = Folder(tempfile::tempdir().unwrap());
    std::fs::copy(path, folder.path(name)).unwrap();
    let (recording, _) = folder.read(sidecar).unwrap();
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
    assert_eq!((counts.shape(), recording.conditions.len(), recording.covariates.len()), ([600, 1, 555], 30, 3));
    assert_eq!((recording.sites[0].id.as_str(), recording.sites[0].region.0.as_str()), ("951058482", "DG"));
    // act(1, 1, 1:3), and the running speed of the first second of the second repeat, as scipy reads them.
    assert_eq!([0, 1, 2].map(|trial_idx| counts.value(trial_idx, 0, 0)), [55.0, 40.0, 42.0]);
    assert_eq!(recording.covariates[0].0, "running speed");
    assert_eq!(
        recording.covariates[0].1[..3].iter().map(|value| (value * 1e8).round() / 1e8).collect::<Vec<_>>(),
        [12.91983535, 9.97459466, 5.60077615]
    );
    println!("{}: {} trials, {} regions", name, recording.n_trials(), recording.regions().len());
}

#[test]
fn the_examples_in_the_pages_on_tables_and_videos_are_sidecars() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats");
    let blocks = |page: &str| -> Vec<String> {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_string).collect()
    };
    let parse = |text: &str| {
        toml::from_str::<spikereel_formats::read::sidecar::Sidecar>(text)
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    let tables = blocks("tables.md");
    assert_eq!(tables.len(), 4);
    tables.iter().for_each(|text| drop(parse(text)));
    let [video, experanto] = &blocks("videos.md")[..] else { panic!("two examples") };
    parse(experanto);
    assert_eq!(parse(&format!("{}{video}", tables[0])).video.unwrap().clips.unwrap().len(), 3);
}
