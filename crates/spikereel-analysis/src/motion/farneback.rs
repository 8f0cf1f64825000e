//! Farneback's dense optical flow, from scratch, with the numbers of OpenCV's `calcOpticalFlowFarneback` (flags 0).
//!
//! # References
//! Farneback (2003), SCIA. Where OpenCV departs from the paper (edge weights, border handling, a box of side `2 * (win / 2) + 1`
//! divided by `win^2`, the regulariser 1e-3) this follows OpenCV. Not the Gaussian-window variant, and no initial flow.

use crate::motion::expansion::{Expansion, Weights};
use crate::motion::pyramid::{Image, blur, resize, round};
use serde::{Deserialize, Serialize};

/// A level is made only while both of its sides are at least this long, as in OpenCV.
const SMALLEST_SIDE_PX: f64 = 32.0;
/// Pixels near an edge count less, because their second frame's neighbourhood is made up.
const EDGE_WEIGHTS: [f32; 5] = [0.14, 0.14, 0.4472, 0.4472, 0.4472];

/// Flow `[row, col]`: (rightward, downward) in pixels from the first frame to the second.
pub type Flow = Vec<[f32; 2]>;

/// Parameters. The default is the call of OpenCV's tutorial, which the published angles agree with (paper-facts, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Farneback {
    /// Scale from one pyramid level to the next, in 0..1.
    pub pyramid_scale: f64,
    /// Most levels above the frame itself; small frames have fewer.
    pub n_levels: usize,
    /// Side of the averaging window in pixels.
    pub window_px: usize,
    /// Iterations at each level.
    pub n_iterations: usize,
    /// Half side of the expansion's neighbourhood in pixels.
    pub poly_n: usize,
    /// Sigma of its weights in pixels.
    pub poly_sigma: f64,
}

impl Default for Farneback {
    fn default() -> Self {
        Self { pyramid_scale: 0.5, n_levels: 3, window_px: 15, n_iterations: 3, poly_n: 5, poly_sigma: 1.2 }
    }
}

/// A frame made ready: one expansion a pyramid level, finest first. Pairs that share a frame share this work.
#[derive(Debug, Clone)]
pub struct PreparedFrame {
    levels: Vec<(usize, usize, Expansion)>,
}

impl Farneback {
    /// Expands a gray frame `[row, col]` on the scale 0..=255 (on 0..=1 the absolute regulariser would leave almost no flow).
    ///
    /// # Panics
    /// Where `gray` does not have `width * height` values, or a side is 0.
    pub fn prepare(&self, gray: &[f32], width: usize, height: usize) -> PreparedFrame {
        assert!(gray.len() == width * height && !gray.is_empty(), "a gray frame of width x height");
        let mut n_levels = 0;
        let mut scale = 1.0;
        for _ in 0..self.n_levels {
            scale *= self.pyramid_scale;
            if (width as f64 * scale) < SMALLEST_SIDE_PX || (height as f64 * scale) < SMALLEST_SIDE_PX {
                break;
            }
            n_levels += 1;
        }
        let weights = Weights::new(self.poly_n, self.poly_sigma);
        let mut scale = 1.0;
        let levels = (0..=n_levels)
            .map(|level| {
                if level > 0 {
                    scale *= self.pyramid_scale;
                }
                let sigma = (1.0 / scale - 1.0) * 0.5;
                let side = (round(sigma * 5.0) | 1).max(3);
                let blurred = Image { width, height, depth: 1, values: blur(gray, width, height, side, sigma) };
                let (w, h) = (round(width as f64 * scale).max(1), round(height as f64 * scale).max(1));
                (w, h, weights.expand(&resize(&blurred, w, h).values, w, h))
            })
            .collect();
        PreparedFrame { levels }
    }

    /// Flow from one prepared frame to another of the same size.
    ///
    /// # Panics
    /// Where the sizes differ.
    pub fn flow(&self, first: &PreparedFrame, second: &PreparedFrame) -> Flow {
        let mut coarser: Option<Image> = None;
        for ((w, h, e0), (w1, h1, e1)) in first.levels.iter().zip(&second.levels).rev() {
            let (width, height) = (*w, *h);
            assert_eq!((width, height), (*w1, *h1), "frames of one size");
            let mut flow: Flow = match coarser {
                None => vec![[0.0; 2]; width * height],
                Some(image) => {
                    let up = 1.0 / self.pyramid_scale;
                    let values = resize(&image, width, height).values;
                    values.chunks_exact(2).map(|v| [v[0], v[1]].map(|v| (f64::from(v) * up) as f32)).collect()
                }
            };
            for _ in 0..self.n_iterations {
                let matrices = matrices(e0, e1, &flow, width, height);
                self.solve(&matrices, width, height, &mut flow);
            }
            coarser = Some(Image { width, height, depth: 2, values: flow.iter().flatten().copied().collect() });
        }
        coarser.map_or_else(Vec::new, |image| image.values.chunks_exact(2).map(|v| [v[0], v[1]]).collect())
    }

    /// Averages the matrices over the window (running f64 sums, replicated border) and solves for the flow.
    fn solve(&self, matrices: &[[f32; 5]], width: usize, height: usize, flow: &mut Flow) {
        let half = self.window_px / 2;
        let scale = 1.0 / (self.window_px * self.window_px) as f64;
        let mut columns = vec![[0.0_f64; 5]; width];
        let add = |columns: &mut [[f64; 5]], row: isize, sign: f64| {
            let row = row.clamp(0, height as isize - 1) as usize;
            for (sum, m) in columns.iter_mut().zip(&matrices[row * width..(row + 1) * width]) {
                sum.iter_mut().zip(m).for_each(|(sum, &m)| *sum += sign * f64::from(m));
            }
        };
        for row in -(half as isize)..=half as isize {
            add(&mut columns, row, 1.0);
        }
        for row in 0..height {
            if row > 0 {
                add(&mut columns, (row + half) as isize, 1.0);
                add(&mut columns, row as isize - half as isize - 1, -1.0);
            }
            let at = |col: isize| &columns[col.clamp(0, width as isize - 1) as usize];
            let mut window = [0.0_f64; 5];
            for col in -(half as isize)..=half as isize {
                window.iter_mut().zip(at(col)).for_each(|(sum, value)| *sum += value);
            }
            for col in 0..width {
                if col > 0 {
                    let (entering, leaving) = (at((col + half) as isize), at(col as isize - half as isize - 1));
                    for ((sum, entering), leaving) in window.iter_mut().zip(entering).zip(leaving) {
                        *sum += entering - leaving;
                    }
                }
                let [g11, g12, g22, h1, h2] = window.map(|sum| sum * scale);
                let inverse = 1.0 / (g11 * g22 - g12 * g12 + 1e-3);
                flow[row * width + col] =
                    [((g11 * h2 - g12 * h1) * inverse) as f32, ((g22 * h1 - g12 * h2) * inverse) as f32];
            }
        }
    }
}

/// The normal equations of each pixel under the present flow: G11, G12, G22, h1, h2.
fn matrices(first: &Expansion, second: &Expansion, flow: &Flow, width: usize, height: usize) -> Vec<[f32; 5]> {
    let edge = |at: usize, n: usize| {
        let near = EDGE_WEIGHTS.get(at).copied().unwrap_or(1.0);
        near * EDGE_WEIGHTS.get(n - 1 - at).copied().unwrap_or(1.0)
    };
    let mut out = Vec::with_capacity(width * height);
    for row in 0..height {
        for col in 0..width {
            let [dx, dy] = flow[row * width + col];
            let own = &first[row * width + col];
            let (x, y) = (col as f32 + dx, row as f32 + dy);
            let (x_floor, y_floor) = (x.floor(), y.floor());
            let inside =
                x_floor >= 0.0 && y_floor >= 0.0 && x_floor < (width as f32 - 1.0) && y_floor < (height as f32 - 1.0);
            let (b_y, b_x, yy, xx, xy) = if inside {
                let (fx, fy) = (x - x_floor, y - y_floor);
                let corner = y_floor as usize * width + x_floor as usize;
                let (p00, p01) = (&second[corner], &second[corner + 1]);
                let (p10, p11) = (&second[corner + width], &second[corner + width + 1]);
                let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
                let at =
                    |k: usize| weights[0] * p00[k] + weights[1] * p01[k] + weights[2] * p10[k] + weights[3] * p11[k];
                (at(0), at(1), (own[2] + at(2)) * 0.5, (own[3] + at(3)) * 0.5, (own[4] + at(4)) * 0.25)
            } else {
                (0.0, 0.0, own[2], own[3], own[4] * 0.5)
            };
            let scale = edge(col, width) * edge(row, height);
            let r_y = ((own[0] - b_y) * 0.5 + yy * dy + xy * dx) * scale;
            let r_x = ((own[1] - b_x) * 0.5 + xy * dy + xx * dx) * scale;
            let (yy, xx, xy) = (yy * scale, xx * scale, xy * scale);
            out.push([yy * yy + xy * xy, (yy + xx) * xy, xx * xx + xy * xy, yy * r_y + xy * r_x, xy * r_y + xx * r_x]);
        }
    }
    out
}
