//! `convert`: a dataset, or a run with what its decoders decoded, as a file for other programs.

use super::fits::WhichDecoder;
use super::open_run::OpenRun;
use super::{evaluate, source};
use crate::config::ConfigError;
use crate::progress::Progress;
use crate::run_folder::{check_is_run, write_whole};
use crate::{Error, Result};
use serde::Serialize;
use spikereel_analysis::study::Evaluation;
use spikereel_data::{DataError, Dataset, Level, Part, Split};
use spikereel_formats::write::{ExportArray, ExportValues, NwbMovie, NwbOut, write_npz, write_nwb, write_safetensors};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Trials decoded at a time: enough to keep cores busy, few enough that memory stays small.
const BATCH: usize = 32;

/// What `convert` wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The file.
    pub file: PathBuf,
    /// The sidecar beside a npz, under which it is a recording again.
    pub sidecar: Option<PathBuf>,
    /// Names of arrays and the lengths of their axes.
    pub arrays: Vec<(String, Vec<usize>)>,
}

/// What a run adds to its dataset.
#[derive(Default)]
struct Decoded {
    /// Test trials in ascending order.
    trials: Vec<usize>,
    /// The fold each was tested in.
    fold_of_trial: Vec<usize>,
    /// `[trial, frame, height, width, rgb]`, 0 to 255.
    bytes: Vec<u8>,
    results: Vec<(String, f64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Npz,
    Nwb,
    Safetensors,
}

/// Converts into a new file. `to` is `npz`, `nwb` or `safetensors`; by the ending of `out` where left out.
///
/// # Errors
/// A source that is neither dataset nor run, an unknown format, a file that exists, an I/O error.
pub fn convert(source: &Path, to: Option<&str>, out: &Path, progress: &dyn Progress) -> Result<Converted> {
    let format = format(to, out)?;
    let sidecar = (format == Format::Npz).then(|| out.with_extension("toml"));
    for path in std::iter::once(out).chain(sidecar.as_deref()) {
        if path.symlink_metadata().is_ok() {
            return Err(Error::FolderExists(path.to_path_buf()));
        }
    }
    let (dataset, splits, decoded) = read(source, progress)?;
    let arrays = arrays(&dataset, &splits, &decoded);
    match format {
        Format::Npz => write_npz(out, &arrays)?,
        Format::Safetensors => write_safetensors(out, &arrays)?,
        Format::Nwb => nwb(out, &dataset, &decoded)?,
    }
    if let Some(sidecar) = &sidecar {
        write_whole(sidecar, sidecar_text(&dataset, out)?.as_bytes())?;
    }
    let named = |array: &ExportArray<'_>| (array.name.clone(), array.shape.clone());
    Ok(Converted { file: out.to_path_buf(), sidecar, arrays: arrays.iter().map(named).collect() })
}

fn format(to: Option<&str>, out: &Path) -> Result<Format> {
    let ending = out.extension().and_then(|ending| ending.to_str());
    match to.or(ending) {
        Some("npz") => Ok(Format::Npz),
        Some("nwb") => Ok(Format::Nwb),
        Some("safetensors") => Ok(Format::Safetensors),
        other => {
            let got = other.map_or_else(|| "no ending".into(), |other| format!("`{other}`"));
            Err(ConfigError::new("--to", "npz, nwb or safetensors", got)
                .hint("name the format, or end --out in it")
                .into())
        }
    }
}

fn read(path: &Path, progress: &dyn Progress) -> Result<(Dataset, Vec<Split>, Decoded)> {
    if source::is_dataset(path) {
        let stored = source::read_dataset(path)?;
        return Ok((stored.dataset, stored.splits, Decoded::default()));
    }
    check_is_run(path)?;
    let run = OpenRun::open(path, "convert", progress)?;
    let dataset_folder = source::dataset_folder_of(path, &run.config);
    let stored = source::read_dataset(&dataset_folder)?;
    let decoded = decode(&run, progress)?;
    run.finish()?;
    Ok((stored.dataset, stored.splits, decoded))
}

/// Every test trial through the first network of its fold.
fn decode(run: &OpenRun, progress: &dyn Progress) -> Result<Decoded> {
    let mut tested: Vec<(usize, usize)> = Vec::new();
    for fold_idx in 0..run.fits.n_folds {
        tested.extend(run.fold(fold_idx)?.trials(Part::Test).iter().map(|&trial| (trial, fold_idx)));
    }
    tested.sort_unstable();
    let n_values: usize = run.dataset.video_shape().iter().product();
    let mut bytes = vec![0; tested.len() * n_values];
    let task = progress.begin("decoding", tested.len() as u64, "trial");
    for fold_idx in 0..run.fits.n_folds {
        let (fold, decoder) = (run.fold(fold_idx)?, run.decoder(WhichDecoder { fold_idx, network_idx: 0 })?);
        let places: Vec<usize> = (0..tested.len()).filter(|&at| tested[at].1 == fold_idx).collect();
        for batch in places.chunks(BATCH) {
            let trials: Vec<usize> = batch.iter().map(|&at| tested[at].0).collect();
            let videos = decoder.predict(fold.spikes(&trials).view())?;
            for (&at, video) in batch.iter().zip(videos.outer_iter()) {
                let byte = |value: &f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
                let place = &mut bytes[at * n_values..(at + 1) * n_values];
                place.iter_mut().zip(video.iter()).for_each(|(byte_out, value)| *byte_out = byte(value));
            }
            task.advance(batch.len() as u64);
        }
    }
    let scores = run.folder.path().join(evaluate::SCORES);
    let results = if scores.is_file() { results(&evaluate::stored(run.folder.path())?.decoder) } else { Vec::new() };
    let (trials, fold_of_trial) = tested.into_iter().unzip();
    Ok(Decoded { trials, fold_of_trial, bytes, results })
}

/// Scores of the decoder by name.
fn results(evaluation: &Evaluation) -> Vec<(String, f64)> {
    let mut results = Vec::new();
    for feature in &evaluation.features {
        if let Some(accuracy) = &feature.accuracy {
            results.push((format!("{} accuracy", feature.name), accuracy.accuracy));
        }
    }
    if let Some(accuracy) = &evaluation.condition_accuracy {
        results.push(("condition accuracy".into(), accuracy.accuracy));
    }
    results
}

fn arrays<'a>(dataset: &'a Dataset, splits: &[Split], decoded: &'a Decoded) -> Vec<ExportArray<'a>> {
    let (n_trials, n_sites) = (dataset.n_trials(), dataset.n_sites());
    let mut arrays = Vec::new();
    let mut put = |name: &str, shape: &[usize], values: ExportValues<'a>| {
        arrays.push(ExportArray { name: name.into(), shape: shape.to_vec(), values });
    };
    let spikes = match dataset.spikes.encoding() {
        spikereel_data::SpikeEncoding::U8 => ExportValues::U8(Cow::Borrowed(dataset.spikes.bytes())),
        spikereel_data::SpikeEncoding::F32Le => {
            ExportValues::F32(Cow::Owned(dataset.spikes.to_array().into_iter().collect()))
        }
    };
    put("spikes", &dataset.spikes.shape(), spikes);
    let of_sites = |pick: fn(&spikereel_data::Site) -> &str| {
        ExportValues::Texts(dataset.sites.iter().map(|site| pick(site).to_string()).collect())
    };
    put("region", &[n_sites], of_sites(|site| &site.region.0));
    put("site", &[n_sites], of_sites(|site| &site.id));
    put("session", &[n_sites], of_sites(|site| &site.session));
    for (factor_idx, factor) in dataset.conditions.factors().iter().enumerate() {
        let levels = dataset
            .trials
            .iter()
            .map(|trial| &factor.levels[dataset.conditions.level_idx(trial.condition_idx, factor_idx)]);
        let is_number = factor.levels.iter().all(|level| matches!(level, Level::Number(_)));
        let value = |level: &Level| if let Level::Number(value) = level { *value } else { f64::NAN };
        let values = if is_number {
            ExportValues::F64(levels.map(value).collect())
        } else {
            ExportValues::Texts(levels.map(ToString::to_string).collect())
        };
        put(&factor.name, &[n_trials], values);
    }
    for (name, values) in &dataset.covariates {
        if !dataset.conditions.factors().iter().any(|factor| factor.name == *name) {
            put(name, &[n_trials], ExportValues::F64(values.clone()));
        }
    }
    let whole = |values: &mut dyn Iterator<Item = usize>| ExportValues::I64(values.map(|value| value as i64).collect());
    put("condition_of_trial", &[n_trials], whole(&mut dataset.trials.iter().map(|trial| trial.condition_idx)));
    put("clip_of_trial", &[n_trials], whole(&mut dataset.trials.iter().map(|trial| trial.clip_idx)));
    put("video", &dataset.video.shape(), ExportValues::U8(Cow::Borrowed(dataset.video.bytes())));
    for (fold_idx, split) in splits.iter().enumerate() {
        let mut parts = vec![String::from("none"); n_trials];
        for (part, name) in [(Part::Train, "train"), (Part::Validation, "validation"), (Part::Test, "test")] {
            split.trials(part).iter().for_each(|&trial| parts[trial] = name.into());
        }
        put(&format!("part_in_fold{fold_idx}"), &[n_trials], ExportValues::Texts(parts));
    }
    if !decoded.trials.is_empty() {
        let [n_frames, height, width, rgb] = dataset.video_shape();
        let n = decoded.trials.len();
        put("decoded", &[n, n_frames, height, width, rgb], ExportValues::U8(Cow::Borrowed(&decoded.bytes)));
        put("decoded_trial", &[n], whole(&mut decoded.trials.iter().copied()));
        put("decoded_in_fold", &[n], whole(&mut decoded.fold_of_trial.iter().copied()));
    }
    arrays
}

fn nwb(out: &Path, dataset: &Dataset, decoded: &Decoded) -> Result<()> {
    let [n_frames, height, width, rgb] = dataset.video_shape();
    let all: Vec<usize> = (0..dataset.n_trials()).collect();
    let shown: Vec<u8> =
        dataset.trials.iter().flat_map(|trial| dataset.video.clip(trial.clip_idx).iter().copied()).collect();
    let mut movies = vec![NwbMovie {
        name: "true_video",
        description: "the target of each trial",
        is_stimulus: true,
        trials: &all,
        shape: [all.len(), n_frames, height, width, rgb],
        bytes: &shown,
    }];
    if !decoded.trials.is_empty() {
        movies.push(NwbMovie {
            name: "decoded_video",
            description: "decoded from the spikes of each test trial",
            is_stimulus: false,
            trials: &decoded.trials,
            shape: [decoded.trials.len(), n_frames, height, width, rgb],
            bytes: &decoded.bytes,
        });
    }
    Ok(write_nwb(out, &NwbOut { dataset, movies: &movies, results: &decoded.results })?)
}

/// The sidecar under which the npz is a recording again.
fn sidecar_text(dataset: &Dataset, out: &Path) -> Result<String> {
    let name = out.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let factors: Vec<&str> = dataset.conditions.factors().iter().map(|factor| factor.name.as_str()).collect();
    let covariates: Vec<&str> =
        dataset.covariates.iter().map(|(name, _)| name.as_str()).filter(|name| !factors.contains(name)).collect();
    let phases: Vec<toml::Value> =
        dataset.timeline.phases.iter().filter_map(|span| toml::Value::try_from(span).ok()).collect();
    let mut timeline = toml::Table::new();
    timeline.insert("frame_rate_hz".into(), dataset.timeline.frame_rate_hz.into());
    timeline.insert("start_secs".into(), dataset.timeline.start_secs.into());
    if !phases.is_empty() {
        timeline.insert("phases".into(), phases.into());
    }
    let bins = &dataset.bins;
    let value = toml::toml! { format = 1 };
    let mut table = value;
    let mut put = |key: &str, value: toml::Value| table.insert(key.into(), value);
    put("session", dataset.name.clone().into());
    put("files", vec![name].into());
    let grid = [("start_secs", bins.start_secs), ("width_secs", bins.width_secs), ("step_secs", bins.step_secs)];
    let grid: toml::Table = grid.into_iter().map(|(key, value)| (key.to_string(), value.into())).collect();
    let spikes = [("counts", "spikes".into()), ("axes", vec!["trial", "bin", "site"].into()), ("bins", grid.into())];
    put("spikes", as_table(spikes));
    put("sites", as_table([("region", "region".into()), ("ids", "site".into())]));
    put("trials", as_table([("factors", factors.into()), ("covariates", covariates.into())]));
    let axes = vec!["trial", "frame", "height", "width", "rgb"];
    put(
        "video",
        as_table([("array", "video".into()), ("axes", axes.into()), ("clip_of_trial", "clip_of_trial".into())]),
    );
    put("timeline", timeline.into());
    put("about", as_table([("remarks", dataset.remarks.clone().into())]));
    let text = toml::to_string_pretty(&table);
    text.map_err(|error| DataError::new("sidecar", "TOML", error.to_string()).into())
}

fn as_table<const N: usize>(entries: [(&str, toml::Value); N]) -> toml::Value {
    toml::Value::Table(entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
}
