//! Datasets as files of other programs, and back.

mod common;

use common::{code, done_in, run_in, stderr, temporary};
use spikereel_formats::read::nwb::PictureOptions;
use spikereel_formats::{NwbFile, NwbOptions, read_nwb};

const SMALL: [&str; 12] = [
    "--set",
    "data.trials_per_condition=3",
    "--set",
    "stimulus.frame_px=16",
    "--set",
    "stimulus.clips_train=1",
    "--set",
    "stimulus.clips_validation=1",
    "--set",
    "stimulus.clips_test=1",
    "--set",
    "bins.width_secs=0.5",
];

#[test]
fn a_converted_dataset_is_a_recording_again() {
    let folder = temporary();
    let prepare = [&["prepare", "simulate:easy", "--set", "bins.n_bins=9", "--out", "set"], &SMALL[..]].concat();
    done_in(folder.path(), &prepare);
    done_in(folder.path(), &["convert", "set", "--out", "set.npz"]);
    done_in(folder.path(), &["prepare", "set.toml", "--set", "bins.width_secs=0.5", "--out", "again"]);
    for name in ["spikes.bin", "video.bin"] {
        let read = |made: &str| std::fs::read(folder.path().join(made).join(name)).unwrap();
        assert_eq!(read("set"), read("again"), "{name}");
    }
    let output = run_in(folder.path(), &["convert", "set", "--out", "set.npz"]);
    assert_eq!(code(&output), 78, "{}", stderr(&output));
    let output = run_in(folder.path(), &["convert", "set", "--out", "set.mat"]);
    assert!(stderr(&output).contains("npz, nwb or safetensors"), "{}", stderr(&output));
    done_in(folder.path(), &["convert", "set", "--out", "set.safetensors"]);
    done_in(folder.path(), &["convert", "set", "--out", "set.nwb"]);
    let nwb = NwbFile::open(&folder.path().join("set.nwb")).unwrap();
    let summary = nwb.summary();
    assert_eq!(summary.problems, Vec::<String>::new());
    let trials = &summary.tables[0];
    assert_eq!((trials.name.as_str(), trials.n_rows), ("trials", 192));
    let names: Vec<&str> = trials.columns.iter().map(|column| column.name.as_str()).collect();
    assert!(["align_time", "cue", "color", "direction"].iter().all(|name| names.contains(name)), "{names:?}");
    let frame = nwb.preview("stimulus/presentation/true_video", &PictureOptions::default()).unwrap();
    let video = std::fs::read(folder.path().join("set/video.bin")).unwrap();
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("set/dataset.json")).unwrap()).unwrap();
    let clip = manifest["trials"][0]["clip_idx"].as_u64().unwrap() as usize;
    let n = 9 * 16 * 16 * 3;
    let n_frames = manifest["video"]["shape"][1].as_u64().unwrap() as usize;
    assert_eq!(frame.rgb, video[clip * n / 9 * n_frames..][..16 * 16 * 3]);
    // There are no single spikes in it, and the reader says so.
    let error = read_nwb(&folder.path().join("set.nwb"), &NwbOptions::default()).unwrap_err().to_string();
    assert!(error.contains("columns of `intervals/trials`") || error.contains("units"), "{error}");
}
