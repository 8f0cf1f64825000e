//! Datasets as files of other programs, and back.

mod common;

use common::{code, done_in, run_in, stderr, temporary};

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
    let look: serde_json::Value =
        serde_json::from_str(&done_in(folder.path(), &["inspect", "set.nwb", "--json"])).unwrap();
    let trials = &look["tables"][0];
    assert_eq!((trials["name"].as_str(), trials["n_rows"].as_u64()), (Some("trials"), Some(192)));
    let columns = trials["columns"].as_array().unwrap();
    for name in ["align_time", "cue", "color", "direction"] {
        assert!(columns.iter().any(|column| column["name"] == name), "{name}: {columns:?}");
    }
    let preview = &look["preview"];
    assert_eq!(preview["path"], "stimulus/presentation/true_video");
    assert_eq!((preview["height"].as_u64(), preview["width"].as_u64()), (Some(16), Some(16)));
    // There are no single spikes in it, and that is said.
    assert!(look["warnings"][0].as_str().unwrap().contains("no table `units`"), "{}", look["warnings"]);
}
