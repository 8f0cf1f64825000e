//! Decoded videos as a npy file, `[trial, frame, height, width, rgb]`, for numpy, MATLAB or a viewer of one's own.

use crate::files::{sync_parent, temporary};
use crate::{FormatError, Result};
use ndarray::ArrayView5;
use serde::{Deserialize, Serialize};
use spikereel_data::DataError;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How values stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoValues {
    /// 0 to 1, four bytes.
    F32,
    /// 0 to 255, one byte, rounded.
    U8,
}

/// Writes a video trial by trial, under a temporary name until [`VideoWriter::finish`].
pub struct VideoWriter {
    path: PathBuf,
    partial: PathBuf,
    shape: [usize; 5],
    values: VideoValues,
    n_written: usize,
    file: BufWriter<File>,
    finished: bool,
}

impl VideoWriter {
    /// Starts a file of the whole shape `[trial, frame, height, width, rgb]`.
    ///
    /// # Errors
    /// Where `path` exists or cannot be written.
    pub fn create(path: &Path, shape: [usize; 5], values: VideoValues) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(FormatError::Exists(path.to_path_buf()));
        }
        let partial = temporary(path);
        let file = File::create(&partial).map_err(|error| FormatError::io(path, "write it", error))?;
        let mut writer = Self {
            path: path.to_path_buf(),
            partial,
            shape,
            values,
            n_written: 0,
            file: BufWriter::new(file),
            finished: false,
        };
        let descr = if values == VideoValues::F32 { "<f4" } else { "|u1" };
        let mut header = format!(
            "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}, {}, {}, {}, {}), }}",
            shape[0], shape[1], shape[2], shape[3], shape[4]
        );
        // Magic, version and length take 10 bytes; numpy aligns the values to 64.
        let len = (10 + header.len() + 1).next_multiple_of(64) - 10;
        header.push_str(&" ".repeat(len - header.len() - 1));
        header.push('\n');
        writer.put(b"\x93NUMPY\x01\x00")?;
        writer.put(&(len as u16).to_le_bytes())?;
        writer.put(header.as_bytes())?;
        Ok(writer)
    }

    /// Appends trials, `[trial, frame, height, width, rgb]`, 0 to 1.
    ///
    /// # Errors
    /// Names the axis that does not fit, or the disk's refusal.
    pub fn write_trials(&mut self, video: ArrayView5<'_, f32>) -> Result<()> {
        let shape = video.shape();
        for (axis, name) in ["frame", "height", "width", "rgb"].into_iter().enumerate() {
            if shape[axis + 1] != self.shape[axis + 1] {
                let (expected, got) = (self.shape[axis + 1].to_string(), shape[axis + 1].to_string());
                return Err(FormatError::data(
                    &self.path,
                    DataError::new(format!("video, {name} axis"), expected, got),
                ));
            }
        }
        self.n_written += shape[0];
        if self.n_written > self.shape[0] {
            let error = DataError::new("video, trial axis", self.shape[0].to_string(), self.n_written.to_string());
            return Err(FormatError::data(&self.path, error));
        }
        let bytes: Vec<u8> = match self.values {
            VideoValues::F32 => video.iter().flat_map(|value| value.to_le_bytes()).collect(),
            VideoValues::U8 => video.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect(),
        };
        self.put(&bytes)
    }

    /// Puts the file under its name.
    ///
    /// # Errors
    /// Fewer trials than the shape says, or the disk's refusal.
    pub fn finish(mut self) -> Result<()> {
        if self.n_written != self.shape[0] {
            let error = DataError::new("video, trial axis", self.shape[0].to_string(), self.n_written.to_string());
            return Err(FormatError::data(&self.path, error));
        }
        let fail = |error| FormatError::io(&self.path, "write it", error);
        self.file.flush().map_err(fail)?;
        self.file.get_ref().sync_all().map_err(fail)?;
        if self.path.symlink_metadata().is_ok() {
            return Err(FormatError::Exists(self.path.clone()));
        }
        fs::rename(&self.partial, &self.path).map_err(fail)?;
        sync_parent(&self.path);
        self.finished = true;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| FormatError::io(&self.path, "write it", error))
    }
}

impl Drop for VideoWriter {
    /// Removes a file that was not finished.
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Writes a whole video.
///
/// # Errors
/// As [`VideoWriter`].
pub fn write_video(path: &Path, video: ArrayView5<'_, f32>, values: VideoValues) -> Result<()> {
    let (n_trials, n_frames, height, width, rgb) = video.dim();
    let mut writer = VideoWriter::create(path, [n_trials, n_frames, height, width, rgb], values)?;
    writer.write_trials(video)?;
    writer.finish()
}
