//! The manifest of a dataset's folder, its checksum made to fit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikereel_data::prepare::BinnedTrials;
use spikereel_data::{SharedBytes, Split, TargetKind, Timeline, VideoPool};
use spikereel_formats::{read_dataset, read_recording, sha256_bytes, verify_dataset, write_dataset};
use std::error::Error;
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

/// A whole dataset; its checksums and that of its manifest.
struct Whole {
    _folder: TempDir,
    dataset: PathBuf,
    sums: String,
    own: String,
}

fn whole() -> Result<Whole, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (recording, _) = read_recording(&spikereel_fuzz::golden().join("recording.toml"))?;
    let trials = BinnedTrials::from_recording(&recording)?;
    let clips = trials.condition_of_trial.clone();
    let n_clips = trials.conditions.len();
    let video = VideoPool::new([n_clips, 1, 2, 2, 3], SharedBytes::new(vec![5; 12 * n_clips]))?;
    let timeline = Timeline::new(10.0, 0.0, 1, vec![])?;
    let dataset = trials.into_dataset(video, &clips, timeline, TargetKind::OwnVideo)?;
    let path = folder.path().join("dataset");
    write_dataset(&path, &dataset, &[Split::new(vec![0, 1, 2], vec![3], vec![4, 5], 6)?], &[], &[])?;
    let sums = std::fs::read_to_string(path.join("SHA256SUMS"))?;
    let own = sha256_bytes(&std::fs::read(path.join("dataset.json"))?);
    Ok(Whole { _folder: folder, dataset: path, sums, own })
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| whole().expect("a dataset can be written"));

fuzz_target!(|bytes: &[u8]| {
    let folder = &WHOLE.dataset;
    std::fs::write(folder.join("dataset.json"), bytes).expect("a temporary file");
    let sums = WHOLE.sums.replace(&WHOLE.own, &sha256_bytes(bytes));
    std::fs::write(folder.join("SHA256SUMS"), sums).expect("a temporary file");
    let _ = verify_dataset(folder);
    if let Ok(stored) = read_dataset(folder) {
        for (trial_idx, trial) in stored.dataset.trials.iter().enumerate() {
            let _ = (stored.dataset.conditions.label(trial.condition_idx), stored.dataset.video.clip(trial.clip_idx));
            let _ = stored.dataset.spikes.value(trial_idx, 0, 0);
        }
    }
});
