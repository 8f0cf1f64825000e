//! The two-Gabor screen: grey, with a static patch left and one right of the animal, each at its own contrast.
//!
//! Published: one orientation, sigma 9 degrees, 0.1 cycles/degree, either side of the animal. The picture is not a view
//! to scale: it holds two windows side by side, each `field_height_deg` high and half as wide, centred on its patch,
//! because the patches stand too far apart for 32 pixels to show both. The orientation, the size of the windows and the
//! patch's phase are this picture's own choice, made so that stripes are wider than 3 pixels and so recognisable.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spikereel_data::{ConditionTable, DataError, Factor, Level, Result, SharedBytes, Timeline, VideoPool};

/// Samples per pixel side for the mean of the pattern over a pixel.
const N_SUBSAMPLES: usize = 8;

/// Constants of the patches and sizes of the video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GaborConfig {
    /// Height and width of the video.
    pub out_px: usize,
    /// Height of the picture; each half is this high and half as wide.
    pub field_height_deg: f64,
    /// Standard deviation of the Gaussian envelope. Published: 9.
    pub sigma_deg: f64,
    /// Spatial frequency. Published: 0.1.
    pub cycles_per_deg: f64,
    /// Direction across the stripes, counter-clockwise from rightwards; 0 makes vertical stripes.
    pub orientation_deg: f64,
    /// Phase of the cosine at the patch's centre.
    pub phase_deg: f64,
    /// Grey of the screen, 0 to 1.
    pub grey: f64,
    /// Frames of a clip; all are equal.
    pub n_frames: usize,
    /// Frames per second.
    pub frame_rate_hz: f64,
}

impl Default for GaborConfig {
    fn default() -> Self {
        Self {
            out_px: 32,
            field_height_deg: 90.0,
            sigma_deg: 9.0,
            cycles_per_deg: 0.1,
            orientation_deg: 45.0,
            phase_deg: 0.0,
            grey: 0.5,
            n_frames: 20,
            frame_rate_hz: 50.0,
        }
    }
}

impl GaborConfig {
    /// Checks the constants.
    ///
    /// # Errors
    /// Names the field that is not finite, not positive or out of range.
    pub fn check(&self) -> Result<()> {
        let positive = [
            ("field_height_deg", self.field_height_deg),
            ("sigma_deg", self.sigma_deg),
            ("cycles_per_deg", self.cycles_per_deg),
            ("frame_rate_hz", self.frame_rate_hz),
        ];
        if let Some((name, value)) = positive.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            return Err(DataError::new(*name, "a positive number", value.to_string()));
        }
        let finite = [("orientation_deg", self.orientation_deg), ("phase_deg", self.phase_deg)];
        if let Some((name, value)) = finite.iter().find(|(_, value)| !value.is_finite()) {
            return Err(DataError::new(*name, "a finite number", value.to_string()));
        }
        if !(0.0 < self.grey && self.grey < 1.0) {
            return Err(DataError::new("grey", "between 0 and 1", self.grey.to_string()));
        }
        if self.out_px < 2 || !self.out_px.is_multiple_of(2) || self.out_px > 4096 {
            return Err(DataError::new("out_px", "an even number, 2 to 4096", self.out_px.to_string()));
        }
        self.timeline().map(|_| ())
    }

    /// Frames from stimulus onset on, without phases.
    ///
    /// # Errors
    /// No frames, or a rate that is not positive.
    pub fn timeline(&self) -> Result<Timeline> {
        Timeline::new(self.frame_rate_hz, 0.0, self.n_frames, Vec::new())
    }
}

/// The patches at contrast 1 as signed deviations from grey, in the units of a video of 0 to 1: left and right, each
/// `[height, width]` and 0 in the other half. A clip is `grey + contrast_left * left + contrast_right * right`, rounded
/// to bytes, so the contrasts shown by a frame are its least-squares projection on the two.
///
/// # Errors
/// As [`GaborConfig::check`].
pub fn gabor_patches(config: &GaborConfig) -> Result<[Vec<f32>; 2]> {
    config.check()?;
    let (n, half) = (config.out_px, config.out_px / 2);
    let deg_per_px = config.field_height_deg / n as f64;
    let amplitude = config.grey.min(1.0 - config.grey);
    let (sin, cos) = config.orientation_deg.to_radians().sin_cos();
    // [row, column] of one half; both halves show the same patch.
    let mut patch = vec![0.0; n * half];
    for (at, value) in patch.iter_mut().enumerate() {
        let mut sum = 0.0;
        for sample in 0..N_SUBSAMPLES * N_SUBSAMPLES {
            let offset = |px: usize, sub: usize| px as f64 + (sub as f64 + 0.5) / N_SUBSAMPLES as f64;
            let x_deg = (offset(at % half, sample % N_SUBSAMPLES) - half as f64 / 2.0) * deg_per_px;
            let y_deg = (n as f64 / 2.0 - offset(at / half, sample / N_SUBSAMPLES)) * deg_per_px;
            let envelope = (-(x_deg * x_deg + y_deg * y_deg) / (2.0 * config.sigma_deg * config.sigma_deg)).exp();
            let cycles = (x_deg * cos + y_deg * sin) * config.cycles_per_deg;
            sum += envelope * (std::f64::consts::TAU * cycles + config.phase_deg.to_radians()).cos();
        }
        *value = (amplitude * sum / (N_SUBSAMPLES * N_SUBSAMPLES) as f64) as f32;
    }
    let side = |first_column: usize| {
        let mut full = vec![0.0; n * n];
        for row in 0..n {
            full[row * n + first_column..][..half].copy_from_slice(&patch[row * half..][..half]);
        }
        full
    };
    Ok([side(0), side(half)])
}

/// One clip, `[frame, height, width, rgb]`, all frames equal and grey (r = g = b).
///
/// # Errors
/// As [`GaborConfig::check`]; a contrast outside 0 to 1.
pub fn render_gabor_clip(config: &GaborConfig, contrast_left: f64, contrast_right: f64) -> Result<Vec<u8>> {
    for (name, contrast) in [("contrast_left", contrast_left), ("contrast_right", contrast_right)] {
        if !(0.0..=1.0).contains(&contrast) {
            return Err(DataError::new(format!("condition factor `{name}`"), "0 to 1", contrast.to_string()));
        }
    }
    let [left, right] = gabor_patches(config)?;
    let frame: Vec<u8> = left
        .iter()
        .zip(&right)
        .flat_map(|(left, right)| {
            let value = config.grey + contrast_left * f64::from(*left) + contrast_right * f64::from(*right);
            [(value * 255.0).round().clamp(0.0, 255.0) as u8; 3]
        })
        .collect();
    Ok(frame.repeat(config.n_frames))
}

/// One clip for each condition (clip `i` is condition `i`) of a table with the numeric factors `contrast_left` and
/// `contrast_right`.
///
/// # Errors
/// As [`render_gabor_clip`]; a factor that is missing or not a number.
pub fn gabor_pool(config: &GaborConfig, conditions: &ConditionTable) -> Result<VideoPool> {
    config.check()?;
    let contrast = |condition_idx: usize, factor: &str| {
        conditions.number(condition_idx, factor).ok_or_else(|| {
            DataError::new("condition factors", format!("a number `{factor}`"), conditions.label(condition_idx))
                .hint("these videos need the factors `contrast_left` and `contrast_right`")
        })
    };
    let clips = (0..conditions.len())
        .into_par_iter()
        .map(|idx| render_gabor_clip(config, contrast(idx, "contrast_left")?, contrast(idx, "contrast_right")?))
        .collect::<Result<Vec<_>>>()?;
    let shape = [conditions.len(), config.n_frames, config.out_px, config.out_px, 3];
    VideoPool::new(shape, SharedBytes::new(clips.concat()))
}

/// The 16 conditions of the real recording: contrasts 0, 0.25, 0.5 and 1 on both sides, left outer.
pub fn gabor_condition_table() -> ConditionTable {
    let factor = |name: &str| Factor {
        name: name.into(),
        levels: [0.0, 0.25, 0.5, 1.0].into_iter().map(Level::Number).collect(),
    };
    let level_idx = (0..16).map(|idx| vec![idx / 4, idx % 4]).collect();
    ConditionTable::new(vec![factor("contrast_left"), factor("contrast_right")], level_idx)
        .expect("fixed distinct conditions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projection_on_the_patches_gives_the_contrasts_back() {
        let config = GaborConfig::default();
        let patches = gabor_patches(&config).unwrap();
        let pool = gabor_pool(&config, &gabor_condition_table()).unwrap();
        let table = gabor_condition_table();
        for condition_idx in 0..16 {
            let frame = &pool.clip(condition_idx)[..32 * 32 * 3];
            for (patch, factor) in patches.iter().zip(["contrast_left", "contrast_right"]) {
                let power: f32 = patch.iter().map(|value| value * value).sum();
                let grey = config.grey as f32;
                let dot: f32 = frame.chunks(3).zip(patch).map(|(rgb, p)| (f32::from(rgb[0]) / 255.0 - grey) * p).sum();
                let truth = table.number(condition_idx, factor).unwrap() as f32;
                assert!((dot / power - truth).abs() < 0.01, "{factor} {truth}: {}", dot / power);
            }
        }
    }

    #[test]
    fn stripes_are_recognisable_and_frames_are_equal_and_grey() {
        let config = GaborConfig { n_frames: 3, ..Default::default() };
        let clip = render_gabor_clip(&config, 1.0, 0.0).unwrap();
        let frame = &clip[..3072];
        assert!(clip.chunks(3072).all(|other| other == frame) && frame.chunks(3).all(|rgb| rgb[0] == rgb[2]));
        let value = |at: usize| frame[at * 3];
        let left: Vec<u8> = (0..1024).filter(|at| at % 32 < 16).map(value).collect();
        assert!(*left.iter().max().unwrap() > 220 && *left.iter().min().unwrap() < 60, "strong stripes");
        assert!((0..1024).filter(|at| at % 32 >= 16).all(|at| value(at) == 128), "nothing on the right");
    }

    #[test]
    fn contrasts_and_constants_out_of_range_are_refused_by_name() {
        let config = GaborConfig::default();
        assert!(render_gabor_clip(&config, 1.5, 0.0).unwrap_err().field.contains("contrast_left"));
        assert_eq!(GaborConfig { sigma_deg: 0.0, ..config }.check().unwrap_err().field, "sigma_deg");
    }
}
