//! Movies to take away: true and decoded clips side by side, several conditions in a montage, as an animated PNG.
//!
//! An APNG is exact (no palette, no loss), plays in every browser, and shows its first frame where animation is unknown.

use crate::schema::Videos;
use crate::sheet::{Sheet, decode_sheet};
use crate::{Error, Result, base64};
use spikereel_data::DataError;

/// Times that a pixel is repeated along each side; nearest, so that pixels stay what they were.
const SCALE: usize = 4;
/// Between the tracks of a clip.
const GUTTER: usize = 2;
/// Between clips of a montage.
const GAP: usize = 8;
/// Clips of a montage.
const MAX_CLIPS: usize = 16;
/// Gray of gutters and gaps.
const GROUND: u8 = 255;

/// The animated PNG of some clips, each with its tracks from left to right (the truth first), clips in a montage about as wide as
/// high. Every pixel is four by four, tracks stand 2 pixels apart.
///
/// # Shapes
/// - clips: `[clip][track]`; all tracks of one number of frames, height and width
///
/// # Errors
/// Where there are no clips, their sizes differ, or the frame rate is not above 0.
pub fn movie(clips: &[Vec<Sheet>], frame_rate_hz: f64) -> Result<Vec<u8>> {
    let first = clips.first().and_then(|clip| clip.first());
    let first = first.ok_or_else(|| DataError::new("clips", "at least one with a track", "none"))?;
    let (n_frames, n_tracks) = (first.n_frames, clips[0].len());
    let size = |sheet: &Sheet| (sheet.n_frames, sheet.height, sheet.width);
    for (clip_idx, clip) in clips.iter().enumerate() {
        if clip.len() != n_tracks || clip.iter().any(|sheet| size(sheet) != size(first)) {
            let expected = format!("{n_tracks} tracks of {n_frames} frames of {} x {}", first.height, first.width);
            let got: Vec<String> = clip.iter().map(|sheet| format!("{:?}", size(sheet))).collect();
            return Err(DataError::new(format!("clips[{clip_idx}]"), expected, got.join(", ")).into());
        }
    }
    if !(frame_rate_hz.is_finite() && frame_rate_hz > 0.0) {
        return Err(DataError::new("frame_rate_hz", "above 0", frame_rate_hz.to_string()).into());
    }
    let montage = Montage::new(clips.len(), n_tracks, first.height, first.width);
    let draw = |error: png::EncodingError| Error::Draw(error.to_string());
    let count = |n: usize| u32::try_from(n).map_err(|error| Error::Draw(error.to_string()));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, count(montage.width)?, count(montage.height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    // Three of four rows equal the row above them, which this filter turns into zeros.
    encoder.set_filter(png::Filter::Up);
    encoder.set_animated(count(n_frames)?, 0).map_err(draw)?;
    let (numerator, denominator) = delay(frame_rate_hz);
    encoder.set_frame_delay(numerator, denominator).map_err(draw)?;
    let mut writer = encoder.write_header().map_err(draw)?;
    for frame_idx in 0..n_frames {
        writer.write_image_data(&montage.frame(clips, frame_idx)).map_err(draw)?;
    }
    writer.finish().map_err(draw)?;
    Ok(bytes)
}

/// The same as an address that a page can hold, `data:image/png;base64,...`.
///
/// # Errors
/// As [`movie`].
pub fn movie_address(clips: &[Vec<Sheet>], frame_rate_hz: f64) -> Result<String> {
    Ok(format!("data:image/png;base64,{}", base64::encode(&movie(clips, frame_rate_hz)?)))
}

/// The movie of a report's clips, up to sixteen of them spread over all; none where there are no clips.
///
/// # Errors
/// Where a sheet is no picture or sizes differ.
pub fn movie_of(videos: &Videos) -> Result<Option<Vec<u8>>> {
    let n = videos.clips.len().min(MAX_CLIPS);
    if n == 0 {
        return Ok(None);
    }
    let clips = (0..n).map(|idx| &videos.clips[idx * videos.clips.len() / n]);
    let decode = |sheet: &String| decode_sheet(sheet, videos.n_frames);
    let clips: Vec<Vec<Sheet>> =
        clips.map(|clip| clip.sheets.iter().map(decode).collect::<Result<_>>()).collect::<Result<_>>()?;
    movie(&clips, videos.frame_rate_hz).map(Some)
}

/// Seconds between frames as a fraction of two 16-bit numbers, exact for whole rates and for those in hundredths.
fn delay(frame_rate_hz: f64) -> (u16, u16) {
    for numerator in [1_u16, 100] {
        let denominator = frame_rate_hz * f64::from(numerator);
        if (denominator - denominator.round()).abs() < 1e-9 && (1.0..65_536.0).contains(&denominator) {
            return (numerator, denominator.round() as u16);
        }
    }
    (((1000.0 / frame_rate_hz).round().clamp(1.0, 65_535.0)) as u16, 1000)
}

/// Where clips stand.
struct Montage {
    n_columns: usize,
    width: usize,
    height: usize,
    cell_width: usize,
    cell_height: usize,
    track_width: usize,
}

impl Montage {
    fn new(n_clips: usize, n_tracks: usize, height: usize, width: usize) -> Self {
        let track_width = SCALE * width;
        let cell_width = n_tracks * track_width + (n_tracks - 1) * GUTTER;
        let cell_height = SCALE * height;
        // As many columns as make the whole about square.
        let ratio = (cell_height + GAP) as f64 / (cell_width + GAP) as f64;
        let n_columns = ((n_clips as f64 * ratio).sqrt().round() as usize).clamp(1, n_clips);
        let n_rows = n_clips.div_ceil(n_columns);
        Self {
            n_columns,
            width: n_columns * (cell_width + GAP) - GAP,
            height: n_rows * (cell_height + GAP) - GAP,
            cell_width,
            cell_height,
            track_width,
        }
    }

    /// One frame of the montage, `[height, width, rgb]`.
    fn frame(&self, clips: &[Vec<Sheet>], frame_idx: usize) -> Vec<u8> {
        let mut pixels = vec![GROUND; self.width * self.height * 3];
        for (clip_idx, clip) in clips.iter().enumerate() {
            let top = clip_idx / self.n_columns * (self.cell_height + GAP);
            let left = clip_idx % self.n_columns * (self.cell_width + GAP);
            for (track_idx, sheet) in clip.iter().enumerate() {
                let left = left + track_idx * (self.track_width + GUTTER);
                for (row_idx, row) in sheet.frame(frame_idx).chunks_exact(3 * sheet.width).enumerate() {
                    let wide: Vec<u8> = row.chunks_exact(3).flat_map(|pixel| pixel.repeat(SCALE)).collect();
                    for copy in 0..SCALE {
                        let start = 3 * ((top + row_idx * SCALE + copy) * self.width + left);
                        pixels[start..start + wide.len()].copy_from_slice(&wide);
                    }
                }
            }
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(level: u8) -> Sheet {
        let pixels = (0..3 * 2 * 5 * 3_usize).map(|n| level.wrapping_add((n * 7) as u8)).collect();
        Sheet { n_frames: 3, height: 2, width: 5, pixels }
    }

    #[test]
    fn a_movie_decodes_to_the_pixels_it_was_made_from_at_its_own_rate() {
        let clips: Vec<Vec<Sheet>> = (0..5).map(|n| vec![sheet(n * 20), sheet(200 - n)]).collect();
        let bytes = movie(&clips, 12.5).unwrap();
        assert_eq!(bytes, movie(&clips, 12.5).unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let animation = *reader.info().animation_control().unwrap();
        assert_eq!(animation.num_plays, 0);
        let montage = Montage::new(5, 2, 2, 5);
        assert_eq!(reader.info().size(), (montage.width as u32, montage.height as u32));
        for frame_idx in 0..3 {
            let mut frame = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut frame).unwrap();
            let control = *reader.info().frame_control().unwrap();
            assert_eq!((control.delay_num, control.delay_den), (100, 1250));
            for (clip_idx, clip) in clips.iter().enumerate() {
                for (track_idx, sheet) in clip.iter().enumerate() {
                    for (y, x) in [(0, 0), (1, 4)] {
                        let row = clip_idx / montage.n_columns * (8 + GAP) + 4 * y + 3;
                        let column = clip_idx % montage.n_columns * (42 + GAP) + track_idx * 22 + 4 * x + 1;
                        let start = 3 * (row * montage.width + column);
                        let expected = &sheet.frame(frame_idx)[3 * (y * 5 + x)..3 * (y * 5 + x) + 3];
                        assert_eq!(&frame[start..start + 3], expected, "clip {clip_idx}, track {track_idx}");
                    }
                }
            }
            // The gutter between the tracks of the first clip.
            assert_eq!(&frame[3 * 20..3 * 22], &[GROUND; 6]);
        }
        let mut behind = vec![0; reader.output_buffer_size().unwrap()];
        assert!(reader.next_frame(&mut behind).is_err(), "three frames and no more");
    }

    #[test]
    fn rates_are_exact_where_a_fraction_can_say_them() {
        assert_eq!([delay(10.0), delay(29.97), delay(50.0)], [(1, 10), (100, 2997), (1, 50)]);
        assert_eq!(delay(1.0 / 3.0), (3000, 1000));
    }

    #[test]
    fn clips_that_do_not_fit_together_are_refused() {
        let other = Sheet { n_frames: 1, ..sheet(0) };
        assert!(movie(&[], 10.0).is_err() && movie(&[vec![]], 10.0).is_err());
        assert!(movie(&[vec![sheet(0), other]], 10.0).is_err());
        assert!(movie(&[vec![sheet(0)], vec![sheet(0), sheet(1)]], 10.0).is_err());
        assert!(movie(&[vec![sheet(0)]], 0.0).is_err() && movie(&[vec![sheet(0)]], f64::NAN).is_err());
    }
}
