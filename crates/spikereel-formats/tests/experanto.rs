//! Folders as the Python library experanto has them, through a sidecar.

mod common;

use common::bundles::*;
use common::mutate::mutate;
use spikereel_data::Spikes;
use spikereel_data::rng::stream;
use spikereel_formats::{VideoSource, list_arrays, read_recording};
use std::fs;

/// The example of docs/formats/videos.md.
fn example() -> String {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/videos.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```toml\n").filter_map(|rest| rest.split("```").next());
    blocks.filter(|text| text.contains("files = [\"experiment\"]")).last().unwrap().to_string()
}

#[test]
fn responses_and_videos_are_cut_into_trials() {
    let folder = Folder::new();
    let (recording, extras) = folder.read(&example()).unwrap();
    let Spikes::Counts(counts, _) = &recording.spikes else { panic!("counts") };
    assert_eq!(counts.shape(), [6, 8, 4]);
    let ours: Vec<f64> = counts.to_array().iter().map(|value| f64::from(*value)).collect();
    assert_eq!(ours, numbers("responses"));
    assert_eq!(recording.sites[2].region.0, "LM");
    assert_eq!(recording.condition_of_trial, [1, 0, 1, 0, 1, 0]);
    assert_eq!(recording.conditions.label(0), "tier=test");
    let VideoSource::Clips { pool, timeline, .. } = extras.video else { panic!("clips") };
    assert_eq!((pool.shape(), timeline.n_frames), ([6, 4, 6, 6, 3], 4));
    let whole = example().replace("frame_px = 6", "");
    let VideoSource::Clips { pool, .. } = folder.read(&whole).unwrap().1.video else { panic!("clips") };
    assert_eq!((pool.shape(), pool.bytes()), ([6, 4, 6, 8, 3], bytes("videos").as_slice()));
    let names: Vec<&str> = extras.inputs.iter().map(|file| file.name.as_str()).collect();
    for name in [
        "responses/data.mem",
        "responses/meta.yml",
        "screen/data/00003.npy",
        "screen/meta/00003.yml",
        "screen/timestamps.npy",
    ] {
        assert!(names.contains(&format!("experiment/{name}").as_str()), "{names:?}");
    }
}

#[test]
fn spikes_are_dealt_and_aligned_to_the_screen() {
    let folder = Folder::new();
    let example = example();
    let start = example.find("[spikes]").unwrap();
    let end = example.find("[sites]").unwrap();
    let spikes = "[spikes]\ntimes = \"units.times\"\nsite_of_spike = \"units.site\"\nalign = \"screen.onset\"\n";
    let sidecar = format!("{}{spikes}{}", &example[..start], &example[end..]);
    let (recording, _) = folder.read(&sidecar).unwrap();
    let Spikes::Times(times) = &recording.spikes else { panic!("times") };
    assert_eq!(times.align_secs, numbers("onset_of_video"));
    assert_eq!((times.times_secs[1].len(), &times.times_secs[2]), (0, &numbers("unit_2")));
    let listed: Vec<String> =
        list_arrays(&folder.path("experiment")).unwrap().into_iter().map(|array| array.name).collect();
    for name in [
        "screen",
        "screen.onset",
        "screen.tier",
        "screen.trial_idx",
        "responses",
        "responses.meta.region",
        "units.times",
        "units.site",
    ] {
        assert!(listed.contains(&name.to_string()), "{listed:?}");
    }
}

#[test]
fn what_is_wrong_with_a_folder_is_told() {
    let folder = Folder::new();
    let error = || folder.error(&example()).replace(&format!("{}", folder.0.path().display()), "");
    let whole = fs::read(folder.path("experiment/responses/data.mem")).unwrap();
    folder.put("experiment/responses/data.mem", &whole[4..]);
    assert_eq!(
        error(),
        "experiment/responses/meta.yml: n_timestamps: expected 90 x 4 values of 4 bytes, got 1436 bytes in data.mem"
    );
    folder.put("experiment/responses/data.mem", &whole);
    let meta = fs::read_to_string(folder.path("experiment/responses/meta.yml")).unwrap();
    folder.put("experiment/responses/meta.yml", meta.replace("start_time: 99.97", "start_time: 101.0"));
    assert!(
        error().contains(
            "data: expected samples for every trial, got 90 from 101 s on, for item 00001 at 100.1 s (hint: "
        ),
        "{}",
        error()
    );
    folder.put("experiment/responses/meta.yml", meta.replace("sampling_rate: 20.0", "sampling_rate: x"));
    assert_eq!(error(), "experiment/responses/meta.yml: sampling_rate: expected a number, got x");
    folder.put("experiment/responses/meta.yml", meta);
    fs::rename(folder.path("experiment/screen/data/00003.npy"), folder.path("experiment/screen/data/00003.mp4"))
        .unwrap();
    assert_eq!(
        error(),
        "experiment/screen/data/00003.npy: frames: expected a npy file, got none (hint: encoded frames are not read; save them as npy, or give \
         them by `video.clips`)"
    );
    fs::remove_file(folder.path("experiment/screen/meta.yml")).unwrap();
    assert!(
        error().starts_with("experiment: devices: expected one with modality `screen`, got 0 of them"),
        "{}",
        error()
    );
}

#[test]
fn garbled_descriptions_never_panic() {
    let folder = Folder::new();
    let sidecar = example();
    folder.read(&sidecar).unwrap();
    let rng = &mut stream(2026, "mutations/experanto");
    for name in [
        "responses/meta.yml",
        "screen/meta/00003.yml",
        "screen/timestamps.npy",
        "screen/data/00005.npy",
        "units/meta.yml",
    ] {
        let path = folder.path(&format!("experiment/{name}"));
        let bytes = fs::read(&path).unwrap();
        for _ in 0..150 {
            fs::write(&path, mutate(&bytes, rng)).unwrap();
            let _ = read_recording(&folder.path("a.toml"));
        }
        fs::write(&path, bytes).unwrap();
    }
}
