//! Frames as they come, collected into clips of one size and length.

use super::frame::Frame;
use super::shrink::Shrink;
use spikereel_data::{DataError, Result, SharedBytes, VideoPool};

/// All clips together, at most.
const MAX_BYTES: usize = 4 << 30;

/// Clips in the making.
pub(crate) struct Sink {
    frame_px: Option<usize>,
    shrink: Option<Shrink>,
    /// Frames that each clip must have, and whose number that is.
    n_frames: Option<(usize, String)>,
    size: Option<(usize, usize)>,
    bytes: Vec<u8>,
    n_clips: usize,
    n_in_clip: usize,
    /// Pictures of the clip, where some stand for several frames.
    n_pictures: usize,
}

impl Sink {
    pub(crate) fn new(frame_px: Option<usize>, n_frames: Option<usize>) -> Self {
        let n_frames = n_frames.map(|n| (n, "the timeline".to_string()));
        Self {
            frame_px,
            shrink: None,
            n_frames,
            size: None,
            bytes: Vec::new(),
            n_clips: 0,
            n_in_clip: 0,
            n_pictures: 0,
        }
    }

    /// Starts a clip.
    pub(super) fn begin(&mut self) {
        (self.n_in_clip, self.n_pictures) = (0, 0);
    }

    /// Frames that were added since the clip was begun.
    pub(crate) fn n_in_clip(&self) -> usize {
        self.n_in_clip
    }

    /// All frames without their clips: height, width, and bytes of one frame after another.
    pub(crate) fn into_frames(self) -> (usize, usize, Vec<u8>) {
        let (height, width) = self.size.unwrap_or_default();
        (height, width, self.bytes)
    }

    /// Frames of a clip, where they are known.
    pub(super) fn n_frames(&self) -> Option<usize> {
        self.n_frames.as_ref().map(|(n, _)| *n)
    }

    /// Adds a picture that is shown for some frames. False where the clip is too long already and need not be read on.
    ///
    /// # Errors
    /// Another size than the pictures before; more than memory is set aside for.
    pub(super) fn push(&mut self, frame: &Frame, n_shown: usize) -> Result<bool> {
        let reduced = match self.frame_px {
            Some(px) => Some(self.reduced(frame, px)?),
            None => None,
        };
        let frame = reduced.as_ref().unwrap_or(frame);
        check_same(*self.size.get_or_insert((frame.height, frame.width)), frame.height, frame.width)?;
        self.n_pictures += 1;
        for _ in 0..n_shown {
            self.n_in_clip += 1;
            if self.n_frames.as_ref().is_some_and(|(n, _)| self.n_in_clip > *n) {
                return Ok(false);
            }
            if frame.rgb.len() > MAX_BYTES - self.bytes.len() {
                let got = format!("more, by frame {} of clip {}", self.n_in_clip - 1, self.n_clips);
                return Err(DataError::new("size", "clips of at most 4 GiB together", got)
                    .hint("give a smaller `video.frame_px`, or fewer or shorter clips"));
            }
            self.bytes.extend_from_slice(&frame.rgb);
        }
        Ok(true)
    }

    /// Refuses a size that [`Sink::push`] would refuse, before a picture of it is decoded.
    ///
    /// # Errors
    /// Another size than the pictures before.
    pub(super) fn check_size(&self, height: usize, width: usize) -> Result<()> {
        self.size.filter(|_| self.frame_px.is_none()).map_or(Ok(()), |first| check_same(first, height, width))
    }

    /// Ends a clip.
    ///
    /// # Errors
    /// No frames, or not as many as the others have.
    pub(super) fn end(&mut self, name: &str) -> Result<()> {
        let n_found = self.n_in_clip;
        let (n_frames, whose) = self.n_frames.get_or_insert((n_found, format!("`{name}`")));
        if n_found == 0 {
            return Err(DataError::new("frames", "at least 1", "0"));
        }
        if n_found != *n_frames {
            let more = if n_found > *n_frames { " at least" } else { "" };
            let pictures = match self.n_pictures {
                n if n == n_found || n_found > *n_frames => String::new(),
                n => format!(" ({n} pictures, each for as long as it is shown)"),
            };
            let got = format!("{n_found}{more}{pictures}");
            let hint = if n_found < *n_frames {
                "every clip needs every frame: add the missing ones, or set timeline.n_frames to what all clips have and cut the others"
            } else {
                "cut the clip, or set timeline.n_frames to what all clips have"
            };
            return Err(DataError::new("frames", format!("{n_frames}, as {whose} has"), got).hint(hint));
        }
        self.n_clips += 1;
        Ok(())
    }

    /// All clips.
    pub(super) fn into_pool(self) -> Result<VideoPool> {
        let (height, width) = self.size.unwrap_or_default();
        let n_frames = self.n_frames().unwrap_or_default();
        VideoPool::new([self.n_clips, n_frames, height, width, 3], SharedBytes::new(self.bytes))
    }

    fn reduced(&mut self, frame: &Frame, px: usize) -> Result<Frame> {
        if self.shrink.as_ref().is_none_or(|shrink| !shrink.is_from(frame.height, frame.width)) {
            self.shrink = Some(Shrink::new(frame.height, frame.width, px)?);
        }
        let mut rgb = Vec::with_capacity(px * px * 3);
        if let Some(shrink) = &mut self.shrink {
            shrink.apply(&frame.rgb, &mut rgb);
        }
        Ok(Frame { height: px, width: px, rgb })
    }
}

fn check_same(first: (usize, usize), height: usize, width: usize) -> Result<()> {
    if (height, width) == first {
        return Ok(());
    }
    let expected = format!("frames of one size, {} x {} as the first", first.0, first.1);
    Err(DataError::new("size", expected, format!("{height} x {width}"))
        .hint("save all frames in one size, or give `video.frame_px`, which reduces each to a square"))
}
