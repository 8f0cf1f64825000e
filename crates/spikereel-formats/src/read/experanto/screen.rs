//! The screen of an experiment: what was shown when, an item a video or an image.

use super::super::array::NpyArray;
use super::super::header::Kind;
use super::Files;
use super::meta::Meta;
use crate::read::npy;
use crate::{FormatError, Result};
use spikereel_data::DataError;
use std::path::Path;

/// All frames together, at most.
const MAX_BYTES: usize = 4 << 30;

/// A video or an image.
struct Item {
    /// Name of its files, without ending.
    key: String,
    meta: Meta,
    first_frame: usize,
}

/// The items that are trials.
pub(super) struct Screen {
    device: String,
    items: Vec<Item>,
    /// Frames that every trial has: the shortest video's.
    n_frames: usize,
    /// Start of each trial, and end of its last common frame, in seconds.
    pub(super) spans: Vec<(f64, f64)>,
}

impl Screen {
    pub(super) fn open(place: &mut Files, device: &str) -> Result<Self> {
        let folder = place.folder.join(device);
        let mut keys = Vec::new();
        for entry in std::fs::read_dir(folder.join("meta")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(key) = name.strip_suffix(".yml").filter(|key| key.bytes().all(|byte| byte.is_ascii_digit())) {
                keys.push(key.to_string());
            }
        }
        keys.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let mut found = Vec::new();
        for key in keys {
            let meta = place.meta(&format!("{device}/meta/{key}.yml"))?;
            found.push((meta.text("modality").unwrap_or_default().to_string(), key, meta));
        }
        let kind = if found.iter().any(|(modality, _, _)| modality == "video") { "video" } else { "image" };
        let (mut items, mut n_frames) = (Vec::new(), usize::MAX);
        for (_, key, meta) in found.into_iter().filter(|(modality, _, _)| modality == kind) {
            n_frames = n_frames.min(if kind == "video" { meta.count("num_frames")? } else { 1 });
            items.push(Item { first_frame: meta.count("first_frame_idx")?, key, meta });
        }
        let fail = |error| FormatError::data(&folder, error);
        if items.is_empty() || n_frames == 0 {
            let error = DataError::new("meta", "descriptions 00000.yml, ... of videos or images with frames", "none");
            return Err(fail(error));
        }
        let times = npy::read(&place.path(&format!("{device}/timestamps.npy"))?)?.to_f64().map_err(fail)?;
        let after = |frame: usize| match times.get(frame) {
            Some(time) => Some(*time),
            // The last frame stays as long as the one before it did.
            None if frame == times.len() && frame > 1 => Some(2.0 * times[frame - 1] - times[frame - 2]),
            None => None,
        };
        let span = |item: &Item| {
            let end = item.first_frame.checked_add(n_frames).and_then(after);
            times.get(item.first_frame).copied().zip(end).filter(|(from, to)| to > from).ok_or_else(|| {
                let got = format!("{} in all, for frames from {} of item {}", times.len(), item.first_frame, item.key);
                fail(DataError::new("timestamps", "rising times of every frame", got))
            })
        };
        let spans = items.iter().map(span).collect::<Result<_>>()?;
        Ok(Self { device: device.to_string(), items, n_frames, spans })
    }

    pub(super) fn device(&self) -> &str {
        &self.device
    }

    pub(super) fn n_trials(&self) -> usize {
        self.items.len()
    }

    /// The frames, the starts, and what all items say of themselves.
    pub(super) fn names(&self) -> Vec<String> {
        let all = |key: &&str| self.items.iter().all(|item| item.meta.text(key).is_some());
        let keys = self.items[0].meta.single().filter(all).map(|key| format!("{}.{key}", self.device));
        [self.device.clone(), format!("{}.onset", self.device)].into_iter().chain(keys).collect()
    }

    pub(super) fn read(&self, place: &mut Files, key: &str) -> Result<NpyArray> {
        match key {
            "" => self.frames(place),
            "onset" => Ok(NpyArray::of_numbers(&self.spans.iter().map(|(from, _)| *from).collect::<Vec<_>>())),
            key => {
                let texts: Vec<&str> = self.items.iter().map(|item| item.meta.text(key).unwrap_or_default()).collect();
                let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
                let texts = || NpyArray::of_texts(texts.iter().map(ToString::to_string).collect());
                Ok(numbers.map_or_else(texts, |numbers| NpyArray::of_numbers(&numbers)))
            }
        }
    }

    /// `[trial, frame, height, width, rgb]`, one byte a value.
    fn frames(&self, place: &mut Files) -> Result<NpyArray> {
        let (mut size, mut bytes) = (None, Vec::new());
        for item in &self.items {
            let name = format!("{}/data/{}.npy", self.device, item.key);
            if !place.folder.join(&name).is_file() {
                let error = DataError::new("frames", "a npy file", "none")
                    .hint("encoded frames are not read; save them as npy, or give them by `video.clips`");
                return Err(FormatError::data(&place.folder.join(&name), error));
            }
            let path = place.path(&name)?;
            let array = npy::read(&path)?;
            let [height, width] =
                append(&array, self.n_frames, &mut bytes).map_err(|error| FormatError::data(&path, error))?;
            let first = *size.get_or_insert([height, width]);
            let total = height * width * 3 * self.n_frames;
            if first != [height, width] || total.checked_mul(self.items.len()).is_none_or(|total| total > MAX_BYTES) {
                let expected = format!("frames of {} x {}, 4 GiB in all", first[0], first[1]);
                let got = format!("{height} x {width}, {} frames in {} trials", self.n_frames, self.items.len());
                return Err(FormatError::data(
                    &path,
                    DataError::new("size", expected, got).hint("rescale the videos first"),
                ));
            }
        }
        let [height, width] = size.unwrap_or_default();
        let shape = vec![self.items.len(), self.n_frames, height, width, 3];
        Ok(NpyArray::made(Kind::Uint, 1, shape, bytes))
    }

    /// The path that errors about times name.
    pub(super) fn key(&self, trial_idx: usize) -> &str {
        self.items.get(trial_idx).map_or("", |item| item.key.as_str())
    }

    pub(super) fn place(&self, folder: &Path) -> std::path::PathBuf {
        folder.join(&self.device)
    }
}

/// Appends the first frames of a file as colors; returns their height and width.
fn append(array: &NpyArray, n_frames: usize, bytes: &mut Vec<u8>) -> spikereel_data::Result<[usize; 2]> {
    let (frames, height, width, n_colors) = match *array.shape() {
        [height, width] => (1, height, width, 1),
        [height, width, 3] if n_frames == 1 => (1, height, width, 3),
        [frames, height, width] => (frames, height, width, 1),
        [frames, height, width, colors @ (1 | 3)] => (frames, height, width, colors),
        ref other => {
            let expected = "[frame, row, column] or [frame, row, column, rgb]";
            return Err(DataError::new("axes", expected, format!("shape {other:?}")));
        }
    };
    let n_values = n_frames.saturating_mul(height * width * n_colors);
    if frames < n_frames || n_values == 0 || bytes.len() + n_values > MAX_BYTES {
        return Err(DataError::new("frames", format!("{n_frames}, as num_frames says"), frames.to_string()));
    }
    let order: Vec<usize> = (0..array.shape().len()).collect();
    let mut outside = None;
    array.for_each_in_order(&order, |at, stored| {
        let value = array.number(stored).unwrap_or(f64::NAN);
        if at < n_values {
            if !(0.0..=255.0).contains(&value) {
                outside = outside.or(Some(value));
            }
            bytes.extend(std::iter::repeat_n(value.round() as u8, if n_colors == 1 { 3 } else { 1 }));
        }
    });
    match outside {
        None => Ok([height, width]),
        Some(value) => Err(DataError::new("frames", "values from 0 to 255", value.to_string())
            .hint("save frames as they were shown, not normalised")),
    }
}
