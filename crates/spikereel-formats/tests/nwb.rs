//! NWB files that pynwb wrote, and older layouts, against what they were written from, to the bit.

use serde_json::Value;
use spikereel_data::prepare::binned;
use spikereel_data::{BinGrid, Level, Recording, Spikes};
use spikereel_formats::read::nwb::{Clock, PictureOptions, RegionSource, SeriesClock, TrialOptions, VideoOptions};
use spikereel_formats::{NwbFile, NwbOptions, RecordingExtras, VideoSource, read_binned_nwb, read_nwb};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nwb").join(name)
}

fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(path("nwb.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[name].clone()
}

/// Python's `float.hex`, exactly.
fn hex(text: &Value) -> f64 {
    let text = text.as_str().unwrap();
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (digits, exponent) = rest.strip_prefix("0x").unwrap().split_once('p').unwrap();
    let (whole, fraction) = digits.split_once('.').unwrap();
    let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
    sign * mantissa as f64 * 2f64.powi(exponent.parse::<i32>().unwrap() - 4 * fraction.len() as i32)
}

fn floats(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(hex).collect()
}

fn options(text: &str) -> NwbOptions {
    toml::from_str(text).unwrap()
}

fn read(name: &str, text: &str) -> (Recording, RecordingExtras) {
    read_nwb(&path(&format!("{name}.nwb")), &options(text)).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(name: &str, text: &str) -> String {
    read_nwb(&path(&format!("{name}.nwb")), &options(text)).unwrap_err().to_string()
}

fn regions(recording: &Recording) -> Vec<&str> {
    recording.sites.iter().map(|site| site.region.0.as_str()).collect()
}

fn check(name: &str, recording: &Recording) {
    let golden = golden(name);
    let Spikes::Times(times) = &recording.spikes else { panic!("times") };
    let lists: Vec<Vec<f64>> = golden["spikes"].as_array().unwrap().iter().map(floats).collect();
    assert_eq!(times.times_secs, lists, "{name}");
    assert_eq!(times.align_secs, floats(&golden["align"]), "{name}");
    let expected: Vec<&str> = golden["regions"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(regions(recording), expected, "{name}");
}

#[test]
fn a_file_with_everything_reads_as_it_was_written() {
    let (recording, extras) = read(
        "full",
        "trials = { align = 'go_time', factors = ['direction', 'cue', 'correct', 'contrast', 'side'], covariates = ['count', 'late'] }",
    );
    check("full", &recording);
    assert_eq!(recording.session, "full-1");
    let ids: Vec<&str> = recording.sites.iter().map(|site| site.id.as_str()).collect();
    assert_eq!(ids, ["10", "11", "12", "13", "14"]);
    let golden = golden("full");
    for (trial_idx, &condition_idx) in recording.condition_of_trial.iter().enumerate() {
        let level = |factor: usize| recording.conditions.level(condition_idx, factor).clone();
        assert_eq!(level(0), Level::Number(golden["direction"][trial_idx].as_f64().unwrap()));
        assert_eq!(level(1), Level::Text(golden["cue"][trial_idx].as_str().unwrap().into()));
        assert_eq!(level(2), Level::Text(golden["correct"][trial_idx].to_string()));
        // Stored in single precision, and named by what was meant.
        assert_eq!(level(3), Level::Number([0.0, 0.1, 0.2][trial_idx % 3]));
        assert_eq!(level(4), Level::Text(["left", "right"][trial_idx % 2].into()));
    }
    let (name, counts) = &recording.covariates[0];
    assert_eq!((name.as_str(), counts[0], counts[11]), ("count", -3.0, 8.0));
    assert!(recording.covariates[1].1[0].is_nan() && recording.covariates[1].1[1] == 0.3);
    assert!(extras.remarks.iter().any(|remark| remark.contains("1 of 5 units")), "{:?}", extras.remarks);
    assert_eq!((extras.inputs.len(), extras.n_dropped_sites), (1, 0));
}

#[test]
fn regions_come_from_columns_groups_or_ids_and_are_renamed_dropped_and_selected() {
    let trials = "trials = { factors = ['cue'] }";
    let with = |units: &str| read("full", &format!("{trials}\n[units]\n{units}"));
    assert_eq!(regions(&with("region = { column = 'brain_area' }").0), ["A", "A", "B", "B", "C"]);
    assert_eq!(regions(&with("region = { electrode_id = 'peak' }").0), ["V1", "V1", "MT", "IT", "V4"]);
    assert_eq!(regions(&with("region = 'group'").0), ["V4", "V4", "IT", "V4", "V4"]);
    let (recording, extras) = with("drop_regions = ['V1']\nrename_regions = { MT = 'V5' }");
    assert_eq!((regions(&recording), extras.n_dropped_sites), (vec!["IT", "V4", "V5"], 2));
    let (recording, _) = with("only = { quality = ['mua'] }");
    assert_eq!(regions(&recording), ["V1", "V4"]);
}

#[test]
fn compressions_and_older_layouts_read_alike() {
    for name in ["gzip", "lzf", "fletcher", "zstd", "blosc"] {
        let (recording, _) = read(name, "trials = { factors = ['code'] }");
        check(name, &recording);
    }
    let (recording, _) = read("old", "trials = { factors = ['kind'] }");
    check("old", &recording);
    assert_eq!(recording.conditions.len(), 3);
    assert_eq!(NwbFile::open(&path("old.nwb")).unwrap().version(), "2.0b");
}

#[test]
fn a_window_keeps_the_spikes_around_events_and_averages_series() {
    let text = "trials = { align = 'go_time', factors = ['cue'], window = [0.0, 1.0], \
                series = { running = 'acquisition/running', pupil = 'processing/behavior/BehavioralTimeSeries/pupil' } }";
    let (recording, _) = read("full", text);
    let golden = golden("full");
    let Spikes::Times(times) = &recording.spikes else { panic!("times") };
    for (site_idx, list) in golden["spikes"].as_array().unwrap().iter().enumerate() {
        let inside = |time: &f64| times.align_secs.iter().any(|align| *time >= *align && *time < align + 1.0);
        let expected: Vec<f64> = floats(list).into_iter().filter(inside).collect();
        assert_eq!(times.times_secs[site_idx], expected);
    }
    let running: Vec<f64> = golden["running"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    let found = recording.covariates.iter().find(|(name, _)| name == "running").unwrap();
    assert!(found.1.iter().zip(&running).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {running:?}");
}

#[test]
fn movies_and_pictures_show_what_was_stored() {
    let nwb = NwbFile::open(&path("full.nwb")).unwrap();
    let golden = golden("full");
    let frame = |at: usize| -> Vec<u8> {
        let rows = golden["movie"][at].as_array().unwrap().iter();
        let pixels = rows.flat_map(|row| row.as_array().unwrap());
        pixels.flat_map(|pixel| pixel.as_array().unwrap()).map(|value| value.as_u64().unwrap() as u8).collect()
    };
    let plain = PictureOptions::default();
    let first = nwb.preview("stimulus/presentation/movie", &plain).unwrap();
    assert_eq!((first.height, first.width, &first.rgb), (3, 4, &frame(0)));
    let turned =
        nwb.preview("/stimulus/presentation/movie", &toml::from_str("transpose = true\ncolors = 'bgr'").unwrap());
    let turned = turned.unwrap();
    assert_eq!((turned.height, turned.width), (4, 3));
    // Row 3, column 2 is what stands at [2, 3] in the file, colors reversed.
    let (at, stored) = ((3 * 3 + 2) * 3, (2 * 4 + 3) * 3);
    assert_eq!(turned.rgb[at..at + 3], [frame(0)[stored + 2], frame(0)[stored + 1], frame(0)[stored]]);
    let gray = nwb.movie("stimulus/presentation/gray").unwrap();
    let last = gray.picture(1, &plain).unwrap();
    assert_eq!(u64::from(last.rgb[0]), golden["gray"][1][0][0].as_u64().unwrap());
    assert_eq!(gray.times_secs().unwrap(), [1.0, 3.0]);
    let shown = nwb.movie("stimulus/presentation/shown").unwrap();
    assert_eq!((shown.n_frames(), shown.n_pictures(), shown.shown(0), shown.shown(3)), (3, 2, Some(1), None));
    // The container's own order, not the alphabet's.
    assert_eq!(shown.picture(0, &plain).unwrap().rgb, frame(0));
    let old = NwbFile::open(&path("old.nwb")).unwrap();
    let pixels = old.movie("stimulus/presentation/pixels").unwrap();
    // Big-endian uint16: value 23 * 2000 of 65535.
    assert_eq!(pixels.picture(1, &plain).unwrap().rgb[33], 179);
    let error = nwb.preview("stimulus/presentation/outside", &plain).unwrap_err().to_string();
    assert!(error.contains("none for `../a.avi`") && error.contains("put `a.avi` into the folder"), "{error}");
}

#[test]
fn clips_are_cut_by_the_clock_of_the_movie() {
    let video =
        "[video]\nseries = 'stimulus/presentation/movie'\nstart_secs = 0.0\nframe_rate_hz = 0.5\nn_frames = 2\n";
    let text = format!("{video}\n[trials]\nfactors = ['cue']\nalign = 'go_time'\nonly = {{ count = [-3, -2, -1, 0] }}");
    let (recording, extras) = read("full", &text);
    assert_eq!(recording.n_trials(), 4);
    let VideoSource::Clips { pool, clip_of_trial, timeline } = extras.video else { panic!("clips") };
    // Trials at 0.25, 2.25, 4.25, 6.25 s; frames of 4 s: frames 0,0; 0,1; 1,1; 1,2.
    assert_eq!((pool.shape(), clip_of_trial), ([4, 2, 3, 4, 3], vec![0, 1, 2, 3]));
    assert_eq!(pool.clip(1)[36..], pool.clip(2)[..36]);
    assert_eq!(timeline.n_frames, 2);
    let late = text.replace("n_frames = 2", "n_frames = 40");
    let error = refused("full", &late);
    assert!(error.contains("(trial 0)") && error.contains("24 s") && error.contains("shorten"), "{error}");
}

#[test]
fn the_summary_tells_what_there_is() {
    let summary = NwbFile::open(&path("full.nwb")).unwrap().summary();
    assert!(summary.problems.is_empty(), "{:?}", summary.problems);
    assert_eq!(summary.description.as_deref(), Some("what was done"));
    assert!(summary.start_time.as_deref().unwrap().starts_with("2026-01-02T03:04:05"), "{:?}", summary.start_time);
    let units = summary.units.unwrap();
    assert_eq!((units.n, units.n_spikes), (5, Some(60)));
    let regions: Vec<(&str, usize)> = units.regions.iter().map(|(name, &n)| (name.as_str(), n)).collect();
    assert_eq!(regions, [("IT", 1), ("MT", 1), ("V1", 2), ("V4", 1)]);
    let names: Vec<(&str, usize)> = summary.tables.iter().map(|table| (table.name.as_str(), table.n_rows)).collect();
    assert_eq!(names, [("blocks", 2), ("trials", 12)]);
    let column = |name: &str| summary.tables[1].columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!((column("direction").n_distinct, column("direction").range), (Some(4), Some([0.0, 270.0])));
    assert_eq!(column("correct").values, [Level::Text("false".into()), Level::Text("true".into())]);
    assert_eq!(column("licks").kind.to_string(), "lists of different lengths");
    let stimulus = |name: &str| summary.stimuli.iter().find(|info| info.path.ends_with(name)).unwrap();
    assert_eq!(stimulus("movie").shape, [6, 3, 4, 3]);
    assert_eq!(stimulus("movie").clock, SeriesClock::Rate { start_secs: 0.0, rate_hz: 0.25 });
    assert_eq!(stimulus("outside").external, ["../a.avi", "b.avi"]);
    let covariates: Vec<&str> = summary.covariates.iter().map(|info| info.path.as_str()).collect();
    assert_eq!(covariates, ["acquisition/running", "processing/behavior/BehavioralTimeSeries/pupil"]);
    println!("{}", serde_json::to_string(&summary.covariates).unwrap());
    let bare = NwbFile::open(&path("bare.nwb")).unwrap().summary();
    assert!(bare.tables.is_empty() && bare.problems.len() == 1, "{:?}", bare.problems);
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("bare", "", &["intervals/trials", "no table of intervals at all"]),
        ("full", "trials = { table = 'runs', factors = ['cue'] }", &["`blocks`, `trials`"]),
        ("full", "", &["trials.factors", "`direction` (numbers)"]),
        (
            "full",
            "trials = { factors = ['licks'] }",
            &["intervals/trials/licks", "lists of different lengths", "choose another"],
        ),
        ("full", "trials = { factors = ['color'] }", &["a column `color`", "there are"]),
        ("full", "trials = { factors = ['late'] }", &["NaN", "row 0", "only"]),
        ("full", "trials = { factors = ['cue'], align = 'late' }", &["NaN in row 0", "3 of 12", "drop_unaligned"]),
        (
            "full",
            "trials = { factors = ['cue'], align = 'late', drop_unaligned = true }",
            &["outside of their trials", "`relative`"],
        ),
        ("full", "trials = { factors = ['cue'], align = 'cue' }", &["one time in seconds", "texts", "`go_time`"]),
        (
            "full",
            "trials = { table = 'blocks', factors = ['start_time'] }",
            &["row 1 at 10 s while row 0 lasts to 12 s", "allow_overlap"],
        ),
        ("full", "trials = { factors = ['cue'], covariates = ['cue'] }", &["numbers", "texts"]),
        ("full", "trials = { factors = ['cue'], only = { cue = ['dot'] } }", &["`dot`", "`cross`, `círculo`"]),
        (
            "full",
            "trials = { factors = ['cue'] }\nunits = { drop_regions = ['FEF'] }",
            &["units.drop_regions", "`FEF`", "`V1`"],
        ),
        ("full", "trials = { factors = ['cue'], series = { run = 'acquisition/running' } }", &["trials.window"]),
        (
            "full",
            "trials = { factors = ['cue'], window = [0, 1], series = { run = 'acquisition/speed' } }",
            &["holds `running`"],
        ),
        ("full", "trials = { factors = ['cue'], window = [1, 0] }", &["trials.window", "[1.0, 0.0]"]),
        ("full", "trials = { factors = ['cue'], only = { cue = ['cross'] } }", &["two conditions", "cue=cross"]),
        ("full", "trials = { factors = ['cue'] }\nunits = { clock = 'milliseconds' }", &["events"]),
        ("hostile", "trials = { factors = ['cue'] }", &["no table of intervals"]),
    ];
    for (name, text, parts) in cases {
        let error = refused(name, text);
        println!("{error}");
        for part in *parts {
            assert!(error.contains(part), "{text}: `{part}` is missing in: {error}");
        }
    }
    let bare = NwbFile::open(&path("bare.nwb")).unwrap();
    let mut units = options("").units;
    let error = bare.read_units(&units, "s", None).unwrap_err().to_string();
    assert!(error.contains("units/electrodes") && error.contains("`area_name`"), "{error}");
    units.region = RegionSource::Column("area_name".into());
    assert_eq!(bare.read_units(&units, "s", None).unwrap().sites.len(), 3);
}

#[test]
fn options_refuse_keys_they_do_not_know() {
    assert!(toml::from_str::<NwbOptions>("trials = { factor = ['cue'] }").is_err());
    let stored = toml::to_string(&NwbOptions {
        trials: TrialOptions { clock: Clock::Milliseconds, ..TrialOptions::default() },
        video: Some(VideoOptions {
            series: "stimulus/presentation/movie".into(),
            start_secs: Some(0.0),
            frame_rate_hz: Some(30.0),
            n_frames: Some(3),
            frame_px: None,
            pictures: PictureOptions::default(),
        }),
        ..NwbOptions::default()
    });
    assert_eq!(options(&stored.unwrap()).trials.clock, Clock::Milliseconds);
}

#[test]
fn counting_while_reading_gives_what_counting_afterwards_gives() {
    let file = path("full.nwb");
    let mut options = NwbOptions::default();
    options.trials.factors = vec!["cue".into()];
    let (times, _) = read_nwb(&file, &options).unwrap();
    for (width_secs, step_secs) in [(0.1, 0.1), (0.3, 0.05)] {
        let grid = BinGrid::new(-0.2, width_secs, step_secs, 7).unwrap();
        let afterwards = binned(&times, &grid).unwrap();
        let (counted, _) = read_binned_nwb(&file, &options, &grid).unwrap();
        let (Spikes::Counts(a, _), Spikes::Counts(b, bins)) = (&afterwards.spikes, &counted.spikes) else {
            panic!("counts")
        };
        assert_eq!((a.shape(), a.bytes()), (b.shape(), b.bytes()));
        assert!(a.bytes().iter().any(|&count| count > 0));
        assert_eq!(*bins, grid);
    }
}

#[test]
fn a_map_of_regions_serves_files_that_lack_some_of_them() {
    let file = path("full.nwb");
    let (plain, _) = read_nwb(&file, &toml::from_str("trials = { factors = ['cue'] }").unwrap()).unwrap();
    let first = plain.regions()[0].0.clone();
    let start: String = first.chars().take(1).collect();
    let text = format!(
        "trials = {{ factors = ['cue'] }}\nunits = {{ region_map = {{ '{start}*' = 'pooled', '{first}' = 'exact', nowhere = 'x' }} }}"
    );
    let (mapped, _) = read_nwb(&file, &toml::from_str(&text).unwrap()).unwrap();
    for (plain, mapped) in plain.sites.iter().zip(&mapped.sites) {
        let expected = match plain.region.0.as_str() {
            name if name == first => "exact",
            name if name.starts_with(&start) => "pooled",
            name => name,
        };
        assert_eq!(mapped.region.0, expected);
    }
    let text = format!("trials = {{ factors = ['cue'] }}\nunits = {{ region_map = {{ '{first}' = '' }} }}");
    let (fewer, extras) = read_nwb(&file, &toml::from_str(&text).unwrap()).unwrap();
    assert!(fewer.n_sites() < plain.n_sites() && extras.n_dropped_sites > 0);
}
