//! Two thousand garbled files of each kind: an error or a result, never a panic, and never more memory than the file deserves.

mod common;

use common::mutate::mutate;
use common::*;
use spikereel_data::rng::stream;
use spikereel_formats::{list_arrays, read_dataset, read_recording, read_spikes, verify_dataset, write_dataset};
use std::fs;
use std::path::Path;

const N_MUTATIONS: usize = 2_000;

fn garble(what: &str, bytes: &[u8], mut read: impl FnMut(&[u8]) -> bool) {
    let rng = &mut stream(2026, &format!("mutations/{what}"));
    let n_read = (0..N_MUTATIONS).filter(|_| read(&mutate(bytes, rng))).count();
    println!("{what}: {N_MUTATIONS} mutations, {n_read} still readable");
    assert!(n_read < N_MUTATIONS, "no mutation of {what} was noticed");
}

#[test]
fn garbled_npz_and_npy_and_sidecars_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = put(folder.path(), &good(), SIDECAR);
    let (npz_path, npy_path) = (folder.path().join("a.npz"), folder.path().join("x.npy"));
    garble("npz", &npz(&good()), |bytes| {
        fs::write(&npz_path, bytes).unwrap();
        let _ = (list_arrays(&npz_path), read_spikes(&npz_path, None));
        read_recording(&sidecar).is_ok()
    });
    fs::write(&npz_path, npz(&good())).unwrap();
    garble("npy", &f64s(&[2, 3, 4], &[1.5; 24]), |bytes| {
        fs::write(&npy_path, bytes).unwrap();
        read_spikes(&npy_path, None).is_ok()
    });
    garble("toml", SIDECAR.as_bytes(), |bytes| {
        fs::write(&sidecar, bytes).unwrap();
        read_recording(&sidecar).is_ok()
    });
}

fn copy(from: &Path, to: &Path) {
    for name in ["dataset.json", "spikes.bin", "video.bin", "split.json", "SHA256SUMS"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn garbled_dataset_folders_never_panic_even_where_checksums_are_made_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, _) = read_recording(&put(folder.path(), &good(), SIDECAR)).unwrap();
    let trials = spikereel_data::prepare::BinnedTrials::from_recording(&recording).unwrap();
    let clips = trials.condition_of_trial.clone();
    let video = spikereel_data::VideoPool::new([3, 1, 2, 2, 3], spikereel_data::SharedBytes::new(vec![5; 36])).unwrap();
    let timeline = spikereel_data::Timeline::new(10.0, 0.0, 1, vec![]).unwrap();
    let dataset = trials.into_dataset(video, &clips, timeline, spikereel_data::TargetKind::OwnVideo).unwrap();
    let split = spikereel_data::Split::new(vec![0, 1, 2], vec![3], vec![4, 5], 6).unwrap();
    let (whole, work) = (folder.path().join("whole"), folder.path().join("work"));
    write_dataset(&whole, &dataset, &[split], &[], &[]).unwrap();
    fs::create_dir(&work).unwrap();
    for name in ["dataset.json", "split.json", "SHA256SUMS", "spikes.bin"] {
        copy(&whole, &work);
        let sums = fs::read_to_string(whole.join("SHA256SUMS")).unwrap();
        let bytes = fs::read(whole.join(name)).unwrap();
        let right = spikereel_formats::sha256_bytes(&bytes);
        garble(name, &bytes, |garbled| {
            fs::write(work.join(name), garbled).unwrap();
            if name != "SHA256SUMS" {
                // An attacker makes the checksum fit; the content must still be checked.
                fs::write(work.join("SHA256SUMS"), sums.replace(&right, &spikereel_formats::sha256_bytes(garbled)))
                    .unwrap();
            }
            let read = read_dataset(&work);
            if let Ok(stored) = &read {
                // What was read can be used: nothing in it points outside.
                for (trial_idx, trial) in stored.dataset.trials.iter().enumerate() {
                    let _ = (
                        stored.dataset.conditions.label(trial.condition_idx),
                        stored.dataset.video.clip(trial.clip_idx),
                    );
                    let _ = stored.dataset.spikes.value(trial_idx, 0, 0);
                }
            }
            verify_dataset(&work).is_ok() && read.is_ok()
        });
    }
}
