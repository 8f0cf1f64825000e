//! A clip for every trial, cut from a movie of the file by its clock.

use super::NwbFile;
use super::movie::Movie;
use super::options::VideoOptions;
use crate::Result;
use crate::read::VideoSource;
use spikereel_data::{BinGrid, SharedBytes, VideoPool};
use std::collections::{BTreeMap, HashMap};

/// All clips together, at most; equal clips count once.
const MAX_BYTES: usize = 4 << 30;
/// Frames of one clip, at most.
const MAX_FRAMES: usize = 1 << 20;
/// A frame that starts this little after the asked time counts as shown.
const SLACK_SECS: f64 = 1e-6;

impl NwbFile {
    /// Cuts a clip for every trial; trials that show the same frames share one.
    pub(super) fn clips(
        &self,
        options: &VideoOptions,
        align_secs: &[f64],
        grid: Option<&BinGrid>,
    ) -> Result<VideoSource> {
        let timeline = options.timeline(grid).map_err(|error| crate::FormatError::data(self.hdf.path(), error))?;
        if timeline.n_frames > MAX_FRAMES {
            return Err(self.fault("video.n_frames", format!("at most {MAX_FRAMES}"), timeline.n_frames.to_string()));
        }
        let movie = self.reduced_movie(&options.series, options.frame_px)?;
        let times = movie.times_secs()?;
        let (mut clips, mut clip_of_trial) = (Vec::<Vec<usize>>::new(), Vec::with_capacity(align_secs.len()));
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        for (trial_idx, align) in align_secs.iter().enumerate() {
            let shown = |frame_idx: usize| {
                let time = align + timeline.start_secs + frame_idx as f64 / timeline.frame_rate_hz;
                self.shown_at(&movie, &times, time, trial_idx)
            };
            let clip = (0..timeline.n_frames).map(shown).collect::<Result<Vec<usize>>>()?;
            let next = clips.len();
            let clip_idx = *known.entry(clip).or_insert_with_key(|clip| {
                clips.push(clip.clone());
                next
            });
            clip_of_trial.push(clip_idx);
        }
        let pool = self.pool(&movie, &clips, timeline.n_frames, options)?;
        Ok(VideoSource::Clips { pool, clip_of_trial, timeline })
    }

    fn shown_at(&self, movie: &Movie<'_>, times: &[f64], time: f64, trial_idx: usize) -> Result<usize> {
        let after = times.partition_point(|&start| start <= time + SLACK_SECS);
        // The last frame stays as long as the one before it did.
        let last = times.last().copied().unwrap_or(f64::NEG_INFINITY);
        let end = match times {
            [.., before, last] => last + (last - before),
            _ => last,
        };
        let shown = after.checked_sub(1).filter(|_| time < end + SLACK_SECS || times.len() == 1);
        shown.and_then(|frame_idx| movie.shown(frame_idx)).ok_or_else(|| {
            let first = times.first().copied().unwrap_or(f64::NAN);
            let got = format!("nothing at {time} s (trial {trial_idx}); the series goes from {first} to {end} s");
            let hint = "shorten the clip (--window), take the trials of this movie alone by `only` (--only), or align to another event (--align)";
            self.fault_hint(&movie.info().path, "a frame at every time of every clip", got, hint)
        })
    }

    fn pool(
        &self,
        movie: &Movie<'_>,
        clips: &[Vec<usize>],
        n_frames: usize,
        options: &VideoOptions,
    ) -> Result<VideoPool> {
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, &picture_idx) in clips.iter().flatten().enumerate() {
            places.entry(picture_idx).or_default().push(at);
        }
        let (mut size, mut bytes) = (None, Vec::new());
        for (picture_idx, at) in places {
            let picture = movie.picture(picture_idx, &options.pictures)?;
            let picture = match options.frame_px {
                Some(px) => picture.averaged(px).map_err(|error| crate::FormatError::data(self.hdf.path(), error))?,
                None => picture,
            };
            let (height, width) = *size.get_or_insert((picture.height, picture.width));
            if (picture.height, picture.width) != (height, width) {
                let expected = format!("pictures of one size, {height} x {width}");
                let got = format!("{} x {} in picture {picture_idx}", picture.height, picture.width);
                return Err(self.fault(&movie.info().path, expected, got));
            }
            let n = picture.rgb.len();
            if bytes.is_empty() {
                let total = n.checked_mul(clips.len() * n_frames).filter(|&total| total <= MAX_BYTES);
                let Some(total) = total else {
                    let got = format!("{} clips of {} frames of {height} x {width}", clips.len(), n_frames);
                    let hint = "take fewer frames, or average pictures down by `frame_px` (--frame-px)";
                    return Err(self.fault_hint(&movie.info().path, "clips of at most 4 GiB together", got, hint));
                };
                bytes = vec![0; total];
            }
            for at in at {
                bytes[at * n..(at + 1) * n].copy_from_slice(&picture.rgb);
            }
        }
        let (height, width) = size.unwrap_or_default();
        VideoPool::new([clips.len(), n_frames, height, width, 3], SharedBytes::new(bytes))
            .map_err(|error| crate::FormatError::data(self.hdf.path(), error))
    }
}
