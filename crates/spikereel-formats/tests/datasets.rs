//! A dataset's folder: written whole or not at all, mapped, and read back as it was.

use ndarray::Array3;
use proptest::prelude::*;
use spikereel_data::{
    BinGrid, ConditionTable, Dataset, DatasetParts, Factor, Level, RealTrial, Region, SharedBytes, Site, SpikeEncoding,
    SpikeTensor, Split, TargetKind, Timeline, Trial, VideoPool,
};
use spikereel_formats::{InputFile, read_dataset, sha256_file, verify_dataset, write_dataset};
use std::fs;

fn dataset(n_trials: usize, n_bins: usize, scale: f32) -> Dataset {
    let n_sites = 3;
    let spikes =
        Array3::from_shape_fn((n_trials, n_bins, n_sites), |(t, b, s)| ((t * 31 + b * 7 + s) % 250) as f32 * scale);
    let site =
        |at: usize| Site {
            id: format!("u{at} \"x\""), region: Region("前頭 葉".into()), session: "day\u{e9}".into()
        };
    let trial = |at: usize| Trial {
        condition_idx: at % 2,
        clip_idx: at % 2,
        origins: vec![RealTrial { session_idx: 0, trial_idx: at as u32 }],
    };
    let factor = Factor { name: "contrast".into(), levels: vec![Level::Number(0.1), Level::Text("high".into())] };
    Dataset::new(DatasetParts {
        name: "test".into(),
        sessions: vec!["day\u{e9}".into()],
        sites: (0..n_sites).map(site).collect(),
        conditions: ConditionTable::new(vec![factor], vec![vec![0], vec![1]]).unwrap(),
        trials: (0..n_trials).map(trial).collect(),
        spikes: SpikeTensor::from_array(spikes.view()).unwrap(),
        bins: BinGrid::new(-0.1, 0.05, 0.025, n_bins).unwrap(),
        video: VideoPool::new([2, 2, 2, 2, 3], SharedBytes::new((0..48).collect::<Vec<u8>>())).unwrap(),
        timeline: Timeline::new(10.0, 0.0, 2, vec![]).unwrap(),
        target_kind: TargetKind::OwnVideo,
        covariates: vec![(
            "rt".into(),
            (0..n_trials).map(|at| [f64::NAN, 0.1, f64::INFINITY, f64::NEG_INFINITY][at % 4]).collect(),
        )],
        truth: None,
        remarks: vec!["a remark\nof two lines".into()],
    })
    .unwrap()
}

fn split() -> Split {
    Split::new(vec![0, 1, 2], vec![3], vec![4, 5], 6).unwrap()
}

#[test]
fn a_dataset_comes_back_as_it_was_and_its_checksums_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    let input = InputFile { name: "a.npz".into(), n_bytes: 7, sha256: "00".into() };
    for (scale, encoding) in [(1.0, SpikeEncoding::U8), (0.1, SpikeEncoding::F32Le)] {
        let before = dataset(6, 4, scale);
        write_dataset(&path, &before, &[split()], std::slice::from_ref(&input), &[]).unwrap();
        let stored = read_dataset(&path).unwrap();
        let after = &stored.dataset;
        assert_eq!((after.spikes.encoding(), after.spikes.bytes()), (encoding, before.spikes.bytes()));
        assert_eq!((after.video.shape(), after.video.bytes()), (before.video.shape(), before.video.bytes()));
        assert_eq!(
            (&after.sites, &after.trials, &after.conditions),
            (&before.sites, &before.trials, &before.conditions)
        );
        assert_eq!((after.bins, &after.timeline, &after.remarks), (before.bins, &before.timeline, &before.remarks));
        assert_eq!(format!("{:?}", after.covariates), format!("{:?}", before.covariates)); // NaN is not equal to itself
        assert_eq!(
            (stored.splits.as_slice(), stored.inputs.as_slice()),
            (&[split()][..], std::slice::from_ref(&input))
        );
        verify_dataset(&path).unwrap();
        let again = folder.path().join("again");
        write_dataset(&again, after, &stored.splits, &stored.inputs, &[]).unwrap();
        for name in ["dataset.json", "spikes.bin", "video.bin", "split.json", "SHA256SUMS"] {
            assert_eq!(sha256_file(&path.join(name)).unwrap(), sha256_file(&again.join(name)).unwrap(), "{name}");
        }
        fs::remove_dir_all(&path).unwrap();
        fs::remove_dir_all(&again).unwrap();
    }
}

#[test]
fn files_kept_beside_a_dataset_stand_under_its_checksums_and_no_name_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    write_dataset(
        &path,
        &dataset(6, 4, 1.0),
        &[split()],
        &[],
        &[("about.json", b"{}"), ("config.toml", b"seed = 1\n")],
    )
    .unwrap();
    read_dataset(&path).unwrap();
    verify_dataset(&path).unwrap();
    let sums = fs::read_to_string(path.join("SHA256SUMS")).unwrap();
    assert!(sums.contains("about.json") && sums.contains("config.toml"), "{sums}");
    fs::write(path.join("about.json"), b"{ }").unwrap();
    assert!(verify_dataset(&path).unwrap_err().to_string().contains("about.json"));
    fs::write(path.join("SHA256SUMS"), sums.replace("  about.json", "  ../about.json")).unwrap();
    assert!(read_dataset(&path).unwrap_err().to_string().contains("SHA256SUMS"));
}

#[test]
fn an_existing_folder_is_never_overwritten_and_a_failed_write_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    fs::create_dir(&path).unwrap();
    let error = write_dataset(&path, &dataset(6, 4, 1.0), &[], &[], &[]).unwrap_err().to_string();
    assert!(
        error
            .ends_with("already exists, and nothing is overwritten (hint: choose another name, or move this one away)"),
        "{error}"
    );
    let wrong = Split::new(vec![0], vec![], vec![99], 100).unwrap();
    assert!(write_dataset(&folder.path().join("b"), &dataset(6, 4, 1.0), &[wrong], &[], &[]).is_err());
    assert!(write_dataset(&folder.path().join("no/such/parent"), &dataset(6, 4, 1.0), &[], &[], &[]).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn damage_is_named_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    write_dataset(&path, &dataset(6, 4, 1.0), &[split()], &[], &[]).unwrap();
    let error = |result: Result<(), spikereel_formats::FormatError>| {
        result.unwrap_err().to_string().replace(&format!("{}/", path.display()), "")
    };
    let spikes = fs::read(path.join("spikes.bin")).unwrap();
    fs::write(path.join("spikes.bin"), &spikes[1..]).unwrap();
    assert_eq!(
        error(read_dataset(&path).map(|_| ())),
        "spikes.bin: size: expected 72 bytes, as dataset.json says, got 71 (hint: the file is cut off or damaged; prepare the dataset again)"
    );
    let mut flipped = spikes.clone();
    flipped[9] ^= 1;
    fs::write(path.join("spikes.bin"), &flipped).unwrap();
    assert!(error(verify_dataset(&path)).starts_with("spikes.bin: checksum: expected "));
    fs::write(path.join("spikes.bin"), &spikes).unwrap();
    let json = fs::read_to_string(path.join("dataset.json")).unwrap();
    fs::write(path.join("dataset.json"), json.replace("\"test\"", "\"Test\"")).unwrap();
    assert!(error(read_dataset(&path).map(|_| ())).starts_with("dataset.json: checksum: expected "));
}

#[cfg(target_os = "linux")]
#[test]
fn a_mapped_dataset_takes_no_memory_until_it_is_read() {
    // 256 MB of spikes, written sparse: opening them must not bring them into anonymous memory.
    let anonymous_kb = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap().to_string();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    write_dataset(&path, &dataset(2, 4, 1.0), &[], &[], &[]).unwrap();
    let n_bins: u64 = 44_739_242;
    let json = fs::read_to_string(path.join("dataset.json")).unwrap();
    let json = json
        .replace("\"shape\":[2,4,3]", &format!("\"shape\":[2,{n_bins},3]"))
        .replace("\"n_bins\":4", &format!("\"n_bins\":{n_bins}"));
    fs::write(path.join("dataset.json"), &json).unwrap();
    fs::File::options().write(true).open(path.join("spikes.bin")).unwrap().set_len(2 * n_bins * 3).unwrap();
    let sums: String = ["dataset.json", "spikes.bin", "video.bin"]
        .iter()
        .map(|name| format!("{}  {name}\n", sha256_file(&path.join(name)).unwrap()))
        .collect();
    fs::write(path.join("SHA256SUMS"), sums).unwrap();
    let before = anonymous_kb();
    let stored = read_dataset(&path).unwrap();
    let sum: u64 = stored.dataset.spikes.bytes().iter().map(|&byte| u64::from(byte)).sum();
    let grown = anonymous_kb().saturating_sub(before);
    assert!(stored.dataset.spikes.bytes().len() > 250_000_000 && sum > 0);
    assert!(grown < 50_000, "{grown} kB of anonymous memory");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn values_come_back_to_the_bit(values in prop::collection::vec(-1e30_f32..1e30, 24), whole: bool) {
        let mut parts = dataset(4, 2, 1.0).into_parts();
        let values: Vec<f32> = values.iter().map(|value| if whole { (value.abs() % 256.0).floor() } else { *value }).collect();
        let array = Array3::from_shape_vec((4, 2, 3), values).unwrap();
        parts.spikes = SpikeTensor::from_array(array.view()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        write_dataset(&path, &Dataset::new(parts).unwrap(), &[], &[], &[]).unwrap();
        let stored = read_dataset(&path).unwrap();
        prop_assert_eq!(stored.dataset.spikes.to_array(), array);
        prop_assert_eq!(stored.dataset.spikes.encoding() == SpikeEncoding::U8, whole);
    }
}
