//! The whole path at a tiny size, by its commands: simulate, inspect, prepare, train, decode, evaluate, mask, report.

mod common;

use common::*;
use std::fs;
use std::path::Path;

const TRAIN: &[&str] = &["network.base_channels=2", "train.epochs=2", "train.batch_size=16", "train.redraw=per_region"];
const PREPARE: &[&str] = &[
    "bins.width_secs=0.5",
    "bins.n_bins=9",
    "stimulus.frame_px=16",
    "stimulus.frame_rate_hz=2",
    "stimulus.clips_train=2",
    "stimulus.clips_validation=1",
    "stimulus.clips_test=1",
];
const STUDIES: &[&str] = &["scores.n_null=5", "scores.n_null_draws=100", "masking.n_bootstrap=200"];

fn with_settings<'a>(command: &[&'a str], settings: &[&'a str]) -> Vec<&'a str> {
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    command.iter().copied().chain(settings).collect()
}

/// The files of a run that hold results; provenance, events and the page tell of this machine and this hour.
fn results(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![run.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(run).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !["provenance.json", "events.jsonl", "lock", "report/index.html"].contains(&name.as_str()) {
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// A npy file of zeros, `<f4`.
fn zeros(shape: [usize; 3]) -> Vec<u8> {
    let [a, b, c] = shape;
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({a}, {b}, {c}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; a * b * c * 4]);
    bytes
}

#[test]
fn one_thread_and_two_give_the_same_bytes_from_spikes_to_report() {
    let folder = temporary();
    let at = folder.path();
    done_in(at, &["simulate", "--preset", "easy", "--trials-per-condition", "6", "--out", "recording"]);
    let told = done_in(at, &["inspect", "recording/recording.toml"]);
    assert!(told.contains("384") && told.contains("PFC"), "{told}");
    for (run, threads) in [("one", "1"), ("two", "2")] {
        let train = ["train", "recording/recording.toml", "--out", run, "--threads", threads, "--seed", "3"];
        let settings: Vec<&str> = [PREPARE, TRAIN, STUDIES].concat();
        done_in(at, &with_settings(&train, &settings));
        for command in ["evaluate", "mask", "report"] {
            done_in(at, &[command, run, "--threads", threads]);
        }
    }
    let (one, two) = (results(&at.join("one")), results(&at.join("two")));
    let names: Vec<&str> = one.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["weights.safetensors", "scores.json", "masking.json", "report.json", "dataset/spikes.bin"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for ((name, one), (other_name, two)) in one.iter().zip(&two) {
        assert!(name == other_name && one == two, "{name} differs between 1 and 2 threads");
    }
    assert_eq!(one.len(), two.len());
    let planted = fs::read_to_string(at.join("one/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&planted).unwrap();
    assert_eq!(report["reports"][0]["planted"]["preset"], "easy", "what simulate planted travels with its files");
}

#[test]
fn a_prepared_dataset_is_trained_on_and_its_decoder_decodes_a_file() {
    let folder = temporary();
    let at = folder.path();
    let prepare = ["prepare", "simulate:easy", "--out", "set", "--set", "data.trials_per_condition=4"];
    done_in(at, &with_settings(&prepare, PREPARE));
    done_in(at, &with_settings(&["train", "set", "--out", "run"], TRAIN));
    fs::write(at.join("spikes.npy"), zeros([2, 9, 140])).unwrap();
    done_in(at, &["decode", "run", "spikes.npy", "--out", "video.npy"]);
    let video = fs::read(at.join("video.npy")).unwrap();
    assert!(String::from_utf8_lossy(&video[..128]).contains("(2, 9, 16, 16, 3)"));
    let values: Vec<f32> = video[video.len() - 2 * 9 * 768 * 4..]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));

    // A file of other sites, and a video that is there already, are refused by name.
    fs::write(at.join("narrow.npy"), zeros([2, 9, 7])).unwrap();
    let refused = run_in(at, &["decode", "run", "narrow.npy", "--out", "other.npy"]);
    assert_eq!(code(&refused), 65, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("narrow.npy") && stderr(&refused).contains("140"), "{}", stderr(&refused));
    assert!(!at.join("other.npy").exists());
    assert_ne!(code(&run_in(at, &["decode", "run", "spikes.npy", "--out", "video.npy"])), 0);
    assert_eq!(fs::read(at.join("video.npy")).unwrap(), video);
}
