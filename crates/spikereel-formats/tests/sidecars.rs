//! The sidecar: every key, axes in any order, the messages for what is missing or misspelled, and the recording that ships.

mod common;

use common::*;
use proptest::prelude::*;
use spikereel_data::{Level, Phase, Spikes};
use spikereel_formats::{VideoGenerator, VideoSource, read_recording, sha256_file};
use std::fs;
use std::path::Path;

#[test]
fn the_recording_that_ships_is_read_as_its_readme_says() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let (recording, extras) = read_recording(&data.join("steinmetz_s10.npz")).unwrap();
    let Spikes::Counts(counts, grid) = &recording.spikes else { panic!("counts") };
    assert_eq!((counts.shape(), counts.encoding()), ([447, 40, 1136], spikereel_data::SpikeEncoding::U8));
    assert_eq!((grid.start_secs, grid.width_secs, grid.step_secs), (0.0, 0.01, 0.01));
    assert_eq!((recording.regions().len(), recording.conditions.len(), extras.n_dropped_sites), (12, 16, 36));
    let mut n_of_condition = vec![0; 16];
    recording.condition_of_trial.iter().for_each(|&condition| n_of_condition[condition] += 1);
    assert_eq!(n_of_condition, [113, 21, 22, 37, 21, 12, 13, 14, 36, 12, 11, 15, 75, 28, 7, 10]);
    assert_eq!(recording.conditions.label(1), "contrast_left=0 contrast_right=0.25");
    // Spikes of all kept sites, as numpy counts them.
    assert_eq!(counts.bytes().iter().map(|&count| u64::from(count)).sum::<u64>(), KEPT_SPIKES);
    assert_eq!(recording.covariates[0].0, "feedback");
    assert!(matches!(extras.video, VideoSource::Generator { generator: VideoGenerator::Gabor, timeline: None }));
    assert_eq!(extras.license.as_deref(), Some("CC-BY-4.0"));
    assert_eq!(extras.inputs[1].sha256, sha256_file(&data.join("steinmetz_s10.npz")).unwrap());
    assert!(extras.remarks[0].contains("Choice, reaction time and movement are not in this file"));
}

/// `counts[:, :, region != 'root'].sum()`
const KEPT_SPIKES: u64 = 607188;

#[test]
fn levels_names_renames_drops_and_lists_are_used() {
    let mut arrays = good();
    arrays.push(("cue", f64s(&[6], &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0])));
    arrays.push(("reward", f64s(&[6], &[0.0, 1.0, f64::NAN, 1.0, 0.0, 1.0])));
    let sidecar = r#"format = 1
files = ["a.npz"]
[spikes]
counts = "counts"
axes = ["trial", "bin", "site"]
bins = { start_secs = -0.1, width_secs = 0.1, step_secs = 0.05 }
[sites]
region = ["V4", "root", "MT"]
ids = ["a", "b", "c"]
drop_regions = ["root"]
rename_regions = { MT = "V5" }
[trials]
factors = ["contrast", { name = "shape", array = "cue", levels = { 1 = "cross", 2 = "circle" } }]
covariates = ["reward"]
[video]
generator = "paper"
[timeline]
frame_rate_hz = 10.0
start_secs = -1.5
phases = [{ phase = "fixation", n_frames = 5 }, { phase = "stimulus", n_frames = 30 }]
[about]
license = "CC0"
citations = ["one"]
remarks = ["two"]
"#;
    let folder = tempfile::tempdir().unwrap();
    let (recording, extras) = read_recording(&put(folder.path(), &arrays, sidecar)).unwrap();
    assert_eq!(recording.session, "a");
    let sites: Vec<(&str, &str)> =
        recording.sites.iter().map(|site| (site.id.as_str(), site.region.0.as_str())).collect();
    assert_eq!(sites, [("a", "V4"), ("c", "V5")]);
    let Spikes::Counts(counts, grid) = &recording.spikes else { panic!("counts") };
    assert_eq!((counts.value(1, 2, 1), grid.step_secs), (((12 + 6 + 2) % 7) as f32, 0.05));
    assert_eq!(recording.conditions.level(0, 1), &Level::Text("circle".into()));
    assert!(recording.covariates[0].1[2].is_nan());
    let VideoSource::Generator { generator: VideoGenerator::Paper, timeline: Some(timeline) } = extras.video else {
        panic!()
    };
    assert_eq!((timeline.n_frames, timeline.phase(5)), (35, Some(Phase::Stimulus)));
    let unused = sidecar.replace("2 = \"circle\"", "2 = \"circle\", 3 = \"square\"");
    assert_eq!(
        error(&arrays, &unused),
        "a.toml: trials.factors, levels of `shape`: expected values that the array holds, got `3`"
    );
}

#[test]
fn the_examples_in_the_documentation_are_sidecars() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md")).unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [whole, times, video] = blocks[..] else { panic!("three examples") };
    let parse = |text: &str| {
        toml::from_str::<spikereel_formats::read::sidecar::Sidecar>(text).map_err(|error| error.to_string())
    };
    let sidecar = parse(whole).unwrap();
    assert_eq!(sidecar.spikes.axes.unwrap(), ["site", "trial", "bin"]);
    // The other two are tables that take the place of the same ones in the whole example.
    let between = |from: &str, to: &str| whole[whole.find(from).unwrap()..whole.find(to).unwrap()].to_string();
    assert!(parse(&whole.replace(&between("[spikes]", "[sites]"), times)).unwrap().spikes.align.is_some());
    assert_eq!(parse(&whole.replace(&between("[video]", "[about]"), video)).unwrap().timeline.unwrap().phases.len(), 3);
}

#[test]
fn spike_times_are_dealt_to_sites() {
    let mut arrays = good();
    arrays.push(("t", f64s(&[5], &[0.1, 0.2, 0.3, 0.4, 0.5])));
    arrays.push(("s", u8s(&[5], &[2, 0, 2, 1, 0])));
    arrays.push(("on", f64s(&[6], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])));
    let head = SIDECAR.split("[spikes]").next().unwrap();
    let tail = SIDECAR.split("[sites]").nth(1).unwrap();
    let spikes = "[spikes]\ntimes = \"t\"\nsite_of_spike = \"s\"\nalign = \"on\"\n";
    let sidecar = format!("{head}{spikes}[sites]{tail}");
    let folder = tempfile::tempdir().unwrap();
    let (recording, _) = read_recording(&put(folder.path(), &arrays, &sidecar)).unwrap();
    let Spikes::Times(times) = &recording.spikes else { panic!("times") };
    assert_eq!(times.times_secs, [vec![0.2, 0.5], vec![0.4], vec![0.1, 0.3]]);
    arrays.retain(|(name, _)| *name != "s");
    arrays.push(("s", u8s(&[5], &[2, 0, 3, 1, 0])));
    assert_eq!(
        error(&arrays, &sidecar),
        "a.toml: spikes.site_of_spike: expected whole numbers from 0 below 3 (labels in `region`), got 3 at spike 2"
    );
}

#[test]
fn clips_that_came_with_the_recording_are_read_in_any_order_of_axes() {
    let folder = tempfile::tempdir().unwrap();
    // [rgb, width, height, frame, trial], floats from 0 to 1
    let values: Vec<f64> = (0..3 * 2 * 2 * 4 * 6).map(|at| (at % 256) as f64 / 255.0).collect();
    let arrays = with("video", f64s(&[3, 2, 2, 4, 6], &values));
    let sidecar = format!(
        "{SIDECAR}[video]\narray = \"video\"\naxes = [\"rgb\", \"width\", \"height\", \"frame\", \"trial\"]\n[timeline]\nframe_rate_hz = \
         10\nstart_secs = 0\n"
    );
    let (_, extras) = read_recording(&put(folder.path(), &arrays, &sidecar)).unwrap();
    let VideoSource::Clips { pool, clip_of_trial, timeline } = extras.video else { panic!("clips") };
    assert_eq!((pool.shape(), timeline.n_frames, clip_of_trial), ([6, 4, 2, 2, 3], 4, (0..6).collect()));
    // Clip 5, frame 2, height 1, width 0, blue: (position, length) of each axis as stored.
    let at = [(2, 2), (0, 2), (1, 2), (2, 4), (5, 6)].iter().fold(0, |at, (idx, len)| at * len + idx);
    assert_eq!(pool.clip(5)[((2 * 2 + 1) * 2) * 3 + 2] as usize, at % 256);
}

#[test]
fn a_npz_without_sidecar_says_which_arrays_it_has() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.npz"), npz(&good())).unwrap();
    let error = read_recording(&folder.path().join("b.npz")).unwrap_err().to_string();
    assert_eq!(
        error.replace(&format!("{}/", folder.path().display()), ""),
        "b.npz: sidecar: expected `b.toml` beside the file, which says which array is what, got none (hint: write one as docs/formats.md shows; \
         the arrays are `counts` [6, 4, 3] |u1, `region` [3] <U2, `contrast` [6] <f8)"
    );
}

#[test]
fn misspelled_keys_and_arrays_are_named() {
    let text = error(&good(), &SIDECAR.replace("counts = ", "count = "));
    assert!(
        text.starts_with("a.toml: the sidecar could not be read\n") && text.contains("unknown field `count`"),
        "{text}"
    );
    assert!(text.contains("line 4, column 1"), "{text}");
    assert_eq!(
        error(&good(), &SIDECAR.replace("region = \"region\"", "region = \"area\"")),
        "a.toml: sites.region: expected the name of an array, got `area` (hint: there are `counts` [6, 4, 3] |u1, `region` [3] <U2, `contrast` [6] \
         <f8)"
    );
    assert_eq!(
        error(&good(), &SIDECAR.replace("\"bin\"", "\"time\"")),
        "a.toml: spikes.axes: expected trial, bin, site, each once, in the array's order, got [\"trial\", \"time\", \"site\"]"
    );
    assert_eq!(error(&good(), &SIDECAR.replace("format = 1", "format = 2")), "a.toml: format: expected 1, got 2");
}

#[cfg(unix)]
#[test]
fn files_outside_the_folder_are_not_opened() {
    for name in ["../a.npz", "/etc/passwd", "x/../../a.npz"] {
        let text = error(&good(), &SIDECAR.replace("[spikes]", &format!("files = [\"{name}\"]\n[spikes]")));
        assert!(text.starts_with("a.toml: files: expected files in the sidecar's own folder, got"), "{text}");
    }
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = put(inside.path(), &good(), SIDECAR);
    fs::rename(inside.path().join("a.npz"), outside.path().join("a.npz")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("a.npz"), inside.path().join("a.npz")).unwrap();
    let text = read_recording(&path).unwrap_err().to_string();
    assert!(text.contains("a link that leads elsewhere"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_order_of_axes_and_memory_gives_the_same_spikes(order in Just(vec![0_usize, 1, 2]).prop_shuffle(), fortran: bool) {
        let lens = [N_TRIALS, N_BINS, N_SITES];
        let names = ["trial", "bin", "site"];
        let shape: Vec<usize> = order.iter().map(|&axis| lens[axis]).collect();
        let mut values = vec![0_u8; lens.iter().product()];
        for t in 0..lens[0] { for b in 0..lens[1] { for s in 0..lens[2] {
            let index: Vec<usize> = order.iter().map(|&axis| [t, b, s][axis]).collect();
            let at = if fortran {
                (index[2] * shape[1] + index[1]) * shape[0] + index[0]
            } else {
                (index[0] * shape[1] + index[1]) * shape[2] + index[2]
            };
            values[at] = (t * 20 + b * 4 + s) as u8;
        }}}
        let axes: Vec<String> = order.iter().map(|&axis| format!("\"{}\"", names[axis])).collect();
        let sidecar = SIDECAR.replace("[\"trial\", \"bin\", \"site\"]", &format!("[{}]", axes.join(",")));
        let folder = tempfile::tempdir().unwrap();
        let arrays = with("counts", npy("|u1", fortran, &shape, &values));
        let (recording, _) = read_recording(&put(folder.path(), &arrays, &sidecar)).unwrap();
        let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
        for t in 0..lens[0] { for b in 0..lens[1] { for s in 0..lens[2] {
            prop_assert_eq!(counts.value(t, b, s), (t * 20 + b * 4 + s) as f32);
        }}}
    }

    #[test]
    fn every_wrong_shape_is_an_error_that_names_the_axis(axis in 0_usize..3, len in 0_usize..9) {
        let mut shape = [N_TRIALS, N_BINS, N_SITES];
        prop_assume!(len != shape[axis] && (axis != 1 || len == 0)); // any number of bins but 0 is fine
        shape[axis] = len;
        let text = error(&with("counts", u8s(&shape, &vec![1; shape.iter().product()])), SIDECAR);
        let named = match axis {
            0 if len == 0 => "trial axis",
            0 => "trials.factors `contrast`, values",
            1 => "bin axis",
            _ => "site axis",
        };
        prop_assert!(text.starts_with("a.toml: ") && text.contains(named), "{}", text);
    }
}
