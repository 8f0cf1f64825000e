//! A session in the form of Siegel et al. (2015), in both versions of MATLAB's files, held to numpy; what is refused, and in which words.

mod common;

use common::mutate::mutate;
use serde_json::Value;
use spikereel_data::rng::stream;
use spikereel_data::{BinGrid, Level, Recording, Spikes};
use spikereel_formats::read::siegel::{KeepTrials, SiegelOptions, read_siegel2015};
use spikereel_formats::{RecordingExtras, VideoGenerator, VideoSource};
use std::path::{Path, PathBuf};

const FILES: [&str; 2] = ["siegel_level5.mat", "siegel_73.mat"];

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/siegel.json")).unwrap()
}

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The file of version 7.3 has a table of its own for each task.
fn options(name: &str) -> SiegelOptions {
    let mut options = SiegelOptions::default();
    options.trials.spike_row = (name == "siegel_73.mat").then(|| "row".into());
    options
}

fn paper() -> BinGrid {
    BinGrid::new(-1.5, 0.1, 0.1, 45).unwrap()
}

fn read(name: &str, options: &SiegelOptions) -> (Recording, RecordingExtras) {
    read_siegel2015(&path_of(name), options, &paper()).unwrap()
}

fn counts(recording: &Recording) -> Value {
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!() };
    let counts = counts.to_array();
    counts
        .outer_iter()
        .map(|t| t.outer_iter().map(|b| b.iter().map(|n| *n as u64).collect::<Value>()).collect::<Value>())
        .collect()
}

fn labels(recording: &Recording) -> Vec<String> {
    recording.condition_of_trial.iter().map(|&condition| recording.conditions.label(condition)).collect()
}

fn error(options: &SiegelOptions) -> String {
    let path = path_of("siegel_level5.mat");
    let text = read_siegel2015(&path, options, &paper()).unwrap_err().to_string();
    text.replace(&path.display().to_string(), "a.mat")
}

#[test]
fn counts_conditions_and_covariates_are_what_numpy_makes_of_them() {
    let golden = golden();
    for name in FILES {
        let (recording, extras) = read(name, &options(name));
        assert_eq!(counts(&recording), golden["counts"]["paper"], "{name}");
        assert_eq!(serde_json::json!(labels(&recording)), golden["labels"], "{name}");
        let covariates: Vec<&str> = recording.covariates.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(covariates, ["reaction_time", "response"]);
        for (covariate, values) in &recording.covariates {
            assert_eq!(serde_json::json!(values), golden[covariate], "{name}");
        }
        let sites: Vec<_> = recording.sites.iter().map(|site| (site.id.as_str(), site.region.0.as_str())).collect();
        assert_eq!(sites, [("0", "MT"), ("1", "PFC"), ("2", "MT"), ("3", "PFC"), ("4", "PFC")]);
        assert_eq!(recording.session, name.trim_end_matches(".mat"));
        assert!(matches!(extras.video, VideoSource::Generator { generator: VideoGenerator::Paper, timeline: None }));
        assert!(extras.citations[0].contains("Science 348") && extras.inputs.len() == 1);
        println!("{name}: {:?}, {} trials; {:?}", recording.regions(), recording.n_trials(), extras.remarks);
        let sliding = BinGrid::new(-0.5, 0.2, 0.1, 8).unwrap();
        let (recording, _) = read_siegel2015(&path_of(name), &options(name), &sliding).unwrap();
        assert_eq!(counts(&recording), golden["counts"]["sliding"], "{name}");
    }
}

#[test]
fn units_of_an_electrode_are_pooled_and_sites_chosen() {
    for name in FILES {
        let mut pooled = options(name);
        pooled.sites.pool_by = Some("electrode".into());
        let (recording, _) = read(name, &pooled);
        assert_eq!(counts(&recording), golden()["pooled"], "{name}");
        let ids: Vec<&str> = recording.sites.iter().map(|site| site.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        let mut chosen = options(name);
        chosen.sites.only = [("isolated".to_string(), vec![Level::Number(1.0)])].into();
        chosen.sites.rename_regions = [("MT".to_string(), "V5".to_string())].into();
        let (recording, extras) = read(name, &chosen);
        let sites: Vec<_> = recording.sites.iter().map(|site| (site.id.as_str(), site.region.0.as_str())).collect();
        assert_eq!((sites, extras.n_dropped_sites), (vec![("2", "V5"), ("4", "PFC")], 3));
        chosen.sites.drop_regions = vec!["PFC".into()];
        assert_eq!(read(name, &chosen).0.n_sites(), 1);
    }
}

#[test]
fn which_trials_are_kept_is_the_callers_choice() {
    let golden = golden();
    for name in FILES {
        let mut good = options(name);
        good.trials.keep = KeepTrials::Good;
        let (recording, extras) = read(name, &good);
        assert_eq!(serde_json::json!(recording.n_trials()), golden["n_good"], "{name}");
        let bad = format!("{} of ", golden["n_left_out"][1]);
        assert!(
            extras.remarks.iter().any(|remark| remark.starts_with(&bad) && remark.contains("bad")),
            "{:?}",
            extras.remarks
        );
        let mut all = options(name);
        (all.trials.keep, all.trials.factors[1].only) = (KeepTrials::All, Vec::new());
        let (recording, _) = read(name, &all);
        assert_eq!(recording.n_trials() as u64 + golden["n_left_out"][0].as_u64().unwrap(), 36);
        // A trial without a response has no number for it.
        assert!(recording.covariates[1].1.iter().any(|value| value.is_nan()));
        assert!(recording.conditions.factors()[1].levels.contains(&Level::Number(5.0)));
    }
}

#[test]
fn what_does_not_fit_is_named_with_what_to_do() {
    let of = |change: &dyn Fn(&mut SiegelOptions)| {
        let mut options = SiegelOptions::default();
        change(&mut options);
        error(&options)
    };
    let text = of(&|options| options.trials.bad = "flagged".into());
    assert!(
        text.contains("`trialInfo`: expected a column `flagged`, got `task`, `cue`") && text.contains("keep = "),
        "{text}"
    );
    let text = of(&|options| options.trials.factors[0].field = "shape".into());
    assert!(text.contains("expected a column `shape`") && text.contains("name one of these"), "{text}");
    let text = of(&|options| options.sites.region = "electrode".into());
    assert!(text.contains("`unitInfo.electrode`: expected the name of a region, got \"1\" in row 1"), "{text}");
    let text = of(&|options| options.spike_times = "unitInfo".into());
    assert!(text.contains("`unitInfo`: expected a cell array of trials by units, got struct"), "{text}");
    let text = of(&|options| options.epoch_secs = [0.0, 3.5]);
    assert!(text.contains("bins: expected bins between 0 and 3.5 s from stimulus onset"), "{text}");
    let text = of(&|options| options.trials.table = "trialInfo.other".into());
    assert!(text.contains("`trialInfo`: expected a structure `other` in it"), "{text}");
    let text = of(&|options| options.trials.factors[1].only = vec![Level::Number(7.0)]);
    assert!(text.contains("at least one that is kept, got none of 36"), "{text}");
    let text = of(&|options| options.trials.covariates[1].levels.clear());
    assert!(text.contains("`trialInfo.response`: expected a number, or a text with a number in `levels`"), "{text}");
    let text = of(&|options| options.sites.pool_by = Some("isolated".into()));
    assert!(text.contains("units of one region in one site, got `MT` and `PFC` for `0`"), "{text}");
    let text = of(&|options| options.trials.spike_row = Some("cue".into()));
    assert!(text.contains("each row of the spike times once"), "{text}");
    let of = |name: &str, options: &SiegelOptions| {
        read_siegel2015(&path_of(name), options, &paper()).unwrap_err().to_string()
    };
    let mut own = SiegelOptions::default();
    (own.trials.table, own.trials.task) = ("trialInfo.mocol".into(), None);
    let text = of("siegel_73.mat", &own);
    assert!(text.contains("rows of spike times for them, 36, got 29") && text.contains("`spike_row`"), "{text}");
    let mut table = SiegelOptions::default();
    (table.spike_times, table.sites.table) = ("times".into(), "object".into());
    let text = of("matlab73_plain.mat", &table);
    assert!(text.contains("`object`: expected a structure, got unsupported: opaque object `table` (MCOS)"), "{text}");
    assert!(text.contains("table2struct"), "{text}");
}

#[test]
fn rows_of_a_task_are_found_by_a_column_or_by_order() {
    let (by_column, _) = read("siegel_73.mat", &options("siegel_73.mat"));
    let (by_order, _) = read("siegel_73.mat", &SiegelOptions::default());
    assert_eq!(counts(&by_column), counts(&by_order));
    assert_eq!(labels(&by_column), labels(&by_order));
}

#[test]
fn garbled_sessions_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let mut n_read = 0;
    for name in FILES {
        let bytes = std::fs::read(path_of(name)).unwrap();
        let rng = &mut stream(2026, &format!("mutations/{name}"));
        for _ in 0..40 {
            let mut garbled = bytes[..520].to_vec();
            garbled.extend(mutate(&bytes[520..], rng));
            std::fs::write(&path, garbled).unwrap();
            n_read += usize::from(read_siegel2015(&path, &options(name), &paper()).is_ok());
        }
    }
    println!("80 mutations, {n_read} still readable");
}
