//! Polynomial expansion: each pixel's neighbourhood as a quadratic, the first half of Farneback's method.
//!
//! # References
//! Farneback (2003), Two-frame motion estimation based on polynomial expansion, SCIA. Arithmetic (f32 sums, replicated border) as
//! OpenCV's `calcOpticalFlowFarneback`.

/// Five coefficients a pixel, `[row, col, 5]`: b_y, b_x, A_yy, A_xx, A_xy.
pub type Expansion = Vec<[f32; 5]>;

/// Weights of a neighbourhood of `2 n + 1` by `2 n + 1` pixels.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// `g(k)`, `k g(k)`, `k^2 g(k)` for k = 0..=n, normalised over -n..=n.
    taps: Vec<[f32; 3]>,
    inverse_11: f64,
    inverse_03: f64,
    inverse_33: f64,
    inverse_55: f64,
}

impl Weights {
    /// Gaussian weights of `sigma` pixels.
    pub(super) fn new(n: usize, sigma: f64) -> Self {
        let gauss = |k: usize| f64::from((-((k * k) as f64) / (2.0 * sigma * sigma)).exp() as f32);
        let total: f64 = (0..=n).map(|k| if k == 0 { gauss(k) } else { 2.0 * gauss(k) }).sum();
        let taps: Vec<[f32; 3]> = (0..=n)
            .map(|k| {
                let g = (gauss(k) / total) as f32;
                [g, k as f32 * g, (k * k) as f32 * g]
            })
            .collect();
        let moment = |power: i32| -> f64 {
            (0..=n).map(|k| f64::from(taps[k][0]) * (k as f64).powi(power) * if k == 0 { 1.0 } else { 2.0 }).sum()
        };
        // Moments of the separable weight: a = sum g, b = sum g x^2, c = sum g x^4, d = sum g x^2 y^2.
        let (m0, m2, m4) = (moment(0), moment(2), moment(4));
        let (a, b, c, d) = (m0 * m0, m2 * m0, m4 * m0, m2 * m2);
        let determinant = a * (c + d) - 2.0 * b * b;
        Self {
            taps,
            inverse_11: 1.0 / b,
            inverse_03: -b / determinant,
            inverse_33: (a * c - b * b) / ((c - d) * determinant),
            inverse_55: 1.0 / d,
        }
    }

    /// Expands an image `[row, col]`.
    pub(super) fn expand(&self, image: &[f32], width: usize, height: usize) -> Expansion {
        let n = self.taps.len() - 1;
        let mut out = vec![[0.0; 5]; width * height];
        let mut columns = vec![[0.0_f32; 3]; width + 2 * n]; // vertical moments 1, y, y^2 of each column, padded
        for row in 0..height {
            self.vertical(image, width, height, row, &mut columns[n..n + width]);
            for pad in 0..n {
                columns[pad] = columns[n];
                columns[n + width + pad] = columns[n + width - 1];
            }
            for col in 0..width {
                out[row * width + col] = self.horizontal(&columns[col..=col + 2 * n], n);
            }
        }
        out
    }

    fn vertical(&self, image: &[f32], width: usize, height: usize, row: usize, out: &mut [[f32; 3]]) {
        for (col, moments) in out.iter_mut().enumerate() {
            *moments = [image[row * width + col] * self.taps[0][0], 0.0, 0.0];
        }
        for (k, &[g, kg, kkg]) in self.taps.iter().enumerate().skip(1) {
            let above = &image[row.saturating_sub(k) * width..][..width];
            let below = &image[(row + k).min(height - 1) * width..][..width];
            for ((moments, &above), &below) in out.iter_mut().zip(above).zip(below) {
                let sum = above + below;
                moments[0] += g * sum;
                moments[1] += kg * (below - above);
                moments[2] += kkg * sum;
            }
        }
    }

    fn horizontal(&self, columns: &[[f32; 3]], n: usize) -> [f32; 5] {
        let g0 = f64::from(self.taps[0][0]);
        let [m0, m1, m2] = columns[n].map(f64::from);
        let (mut one, mut y, mut yy) = (m0 * g0, m1 * g0, m2 * g0);
        let (mut x, mut xx, mut xy) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (k, &[g, kg, kkg]) in self.taps.iter().enumerate().skip(1) {
            let (right, left) = (columns[n + k], columns[n - k]);
            let sum = f64::from(right[0] + left[0]);
            one += sum * f64::from(g);
            xx += sum * f64::from(kkg);
            x += f64::from((right[0] - left[0]) * kg);
            y += f64::from((right[1] + left[1]) * g);
            xy += f64::from((right[1] - left[1]) * kg);
            yy += f64::from((right[2] + left[2]) * g);
        }
        [
            (y * self.inverse_11) as f32,
            (x * self.inverse_11) as f32,
            (one * self.inverse_03 + yy * self.inverse_33) as f32,
            (one * self.inverse_03 + xx * self.inverse_33) as f32,
            (xy * self.inverse_55) as f32,
        ]
    }
}
