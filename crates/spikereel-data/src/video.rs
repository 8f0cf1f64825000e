//! A pool of video clips, one byte a value: `[clip, frame, height, width, rgb]`.

use crate::{DataError, Result, SharedBytes};

/// Clips of equal shape. Trials refer to them by index, so that many trials may show one clip.
#[derive(Debug, Clone)]
pub struct VideoPool {
    shape: [usize; 5],
    bytes: SharedBytes,
}

impl VideoPool {
    /// Wraps bytes laid out `[clip, frame, height, width, rgb]`, rgb fastest, 0 black to 255 full.
    ///
    /// # Errors
    /// Names the axis that is empty or not 3 colors, or the number of bytes that does not fit.
    pub fn new(shape: [usize; 5], bytes: SharedBytes) -> Result<Self> {
        for (axis, len) in ["clip", "frame", "height", "width", "rgb"].iter().zip(shape) {
            if len == 0 {
                return Err(DataError::new(format!("video, {axis} axis"), "at least 1", "0"));
            }
        }
        if shape[4] != 3 {
            return Err(DataError::new("video, rgb axis", "3, as the last axis", shape[4].to_string())
                .hint("order the axes [clip, frame, height, width, rgb]"));
        }
        let n_bytes = shape.iter().try_fold(1, |n: usize, &len| n.checked_mul(len));
        if n_bytes != Some(bytes.as_slice().len()) {
            return Err(DataError::new(
                "video",
                format!("{} bytes for shape {shape:?}", n_bytes.map_or("too many".into(), |n| n.to_string())),
                bytes.as_slice().len().to_string(),
            ));
        }
        Ok(Self { shape, bytes })
    }

    /// `[clip, frame, height, width, rgb]`.
    pub fn shape(&self) -> [usize; 5] {
        self.shape
    }

    /// Number of clips.
    pub fn n_clips(&self) -> usize {
        self.shape[0]
    }

    /// Values in one clip.
    pub fn clip_len(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// The bytes of a clip, `[frame, height, width, rgb]`.
    pub fn clip(&self, clip_idx: usize) -> &[u8] {
        let n = self.clip_len();
        &self.bytes.as_slice()[clip_idx * n..(clip_idx + 1) * n]
    }

    /// All bytes, for writing.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// A clip as f32 in 0..=1, into `out`, `[frame, height, width, rgb]`.
    ///
    /// # Panics
    /// Where `out` is not one clip long.
    pub fn copy_clip(&self, clip_idx: usize, out: &mut [f32]) {
        assert_eq!(out.len(), self.clip_len(), "out holds one clip");
        out.iter_mut().zip(self.clip(clip_idx)).for_each(|(out, &value)| *out = f32::from(value) / 255.0);
    }
}
