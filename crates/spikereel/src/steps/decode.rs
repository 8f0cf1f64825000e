//! `decode`: a file of spikes in, a file of video out.

pub use super::fits::WhichDecoder;
use super::open_run::OpenRun;
use crate::progress::Progress;
use crate::{Error, Result};
use ndarray::{Axis, Slice};
use serde::Serialize;
use spikereel_data::DataError;
use spikereel_formats::{VideoValues, VideoWriter};
use std::path::{Path, PathBuf};

/// Trials decoded at a time: enough to keep cores busy, few enough that memory stays small.
const BATCH: usize = 32;

/// What `decode` wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decoded {
    /// The video file.
    pub video: PathBuf,
    /// `[trial, frame, height, width, rgb]`.
    pub shape: [usize; 5],
}

/// Decodes binned spikes, standardising them as the decoder's training trials were.
///
/// # Errors
/// Spikes of other axes, values that are not finite, an output that exists, an I/O error.
pub fn decode(run: &Path, spikes: &Path, which: WhichDecoder, out: &Path, progress: &dyn Progress) -> Result<Decoded> {
    if out.symlink_metadata().is_ok() {
        return Err(Error::FolderExists(out.to_path_buf()));
    }
    let values = spikereel_formats::read_spikes(spikes, None)?;
    let run = OpenRun::open(run, "decode", progress)?;
    let decoder = run.decoder(which)?;
    let fold = run.fold(which.fold_idx)?;
    let (n_trials, n_bins, n_sites) = values.dim();
    for (axis, expected, got) in [("bin", run.dataset.n_bins(), n_bins), ("site", run.dataset.n_sites(), n_sites)] {
        if expected != got {
            return Err(DataError::new(format!("spikes, {axis} axis"), expected.to_string(), got.to_string())
                .hint("axes are [trial, bin, site], bins and sites as in the run's dataset")
                .at(spikes.display().to_string())
                .into());
        }
    }
    let [n_frames, height, width, rgb] = run.dataset.video_shape();
    let shape = [n_trials, n_frames, height, width, rgb];
    let mut writer = VideoWriter::create(out, shape, VideoValues::F32)?;
    let task = progress.begin("decoding", n_trials as u64, "trial");
    for first in (0..n_trials).step_by(BATCH) {
        let last = (first + BATCH).min(n_trials);
        let mut batch = values.slice_axis(Axis(0), Slice::from(first..last)).as_standard_layout().into_owned();
        for mut trial in batch.outer_iter_mut() {
            if let Some(trial) = trial.as_slice_mut() {
                fold.standardiser().apply(trial);
            }
        }
        writer.write_trials(decoder.predict(batch.view())?.view())?;
        task.advance((last - first) as u64);
    }
    writer.finish()?;
    run.finish()?;
    Ok(Decoded { video: out.to_path_buf(), shape })
}
