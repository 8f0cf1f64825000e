//! The formats: whole files to start from, and everything that can be asked of a damaged one.

use crate::beside;
use spikereel_data::{Recording, Spikes};
use spikereel_formats::read::matlab::{MatFile, MatValue};
use spikereel_formats::read::nwb::PictureOptions;
use spikereel_formats::{NwbFile, NwbOptions, list_arrays, read_nwb, read_recording, read_spikes};
use spikereel_nn::network::decoder;
use spikereel_nn::tensors::{load, to_safetensors};
use spikereel_nn::{DecoderShape, Model, Network, Weights};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Names, as on the command line.
pub const NAMES: [&str; 10] = [
    "npz",
    "npy",
    "nwb",
    "mat",
    "toml",
    "safetensors",
    beside::NAMES[0],
    beside::NAMES[1],
    beside::NAMES[2],
    beside::NAMES[3],
];

/// A format, its files, and how one is read.
pub struct Format {
    /// Whole files of the format.
    pub seeds: Vec<Vec<u8>>,
    /// Where a damaged file is put.
    pub path: PathBuf,
    read: Box<dyn Fn(&Path) -> Option<u64>>,
}

impl Format {
    /// A format of files at `path`.
    pub fn made(seeds: Vec<Vec<u8>>, path: PathBuf, read: impl Fn(&Path) -> Option<u64> + 'static) -> Self {
        Self { seeds, path, read: Box::new(read) }
    }

    /// Sets up the format in `folder`.
    pub fn new(name: &str, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let golden = golden_folder();
        let seed = |name: &str| fs::read(golden.join(name));
        let made = |seeds, file: &str, read| Ok(Self { seeds, path: folder.join(file), read });
        match name {
            "npz" => {
                for sidecar in ["recording.toml", "recording_times.toml"] {
                    fs::copy(golden.join(sidecar), folder.join(sidecar))?;
                }
                let seeds = vec![seed("recording.npz")?, seed("arrays.npz")?, seed("refused.npz")?];
                made(seeds, "recording.npz", Box::new(read_npz))
            }
            "npy" => {
                let seeds = vec![seed("counts.npy")?, seed("video_f4.npy")?, seed("video_u1.npy")?];
                made(seeds, "a.npy", Box::new(read_npy))
            }
            "nwb" => made(all_of(&golden.join("nwb"), "nwb")?, "a.nwb", Box::new(read_all_of_nwb)),
            "mat" => {
                let mut seeds = all_of(&golden, "mat")?;
                seeds.extend(all_of(&golden.with_file_name("data").join("matlab"), "mat")?);
                made(seeds, "a.mat", Box::new(read_mat))
            }
            "toml" => {
                fs::copy(golden.join("recording.npz"), folder.join("recording.npz"))?;
                made(
                    vec![seed("recording.toml")?, seed("recording_times.toml")?],
                    "recording.toml",
                    Box::new(read_sidecar),
                )
            }
            "safetensors" => {
                let network = network()?;
                let seeds = [1, 2].map(|seed| to_safetensors(&network, &Weights::init(&network, seed), Some("made")));
                let seeds = seeds.into_iter().collect::<Result<Vec<_>, _>>()?;
                made(seeds, "a.safetensors", Box::new(move |path| read_weights(path, &network)))
            }
            name if beside::NAMES.contains(&name) => beside::new(name, folder),
            other => Err(format!("no format {other:?}; there are {}", NAMES.join(", ")).into()),
        }
    }

    /// Reads what stands at `path` in every way there is. Some where it was opened: bytes of what was handed out. None where it was refused.
    pub fn read(&self) -> Option<u64> {
        (self.read)(&self.path)
    }
}

pub fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("spikereel-formats").join("tests/golden")
}

fn all_of(folder: &Path, extension: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    let fits = paths.iter().filter(|path| path.extension().is_some_and(|other| other == extension));
    Ok(fits.map(fs::read).collect::<Result<_, _>>()?)
}

pub fn bytes_of(recording: &Recording) -> u64 {
    let spikes = match &recording.spikes {
        Spikes::Counts(counts, _) => counts.bytes().len(),
        Spikes::Times(times) => 8 * (times.times_secs.iter().map(Vec::len).sum::<usize>() + times.align_secs.len()),
    };
    let columns = 8 * recording.n_trials() * (1 + recording.covariates.len());
    (spikes + columns + 100 * recording.n_sites()) as u64
}

fn read_sidecar(path: &Path) -> Option<u64> {
    read_recording(path).ok().map(|(recording, _)| bytes_of(&recording))
}

fn read_npz(path: &Path) -> Option<u64> {
    let listed = list_arrays(path).is_ok();
    let spikes = read_spikes(path, None).ok().map(|spikes| 4 * spikes.len() as u64);
    let counts = read_sidecar(path);
    let times = read_sidecar(&path.with_file_name("recording_times.toml"));
    [spikes, counts, times, listed.then_some(0)].into_iter().flatten().max()
}

fn read_npy(path: &Path) -> Option<u64> {
    let listed = list_arrays(path).is_ok();
    let spikes = read_spikes(path, None).ok().map(|spikes| 4 * spikes.len() as u64);
    let array = spikereel_formats::read::npy::read(path).ok();
    // Lengths are those that were checked against the bytes.
    let array = array.map(|array| (array.shape().iter().product::<usize>() * array.dtype().size) as u64);
    [spikes, array, listed.then_some(0)].into_iter().flatten().max()
}

fn read_all_of_nwb(path: &Path) -> Option<u64> {
    let nwb = NwbFile::open(path).ok()?;
    let summary = nwb.summary();
    let mut largest = 0;
    for info in &summary.stimuli {
        if let Ok(picture) = nwb.preview(&info.path, &PictureOptions::default()) {
            largest = largest.max(std::mem::size_of_val(&picture) as u64);
        }
    }
    let columns = summary.tables.iter().flat_map(|table| &table.columns).map(|column| column.name.clone());
    for factor in columns.take(12) {
        let mut options = NwbOptions::default();
        options.trials.factors = vec![factor];
        options.trials.window = Some([0.0, 1.0]);
        if let Ok((recording, _)) = read_nwb(path, &options) {
            largest = largest.max(bytes_of(&recording));
        }
    }
    Some(largest)
}

fn bytes_of_value(value: &MatValue) -> u64 {
    match value {
        MatValue::Cell { values, .. } => values.iter().map(|value| 100 + bytes_of_value(value)).sum(),
        MatValue::Struct { fields, .. } => {
            fields.iter().flat_map(|(_, values)| values).map(|value| 100 + bytes_of_value(value)).sum()
        }
        MatValue::Char { rows, .. } => rows.iter().map(|row| 100 + row.len() as u64).sum(),
        other => 100 + 8 * other.dims().iter().fold(1_u64, |n, &len| n.saturating_mul(len as u64)).min(1 << 40),
    }
}

fn read_mat(path: &Path) -> Option<u64> {
    let mut file = MatFile::open(path).ok()?;
    let names: Vec<String> = file.variables().iter().map(|variable| variable.name.clone()).collect();
    let mut largest = 0;
    for name in names {
        let Ok(value) = file.read(&name) else { continue };
        let as_numbers = if matches!(value, MatValue::Sparse(_)) { None } else { value.to_array().ok() };
        let numbers = as_numbers.map_or(0, |array| 8 * array.len() as u64);
        let own = if matches!(value, MatValue::Sparse(_)) { 100 } else { bytes_of_value(&value) };
        largest = largest.max(own.max(numbers));
    }
    Some(largest)
}

/// The published decoder, as small as it gets.
fn network() -> Result<Network, Box<dyn Error>> {
    let shape = DecoderShape {
        n_bins: 4,
        n_sites: 3,
        n_frames: 4,
        height: 8,
        width: 8,
        base_channels: 1,
        model: Model::Decoder,
    };
    Ok(decoder(&shape)?)
}

fn read_weights(path: &Path, network: &Network) -> Option<u64> {
    load::<f32>(path, network).ok().map(|(weights, _)| 4 * (weights.trained.len() + weights.buffered.len()) as u64)
}
