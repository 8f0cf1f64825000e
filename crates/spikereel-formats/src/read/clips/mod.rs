//! Clips from picture files: folders of frames, animated GIF, TIFF of many pages, and movies by way of ffmpeg.
//!
//! Sizes are read and checked before a picture is decoded; together, clips may take 4 GiB once reduced.

mod ffmpeg;
mod folder;
mod frame;
mod gif;
mod png;
mod shrink;
mod sink;
mod tiff;
mod tiff_tags;

use super::bundle::Bundle;
use crate::files::regular_len;
use crate::{FormatError, Result};
pub(crate) use shrink::{Shrink, shrink_pool};
pub(crate) use sink::Sink;
use spikereel_data::{DataError, VideoPool};
use std::path::{Path, PathBuf};

const KEY: &str = "video.clips";

/// What clips are read for.
pub(crate) struct Wanted<'a> {
    /// Files and folders, as the sidecar spells them.
    pub(crate) names: &'a [String],
    /// Height and width that frames are reduced to.
    pub(crate) frame_px: Option<usize>,
    /// Frames of every clip; as many as the first has where left out.
    pub(crate) n_frames: Option<usize>,
    /// Rate at which movies are sampled.
    pub(crate) frame_rate_hz: f64,
}

/// Reads all clips; every file counts as an input of the recording.
pub(crate) fn read(sidecar: &Path, bundle: &mut Bundle, wanted: &Wanted<'_>) -> Result<VideoPool> {
    if wanted.names.is_empty() {
        return Err(FormatError::data(sidecar, DataError::new(KEY, "at least one file or folder", "none")));
    }
    let mut sink = Sink::new(wanted.frame_px, wanted.n_frames);
    for name in wanted.names {
        sink.begin();
        let path = bundle.inside(KEY, name)?;
        let place = |error: DataError| {
            FormatError::data(sidecar, DataError { field: format!("{KEY} `{name}`, {}", error.field), ..error })
        };
        let found = if path.is_dir() {
            from_folder(bundle, name, &path, &mut sink, sidecar)
        } else {
            regular_len(&path)?;
            bundle.use_file(name.clone(), path.clone());
            of_file(&path, Some(wanted.frame_rate_hz), &mut sink).map_err(place)
        };
        found?;
        sink.end(name).map_err(place)?;
    }
    sink.into_pool().map_err(|error| FormatError::data(sidecar, error))
}

fn from_folder(bundle: &mut Bundle, name: &str, path: &Path, sink: &mut Sink, sidecar: &Path) -> Result<()> {
    let place = |what: &str, error: DataError| {
        FormatError::data(sidecar, DataError { field: format!("{KEY} `{name}`{what}, {}", error.field), ..error })
    };
    let frames = folder::frames(path).map_err(|error| place("", error))?;
    let paths: Vec<(String, PathBuf)> = frames
        .iter()
        .map(|frame| {
            let name = format!("{}/{frame}", name.trim_end_matches('/'));
            Ok((name.clone(), bundle.inside(KEY, &name)?))
        })
        .collect::<Result<_>>()?;
    for ((shown, path), frame) in paths.into_iter().zip(frames) {
        regular_len(&path)?;
        let picture = match ending(&path).as_str() {
            "png" => png::picture(&path),
            _ => tiff::picture(&path),
        };
        let pushed = picture.and_then(|picture| sink.push(&picture, 1));
        bundle.use_file(shown, path);
        if !pushed.map_err(|error| place(&format!(", frame `{}`", frame.escape_debug()), error))? {
            break;
        }
    }
    Ok(())
}

/// Reads a file's frames: sampled at a rate, or each stored one once where none is given.
///
/// # Errors
/// A file that cannot be decoded, and what `sink` refuses.
pub(crate) fn of_file(path: &Path, frame_rate_hz: Option<f64>, sink: &mut Sink) -> spikereel_data::Result<()> {
    match ending(path).as_str() {
        "png" => sink.push(&png::picture(path)?, 1).map(|_| ()),
        "gif" => gif::read(path, frame_rate_hz, sink),
        "tif" | "tiff" => tiff::read(path, sink),
        _ => ffmpeg::read(path, frame_rate_hz, sink),
    }
}

/// The ending of a file's name, in lower case.
fn ending(path: &Path) -> String {
    path.extension().map_or_else(String::new, |ending| ending.to_string_lossy().to_ascii_lowercase())
}

/// Opens a file for a decoder.
fn open(path: &Path) -> spikereel_data::Result<std::io::BufReader<std::fs::File>> {
    let file = std::fs::File::open(path);
    file.map(std::io::BufReader::new)
        .map_err(|error| DataError::new("file", "one that can be opened", error.to_string()))
}

/// What a decoder could not read.
fn damaged(kind: &str, error: impl std::fmt::Display) -> DataError {
    DataError::new("file", format!("a {kind} that can be decoded"), error.to_string())
        .hint("the file is cut off, damaged or of another kind; save it again")
}
