//! A borrowed video of one trial or one condition, `[frame, height, width, rgb]`.

use spikereel_data::{DataError, Result};

/// One video, values 0..=1, rgb fastest.
#[derive(Debug, Clone, Copy)]
pub struct Clip<'a> {
    shape: [usize; 4],
    values: &'a [f32],
}

impl<'a> Clip<'a> {
    /// Borrows values laid out `[frame, height, width, rgb]`.
    ///
    /// # Errors
    /// Where the number of values does not fit the shape, or an axis is empty, or rgb is not 3.
    pub fn new(shape: [usize; 4], values: &'a [f32]) -> Result<Self> {
        let len: usize = shape.iter().product();
        if len == 0 || shape[3] != 3 || len != values.len() {
            let expected = "[frame, height, width, 3], no axis empty, with as many values";
            return Err(DataError::new("video", expected, format!("{shape:?} with {} values", values.len())));
        }
        Ok(Self { shape, values })
    }

    /// `[frame, height, width, rgb]`.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    /// All values.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Values in one frame.
    pub fn frame_len(&self) -> usize {
        self.shape[1] * self.shape[2] * self.shape[3]
    }

    /// One frame, `[height, width, rgb]`.
    ///
    /// # Panics
    /// Where there is no such frame.
    pub fn frame(&self, frame_idx: usize) -> &'a [f32] {
        let len = self.frame_len();
        &self.values[frame_idx * len..(frame_idx + 1) * len]
    }

    /// The color at a pixel.
    ///
    /// # Panics
    /// Where there is no such pixel.
    pub fn rgb(&self, frame_idx: usize, row: usize, col: usize) -> [f32; 3] {
        let at = ((frame_idx * self.shape[1] + row) * self.shape[2] + col) * 3;
        [self.values[at], self.values[at + 1], self.values[at + 2]]
    }
}
