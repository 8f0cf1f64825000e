//! Structural similarity in two named forms: the published loss's, and scikit-image's default.
//!
//! The forms differ by up to .08 on one pair of frames, so every table names its form.
//!
//! # References
//! Wang et al. (2004), IEEE TIP 13:600. Loss form: pytorch_ssim (Po-Hsun-Su), window 4, sigma 1.5, as the authors call it
//! (paper-facts, section 4). Report form: `skimage.metrics.structural_similarity(..., channel_axis=-1, data_range=1)`.

use crate::Clip;
use crate::metrics::correlation::finite;

/// `(0.01 * data range)^2`, data range 1.
const C1: f64 = 1e-4;
/// `(0.03 * data range)^2`, data range 1.
const C2: f64 = 9e-4;

/// SSIM as the published loss computes it: 4 x 4 Gaussian window of sigma 1.5 with taps at -2..=1, zero padding 2 on each side, so
/// that a frame gives a map one larger along each axis; mean over the map and the three colors.
#[derive(Debug, Clone)]
pub struct LossSsim {
    taps: [f64; 4],
}

impl Default for LossSsim {
    fn default() -> Self {
        let raw = [0.0, 1.0, 2.0, 3.0_f64].map(|x| (-(x - 2.0).powi(2) / 4.5).exp());
        let sum: f64 = raw.iter().sum();
        Self { taps: raw.map(|tap| tap / sum) }
    }
}

impl LossSsim {
    /// SSIM of two frames `[height, width, rgb]` of this size; `None` where a value is not finite.
    ///
    /// # Panics
    /// Where the frames do not have `height * width * 3` values.
    pub fn frame(&self, height: usize, width: usize, a: &[f32], b: &[f32]) -> Option<f64> {
        assert!(a.len() == height * width * 3 && b.len() == a.len(), "frames of height x width x 3");
        // Columns first: five products filtered along rows, then along columns of the result.
        let row_len = (width + 1) * 3;
        let mut filtered = vec![[0.0_f64; 5]; height * row_len];
        for row in 0..height {
            for col in 0..=width {
                for (tap_idx, &tap) in self.taps.iter().enumerate() {
                    let Some(source) = (col + tap_idx).checked_sub(2).filter(|&source| source < width) else {
                        continue;
                    };
                    for rgb in 0..3 {
                        let at = (row * width + source) * 3 + rgb;
                        let (x, y) = (f64::from(a[at]), f64::from(b[at]));
                        let out = &mut filtered[row * row_len + col * 3 + rgb];
                        for (out, value) in out.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                            *out += tap * value;
                        }
                    }
                }
            }
        }
        let mut sum = 0.0;
        for row in 0..=height {
            for at in 0..row_len {
                let mut moments = [0.0; 5];
                for (tap_idx, &tap) in self.taps.iter().enumerate() {
                    let Some(source) = (row + tap_idx).checked_sub(2).filter(|&source| source < height) else {
                        continue;
                    };
                    let values = &filtered[source * row_len + at];
                    moments.iter_mut().zip(values).for_each(|(out, value)| *out += tap * value);
                }
                sum += similarity(moments, 1.0);
            }
        }
        finite(sum / ((height + 1) * row_len) as f64)
    }

    /// Mean over the frames of two clips of equal shape; `None` where shapes differ or a value is not finite.
    pub fn clip(&self, a: &Clip<'_>, b: &Clip<'_>) -> Option<f64> {
        if a.shape() != b.shape() {
            return None;
        }
        let [n_frames, height, width, _] = a.shape();
        let mut sum = 0.0;
        for frame_idx in 0..n_frames {
            sum += self.frame(height, width, a.frame(frame_idx), b.frame(frame_idx))?;
        }
        Some(sum / n_frames as f64)
    }
}

/// SSIM of two frames `[height, width, rgb]` as scikit-image computes it by default: uniform 7 x 7 window, sample covariance, mean over
/// the map without a border of 3. `None` where a side is below 7 or a value is not finite.
pub fn ssim_skimage(height: usize, width: usize, a: &[f32], b: &[f32]) -> Option<f64> {
    const SIDE: usize = 7;
    if height < SIDE || width < SIDE || a.len() != height * width * 3 || b.len() != a.len() {
        return None;
    }
    let n = (SIDE * SIDE) as f64;
    let mut sum = 0.0;
    for row in 0..=height - SIDE {
        for col in 0..=width - SIDE {
            for rgb in 0..3 {
                let mut moments = [0.0; 5];
                for dr in 0..SIDE {
                    for dc in 0..SIDE {
                        let at = ((row + dr) * width + col + dc) * 3 + rgb;
                        let (x, y) = (f64::from(a[at]), f64::from(b[at]));
                        moments.iter_mut().zip([x, y, x * x, y * y, x * y]).for_each(|(out, value)| *out += value / n);
                    }
                }
                sum += similarity(moments, n / (n - 1.0));
            }
        }
    }
    finite(sum / ((height - SIDE + 1) * (width - SIDE + 1) * 3) as f64)
}

/// One value of the map from the means of x, y, x^2, y^2, xy; covariances times `norm`.
fn similarity([x, y, xx, yy, xy]: [f64; 5], norm: f64) -> f64 {
    let (var_x, var_y, cov) = (norm * (xx - x * x), norm * (yy - y * y), norm * (xy - x * y));
    ((2.0 * x * y + C1) * (2.0 * cov + C2)) / ((x * x + y * y + C1) * (var_x + var_y + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_wholly_like_itself_in_both_forms() {
        let frame: Vec<f32> = (0..9 * 8 * 3).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
        assert!((LossSsim::default().frame(9, 8, &frame, &frame).unwrap() - 1.0).abs() < 1e-12);
        assert!((ssim_skimage(9, 8, &frame, &frame).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_windows_weights_are_the_published_ones() {
        let expected = [0.13646, 0.26580, 0.33194, 0.26580];
        for (tap, expected) in LossSsim::default().taps.iter().zip(expected) {
            assert!((tap - expected).abs() < 5e-6, "{tap}");
        }
    }
}
