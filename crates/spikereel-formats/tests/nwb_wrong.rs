//! Wrong but plausible NWB files, each named by what is wrong with it; and garbled ones, which may be refused but never crash.

use rand::{Rng, RngExt};
use rust_hdf5::H5File;
use spikereel_data::rng::stream;
use spikereel_formats::read::nwb::PictureOptions;
use spikereel_formats::{NwbFile, NwbOptions, read_nwb};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A small session: three sites, four trials.
struct Session {
    spikes: Vec<f64>,
    ends: Vec<u64>,
    electrodes: Vec<i64>,
    start: Vec<f64>,
    stop: Vec<f64>,
    cue: Vec<i32>,
    version: &'static str,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            spikes: vec![0.5, 2.5, 6.0, 1.0, 3.5, 0.2, 4.4, 9.0],
            ends: vec![3, 5, 8],
            electrodes: vec![0, 1, 1],
            start: vec![0.0, 2.0, 4.0, 6.0],
            stop: vec![1.5, 3.5, 5.5, 7.5],
            cue: vec![0, 1, 0, 1],
            version: "2.8.0",
        }
    }
}

impl Session {
    fn write(&self, path: &Path) {
        let file = H5File::create(path).unwrap();
        file.set_attr_string("nwb_version", self.version).unwrap();
        file.write_vlen_strings("identifier", &["made"]).unwrap();
        let units = file.create_group("units").unwrap();
        let put = |group: &rust_hdf5::H5Group, name: &str, values: &[f64]| {
            let dataset = group.new_dataset::<f64>().shape([values.len()]).create(name).unwrap();
            dataset.write_raw(values).unwrap();
        };
        put(&units, "spike_times", &self.spikes);
        let dataset = units.new_dataset::<u64>().shape([self.ends.len()]).create("spike_times_index").unwrap();
        dataset.write_raw(&self.ends).unwrap();
        let dataset = units.new_dataset::<i64>().shape([self.electrodes.len()]).create("electrodes").unwrap();
        dataset.write_raw(&self.electrodes).unwrap();
        let ids: Vec<i64> = (0..self.electrodes.len() as i64).collect();
        units.new_dataset::<i64>().shape([ids.len()]).create("id").unwrap().write_raw(&ids).unwrap();
        let general = file.create_group("general").unwrap().create_group("extracellular_ephys").unwrap();
        let electrodes = general.create_group("electrodes").unwrap();
        electrodes.new_dataset::<i64>().shape([2]).create("id").unwrap().write_raw(&[0_i64, 1]).unwrap();
        electrodes.write_vlen_strings("location", &["V1", "MT"]).unwrap();
        let trials = file.create_group("intervals").unwrap().create_group("trials").unwrap();
        put(&trials, "start_time", &self.start);
        put(&trials, "stop_time", &self.stop);
        let dataset = trials.new_dataset::<i32>().shape([self.cue.len()]).create("cue").unwrap();
        dataset.write_raw(&self.cue).unwrap();
        file.close().unwrap();
    }

    fn refused(&self, options: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nwb");
        self.write(&path);
        let error = read_nwb(&path, &toml::from_str(options).unwrap()).unwrap_err().to_string();
        let error = error.replace(&path.display().to_string(), "a.nwb");
        println!("{error}");
        error
    }
}

const CUE: &str = "trials = { factors = ['cue'] }";

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

#[test]
fn the_small_session_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    Session::default().write(&path);
    let (recording, extras) = read_nwb(&path, &toml::from_str(CUE).unwrap()).unwrap();
    assert_eq!((recording.n_sites(), recording.n_trials(), recording.session.as_str()), (3, 4, "made"));
    assert!(extras.remarks.is_empty(), "{:?}", extras.remarks);
}

#[test]
fn wrong_sessions_are_named_with_what_to_do() {
    let good = Session::default;
    let cases: Vec<(Session, &[&str])> = vec![
        (Session { spikes: scaled(&good().spikes, 1e3), ..good() }, &["milliseconds: spikes", "units.clock"]),
        (
            Session { start: scaled(&good().start, 1e3), stop: scaled(&good().stop, 1e3), ..good() },
            &["milliseconds", "trials.clock"],
        ),
        (
            Session {
                start: scaled(&good().start, 1e5),
                stop: scaled(&good().stop, 1e5),
                spikes: scaled(&good().spikes, 1e5),
                ..good()
            },
            &["milliseconds", "units.clock"],
        ),
        (
            Session { start: vec![20.0, 22.0, 24.0, 26.0], stop: vec![21.0, 23.0, 25.0, 27.0], ..good() },
            &["clocks of their own"],
        ),
        (
            Session { spikes: vec![0.5, f64::NAN, 6.0, 1.0, 3.5, 0.2, 4.4, 9.0], ..good() },
            &["NaN at spike 1 of unit 0", "`only`"],
        ),
        (
            Session { spikes: vec![0.5, 2.5, 6.0, 3.5, 1.0, 0.2, 4.4, 9.0], ..good() },
            &["1 after 3.5 at spike 1 of unit 1", "sort"],
        ),
        (Session { ends: vec![3, 5, 9], ..good() }, &["units/spike_times_index", "at most 8", "got 9"]),
        (Session { ends: vec![5, 3, 8], ..good() }, &["ascending ends", "3 after 5 in row 1"]),
        (Session { ends: vec![3, 8], ..good() }, &["3 ends, one a row of the table", "got 2"]),
        (
            Session { electrodes: vec![0, 1, 2], ..good() },
            &["units/electrodes", "below 2", "ids of electrodes are no rows"],
        ),
        (Session { electrodes: vec![0, 1, -1], ..good() }, &["units/electrodes", "0 or more", "-1"]),
        (Session { start: vec![0.0, f64::NAN, 4.0, 6.0], ..good() }, &["NaN in row 1", "drop_unaligned"]),
        (
            Session { stop: vec![3.0, 3.5, 5.5, 7.5], ..good() },
            &["row 1 at 2 s while row 0 lasts to 3 s", "allow_overlap"],
        ),
        (Session { stop: vec![1.5, 1.0, 5.5, 7.5], ..good() }, &["1 after a start at 2 in row 1"]),
        (Session { cue: vec![0, 1, 0], ..good() }, &["4 values, one a row of the table", "got 3"]),
        (Session { version: "1.0.6", ..good() }, &["nwb_version", "2.x", "convert"]),
    ];
    for (session, parts) in cases {
        let error = session.refused(CUE);
        for part in parts {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }
}

#[test]
fn milliseconds_are_read_where_they_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    let good = Session::default();
    Session { spikes: scaled(&good.spikes, 1e3), ..Session::default() }.write(&path);
    let options = toml::from_str(&format!("{CUE}\nunits = {{ clock = 'milliseconds' }}")).unwrap();
    let (recording, _) = read_nwb(&path, &options).unwrap();
    let spikereel_data::Spikes::Times(times) = &recording.spikes else { panic!("times") };
    assert_eq!(times.times_secs[0], [0.5, 2.5, 6.0]);
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| read_nwb(path, &NwbOptions::default()).unwrap_err().to_string();
    let text = folder.path().join("a.nwb");
    std::fs::write(&text, "spikes").unwrap();
    assert!(read(&text).contains("expected an HDF5 file"), "{}", read(&text));
    let plain = folder.path().join("b.nwb");
    let file = H5File::create(&plain).unwrap();
    file.create_group("data").unwrap();
    file.close().unwrap();
    assert!(read(&plain).contains("one that holds `data`"), "{}", read(&plain));
    assert!(read(folder.path()).contains("a folder"), "{}", read(folder.path()));
    assert!(read(&folder.path().join("c.nwb")).contains("could not"));
}

/// Everything that can be asked of a file.
fn use_all(path: &Path) -> bool {
    let Ok(nwb) = NwbFile::open(path) else { return false };
    let summary = nwb.summary();
    for info in &summary.stimuli {
        let _ = nwb.preview(&info.path, &PictureOptions::default());
    }
    let columns: Vec<String> =
        summary.tables.iter().flat_map(|table| table.columns.iter()).map(|c| c.name.clone()).collect();
    for factor in columns.iter().take(12) {
        let mut options = NwbOptions::default();
        options.trials.factors = vec![factor.clone()];
        options.trials.window = Some([0.0, 1.0]);
        let _ = read_nwb(path, &options);
    }
    summary.problems.is_empty()
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    for _ in 0..rng.random_range(1..5) {
        let at = rng.random_range(0..bytes.len());
        let end = (at + rng.random_range(1..9)).min(bytes.len());
        match rng.random_range(0..6) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random_range(0..=255),
            2 => bytes[at..end].fill([0x00, 0xff, 0x7f][rng.random_range(0..3)]),
            3 => {
                let from = rng.random_range(0..bytes.len() - (end - at));
                bytes.copy_within(from..from + (end - at), at);
            }
            4 if rng.random_range(0..4) == 0 => bytes.truncate(at.max(1)),
            _ => {
                // Headers stand between long runs of zeros: change what is not one.
                if let Some(ahead) = bytes[at..].iter().position(|&byte| byte != 0) {
                    bytes[at + ahead] = bytes[at + ahead].wrapping_add(rng.random_range(1..=255));
                }
            }
        }
    }
}

#[test]
fn garbled_files_never_crash_or_hang() {
    let folder = tempfile::tempdir().unwrap();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nwb");
    let small = folder.path().join("small.nwb");
    Session::default().write(&small);
    let names = ["old", "bare", "full", "gzip", "fletcher", "zstd", "blosc"];
    let sources = names.map(|name| golden.join(format!("{name}.nwb"))).into_iter().chain([small]);
    for source in sources {
        let name = source.file_stem().unwrap().to_string_lossy().into_owned();
        let whole = std::fs::read(&source).unwrap();
        let rng = &mut stream(2026, &format!("mutations/nwb/{name}"));
        let path = folder.path().join("garbled.nwb");
        let n = std::env::var("SPIKEREEL_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
        let (mut n_open, mut longest) = (0, Duration::ZERO);
        for _ in 0..n {
            let mut bytes = whole.clone();
            mutate(&mut bytes, rng);
            std::fs::write(&path, &bytes).unwrap();
            let begin = Instant::now();
            n_open += usize::from(use_all(&path));
            longest = longest.max(begin.elapsed());
        }
        println!("{name}: {n} mutations, {n_open} without a problem, longest {longest:?}");
    }
}
