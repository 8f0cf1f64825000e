//! Pictures reduced to a square: each new pixel is the mean of the area that it covers, parts of pixels counted by their share.
//!
//! Exact: shares are whole numbers, and the mean is rounded once, halves up. The mean is of stored values, not of light.

use spikereel_data::{DataError, Result, SharedBytes, VideoPool};

/// Larger frames have no use here.
const MAX_PX: usize = 4096;

/// Shares of pixels along one axis, the same for every picture of a size.
pub(crate) struct Shrink {
    height: usize,
    width: usize,
    rows: Vec<Span>,
    columns: Vec<Span>,
    /// Sums of one band of rows, `[column, rgb]`.
    band: Vec<u64>,
}

/// The pixels under a new one: the first of them, and the share of each.
struct Span {
    first: usize,
    shares: Vec<u64>,
}

impl Shrink {
    /// For pictures of this size.
    ///
    /// # Errors
    /// A square that is empty, or larger than the picture.
    pub(crate) fn new(height: usize, width: usize, px: usize) -> Result<Self> {
        if !(1..=MAX_PX).contains(&px) {
            return Err(DataError::new("video.frame_px", format!("1 to {MAX_PX}"), px.to_string()));
        }
        if px > height.min(width) {
            let expected = format!("at most {}: frames are {height} x {width}", height.min(width));
            return Err(DataError::new("video.frame_px", expected, px.to_string())
                .hint("frames are only reduced: give a smaller frame_px (--frame-px)"));
        }
        Ok(Self { height, width, rows: spans(height, px), columns: spans(width, px), band: vec![0; width * 3] })
    }

    pub(crate) fn is_from(&self, height: usize, width: usize) -> bool {
        (self.height, self.width) == (height, width)
    }

    /// Appends the reduced picture `[row, column, rgb]`.
    pub(crate) fn apply(&mut self, rgb: &[u8], out: &mut Vec<u8>) {
        let n_row = self.width * 3;
        let area = (self.height * self.width) as u64;
        for row in &self.rows {
            self.band.fill(0);
            for (at, share) in row.shares.iter().enumerate() {
                let stored = &rgb[(row.first + at) * n_row..(row.first + at + 1) * n_row];
                self.band.iter_mut().zip(stored).for_each(|(sum, value)| *sum += share * u64::from(*value));
            }
            for column in &self.columns {
                for color in 0..3 {
                    let shares = column.shares.iter().enumerate();
                    let sum: u64 = shares.map(|(at, share)| share * self.band[(column.first + at) * 3 + color]).sum();
                    out.push(((2 * sum + area) / (2 * area)) as u8);
                }
            }
        }
    }
}

/// In units of one `n_out`-th of a pixel: a pixel is `n_out` long, a new one `n_in`.
fn spans(n_in: usize, n_out: usize) -> Vec<Span> {
    let span = |at: usize| {
        let (start, end) = (at * n_in, (at + 1) * n_in);
        let (first, last) = (start / n_out, (end - 1) / n_out);
        let share = |pixel: usize| (end.min((pixel + 1) * n_out) - start.max(pixel * n_out)) as u64;
        Span { first, shares: (first..=last).map(share).collect() }
    };
    (0..n_out).map(span).collect()
}

/// All frames of some clips, reduced.
pub(crate) fn shrink_pool(pool: &VideoPool, px: usize) -> Result<VideoPool> {
    let [n_clips, n_frames, height, width, _] = pool.shape();
    let mut shrink = Shrink::new(height, width, px)?;
    let mut bytes = Vec::with_capacity(n_clips * n_frames * px * px * 3);
    pool.bytes().chunks_exact(height * width * 3).for_each(|frame| shrink.apply(frame, &mut bytes));
    VideoPool::new([n_clips, n_frames, px, px, 3], SharedBytes::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(height: usize, width: usize, px: usize, rgb: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Shrink::new(height, width, px).unwrap().apply(rgb, &mut out);
        out
    }

    #[test]
    fn a_new_pixel_is_the_mean_of_what_it_covers() {
        let gray = |values: &[u8]| values.iter().flat_map(|value| [*value; 3]).collect::<Vec<u8>>();
        assert_eq!(shrunk(2, 2, 2, &gray(&[1, 2, 3, 4])), gray(&[1, 2, 3, 4]));
        assert_eq!(shrunk(2, 2, 1, &gray(&[0, 1, 1, 0])), gray(&[1])); // one half, up
        // Three columns to two: a whole pixel and half of the middle one, 3 rows likewise.
        let nine = gray(&[0, 90, 180, 0, 90, 180, 0, 90, 180]);
        assert_eq!(shrunk(3, 3, 2, &nine), gray(&[30, 150, 30, 150]));
    }

    #[test]
    fn frames_are_never_enlarged() {
        assert_eq!(
            Shrink::new(8, 16, 9).err().unwrap().to_string(),
            "video.frame_px: expected at most 8: frames are 8 x 16, got 9 (hint: frames are only reduced: give a smaller frame_px (--frame-px))"
        );
        assert!(Shrink::new(8, 8, 0).is_err());
    }
}
